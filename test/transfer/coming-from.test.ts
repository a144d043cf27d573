/** The pages of `docs/guide/coming-from/`: every command on them runs, as it is written there. */
import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  globSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { getMigrations } from 'better-auth/db/migration'
import pg from 'pg'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createHasher } from '../../src/auth/passwords/hashing/index.ts'
import { type Auth, createAuth } from '../../src/index.ts'
import { freshDatabase, migratedDatabase } from '../support/engines.ts'
import { openTables } from '../support/production.ts'
import { COMMAND, ROOT, run } from '../support/service.ts'
import { temporaryFolder } from '../support/system.ts'

const PAGES = join(ROOT, 'docs/guide/coming-from')
const FIXTURES = join(ROOT, 'test/fixtures/coming-from')
const PASSWORD = 'correct horse battery staple'
/** Cheap, but of another cost than the hashes of the fixtures, so that all of them are replaced. */
const HASHER = createHasher({ passwordHash: 'bcrypt', bcryptCost: 5 })

/** A machine with the scripts of the pages in its working directory, and a database to import into. */
interface Place {
  readonly folder: string
  readonly databaseUrl: string
  /** Runs commands of a page. */
  sh(commands: string, env?: Readonly<Record<string, string>>): Promise<string>
  /** Writes a program to the path of commands. */
  program(name: string, script: string): void
  read(name: string): string
}

async function openPlace(): Promise<Place> {
  const folder = temporaryFolder()
  const programs = join(folder, 'programs')
  mkdirSync(programs)
  const databaseUrl = await migratedDatabase('sqlite')
  for (const script of globSync('*.{mjs,sql,jq}', { cwd: PAGES }))
    copyFileSync(join(PAGES, script), join(folder, script))
  const program = (name: string, script: string) =>
    writeFileSync(join(programs, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  program('bienvenue', `exec '${process.execPath}' '${COMMAND}' "$@"`)
  program('node', `exec '${process.execPath}' "$@"`)
  return {
    folder,
    databaseUrl,
    program,
    read: (name) => readFileSync(join(folder, name), 'utf8'),
    async sh(commands, env = {}) {
      const PATH = `${programs}:${process.env.PATH}`
      const { stdout, stderr } = await run('sh', ['-c', `exec 2>&1\n${commands}`], {
        cwd: folder,
        env: { ...env, PATH, DATABASE_URL: databaseUrl },
      })
      return `${stdout}${stderr}`
    },
  }
}

/** The commands of a page, block by block. */
function commandsOf(page: string): string[] {
  const text = readFileSync(join(PAGES, page), 'utf8')
  return [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, commands = '']) => commands)
}

async function openAuth(databaseUrl: string): Promise<Auth> {
  const auth = await createAuth({ databaseUrl, hasher: HASHER })
  onTestFinished(() => auth.close())
  return auth
}

/** Asserts that the password is accepted and another one is not, and that the old hash is replaced. */
async function expectSignIn(auth: Auth, { databaseUrl }: Place, email: string, password = PASSWORD) {
  await expect(auth.signIn.withPassword({ email, password: `${password}!` })).rejects.toMatchObject({
    code: 'invalid_credentials',
  })
  await auth.signIn.withPassword({ email, password })
  const db = await openTables(databaseUrl)
  const { hashed_password } = await db
    .selectFrom('users')
    .select('hashed_password')
    .where('normalized_email', '=', email.toLowerCase())
    .executeTakeFirstOrThrow()
  expect(hashed_password).toMatch(/^\$2b\$05\$/)
}

/** The accounts by address, with what an import sets. */
async function accountsIn({ databaseUrl }: Place) {
  const db = await openTables(databaseUrl)
  const rows = await db.selectFrom('users').selectAll().orderBy('id').execute()
  return Object.fromEntries(
    rows.map((row) => [
      row.email,
      {
        hasPassword: row.hashed_password !== '!',
        isConfirmed: row.email_verified_at !== null,
        isDisabled: row.disabled_at !== null,
        createdAt: new Date(row.created_at).toISOString(),
      },
    ]),
  )
}

/** Provider, issuer and subject of every identity, by the address of its account. */
async function identitiesIn({ databaseUrl }: Place): Promise<Record<string, string>> {
  const db = await openTables(databaseUrl)
  const rows = await db
    .selectFrom('identities')
    .innerJoin('users', 'users.id', 'identities.user_id')
    .select(['users.email', 'provider_id', 'issuer', 'subject'])
    .execute()
  return Object.fromEntries(
    rows.map(({ email, provider_id, issuer, subject }) => [email, `${provider_id} ${issuer} ${subject}`]),
  )
}

const AT_GOOGLE = 'google https://accounts.google.com 110169484474386276334'

/** The reason of each rejected line, by address. */
function rejectedIn(place: Place): Record<string, string> {
  const lines = place.read('users.ndjson.rejects.ndjson').trimEnd().split('\n')
  return Object.fromEntries(
    lines.map((line) => {
      const { text, problem } = JSON.parse(line) as { text: string; problem: string }
      return [(JSON.parse(text) as { email?: string | null }).email ?? '', problem]
    }),
  )
}

function linesIn(place: Place): Record<string, unknown>[] {
  return place
    .read('users.ndjson')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
}

const NO_FACTORS = 'totp_secret: is not base32; leave the field out to import the account without its app'
const WITHOUT_ADDRESS = 'email: is missing'
const SAME_ADDRESS = 'email: an earlier line has this address with other values'

function needs(...programs: string[]): boolean {
  const missing = programs.filter((name) => spawnSync('sh', ['-c', `command -v ${name}`]).status !== 0)
  if (missing.length > 0) console.warn(`SKIPPED: a page of docs/guide/coming-from/. It needs ${missing}.`)
  return missing.length === 0
}

/** A database with the tables of an application. */
async function applicationDatabase(schema: string): Promise<string> {
  const url = await freshDatabase('postgres')
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(readFileSync(join(FIXTURES, schema), 'utf8'))
  await client.end()
  return url
}

function sqliteFile(path: string, schema: string): void {
  const db = new DatabaseSync(path)
  db.exec(readFileSync(join(FIXTURES, schema), 'utf8'))
  db.close()
}

it('has no commands that the tests below do not run', () => {
  const counts = Object.fromEntries(
    globSync('*.md', { cwd: PAGES }).map((path) => [basename(path), commandsOf(path).length]),
  )
  expect(counts).toEqual({
    'README.md': 3,
    'authjs.md': 3,
    'better-auth.md': 2,
    'keycloak.md': 3,
    'pocketbase.md': 3,
    'supabase.md': 2,
  })
})

describe('better-auth', () => {
  it.skipIf(!needs('jq'))(
    'exports users of the real package, who sign in here with their passwords',
    async () => {
      const place = await openPlace()
      const env = { APP_DATABASE: join(place.folder, 'app.db') }
      process.env.APP_DATABASE = env.APP_DATABASE
      symlinkSync(join(FIXTURES, 'auth.ts'), join(place.folder, 'auth.ts'))
      const { auth: app } = await import('../fixtures/coming-from/auth.ts')
      delete process.env.APP_DATABASE
      await (await getMigrations(app.options)).runMigrations()
      const { adapter } = await app.$context

      await app.api.signUpEmail({
        body: { email: 'Ann@Example.com', password: PASSWORD, name: 'Ann "世界" 😀' },
      })
      await app.api.signUpEmail({
        body: { email: 'ligature@example.com', password: 'ﬁancé and friends', name: 'ligature' },
      })
      const times = { createdAt: new Date(1_700_000_000_123), updatedAt: new Date() }
      const create = (email: string, more: object = {}) =>
        adapter.create({
          model: 'user',
          data: { email, name: email, emailVerified: true, ...times, ...more },
        })
      const { id: userId } = await create('google@example.com')
      for (const [providerId, accountId] of [
        ['google', '110169484474386276334'],
        ['discord', '1'],
        ['constructor', '1'],
      ])
        await adapter.create({ model: 'account', data: { userId, providerId, accountId, ...times } })
      await create('banned@example.com', { banned: true })
      await create('banned-until@example.com', { banned: true, banExpires: new Date('2999-01-01') })
      await create('no-longer-banned@example.com', { banned: true, banExpires: new Date('2024-01-01') })
      await create('factor@example.com', { twoFactorEnabled: true })
      await app.api.signInAnonymous()
      // More than better-auth returns at once.
      for (let index = 0; index < 110; index++) await create(`${index}@example.com`, { emailVerified: false })

      const [exportUsers = '', importUsers = ''] = commandsOf('better-auth.md')
      expect(await place.sh(exportUsers, env)).toBe('')
      expect(await place.sh(importUsers)).toContain('\nAdded 116 users.\n1 line was rejected.')
      expect(rejectedIn(place)).toEqual({ 'factor@example.com': NO_FACTORS })
      const accounts = await accountsIn(place)
      expect(Object.keys(accounts)).toHaveLength(116)
      expect(await identitiesIn(place)).toEqual({ 'google@example.com': AT_GOOGLE })
      expect(accounts).toMatchObject({
        'ann@example.com': { hasPassword: true, isConfirmed: false, isDisabled: false },
        'google@example.com': { hasPassword: false, isConfirmed: true, isDisabled: false },
        'banned@example.com': { isDisabled: true },
        'banned-until@example.com': { isDisabled: true },
        'no-longer-banned@example.com': { isDisabled: false },
        '109@example.com': { hasPassword: false, isConfirmed: false, createdAt: '2023-11-14T22:13:20.123Z' },
      })

      // The page that all products share.
      const [list = '', check = '', ids = ''] = commandsOf('README.md')
      expect((await place.sh(list)).trimEnd().split('\n')).toHaveLength(114)
      expect(await place.sh(check)).toContain(
        '\nWould add 0 users; 116 users already existed.\n1 line was rejected.',
      )
      expect(await place.sh(ids)).toMatch(/^Wrote 116 users to export\.ndjson\.\n/)
      const db = await openTables(place.databaseUrl)
      const rows = await db.selectFrom('users').select(['id', 'email']).execute()
      const idOf = (email: unknown) => rows.find((row) => row.email === email)?.id ?? ''
      const pairs = linesIn(place).map(({ old_id, email }) => `"${old_id}",${idOf(email)}`)
      expect(place.read('ids.csv').trimEnd().split('\n').sort()).toEqual(pairs.sort())
      expect(pairs.filter((pair) => pair.endsWith(','))).toHaveLength(1)

      const auth = await openAuth(place.databaseUrl)
      await expectSignIn(auth, place, 'ANN@example.com')
      await expectSignIn(auth, place, 'ligature@example.com', 'fiancé and friends')
    },
  )
})

describe('Auth.js', () => {
  const [fromPostgres = '', fromSqlite = '', importUsers = ''] = commandsOf('authjs.md')

  it.skipIf(!needs('psql'))(
    'exports users that its adapter created on PostgreSQL, with the hashes of the app',
    async () => {
      const place = await openPlace()
      const env = { APP_DATABASE_URL: await applicationDatabase('authjs.postgres.sql'), PGTZ: 'Asia/Kolkata' }
      const app = await run(process.execPath, [join(FIXTURES, 'authjs.mjs')], { env })
      expect(app).toMatchObject({ exitCode: 0, stderr: '' })
      expect(await place.sh(fromPostgres, env)).toBe('')
      expect(await place.sh(importUsers)).toContain('\nAdded 3 users.\n2 lines were rejected.')
      expect(await accountsIn(place)).toMatchObject({
        'Ann@Example.com': { hasPassword: true, isConfirmed: true },
        'bob@example.com': { hasPassword: true, isConfirmed: false },
        'magic-link@example.com': { hasPassword: false, isConfirmed: true },
      })
      expect(await identitiesIn(place)).toEqual({ 'magic-link@example.com': AT_GOOGLE })
      expect(rejectedIn(place)).toEqual({
        'ann@example.com': SAME_ADDRESS,
        'own-way@example.com': 'hashed_password: the hash has an unknown format',
      })
      const auth = await openAuth(place.databaseUrl)
      for (const email of ['ann@example.com', 'bob@example.com']) await expectSignIn(auth, place, email)
    },
  )

  it.skipIf(!needs('psql'))(
    'exports the tables of Prisma, and users without passwords, with the variations of the page',
    async () => {
      const place = await openPlace()
      const url = await applicationDatabase('authjs.postgres.sql')
      const page = readFileSync(join(PAGES, 'authjs.md'), 'utf8')
      const [ofPrisma = '', ofDrizzle = '', withoutPasswords = ''] = [
        ...page.matchAll(/`(-v [^`\n]+)`/g),
      ].map(([, flags = '']) => flags)
      expect([ofDrizzle, withoutPasswords]).toEqual([
        `-v table='"user"' -v accounts='"account"'`,
        `-v hash="'!'"`,
      ])
      const env = { APP_DATABASE_URL: url }
      expect(
        await place.sh(
          fromPostgres.replace('-v table=users -v accounts=accounts -v hash=password', ofPrisma),
          env,
        ),
      ).toBe('')
      expect(linesIn(place)[0]).toEqual({
        old_id: 'clx1',
        email: 'Zoe@Example.com',
        hashed_password: '$2b$04$qkpWJFduyd7L8TYFbW6P2emgsK.3ie8JBjLAyGkXmqYaPFNVuRZNe',
        email_verified_at: '2024-05-01T10:00:00.123',
        created_at: '2024-04-30T22:00:00.5',
        name: 'Zoë',
        identities: [
          {
            provider: 'github',
            issuer: 'https://github.com/login/oauth',
            subject: '583231',
            created_at: expect.any(String),
          },
        ],
      })
      expect(await place.sh(importUsers)).toContain('\nAdded 1 user.\n1 line was rejected.')
      expect(await accountsIn(place)).toEqual({
        'Zoe@Example.com': {
          hasPassword: true,
          isConfirmed: true,
          isDisabled: false,
          createdAt: '2024-04-30T22:00:00.500Z',
        },
      })

      const magicLinks = fromPostgres.replace(
        'table=users -v accounts=accounts -v hash=password',
        `table='"User"' -v accounts='"Account"' ${withoutPasswords}`,
      )
      expect(await place.sh(magicLinks, env)).toBe('')
      expect(linesIn(place).map(({ hashed_password }) => hashed_password)).toEqual(['!', '!'])
      // A wrong name must not export accounts without passwords.
      const misspelt = fromPostgres.trimEnd().replace('hash=password', 'hash=pasword')
      const answer = await place.sh(`${misspelt} || echo failed`, env)
      expect(answer).toMatch(/column "pasword" does not exist.*\nfailed\n$/s)
      expect(place.read('users.ndjson')).toBe('')
    },
  )

  it.skipIf(!needs('sqlite3'))('exports the tables of Drizzle and Prisma on SQLite', async () => {
    const place = await openPlace()
    sqliteFile(join(place.folder, 'app.db'), 'authjs.sqlite.sql')
    expect(await place.sh(fromSqlite)).toBe('')
    expect(linesIn(place)[0]).toMatchObject({
      old_id: '1',
      name: 'Ann "世界"',
      picture: 'https://example.com/a.png',
    })
    expect(await place.sh(importUsers)).toContain('\nAdded 4 users.\n1 line was rejected.')
    expect(rejectedIn(place)).toEqual({ '': WITHOUT_ADDRESS })
    expect(await accountsIn(place)).toMatchObject({
      'Ann@Example.com': { isConfirmed: true },
      'bob@example.com': { isConfirmed: true },
      'carol@example.com': { isConfirmed: false },
      'magic-link@example.com': { hasPassword: false, isConfirmed: true },
    })
    expect(await identitiesIn(place)).toEqual({ 'magic-link@example.com': AT_GOOGLE })
    const auth = await openAuth(place.databaseUrl)
    for (const email of ['ann@example.com', 'bob@example.com', 'carol@example.com'])
      await expectSignIn(auth, place, email)
  })
})

describe('Supabase', () => {
  it.skipIf(!needs('psql'))('exports auth.users with hashes, bans and second factors', async () => {
    const place = await openPlace()
    const url = await applicationDatabase('supabase.sql')
    const [exportUsers = '', importUsers = ''] = commandsOf('supabase.md')
    expect(await place.sh(exportUsers, { SUPABASE_DB_URL: url, PGTZ: 'America/St_Johns' })).toBe('')
    expect(linesIn(place).find(({ email }) => email === 'ann@example.com')).toMatchObject({
      name: 'Ann "O\\Neil" 世界 😀',
      picture: 'https://example.com/ann.png',
    })
    expect(await place.sh(importUsers)).toContain('\nAdded 7 users.\n4 lines were rejected.')
    const ordinary = { hasPassword: true, isConfirmed: true, isDisabled: false }
    expect(await accountsIn(place)).toEqual({
      'ann@example.com': { ...ordinary, createdAt: '2023-12-31T19:00:00.123Z' },
      'unverified@example.com': { ...ordinary, isConfirmed: false, createdAt: '2024-01-02T00:00:00.000Z' },
      'banned@example.com': { ...ordinary, isDisabled: true, createdAt: '2024-01-03T00:00:00.000Z' },
      'no-longer-banned@example.com': { ...ordinary, createdAt: '2024-01-04T00:00:00.000Z' },
      'google@example.com': { ...ordinary, hasPassword: false, createdAt: '2024-01-05T00:00:00.000Z' },
      'magic-link@example.com': { ...ordinary, hasPassword: false, createdAt: '2024-01-06T00:00:00.000Z' },
      'unfinished-factor@example.com': { ...ordinary, createdAt: '2024-01-08T00:00:00.000Z' },
    })
    expect(await identitiesIn(place)).toEqual({ 'google@example.com': AT_GOOGLE })
    expect(rejectedIn(place)).toEqual({
      'ann@example.com': SAME_ADDRESS,
      'factor@example.com': NO_FACTORS,
      'firebase@example.com': 'hashed_password: the hash has an unknown format',
      '': WITHOUT_ADDRESS,
    })
    const auth = await openAuth(place.databaseUrl)
    for (const email of ['ann@example.com', 'no-longer-banned@example.com'])
      await expectSignIn(auth, place, email)
    await expect(
      auth.signIn.withPassword({ email: 'banned@example.com', password: PASSWORD }),
    ).rejects.toMatchObject({ code: 'invalid_credentials' })
  })
})

describe('Keycloak', () => {
  it.skipIf(!needs('jq'))(
    'converts all files of an export, with every hash that Keycloak has by default',
    async () => {
      const place = await openPlace()
      const [exportRealm = '', convert = '', importUsers = ''] = commandsOf('keycloak.md')
      // Stands for the real program, whose export the fixtures are.
      place.program(
        'kc.sh',
        `[ "$*" = 'export --dir export --realm acme' ] && mkdir export && cp '${FIXTURES}'/acme-*.json export`,
      )
      expect(await place.sh(exportRealm + convert)).toBe('')
      expect(linesIn(place)[0]).toMatchObject({
        locale: 'pt-BR',
        name: 'Ann O"Neil 世界 😀',
        created_at: 1_700_000_000_123,
      })
      expect(await place.sh(importUsers)).toContain('\nAdded 10 users.\n4 lines were rejected.')
      const ordinary = {
        hasPassword: true,
        isConfirmed: true,
        isDisabled: false,
        createdAt: '2023-11-14T22:13:20.123Z',
      }
      expect(await accountsIn(place)).toEqual({
        'ann@example.com': ordinary,
        'sha512@example.com': ordinary,
        'sha256@example.com': ordinary,
        'bcrypt@example.com': ordinary,
        'disabled@example.com': { ...ordinary, isDisabled: true },
        'unverified@example.com': { ...ordinary, isConfirmed: false },
        'temporary@example.com': { ...ordinary, hasPassword: false },
        'passkey@example.com': ordinary,
        'ldap@example.com': { ...ordinary, hasPassword: false },
        'google@example.com': { ...ordinary, hasPassword: false },
      })
      expect(await identitiesIn(place)).toEqual({ 'google@example.com': AT_GOOGLE.replace(/ \d+$/, ' 1') })
      expect(rejectedIn(place)).toEqual({
        'sha1@example.com': 'hashed_password: the hash is PBKDF2 with SHA-1, which is not supported',
        'factor@example.com': NO_FACTORS,
        'key@example.com': NO_FACTORS,
        '': WITHOUT_ADDRESS,
      })
      const auth = await openAuth(place.databaseUrl)
      for (const name of ['ann', 'sha512', 'sha256', 'bcrypt'])
        await expectSignIn(auth, place, `${name}@example.com`)
    },
  )
})

describe.skipIf(!needs('sqlite3'))('PocketBase', () => {
  const [exportUsers = '', exportOld = '', importUsers = ''] = commandsOf('pocketbase.md')

  function withDatabase(place: Place, schema: string): void {
    mkdirSync(join(place.folder, 'pb_data'))
    sqliteFile(join(place.folder, 'pb_data', 'data.db'), schema)
  }

  it('exports an auth collection, and the older of two accounts with the same address stays', async () => {
    const place = await openPlace()
    withDatabase(place, 'pocketbase.sql')
    expect(await place.sh(exportUsers)).toBe('')
    expect(linesIn(place)[0]).toMatchObject({ old_id: 'bob000000000001', name: 'Bøb "世界" 😀' })
    expect(statSync(join(place.folder, 'users.ndjson')).mode & 0o777).toBe(0o600)
    expect(await place.sh(importUsers)).toContain('\nAdded 2 users.\n2 lines were rejected.')
    const ordinary = { hasPassword: true, isConfirmed: true, isDisabled: false }
    expect(await accountsIn(place)).toEqual({
      'Bob@Example.com': { ...ordinary, createdAt: '2024-01-01T00:00:00.000Z' },
      'unverified@example.com': { ...ordinary, isConfirmed: false, createdAt: '2024-01-03T12:34:56.789Z' },
    })
    expect(rejectedIn(place)).toEqual({ 'bob@example.com': SAME_ADDRESS, '': WITHOUT_ADDRESS })
    const auth = await openAuth(place.databaseUrl)
    await expectSignIn(auth, place, 'bob@example.com')
  })

  it('exports a collection of a version before 0.23', async () => {
    const place = await openPlace()
    withDatabase(place, 'pocketbase-0.22.sql')
    expect(await place.sh(exportUsers)).toContain('no such column: password')
    expect(await place.sh(exportOld)).toBe('')
    expect(await place.sh(importUsers)).toBe('Would add 1 user.\nAdded 1 user.\n')
    const auth = await openAuth(place.databaseUrl)
    await expectSignIn(auth, place, 'old@example.com')
  })
})

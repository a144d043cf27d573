/** A table prefix or a schema, in a database in which an application has a users table and namesakes of all others. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openAuthService } from '../../src/auth/index.ts'
import {
  backUpDatabase,
  type Database,
  inspectSchema,
  isReady,
  moveDatabase,
  openAsItIs,
  openDatabase,
  restoreDatabase,
  TABLE_NAMES,
} from '../../src/db/index.ts'
import { MAX_PREFIX_LENGTH, type Naming, PLAIN } from '../../src/db/naming.ts'
import type { Auth } from '../../src/index.ts'
import { MaintenanceError, OptionError } from '../../src/model/errors.ts'
import { applicationDatabase, applicationIn } from '../support/application.ts'
import { CHEAP_HASHER, type EngineName, freshAuth, freshDatabase, onBothEngines } from '../support/engines.ts'
import { runHere } from '../support/run-here.ts'
import { send, sessionIdOf } from '../support/send.ts'

const EMAIL = 'bob@example.com'
const PASSWORD = 'b4l0u'
const NEW_PASSWORD = 't4rt1flett3'

const PREFIX: Naming = { tablePrefix: 'auth_', databaseSchema: '' }
/** A keyword, which is a valid name in quotes. */
const SCHEMA: Naming = { tablePrefix: '', databaseSchema: 'user' }
const BOTH: Naming = { tablePrefix: 'auth_', databaseSchema: 'accounts' }
const NAMINGS: readonly (readonly [EngineName, Naming])[] = [
  ['sqlite', PREFIX],
  ['postgres', PREFIX],
  ['postgres', SCHEMA],
  ['postgres', BOTH],
]

/** The options of a naming; those that are not set cannot be given. */
function optionsOf({ tablePrefix, databaseSchema }: Naming) {
  return { ...(tablePrefix !== '' && { tablePrefix }), ...(databaseSchema !== '' && { databaseSchema }) }
}

async function tables(databaseUrl: string, naming: Naming): Promise<Database> {
  const db = await openAsItIs(databaseUrl, { naming })
  onTestFinished(() => db.destroy())
  return db
}

/** Registers, signs in, resets the password, signs in again and signs out, over HTTP. */
async function visit(auth: Auth): Promise<void> {
  const statuses: number[] = []
  const ask = async (...request: [method: string, path: string, details?: Parameters<typeof send>[3]]) => {
    const answer = await send(auth, ...request)
    statuses.push(answer.status)
    return answer
  }
  const account = { email: EMAIL, password: PASSWORD }
  await ask('POST', '/users', { form: account })
  await ask('POST', '/users', { form: account })
  await ask('POST', '/sessions', { form: { ...account, password: 'wrong' } })
  const signedIn = await ask('POST', '/sessions', { form: account })
  await ask('GET', '/profile', { sessionToken: sessionIdOf(signedIn) })
  const reset = await ask('POST', '/reset_password', { form: { email: EMAIL } })
  const { reset_token } = (await reset.json()) as { reset_token: string }
  await ask('PUT', '/reset_password', { form: { email: EMAIL, reset_token, new_password: NEW_PASSWORD } })
  const again = await ask('POST', '/sessions', { form: { email: EMAIL, password: NEW_PASSWORD } })
  const sessionToken = sessionIdOf(again)
  await ask('DELETE', '/sessions', { sessionToken })
  await ask('GET', '/profile', { sessionToken })
  expect(statuses).toEqual([200, 400, 401, 200, 200, 200, 200, 200, 302, 403])
}

async function assertAuditIsGuarded(db: Database): Promise<void> {
  const change = (changes: Readonly<Record<string, string | number>>) =>
    db.updateTable('audit').set(changes).execute()
  await expect(db.deleteFrom('audit').execute()).rejects.toThrow(/kept for its time/)
  await expect(change({ action: 'x' })).rejects.toThrow(/does not change/)
  await expect(change({ actor_id: 'x' })).rejects.toThrow(/does not change/)
  await expect(change({ origin_expires_at: 0 })).rejects.toThrow(/does not change/)
  await expect(change({ ip_address: '192.0.2.1' })).rejects.toThrow(/does not change|keeps its origin/)
}

describe.each(NAMINGS)('on %s, with %o', (engine, naming) => {
  it('the service lives next to the tables of an application and leaves them as they were', async () => {
    const { databaseUrl, contents, objects } = await applicationDatabase(engine)
    const [before, theirs] = [await contents(), await objects()]
    const auth = await freshAuth(engine, { databaseUrl, ...optionsOf(naming) })
    await visit(auth)
    expect(await auth.isReady()).toBe(true)
    const db = await tables(databaseUrl, naming)
    await assertAuditIsGuarded(db)
    const later = () => new Date(Date.now() + 400 * 86_400_000)
    const cleaning = await freshAuth(engine, { databaseUrl, ...optionsOf(naming), now: later })
    expect(await cleaning.deleteExpired()).toMatchObject({ sessions: 1 })
    expect(await contents()).toEqual(before)

    // The second start had nothing to migrate. A start with plain names finds the application's table.
    expect(await inspectSchema(db)).toEqual({ is: 'ours', pending: [], newer: [] })
    await expect(openDatabase(databaseUrl)).rejects.toThrow(
      /users table that Bienvenue did not make; nothing was changed.*set BIENVENUE_TABLE_PREFIX, or BIENVENUE_DATABASE_SCHEMA on PostgreSQL/,
    )

    const added = (await objects()).filter((name) => !theirs.includes(name))
    const start = engine === 'sqlite' ? '' : `${naming.databaseSchema || 'public'}.`
    expect(added.length).toBeGreaterThan(TABLE_NAMES.length)
    for (const name of added.filter((each) => !/_not_null$/.test(each)))
      expect(name.replaceAll('"', '')).toMatch(new RegExp(`^(?:${start})?${naming.tablePrefix}`))
    const longest =
      Math.max(...added.map((name) => name.split('.').at(-1)?.length ?? 0)) - naming.tablePrefix.length
    expect(longest + MAX_PREFIX_LENGTH).toBeLessThanOrEqual(63)
  })

  it('a users table of another program under the chosen name is refused', async () => {
    const { databaseUrl, query } = await applicationDatabase(engine)
    const { tablePrefix, databaseSchema } = naming
    if (databaseSchema !== '') await query(`create schema "${databaseSchema}"`)
    await query(`create table ${databaseSchema && `"${databaseSchema}".`}${tablePrefix}users (id integer)`)
    await expect(openDatabase(databaseUrl, { naming })).rejects.toThrow(
      expect.objectContaining({ option: tablePrefix === '' ? 'databaseSchema' : 'tablePrefix' }),
    )
  })

  it('an instance without migrations is not ready', async () => {
    const db = await openDatabase(await freshDatabase(engine), { naming, migrate: false })
    onTestFinished(() => db.destroy())
    expect(await isReady(db)).toBe(false)
  })
})

onBothEngines('several services in one database', (engine) => {
  const pairs: (readonly [string, Naming, Naming])[] = [
    ['prefixes', PREFIX, { ...PREFIX, tablePrefix: 'auth_users_' }],
    ['a prefix and none', PREFIX, PLAIN],
  ]
  if (engine === 'postgres') pairs.push(['schemas', SCHEMA, BOTH], ['a schema and none', SCHEMA, PLAIN])
  it.each(pairs)('do not see each other: %s', async (_, one, other) => {
    const databaseUrl = await freshDatabase(engine)
    const first = await freshAuth(engine, { databaseUrl, ...optionsOf(one) })
    await visit(first)
    const second = await freshAuth(engine, { databaseUrl, ...optionsOf(other) })
    expect(await Array.fromAsync(second.users.list({}))).toEqual([])
    await visit(second)
    await second.users.delete((await second.db.findUserBy({ email: EMAIL })).id)
    expect(await first.validLogin(EMAIL, NEW_PASSWORD)).toBe(true)
  })
})

onBothEngines('without a name of its own', (engine) => {
  it.each([
    ['serve', 2],
    ['migrate', 2],
    ['adopt --plan', 1],
    ['adopt --yes', 1],
  ])('%s leaves the users table of the application alone', async (line, expected) => {
    const { databaseUrl, contents, objects } = await applicationDatabase(engine)
    const before = [await contents(), await objects()]
    const { exitCode, stdout, stderr } = await runHere(line.split(' '), {
      env: { DATABASE_URL: databaseUrl },
    })
    expect([exitCode, `${stdout}${stderr}`]).toEqual([expected, expect.stringMatching(/users table|column/)])
    expect([await contents(), await objects()]).toEqual(before)
  })

  it('a table of the application with another name of ours stops the migration, and only the ledger is created', async () => {
    const databaseUrl = await freshDatabase(engine)
    const db = await tables(databaseUrl, PLAIN)
    await sql`create table audit (theirs text)`.execute(db)
    await expect(openDatabase(databaseUrl)).rejects.toThrow(
      expect.objectContaining({
        option: 'databaseUrl',
        message: expect.stringMatching(/whose name Bienvenue needs .*audit.*its tables were not changed/),
      }),
    )
    const found = (await db.introspection.getTables()).map(({ name }) => name)
    expect(found.toSorted()).toEqual(['audit', 'bienvenue_migrations', 'bienvenue_migrations_lock'])
  })
})

describe('the schema', () => {
  it('is not created if there is nothing to migrate, and not by a role that may not', async () => {
    const { databaseUrl, query } = await applicationDatabase('postgres')
    await query(`do $$ begin
      create role limited_by_bienvenue login password 'x'; exception when duplicate_object then null; end $$`)
    const url = new URL(databaseUrl)
    Object.assign(url, { username: 'limited_by_bienvenue', password: 'x' })
    await expect(openDatabase(url.href, { naming: SCHEMA })).rejects.toThrow(
      expect.objectContaining({
        option: 'databaseSchema',
        message: expect.stringMatching(/there is no schema user, .*create schema "user" authorization/),
      }),
    )
    await query('create schema "user" authorization limited_by_bienvenue')
    await (await openDatabase(url.href, { naming: SCHEMA })).destroy()
  })

  it('can belong to the two roles of docs/guide/operate.md', async () => {
    const { databaseUrl, query } = await applicationDatabase('postgres')
    const guide = readFileSync('docs/guide/operate.md', 'utf8')
    const [documented = ''] = /(?<=```sql\n)create role bienvenue_owner.*?(?=```)/s.exec(guide) ?? []
    // Roles belong to the whole server, and other tests create the documented ones.
    const roles = documented.replaceAll(/\bbienvenue(_owner)?\b/g, 'bienvenue$1_of_schema')
    onTestFinished(() =>
      query(
        'drop owned by bienvenue_of_schema, bienvenue_owner_of_schema; drop role bienvenue_of_schema, bienvenue_owner_of_schema',
      ).then(() => {}),
    )
    await query(roles)
    for (const role of ['bienvenue_of_schema', 'bienvenue_owner_of_schema'])
      await query(`alter role ${role} password 'x'`)
    const naming = { ...SCHEMA, databaseSchema: 'auth' }
    const as = (username: string) => Object.assign(new URL(databaseUrl), { username, password: 'x' }).href
    await expect(openDatabase(as('bienvenue_of_schema'), { naming })).rejects.toThrow(/permission denied/)
    await (await openDatabase(as('bienvenue_owner_of_schema'), { naming })).destroy()
    const databaseOptions = { databaseUrl: as('bienvenue_of_schema'), databaseSchema: 'auth' }
    await visit(await freshAuth('postgres', databaseOptions))
    const db = await tables(databaseOptions.databaseUrl, naming)
    await expect(sql`drop table ${sql.table('audit')}`.execute(db)).rejects.toThrow(/must be owner/)
  })

  it('is refused on SQLite, also without the check of the options', async () => {
    await expect(openDatabase('sqlite::memory:', { naming: SCHEMA })).rejects.toThrow(OptionError)
  })
})

describe('work on a whole database', () => {
  it('backs up and restores the tables of the application too', async () => {
    const { databaseUrl } = await applicationDatabase('sqlite')
    const folder = mkdtempSync(join(tmpdir(), 'bienvenue-naming-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const auth = await openAuthService({ databaseUrl, tablePrefix: 'auth_', hasher: CHEAP_HASHER })
    await auth.registerUser(EMAIL, PASSWORD)
    await auth.close()
    const before = await (await applicationIn('sqlite', databaseUrl)).contents()
    const file = join(folder, 'backup.db')
    const counts = { users: 1, sessions: 0 }
    expect(await backUpDatabase(databaseUrl, file, { replace: false, naming: PREFIX })).toMatchObject(counts)
    await expect(backUpDatabase(databaseUrl, `${file}.2`, { replace: false, naming: PLAIN })).rejects.toThrow(
      /is not a database of Bienvenue/,
    )
    const target = join(folder, 'restored.db')
    const restored = await restoreDatabase(`sqlite:${target}`, file, PREFIX, async () => {})
    expect(restored).toMatchObject(counts)
    expect(await (await applicationIn('sqlite', `sqlite:${target}`)).contents()).toEqual(before)
  })

  it.each([
    ['sqlite', PREFIX, 'postgres', BOTH],
    ['postgres', SCHEMA, 'sqlite', PREFIX],
    ['postgres', BOTH, 'postgres', PLAIN],
  ] as const)('moves from %s with %o to %s with %o', async (source, naming, target, toNaming) => {
    const { databaseUrl: from, contents } = await applicationDatabase(source)
    const auth = await freshAuth(source, { databaseUrl: from, ...optionsOf(naming) })
    await visit(auth)
    const before = await contents()
    const { databaseUrl, contents: targetContents } = await applicationDatabase(target)
    const to = toNaming === PLAIN ? await freshDatabase(target) : databaseUrl
    const targetBefore = await targetContents()
    const moved = await moveDatabase({ from, to, naming, toNaming, withoutExtraColumns: false })
    expect(moved.map(({ table }) => table)).toEqual(TABLE_NAMES)
    const there = await freshAuth(target, { databaseUrl: to, ...optionsOf(toNaming) })
    expect(await there.validLogin(EMAIL, NEW_PASSWORD)).toBe(true)
    const { id } = await there.users.create({ email: 'carol@example.com', password: PASSWORD })
    expect(id).toBe(2)
    expect([await contents(), await targetContents()]).toEqual([before, targetBefore])
    await expect(
      moveDatabase({ from, to, naming, toNaming: { tablePrefix: 'Not-valid' }, withoutExtraColumns: false }),
    ).rejects.toThrow(MaintenanceError)
  })

  it('moves to the same names unless others are given, and to none on a file', async () => {
    const from = await freshDatabase('postgres')
    await freshAuth('postgres', { databaseUrl: from, ...optionsOf(BOTH) })
    const to = await freshDatabase('sqlite')
    await moveDatabase({ from, to, naming: BOTH, withoutExtraColumns: false })
    expect(await inspectSchema(await tables(to, PREFIX))).toMatchObject({ pending: [] })
  })
})

describe('the command', () => {
  it('migrates, shows and checks the named tables, and never adopts them', async () => {
    const { databaseUrl, contents } = await applicationDatabase('sqlite')
    const before = await contents()
    const bienvenue = (...args: readonly string[]) =>
      runHere(args, { env: { DATABASE_URL: databaseUrl, BIENVENUE_TABLE_PREFIX: 'auth_' } })
    const [adopted, planned, added] = [
      await bienvenue('adopt', '--yes'),
      await bienvenue('adopt', '--plan'),
      await bienvenue('migrate', '--json'),
    ]
    for (const { exitCode, stderr } of [adopted, planned]) {
      expect(exitCode).toBe(2)
      expect(stderr).toMatch(/^bienvenue: BIENVENUE_TABLE_PREFIX: adopt takes over the users table/)
    }
    expect(added.exitCode).toBe(0)
    const { settings, checks } = JSON.parse((await bienvenue('doctor', '--json')).stdout) as {
      settings: unknown
      checks: readonly { ok: boolean; detail: string }[]
    }
    expect(settings).toContainEqual({
      variable: 'BIENVENUE_TABLE_PREFIX',
      value: 'auth_',
      source: 'environment',
    })
    expect(checks.map(({ ok }) => ok)).toEqual([true, true, true, true])
    expect(checks.map(({ detail }) => detail)).toContain('up to date')
    expect(await contents()).toEqual(before)
    const target = await freshDatabase('sqlite')
    expect(await bienvenue('move', '--to', target, '--to-table-prefix', '')).toMatchObject({ exitCode: 0 })
    expect(await inspectSchema(await tables(target, PLAIN))).toMatchObject({ pending: [] })
  })
})

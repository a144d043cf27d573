/** How operators manage the providers of sign-in, with the command. */
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { freshAuth, migratedDatabase, onEachEngine } from '../support/engines.ts'
import { BASE_URL, openTables, PASSWORD, randomKey } from '../support/production.ts'
import { type Finished, runHere } from '../support/run-here.ts'
import { temporaryFolder } from '../support/system.ts'

const SECRET = 'GOCSPX-of-this-test'
const CLIENT = ['--client-id', 'client.apps.example']

/** The path of a new file that only this user can read. */
function fileWith(text: string): string {
  const file = join(temporaryFolder(), 'secret')
  writeFileSync(file, text)
  chmodSync(file, 0o600)
  return file
}

async function open(engine: 'sqlite' | 'postgres' = 'sqlite') {
  const env = {
    DATABASE_URL: await migratedDatabase(engine),
    BASE_URL,
    BIENVENUE_SECRET_KEY: randomKey(),
  }
  const providers = (line: readonly string[], changes: Record<string, string> = {}) =>
    runHere(['providers', ...line], { env: { ...env, ...changes } })
  const doctor = async (changes: Record<string, string> = {}) => {
    const { stdout } = await runHere(['doctor'], { env: { ...env, ...changes } })
    return stdout.split('\n').filter((line) => /^\w+ +providers: /.test(line))
  }
  return { env, providers, doctor }
}

const said = (stdout: string): Finished => ({ exitCode: 0, stdout: `${stdout}\n`, stderr: '' })
const refused = (exitCode: number, message: string): Finished => ({
  exitCode,
  stdout: '',
  stderr: `bienvenue: ${message}\n`,
})

onEachEngine('bienvenue providers', (engine) => {
  it('adds, lists, disables, enables and removes a provider, with a secret that is never shown', async () => {
    const { env, providers } = await open(engine)
    const secretFile = fileWith(`${SECRET}\n`)
    const added = await providers(['add', 'google', ...CLIENT, '--secret-file', secretFile])
    expect(added).toEqual(
      said(
        'Added google. Register this redirect URI there: https://auth.example.com/login/google/callback\nThen check it: bienvenue providers check google\nRunning services show its button within a minute.',
      ),
    )
    const heading = 'id\tpreset\tname\tissuer\tidentities\tdisabled'
    expect(await providers(['list'])).toEqual(
      said(`${heading}\ngoogle\tgoogle\tGoogle\thttps://accounts.google.com\t0\t-`),
    )
    const listed = await providers(['list', '--json'])
    expect(JSON.parse(listed.stdout)).toEqual({
      id: 'google',
      preset: 'google',
      name: 'Google',
      issuer: 'https://accounts.google.com',
      client_id: 'client.apps.example',
      has_secret: true,
      scopes: [],
      tenants: [],
      creates_accounts: true,
      linking: 'ask',
      trusts_email: false,
      redirect_uri: 'https://auth.example.com/login/google/callback',
      identities: 0,
      created_at: expect.any(String),
      disabled_at: null,
    })
    const db = await openTables(env.DATABASE_URL)
    const rows = await db.selectFrom('providers').select('sealed_client_secret').execute()
    expect(Buffer.from(rows[0]?.sealed_client_secret ?? []).includes(SECRET)).toBe(false)

    // Only sign-ins need the base URL.
    const withoutUrl = await providers(['list', '--json'], { BASE_URL: '' })
    expect(withoutUrl).toMatchObject({ exitCode: 0, stderr: '' })
    expect(JSON.parse(withoutUrl.stdout)).toMatchObject({ id: 'google', redirect_uri: null })
    expect((await providers(['remove', 'unknown', '--yes'], { BASE_URL: '' })).stderr).toContain(
      'There is no provider unknown.',
    )

    expect(await providers(['disable', 'google'])).toEqual(
      said('google is disabled. Running services notice within a minute.'),
    )
    expect((await providers(['list'])).stdout).toMatch(/\t0\t\d{4}-\S+Z\n$/)
    expect(await providers(['enable', 'google'])).toEqual(
      said('google is enabled. Running services notice within a minute.'),
    )
    expect(await providers(['disable', 'google', '--json'])).toEqual(said('{"disabled":"google"}'))
    expect(await providers(['enable', 'google', '--json'])).toEqual(said('{"enabled":"google"}'))

    const auth = await freshAuth(engine, { databaseUrl: env.DATABASE_URL })
    const created_at = '2026-01-02T03:04:05.678Z'
    const identity = { provider: 'google', issuer: 'https://accounts.google.com', subject: '7', created_at }
    const fields = { email: 'bob@example.com', hashed_password: '!', identities: [identity] }
    await Array.fromAsync(auth.transfer.importUsers([{ fields }]))
    expect((await providers(['list'])).stdout).toContain('\t1\t-\n')
    expect(await providers(['remove', 'google'])).toEqual(
      refused(2, 'Add --yes to confirm without a terminal.'),
    )
    expect(await providers(['remove', 'google', '--yes'])).toEqual(
      said('Removed google. Disconnected: 1 account.'),
    )
    expect(await db.selectFrom('identities').selectAll().execute()).toEqual([])
    await providers(['add', 'google', ...CLIENT, '--secret-file', secretFile, '--json'])
    expect(await providers(['remove', 'google', '--yes', '--json'])).toEqual(
      said('{"removed":"google","identities":0}'),
    )
    const acts = await Array.fromAsync(auth.audit.list())
    expect(
      acts.map(({ action, actor }) => `${actor} ${action}`).filter((act) => act.includes('provider')),
    ).toEqual(
      ['remove', 'add', 'remove', 'enable', 'disable', 'enable', 'disable', 'add'].map(
        (act) => `operator ${act}_provider`,
      ),
    )
  })

  it('replaces the secret of a provider, and keeps its identities', async () => {
    const { env, providers, doctor } = await open(engine)
    await providers(['add', 'google', ...CLIENT, '--secret-file', fileWith(SECRET)])
    const auth = await freshAuth(engine, { databaseUrl: env.DATABASE_URL })
    const created_at = '2026-01-02T03:04:05.678Z'
    const identity = { provider: 'google', issuer: 'https://accounts.google.com', subject: '7', created_at }
    const fields = { email: 'bob@example.com', hashed_password: '!', identities: [identity] }
    await Array.fromAsync(auth.transfer.importUsers([{ fields }]))
    const key = { BIENVENUE_SECRET_KEY: randomKey() }
    expect(await doctor(key)).toEqual([expect.stringMatching(/^FAILED /)])
    const replace = ['replace-secret', 'google', '--secret-file', fileWith('GOCSPX-new\n')]
    expect(await providers(replace, key)).toEqual(said('Sign-ins at google use the new secret.'))
    expect(await doctor(key)).toEqual(['ok      providers: 1 provider'])
    expect(await providers([...replace, '--json'])).toEqual(said('{"replaced":"google"}'))
    expect((await providers(['list'])).stdout).toContain('\t1\t-\n')
    const [act] = await Array.fromAsync(auth.audit.list())
    expect(act).toMatchObject({ action: 'replace_provider_secret', actor: 'operator' })

    expect(await providers(['replace-secret', 'google'])).toEqual(refused(2, '--secret-file is missing.'))
    expect(await providers(['replace-secret', 'gogle', ...replace.slice(2)])).toEqual(
      refused(1, 'There is no provider gogle. To list them: bienvenue providers list'),
    )
    const { stderr } = await providers(replace, { BIENVENUE_SECRET_KEY: '' })
    expect(stderr).toBe('bienvenue: BIENVENUE_SECRET_KEY: is not set: it encrypts client secrets\n')
  })

  it('refuses a secret that the preset cannot use, and keeps the old one', async () => {
    const { env, providers } = await open(engine)
    const key = { team_id: 'ABCDE12345', key_id: 'FGHIJ67890', private_key: '-----BEGIN PRIVATE KEY-----\nx' }
    await providers(['add', 'apple', ...CLIENT, '--secret-file', fileWith(JSON.stringify(key))])
    const db = await openTables(env.DATABASE_URL)
    const sealed = () => db.selectFrom('providers').select('sealed_client_secret').execute()
    const before = await sealed()
    expect(before).toHaveLength(1)
    const replaced = await providers(['replace-secret', 'apple', '--secret-file', fileWith(SECRET)])
    expect(replaced.stderr).toMatch(/^bienvenue: --secret-file is not what apple needs: [^\n]+\n$/)
    expect(await sealed()).toEqual(before)
  })

  it('shows the identities of a user', async () => {
    const { env } = await open(engine)
    const auth = await freshAuth(engine, { databaseUrl: env.DATABASE_URL })
    await auth.registerUser('eve@example.com', PASSWORD)
    const show = (line: string) => runHere(['users', 'show', ...line.split(' ')], { env })
    expect((await show('eve@example.com')).stdout).toMatch(/^identities +-$/m)
    const identity = {
      provider: 'acme',
      issuer: 'https://login.acme.example',
      subject: 'a\u001b[31m',
      email: 'bob@acme.example',
      email_verified: true,
      created_at: '2026-01-02T03:04:05.678Z',
      last_used_at: null,
    }
    const fields = { email: 'bob@example.com', hashed_password: '!', identities: [identity] }
    await Array.fromAsync(auth.transfer.importUsers([{ fields }]))
    expect((await show('bob@example.com')).stdout).toMatch(
      /^identity +acme {2}bob@acme\.example; subject a\S*\[31m; connected 2026-01-02T03:04:05\.678Z; last used -$/m,
    )
    const { stdout } = await show('bob@example.com --json')
    expect(stdout).not.toContain('\u001b')
    expect(JSON.parse(stdout).identities).toEqual([
      { ...identity, id: expect.any(String), provider_name: 'acme' },
    ])
  })

  it('is checked by doctor, which names disabled and missing providers, and secrets that cannot be opened', async () => {
    const { env, providers, doctor } = await open(engine)
    expect(await doctor()).toEqual([])
    const secretFile = fileWith(SECRET)
    await providers(['add', 'google', ...CLIENT, '--secret-file', secretFile])
    await providers(['add', 'oidc', ...CLIENT, '--issuer', 'https://login.example.com'])
    expect(await doctor()).toEqual(['ok      providers: 2 providers'])
    await providers(['disable', 'oidc'])
    expect(await doctor()).toEqual(['ok      providers: 2 providers; disabled: oidc'])
    expect(await doctor({ BIENVENUE_SECRET_KEY: randomKey() })).toEqual([
      'FAILED  providers: 2 providers; disabled: oidc; BIENVENUE_SECRET_KEY has no key for the client secret of google: add the former key at the end of the list, or run bienvenue providers replace-secret',
    ])
    const former = `${randomKey()},${env.BIENVENUE_SECRET_KEY}`
    expect(await doctor({ BIENVENUE_SECRET_KEY: former })).toEqual([
      'ok      providers: 2 providers; disabled: oidc',
    ])
    expect(await doctor({ BASE_URL: '' })).toEqual([
      'FAILED  providers: 2 providers; disabled: oidc; BASE_URL is not set, so nobody can sign in with them',
    ])
    await providers(['remove', 'oidc', '--yes'])
    await providers(['remove', 'google', '--yes'])
    const auth = await freshAuth(engine, { databaseUrl: env.DATABASE_URL })
    const created_at = '2026-01-02T03:04:05.678Z'
    const identity = { provider: 'google', issuer: 'https://accounts.google.com', subject: '7', created_at }
    const fields = { email: 'bob@example.com', hashed_password: '!', identities: [identity] }
    await Array.fromAsync(auth.transfer.importUsers([{ fields }]))
    expect(await doctor()).toEqual([
      'ok      providers: 0 providers; 1 identity at google, which is not a provider here: add a provider with this id',
    ])
  })
})

it('takes every setting of a provider from flags', async () => {
  const { providers } = await open()
  const tenant = '11111111-2222-3333-4444-555555555555'
  const flags = [
    '--id',
    'office',
    '--name',
    'Société',
    '--tenants',
    `${tenant}, *`,
    '--scopes',
    'openid  email',
  ]
  const more = ['--linking', 'verified', '--existing-accounts-only', '--trusts-email', '--json']
  const secret = ['--secret-file', fileWith(SECRET)]
  const { stdout } = await providers(['add', 'microsoft', ...CLIENT, ...secret, ...flags, ...more])
  expect(JSON.parse(stdout)).toMatchObject({
    id: 'office',
    preset: 'microsoft',
    name: 'Société',
    scopes: ['openid', 'email'],
    tenants: [tenant, '*'],
    creates_accounts: false,
    linking: 'verified',
    trusts_email: true,
    redirect_uri: 'https://auth.example.com/login/office/callback',
  })
})

it.each<[line: string, message: string]>([
  ['add', 'providers add takes one argument: PRESET. See: bienvenue providers add --help'],
  ['add myspace CLIENT', 'The preset must be one of google, microsoft, apple, github, gitlab, oidc.'],
  ['add google', '--client-id is missing.'],
  ['add oidc --client-id=', '--client-id is missing.'],
  [
    'add google --client-id=é SECRET',
    '--client-id contains spaces, other invisible characters or more than 512 characters.',
  ],
  ['add google CLIENT', '--secret-file is missing.'],
  ['add google CLIENT --secret-file EMPTY', 'Cannot read EMPTY: it is empty.'],
  ['add google CLIENT --secret-file /nowhere', 'Cannot read /nowhere: there is no such file.'],
  [
    'add apple CLIENT SECRET',
    '--secret-file is not what apple needs: the secret is not a JSON object with team_id, key_id and private_key.',
  ],
  ['add google CLIENT SECRET --linking maybe', '--linking must be one of ask, verified.'],
  ['add oidc CLIENT', '--issuer is missing.'],
  [
    'add oidc CLIENT --issuer login.example.com',
    '--issuer is not an https URL without a query, of at most 512 characters.',
  ],
  [
    'add microsoft CLIENT SECRET',
    '--tenants is missing: name the tenants whose users may sign in, or * for all.',
  ],
  [
    'add microsoft CLIENT SECRET --tenants contoso.com',
    '--tenants contains something that is neither * nor the id of a tenant, a UUID in lower case.',
  ],
  ['add google CLIENT SECRET --tenants *', '--tenants is for microsoft only.'],
  ...['Google', 'continue', 'x'.repeat(33)].map((id): [string, string] => [
    `add google CLIENT SECRET --id ${id}`,
    '--id is not a slug of at most 32 characters, such as google or my-company.',
  ]),
  ['add google CLIENT SECRET --id taken', '--id is taken: there is a provider taken.'],
  [`add google CLIENT SECRET --name ${'x'.repeat(41)}`, '--name has more than 40 characters.'],
  [
    'add google CLIENT SECRET --scopes "',
    '--scopes contains a space, a quotation mark, a backslash or a character outside of ASCII.',
  ],
  ['list all', 'providers list takes no arguments. See: bienvenue providers list --help'],
])('refuses %s in one line, and adds nothing', async (line, message) => {
  const { providers } = await open()
  await providers(['add', 'oidc', ...CLIENT, '--id=taken', '--issuer=https://login.example.com'])
  const [secret, empty] = [fileWith(SECRET), fileWith('')]
  const words: Record<string, string[]> = {
    CLIENT,
    SECRET: ['--secret-file', secret],
    EMPTY: [empty],
  }
  const { exitCode, stdout, stderr } = await providers(
    line.split(' ').flatMap((word) => words[word] ?? [word]),
  )
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' })
  expect(stderr).toMatch(/^bienvenue: [^\n]+\n$/)
  expect(stderr.replace(empty, 'EMPTY')).toContain(`bienvenue: ${message}`)
  expect((await providers(['list'])).stdout.trimEnd().split('\n')).toHaveLength(2)
})

it('adds nothing without a secret key or the address of the service', async () => {
  const { providers } = await open()
  const add = ['add', 'google', ...CLIENT, '--secret-file', fileWith(SECRET)]
  expect(await providers(add, { BIENVENUE_SECRET_KEY: '' })).toEqual(
    refused(2, 'BIENVENUE_SECRET_KEY: is not set: it encrypts client secrets'),
  )
  expect(await providers(add, { BASE_URL: '' })).toEqual(
    refused(2, 'BASE_URL: is not set: providers must know where to send people back'),
  )
  expect((await providers(['list'])).stdout.trimEnd().split('\n')).toHaveLength(1)
  // A public client too: without these settings, the service offers no provider.
  const addPublic = ['add', 'oidc', ...CLIENT, '--issuer', 'https://login.example.com']
  expect(await providers(addPublic, { BIENVENUE_SECRET_KEY: '' })).toMatchObject({ exitCode: 2 })
})

it.each(['disable', 'enable', 'remove --yes', 'check'])(
  'refuses %s of an unknown provider, and says how to list them',
  async (act) => {
    const { providers } = await open()
    const [name = '', ...flags] = act.split(' ')
    expect(await providers([name, 'gogle', ...flags])).toEqual(
      refused(1, 'There is no provider gogle. To list them: bienvenue providers list'),
    )
    const json = await providers([name, 'gogle', ...flags, '--json'])
    expect(JSON.parse(json.stderr)).toMatchObject({ code: 'refused' })
  },
)

/** The command `bienvenue` as people and scripts use it: its output, its errors and its exit codes. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { dirname } from 'node:path'
import { describe, expect, inject, it, onTestFinished, vi } from 'vitest'
import { openAuthService } from '../../src/auth/index.ts'
import { SETTINGS } from '../../src/cli/settings.ts'
import { createAuth } from '../../src/index.ts'
import { CHEAP_HASHER, freshAuth, freshDatabase, migratedDatabase, onEachEngine } from '../support/engines.ts'
import { freePort } from '../support/ports.ts'
import { runHere } from '../support/run-here.ts'
import { send, sessionIdOf } from '../support/send.ts'
import { COMMAND, type Finished, ROOT, run, runCli, startService } from '../support/service.ts'
import { answering, startScriptedServer, startSmtpServer } from '../support/smtp.ts'
import { hasTerminal, runAtTerminal } from '../support/terminal.ts'

const EMAIL = 'guillaume@holberton.io'
const PASSWORD = 'b4l0u'
const SECRET = 's3cr3t'

/** Expects one line on standard error, without a stack or a class name, and nothing on standard output. */
function expectRefusal({ exitCode, stdout, stderr }: Finished, expected: number, says: RegExp): void {
  expect(stderr).toMatch(/^bienvenue: [^\n]+\n$/)
  expect(stderr).toMatch(says)
  expect(stderr).not.toMatch(/\bat .+:\d+|node:|[A-Z]\w*Error/)
  expect(stderr).not.toContain(SECRET)
  expect(stdout).toBe('')
  expect(exitCode).toBe(expected)
}

/** Expects success without any output on standard error. */
function expectDone({ exitCode, stdout, stderr }: Finished): string {
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  return stdout
}

function filePath(databaseUrl: string): string {
  return databaseUrl.slice('sqlite:'.length)
}

it('help is shown with --help, and when no command is given, with exit code 2', async () => {
  const help = expectDone(await runCli(['--help']))
  expect(help).toContain('Usage: bienvenue COMMAND')
  expect(await runCli([])).toEqual({ exitCode: 2, stdout: help, stderr: '' })
})

it('--version prints the version of the package, also through npm run', async () => {
  const { version } = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8')) as { version: string }
  expect(expectDone(await runCli(['--version']))).toBe(`${version}\n`)
  const byNpm = await run('npm', ['run', '-s', 'bienvenue', '--', '--version'], {
    // Otherwise npm asks the registry for a newer version of itself.
    env: { npm_config_update_notifier: 'false' },
  })
  expect(expectDone(byNpm)).toBe(`${version}\n`)
})

describe('an invalid setting', () => {
  const rows: [variable: string, value: string, says?: RegExp][] = [
    ['HOST', '0.0.0.0', /loopback/],
    ['HOST', '::', /loopback/],
    ['HOST', '192.168.1.1', /loopback/],
    ['HOST', 'localhost:80'],
    ['PORT', '99999', /65535/],
    ['PORT', 'abc'],
    ['PORT', '-1'],
    ['DATABASE_URL', `mongodb://user:${SECRET}@h/db`, /mongodb/],
    ['DATABASE_URL', 'nonsense', /sqlite:PATH/],
    ['DATABASE_URL', 'sqlite:'],
    ['DATABASE_URL', `postgres://user:${SECRET}@h:99999/db`],
    ['DATABASE_URL', `postgres://user:${SECRET}%@127.0.0.1:1/db`],
    ['DATABASE_URL', `postgres://user:${SECRET}@127.0.0.1:1/db`, /ECONNREFUSED/],
    ['BIENVENUE_MODE', 'nonsense', /classic/],
    ['BIENVENUE_THROTTLE', 'maybe', /on or off/],
    ['BIENVENUE_BCRYPT_COST', '9', /10 to 16/],
    ['BIENVENUE_MIN_PASSWORD_LENGTH', '0'],
    ['BIENVENUE_LOG_LEVEL', 'loud'],
    ['BASE_URL', 'auth.example.com', /https:/],
    ['BIENVENUE_SECRET_KEY', SECRET, /base64url/],
    ['SMTP_URL', `smtp://user:${SECRET}@`, /smtp/],
    ['SMTP_URL', 'terminal:'],
    ['BIENVENUE_TRUSTED_PROXIES', 'localhost', /addresses and networks/],
    ['BIENVENUE_RESET_TOKEN_DELIVERY', 'mail', /SMTP_URL/],
    ['BIENVENUE_METADATA_SCHEMA', '/nowhere/schema.json', /there is no such file/],
    ['BIENVENUE_REGISTRATION_ANSWER', 'uniform', /BIENVENUE_EMAIL_VERIFICATION=on/],
  ]

  it.each(rows)(
    '(%s=%s) stops the start with one line that names the setting',
    async (variable, value, says) => {
      const env = { DATABASE_URL: 'sqlite::memory:', PORT: '0', [variable]: value }
      const finished = await runHere(['serve'], { env })
      // Terminal mail is valid, but needs a sender.
      const named = value === 'terminal:' ? 'BIENVENUE_MAIL_FROM' : variable
      expectRefusal(finished, 2, new RegExp(`^bienvenue: ${named}: `))
      expect(finished.stderr).toMatch(says ?? /./)
    },
  )

  it('given as a flag is named by its variable too, and a flag takes precedence', async () => {
    const env = { DATABASE_URL: 'sqlite::memory:', PORT: '0', BIENVENUE_THROTTLE: 'on' }
    expectRefusal(await runHere(['serve', '--throttle', 'maybe'], { env }), 2, /BIENVENUE_THROTTLE: /)
  })

  it('is reported to scripts as one line of JSON', async () => {
    const { exitCode, stderr } = await runHere(['users', 'list', '--json'], { env: { PORT: 'abc' } })
    expect(exitCode).toBe(2)
    expect(JSON.parse(stderr)).toEqual({ code: 'setting', message: expect.stringMatching(/^PORT: /) })
  })

  it('is reported for a port that another program uses', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void other.close())
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    const env = { DATABASE_URL: 'sqlite::memory:', PORT: String(port) }
    expectRefusal(await runHere(['serve'], { env }), 2, new RegExp(`^bienvenue: PORT: ${port} is in use`))
  })

  it.each<[name: string, path: (file: string) => string]>([
    ['a directory', (file) => dirname(file)],
    ['a file in a directory that does not exist', (file) => `${dirname(file)}/nowhere/test.db`],
    ['a file in a file', (file) => `${file}/test.db`],
    ['a file that is not a database', (file) => file],
  ])('is reported for an SQLite path that cannot be a database: %s', async (_name, path) => {
    const file = filePath(await freshDatabase('sqlite'))
    const letter = 'A letter, not a database. '.repeat(10)
    writeFileSync(file, letter)
    for (const command of ['serve', 'migrate', 'users list']) {
      const env = { DATABASE_URL: `sqlite:${path(file)}`, PORT: '0' }
      const refusal = /^bienvenue: DATABASE_URL: (?:cannot use|there is no database at) /
      expectRefusal(await runHere(command.split(' '), { env }), 2, refusal)
    }
    expect(readFileSync(file, 'utf8')).toBe(letter)
  })

  it.each([
    ['a wrong password', (url: URL) => Object.assign(url, { password: SECRET })],
    ['a database that does not exist', (url: URL) => Object.assign(url, { pathname: '/nowhere' })],
  ])('is reported for a PostgreSQL URL with %s', async (_name, change) => {
    const url = change(new URL(`${inject('postgresUrl')}/postgres`))
    const env = { DATABASE_URL: url.href, PORT: '0' }
    expectRefusal(await runHere(['serve'], { env }), 2, /^bienvenue: DATABASE_URL: cannot use postgres:/)
  })
})

/** A key as made by `openssl rand -base64 32`. */
const randomKey = () => randomBytes(32).toString('base64')

describe('production mode', () => {
  /** Every setting that production mode requires. */
  const WELL = {
    BIENVENUE_MODE: 'production',
    BASE_URL: 'https://auth.example.com',
    BIENVENUE_SECRET_KEY: `${randomKey()},${randomKey()}`,
    SMTP_URL: `smtps://mailer:${SECRET}@mail.example.com`,
    BIENVENUE_MAIL_FROM: 'Example <no-reply@example.com>',
  }

  it.each([
    ['BIENVENUE_MODE', 'mode', 'prod'],
    ['BIENVENUE_THROTTLE', 'throttle', 'maybe'],
    ['PORT', 'port', '99999'],
    ['SMTP_URL', 'smtp-url', `smtp://user:${SECRET}@`],
  ])('doctor shows no default in place of an invalid flag for %s', async (variable, flag, value) => {
    const args = ['doctor', `--${flag}`, value]
    const [forPeople, forScripts] = await Promise.all([runHere(args), runHere([...args, '--json'])])
    expect(forPeople.exitCode).toBe(1)
    expect(forPeople.stdout).toMatch(new RegExp(`^${variable} +\\(invalid\\) +flag$`, 'm'))
    const { settings } = JSON.parse(forScripts.stdout) as { settings: { variable: string }[] }
    expect(settings.find((row) => row.variable === variable)).toEqual({
      variable,
      value: null,
      source: 'flag',
    })
    // It is unknown what an unknown mode would refuse.
    const heading = flag === 'mode' ? 'serve refuses to start' : 'serve refuses to start in classic mode'
    expect(forPeople.stdout).toMatch(new RegExp(`^${heading}:\n {2}- ${variable}: `, 'm'))
    expect(forPeople.stdout + forScripts.stdout).not.toContain(SECRET)
  })

  it('is accepted by doctor if everything is set: tolerated settings are named, and no secret is shown', async () => {
    const env = {
      ...WELL,
      DATABASE_URL: await freshDatabase('sqlite'),
      BIENVENUE_TRUSTED_PROXIES: '127.0.0.1',
      BIENVENUE_REGISTRATION_ANSWER: 'explicit',
    }
    expectDone(await runHere(['migrate'], { env }))
    const [forPeople, forScripts] = await Promise.all([
      runHere(['doctor'], { env }),
      runHere(['doctor', '--json'], { env }),
    ])
    const report = JSON.parse(expectDone(forScripts)) as { settings: { variable: string; value: unknown }[] }
    expect(report).toMatchObject({
      well: true,
      refused: [],
      unsafe: [expect.stringMatching(/^BIENVENUE_REGISTRATION_ANSWER: /)],
    })
    const values = Object.fromEntries(report.settings.map(({ variable, value }) => [variable, value]))
    expect(values).toMatchObject({
      BIENVENUE_MODE: 'production',
      BIENVENUE_SECRET_KEY: '2 keys',
      SMTP_URL: 'smtps://mailer@mail.example.com:465',
      BIENVENUE_MAIL_FROM: WELL.BIENVENUE_MAIL_FROM,
      BIENVENUE_TRUSTED_PROXIES: '127.0.0.1',
      BIENVENUE_MIN_PASSWORD_LENGTH: 15,
      BIENVENUE_SECURE_COOKIE: 'on',
    })
    expect(expectDone(forPeople)).toMatch(
      /^Not fit for the internet:\n {2}- BIENVENUE_REGISTRATION_ANSWER: /m,
    )
    expect(forPeople.stdout).not.toContain('serve refuses')
    for (const secret of [SECRET, ...WELL.BIENVENUE_SECRET_KEY.split(',')])
      expect(forPeople.stdout + forScripts.stdout).not.toContain(secret)
  })
})

describe('mail', () => {
  const FROM = 'Example <no-reply@example.com>'
  const envFor = async (port: number) => ({
    DATABASE_URL: 'sqlite::memory:',
    SMTP_URL: `smtp://127.0.0.1:${port}`,
    BIENVENUE_MAIL_FROM: FROM,
    BASE_URL: 'https://auth.example.com',
  })

  it('test sends one mail to the address and reports it', async () => {
    const server = await startSmtpServer()
    const env = await envFor(server.port)
    expect(expectDone(await runHere(['mail', 'test', ` ${EMAIL} `], { env }))).toBe(
      `The mail server accepted a test mail to ${EMAIL}.\n`,
    )
    const json = expectDone(await runHere(['mail', 'test', EMAIL, '--json'], { env }))
    expect(JSON.parse(json)).toEqual({ sent: EMAIL })
    expect(server.received).toHaveLength(2)
    for (const { from, to, mail } of server.received) {
      expect({ from, to }).toEqual({ from: 'no-reply@example.com', to: [EMAIL] })
      expect(mail.from).toMatchObject({ name: 'Example', address: 'no-reply@example.com' })
      expect(mail.text).toContain('auth.example.com')
    }
  })

  it('test explains a failure in one line', async () => {
    const env = await envFor(await freePort())
    expectRefusal(await runHere(['mail', 'test', EMAIL], { env }), 1, /ECONNREFUSED|refused|reach/i)
    const stubborn = await startScriptedServer(answering({ RCPT: '550 no such mailbox' }))
    const refusing = await envFor(stubborn.port)
    expectRefusal(await runHere(['mail', 'test', EMAIL], { env: refusing }), 1, /550 no such mailbox/)
    expectRefusal(await runHere(['mail', 'test', 'nobody'], { env }), 1, /^bienvenue: TO: /)
    const without = { DATABASE_URL: 'sqlite::memory:' }
    expectRefusal(
      await runHere(['mail', 'test', EMAIL], { env: without }),
      2,
      /^bienvenue: SMTP_URL: is not set/,
    )
  })

  it('test with SMTP_URL=terminal: shows the mail on standard error', async () => {
    const env = { ...(await envFor(1)), SMTP_URL: 'terminal:' }
    const { exitCode, stdout, stderr } = await runHere(['mail', 'test', EMAIL], { env })
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: `The mail server accepted a test mail to ${EMAIL}.\n`,
    })
    expect(stderr).toContain(`To: ${EMAIL}\n`)
  })

  it('queue shows the answer of the mail server to the mails that are waiting', async () => {
    const databaseUrl = await migratedDatabase('sqlite')
    const server = await startScriptedServer(answering({ RCPT: '550 relay not permitted for a@example.com' }))
    const env = { ...(await envFor(server.port)), DATABASE_URL: databaseUrl }
    const faults: unknown[] = []
    const auth = await createAuth({
      databaseUrl,
      baseUrl: env.BASE_URL,
      smtpUrl: env.SMTP_URL,
      mailFrom: env.BIENVENUE_MAIL_FROM,
      emailVerification: true,
      hasher: CHEAP_HASHER,
      logger: { debug() {}, info() {}, warn() {}, error: (fields) => void faults.push(fields) },
    })
    for (const name of ['a', 'b'])
      await auth.account.register({ email: `${name}@example.com`, password: PASSWORD })
    await vi.waitUntil(() => faults.length === 2, { timeout: 50_000, interval: 5 })
    await vi.waitUntil(async () => (await auth.delivery.listProblems())[0]?.mails === 2, { timeout: 50_000 })
    await auth.close()
    const [problem, ...others] = expectDone(await runHere(['mail', 'queue'], { env }))
      .split('\n')
      .slice(1, -1)
    expect(problem).toMatch(/^ {2}- 2: .*550 relay not permitted for \[…\]$/)
    expect(others).toEqual([])
    const json = JSON.parse(expectDone(await runHere(['mail', 'queue', '--json'], { env })))
    expect(json).toEqual({
      waiting: 2,
      problems: [{ problem: expect.stringContaining('550 relay not permitted'), mails: 2 }],
    })
  })

  it('queue shows how many mails are waiting, and sends none of them', async () => {
    const databaseUrl = await migratedDatabase('sqlite')
    const server = await startSmtpServer()
    const env = { ...(await envFor(server.port)), DATABASE_URL: databaseUrl }
    // It enqueues mail, and sends none.
    const auth = await openAuthService({
      databaseUrl,
      baseUrl: env.BASE_URL,
      emailVerification: true,
      mailer: { send: () => expect.unreachable(), close() {} },
      hasher: CHEAP_HASHER,
    })
    expect(expectDone(await runHere(['mail', 'queue'], { env }))).toBe('Mails waiting: 0\n')
    for (const name of ['a', 'b'])
      await auth.account.register({ email: `${name}@example.com`, password: PASSWORD })
    await auth.close()
    expect(expectDone(await runHere(['mail', 'queue'], { env }))).toBe('Mails waiting: 2\n')
    expect(JSON.parse(expectDone(await runHere(['mail', 'queue', '--json'], { env })))).toEqual({
      waiting: 2,
      problems: [],
    })
    expect(server.received).toEqual([])
  })
})

onEachEngine('the commands', (engine) => {
  it('migrate shows what it would run, and runs each migration once', async () => {
    const env = { DATABASE_URL: await freshDatabase(engine) }
    const plan = expectDone(await runHere(['migrate', '--plan'], { env }))
    expect(plan).toMatch(/^(?:would run \d{4}-[a-z-]+\n)+$/)
    expect(expectDone(await runHere(['migrate', '--plan'], { env }))).toBe(plan)
    const { pending } = JSON.parse(expectDone(await runHere(['migrate', '--plan', '--json'], { env })))
    expect(expectDone(await runHere(['migrate'], { env }))).toBe(plan.replaceAll('would run', 'ran'))
    expect(pending).toEqual(plan.match(/\d{4}-[a-z-]+/g))
    expect(expectDone(await runHere(['migrate'], { env }))).toBe('The database schema is up to date.\n')
    expect(JSON.parse(expectDone(await runHere(['migrate', '--json'], { env })))).toEqual({ migrated: [] })
  })

  it('users add, list, show, disable, enable and delete act on the accounts of a running service', async () => {
    const databaseUrl = await migratedDatabase(engine)
    const env = { DATABASE_URL: databaseUrl }
    const users = (line: string, input?: string) =>
      input === undefined
        ? runHere(['users', ...line.split(' ')], { env })
        : runCli(['users', ...line.split(' ')], { env, input })
    const { url } = await startService(databaseUrl)
    const logIn = () => send(url, 'POST', '/sessions', { form: { email: EMAIL, password: PASSWORD } })

    const add = `add ${EMAIL} --password-stdin`
    expect(expectDone(await users(add, `${PASSWORD}\n`))).toBe(`Added ${EMAIL} as user 1.\n`)
    const refusedAdds: [line: string, input: string, exitCode: number, says: RegExp][] = [
      [add, `${PASSWORD}\n`, 1, /User guillaume@holberton.io already exists/],
      [add.replace(EMAIL, EMAIL.toUpperCase()), 'x', 1, /already exists/],
      ['add nobody --password-stdin', 'x', 1, /^bienvenue: email: /],
      ['add bob@example.com --password-stdin', '', 1, /^bienvenue: password: /],
      ['add bob@example.com --password-stdin', '\n', 1, /^bienvenue: password: /],
      ['add bob@example.com', '', 2, /--send-link .* --password-stdin/],
    ]
    await Promise.all(
      refusedAdds.map(async ([line, input, exitCode, says]) =>
        expectRefusal(await users(line, input), exitCode, says),
      ),
    )
    const taken = await users(`${add} --json`, PASSWORD)
    expect(taken.exitCode).toBe(1)
    expect(JSON.parse(taken.stderr)).toMatchObject({ code: 'email_taken' })

    const listed = {
      id: 1,
      email: EMAIL,
      state: 'active',
      created_at: expect.stringMatching(/^\d{4}-.*Z$/),
      disabled_at: null,
      // The operator vouches for the address.
      email_verified_at: expect.stringMatching(/^\d{4}-.*Z$/),
      password_compromised_at: null,
      locale: null,
      name: null,
      picture: null,
      metadata: {},
    }
    expect(expectDone(await users('list'))).toMatch(
      /^id\tcreated\tstate\temail\n1\t\d{4}-\d\d-\d\d\tactive\tguillaume@holberton\.io\n$/,
    )
    expect(JSON.parse(expectDone(await users('list --json')))).toEqual(listed)

    const sessionToken = sessionIdOf(await logIn())
    expect(expectDone(await users(`show ${EMAIL}`))).toMatch(/^live sessions +1$/m)
    const shown = expectDone(await users(`show ${EMAIL.toUpperCase()} --json`))
    expect(JSON.parse(shown)).toEqual({
      ...listed,
      private_metadata: {},
      live_sessions: 1,
      reset_pending: false,
      identities: [],
      factors: {
        password: true,
        totp: null,
        passkeys: [],
        recovery_codes: 0,
        second_factor_enabled: false,
        policy: 'optional',
      },
      second_factor_required_at: null,
    })
    expect(shown).not.toContain('$2b$')

    expect(expectDone(await users(`disable ${EMAIL}`))).toBe(`${EMAIL} is disabled.\n`)
    expect((await send(url, 'GET', '/profile', { sessionToken })).status).toBe(403)
    expect((await logIn()).status).toBe(401)
    expect(expectDone(await users('list'))).toContain('\tdisabled\t')
    expect(expectDone(await users(`enable ${EMAIL}`))).toBe(`${EMAIL} is enabled.\n`)
    expect((await send(url, 'GET', '/profile', { sessionToken })).status).toBe(403)
    expect((await logIn()).status).toBe(200)

    expectRefusal(await users(`delete ${EMAIL}`), 2, /--yes/)
    expect((await logIn()).status).toBe(200)
    expect(expectDone(await users(`delete ${EMAIL} --yes`))).toBe(`${EMAIL} is deleted.\n`)
    expect((await logIn()).status).toBe(401)
    const ofUser = ['show', 'disable', 'enable', 'confirm', 'unlock', 'compromise', 'delete --yes']
    ofUser.push('send-reset', 'resend-confirmation', 'revoke-factor --totp', 'require-factor --off')
    await Promise.all(
      [...ofUser.map((line) => `users ${line}`), 'sessions', 'sessions end', 'audit --user'].map(
        async (line) => {
          const finished = await runHere([...line.split(' '), EMAIL], { env })
          expectRefusal(finished, 1, /There is no user guillaume@holberton\.io\./)
        },
      ),
    )
    expect(JSON.parse((await users(`show ${EMAIL} --json`)).stderr)).toEqual({
      code: 'unknown_email',
      message: `There is no user ${EMAIL}.`,
    })
  })

  it('users confirm, unlock and compromise and sessions end and end-all act on accounts, and audit shows it', async () => {
    const databaseUrl = await migratedDatabase(engine)
    const env = { DATABASE_URL: databaseUrl }
    const cli = async (line: string) => expectDone(await runHere(line.split(' '), { env }))
    const auth = await freshAuth(engine, { databaseUrl, loginFailuresPerAccount: 2 })
    const { id } = await auth.registerUser(EMAIL, PASSWORD)
    await auth.registerUser('bob@example.com', PASSWORD)
    const logIn = (password = PASSWORD) =>
      auth.signIn.withPassword({ email: EMAIL, password }, { ip: '192.0.2.7' })
    const liveSessions = async () => (await auth.users.find(EMAIL))?.liveSessions

    const before = await auth.users.find(EMAIL)
    expect(before?.user.emailVerifiedAt).toBeNull()
    expect(await cli(`users confirm ${EMAIL}`)).toBe(`${EMAIL} is confirmed.\n`)
    expect((await auth.users.find(EMAIL))?.user.emailVerifiedAt).toBeInstanceOf(Date)

    for (let failure = 0; failure < 2; failure++) await logIn('wrong').catch(() => {})
    await expect(logIn()).rejects.toMatchObject({ code: 'too_many_attempts' })
    expect(JSON.parse(await cli(`users unlock ${EMAIL} --json`))).toEqual({ unlocked: EMAIL })
    await logIn()

    await logIn()
    expect(await cli(`sessions end ${EMAIL.toUpperCase()}`)).toBe(
      `Signed ${EMAIL} out everywhere: ended 2 sessions.\n`,
    )
    expect(await liveSessions()).toBe(0)
    expect(JSON.parse(await cli(`sessions end ${EMAIL} --json`))).toEqual({ email: EMAIL, ended: 0 })

    await logIn()
    const bobs = await auth.createSession('bob@example.com')
    expectRefusal(await runHere(['sessions', 'end-all'], { env }), 2, /--yes/)
    expect(await auth.getUserFromSessionId(bobs)).not.toBeNull()
    expect(await cli('sessions end-all --yes')).toBe('Ended 2 sessions.\n')
    expect([await liveSessions(), await auth.getUserFromSessionId(bobs)]).toEqual([0, null])
    expect(JSON.parse(await cli('sessions end-all --yes --json'))).toEqual({ ended: 0 })

    await logIn()
    expect(await cli(`users compromise ${EMAIL}`)).toBe(
      `${EMAIL} must reset the password to sign in. All sessions of the user have ended.\n`,
    )
    expect(await liveSessions()).toBe(0)
    await expect(logIn()).rejects.toMatchObject({ code: 'password_compromised' })
    expect(JSON.parse(await cli(`users compromise ${EMAIL} --json`))).toEqual({ compromised: EMAIL })
    expect(JSON.parse(await cli(`users show ${EMAIL} --json`))).toMatchObject({
      email_verified_at: expect.stringMatching(/^\d{4}-/),
      password_compromised_at: expect.stringMatching(/^\d{4}-/),
    })
    expect(await cli(`users show ${EMAIL}`)).toMatch(/^compromised +\d{4}-.*Z$/m)

    // Newest first, as JSON for scripts and as lines for people.
    const records = (await cli('audit --json --limit 0'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    const actions = records.map(({ action, outcome }) =>
      outcome === 'success' ? action : `${action} ${outcome}`,
    )
    expect(actions.slice(0, 4)).toEqual([
      'mark_password_compromised',
      'login refused',
      'mark_password_compromised',
      'login',
    ])
    // Entries of the same millisecond come in any order.
    expect(actions.toSorted()).toEqual(
      [
        'confirm_email',
        'end_all_sessions',
        'end_all_sessions',
        'end_all_sessions',
        'end_all_sessions',
        'limit_reached refused',
        'login',
        'login',
        'login',
        'login',
        'login',
        'login refused',
        'login refused',
        'login refused',
        'mark_password_compromised',
        'mark_password_compromised',
        'register',
        'register',
        'unlock_account',
      ].toSorted(),
    )
    const times = records.map(({ at }) => at)
    expect(times).toEqual(times.toSorted().toReversed())
    expect(await cli('audit --limit 1')).toMatch(
      /^\d{4}-\S+Z {2}ok {7}mark_password_compromised {2}by operator \S+ {2}guillaume@holberton\.io \(user 1\)\n$/,
    )
    const refused = (await cli(`audit --user ${EMAIL} --action login --limit 1`)).trimEnd()
    expect(refused).toMatch(
      /^\d{4}-\S+Z {2}refused {2}login {2}by anonymous {2}guillaume@holberton\.io \(user 1\) {2}\(password_compromised\) {2}from 192\.0\.2\.7$/,
    )
    const lines = async (line: string) => (await cli(line)).split('\n').length - 1
    expect(await lines(`audit --user ${EMAIL}`)).toBe(await lines(`audit --user ${id}`))
    expect(await lines('audit --user bob@example.com --action register')).toBe(1)
    expect(await lines('audit --user 4711')).toBe(0)
    const { at } = records[2] as { at: string }
    expect(await lines(`audit --since ${at}`)).toBe(3)
    expect(await lines('audit --since 2100-01-01')).toBe(0)

    // The entries of a deleted account stay, under an id without an address.
    await cli('users delete bob@example.com --yes')
    expect(await cli('audit --user 2 --action register')).toMatch(/ {2}by anonymous {2}deleted user 2\n$/)
    expect(JSON.parse(await cli('audit --user 2 --action register --json'))).toMatchObject({
      userId: 2,
      email: null,
    })
    expect(JSON.parse(await cli(`audit --user ${id} --limit 1 --json`))).toMatchObject({
      userId: id,
      email: EMAIL,
    })
  })

  it('users send-reset, resend-confirmation and set-email queue mail for the running service, or explain why not', async () => {
    const databaseUrl = await migratedDatabase(engine)
    const env = {
      DATABASE_URL: databaseUrl,
      SMTP_URL: 'smtp://127.0.0.1:1',
      BIENVENUE_MAIL_FROM: 'no-reply@example.com',
      BASE_URL: 'https://auth.example.com',
    }
    const users = (line: string) => runHere(['users', ...line.split(' ')], { env })
    const auth = await freshAuth(engine, { databaseUrl })
    await auth.registerUser(EMAIL, PASSWORD)
    await auth.users.create({ email: 'bob@example.com', password: PASSWORD, confirmed: true })
    const { id } = await auth.registerUser('disabled@example.com', PASSWORD)
    await auth.users.disable(id)

    expect(expectDone(await users(`send-reset ${EMAIL}`))).toBe(
      `The running service will send ${EMAIL} a link that sets a new password.\n`,
    )
    expect(JSON.parse(expectDone(await users(`resend-confirmation ${EMAIL} --json`)))).toEqual({
      queued: 'verify_email',
      to: EMAIL,
    })
    expect(expectDone(await users(`set-email ${EMAIL} new@example.com`))).toMatch(
      /^The running service will send new@/,
    )
    expect(await auth.delivery.count()).toBe(4)
    expect(expectDone(await users(`set-email ${EMAIL} New@example.com --confirmed`))).toBe(
      'The address of user 1 is now New@example.com. All sessions of the user have ended.\n',
    )
    expect(await auth.users.find('new@example.com')).toMatchObject({
      user: { id: 1, email: 'New@example.com' },
    })

    const refusals: [line: string, code: string, says: RegExp][] = [
      ['send-reset disabled@example.com', 'refused', /is disabled\. Enable the account first/],
      ['resend-confirmation disabled@example.com', 'refused', /is disabled\. Enable the account first/],
      ['set-email disabled@example.com x@example.com', 'refused', /is disabled\. Enable the account first/],
      ['resend-confirmation bob@example.com', 'refused', /is already confirmed\./],
      ['set-email bob@example.com nonsense', 'invalid_email', /^email: /],
      ['set-email bob@example.com new@example.com', 'email_taken', /new@example\.com already exists/],
      ['set-email bob@example.com new@example.com --confirmed', 'email_taken', /already exists/],
      ['set-email nobody@example.com x@example.com', 'unknown_email', /There is no user nobody@/],
    ]
    for (const [line, code, says] of refusals) {
      const { exitCode, stdout, stderr } = await users(`${line} --json`)
      expect({ exitCode, stdout }, line).toEqual({ exitCode: 1, stdout: '' })
      expect(JSON.parse(stderr), line).toEqual({ code, message: expect.stringMatching(says) })
    }
    const without = { env: { DATABASE_URL: databaseUrl } }
    expectRefusal(
      await runHere(['users', 'send-reset', 'bob@example.com'], without),
      2,
      /^bienvenue: SMTP_URL: is not set/,
    )
  })

  it('users add --send-link adds an account without a password and queues the link, or adds nothing and explains why [PW-14]', async () => {
    const databaseUrl = await freshDatabase(engine)
    const env = {
      DATABASE_URL: databaseUrl,
      SMTP_URL: 'smtp://127.0.0.1:1',
      BIENVENUE_MAIL_FROM: 'no-reply@example.com',
      BASE_URL: 'https://auth.example.com',
      BIENVENUE_REGISTRATION: 'closed',
    }
    const add = (...line: string[]) => runHere(['users', 'add', ...line, '--send-link'], { env })
    const auth = await freshAuth(engine, { databaseUrl })

    expect(expectDone(await add(EMAIL))).toBe(
      `Added ${EMAIL} as user 1. The running service will send ${EMAIL} a link that sets the password.\n`,
    )
    const { user } = (await auth.users.find(EMAIL)) ?? expect.unreachable()
    expect(user).toMatchObject({ state: 'no_password', emailVerifiedAt: null })
    expect((await auth.db.findUserBy({ id: user.id })).hashedPassword).toBe('!')
    expect(JSON.parse(expectDone(await add('bob@example.com', '--json')))).toEqual({
      id: 2,
      email: 'bob@example.com',
      created_at: expect.stringMatching(/^\d{4}-.*Z$/),
      disabled_at: null,
      email_verified_at: null,
      password_compromised_at: null,
      locale: null,
      name: null,
      picture: null,
      metadata: {},
      queued: 'set_password',
    })
    expect(await auth.delivery.count()).toBe(2)
    expect(expectDone(await runHere(['audit', '--user', EMAIL], { env }))).toMatch(/ {2}by operator /)

    expectRefusal(await add(EMAIL.toUpperCase()), 1, /already exists/)
    expectRefusal(await add('nobody'), 1, /^bienvenue: email: /)
    const withoutMail = { env: { DATABASE_URL: databaseUrl } }
    const unsent = await runHere(['users', 'add', 'eve@example.com', '--send-link'], withoutMail)
    expectRefusal(unsent, 2, /^bienvenue: SMTP_URL: is not set/)
    expect((await Array.fromAsync(auth.users.list())).map(({ id }) => id)).toEqual([1, 2])
    expect(await auth.delivery.count()).toBe(2)
  })

  it('sessions lists the sessions of one user without their tokens', async () => {
    const databaseUrl = await migratedDatabase(engine)
    const env = { DATABASE_URL: databaseUrl }
    const auth = await freshAuth(engine, { databaseUrl })
    await auth.registerUser(EMAIL, PASSWORD)
    await auth.registerUser('bob@example.com', PASSWORD)
    await auth.createSession('bob@example.com')
    const client = { ip: '192.0.2.7', userAgent: 'Mozilla/5.0 \u001b[2J\t(test)' }
    const bearer = (await auth.createSession(EMAIL, client)) ?? ''
    const [id = '', secret = ''] = bearer.split('.')
    const [forPeople, forScripts] = await Promise.all([
      runHere(['sessions', EMAIL.toUpperCase()], { env }),
      runHere(['sessions', EMAIL, '--json'], { env }),
    ])
    const [headings, row, ...rest] = expectDone(forPeople).split('\n')
    expect(headings).toBe('id\tcreated\tlast used\tip\tdevice')
    expect(row?.split('\t')).toEqual([
      id,
      expect.stringMatching(/^\d{4}-.*Z$/),
      expect.stringMatching(/^\d{4}-.*Z$/),
      client.ip,
      'Mozilla/5.0 \\u{1b}[2J\\u{9}(test)',
    ])
    expect(rest).toEqual([''])
    const moment = expect.stringMatching(/^\d{4}-.*Z$/)
    expect(JSON.parse(expectDone(forScripts))).toEqual({
      id,
      created_at: moment,
      authenticated_at: moment,
      last_seen_at: moment,
      expires_at: moment,
      ip: client.ip,
      user_agent: client.userAgent,
    })
    expect(forPeople.stdout + forScripts.stdout).not.toContain(secret)
  })

  it('audit shows fifty entries, or as many as --limit allows', async () => {
    const databaseUrl = await migratedDatabase(engine)
    const env = { DATABASE_URL: databaseUrl }
    const auth = await freshAuth(engine, { databaseUrl, throttle: false })
    for (let failure = 0; failure < 51; failure++) await auth.validLogin(`${failure}@example.com`, 'wrong')
    const lines = async (...flags: string[]) =>
      expectDone(await runHere(['audit', ...flags], { env })).split('\n').length - 1
    expect(
      await Promise.all([lines(), lines('--limit', '51'), lines('--limit', '0'), lines('--limit', '7')]),
    ).toEqual([50, 51, 51, 7])
  })

  it('doctor shows every setting and its source, and what is missing', async () => {
    const databaseUrl = await freshDatabase(engine)
    const env = { DATABASE_URL: databaseUrl, BIENVENUE_NONSENSE: '1' }
    // The file exists, but is empty.
    if (engine === 'sqlite') writeFileSync(filePath(databaseUrl), '')
    const ill = expectDone(await runHere(['doctor', '--port', '80'], { env }))
    expect(ill).toMatch(/^DATABASE_URL +\S+ +environment$/m)
    expect(ill).toMatch(/^PORT +80 +flag$/m)
    expect(ill).toMatch(/^HOST +localhost +default$/m)
    expect(ill).toMatch(/^BIENVENUE_NONSENSE: ignored \(unknown setting\)$/m)
    expect(ill).toMatch(/^ {2}- BIENVENUE_MIN_PASSWORD_LENGTH: /m)
    expect(ill).toMatch(/^ok +schema: \d+ migrations to run with serve or migrate$/m)
    expect(ill).not.toContain(':postgres@')

    expectDone(await runHere(['migrate'], { env }))
    const well = JSON.parse(expectDone(await runHere(['doctor', '--json'], { env })))
    expect(well).toMatchObject({ well: true, unknown: ['BIENVENUE_NONSENSE'] })
    expect(well.checks).toEqual([
      { name: 'database', ok: true, detail: expect.any(String) },
      ...(engine === 'sqlite' ? [{ name: 'file', ok: true, detail: 'SQLite found no damage' }] : []),
      { name: 'schema', ok: true, detail: 'up to date' },
      { name: 'second factor', ok: true, detail: 'the policy is optional' },
    ])
    expect(well.settings).toHaveLength(Object.keys(SETTINGS).length)
    expect(JSON.stringify(well)).not.toContain(':postgres@')
  })
})

it('doctor reports an unreachable PostgreSQL in one line without the password, with exit code 1', async () => {
  const env = { DATABASE_URL: `postgres://user:${SECRET}@127.0.0.1:1/db?password=${SECRET}` }
  const { exitCode, stdout, stderr } = await runHere(['doctor'], { env })
  expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: '' })
  expect(stdout).not.toContain(SECRET)
  expect(stdout.match(/^FAILED.*$/gm)).toEqual([
    'FAILED  database: cannot use postgres://user@127.0.0.1:1/db: connect ECONNREFUSED 127.0.0.1:1',
  ])
  const forScripts = await runHere(['doctor', '--json'], { env })
  expect(forScripts.exitCode).toBe(1)
  expect(forScripts.stdout).not.toContain(SECRET)
  expect(JSON.parse(forScripts.stdout)).toMatchObject({ well: false })
})

it('a command accepts the address of an account that contains an invisible character', async () => {
  const databaseUrl = await migratedDatabase('sqlite')
  const auth = await createAuth({ databaseUrl })
  await auth.db.addUser('ali\u200bce@example.com', '!')
  await auth.close()
  const env = { DATABASE_URL: databaseUrl }
  expectDone(await runHere(['users', 'disable', 'ali\u200bce@example.com'], { env }))
})

it('users set changes profile and metadata, which show prints without control characters', async () => {
  const databaseUrl = await freshDatabase('sqlite')
  const auth = await createAuth({ databaseUrl, hasher: CHEAP_HASHER })
  await auth.registerUser(EMAIL, PASSWORD)
  await auth.close()
  const file = `${filePath(databaseUrl)}.schema.json`
  writeFileSync(file, '{"public":{"type":"object","properties":{"plan":{"enum":["free","pro"]}}}}')
  const env = { DATABASE_URL: databaseUrl, BIENVENUE_METADATA_SCHEMA: file }
  const set = (...flags: string[]) => runHere(['users', 'set', EMAIL, ...flags], { env })
  const metadata = { plan: 'pro', text: '\u001b[2J\u202e' }
  const profile = { name: 'علی\u200cرضا', picture: 'https://example.com/a.png', locale: 'fr' }
  const flags = Object.entries(profile).map(([name, value]) => `--${name}=${value}`)
  const given = JSON.stringify(metadata)
  expect(expectDone(await set(...flags, '--metadata', given, '--private-metadata', given))).toBe(
    `Changed ${EMAIL}.\n`,
  )
  const text = expectDone(await runHere(['users', 'show', EMAIL], { env }))
  expect(text).toContain('name               علی\\u{200c}رضا\n')
  expect(text).toMatch(/^metadata +\{"plan":"pro","text":"\\u001b\[2J\\u202e"\}$/m)
  expect(text).toMatch(/^private metadata +\{"plan":"pro"/m)
  const json = JSON.parse(expectDone(await runHere(['users', 'show', EMAIL, '--json'], { env })))
  expect(json).toMatchObject({ ...profile, metadata, private_metadata: metadata })

  expectDone(await set('--name=', '--metadata='))
  const cleared = JSON.parse(expectDone(await set('--locale', 'de', '--json')))
  expect(cleared).toMatchObject({ name: null, metadata: {}, locale: 'de', picture: profile.picture })
  expect(cleared).not.toHaveProperty('private_metadata')

  expectRefusal(await set(), 2, /^bienvenue: Name what to change: --name, /)
  expectRefusal(await set('--metadata', 'plan=pro'), 2, /--metadata must be a JSON object, such as /)
  expectRefusal(await set('--metadata', '{"plan":"gold"}'), 1, /^bienvenue: metadata: .* schema at plan: /)
  expectRefusal(await set('--picture', 'javascript:alert(1)'), 1, /^bienvenue: picture: .* https URL\.\n$/)
  expectRefusal(await set('--name', 'a\u202eb'), 1, /^bienvenue: name: The name contains U\+202E/)
})

it.each(['doctor', 'migrate --plan'])('%s does not create a missing database', async (line) => {
  const databaseUrl = await freshDatabase('sqlite')
  expectDone(await runHere(line.split(' '), { env: { DATABASE_URL: databaseUrl } }))
  expect(existsSync(filePath(databaseUrl))).toBe(false)
})

// Needs the program `script`, which provides a terminal. Without it the run lists this as skipped.
describe.skipIf(!hasTerminal)('at a terminal', () => {
  it('users list prints columns, shows 50 users and says how to continue', async () => {
    const databaseUrl = await migratedDatabase('sqlite')
    const env = { DATABASE_URL: databaseUrl }
    const auth = await createAuth({ databaseUrl })
    for (let n = 1; n <= 52; n++) await auth.db.addUser(`user${n}@example.com`, '!')
    await auth.close()
    const { exitCode, shown } = await runAtTerminal(['users', 'list'], { env })
    const [headings = '', ...lines] = shown.trimEnd().split('\n')
    expect(exitCode).toBe(0)
    expect(headings).toMatch(/^ID {2}CREATED {5}STATE {8}EMAIL$/)
    expect(lines.at(-1)).toBe('There are more. To continue, add --after 50')
    expect(lines).toHaveLength(51)
    for (const line of lines.slice(0, -1)) {
      expect(line).toMatch(/^\d\d? +\d{4}-\d\d-\d\d {2}no_password {2}user\d+@example\.com$/)
      expect(line.indexOf('user')).toBe(headings.indexOf('EMAIL'))
    }
    const rest = await runAtTerminal(['users', 'list', '--after', '50'], { env })
    expect(rest.shown.trimEnd().split('\n')).toHaveLength(3)
    const all = await runAtTerminal(['users', 'list', '--limit', '0'], { env })
    expect(all.shown.trimEnd().split('\n')).toHaveLength(53)
    expect(shown + rest.shown + all.shown).not.toContain('\t')
  })

  it('sessions prints columns and escapes control characters in the name of a client', async () => {
    const databaseUrl = await migratedDatabase('sqlite')
    const auth = await createAuth({ databaseUrl, hasher: CHEAP_HASHER })
    await auth.registerUser(EMAIL, PASSWORD)
    await auth.createSession(EMAIL, { userAgent: 'evil\u001b[2J\u202e' })
    await auth.close()
    const { shown } = await runAtTerminal(['sessions', EMAIL], { env: { DATABASE_URL: databaseUrl } })
    expect(shown).toMatch(
      /^ID +CREATED +LAST USED +IP +DEVICE\n\S{36} {2}\S+Z {2}\S+Z {2}- {3}evil\\u\{1b\}\[2J\\u\{202e\}\n$/,
    )
  })

  it('users add points to --send-link before it asks for a password, if mail can be sent', async () => {
    const env = {
      DATABASE_URL: await freshDatabase('sqlite'),
      SMTP_URL: 'smtp://127.0.0.1:1',
      BIENVENUE_MAIL_FROM: 'no-reply@example.com',
      BASE_URL: 'https://auth.example.com',
    }
    const { exitCode, shown } = await runAtTerminal(['users', 'add', EMAIL], {
      env,
      answers: [PASSWORD, PASSWORD],
    })
    expect(shown).toMatch(/^To add another person, use --send-link, .*\nPassword: /)
    expect(exitCode).toBe(0)
  })

  it('users add takes a password and its repetition that are pasted at once', async () => {
    const { exitCode, shown } = await runAtTerminal(['users', 'add', EMAIL], {
      env: { DATABASE_URL: await migratedDatabase('sqlite') },
      answers: [`${PASSWORD}\n${PASSWORD}`],
    })
    expect(shown).toBe(`Password: \nRepeat the password: \nAdded ${EMAIL} as user 1.\n`)
    expect(exitCode).toBe(0)
  })

  it('users add states the minimum password length before and after the password is typed', async () => {
    const databaseUrl = await migratedDatabase('sqlite')
    const env = { DATABASE_URL: databaseUrl, BIENVENUE_MIN_PASSWORD_LENGTH: '15' }
    const { exitCode, shown } = await runAtTerminal(['users', 'add', EMAIL], {
      env,
      answers: ['short', 'short'],
    })
    expect(exitCode).toBe(1)
    expect(shown).toContain('Password (at least 15 characters): ')
    expect(shown).toContain('bienvenue: password: Use at least 15 characters.\n')
    // A minimum of one character is not worth stating.
    const classic = await runAtTerminal(['users', 'add', EMAIL], {
      env: { DATABASE_URL: databaseUrl },
      answers: [PASSWORD, PASSWORD],
    })
    expect(classic.shown).toContain('Password: ')
    expect(classic.shown).not.toContain('--send-link')
    expect(classic.exitCode).toBe(0)
  })
})

it('users list ends quietly when its reader closes the pipe', async () => {
  const databaseUrl = await migratedDatabase('sqlite')
  const env = { DATABASE_URL: databaseUrl }
  // Far more than a pipe holds, so that the command is still writing when the pipe is closed.
  const auth = await createAuth({ databaseUrl })
  const names = Array.from({ length: 700 }, (_, index) => `${index}@${'long-label.'.repeat(20)}example`)
  for (const name of names) await auth.db.addUser(name, '!')
  await auth.close()
  const whole = expectDone(await runHere(['users', 'list', '--json'], { env }))
  expect(
    whole
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).email),
  ).toEqual(names)

  const child = spawn(process.execPath, [COMMAND, 'users', 'list'], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk
  })
  await once(child.stdout, 'data')
  child.stdout.destroy()
  const [exitCode] = await once(child, 'close')
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
})

describe('text from clients', () => {
  /** Clears the screen, with a C0 and a C1 control; forges a line; reverses what follows. */
  const EVIL = 'evil\u001b[2J\u009b2J\n999\t2026-01-01\tactive\troot\u202e\u2066'
  const SHOWN = 'evil\\u{1b}[2J\\u{9b}2J\\u{a}999\\u{9}2026-01-01\\u{9}active\\u{9}root\\u{202e}\\u{2066}'
  const NOT_GRAPHIC = /[\p{C}\p{Zl}\p{Zp}]/u

  it('cannot manipulate a terminal in any command, and is unchanged in the values of JSON', async () => {
    const databaseUrl = await migratedDatabase('sqlite')
    const env = { DATABASE_URL: databaseUrl }
    const auth = await createAuth({ databaseUrl, hasher: CHEAP_HASHER })
    await auth.registerUser(EMAIL, PASSWORD)
    const evilAddress = `${EVIL}@example.com`
    await auth.db.addUser(evilAddress, '!')
    const client = { userAgent: EVIL, requestId: EVIL }
    await auth.signIn.withPassword({ email: EMAIL, password: PASSWORD }, client)
    await auth.close()

    const commands: [line: string[], fieldOf: (json: Record<string, unknown>) => unknown, value: string][] = [
      [['users', 'list'], ({ email }) => email, evilAddress],
      [['users', 'show', evilAddress], ({ email }) => email, evilAddress],
      [['users', 'enable', evilAddress], ({ enabled }) => enabled, evilAddress],
      [['export'], ({ email }) => email, evilAddress],
      [['sessions', EMAIL], ({ user_agent }) => user_agent, EVIL],
      [['audit', '--action', 'login'], ({ userAgent }) => userAgent, EVIL],
      [['audit', '--action', 'enable_account'], ({ email }) => email, evilAddress],
    ]
    for (const [line, fieldOf, value] of commands) {
      const json = expectDone(await runHere([...line, '--json'], { env }))
      expect(json.replaceAll('\n', ''), line.join(' ')).not.toMatch(NOT_GRAPHIC)
      const values = json
        .trimEnd()
        .split('\n')
        .map((text) => fieldOf(JSON.parse(text)))
      expect(values, line.join(' ')).toContain(value)
      // Text has tabs between its columns.
      const text = expectDone(await runHere(line, { env }))
      expect(text.replaceAll(/[\n\t]/g, ''), line.join(' ')).not.toMatch(NOT_GRAPHIC)
      if (line[0] === 'users' || line[0] === 'sessions') expect(text).toContain(SHOWN)
    }
    // One line of headings and one for each user: none is forged.
    expect((await runHere(['users', 'list'], { env })).stdout.trimEnd().split('\n')).toHaveLength(3)

    const unknown = await runHere(['users', 'show', `${EVIL}@x`], { env })
    expect(unknown.stderr).toMatch(/^bienvenue: There is no user evil\\u\{1b\}\[2J\\u\{9b\}2J [^\n]*\n$/)
    const asJson = await runHere(['users', 'show', `${EVIL}@x`, '--json'], { env })
    expect(asJson.stderr.trimEnd()).not.toMatch(NOT_GRAPHIC)
  })

  it('cannot manipulate a terminal in the log, and is unchanged in its values', async () => {
    // HTTP headers hold bytes, which Node reads as Latin-1: C1 controls are among them.
    const userAgent = 'Mozilla \u009b2J\u009d0;title\u009c \u0085'
    const service = await startService(await migratedDatabase('sqlite'))
    const form = { email: EMAIL, password: PASSWORD }
    await send(service.url, 'POST', '/users', { form, headers: { 'user-agent': userAgent } })
    const logged = await service.logged(({ msg }) => msg === 'audit')
    expect(logged.audit).toMatchObject({ action: 'register', userAgent })
    expect(service.lines.join('')).not.toMatch(NOT_GRAPHIC)
  })

  it('is escaped by every command that writes JSON', () => {
    const files = globSync('src/cli/**/*.ts', { cwd: ROOT, exclude: ['**/*.test.ts'] })
    const writing = files.filter((file) =>
      readFileSync(`${ROOT}/${file}`, 'utf8').includes('JSON.stringify('),
    )
    // `jsonLine` in the first; the second escapes its whole lines.
    expect(writing.toSorted()).toEqual(['src/cli/terminal.ts', 'src/cli/text-log.ts'])
  })
})

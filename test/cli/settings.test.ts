/** How commands report settings: invalid ones, and all of them with `doctor`. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { dirname } from 'node:path'
import { describe, expect, inject, it, onTestFinished } from 'vitest'
import { SETTINGS } from '../../src/cli/settings.ts'
import { expectDone, expectRefusal, SECRET } from '../support/commands.ts'
import { filePath, freshDatabase, onEachEngine } from '../support/engines.ts'
import { runHere } from '../support/run-here.ts'
import { ROOT, run, runCli } from '../support/service.ts'

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
    ['BIENVENUE_REGISTRATION_ANSWER', 'uniform', /requires that BIENVENUE_EMAIL_VERIFICATION is on/],
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

onEachEngine('the database', (engine) => {
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

it.each(['doctor', 'migrate --plan'])('%s does not create a missing database', async (line) => {
  const databaseUrl = await freshDatabase('sqlite')
  expectDone(await runHere(line.split(' '), { env: { DATABASE_URL: databaseUrl } }))
  expect(existsSync(filePath(databaseUrl))).toBe(false)
})

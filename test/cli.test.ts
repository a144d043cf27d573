/** The command `bienvenue` as a person or a script meets it: what it says, where, and its exit code. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { dirname } from 'node:path'
import { describe, expect, inject, it, onTestFinished } from 'vitest'
import { SETTINGS } from '../src/cli/settings.ts'
import { createAuth } from '../src/index.ts'
import { freshDatabase, onBothEngines } from './support/engines.ts'
import { type Finished, ROOT, run, runCli, send, sessionIdOf, startService } from './support/service.ts'

const COMMANDS = {
  serve: 'serve',
  migrate: 'migrate',
  doctor: 'doctor',
  'users add': 'users add EMAIL',
  'users list': 'users list',
  'users show': 'users show EMAIL',
  'users disable': 'users disable EMAIL',
  'users enable': 'users enable EMAIL',
  'users delete': 'users delete EMAIL',
}
const EMAIL = 'guillaume@holberton.io'
const PASSWORD = 'b4l0u'
const SECRET = 's3cr3t'

/** Refused with one line for a person: no stack, no class name, nothing on standard output. */
function expectRefusal({ exitCode, stdout, stderr }: Finished, expected: number, says: RegExp): void {
  expect(stderr).toMatch(/^bienvenue: [^\n]+\n$/)
  expect(stderr).toMatch(says)
  expect(stderr).not.toMatch(/\bat .+:\d+|node:|[A-Z]\w*Error/)
  expect(stderr).not.toContain(SECRET)
  expect(stdout).toBe('')
  expect(exitCode).toBe(expected)
}

/** Done, and nothing to complain about. */
function expectDone({ exitCode, stdout, stderr }: Finished): string {
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
  return stdout
}

function filePath(databaseUrl: string): string {
  return databaseUrl.slice('sqlite:'.length)
}

describe('help', () => {
  it.each([['--help'], ['-h'], ['help']])(
    'in general, by %s, names every command and setting',
    async (flag) => {
      const help = expectDone(await runCli([flag]))
      for (const usage of Object.values(COMMANDS)) expect(help).toContain(`  ${usage} `)
      for (const { env } of Object.values(SETTINGS)) expect(help).toContain(` ${env} `)
    },
  )

  it.each(Object.entries(COMMANDS))('of %s says how it is used, and does nothing', async (name, usage) => {
    const databaseUrl = await freshDatabase('sqlite')
    const env = { DATABASE_URL: databaseUrl }
    expect(expectDone(await runCli([...name.split(' '), '--help'], { env }))).toMatch(
      new RegExp(`^Usage: bienvenue ${usage}\n`),
    )
    expect(existsSync(filePath(databaseUrl))).toBe(false)
  })

  it('of a group names its commands and no others', async () => {
    const help = expectDone(await runCli(['users', '--help']))
    for (const [name, usage] of Object.entries(COMMANDS)) {
      expect(help.includes(`  ${usage} `)).toBe(name.startsWith('users '))
    }
  })

  it('is what no command at all gets, with exit code 2', async () => {
    const { exitCode, stdout, stderr } = await runCli([])
    expect(stdout).toContain('Usage: bienvenue COMMAND')
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: '' })
  })
})

it('says the version of the package, also by npm run', async () => {
  const { version } = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8')) as { version: string }
  expect(expectDone(await runCli(['--version']))).toBe(`${version}\n`)
  const byNpm = await run('npm', ['run', '-s', 'bienvenue', '--', '--version'], {
    // Else npm asks the registry for a newer npm.
    env: { npm_config_update_notifier: 'false' },
  })
  expect(expectDone(byNpm)).toBe(`${version}\n`)
})

describe('a command line that is wrong', () => {
  const lines: [line: string, says: RegExp][] = [
    ['nonsense', /no command "nonsense"/],
    ['users', /users add, users list/],
    ['users nonsense', /no command "users nonsense"/],
    ['serve --nonsense', /--nonsense/],
    ['serve extra', /takes no argument/],
    ['serve --port', /--port/],
    ['migrate --yes', /--yes/],
    ['users add', /takes one argument: EMAIL/],
    [`users add ${EMAIL} ${SECRET}`, /takes one argument: EMAIL/],
    [`users add ${EMAIL} --password=${SECRET}`, /--password/],
    ['users list extra', /takes no argument/],
    ['users show', /takes one argument: EMAIL/],
    ['users delete --yes', /takes one argument: EMAIL/],
  ]

  it.each(lines)('(%s) is explained in one line, exit code 2', async (line, says) => {
    const env = { DATABASE_URL: 'sqlite::memory:' }
    const [forPeople, forScripts] = await Promise.all([
      runCli(line.split(' '), { env }),
      runCli([...line.split(' '), '--json'], { env }),
    ])
    expectRefusal(forPeople, 2, says)
    expect(forScripts).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringMatching(/^[^\n]+\n$/) })
    expect(JSON.parse(forScripts.stderr)).toEqual({ code: 'usage', message: expect.stringMatching(says) })
  })
})

describe('a setting that is wrong', () => {
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
    ['BIENVENUE_MODE', 'production', /classic/],
    ['BIENVENUE_MODE', 'nonsense', /classic/],
    ['BIENVENUE_THROTTLE', 'maybe', /on or off/],
    ['BIENVENUE_BCRYPT_COST', '9', /10 to 16/],
    ['BIENVENUE_MIN_PASSWORD_LENGTH', '0'],
    ['BIENVENUE_LOG_LEVEL', 'loud'],
  ]

  it.each(rows)('(%s=%s) stops the start with one line that names it', async (variable, value, says) => {
    const env = { DATABASE_URL: 'sqlite::memory:', PORT: '0', [variable]: value }
    const finished = await runCli(['serve'], { env })
    expectRefusal(finished, 2, new RegExp(`^bienvenue: ${variable}: `))
    expect(finished.stderr).toMatch(says ?? /./)
  })

  it('by a flag is named by its variable too, and a flag wins over a variable', async () => {
    const env = { DATABASE_URL: 'sqlite::memory:', PORT: '0', BIENVENUE_THROTTLE: 'on' }
    expectRefusal(await runCli(['serve', '--throttle', 'maybe'], { env }), 2, /BIENVENUE_THROTTLE: /)
  })

  it('is explained to scripts as one line of JSON', async () => {
    const { exitCode, stderr } = await runCli(['users', 'list', '--json'], { env: { PORT: 'abc' } })
    expect(exitCode).toBe(2)
    expect(JSON.parse(stderr)).toEqual({ code: 'setting', message: expect.stringMatching(/^PORT: /) })
  })

  it('is one that another program has: a port', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void other.close())
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    const env = { DATABASE_URL: 'sqlite::memory:', PORT: String(port) }
    expectRefusal(await runCli(['serve'], { env }), 2, new RegExp(`^bienvenue: PORT: ${port} is taken`))
  })

  it.each<[name: string, path: (file: string) => string]>([
    ['a folder', (file) => dirname(file)],
    ['a file in a folder that does not exist', (file) => `${dirname(file)}/nowhere/test.db`],
    ['a file in a file', (file) => `${file}/test.db`],
    ['a file that is no database', (file) => file],
  ])('is a SQLite database that cannot be one: %s', async (_name, path) => {
    const file = filePath(await freshDatabase('sqlite'))
    const letter = 'A letter, and no database at all. '.repeat(10)
    writeFileSync(file, letter)
    for (const command of ['serve', 'migrate', 'users list']) {
      const env = { DATABASE_URL: `sqlite:${path(file)}`, PORT: '0' }
      const refusal = /^bienvenue: DATABASE_URL: (?:cannot use|there is no database at) /
      expectRefusal(await runCli(command.split(' '), { env }), 2, refusal)
    }
    expect(readFileSync(file, 'utf8')).toBe(letter)
  })

  it.each([
    ['a wrong password', (url: URL) => Object.assign(url, { password: SECRET })],
    ['a database nobody made', (url: URL) => Object.assign(url, { pathname: '/nowhere' })],
  ])('is a PostgreSQL URL with %s', async (_name, change) => {
    const url = change(new URL(`${inject('postgresUrl')}/postgres`))
    const env = { DATABASE_URL: url.href, PORT: '0' }
    expectRefusal(await runCli(['serve'], { env }), 2, /^bienvenue: DATABASE_URL: cannot use postgres:/)
  })
})

onBothEngines('the commands', (engine) => {
  it('migrate says what it would run, runs it, and runs it once', async () => {
    const env = { DATABASE_URL: await freshDatabase(engine) }
    const plan = expectDone(await runCli(['migrate', '--plan'], { env }))
    expect(plan).toMatch(/^(?:would run \d{4}-[a-z-]+\n)+$/)
    expect(expectDone(await runCli(['migrate', '--plan'], { env }))).toBe(plan)
    const { pending } = JSON.parse(expectDone(await runCli(['migrate', '--plan', '--json'], { env })))
    expect(expectDone(await runCli(['migrate'], { env }))).toBe(plan.replaceAll('would run', 'ran'))
    expect(pending).toEqual(plan.match(/\d{4}-[a-z-]+/g))
    expect(expectDone(await runCli(['migrate'], { env }))).toBe('The schema is up to date.\n')
    expect(JSON.parse(expectDone(await runCli(['migrate', '--json'], { env })))).toEqual({ migrated: [] })
  })

  it('users … add, list, show, disable, enable and delete the accounts of a running service', async () => {
    const databaseUrl = await freshDatabase(engine)
    const env = { DATABASE_URL: databaseUrl }
    const users = (line: string, input?: string) =>
      runCli(['users', ...line.split(' ')], { env, ...(input !== undefined && { input }) })
    const { url } = await startService(databaseUrl)
    const logIn = () => send(url, 'POST', '/sessions', { fields: { email: EMAIL, password: PASSWORD } })

    const add = `add ${EMAIL} --password-stdin`
    expect(expectDone(await users(add, `${PASSWORD}\n`))).toBe(`Added ${EMAIL} as user 1.\n`)
    expectRefusal(await users(add, `${PASSWORD}\n`), 1, /User guillaume@holberton.io already exists/)
    expectRefusal(await users(add.replace(EMAIL, EMAIL.toUpperCase()), 'x'), 1, /already exists/)
    expectRefusal(await users('add nobody --password-stdin', 'x'), 1, /^bienvenue: email: /)
    expectRefusal(await users('add bob@example.com --password-stdin', ''), 1, /^bienvenue: password: /)
    expectRefusal(await users('add bob@example.com --password-stdin', '\n'), 1, /^bienvenue: password: /)
    expectRefusal(await users('add bob@example.com'), 2, /--password-stdin/)
    const taken = await users(`${add} --json`, PASSWORD)
    expect(taken.exitCode).toBe(1)
    expect(JSON.parse(taken.stderr)).toMatchObject({ code: 'email_taken' })

    const listed = {
      id: 1,
      email: EMAIL,
      created_at: expect.stringMatching(/^\d{4}-.*Z$/),
      disabled_at: null,
    }
    expect(expectDone(await users('list'))).toMatch(
      /^id\tcreated\tstate\temail\n1\t\d{4}-\d\d-\d\d\tactive\tguillaume@holberton\.io\n$/,
    )
    expect(JSON.parse(expectDone(await users('list --json')))).toEqual(listed)

    const sessionId = sessionIdOf(await logIn())
    expect(expectDone(await users(`show ${EMAIL}`))).toMatch(/^live sessions +1$/m)
    const shown = expectDone(await users(`show ${EMAIL.toUpperCase()} --json`))
    expect(JSON.parse(shown)).toEqual({ ...listed, live_sessions: 1, reset_pending: false })
    expect(shown).not.toContain('$2b$')

    expect(expectDone(await users(`disable ${EMAIL}`))).toBe(`${EMAIL} is disabled.\n`)
    expect((await send(url, 'GET', '/profile', { sessionId })).status).toBe(403)
    expect((await logIn()).status).toBe(401)
    expect(expectDone(await users('list'))).toContain('\tdisabled\t')
    expect(expectDone(await users(`enable ${EMAIL}`))).toBe(`${EMAIL} is enabled.\n`)
    expect((await send(url, 'GET', '/profile', { sessionId })).status).toBe(403)
    expect((await logIn()).status).toBe(200)

    expectRefusal(await users(`delete ${EMAIL}`), 2, /--yes/)
    expect((await logIn()).status).toBe(200)
    expect(expectDone(await users(`delete ${EMAIL} --yes`))).toBe(`${EMAIL} is deleted.\n`)
    expect((await logIn()).status).toBe(401)
    for (const line of ['show', 'disable', 'enable', 'delete --yes']) {
      expectRefusal(await users(`${line} ${EMAIL}`), 1, /there is no user guillaume@holberton\.io/)
    }
    expect(JSON.parse((await users(`show ${EMAIL} --json`)).stderr)).toEqual({
      code: 'unknown_email',
      message: `there is no user ${EMAIL}`,
    })
  })

  it('doctor says what is set, from where, and what is missing', async () => {
    const databaseUrl = await freshDatabase(engine)
    const env = { DATABASE_URL: databaseUrl, BIENVENUE_NONSENSE: '1' }
    // There, but empty.
    if (engine === 'sqlite') writeFileSync(filePath(databaseUrl), '')
    const ill = expectDone(await runCli(['doctor', '--port', '80'], { env }))
    expect(ill).toMatch(/^DATABASE_URL +\S+ +environment$/m)
    expect(ill).toMatch(/^PORT +80 +flag$/m)
    expect(ill).toMatch(/^HOST +localhost +default$/m)
    expect(ill).toMatch(/^BIENVENUE_NONSENSE: ignored: there is no such setting$/m)
    expect(ill).toMatch(/^ {2}- BIENVENUE_MIN_PASSWORD_LENGTH: /m)
    expect(ill).toMatch(/^ok +schema: \d+ migrations to run/m)
    expect(ill).not.toContain(':postgres@')

    expectDone(await runCli(['migrate'], { env }))
    const well = JSON.parse(expectDone(await runCli(['doctor', '--json'], { env })))
    expect(well).toMatchObject({ well: true, unknown: ['BIENVENUE_NONSENSE'] })
    expect(well.checks).toEqual([
      { name: 'database', ok: true, detail: expect.any(String) },
      { name: 'schema', ok: true, detail: 'up to date' },
    ])
    expect(well.settings).toHaveLength(Object.keys(SETTINGS).length)
    expect(JSON.stringify(well)).not.toContain(':postgres@')
  })
})

it('doctor names an unreachable PostgreSQL in one line, without its password, exit code 1', async () => {
  const env = { DATABASE_URL: `postgres://user:${SECRET}@127.0.0.1:1/db?password=${SECRET}` }
  const { exitCode, stdout, stderr } = await runCli(['doctor'], { env })
  expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: '' })
  expect(stdout).not.toContain(SECRET)
  expect(stdout.match(/^FAILED.*$/gm)).toEqual([
    'FAILED  database: cannot use postgres://user@127.0.0.1:1/db: connect ECONNREFUSED 127.0.0.1:1',
  ])
  const forScripts = await runCli(['doctor', '--json'], { env })
  expect(forScripts.exitCode).toBe(1)
  expect(forScripts.stdout).not.toContain(SECRET)
  expect(JSON.parse(forScripts.stdout)).toMatchObject({ well: false })
})

it.each(['doctor', 'migrate --plan'])('%s makes no database where there is none', async (line) => {
  const databaseUrl = await freshDatabase('sqlite')
  expectDone(await runCli(line.split(' '), { env: { DATABASE_URL: databaseUrl } }))
  expect(existsSync(filePath(databaseUrl))).toBe(false)
})

it('users list takes it that its reader has seen enough', async () => {
  const databaseUrl = await freshDatabase('sqlite')
  const env = { DATABASE_URL: databaseUrl }
  // Far more than a pipe holds, so that the command is still writing.
  const auth = await createAuth({ databaseUrl })
  const names = Array.from({ length: 700 }, (_, index) => `${index}@${'long-label.'.repeat(20)}example`)
  for (const name of names) await auth.db.addUser(name, '!')
  await auth.close()
  const whole = expectDone(await runCli(['users', 'list', '--json'], { env }))
  expect(
    whole
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).email),
  ).toEqual(names)

  const child = spawn(process.execPath, ['src/cli/main.ts', 'users', 'list'], {
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

it('what others chose cannot move the cursor of a terminal, nor forge a line', async () => {
  const databaseUrl = await freshDatabase('sqlite')
  const auth = await createAuth({ databaseUrl })
  await auth.db.addUser('\u001b[2Jevil\n999\t2026-01-01\tactive\troot\u202e@example.com', '!')
  await auth.close()
  const env = { DATABASE_URL: databaseUrl }
  const { stdout } = await runCli(['users', 'list'], { env })
  expect(stdout.split('\n')).toHaveLength(3)
  expect(stdout).toContain('\\u{1b}[2Jevil\\u{a}999\\u{9}')
  expect(stdout).toContain('\\u{202e}')
  const { stderr } = await runCli(['users', 'show', '\u001b[2J@x'], { env })
  expect(stderr).toBe('bienvenue: there is no user \\u{1b}[2J@x\n')
})

/** The settings that production mode refuses to start with, and what survives a rotation of its key. */
import { once } from 'node:events'
import { readdirSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { SETTINGS } from '../../src/cli/settings.ts'
import type { Setting } from '../../src/options/index.ts'
import { ask, cookiesOf, fragmentOf, linkIn, mailTo, productionEnv, runCommand } from '../support/deployed.ts'
import { freshDatabase } from '../support/engines.ts'
import { NEW_PASSWORD, PASSWORD, randomKey } from '../support/production.ts'
import { runHere } from '../support/run-here.ts'
import { runCli, startService } from '../support/service.ts'
import { startSmtpServer } from '../support/smtp.ts'
import { type OnEnd, temporaryFolder } from '../support/system.ts'

/** Stands for secrets that must never be shown. */
const MARK = 'sEcReT0f7h1sT3sT'
/** An empty variable counts as not set. */
const UNSET = ''

/** For each setting, values that production mode refuses, and its message. */
const BAD_VALUES: Readonly<Record<string, readonly (readonly [value: string, problem: RegExp])[]>> = {
  baseUrl: [
    [UNSET, /is not set/],
    ['http://auth.example.com', /must begin with https:\/\//],
    ['auth.example.com', /expected an http or https URL/],
  ],
  secretKey: [
    [UNSET, /is not set/],
    [MARK, /is too short/],
    [MARK.repeat(3), /is a sample/],
    [`${randomKey()},${MARK}!`, /key 2 of 2 is not base64url/],
  ],
  smtpUrl: [
    [UNSET, /is not set/],
    ['terminal:', /is only for development/],
    [`smtp://mailer:${MARK}/2@mail.example.com`, /expected smtp:\/\//],
    [`https://mailer:${MARK}@mail.example.com`, /must begin with smtp/],
  ],
  mailFrom: [
    [UNSET, /is not set/],
    ['nobody', /expected one address/],
  ],
  trustedProxies: [
    ['everybody', /expected IP addresses and networks/],
    ['10.0.0.0/33', /expected IP addresses and networks/],
    ['10.0.0.1;10.0.0.2', /expected IP addresses and networks/],
    ['0.0.0.0/1,128.0.0.0/1', /covers a large part of the internet/],
  ],
  trustedOrigins: [
    ['http://app.example.com', /must begin with https:\/\//],
    ['https://*.example.com', /is not an origin/],
  ],
  returnOrigins: [
    ['http://app.example.com', /must begin with https:\/\//],
    ['https://app.example.com/path', /is not an origin/],
  ],
  passkeyOrigins: [['http://example.fr', /must begin with https:\/\//]],
  factorFailuresUntilLock: [['0', /must be 1 to 100/]],
  databaseUrl: [
    // Its form is invalid, which keeps no other reason from being listed.
    [`mongodb://bienvenue:${MARK}@db.invalid/accounts`, /mongodb/],
    ['sqlite::memory:', /lost when the process ends/],
    [`postgres://bienvenue:${MARK}@db.invalid/accounts`, /requires verified TLS/],
    [`postgres://bienvenue:${MARK}@db.invalid/accounts?sslmode=require`, /requires verified TLS/],
  ],
  passwordHash: [['bcrypt', /must be argon2id/]],
  allowedHosts: [['https://auth.internal', /entry 1 of 1 is not HOST or HOST:PORT/]],
  minPasswordLength: [['7', /must be 8 or more/]],
  passwordBlocklist: [['off', /very common passwords are accepted/]],
  outboundPrivate: [['https://idp.internal', /entry 1 of 1 is not a host, an IP address or a network/]],
  breachCheckUrl: [['http://breaches.example.com', /must begin with https/]],
  resetTokenDelivery: [['response', /anyone can get a reset token/]],
  resetEndsSessions: [['off', /sessions survive a password reset/]],
  emailVerification: [['off', /an address that is not theirs/]],
  secureCookie: [['off', /without encryption/]],
  sessionLifetimeSeconds: [['2592001', /at most 2592000 \(30 days\)/]],
  throttle: [['off', /guessed without limit/]],
  loginFailuresUntilLock: [['0', /1 to 100/]],
  registrationsPerIp: [['0', /2 or more/]],
  host: [
    ['0.0.0.0', /without TLS/],
    ['::', /without TLS/],
    ['192.0.2.7', /without TLS/],
  ],
}

const ROWS: Readonly<Record<string, Setting>> = SETTINGS
const envOf = (name: string) => ROWS[name]?.env ?? expect.unreachable(`there is no setting ${name}`)

const CASES = Object.entries(BAD_VALUES).flatMap(([name, values]) =>
  values.map(([value, problem], round) => ({ name, variable: envOf(name), value, problem, round })),
)
const ROUNDS = [...new Set(CASES.map(({ round }) => round))]

/** Clean-ups that hooks register. `afterAll` cannot be called inside a hook after an `await`. */
const ends: (() => Promise<void> | void)[] = []
const atTheEnd: OnEnd = (end) => void ends.push(end)
afterAll(async () => {
  for (const end of ends.toReversed()) await end()
})

/** If a service wrongly starts, it finds this port in use and ends with another line and a database file. */
let takenPort = 0
beforeAll(async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  atTheEnd(() => server[Symbol.asyncDispose]())
  takenPort = (server.address() as AddressInfo).port
})

interface Outcome {
  readonly exitCode: number | null
  readonly stdout: string
  /** The lines of standard error. */
  readonly lines: readonly string[]
  /** The files created in the directory of the database. */
  readonly files: readonly string[]
}

/** Runs a command with the settings of a production service, changed by `changes`. */
async function runWith(
  args: readonly string[],
  changes: Readonly<Record<string, string>> = {},
  onEnd: OnEnd = onTestFinished,
): Promise<Outcome> {
  const folder = temporaryFolder(onEnd)
  const { BIENVENUE_TRUSTED_PROXIES: _, ...production } = productionEnv(
    `smtps://mailer:${MARK}@mail.example.com`,
  )
  const database = { DATABASE_URL: `sqlite:${join(folder, 'accounts.db')}` }
  const env = { ...production, ...database, PORT: String(takenPort), ...changes }
  const { exitCode, stdout, stderr } = await runHere(args, { env })
  return { exitCode, stdout, lines: stderr.split('\n').filter(Boolean), files: readdirSync(folder) }
}

const changesOf = (cases: typeof CASES) =>
  Object.fromEntries(cases.map(({ variable, value }) => [variable, value]))

describe('production mode does not start', () => {
  const alone = new Map<(typeof CASES)[0], Outcome>()
  const together = new Map<number, Record<'serve' | 'serveJson' | 'doctor' | 'doctorJson', Outcome>>()
  beforeAll(async () => {
    for (const bad of CASES) alone.set(bad, await runWith(['serve'], changesOf([bad]), atTheEnd))
    for (const round of ROUNDS) {
      const changes = changesOf(CASES.filter((bad) => bad.round === round))
      together.set(round, {
        serve: await runWith(['serve'], changes, atTheEnd),
        serveJson: await runWith(['serve', '--json'], changes, atTheEnd),
        doctor: await runWith(['doctor'], changes, atTheEnd),
        doctorJson: await runWith(['doctor', '--json'], changes, atTheEnd),
      })
    }
  })

  it.each(CASES)('with $variable: one line says $problem, and no file is created', (bad) => {
    const { exitCode, stdout, lines, files } = alone.get(bad) ?? expect.unreachable()
    expect({ exitCode, stdout, files }).toEqual({ exitCode: 2, stdout: '', files: [] })
    const [line, ...others] = lines.filter((text) => text.startsWith(`bienvenue: ${bad.variable}: `))
    expect(line).toMatch(bad.problem)
    expect(others).toEqual([])
    // Other lines are allowed, because another setting may need this one.
    for (const text of lines) expect(text).toMatch(/^bienvenue: [A-Z_]+: [^\n]+$/)
  })

  it.each(ROUNDS)(
    'with several invalid settings: one line for each, the same in JSON and in `doctor` (%d)',
    (round) => {
      const { serve, serveJson, doctor, doctorJson } = together.get(round) ?? expect.unreachable()
      expect(serve).toMatchObject({ exitCode: 2, stdout: '', files: [] })
      const lines = serve.lines.map((line) => line.replace('bienvenue: ', ''))
      const variables = lines.map((line) => line.slice(0, line.indexOf(':')))
      expect(new Set(variables).size).toBe(variables.length)
      const expected = CASES.filter((bad) => bad.round === round).map(({ variable }) => variable)
      expect(variables).toEqual(expect.arrayContaining(expected))
      expect(serveJson).toMatchObject({ exitCode: 2, stdout: '', files: [] })
      expect(serveJson.lines.map((line) => JSON.parse(line))).toEqual(
        lines.map((message) => ({ code: 'setting', message })),
      )

      expect(doctor).toMatchObject({ exitCode: 1, lines: [], files: [] })
      expect(doctor.stdout).toContain('serve refuses to start in production mode')
      for (const line of lines) expect(doctor.stdout).toContain(`  - ${line}\n`)
      expect(doctorJson).toMatchObject({ exitCode: 1, lines: [], files: [] })
      const { checks, refused, well } = JSON.parse(doctorJson.stdout)
      // doctor does not connect to a refused database URL, which could send the password in the clear.
      expect(JSON.stringify(checks)).not.toMatch(/ENOTFOUND|EAI_AGAIN|ECONN|ETIMEDOUT/)
      expect(well).toBe(false)
      expect(refused.map((one: Record<string, string>) => `${one.setting}: ${one.problem}`)).toEqual(lines)
    },
  )

  it('and shows no secret in its messages', () => {
    const outcomes = [...alone.values(), ...[...together.values()].flatMap((round) => Object.values(round))]
    for (const { stdout, lines } of outcomes) expect(stdout + lines.join('\n')).not.toContain(MARK)
  })
})

it('production mode starts with valid settings, and behind a proxy on any address', async () => {
  for (const HOST of ['localhost', '0.0.0.0']) {
    const changes = { HOST, BIENVENUE_TRUSTED_PROXIES: '10.0.0.1' }
    const { exitCode, stdout, files } = await runWith(['doctor', '--json'], changes)
    expect({ exitCode, files }).toEqual({ exitCode: 0, files: [] })
    expect(JSON.parse(stdout)).toMatchObject({ refused: [], unsafe: [], well: true })
    expect(stdout).not.toContain(MARK)
  }
})

it('production mode starts without a trusted proxy on localhost, and doctor warns of it', async () => {
  const { exitCode, stdout } = await runWith(['doctor', '--json'])
  expect(exitCode).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({
    refused: [],
    unsafe: [expect.stringMatching(/^BIENVENUE_TRUSTED_PROXIES: no proxy is trusted/)],
    well: true,
  })
})

it('production mode starts with a minimum password length of 8 to 14, and doctor warns of it', async () => {
  for (const length of ['8', '14']) {
    const { exitCode, stdout } = await runWith(['doctor', '--json'], {
      BIENVENUE_MIN_PASSWORD_LENGTH: length,
      BIENVENUE_TRUSTED_PROXIES: '127.0.0.1',
    })
    expect(exitCode).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      refused: [],
      unsafe: [
        `BIENVENUE_MIN_PASSWORD_LENGTH: passwords of ${length} characters are accepted; NIST requires 15`,
      ],
      well: true,
    })
  }
})

it('production mode reads its secrets from files, and doctor shows their source but not the secret [CRY-09]', async () => {
  const folder = temporaryFolder()
  const key = randomKey()
  const smtpUrl = `smtps://mailer:${MARK}@mail.example.com`
  const changes = { BIENVENUE_SECRET_KEY: UNSET, SMTP_URL: UNSET }
  const files = { BIENVENUE_SECRET_KEY_FILE: join(folder, 'key'), SMTP_URL_FILE: join(folder, 'smtp') }
  writeFileSync(files.BIENVENUE_SECRET_KEY_FILE, `${key}\n`)
  writeFileSync(files.SMTP_URL_FILE, `${smtpUrl}\n`)
  const { exitCode, stdout } = await runWith(['doctor', '--json'], { ...changes, ...files })
  expect(exitCode).toBe(0)
  expect(JSON.parse(stdout).settings).toEqual(
    expect.arrayContaining([
      { variable: 'BIENVENUE_SECRET_KEY', value: '1 key', source: 'file' },
      { variable: 'SMTP_URL', value: 'smtps://mailer@mail.example.com:465', source: 'file' },
    ]),
  )
  for (const secret of [MARK, key]) expect(stdout).not.toContain(secret)

  const twice = await runWith(['serve'], files)
  expect(twice).toMatchObject({ exitCode: 2, stdout: '', files: [] })
  expect(twice.lines).toEqual([
    'bienvenue: BIENVENUE_SECRET_KEY: is set, and so is BIENVENUE_SECRET_KEY_FILE; remove one of them',
    'bienvenue: SMTP_URL: is set, and so is SMTP_URL_FILE; remove one of them',
  ])
})

it('a key rotation keeps sessions and links, and the devices that sign in before the old key is removed [CRY-09]', async () => {
  const EMAIL = 'alice@example.com'
  const databaseUrl = await freshDatabase('sqlite')
  const smtp = await startSmtpServer()
  const env = productionEnv(`smtp://127.0.0.1:${smtp.port}`)
  const added = await runCli(['users', 'add', EMAIL, '--password-stdin'], {
    env: { ...env, DATABASE_URL: databaseUrl },
    input: PASSWORD,
  })
  expect(added.exitCode, added.stderr).toBe(0)
  const start = (keys: string) => startService(databaseUrl, { env: { ...env, BIENVENUE_SECRET_KEY: keys } })
  type Running = Awaited<ReturnType<typeof start>>
  const logIn = (service: Running, cookies: Record<string, string>, password = PASSWORD) =>
    ask(service, 'POST', '/sessions', { cookies, fields: { email: EMAIL, password } })
  const profile = async (service: Running, cookies: Record<string, string>) =>
    (await ask(service, 'GET', '/profile', { cookies })).status
  const [keyA, keyB] = [randomKey(), randomKey()]

  const first = await start(keyA)
  const cookies = cookiesOf(await logIn(first, {}))
  const device = { '__Host-device': cookies['__Host-device'] ?? '' }
  // Wait for the new-device notice first, because two mails sent together arrive in any order.
  await mailTo(smtp, EMAIL)
  await ask(first, 'POST', '/reset_password', { fields: { email: EMAIL } })
  const link = linkIn(await mailTo(smtp, EMAIL, 1))
  expect(await first.stop()).toBe(0)

  const second = await start(`${keyB},${keyA}`)
  expect(await profile(second, cookies)).toBe(200)
  // The same device gets a cookie signed with the new key.
  const signedAnew = { '__Host-device': cookiesOf(await logIn(second, device))['__Host-device'] ?? '' }
  const numberOf = (cookie: typeof device) => cookie['__Host-device'].split('.', 1)
  expect(numberOf(signedAnew)).toEqual(numberOf(device))
  expect(signedAnew).not.toEqual(device)
  expect(await second.stop()).toBe(0)

  const third = await start(keyB)
  expect(await profile(third, cookies)).toBe(200)
  // A device that signed in after the rotation is known; any other is new.
  for (const cookie of [signedAnew, device]) {
    const isKnown = cookie === signedAnew
    const given = { '__Host-device': cookiesOf(await logIn(third, cookie))['__Host-device'] ?? '' }
    expect(numberOf(given).join() === numberOf(device).join()).toBe(isKnown)
  }
  const { email = '', token = '' } = fragmentOf(link)
  const reset = await ask(third, 'PUT', '/reset_password', {
    fields: { email, reset_token: token, new_password: NEW_PASSWORD },
  })
  expect(reset).toMatchObject({ status: 200, json: { message: 'Password updated' } })
  expect(await third.stop()).toBe(0)

  const logins = await runCommand<{ details: { device: string } }>(
    ['audit', '--action', 'login'],
    databaseUrl,
    env,
  )
  expect(logins.map(({ details }) => details.device).reverse()).toEqual(['new', 'known', 'known', 'new'])
})

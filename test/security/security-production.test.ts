/** Requirements of `docs/security/security.md` on production mode. Each test proves the requirements in its name completely. */
import { createHash } from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { servedOperations } from '../../src/app/served.ts'
import type { SessionCaller } from '../../src/auth/caller.ts'
import { createHasher } from '../../src/auth/passwords/hashing/index.ts'
import { commonPasswords } from '../../src/auth/passwords/policy/common.ts'
import { SETTINGS } from '../../src/cli/settings.ts'
import { createAuth, type Logger, OptionError } from '../../src/index.ts'
import { createKeyring, parseSecretKeys } from '../../src/lib/keyring.ts'
import { inspectOptions, OPTION_TABLE, type Setting, unsafeOptions } from '../../src/options/index.ts'
import { CHEAP_HASHER, freshAuth, onEachEngine } from '../support/engines.ts'
import {
  BASE_URL,
  CLIENT,
  cookieIn,
  everyRow,
  linkIn,
  NEW_PASSWORD,
  PASSWORD,
  type Production,
  productionAuth,
  randomKey,
  sightOf,
  until,
} from '../support/production.ts'
import { SECURITY_HEADERS, send } from '../support/send.ts'
import { signedIn as completed } from '../support/signed-in.ts'

const BOB = 'bob@example.com'
const EVE = 'eve@example.com'
const WRONG = 'a wrong tortoise, alas'
const DAY = 86_400

/** Adds a confirmed account and signs in. @returns The session token and the device token. */
async function signedIn({ auth, newMails }: Production, email = BOB) {
  await auth.users.create({ email, password: PASSWORD, confirmed: true })
  const { sessionToken, deviceToken } = completed(
    await auth.signIn.withPassword({ email, password: PASSWORD }, CLIENT),
  )
  await newMails()
  return { sessionToken, deviceToken: deviceToken ?? expect.unreachable() }
}

async function codeOf(response: Response): Promise<string | null> {
  return response.ok ? null : ((await response.json()) as { code: string }).code
}

/** Every way for a user to set a password. Each returns the code of the refusal, or `null`. */
async function waysToSetPassword(
  { auth, mailedLink }: Production,
  sessionToken: string,
): Promise<((password: string) => Promise<string | null>)[]> {
  await auth.account.requestPasswordReset({ email: BOB })
  const { token } = await mailedLink('reset_password')
  let accounts = 0
  const ways = [
    (password: string) =>
      send(auth, 'POST', '/users', { json: { email: `${accounts++}@example.com`, password } }),
    (password: string) =>
      send(auth, 'PUT', '/reset_password', {
        json: { email: BOB, reset_token: token, new_password: password },
      }),
    (password: string) =>
      send(auth, 'PUT', '/profile/password', {
        json: { current_password: PASSWORD, new_password: password },
        sessionToken,
      }),
  ]
  return ways.map((way) => async (password) => codeOf(await way(password)))
}

/** Tries a password in every way that {@link waysToSetPassword} returns. @returns The codes of the refusals. */
async function refusalsOf(
  ways: readonly ((password: string) => Promise<string | null>)[],
  password: string,
): Promise<(string | null)[]> {
  const codes: (string | null)[] = []
  for (const way of ways) codes.push(await way(password))
  return codes
}

onEachEngine('passwords in production', (engine) => {
  it('need 15 code points by default, and never fewer than 8, with a warning below 15 [PW-01]', async () => {
    const production = await productionAuth(engine)
    const { sessionToken } = await signedIn(production)
    const ways = await waysToSetPassword(production, sessionToken)
    expect(await refusalsOf(ways, '🐢 under a lamp')).toEqual(ways.map(() => 'password_too_short'))
    for (const way of ways.slice(0, 2)) expect(await way('🐢 under a lamp!')).toBeNull()
    const judged = (minPasswordLength: number) => {
      const { options, problems } = inspectOptions({ mode: 'production', minPasswordLength })
      return {
        refused: problems.some(({ option }) => option === 'minPasswordLength'),
        warned: unsafeOptions(options).some(({ option }) => option === 'minPasswordLength'),
      }
    }
    for (const length of [1, 7]) expect(judged(length)).toMatchObject({ refused: true })
    for (const length of [8, 14]) expect(judged(length)).toEqual({ refused: false, warned: true })
    for (const length of [15, 64]) expect(judged(length)).toEqual({ refused: false, warned: false })
  })

  it('follow one policy at registration, change and reset, with a code for each reason [PW-07]', async () => {
    const common = [...(await commonPasswords())]
    expect(common.filter((password) => [...password].length >= 15).length).toBeGreaterThanOrEqual(3_000)
    const production = await productionAuth(engine, {
      contextWords: 'Umbrella Works,umbrella',
      resetRequestsPerAccount: 20,
    })
    const { auth } = production
    const { sessionToken } = await signedIn(production)
    const ways = await waysToSetPassword(production, sessionToken)
    const refused = [
      ['short', 'password_too_short'],
      ['123456789123456789', 'password_too_common'],
      ['abcabcabcabcabcabc', 'password_too_common'],
      // Names of the service, of the account, and words that the operator adds.
      ['auth.example.com-auth', 'password_guessable'],
      ['example.com example', 'password_guessable'],
      ['Umbrella-Works-umbrella', 'password_guessable'],
      ['bienvenue-bienvenue', 'password_guessable'],
    ] as const
    for (const [password, code] of refused)
      expect(await refusalsOf(ways, password), password).toEqual(ways.map(() => code))
    const ofAccount = 'rosalind@university.example'
    const json = { email: ofAccount, password: 'rosalind-university' }
    expect(await codeOf(await send(auth, 'POST', '/users', { json }))).toBe('password_guessable')
    expect(await auth.validLogin(BOB, PASSWORD)).toBe(true)
    expect(readFileSync('docs/security/passwords.md', 'utf8')).toContain('BIENVENUE_CONTEXT_WORDS')
  })

  it('may contain any characters, whatever class they belong to [PW-04]', async () => {
    const production = await productionAuth(engine, { registrationsPerIp: 100_000 })
    const { sessionToken } = await signedIn(production)
    const [register = expect.unreachable()] = await waysToSetPassword(production, sessionToken)
    for (const password of [
      'tortoiseunderlampshade',
      'TORTOISEUNDERLAMPSHADE',
      '4815162342108907361',
      '}[)&^@;<!?#$~+%*',
      'κουκουβάγιαστομπαλκόνι',
      '乌龟在灯下读一本很长的旧书然后睡',
      '🐢🔦📖🌙🍵🪑🧣🎻🕰️🧦🥐🫖🗝️',
      'a  tortoise  under  a  lamp',
    ])
      expect(await register(password), password).toBeNull()
  })

  it('are looked up in a breach service by a hash prefix, and accepted with a warning in the log during an outage [PW-06]', async () => {
    const paths: string[] = []
    let isAway = false
    const sha1 = createHash('sha1').update(NEW_PASSWORD).digest('hex').toUpperCase()
    const server = createServer((request, response) => {
      paths.push(request.url ?? '')
      response.writeHead(isAway ? 503 : 200).end(`${sha1.slice(5)}:7\r\n`)
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    onTestFinished(() => void server.close())
    const log: unknown[] = []
    const write =
      (level: string) =>
      (...line: unknown[]) =>
        void log.push([level, ...line])
    const logger = { debug() {}, info: write('info'), warn: write('warn'), error: write('error') }
    const breachCheckUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const production = await productionAuth(engine, { breachCheckUrl, logger })
    const { sessionToken } = await signedIn(production)
    const ways = await waysToSetPassword(production, sessionToken)
    paths.length = 0
    expect(await refusalsOf(ways, NEW_PASSWORD)).toEqual(ways.map(() => 'password_breached'))
    expect(new Set(paths)).toEqual(new Set([`/range/${sha1.slice(0, 5)}`]))
    expect(paths).toHaveLength(ways.length)
    const attempt = ways[0] ?? expect.unreachable()
    isAway = true
    expect(await attempt(NEW_PASSWORD)).toBeNull()
    expect(await attempt(NEW_PASSWORD)).toBeNull()
    isAway = false
    expect(await attempt(NEW_PASSWORD)).toBe('password_breached')
    // One log line for the outage, without a stack trace, and one for its end.
    const lines = () => log.filter((line) => JSON.stringify(line).includes('the breach service'))
    await expect.poll(lines).toEqual([
      ['warn', { reason: 'status_503' }, 'the breach service does not answer; passwords are not looked up'],
      ['info', {}, 'the breach service answers again'],
    ])
    expect(JSON.stringify([log, paths])).not.toContain(sha1.slice(5))
    expect(readFileSync('docs/security/passwords.md', 'utf8')).toContain('**When there is no answer**')
  })

  it('can be changed only with the current password, and a wrong one counts as a failure [PW-08]', async () => {
    const production = await productionAuth(engine, { loginFailuresPerAccount: 3 })
    const { auth, db, now } = production
    const { sessionToken } = await signedIn(production)
    const change = async (current_password: string) =>
      codeOf(
        await send(auth, 'PUT', '/profile/password', {
          json: { current_password, new_password: NEW_PASSWORD },
          sessionToken,
        }),
      )
    const before = await everyRow(db)
    for (let failure = 0; failure < 3; failure++) expect(await change(WRONG)).toBe('invalid_credentials')
    const { users, sessions, tokens } = await everyRow(db)
    expect({ users, sessions, tokens }).toEqual({
      users: before.users,
      sessions: before.sessions,
      tokens: before.tokens,
    })
    // The failures count for sign-in too.
    expect(
      await codeOf(await send(auth, 'POST', '/sessions', { json: { email: BOB, password: PASSWORD } })),
    ).toBe('too_many_attempts')
    now.advance(1)
    expect(await change(PASSWORD)).toBeNull()
    expect(await auth.validLogin(BOB, NEW_PASSWORD)).toBe(true)
  })

  it('never expire, and a compromised one must be reset before the next sign-in [PW-09]', async () => {
    const production = await productionAuth(engine)
    const { auth, now, mailedLink } = production
    const { sessionToken } = await signedIn(production)
    now.advance(20 * 365 * DAY)
    expect(await auth.validLogin(BOB, PASSWORD)).toBe(true)
    const { user } = (await auth.users.find(BOB)) ?? expect.unreachable()
    await auth.users.markPasswordCompromised(user.id)
    expect(await auth.getUserFromSessionId(sessionToken)).toBeNull()
    const logIn = async (password: string) =>
      codeOf(await send(auth, 'POST', '/sessions', { json: { email: BOB, password } }))
    expect([await logIn(WRONG), await logIn(PASSWORD)]).toEqual([
      'invalid_credentials',
      'password_compromised',
    ])
    // A program that vouches for the user gets no session either.
    expect(await auth.createSession(BOB)).toBeNull()
    await auth.account.requestPasswordReset({ email: BOB })
    const resetToken = (await mailedLink('reset_password')).token
    await expect(auth.account.resetPassword({ resetToken, newPassword: PASSWORD })).rejects.toMatchObject({
      code: 'password_breached',
    })
    await auth.account.resetPassword({ resetToken, newPassword: NEW_PASSWORD })
    expect(await logIn(NEW_PASSWORD)).toBeNull()
  })

  it('are hashed with argon2id, 19 MiB, 2 passes, 1 lane and their own salt, which replaces a bcrypt hash [PW-12, CX-10]', async () => {
    const hasher = createHasher({ passwordHash: 'argon2id', bcryptCost: 10 })
    const { auth, db } = await productionAuth(engine, { hasher })
    for (const email of [BOB, EVE]) await auth.users.create({ email, password: PASSWORD, confirmed: true })
    const hashes = async () =>
      (await db.selectFrom('users').select('hashed_password').orderBy('id').execute()).map(
        (row) => row.hashed_password,
      )
    const made = await hashes()
    for (const hash of made) expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    expect(made[0]).not.toBe(made[1])
    expect(made[0]?.split('$')[4]).not.toBe(made[1]?.split('$')[4])
    await auth.db.updateUser(1, {
      hashedPassword: '$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy',
    })
    expect(inspectOptions({ mode: 'production' }).options.passwordHash).toBe('argon2id')
    const { problems } = inspectOptions({ mode: 'production', passwordHash: 'bcrypt' })
    expect(problems.map(({ option }) => option)).toContain('passwordHash')
    // Classic mode does the reverse: it hashes with bcrypt, and accepts passwords of one character.
    const classic = await freshAuth(engine, {
      hasher: createHasher({ passwordHash: 'bcrypt', bcryptCost: 10 }),
    })
    const old = await classic.registerUser(BOB, PASSWORD)
    expect(old.hashedPassword).toMatch(/^\$2b\$10\$/)
    await auth.db.updateUser(1, { hashedPassword: old.hashedPassword })
    expect(await auth.validLogin(BOB, PASSWORD)).toBe(true)
    expect((await hashes())[0]).toMatch(/^\$argon2id\$/)
    expect((await classic.registerUser(EVE, 'x')).hashedPassword).toMatch(/^\$2b\$/)
    await classic.db.updateUser(old.id, { hashedPassword: (await hashes())[0] ?? '' })
    expect(await classic.validLogin(BOB, PASSWORD)).toBe(true)
    expect((await classic.db.findUserBy({ id: old.id })).hashedPassword).toMatch(/^\$2b\$/)
    const long = await classic.registerUser('long@example.com', 'x'.repeat(73))
    expect(long.hashedPassword).toMatch(/^\$argon2id\$/)
    expect(await classic.validLogin('long@example.com', 'x'.repeat(72))).toBe(false)
  })
})

onEachEngine('sign-ins in production', (engine) => {
  it('of the owner succeed on a known device and after a reset, and sessions go on, despite the failures of a stranger [LGN-04]', async () => {
    const production = await productionAuth(engine)
    const { auth, mailedLink } = production
    const { sessionToken, deviceToken } = await signedIn(production)
    const guess = (more: object) =>
      send(auth, 'POST', '/sessions', { json: { email: BOB, password: WRONG }, ...more })
    for (let attempt = 0; attempt < 11; attempt++) await guess({ ip: '198.51.100.7' })
    expect((await guess({ ip: '192.0.2.7' })).status).toBe(429)
    const json = { email: BOB, password: PASSWORD }
    expect((await send(auth, 'POST', '/sessions', { json, ip: '192.0.2.7' })).status).toBe(429)
    expect((await send(auth, 'GET', '/profile', { sessionToken })).status).toBe(200)
    expect((await send(auth, 'POST', '/sessions', { json, ip: '192.0.2.7', deviceToken })).status).toBe(200)
    await production.newMails()
    expect((await send(auth, 'POST', '/reset_password', { json: { email: BOB } })).status).toBe(200)
    const { token } = await mailedLink('reset_password')
    await auth.account.resetPassword({ resetToken: token, newPassword: NEW_PASSWORD })
    expect(
      (await send(auth, 'POST', '/sessions', { json: { email: BOB, password: NEW_PASSWORD } })).status,
    ).toBe(200)
  })

  it('notify the owner after many failures and from a new device, as do changes of password and address [LGN-12]', async () => {
    const production = await productionAuth(engine)
    const { auth, newMails, mailedLink } = production
    const { deviceToken } = await signedIn(production)
    await auth.signIn.withPassword({ email: BOB, password: PASSWORD }, { ...CLIENT, deviceToken })
    expect(await newMails()).toEqual([])
    production.now.advance(600)
    await auth.signIn.withPassword({ email: BOB, password: PASSWORD }, CLIENT)
    expect((await newMails()).map(({ kind }) => kind)).toEqual(['new_device'])
    for (let failure = 0; failure < 6; failure++) await auth.validLogin(BOB, WRONG)
    const { sessionToken } = completed(
      await auth.signIn.withPassword({ email: BOB, password: PASSWORD }, CLIENT),
    )
    expect((await newMails()).map(({ kind }) => kind)).toEqual(['signed_in_after_failures'])

    const renewed = await auth.account.changePassword(
      { currentPassword: PASSWORD, newPassword: NEW_PASSWORD },
      { sessionToken },
    )
    const told = [...(await newMails())]
    await auth.account.changeEmail({ email: 'new@example.com' }, { sessionToken: renewed.sessionToken })
    const asked = await newMails()
    const link = asked.find(({ kind }) => kind === 'confirm_new_email') ?? expect.unreachable()
    await auth.account.confirmEmail({ token: linkIn(link).token, password: NEW_PASSWORD })
    told.push(...asked.filter((mail) => mail !== link), ...(await newMails()))
    expect(told.map(({ kind, to }) => [kind, to])).toEqual([
      ['password_changed', BOB],
      ['email_change_requested', BOB],
      ['email_changed', BOB],
    ])
    await auth.account.requestPasswordReset({ email: 'new@example.com' })
    const resetToken = (await mailedLink('reset_password')).token
    await auth.account.resetPassword({ resetToken, newPassword: `${NEW_PASSWORD}!` })
    const [reset = expect.unreachable(), ...others] = await newMails()
    expect([reset.kind, reset.to, others]).toEqual(['password_changed', 'new@example.com', []])
    for (const { text, html } of [...told, reset]) {
      expect(text).toMatch(/If this was not you/)
      expect(text).not.toMatch(/#|token|https?:/)
      expect(html).not.toMatch(/href|token|https?:/)
    }
  })
})

onEachEngine('registrations in production', (engine) => {
  it('get the same answer after the same work for every address, and only the mailbox learns whether it is taken [LGN-07]', async () => {
    let hashes = 0
    const hasher = {
      ...CHEAP_HASHER,
      hash: (password: string) => CHEAP_HASHER.hash(password).finally(() => hashes++),
    }
    const production = await productionAuth(engine, { hasher })
    const { auth, newMails } = production
    await signedIn(production)
    const { id } = await auth.users.create({ email: EVE, password: PASSWORD, confirmed: true })
    await auth.users.disable(id)
    await newMails()
    const sights = []
    for (const email of [BOB, 'BOB@example.com', EVE, 'new@example.com']) {
      hashes = 0
      const answer = await send(auth, 'POST', '/users', { json: { email, password: NEW_PASSWORD } })
      sights.push(JSON.stringify([await sightOf(answer), hashes]).replaceAll(email, 'ADDRESS'))
    }
    expect(new Set(sights).size).toBe(1)
    // The second mail to Bob replaces the first one, unless that has left already.
    expect(new Set((await newMails()).map(({ kind, to }) => `${kind} to ${to}`))).toEqual(
      new Set([`account_exists to ${BOB}`, 'verify_email to new@example.com']),
    )
    expect(await auth.validLogin(BOB, PASSWORD)).toBe(true)
  })
})

onEachEngine('recovery in production', (engine) => {
  it('answers the same for every address, and changes nothing without a valid token [REC-01, CX-01]', async () => {
    const production = await productionAuth(engine)
    const { auth, db, newMails } = production
    await signedIn(production)
    const { id } = await auth.users.create({
      email: 'disabled@example.com',
      password: PASSWORD,
      confirmed: true,
    })
    await auth.users.disable(id)
    const before = await everyRow(db)
    const sights = []
    for (const email of [BOB, 'nobody@example.com', 'disabled@example.com']) {
      const answer = await send(auth, 'POST', '/reset_password', { json: { email } })
      sights.push(JSON.stringify(await sightOf(answer)).replaceAll(email, 'ADDRESS'))
    }
    expect(new Set(sights).size).toBe(1)
    expect((await newMails()).map(({ kind, to }) => [kind, to])).toEqual([['reset_password', BOB]])
    const { sessions } = await everyRow(db)
    expect(sessions).toEqual(before.sessions)
    expect(await auth.validLogin(BOB, PASSWORD)).toBe(true)
    for (const resetToken of ['x', '', `${'0'.repeat(8)}-0000-7000-8000-${'0'.repeat(12)}.${'A'.repeat(43)}`])
      await expect(
        auth.account.resetPassword({ resetToken, newPassword: NEW_PASSWORD }),
      ).rejects.toMatchObject({
        code: 'invalid_reset_token',
      })
    expect(await auth.validLogin(BOB, PASSWORD)).toBe(true)
    const { problems } = inspectOptions({ mode: 'production', resetTokenDelivery: 'response' })
    expect(problems.map(({ option }) => option)).toContain('resetTokenDelivery')
  })

  it('sends the token only to the address of the account, never in a response, log, audit record or table [REC-02]', async () => {
    const lines: unknown[] = []
    const write = (...line: unknown[]) => void lines.push(line)
    const logger: Logger = { debug: write, info: write, warn: write, error: write }
    const audit: unknown[] = []
    const production = await productionAuth(engine, { logger, onAudit: (record) => void audit.push(record) })
    const { auth, db, newMails } = production
    await signedIn(production)
    const answer = await send(auth, 'POST', '/reset_password', { json: { email: 'BOB@example.com' } })
    const said = [await answer.text(), JSON.stringify([...answer.headers])]
    const [mail, ...others] = await newMails()
    expect([mail?.to, others]).toEqual([BOB, []])
    const { token } = linkIn(mail ?? expect.unreachable())
    const fields = { email: BOB, reset_token: token, new_password: NEW_PASSWORD }
    const tables = [await everyRow(db)]
    said.push(await (await send(auth, 'PUT', '/reset_password', { json: fields })).text())
    tables.push(await everyRow(db))
    expect(audit.length).toBeGreaterThan(2)
    expect(lines.length).toBeGreaterThan(1)
    expect(JSON.stringify([said, lines, audit, tables])).not.toContain(token.split('.')[1])
  })

  it('binds a token to its purpose, account and address, and voids it when password or address change [REC-07]', async () => {
    const production = await productionAuth(engine)
    const { auth, mailedLink, newMails } = production
    let { sessionToken } = await signedIn(production)
    await auth.users.create({ email: EVE, password: PASSWORD, confirmed: true })
    const ask = async () => {
      await auth.account.requestPasswordReset({ email: BOB })
      return (await mailedLink('reset_password')).token
    }
    const reset = (resetToken: string, email = BOB) =>
      auth.account.resetPassword({ resetToken, email, newPassword: NEW_PASSWORD }).then(
        () => null,
        ({ code }) => code,
      )
    const first = await ask()
    const second = await ask()
    expect(await reset(second, EVE)).toBe('invalid_reset_token')
    const confirm = (token: string) =>
      auth.account.confirmEmail({ token, password: PASSWORD }).then(
        () => null,
        ({ code }) => code,
      )
    expect(await confirm(second)).toBe('invalid_confirmation_token')
    await auth.account.changeEmail({ email: 'new@example.com' }, { sessionToken })
    const change = (await mailedLink('confirm_new_email')).token
    expect(await reset(change)).toBe('invalid_reset_token')
    // A token for the same account and address, but for another purpose.
    await auth.account.register({ email: 'zed@example.com', password: PASSWORD })
    const confirmation = (await mailedLink('verify_email')).token
    expect(await reset(confirmation, 'zed@example.com')).toBe('invalid_reset_token')
    sessionToken = (
      await auth.account.changePassword(
        { currentPassword: PASSWORD, newPassword: `${PASSWORD}!` },
        { sessionToken },
      )
    ).sessionToken
    expect([await reset(first), await reset(second), await confirm(change)]).toEqual([
      'invalid_reset_token',
      'invalid_reset_token',
      'invalid_confirmation_token',
    ])
    await newMails()
    const third = await ask()
    await auth.account.changeEmail({ email: 'new@example.com' }, { sessionToken })
    await auth.account.confirmEmail({
      token: (await mailedLink('confirm_new_email')).token,
      password: `${PASSWORD}!`,
    })
    expect(await reset(third)).toBe('invalid_reset_token')
    expect(await reset(third, 'new@example.com')).toBe('invalid_reset_token')
  })

  it('ends every session, starts none, and sends a notice without secrets [REC-09]', async () => {
    const production = await productionAuth(engine)
    const { auth, mailedLink, newMails } = production
    const { sessionToken } = await signedIn(production)
    const other = (await auth.createSession(BOB)) ?? expect.unreachable()
    await auth.account.requestPasswordReset({ email: BOB })
    const { token } = await mailedLink('reset_password')
    const fields = { email: BOB, reset_token: token, new_password: NEW_PASSWORD }
    const answer = await send(auth, 'PUT', '/reset_password', { json: fields, sessionToken })
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([200, []])
    for (const ended of [sessionToken, other]) expect(await auth.getUserFromSessionId(ended)).toBeNull()
    expect((await auth.users.find(BOB))?.liveSessions).toBe(0)
    const [notice, ...more] = await newMails()
    expect([notice?.kind, more]).toEqual(['password_changed', []])
    for (const mode of ['development', 'production'] as const) {
      const { problems } = inspectOptions({ mode, resetEndsSessions: false })
      expect(problems.map(({ option }) => option)).toContain('resetEndsSessions')
    }
    expect(notice?.text).not.toMatch(/#|https?:|umbrellas/)
    expect(notice?.html).not.toMatch(/href|https?:|umbrellas/)
  })
})

onEachEngine('sessions in production', (engine) => {
  it('use __Host- cookies with Secure, HttpOnly and Path=/, without Domain [SES-06, SES-07, CX-05]', async () => {
    const production = await productionAuth(engine)
    const { auth } = production
    await signedIn(production)
    const answer = await send(auth, 'POST', '/sessions', { json: { email: BOB, password: PASSWORD } })
    const cookies = answer.headers.getSetCookie()
    expect(cookies).toHaveLength(2)
    for (const cookie of cookies) {
      expect(cookie).toMatch(
        /^__Host-(?:session_id|device)=[^;]+; Path=\/; Max-Age=\d+; Expires=[^;]+ GMT; Secure; HttpOnly; SameSite=Lax$/,
      )
      expect(cookie).not.toMatch(/domain/i)
    }
    const sessionToken = cookieIn(answer, 'session_id')
    expect((await send(auth, 'GET', '/profile', { sessionToken })).status).toBe(200)
    // The cookie name of classic mode is ignored.
    const classic = await send(auth, 'GET', '/profile', { headers: { cookie: `session_id=${sessionToken}` } })
    expect(classic.status).toBe(403)
    const loopback = await freshAuth(engine)
    await loopback.registerUser(BOB, PASSWORD)
    const login = await send(loopback, 'POST', '/sessions', { form: { email: BOB, password: PASSWORD } })
    expect(login.headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^session_id=[^;]+; Path=\/; Max-Age=2592000; Expires=[^;]+ GMT; HttpOnly; SameSite=Lax$/,
      ),
    ])
  })

  it('get a new token at sign-in, reauthentication and password change, and the old one stops working [SES-04]', async () => {
    const production = await productionAuth(engine)
    const { auth } = production
    const tokens = [(await signedIn(production)).sessionToken]
    const renewals = [
      (caller: SessionCaller) => auth.signIn.withPassword({ email: BOB, password: PASSWORD }, caller),
      (caller: SessionCaller) => auth.signIn.reauthenticate({ password: PASSWORD }, caller),
      (caller: SessionCaller) =>
        auth.account.changePassword({ currentPassword: PASSWORD, newPassword: NEW_PASSWORD }, caller),
    ]
    for (const renew of renewals) {
      const before = tokens.at(-1) ?? expect.unreachable()
      const { sessionToken } = await renew({ sessionToken: before })
      expect(tokens).not.toContain(sessionToken)
      expect(await auth.getUserFromSessionId(before)).toBeNull()
      expect((await auth.getUserFromSessionId(sessionToken ?? ''))?.email).toBe(BOB)
      tokens.push(sessionToken ?? expect.unreachable())
    }
  })

  it('end when the password changes, and the request gets a new one [SES-12]', async () => {
    const production = await productionAuth(engine)
    const { auth } = production
    const { sessionToken } = await signedIn(production)
    const other = await auth.createSession(BOB)
    const renewed = await auth.account.changePassword(
      { currentPassword: PASSWORD, newPassword: NEW_PASSWORD },
      { sessionToken },
    )
    const alive = await Promise.all(
      [sessionToken, other, renewed.sessionToken].map((id) => auth.getUserFromSessionId(id)),
    )
    expect(alive.map((user) => user?.email ?? null)).toEqual([null, null, BOB])
  })

  it('can be listed and ended by their user, one or all, and ended by an operator, while those of others answer 404 [SES-13, ADM-02]', async () => {
    const production = await productionAuth(engine)
    const { auth, now } = production
    const { sessionToken } = await signedIn(production)
    await auth.users.create({ email: EVE, password: PASSWORD, confirmed: true })
    const eve = (await auth.createSession(EVE)) ?? expect.unreachable()
    now.advance(60)
    const second = (await auth.createSession(BOB, { userAgent: 'phone' })) ?? expect.unreachable()
    const third = (await auth.createSession(BOB)) ?? expect.unreachable()
    const answer = await send(auth, 'GET', '/sessions', { sessionToken })
    const { sessions } = (await answer.json()) as { sessions: Record<string, unknown>[] }
    expect(sessions).toHaveLength(3)
    for (const session of sessions) {
      expect(Object.keys(session)).toEqual([
        'id',
        'current',
        'created_at',
        'authenticated_at',
        'last_seen_at',
        'expires_at',
        'ip',
        'user_agent',
      ])
    }
    expect(JSON.stringify(sessions)).not.toContain(sessionToken.split('.')[1])
    const end = async (path: string) => (await send(auth, 'DELETE', path, { sessionToken })).status
    const idOf = (token: string) => token.split('.')[0]
    expect([
      await end(`/sessions/${idOf(eve)}`),
      await end('/sessions/x'),
      await end(`/sessions/${idOf(second)}`),
    ]).toEqual([404, 404, 200])
    expect(await auth.getUserFromSessionId(eve)).not.toBeNull()
    expect(await auth.getUserFromSessionId(second)).toBeNull()
    expect(await end('/sessions/others')).toBe(200)
    expect([
      (await auth.getUserFromSessionId(third))?.email,
      (await auth.getUserFromSessionId(sessionToken))?.email,
    ]).toEqual([undefined, BOB])
    // Ending sessions needs a password that was entered recently.
    now.advance(600)
    const fourth = (await auth.createSession(BOB)) ?? expect.unreachable()
    for (const path of [`/sessions/${idOf(fourth)}`, '/sessions/others'])
      expect(await codeOf(await send(auth, 'DELETE', path, { sessionToken }))).toBe(
        'reauthentication_required',
      )
    expect((await auth.getUserFromSessionId(fourth))?.email).toBe(BOB)
    const { user } = (await auth.users.find(BOB)) ?? expect.unreachable()
    await auth.destroySession(user.id)
    expect([
      await auth.getUserFromSessionId(sessionToken),
      (await auth.getUserFromSessionId(eve))?.email,
    ]).toEqual([null, EVE])
    expect(await auth.users.endEverySession()).toBe(1)
    expect(await auth.getUserFromSessionId(eve)).toBeNull()
  })

  it('record the time, method and level of authentication, and a known device does not authenticate [SES-15]', async () => {
    const production = await productionAuth(engine)
    const { auth, db, now } = production
    const { deviceToken } = await signedIn(production)
    await auth.users.endEverySession()
    now.advance(100)
    await auth.createSession(BOB)
    now.advance(100)
    const again = completed(
      await auth.signIn.withPassword({ email: BOB, password: PASSWORD }, { deviceToken }),
    )
    const sessions = () =>
      db.selectFrom('sessions').select(['amr', 'aal', 'authenticated_at']).orderBy('id').execute()
    const at = now().getTime()
    const vouchedFor = { amr: '', aal: 0, authenticated_at: at - 100_000 }
    expect(await sessions()).toEqual([vouchedFor, { amr: 'pwd', aal: 1, authenticated_at: at }])
    await expect(
      auth.signIn.withPassword({ email: BOB, password: WRONG }, { deviceToken }),
    ).rejects.toMatchObject({
      code: 'invalid_credentials',
    })
    now.advance(100)
    const renewed = await auth.signIn.reauthenticate(
      { password: PASSWORD },
      { sessionToken: again.sessionToken },
    )
    expect(await sessions()).toEqual([vouchedFor, { amr: 'pwd', aal: 1, authenticated_at: at + 100_000 }])
    now.advance(100)
    await auth.account.changePassword({ currentPassword: PASSWORD, newPassword: NEW_PASSWORD }, renewed)
    expect(await sessions()).toEqual([{ amr: 'pwd', aal: 1, authenticated_at: at + 200_000 }])
    expect((await send(auth, 'GET', '/profile', { deviceToken })).status).toBe(403)
    expect((await send(auth, 'GET', '/profile', { sessionToken: deviceToken })).status).toBe(403)
  })
})

onEachEngine('HTTP in production', (engine) => {
  it('accepts unsafe requests only from its own origin, and with a session no form without an origin [API-08]', async () => {
    const production = await productionAuth(engine)
    const { auth } = production
    const { sessionToken } = await signedIn(production)
    const request = (headers: Record<string, string>, { method = 'POST', path = '/sessions' } = {}) =>
      auth.fetch(
        new Request(`${BASE_URL}${path}`, {
          method,
          headers: { host: 'auth.example.com', ...headers },
          body: new URLSearchParams({ email: BOB, password: PASSWORD }),
        }),
      )
    const cookie = `__Host-session_id=${sessionToken}`
    for (const headers of [
      { origin: 'https://evil.example' },
      { origin: 'https://auth.example.com.evil.example' },
      { origin: 'http://auth.example.com' },
      { origin: 'https://auth.example.com:444' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      // A form of another page, in a browser that sends no header about it.
      { cookie },
    ]) {
      for (const path of ['/sessions', '/users', '/reset_password'])
        expect(
          await codeOf(await request(headers as Record<string, string>, { path })),
          JSON.stringify(headers),
        ).toBe('cookie' in headers ? 'missing_origin' : 'foreign_origin')
    }
    expect((await request({})).status).toBe(200)
    expect((await request({ cookie, origin: BASE_URL })).status).toBe(200)
    expect((await request({ cookie, 'sec-fetch-site': 'same-origin' })).status).toBe(200)
    for (const name of ['x-http-method-override', 'x-method-override', '_method'])
      expect((await request({ [name]: 'DELETE' })).status).toBe(200)
    const json = JSON.stringify({ email: BOB, password: PASSWORD })
    const preflighted = new Request(`${BASE_URL}/sessions`, {
      method: 'POST',
      headers: { cookie: '__Host-session_id=x', 'content-type': 'application/json' },
      body: json,
    })
    expect((await auth.fetch(preflighted)).status).toBe(200)
  })

  it('changes nothing and starts no session for any GET, with or without a session [API-06, SES-17]', async () => {
    const production = await productionAuth(engine)
    const { auth, db } = production
    const { sessionToken } = await signedIn(production)
    const before = await everyRow(db)
    const reads = servedOperations(auth).filter(({ method }) => method === 'GET')
    for (const { path } of reads) {
      for (const request of [{}, { sessionToken }]) {
        const answer = await send(auth, 'GET', path, request)
        expect(answer.headers.getSetCookie(), path).toEqual([])
      }
    }
    const { audit: _audit, throttles: _throttles, ...after } = await everyRow(db)
    expect(before).toMatchObject(after)
  })

  it.each(['production', 'classic'] as const)(
    'sends the security headers with every answer in %s mode, and lets no other origin read it [API-09, API-10, API-13, EML-05]',
    async (mode) => {
      const auth = mode === 'classic' ? await freshAuth(engine) : (await productionAuth(engine)).auth
      await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
      const sessionToken = (await auth.createSession(BOB)) ?? expect.unreachable()
      const own = mode === 'classic' ? 'http://localhost:5000' : BASE_URL
      const answers: Response[] = []
      for (const { method, path } of servedOperations(auth)) {
        for (const origin of [undefined, own, 'http://localhost:3000', 'https://evil.example', 'null']) {
          const headers: Record<string, string> = origin === undefined ? {} : { origin }
          const token = method === 'DELETE' ? undefined : sessionToken
          answers.push(await send(auth, method, path, { headers, sessionToken: token }))
          if (method === 'GET' && origin === undefined)
            answers.push(await send(auth, 'HEAD', path, { sessionToken }))
          const preflight = await send(auth, 'OPTIONS', path, {
            headers: {
              ...headers,
              'access-control-request-method': 'PUT',
              'access-control-request-headers': 'x-a',
            },
          })
          expect([403, 405], path).toContain(preflight.status)
          answers.push(preflight)
        }
      }
      answers.push(await send(auth, 'GET', '/nothing'))
      expect(answers.at(-1)?.status).toBe(404)
      for (const answer of answers) {
        const { headers } = answer
        expect([...headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([])
        const body = await answer.text()
        const isPage = body.startsWith('<!doctype html>')
        const type = isPage ? /^text\/html; charset=utf-8$/ : /^application\/json$/
        if (answer.status === 204 || answer.status === 303) expect(headers.has('content-type')).toBe(false)
        else expect(headers.get('content-type')).toMatch(body === '' ? /./ : type)
        if (body !== '' && !isPage) expect(JSON.parse(body)).toBeTypeOf('object')
        expect(Object.fromEntries(headers)).toMatchObject({
          ...SECURITY_HEADERS,
          ...(isPage && {
            'content-security-policy': expect.stringMatching(/(?:^|; )frame-ancestors 'none'(?:;|$)/),
            // A form without a referrer would not send its origin.
            'referrer-policy': expect.stringMatching(/^(?:no-referrer|same-origin)$/),
          }),
        })
      }
    },
  )

  it('sends HSTS for two years with every response over https, by default with subdomains, and none over http [API-12]', async () => {
    const { auth } = await productionAuth(engine)
    const alone = await productionAuth(engine, { hstsSubdomains: false })
    for (const path of ['/', '/profile', '/nothing', '/reset_password']) {
      expect((await send(auth, 'GET', path)).headers.get('strict-transport-security')).toBe(
        'max-age=63072000; includeSubDomains',
      )
      expect((await send(alone.auth, 'GET', path)).headers.get('strict-transport-security')).toBe(
        'max-age=63072000',
      )
    }
    const classic = await freshAuth(engine)
    const answer = await send(classic, 'GET', '/')
    expect(answer.headers.has('strict-transport-security')).toBe(false)
    expect(OPTION_TABLE.hstsSubdomains.about).toContain('shared')
  })

  it('reveals nothing in a refusal beyond code, message, field and request id [API-14]', async () => {
    const production = await productionAuth(engine)
    const { auth, db } = production
    await signedIn(production)
    const refusals = [
      await send(auth, 'GET', '/nothing/at/all'),
      await send(auth, 'PATCH', '/users'),
      await send(auth, 'POST', '/users', { json: { email: 'x' } }),
      await send(auth, 'POST', '/users', { headers: { 'content-type': 'application/json' } }),
      await send(auth, 'GET', '/sessions'),
      await send(auth, 'POST', '/sessions', { json: { email: BOB, password: WRONG } }),
      await send(auth, 'GET', '/', { headers: { host: 'evil.example' } }),
    ]
    await db.schema.alterTable('sessions').renameTo('gone').execute()
    refusals.push(
      await send(auth, 'GET', '/profile', {
        sessionToken: `${'0'.repeat(8)}-0000-7000-8000-${'0'.repeat(12)}.${'A'.repeat(43)}`,
      }),
    )
    expect(refusals.at(-1)?.status).toBe(500)
    for (const refusal of refusals) {
      const body = (await refusal.json()) as Record<string, string>
      expect(Object.keys(body).filter((name) => name !== 'field')).toEqual(['message', 'code', 'request_id'])
      expect(body.request_id).toMatch(/^[0-9a-f-]{36}$/)
      expect(JSON.stringify([body, ...refusal.headers])).not.toMatch(
        /\bat \/|node_modules|select |sqlite|postgres|nothing\/at|\d+\.\d+\.\d+|hono|node/i,
      )
      expect([...refusal.headers.keys()].filter((name) => /server|powered/.test(name))).toEqual([])
    }
    await db.schema.alterTable('gone').renameTo('sessions').execute()
  })

  it('builds links only from its base URL, and refuses other hosts [API-17]', async () => {
    const production = await productionAuth(engine, { trustedProxies: '192.0.2.1' })
    const { auth, newMails } = production
    await signedIn(production)
    const forged = {
      forwarded: 'host=evil.example;proto=http',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'http',
      'x-original-host': 'evil.example',
      referer: 'https://evil.example/',
    }
    for (const ip of ['192.0.2.1', '198.51.100.1']) {
      await send(auth, 'POST', '/reset_password', { json: { email: BOB }, headers: forged, ip })
      const [mail] = await newMails()
      expect(linkIn(mail ?? expect.unreachable()).page).toBe(`${BASE_URL}/reset_password`)
      expect(`${mail?.text}${mail?.html}`).not.toContain('evil')
    }
    for (const host of [
      'evil.example',
      'auth.example.com.evil.example',
      'auth.example.com:444',
      'localhost',
      '127.0.0.1',
      'example.com',
      'auth.example.com, evil.example',
    ]) {
      const answer = await send(auth, 'GET', '/', { headers: { host, ...forged } })
      expect([421, 400]).toContain(answer.status)
    }
    for (const host of ['auth.example.com', 'AUTH.example.com', 'auth.example.com:443'])
      expect((await send(auth, 'GET', '/', { headers: { host } })).status).toBe(200)
    const out = await send(auth, 'DELETE', '/sessions', {
      sessionToken: (await auth.createSession(BOB)) ?? '',
      headers: forged,
    })
    expect(out.headers.get('location')).toBe('/')
  })

  it('reads forwarded addresses only from configured proxies, from the right [API-16]', async () => {
    const lines: string[] = []
    const write = (fields: object) => void lines.push(JSON.stringify(fields))
    const logger: Logger = { debug: write, info: write, warn: write, error: write }
    const production = await productionAuth(engine, {
      trustedProxies: '192.0.2.1, 10.0.0.0/8',
      loginFailuresPerIp: 2,
      loginFailuresPerAccount: 100,
      logger,
    })
    const { auth } = production
    let count = 0
    const guess = async (ip: string, forwardedFor: string) => {
      const json = { email: `${count++}@example.com`, password: WRONG }
      const headers = {
        'x-forwarded-for': forwardedFor,
        'x-real-ip': '203.0.113.9',
        'x-forwarded-host': 'evil.example',
        'x-forwarded-proto': 'http',
        forwarded: 'for=203.0.113.9;host=evil.example;proto=http',
      }
      return (await send(auth, 'POST', '/sessions', { json, headers, ip })).status
    }
    // A client that forges a new address with each guess is counted by its own.
    expect([
      await guess('198.51.100.1', '1.1.1.1'),
      await guess('198.51.100.1', '2.2.2.2'),
      await guess('198.51.100.1', '3.3.3.3'),
    ]).toEqual([401, 401, 429])
    // Behind proxies, the address they saw counts, whatever is to its left.
    expect([
      await guess('192.0.2.1', '9.9.9.9, 198.51.100.2, 10.1.2.3'),
      await guess('192.0.2.1', '8.8.8.8, 198.51.100.2'),
      await guess('192.0.2.1', '198.51.100.2'),
      await guess('192.0.2.1', '198.51.100.3'),
    ]).toEqual([401, 401, 429, 401])
    const ips = (await Array.fromAsync(auth.audit.list({ action: 'login' }))).map(({ ip }) => ip)
    expect(new Set(ips)).toEqual(new Set(['198.51.100.1', '198.51.100.2', '198.51.100.3']))
    expect(lines.filter((line) => /1\.1\.1\.1|9\.9\.9\.9|203\.0\.113\.9/.test(line))).toEqual([])
  })

  it.each(['classic', 'production'] as const)(
    'reads no forwarded address in %s mode if no proxy is configured [API-16]',
    async (mode) => {
      const limits = { loginFailuresPerIp: 2, loginFailuresPerAccount: 100 }
      const auth =
        mode === 'classic' ? await freshAuth(engine, limits) : (await productionAuth(engine, limits)).auth
      const statuses: number[] = []
      for (let count = 0; count < 3; count++) {
        const headers = { 'x-forwarded-for': `192.0.2.${count}`, 'x-real-ip': `192.0.2.${count}` }
        const json = { email: `${count}@example.com`, password: WRONG }
        const ip = '198.51.100.1'
        statuses.push((await send(auth, 'POST', '/sessions', { json, headers, ip })).status)
      }
      expect(statuses).toEqual([401, 401, 429])
    },
  )

  it('serves its API document only if enabled, and has no metrics or directory listings [API-20]', async () => {
    const { auth } = await productionAuth(engine)
    const open = await productionAuth(engine, { publicApiDocs: true })
    expect([
      (await send(auth, 'GET', '/openapi.json')).status,
      (await send(open.auth, 'GET', '/openapi.json')).status,
    ]).toEqual([404, 200])
    for (const path of [
      '/metrics',
      '/docs',
      '/swagger',
      '/.git/HEAD',
      '/src/',
      '/package.json',
      '/healthz/',
      '/../',
    ])
      expect((await send(auth, 'GET', path)).status, path).toBe(path === '/../' ? 200 : 404)
    expect(await (await send(auth, 'GET', '/healthz')).json()).toEqual({ status: 'ok' })
    expect(await (await send(auth, 'GET', '/readyz')).json()).toEqual({ status: 'ready' })
  })
})

onEachEngine('addresses in production', (engine) => {
  it('are confirmed once, within a day, by a token for this account and address [EML-03]', async () => {
    const production = await productionAuth(engine)
    const { auth, now, mailedLink, newMails } = production
    const confirm = (token: string, password = PASSWORD) =>
      auth.account.confirmEmail({ token, password }).then(
        () => null,
        ({ code }) => code,
      )
    await auth.account.register({ email: BOB, password: PASSWORD })
    const first = (await mailedLink('verify_email')).token
    now.advance(DAY)
    expect(await confirm(first)).toBe('invalid_confirmation_token')
    await auth.account.requestConfirmation({ email: BOB })
    const second = (await mailedLink('verify_email')).token
    now.advance(DAY - 1)
    // The password of another account does not redeem it.
    await auth.users.create({ email: EVE, password: NEW_PASSWORD, confirmed: true })
    expect(await confirm(second, NEW_PASSWORD)).toBe('invalid_credentials')
    expect([await confirm(second), await confirm(second)]).toEqual([null, 'invalid_confirmation_token'])
    await auth.account.register({ email: 'zed@example.com', password: PASSWORD })
    const third = (await mailedLink('verify_email')).token
    const { user } = (await auth.users.find('zed@example.com')) ?? expect.unreachable()
    await auth.db.updateUser(user.id, { email: 'other@example.com' })
    expect(await confirm(third)).toBe('invalid_confirmation_token')
    await newMails()
    expect(inspectOptions({ emailTokenLifetimeSeconds: DAY + 1 }).problems).toHaveLength(1)
  })

  it('change only after reauthentication and confirmation of the new one, and the old one is notified [EML-06]', async () => {
    const production = await productionAuth(engine)
    const { auth, now, newMails } = production
    const { sessionToken } = await signedIn(production)
    const ask = async (token: string) =>
      codeOf(
        await send(auth, 'PUT', '/profile/email', {
          json: { email: 'new@example.com' },
          sessionToken: token,
        }),
      )
    now.advance(600)
    expect(await ask(sessionToken)).toBe('reauthentication_required')
    const renewed = await auth.signIn.reauthenticate({ password: PASSWORD }, { sessionToken })
    expect(await ask(renewed.sessionToken)).toBeNull()
    const [told, asked] = await newMails()
    expect([told?.to, told?.kind, asked?.to, asked?.kind]).toEqual([
      BOB,
      'email_change_requested',
      'new@example.com',
      'confirm_new_email',
    ])
    expect(await auth.users.find('new@example.com')).toBeNull()
    await auth.account.confirmEmail({
      token: linkIn(asked ?? expect.unreachable()).token,
      password: PASSWORD,
    })
    expect((await auth.users.find('new@example.com'))?.user.emailVerifiedAt).toEqual(now())
    expect((await newMails()).map(({ to, kind }) => [to, kind])).toEqual([[BOB, 'email_changed']])
  })

  it('cannot sign in until confirmed, and their owner can take over the account with a reset [EML-07]', async () => {
    const production = await productionAuth(engine)
    const { auth, mailedLink } = production
    await auth.account.register({ email: BOB, password: NEW_PASSWORD })
    await mailedLink('verify_email')
    expect(
      (await send(auth, 'POST', '/sessions', { json: { email: BOB, password: NEW_PASSWORD } })).status,
    ).toBe(401)
    expect((await auth.users.find(BOB))?.user.emailVerifiedAt).toBeNull()
    expect(await auth.createSession(BOB)).toBeNull()
    await production.newMails()
    await auth.account.requestPasswordReset({ email: BOB })
    await auth.account.resetPassword({
      resetToken: (await mailedLink('reset_password')).token,
      newPassword: PASSWORD,
    })
    expect([await auth.validLogin(BOB, NEW_PASSWORD), await auth.validLogin(BOB, PASSWORD)]).toEqual([
      false,
      true,
    ])
  })
})

onEachEngine('an address that a stranger has registered', (engine) => {
  it('goes to the account that confirms it [EML-07]', async () => {
    const production = await productionAuth(engine)
    const { auth, mailedLink, newMails } = production
    const { sessionToken } = await signedIn(production)
    await auth.account.changeEmail({ email: 'new@example.com' }, { sessionToken })
    const { token } = await mailedLink('confirm_new_email')
    await auth.account.register({ email: 'new@example.com', password: NEW_PASSWORD })
    await newMails()
    expect(await auth.account.confirmEmail({ token, password: PASSWORD })).toMatchObject({
      email: 'new@example.com',
    })
    expect(await auth.validLogin('new@example.com', NEW_PASSWORD)).toBe(false)
    expect(await auth.validLogin('new@example.com', PASSWORD)).toBe(true)
  })
})

onEachEngine('the audit log', (engine) => {
  it('records time, instance, actor, subject, IP address, action, outcome and request id, which no input can forge [AUD-02]', async () => {
    const records: unknown[] = []
    const production = await productionAuth(engine, { onAudit: (record) => void records.push(record) })
    const { auth, now } = production
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    const evil = 'x","outcome":"success"}\n{"action":"login"}\r\n\u2028\u001b[2J'
    await auth.signIn
      .withPassword({ email: BOB, password: WRONG }, { ...CLIENT, userAgent: evil })
      .catch(() => {})
    const [line] = await Array.fromAsync(auth.audit.list({ action: 'login' }))
    expect(line).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
      at: now(),
      instance: expect.stringMatching(/^.+:\d+$/),
      actor: 'anonymous',
      actorId: null,
      onBehalfOf: null,
      action: 'login',
      outcome: 'refused',
      reason: 'wrong_password',
      userId: 1,
      email: BOB,
      ip: CLIENT.ip,
      userAgent: evil,
      requestId: CLIENT.requestId,
      details: {},
    })
    const { email: _, ...written } = line ?? expect.unreachable()
    expect(records.at(-1)).toEqual(written)
    // In the log, a record is one line of JSON that parses to the same values.
    const logged = JSON.stringify(line)
    expect(logged).not.toMatch(/[\n\r]/)
    expect(JSON.parse(logged)).toMatchObject({ outcome: 'refused', userAgent: evil, at: now().toISOString() })
  })
})

it('production mode refuses weak keys, http and delivery for development, and has no settings for CORS or debugging [CFG-01]', async () => {
  const good = {
    mode: 'production',
    baseUrl: BASE_URL,
    secretKey: randomKey(),
    smtpUrl: 'smtps://mail.example.com',
    mailFrom: 'no-reply@example.com',
  } as const
  expect(inspectOptions(good).problems).toEqual([])
  const refused = (options: object) =>
    inspectOptions({ ...good, ...options }).problems.map(({ option }) => option)
  const { secretKey: _, ...keyless } = good
  expect(inspectOptions(keyless).problems.map(({ option }) => option)).toEqual(['secretKey'])
  for (const secretKey of ['x', 'A'.repeat(43), 'changeme'.repeat(8), randomKey().slice(0, 40)])
    expect(refused({ secretKey })).toEqual(['secretKey'])
  expect(refused({ baseUrl: 'http://auth.example.com' })).toEqual(['baseUrl'])
  expect(refused({ smtpUrl: 'terminal:' })).toEqual(['smtpUrl'])
  expect(refused({ resetTokenDelivery: 'response' })).toEqual(['resetTokenDelivery'])
  for (const [name, row] of Object.entries(SETTINGS) as [string, Setting][])
    expect(`${name} ${row.env}`).not.toMatch(/cors|debug/i)
  await expect(createAuth({ ...good, throttle: false, secureCookie: false })).rejects.toSatisfy(
    (error) =>
      error instanceof OptionError &&
      error.problems.map(({ option }) => option).join() === 'secureCookie,throttle',
  )
})

it('signatures name their key, so that keys can rotate, and each purpose has its own key of 256 bits [CRY-04, CRY-05]', async () => {
  const [old, next] = [randomKey(), randomKey()]
  const ring = (keys: string) => createKeyring(parseSecretKeys(keys))
  const signature = ring(old).sign('device', 'text')
  expect(ring(`${next},${old}`).verify('device', 'text', signature)).toBe(true)
  expect(ring(`${next},${old}`).sign('device', 'text')).toBe(ring(next).sign('device', 'text'))
  expect(ring(next).verify('device', 'text', signature)).toBe(false)
  expect(ring(old).verify('other', 'text', signature)).toBe(false)
  expect(signature.split('.').map((part) => Buffer.from(part, 'base64url').length)).toEqual([6, 32])
  expect(() => parseSecretKeys(randomKey().slice(0, 40))).toThrow('too short')
  // Nothing else uses a key. Firebase's variant of scrypt ends with a cipher, but encrypts nothing secret.
  const sources = globSync('src/**/*.ts').filter((file) => !file.endsWith('.test.ts'))
  const using = (pattern: RegExp) =>
    sources.filter((file) => pattern.test(readFileSync(file, 'utf8'))).toSorted()
  expect(using(/\bcreateHmac\b|\bcreateCipher|\bcreateSign\b|\bsubtle\b/)).toEqual([
    'src/auth/passwords/hashing/firebase.ts',
    'src/lib/keyring.ts',
    // The form of what the keyring seals, and the codes of authenticator apps, each with a secret of its own.
    'src/lib/seal.ts',
    'src/lib/totp.ts',
  ])
  expect(using(/\.sign\('|\.sign\(PURPOSE/)).toEqual(['src/auth/sign-in/devices.ts'])
})

it('answers session checks while sign-ins fill the queue of hashes, and refuses further ones with 503 [AVL-01]', async () => {
  const release = Promise.withResolvers<void>()
  let blocked = false
  const held = async <Result>(work: () => Promise<Result>) => {
    if (blocked) await release.promise
    return work()
  }
  const hasher = {
    ...CHEAP_HASHER,
    verifyNothing: (password: string) => held(() => CHEAP_HASHER.verifyNothing(password)),
  }
  const production = await productionAuth('sqlite', { hasher, loginFailuresPerIp: 10_000 })
  const { auth } = production
  const { sessionToken } = await signedIn(production)
  blocked = true
  const codes: (string | null)[] = []
  const flood = Array.from({ length: 700 }, async (_, index) => {
    const json = { email: `nobody${index}@example.com`, password: WRONG }
    codes.push(await codeOf(await send(auth, 'POST', '/sessions', { json })))
  })
  await until(() => codes.length > 0)
  // No hash runs now: everything in the queue waits.
  expect((await send(auth, 'GET', '/session', { sessionToken })).status).toBe(200)
  expect((await send(auth, 'GET', '/profile', { sessionToken })).status).toBe(200)
  expect(new Set(codes)).toEqual(new Set(['unavailable']))
  release.resolve()
  await Promise.all(flood)
  expect(codes.filter((code) => code === 'unavailable').length).toBeLessThan(700 - 512 + 1)
})

it.each(['argon2id', 'bcrypt'] as const)(
  'hashes with %s off the event loop [AVL-01]',
  async (passwordHash) => {
    const hasher = createHasher({ ...inspectOptions({ mode: 'production' }).options, passwordHash })
    let isDone = false
    const hashing = hasher.hash(PASSWORD).finally(() => (isDone = true))
    let turns = 0
    while (!isDone) {
      await new Promise((resolve) => setImmediate(resolve))
      turns++
    }
    expect(await hasher.verify(PASSWORD, await hashing)).toBe(true)
    expect(turns).toBeGreaterThan(10)
  },
)

it('answers only to its own host name, and its cookies and pages do not depend on another one [CFG-09]', async () => {
  const production = await productionAuth('sqlite')
  const { auth } = production
  const { sessionToken } = await signedIn(production)
  for (const host of [
    'example.com',
    'www.example.com',
    'auth.example.com.evil.example',
    'auth.example.com:8443',
  ]) {
    const answer = await send(auth, 'GET', '/session', { sessionToken, headers: { host } })
    expect([answer.status, await codeOf(answer)], host).toEqual([421, 'unknown_host'])
  }
  const json = { email: BOB, password: PASSWORD }
  const cookies = (await send(auth, 'POST', '/sessions', { json })).headers.getSetCookie()
  expect(cookies.length).toBeGreaterThan(0)
  for (const cookie of cookies) expect(cookie).toMatch(/^__Host-(?!.*Domain=)/)
  // Passkeys are the only feature of browsers that has to be allowed. Without script, the forms work.
  const page = await send(auth, 'GET', '/sign_in', { headers: { accept: 'text/html' } })
  const allowed = page.headers
    .get('permissions-policy')
    ?.split(', ')
    .filter((policy) => !policy.endsWith('=()'))
  expect(allowed).toEqual(['publickey-credentials-create=(self)', 'publickey-credentials-get=(self)'])
  const html = await page.text()
  expect(html).toContain('<form method="post" action="/sign_in"')
  expect([...html.matchAll(/(?:src|href)="(https?:)?\/\//g)]).toEqual([])
})

it('a taken address is told to classic clients only, unless an operator accepts that it is revealed [CX-08]', async () => {
  const answerFor = async (options: Parameters<typeof productionAuth>[1]) => {
    const { auth } = await productionAuth('sqlite', options)
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    const answer = await send(auth, 'POST', '/users', { form: { email: BOB, password: NEW_PASSWORD } })
    return [answer.status, ((await answer.json()) as { message: string }).message]
  }
  expect(await answerFor({ mode: 'classic' })).toEqual([400, 'email already registered'])
  expect(await answerFor({})).toEqual([200, 'user created'])
  expect(await answerFor({ registrationAnswer: 'explicit' })).toEqual([400, 'email already registered'])
  const reasonIn = (registrationAnswer?: 'explicit') =>
    unsafeOptions(inspectOptions({ mode: 'production', registrationAnswer }).options).find(
      ({ option }) => option === 'registrationAnswer',
    )?.reason
  expect([reasonIn(), reasonIn('explicit')]).toEqual([
    undefined,
    'registration reveals whether an address has an account',
  ])
})

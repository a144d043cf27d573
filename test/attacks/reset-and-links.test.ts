/** Attacks on password resets and mailed links. */
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { sql } from 'kysely'
import PostalMime from 'postal-mime'
import { describe, expect, it } from 'vitest'
import type { Hasher, Mail } from '../../src/index.ts'
import { sha256 } from '../../src/lib/digest.ts'
import { isUnambiguousEmail, mailboxOf, normalizeEmail } from '../../src/model/user.ts'
import {
  CHEAP_HASHER,
  freshAuth,
  migratedDatabase,
  onBothEngines,
  onEachEngine,
  testClock,
} from '../support/engines.ts'
import {
  BASE_URL,
  everyRow,
  linkIn,
  memoryMailer,
  NEW_PASSWORD,
  PASSWORD,
  type Production,
  productionAuth,
  randomKey,
  until,
  untilNoMailWaits,
} from '../support/production.ts'
import { type Send, send } from '../support/send.ts'
import { startService } from '../support/service.ts'
import { signedIn } from '../support/signed-in.ts'
import { startSmtpServer } from '../support/smtp.ts'
import {
  addMember,
  GENEROUS,
  isPasswordOf,
  MALLORY,
  otherToken,
  outcome,
  PWNED,
  plainAuth,
  rowOf,
  signIn,
  tally,
  untilMailIsSettled,
  VICTIM,
} from './support.ts'

const HOST = new URL(BASE_URL).host
const EVIL = 'evil.example'
const OTHER = 'other@example.com'
const NEW_ADDRESS = 'new@example.com'

const askReset = ({ auth }: Pick<Production, 'auth'>, email: string, ip?: string) =>
  send(auth, 'POST', '/reset_password', { form: { email }, ...(ip && { ip }) })

const reset = ({ auth }: Pick<Production, 'auth'>, email: string, token: string, password = NEW_PASSWORD) =>
  send(auth, 'PUT', '/reset_password', { form: { email, reset_token: token, new_password: password } })

const confirm = ({ auth }: Pick<Production, 'auth'>, token: string, password = PASSWORD) =>
  send(auth, 'POST', '/confirm_email', { json: { token, password } })

/** Requests a reset. @returns The token in the mailed link. */
async function mailedReset(service: Production, email: string): Promise<string> {
  expect(await outcome(askReset(service, email))).toBe('200')
  return (await service.mailedLink('reset_password')).token
}

/** Requests another address for an account. @returns The token in the mailed link. */
async function mailedChange(service: Production, email: string, newEmail: string): Promise<string> {
  const { sessionToken } = await signIn(service.auth, email)
  const answer = await send(service.auth, 'PUT', '/profile/email', {
    json: { email: newEmail },
    sessionToken,
  })
  expect(await outcome(answer)).toBe('200')
  return (await service.mailedLink('confirm_new_email')).token
}

onEachEngine('the host of a mailed link', (engine) => {
  /** Every header from which some framework or proxy takes the address of a service. */
  const POISON: Record<string, string> = {
    forwarded: `for=192.0.2.1;host=${EVIL};proto=http`,
    'x-forwarded-host': EVIL,
    'x-forwarded-server': EVIL,
    'x-forwarded-proto': 'http',
    'x-forwarded-port': '8080',
    'x-forwarded-prefix': `//${EVIL}`,
    'x-forwarded-path': `//${EVIL}`,
    'x-forwarded-for': EVIL,
    'x-real-ip': EVIL,
    'x-host': EVIL,
    'x-original-host': EVIL,
    'x-http-host-override': EVIL,
    'x-original-url': `https://${EVIL}/reset_password`,
    'x-rewrite-url': `https://${EVIL}/reset_password`,
    referer: `https://${EVIL}/`,
    via: `1.1 ${EVIL}`,
  }

  const leadsHome = (mail: Mail, path: string) => {
    expect(linkIn(mail).page).toBe(BASE_URL + path)
    expect(`${mail.subject}${mail.text}${mail.html}`).not.toContain(EVIL)
  }

  it('CVE-2025-64101, CVE-2026-29067, GHSA-3529-5m8x-rpv3: does not depend on headers, not even of a trusted proxy', async () => {
    const service = await productionAuth(engine, { ...GENEROUS, trustedProxies: '192.0.2.1' })
    const { auth, newMails } = service
    await addMember(auth)
    const { sessionToken } = await signIn(auth)
    await newMails()
    const from = { ip: '192.0.2.1' }
    for (const [name, value] of Object.entries(POISON)) {
      const request = { form: { email: VICTIM }, headers: { [name]: value }, ...from }
      expect(await outcome(send(auth, 'POST', '/reset_password', request)), name).toBe('200')
      const mails = await newMails()
      expect(mails.map(({ to }) => to)).toEqual([VICTIM])
      for (const mail of mails) leadsHome(mail, '/reset_password')
    }
    const all = { headers: POISON, ...from }
    for (const [kind, path, [method, route], request] of [
      [
        'account_exists',
        '/reset_password',
        ['POST', '/users'],
        { form: { email: VICTIM, password: PASSWORD } },
      ],
      ['verify_email', '/confirm_email', ['POST', '/users'], { form: { email: OTHER, password: PASSWORD } }],
      ['verify_email', '/confirm_email', ['POST', '/request_confirmation'], { json: { email: OTHER } }],
      [
        'confirm_new_email',
        '/confirm_email',
        ['PUT', '/profile/email'],
        { json: { email: NEW_ADDRESS }, sessionToken },
      ],
    ] as const) {
      expect(await outcome(send(auth, method, route, { ...request, ...all })), route).toBe('200')
      const mail = (await newMails()).find((candidate) => candidate.kind === kind)
      leadsHome(mail ?? expect.unreachable(kind), path)
    }

    // With another base URL, as such a header would set it, the link gives the account to the attacker.
    const poisoned = await plainAuth(engine, { baseUrl: `https://${EVIL}` })
    await addMember(poisoned.auth)
    await askReset(poisoned, VICTIM)
    const [mail] = await poisoned.mails()
    const { page, token } = linkIn(mail ?? expect.unreachable())
    expect(page).toBe(`https://${EVIL}/reset_password`)
    expect(await outcome(reset(poisoned, VICTIM, token, PWNED))).toBe('200')
    expect(await isPasswordOf(poisoned.auth, VICTIM, PWNED)).toBe(true)
  })

  it('is never another one, because a request for another host sends no mail', async () => {
    const service = await productionAuth(engine, GENEROUS)
    const { auth, newMails } = service
    await addMember(auth)
    const hosts = [
      EVIL,
      `${EVIL}:443`,
      `${HOST}.${EVIL}`,
      `${EVIL}.${HOST}`,
      `${HOST}@${EVIL}`,
      `${HOST}:443@${EVIL}`,
      `${HOST}:${EVIL}`,
      `${HOST}:5000`,
      `${HOST}.`,
      `${HOST}\\@${EVIL}`,
      `${HOST}/${EVIL}`,
      `${HOST}, ${EVIL}`,
      `${EVIL}, ${HOST}`,
      `[::1]`,
      'localhost',
      '127.0.0.1',
      '',
    ]
    for (const host of hosts) {
      const answer = send(auth, 'POST', '/reset_password', { form: { email: VICTIM }, headers: { host } })
      expect(['421 unknown_host', '400 malformed_request'], host).toContain(await outcome(answer))
    }
    // The host in the request line takes precedence over the Host header.
    const elsewhere = new Request(`https://${EVIL}/reset_password`, {
      method: 'POST',
      body: new URLSearchParams({ email: VICTIM }),
      headers: { host: HOST },
    })
    expect(await outcome(auth.fetch(elsewhere))).toBe('421 unknown_host')
    expect(await newMails()).toEqual([])
    for (const host of [HOST, `${HOST}:443`, HOST.toUpperCase()]) {
      const answer = send(auth, 'POST', '/reset_password', { form: { email: VICTIM }, headers: { host } })
      expect(await outcome(answer), host).toBe('200')
      for (const mail of await newMails()) leadsHome(mail, '/reset_password')
    }
  })

  it('is not changed by an absolute request line or a second Host header', async () => {
    const databaseUrl = await migratedDatabase(engine)
    const library = await freshAuth(engine, { databaseUrl })
    await addMember(library)
    const smtp = await startSmtpServer()
    const { port } = await startService(databaseUrl, {
      env: {
        BIENVENUE_MODE: 'production',
        BASE_URL,
        BIENVENUE_SECRET_KEY: randomKey(),
        SMTP_URL: `smtp://127.0.0.1:${smtp.port}`,
        BIENVENUE_MAIL_FROM: 'no-reply@example.com',
        BIENVENUE_BREACH_CHECK_URL: 'off',
      },
    })
    const body = `email=${encodeURIComponent(VICTIM)}`
    const statusOf = async (target: string, ...headers: string[]) => {
      const socket = connect(port, '127.0.0.1')
      const head = [
        `POST ${target} HTTP/1.1`,
        ...headers,
        'Content-Type: application/x-www-form-urlencoded',
        `Content-Length: ${body.length}`,
        'Connection: close',
      ]
      socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
      return Number((await text(socket)).split(' ', 2)[1])
    }
    const own = `Host: ${HOST}`
    for (const [target, ...headers] of [
      [`https://${EVIL}/reset_password`, own],
      [`http://${EVIL}/reset_password`, own],
      [`http://${HOST}@${EVIL}/reset_password`, own],
      ['/reset_password', `Host: ${EVIL}`],
      ['/reset_password', own, `Host: ${EVIL}`],
      ['/reset_password', `Host: ${EVIL}`, own],
      ['/reset_password', `Host: ${HOST}@${EVIL}`],
      ['/reset_password'],
      [`//${EVIL}/reset_password`, own],
      [`@${EVIL}/reset_password`, own],
      [`\\${EVIL}/reset_password`, own],
    ] as const)
      expect([400, 404, 421], `${target} ${headers}`).toContain(await statusOf(target, ...headers))

    const poison = Object.entries(POISON).map(([name, value]) => `${name}: ${value}`)
    expect(await statusOf('/reset_password', own, ...poison)).toBe(200)
    await until(() => smtp.received.length > 0)
    // The only mail, because the other requests were refused.
    expect(smtp.received.map(({ to }) => to)).toEqual([[VICTIM]])
    const { raw, mail } = smtp.received[0] ?? expect.unreachable()
    expect(raw).not.toContain(EVIL)
    expect(mail.text).toContain(`${BASE_URL}/reset_password#`)
    expect(await statusOf(`https://${HOST}/reset_password`, own)).toBe(200)
  })
})

onEachEngine('a password reset', (engine) => {
  it('CVE-2026-18963: is completed only with the token of the mailed link', async () => {
    const service = await productionAuth(engine, GENEROUS)
    const { auth, db } = service
    await addMember(auth)
    await addMember(auth, MALLORY)
    const stranger = await signIn(auth, MALLORY)
    const owner = await signIn(auth)
    const own = await mailedReset(service, MALLORY)
    const token = await mailedReset(service, VICTIM)
    const row = await db
      .selectFrom('tokens')
      .selectAll()
      .where('email', '=', VICTIM)
      .executeTakeFirstOrThrow()
    const hash = Buffer.from(row.secret_hash)
    const [id = '', secret = ''] = token.split('.')
    expect(id).toBe(row.id)

    const values: unknown[] = [
      ...['', ' ', '.', '0', 'null', 'undefined', 'true', '%', "' or ''='", '*'],
      ...[id, `${id}.`, `.${secret}`, secret, `${id}.${hash.toString('base64url')}`, hash.toString('hex')],
      ...[`${id}.${'A'.repeat(43)}`, `${id}.${own.split('.')[1]}`, `${own.split('.')[0]}.${secret}`],
      ...[`${token} `, ` ${token}`, `${token}\n`, `${token}\0`, token.toUpperCase(), token.slice(0, -1)],
      ...[own, stranger.sessionToken, stranger.deviceToken, owner.sessionToken, owner.deviceToken],
      ...[null, true, 0, 1, [], [token], {}, { $ne: null }, { $gt: '' }, { length: 80 }],
    ]
    const before = await rowOf(service, VICTIM)
    const fields = { email: VICTIM, new_password: PWNED }
    for (const reset_token of values) {
      const refused = await outcome(
        send(auth, 'PUT', '/reset_password', {
          json: { ...fields, reset_token },
          sessionToken: stranger.sessionToken,
        }),
      )
      expect(refused, JSON.stringify(reset_token)).toMatch(
        /^(?:403 invalid_reset_token|400 (?:missing|invalid)_field)$/,
      )
    }
    expect(await outcome(send(auth, 'PUT', '/reset_password', { json: fields }))).toBe('400 missing_field')
    // A token of another account changes that account only.
    expect(await outcome(reset(service, MALLORY, own, PWNED))).toBe('200')
    expect(await rowOf(service, VICTIM)).toEqual(before)
    // The token of the mailed link works.
    expect(await outcome(reset(service, VICTIM, token, PWNED))).toBe('200')
    expect(await isPasswordOf(auth, VICTIM, PWNED)).toBe(true)
  })

  it('classic teaching services: without a token is refused, also for accounts that have no token', async () => {
    const password = 'b4l0u'
    for (const auth of [await freshAuth(engine), (await productionAuth(engine)).auth]) {
      const isClassic = auth.options.mode === 'classic'
      const put = (json: Send['json']) => send(auth, 'PUT', '/reset_password', { json })
      await addMember(auth, VICTIM, isClassic ? password : PASSWORD)
      await addMember(auth, OTHER, isClassic ? password : PASSWORD)
      const users = () => Array.fromAsync(auth.users.list())
      const before = await users()
      // The vulnerable look-up: a missing token matches the first account without one.
      expect(await auth.db.findUserBy({ id: before[0]?.id ?? 0 })).toMatchObject({
        email: VICTIM,
        resetToken: null,
      })
      for (const email of [VICTIM, OTHER, 'nobody@example.com', undefined]) {
        for (const reset_token of [undefined, null, '', 'null', 'None', 'undefined', 0, false, []]) {
          const refused = await outcome(put({ email, reset_token, new_password: PWNED }))
          expect(refused).toMatch(/^(?:400 (?:missing|invalid)_field|403 invalid_reset_token)$/)
        }
      }
      expect(await users()).toEqual(before)
    }
    // With a token, the same request changes the password.
    const service = await productionAuth(engine)
    await addMember(service.auth)
    expect(await outcome(reset(service, VICTIM, await mailedReset(service, VICTIM)))).toBe('200')
    expect(await isPasswordOf(service.auth, VICTIM, NEW_PASSWORD)).toBe(true)
  })

  it('CVE-2026-105211: has its token only in the mail, never in a response, log, audit record or table', async () => {
    const said: string[] = []
    const write = (fields: object, message: string) => void said.push(JSON.stringify(fields) + message)
    const service = await productionAuth(engine, {
      logger: { debug: write, info: write, warn: write, error: write },
      onAudit: (record) => void said.push(JSON.stringify(record)),
    })
    const { auth, db, newMails } = service
    await addMember(auth)
    const { sessionToken } = await signIn(auth)
    const requests = [
      ['POST', '/reset_password', { form: { email: VICTIM } }],
      ['POST', '/users', { form: { email: VICTIM, password: PASSWORD } }],
      ['POST', '/users', { form: { email: OTHER, password: PASSWORD } }],
      ['POST', '/request_confirmation', { json: { email: OTHER } }],
      ['PUT', '/profile/email', { json: { email: NEW_ADDRESS }, sessionToken }],
    ] as const
    const tokens: string[] = []
    for (const [method, path, request] of requests) {
      const answer = await send(auth, method, path, request)
      expect(answer.status).toBe(200)
      said.push(JSON.stringify([...answer.headers]), await answer.text())
      const links = (await newMails()).filter(({ text }) => text.includes(`${BASE_URL}/`)).map(linkIn)
      expect(links, path).toHaveLength(1)
      tokens.push(...links.map(({ token }) => token))
    }
    said.push(JSON.stringify(await everyRow(db)))
    for (const secret of tokens.map((token) => token.split('.')[1] ?? expect.unreachable())) {
      expect(secret).toHaveLength(43)
      const forms = [secret, Buffer.from(secret, 'base64url').toString('hex')]
      expect(said.filter((each) => forms.some((form) => each.includes(form)))).toEqual([])
    }

    // With this guard switched off, the response is enough to take over any account.
    const open = await freshAuth(engine, { resetTokenDelivery: 'response' })
    await addMember(open)
    const asked = await send(open, 'POST', '/reset_password', { form: { email: VICTIM } })
    const { reset_token } = (await asked.json()) as { reset_token: string }
    const taken = { email: VICTIM, reset_token, new_password: PWNED }
    expect(await outcome(send(open, 'PUT', '/reset_password', { form: taken }))).toBe('200')
    expect(await isPasswordOf(open, VICTIM, PWNED)).toBe(true)
  })

  it('does not accept the password that was marked as compromised', async () => {
    const service = await productionAuth(engine, GENEROUS)
    const { auth } = service
    const { id } = await addMember(auth)
    await auth.users.markPasswordCompromised(id)
    const form = { email: VICTIM, password: PASSWORD }
    expect(await outcome(send(auth, 'POST', '/sessions', { form }))).toBe('403 password_compromised')
    const token = await mailedReset(service, VICTIM)
    expect(await outcome(reset(service, VICTIM, token, PASSWORD))).not.toBe('200')
    expect(await outcome(send(auth, 'POST', '/sessions', { form }))).not.toBe('200')
  })

  const STORED = 'Jörg.Kahn@bücher.example'

  it('GHSA-qw9g-7549-7wg5: goes to the address of the account in any spelling, and never to a look-alike', async () => {
    const service = await productionAuth(engine, GENEROUS)
    const { auth, newMails } = service
    // Not confirmed yet, so that every route sends it a mail.
    await auth.registerUser(STORED, PASSWORD)
    await addMember(auth, MALLORY)
    const { sessionToken } = await signIn(auth, MALLORY)
    await newMails()
    for (const typed of [
      STORED.toUpperCase(),
      STORED.normalize('NFD'),
      ` ${STORED} `,
      'jörg.kahn@xn--bcher-kva.example',
      // The Kelvin sign is canonically equivalent to K, and IDNA maps the fullwidth full stop to a dot.
      'Jörg.\u212aahn@bücher.example',
      'Jörg.Kahn@bücher\uff0eexample',
      'Jörg.Kahn@bü\u034fcher.example',
    ]) {
      expect(typed).not.toBe(STORED)
      for (const [method, path, request] of [
        ['POST', '/reset_password', { form: { email: typed } }],
        ['POST', '/users', { form: { email: typed, password: PASSWORD } }],
        ['POST', '/request_confirmation', { json: { email: typed } }],
        ['PUT', '/profile/email', { json: { email: typed }, sessionToken }],
      ] as const) {
        const isStored = path === '/users' || path === '/profile/email'
        const isRefused = isStored && !isUnambiguousEmail(typed)
        expect(await outcome(send(auth, method, path, request)), `${path} ${typed}`).toBe(
          isRefused ? '400 invalid_email' : '200',
        )
        const recipients = (await newMails()).map(({ to }) => to).filter((to) => to !== MALLORY)
        expect(recipients, `${path} ${typed}`).toEqual(isRefused ? [] : [mailboxOf(STORED)])
      }
    }
    // Equal in a typical database collation, but the mailbox of another user.
    const loose = new Intl.Collator('und', { sensitivity: 'base', ignorePunctuation: false })
    const lookAlikes = [
      'jorg.kahn@bücher.example',
      'jörg.kahn@bucher.example',
      'jörg.káhn@bücher.example',
      '\uff4aörg.kahn@bücher.example',
      'jörg.kah\u207f@bücher.example',
    ]
    for (const typed of lookAlikes) {
      expect(loose.compare(typed, STORED), typed).toBe(0)
      expect(await outcome(askReset(service, typed)), typed).toBe('200')
      expect(await newMails(), typed).toEqual([])
      // A separate account. It may be older than the rule by which registration refuses such an address.
      await auth.db.addUser(typed, '!')
      expect(await outcome(askReset(service, typed))).toBe('200')
      const [mail, ...others] = await newMails()
      expect([mail?.to, others]).toEqual([mailboxOf(typed), []])
      const { token } = linkIn(mail ?? expect.unreachable())
      expect(await outcome(reset(service, STORED, token, PWNED)), typed).toBe('403 invalid_reset_token')
    }
    expect(await isPasswordOf(auth, STORED, PASSWORD)).toBe(true)
  })

  it('is sent over SMTP to the normalised address of the account', async () => {
    const smtp = await startSmtpServer()
    const { auth } = await plainAuth(engine, {
      ...GENEROUS,
      smtpUrl: `smtp://127.0.0.1:${smtp.port}`,
      mailFrom: 'no-reply@example.com',
    })
    const spellings = [
      'bob@exam\u034fple.com',
      'bob@example\uff0ecom',
      'bob@\uff45xample.com',
      'bob@EXAMPLE\u3002com',
      'bob@exa\u1d50ple.com',
      'bob@exam\ufe00ple.com',
    ]
    for (const [index, email] of spellings.entries()) {
      const typed = email.replace('bob', `bob${index}`)
      expect(normalizeEmail(typed)).toBe(`bob${index}@example.com`)
      // Older versions stored such addresses. Registration refuses some of them now.
      await auth.db.addUser(typed, '!')
      await askReset({ auth }, typed)
    }
    await until(() => smtp.received.length === spellings.length)
    expect(smtp.received.flatMap(({ to }) => to).sort()).toEqual(
      spellings.map((_, index) => `bob${index}@example.com`),
    )
  })
})

onEachEngine('a change of address', (engine) => {
  it('supabase/auth#2600: needs the new mailbox and the password, and notifies the old mailbox, with any settings', async () => {
    const here = { mode: 'classic', baseUrl: 'http://localhost:5000', secretKey: undefined } as const
    for (const options of [
      {},
      { registrationAnswer: 'explicit' },
      { emailTokenLifetimeSeconds: 60, reauthenticationSeconds: 30 },
      here,
      { ...here, resetTokenDelivery: 'mail', emailVerification: true },
      { ...here, throttle: false, secureCookie: true, registrationAnswer: 'explicit' },
    ] as const) {
      const now = testClock()
      const { auth, mails } = await plainAuth(engine, { ...options, now })
      const go = (method: string, path: string, json: Send['json'], sessionToken?: string) =>
        send(auth, method, path, { json, sessionToken })
      await addMember(auth)
      const { sessionToken } = signedIn(await auth.signIn.withPassword({ email: VICTIM, password: PASSWORD }))
      await mails()
      const before = await auth.db.findUserBy({ email: VICTIM })
      expect(await outcome(go('PUT', '/profile/email', { email: NEW_ADDRESS }, sessionToken))).toBe('200')
      const [toNew, toOld, ...others] = (await mails()).toSorted((a, b) => a.to.localeCompare(b.to))
      expect([toNew?.to, toOld?.to, others]).toEqual([NEW_ADDRESS, VICTIM, []])
      const { token } = linkIn(toNew ?? expect.unreachable())
      // One of the two is not enough.
      for (const [json, refusal] of [
        [{ token, password: PWNED }, '401 invalid_credentials'],
        [{ token }, '400 missing_field'],
        [{ token: otherToken(token), password: PASSWORD }, '403 invalid_confirmation_token'],
        [{ password: PASSWORD }, '400 missing_field'],
      ] as const) {
        expect(await outcome(go('POST', '/confirm_email', json))).toBe(refusal)
        expect(await auth.db.findUserBy({ email: VICTIM })).toEqual(before)
      }
      expect(await outcome(go('POST', '/confirm_email', { token, password: PASSWORD }))).toBe('200')
      expect((await auth.db.findUserBy({ email: NEW_ADDRESS })).id).toBe(before.id)
      expect((await mails()).map(({ to }) => to)).toEqual([VICTIM])
      // A session that is not fresh cannot request the change.
      now.advance(auth.options.reauthenticationSeconds)
      const late = go('PUT', '/profile/email', { email: MALLORY }, sessionToken)
      expect(await outcome(late)).toBe('403 reauthentication_required')
    }
  })

  it('voids all links to the old address and to abandoned new ones, also after changing back', async () => {
    const service = await productionAuth(engine, GENEROUS)
    const { auth } = service
    await addMember(auth)
    const stale = await mailedReset(service, VICTIM)
    const given = await mailedChange(service, VICTIM, MALLORY)
    const taken = await mailedChange(service, VICTIM, NEW_ADDRESS)
    // Only the latest request counts.
    expect(await outcome(confirm(service, given))).toBe('403 invalid_confirmation_token')
    expect(await outcome(confirm(service, taken))).toBe('200')
    const inBetween = await mailedReset(service, NEW_ADDRESS)
    const back = await mailedChange(service, NEW_ADDRESS, VICTIM)
    expect(await outcome(confirm(service, back))).toBe('200')
    const before = await rowOf(service, VICTIM)
    for (const token of [stale, inBetween])
      for (const email of [VICTIM, NEW_ADDRESS])
        expect(await outcome(reset(service, email, token, PWNED))).toBe('403 invalid_reset_token')
    for (const token of [given, taken, back])
      expect(await outcome(confirm(service, token))).toBe('403 invalid_confirmation_token')
    expect(await rowOf(service, VICTIM)).toEqual(before)
    // A new link works.
    expect(await outcome(reset(service, VICTIM, await mailedReset(service, VICTIM)))).toBe('200')
  })

  it('succeeds for one of several accounts that confirm the same address at once', async () => {
    const service = await productionAuth(engine, GENEROUS)
    const { auth } = service
    const emails = Array.from({ length: 10 }, (_, index) => `member${index}@example.com`)
    const tokens: string[] = []
    for (const email of emails) {
      await addMember(auth, email)
      tokens.push(await mailedChange(service, email, NEW_ADDRESS))
    }
    const outcomes = await Promise.all(tokens.map((token) => outcome(confirm(service, token))))
    expect(tally(outcomes)).toEqual({ 200: 1, '403 invalid_confirmation_token': 9 })
    const left = (await Array.fromAsync(auth.users.list())).map(({ email }) => email)
    expect(left.filter((email) => email === NEW_ADDRESS)).toHaveLength(1)
    expect(new Set(left).size).toBe(10)
  })
})

onEachEngine('a mailed token', (engine) => {
  it('works only for its own purpose', async () => {
    const service = await productionAuth(engine, GENEROUS)
    const { auth, db, mailedLink } = service
    await send(auth, 'POST', '/users', { form: { email: VICTIM, password: PASSWORD } })
    const confirmation = (await mailedLink('verify_email')).token
    const resetting = await mailedReset(service, VICTIM)
    await addMember(auth, OTHER)
    const change = await mailedChange(service, OTHER, NEW_ADDRESS)
    const { sessionToken } = await signIn(auth, OTHER)
    const purposes = await db.selectFrom('tokens').select('purpose').orderBy('purpose').execute()
    expect(purposes.map(({ purpose }) => purpose)).toEqual([
      'change_email',
      'confirm_email',
      'reset_password',
    ])

    const before = [await rowOf(service, VICTIM), await rowOf(service, OTHER)]
    for (const token of [confirmation, change, sessionToken])
      for (const email of [VICTIM, OTHER, NEW_ADDRESS])
        expect(await outcome(reset(service, email, token, PWNED))).toBe('403 invalid_reset_token')
    for (const token of [resetting, sessionToken])
      expect(await outcome(confirm(service, token))).toBe('403 invalid_confirmation_token')
    for (const token of [resetting, confirmation, change])
      expect(await outcome(send(auth, 'GET', '/profile', { sessionToken: token }))).toBe(
        '403 session_required',
      )
    expect([await rowOf(service, VICTIM), await rowOf(service, OTHER)]).toEqual(before)
    // Each works for its purpose.
    expect(await outcome(confirm(service, confirmation))).toBe('200')
    expect(await outcome(reset(service, VICTIM, resetting))).toBe('200')
    expect(await outcome(confirm(service, change))).toBe('200')
  })

  it.each<[string, (service: Production, token: string) => Promise<unknown>]>([
    ['its use', (service, token) => reset(service, VICTIM, token)],
    [
      'a password change',
      async (service) => {
        const { sessionToken } = await signIn(service.auth)
        const json = { current_password: PASSWORD, new_password: NEW_PASSWORD }
        expect((await send(service.auth, 'PUT', '/profile/password', { json, sessionToken })).status).toBe(
          200,
        )
      },
    ],
    [
      'an address change',
      async (service) => confirm(service, await mailedChange(service, VICTIM, NEW_ADDRESS)),
    ],
    [
      'disabling the account, even if it is enabled again',
      async ({ auth }) => {
        const { id } = await auth.db.findUserBy({ email: VICTIM })
        await auth.users.disable(id)
        await auth.users.enable(id)
      },
    ],
    [
      'marking the password as compromised',
      async ({ auth }) =>
        auth.users.markPasswordCompromised((await auth.db.findUserBy({ email: VICTIM })).id),
    ],
    [
      'deleting the account, even if the address is registered again',
      async ({ auth }) => {
        const { sessionToken } = await signIn(auth)
        expect((await send(auth, 'DELETE', '/profile', { sessionToken })).status).toBe(200)
        await addMember(auth)
      },
    ],
    ['one hour', async ({ now }) => now.advance(3_600)],
  ])('is invalid after %s', async (name, happens) => {
    const service = await productionAuth(engine, GENEROUS)
    const { auth, now } = service
    await addMember(auth)
    await addMember(auth, OTHER)
    // The control is a token of the same age for an account that does not change.
    const [token, others] = [await mailedReset(service, VICTIM), await mailedReset(service, OTHER)]
    if (name === 'one hour') now.advance(-1)
    await happens(service, token)
    if (name === 'one hour') {
      expect(await outcome(reset(service, OTHER, others))).toBe('200')
      now.advance(1)
    }
    for (const email of [VICTIM, NEW_ADDRESS])
      expect(await outcome(reset(service, email, token, PWNED))).toBe('403 invalid_reset_token')
    for (const email of [VICTIM, NEW_ADDRESS])
      if (await rowOf(service, email)) expect(await isPasswordOf(auth, email, PWNED)).toBe(false)
    if (name !== 'one hour') expect(await outcome(reset(service, OTHER, others))).toBe('200')
  })

  it('is not used up by opening the link, as mail scanners do [EML-04]', async () => {
    const service = await productionAuth(engine, GENEROUS)
    const { auth, db, mailedLink } = service
    await send(auth, 'POST', '/users', { form: { email: VICTIM, password: PASSWORD } })
    const confirmation = (await mailedLink('verify_email')).token
    const resetting = await mailedReset(service, VICTIM)
    const before = await everyRow(db)
    const links = [
      ['/confirm_email', confirmation],
      ['/reset_password', resetting],
    ] as const
    for (const [path, token] of links) {
      const query = new URLSearchParams({
        token,
        reset_token: token,
        email: VICTIM,
        password: PASSWORD,
        new_password: PWNED,
        _method: 'PUT',
      })
      for (const method of ['GET', 'HEAD'])
        for (const target of [path, `${path}?${query}`, `${path}?token=${token}#token=${token}`])
          expect((await send(auth, method, target)).status).toBe(200)
    }
    expect(await everyRow(db)).toEqual(before)
    expect(await outcome(confirm(service, confirmation))).toBe('200')
    expect(await outcome(reset(service, VICTIM, resetting))).toBe('200')
  })

  it('is refused if the address of the account has changed, whatever changed it', async () => {
    const service = await productionAuth(engine, GENEROUS)
    const { auth } = service
    const { id } = await addMember(auth)
    const token = await mailedReset(service, VICTIM)
    await auth.db.updateUser(id, { email: NEW_ADDRESS })
    for (const email of [VICTIM, NEW_ADDRESS])
      expect(await outcome(reset(service, email, token, PWNED))).toBe('403 invalid_reset_token')
    expect(await isPasswordOf(auth, NEW_ADDRESS, PWNED)).toBe(false)
  })
})

onBothEngines('a mailed token', (engine) => {
  it('is accepted once, even if twenty requests have all found it valid [REC-06]', async () => {
    let looks = 0
    let isCounting = false
    const clock = testClock()
    const counting = () => {
      if (isCounting) looks++
      return clock()
    }
    const hashed: string[] = []
    // No request continues before all of them have read the token.
    const hasher: Hasher = {
      ...CHEAP_HASHER,
      async hash(password) {
        hashed.push(password)
        if (isCounting) await until(() => looks >= 20)
        return CHEAP_HASHER.hash(password)
      },
    }
    const service = await productionAuth(engine, {
      ...GENEROUS,
      hasher,
      now: Object.assign(counting, { advance: clock.advance }),
    })
    await addMember(service.auth)
    const token = await mailedReset(service, VICTIM)
    hashed.length = 0
    isCounting = true
    const passwords = Array.from({ length: 20 }, (_, index) => `${NEW_PASSWORD} ${index}`)
    const outcomes = await Promise.all(
      passwords.map((password) => outcome(reset(service, VICTIM, token, password))),
    )
    isCounting = false
    // All twenty hashed, so all had read a valid token. A check without a lock would have accepted them all.
    expect(hashed.toSorted()).toEqual(passwords.toSorted())
    expect(tally(outcomes)).toEqual({ 200: 1, '403 invalid_reset_token': 19 })
    const winner = passwords[outcomes.indexOf('200')] ?? expect.unreachable()
    expect(await isPasswordOf(service.auth, VICTIM, winner)).toBe(true)
  })

  it('confirms an address once, even if twenty requests arrive at once [EML-03]', async () => {
    const service = await productionAuth(engine, GENEROUS)
    const { auth, mailedLink } = service
    await send(auth, 'POST', '/users', { form: { email: VICTIM, password: PASSWORD } })
    const { token } = await mailedLink('verify_email')
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => outcome(confirm(service, token))))
    expect(tally(outcomes)).toEqual({ 200: 1, '403 invalid_confirmation_token': 19 })
    const lines = (await Array.fromAsync(auth.audit.list({ action: 'confirm_email' }))).map(
      ({ outcome }) => outcome,
    )
    expect(tally(lines)).toEqual({ success: 1 })
  })
})

describe('a mailed token, on postgres', () => {
  it('is useless in a mail that leaves while the account changes its address', async () => {
    const service = await productionAuth('postgres', GENEROUS)
    const { auth, db, now, newMails } = service
    await addMember(auth)
    await mailedReset(service, VICTIM)
    const change = await mailedChange(service, VICTIM, NEW_ADDRESS)
    await newMails()
    // A locked budget row holds the mail between reading its account and creating its token.
    const hour = Math.floor(now().getTime() / 3_600_000)
    const key = Buffer.from(sha256(['hourly', `recovery to ${VICTIM}`, hour].join('\n'))).toString('hex')
    const holding = await db.startTransaction().execute()
    const { rows } = await sql`select key from throttles where key = ${key} for update`.execute(holding)
    expect(rows).toHaveLength(1)
    await askReset(service, VICTIM)
    await until(async () => {
      const waiting = await sql<{ count: number }>`select count(*)::int as count from pg_locks
        where not granted and pid in (select pid from pg_stat_activity where datname = current_database())`.execute(
        db,
      )
      return (waiting.rows[0]?.count ?? 0) > 0
    })
    expect(await outcome(confirm(service, change))).toBe('200')
    await holding.commit().execute()
    const toOld = (await newMails()).filter(({ to, kind }) => to === VICTIM && kind === 'reset_password')
    for (const mail of toOld) {
      const { token } = linkIn(mail)
      expect(await outcome(reset(service, VICTIM, token, PWNED))).toBe('403 invalid_reset_token')
    }
    expect(await isPasswordOf(auth, NEW_ADDRESS, PWNED)).toBe(false)
  })
})

onEachEngine('a mailed link that its owner has not used yet', (engine) => {
  /** Everything that makes the service mail a link, and that a stranger can do. */
  const STRANGERS: readonly [string, (service: Production) => Promise<Response>][] = [
    ['a reset', (service) => askReset(service, VICTIM)],
    [
      'a registration',
      ({ auth }) => send(auth, 'POST', '/users', { form: { email: VICTIM, password: PWNED } }),
    ],
    [
      'a confirmation',
      ({ auth }) => send(auth, 'POST', '/request_confirmation', { json: { email: VICTIM } }),
    ],
    [
      'a change to that address',
      async ({ auth }) => {
        await addMember(auth, MALLORY).catch(() => {})
        const { sessionToken } = await signIn(auth, MALLORY)
        return send(auth, 'PUT', '/profile/email', { json: { email: VICTIM }, sessionToken })
      },
    ],
  ]

  it.each(STRANGERS)(
    'still resets the password after a stranger requested %s again and again',
    async (_, ask) => {
      const service = await productionAuth(engine, GENEROUS)
      await addMember(service.auth)
      const token = await mailedReset(service, VICTIM)
      for (let request = 0; request < 25; request++) {
        expect(await outcome(ask(service))).toBe('200')
        await service.newMails()
      }
      expect(await outcome(reset(service, VICTIM, token))).toBe('200')
      expect(await isPasswordOf(service.auth, VICTIM, NEW_PASSWORD)).toBe(true)
    },
  )

  it('still confirms the address after a stranger requested confirmations and resets', async () => {
    const service = await productionAuth(engine, GENEROUS)
    await send(service.auth, 'POST', '/users', { form: { email: VICTIM, password: PASSWORD } })
    const { token } = await service.mailedLink('verify_email')
    for (const [, ask] of STRANGERS.slice(0, 3)) {
      for (let request = 0; request < 3; request++) {
        expect(await outcome(ask(service))).toBe('200')
        await service.newMails()
      }
    }
    expect(await outcome(confirm(service, token))).toBe('200')
  })

  it('is the newest in users.reset_token, and one of at most 20 [AVL-04]', async () => {
    const service = await productionAuth(engine, { ...GENEROUS, mailsPerMailbox: 1_000 })
    const { id } = await addMember(service.auth)
    const named = async () => (await service.auth.db.findUserBy({ id })).resetToken
    const links: string[] = []
    for (let request = 0; request < 20; request++) {
      const token = await mailedReset(service, VICTIM)
      expect(await named()).toBe(token.split('.')[0])
      links.push(token)
    }
    // No mail with a twenty-first link: the mailbox has twenty that work.
    expect(await outcome(askReset(service, VICTIM))).toBe('200')
    expect(await service.newMails()).toEqual([])
    await expect(service.auth.account.createResetToken({ email: VICTIM })).rejects.toMatchObject({
      code: 'too_many_attempts',
      retryAfterSeconds: 3_600,
    })
    expect(await service.db.selectFrom('tokens').select('id').execute()).toHaveLength(20)
    service.now.advance(3_600)
    links.push(await mailedReset(service, VICTIM))
    expect(await outcome(reset(service, VICTIM, links[0] ?? ''))).toBe('403 invalid_reset_token')
    expect(await outcome(reset(service, VICTIM, links[20] ?? ''))).toBe('200')
  })

  it('is one of many, of which one alone is used even if all are used at once', async () => {
    const service = await productionAuth(engine, GENEROUS)
    await addMember(service.auth)
    const links: string[] = []
    for (let request = 0; request < 5; request++) links.push(await mailedReset(service, VICTIM))
    const outcomes = await Promise.all(links.map((token) => outcome(reset(service, VICTIM, token))))
    expect(tally(outcomes)).toEqual({ 200: 1, '403 invalid_reset_token': 4 })
    expect(await service.db.selectFrom('tokens').select('id').execute()).toEqual([])
  })

  it('to an address that its owner mistyped stops working when they request another', async () => {
    const service = await productionAuth(engine, GENEROUS)
    await addMember(service.auth)
    const mistyped = await mailedChange(service, VICTIM, OTHER)
    const right = await mailedChange(service, VICTIM, NEW_ADDRESS)
    expect(await outcome(confirm(service, mistyped))).toBe('403 invalid_confirmation_token')
    expect(await outcome(confirm(service, right))).toBe('200')
  })
})

onEachEngine('mail for an account that is being deleted', (engine) => {
  it.each(['its user', 'an operator'])(
    'causes no error that would reveal the account, if %s deletes it',
    async (whom) => {
      const { auth } = await productionAuth(engine, GENEROUS)
      for (let round = 0; round < 5; round++) {
        const email = `member${round}@example.com`
        const { id } =
          whom === 'its user' ? await addMember(auth, email) : await auth.registerUser(email, PASSWORD)
        const sessionToken = whom === 'its user' ? (await signIn(auth, email)).sessionToken : undefined
        await askReset({ auth }, email)
        const ofStrangers = () => [
          ...Array.from({ length: 3 }, () => askReset({ auth }, email)),
          send(auth, 'POST', '/request_confirmation', { json: { email } }),
          send(auth, 'POST', '/users', { form: { email, password: NEW_PASSWORD } }),
        ]
        const json = { email: NEW_ADDRESS }
        const change = () => send(auth, 'PUT', '/profile/email', { json, sessionToken })
        const before = ofStrangers()
        const own = sessionToken === undefined ? [] : Array.from({ length: 5 }, change)
        const deletion =
          sessionToken === undefined
            ? auth.users.delete(id).then((isDeleted) => (isDeleted ? '200' : 'no such user'))
            : outcome(send(auth, 'DELETE', '/profile', { sessionToken }))
        const strangers = await Promise.all([...before, ...ofStrangers()].map(outcome))
        expect(tally(strangers)).toEqual({ 200: 10 })
        const theirs = await Promise.all(own.map(outcome))
        expect(theirs.filter((each) => each.startsWith('5'))).toEqual([])
        expect(await deletion).toBe('200')
      }
    },
  )
})

onEachEngine('a mailbox', (engine) => {
  const SPELLINGS = [
    'böb@bücher.example',
    'BÖB@BÜCHER.EXAMPLE',
    ' böb@bücher.example ',
    'bo\u0308b@bu\u0308cher.example',
    'böb@xn--bcher-kva.example',
    'böb@XN--BCHER-KVA.example',
    'Böb@bücher\u3002example',
  ]
  const [STORED = ''] = SPELLINGS
  const NEIGHBOURS = ['böb+tag@bücher.example', 'b.öb@bücher.example', 'bob@bücher.example']

  it.each([
    ['resets', '/reset_password', (email: string) => ({ form: { email } })],
    ['registrations', '/users', (email: string) => ({ form: { email, password: PASSWORD } })],
    ['confirmations', '/request_confirmation', (email: string) => ({ json: { email } })],
  ])('is not flooded by %s in many spellings from many addresses', async (_, path, requestFor) => {
    const ask = async (limit: number) => {
      const { auth, db } = await productionAuth(engine, { resetRequestsPerAccount: limit })
      // Not confirmed yet, so that each of the three routes sends it a mail.
      await auth.registerUser(STORED, PASSWORD)
      const requests = Array.from({ length: 35 }, (_, index) => {
        const email = SPELLINGS[index % SPELLINGS.length] ?? STORED
        return outcome(send(auth, 'POST', path, { ...requestFor(email), ip: `192.0.2.${index}` }))
      })
      const outcomes = tally(await Promise.all(requests))
      const neighbours = await Promise.all(
        NEIGHBOURS.map((email) => outcome(send(auth, 'POST', path, requestFor(email)))),
      )
      // Addresses with dots and tags are other mailboxes, with their own limits.
      expect(neighbours).toEqual(['200', '200', '200'])
      await untilNoMailWaits(auth)
      const keys = await db.selectFrom('users').select('normalized_email').execute()
      expect(keys.filter(({ normalized_email }) => normalized_email === normalizeEmail(STORED))).toHaveLength(
        1,
      )
      return outcomes
    }
    expect(await ask(5)).toEqual({ 200: 5, '429 too_many_attempts': 30 })
    expect(await ask(100)).toEqual({ 200: 35 })
  })

  it('gets no more mail per hour than its budgets allow, whatever routes and clients cause it', async () => {
    const bomb = async (mailsPerMailbox: number) => {
      const mailer = memoryMailer()
      const { auth, db } = await productionAuth(engine, { mailsPerMailbox, mailer })
      await addMember(auth)
      const settled = () => untilMailIsSettled(db)
      for (let round = 0; round < 4; round++) {
        const ip = `192.0.2.${round}`
        await askReset({ auth }, VICTIM, ip)
        await settled()
        const form = { email: VICTIM.toUpperCase(), password: PASSWORD }
        await send(auth, 'POST', '/users', { form, ip })
        await settled()
        const stranger = `stranger${round}@evil.example`
        await addMember(auth, stranger)
        const { sessionToken } = await signIn(auth, stranger)
        await send(auth, 'PUT', '/profile/email', { json: { email: VICTIM }, sessionToken })
        await settled()
      }
      return mailer.mails.filter(({ to }) => to === VICTIM).length
    }
    // Mail for recovery and other mail have separate budgets.
    expect(await bomb(1_000)).toBe(12)
    expect(await bomb(2)).toBe(2 + 2)
  })

  /** Lets a stranger use up the mail budget of the victim's mailbox. */
  async function filledMailbox() {
    const mailer = memoryMailer()
    const { auth, db, now } = await productionAuth(engine, { ...GENEROUS, mailsPerMailbox: 3, mailer })
    await addMember(auth)
    const settled = () => untilMailIsSettled(db)
    for (let request = 0; request < 3; request++) {
      await askReset({ auth }, VICTIM)
      await settled()
    }
    expect(mailer.mails).toHaveLength(3)
    return { auth, now, mailer, settled }
  }

  it('gets the security notices of its account even if a stranger has used up its budget', async () => {
    const { auth, mailer, settled } = await filledMailbox()
    const { sessionToken } = await signIn(auth)
    await settled()
    await send(auth, 'PUT', '/profile/email', { json: { email: MALLORY }, sessionToken })
    await settled()
    const link = mailer.mails.find(({ to }) => to === MALLORY) ?? expect.unreachable()
    expect(await outcome(confirm({ auth }, linkIn(link).token))).toBe('200')
    await settled()
    const news = mailer.mails.filter(({ to }) => to === VICTIM).map(({ kind }) => kind)
    // The attacker has taken over the address. Without these notices the owner would not know.
    expect(news).toEqual(expect.arrayContaining(['new_device', 'email_change_requested', 'email_changed']))
  })

  it('gets delayed notices even if the account has another address by then', async () => {
    const { auth, now, mailer, settled } = await filledMailbox()
    const { sessionToken } = await signIn(auth)
    await settled()
    await send(auth, 'PUT', '/profile/email', { json: { email: MALLORY }, sessionToken })
    await settled()
    const link = mailer.mails.find(({ to }) => to === MALLORY) ?? expect.unreachable()
    expect(await outcome(confirm({ auth }, linkIn(link).token))).toBe('200')
    now.advance(3_600)
    await untilNoMailWaits(auth)
    const recipients = mailer.mails
      .filter(({ kind }) => kind === 'new_device' || kind === 'email_change_requested')
      .map(({ to }) => to)
    expect(recipients).toEqual([VICTIM, VICTIM])
  })

  it('gets a notice of every sign-in, even if several wait to be sent', async () => {
    const { auth, now, mailer, settled } = await filledMailbox()
    for (const ip of ['203.0.113.66', '192.0.2.1']) {
      await signIn(auth, VICTIM, { ip })
      await settled()
    }
    now.advance(3_600)
    await untilNoMailWaits(auth)
    const told = mailer.mails.filter(({ kind }) => kind === 'new_device').map(({ text }) => text)
    expect(told.filter((text) => text.includes('203.0.113.66'))).toHaveLength(1)
  })

  it('gets no mail through a line break, a list or a header in the address of another', async () => {
    const smtp = await startSmtpServer()
    const now = testClock()
    const { auth } = await plainAuth(engine, {
      ...GENEROUS,
      now,
      smtpUrl: `smtp://127.0.0.1:${smtp.port}`,
      mailFrom: 'no-reply@example.com',
    })
    await addMember(auth)
    const hostile = [
      `${VICTIM}\r\nBcc: ${MALLORY}`,
      `${VICTIM}\nBcc: ${MALLORY}`,
      `${VICTIM}\rBcc: ${MALLORY}`,
      `${VICTIM}\u2028Bcc: ${MALLORY}`,
      `${VICTIM}\u0085Bcc: ${MALLORY}`,
      `${VICTIM}%0d%0aBcc: ${MALLORY}`,
      `${VICTIM}\0${MALLORY}`,
      `${VICTIM},${MALLORY}`,
      `${VICTIM};${MALLORY}`,
      `${VICTIM} ${MALLORY}`,
      `${MALLORY}>,<${VICTIM}`,
      `"${MALLORY}>,<x"@example.com`,
      `Victim <${VICTIM}>`,
      `victim@example.com@evil.example`,
      `victim(@evil.example)@example.com`,
      `victim@[192.0.2.1]`,
      `victim@example.com\t`,
    ]
    // The first of them, written into a header as it is, adds a recipient.
    const naive = await PostalMime.parse(`To: ${hostile[0]}\r\n\r\n`)
    expect(naive.bcc?.map(({ address }) => address)).toEqual([MALLORY])
    const { sessionToken } = await signIn(auth)
    for (const email of hostile) {
      for (const [method, path, request, expected] of [
        // Routes that only look up an address treat it as unknown: the same response, and no mail.
        ['POST', '/reset_password', { form: { email } }, '200'],
        ['POST', '/request_confirmation', { json: { email } }, '200'],
        ['POST', '/users', { form: { email, password: PASSWORD } }, '400 invalid_email'],
        ['PUT', '/profile/email', { json: { email }, sessionToken }, '400 invalid_email'],
      ] as const)
        expect(await outcome(send(auth, method, path, request)), JSON.stringify(email)).toBe(expected)
    }
    // Notices of new devices name the browser by the user agent, which also comes from a request.
    const userAgent = `Mozilla\tBcc: ${MALLORY} <a href="https://evil.example">https://evil.example</a>`
    const headers = { 'user-agent': userAgent, 'accept-language': `fr\tBcc: ${MALLORY}` }
    // Ten minutes after the first notice, the next sign-in gets a separate one.
    await untilNoMailWaits(auth)
    now.advance(600)
    await send(auth, 'POST', '/sessions', { form: { email: VICTIM, password: PASSWORD }, headers })
    await askReset({ auth }, VICTIM)
    await untilNoMailWaits(auth)
    for (const { to, raw, mail } of smtp.received) {
      expect(to).toEqual([VICTIM])
      expect(mail.to?.map((address) => address.address)).toEqual([VICTIM])
      expect(mail.bcc ?? mail.cc).toBeUndefined()
      expect(mail.subject).not.toContain('Bcc')
      expect(raw.split('\r\n\r\n', 1)[0]).not.toMatch(/^(?:bcc|cc):/im)
      expect(`${mail.text}${mail.html}`).not.toMatch(/evil\.example|<a href="https:\/\/evil/)
    }
    // A notice of the sign-in was sent, so there was a mail to inject into.
    const notices = smtp.received.filter(({ mail }) => /new device/i.test(mail.subject ?? ''))
    expect(notices.length).toBeGreaterThan(0)
  })
})

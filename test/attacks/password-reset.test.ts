/** Attacks on password resets. */
import { expect, it } from 'vitest'
import { isUnambiguousEmail, mailboxOf, normalizeEmail } from '../../src/model/user.ts'
import { freshAuth, onEachEngine } from '../support/engines.ts'
import {
  BASE_URL,
  everyRow,
  linkIn,
  NEW_PASSWORD,
  PASSWORD,
  productionAuth,
  until,
} from '../support/production.ts'
import { type Send, send } from '../support/send.ts'
import { startSmtpServer } from '../support/smtp.ts'
import {
  addMember,
  askReset,
  GENEROUS,
  isPasswordOf,
  MALLORY,
  mailedReset,
  NEW_ADDRESS,
  OTHER,
  outcome,
  PWNED,
  plainAuth,
  reset,
  rowOf,
  signIn,
  VICTIM,
} from './support.ts'

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

  it('CVE-2026-105211: has its token only in the mail, never in a response, log, audit record or table [REC-02]', async () => {
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
    // Nor is it when it is used.
    const used = await reset(service, VICTIM, tokens[0] ?? expect.unreachable())
    expect(used.status).toBe(200)
    said.push(JSON.stringify([...used.headers]), await used.text(), JSON.stringify(await everyRow(db)))
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

  const STORED = 'Jörg.Kahn@bücher.example'

  it('GHSA-qw9g-7549-7wg5: goes to the address of the account in any spelling, and never to a look-alike [REC-02]', async () => {
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

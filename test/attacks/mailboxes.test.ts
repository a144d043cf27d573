/** Attacks on the mailbox of an account: changing it, flooding it, and mail to accounts that are deleted. */
import PostalMime from 'postal-mime'
import { expect, it } from 'vitest'
import { normalizeEmail } from '../../src/model/user.ts'
import { onEachEngine, testClock } from '../support/engines.ts'
import {
  linkIn,
  memoryMailer,
  NEW_PASSWORD,
  PASSWORD,
  productionAuth,
  untilNoMailWaits,
} from '../support/production.ts'
import { type Send, send } from '../support/send.ts'
import { signedIn } from '../support/signed-in.ts'
import { startSmtpServer } from '../support/smtp.ts'
import {
  addMember,
  askReset,
  confirm,
  GENEROUS,
  MALLORY,
  mailedChange,
  mailedReset,
  NEW_ADDRESS,
  otherToken,
  outcome,
  PWNED,
  plainAuth,
  reset,
  rowOf,
  signIn,
  tally,
  untilMailIsSettled,
  VICTIM,
} from './support.ts'

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

  it('voids all links to the old address and to abandoned new ones, also after changing back [REC-07, EML-03]', async () => {
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

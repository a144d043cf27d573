/** Attacks on the tokens in mailed links: using them twice, for something else or too late, and using them up. */
import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { sha256 } from '../../src/lib/digest.ts'
import { onBothEngines, onEachEngine, testClock, watchedHasher } from '../support/engines.ts'
import {
  everyRow,
  linkIn,
  NEW_PASSWORD,
  PASSWORD,
  type Production,
  productionAuth,
  until,
} from '../support/production.ts'
import { send } from '../support/send.ts'
import {
  addMember,
  askReset,
  confirm,
  GENEROUS,
  isPasswordOf,
  MALLORY,
  mailedChange,
  mailedReset,
  NEW_ADDRESS,
  OTHER,
  outcome,
  PWNED,
  reset,
  rowOf,
  signIn,
  tally,
  VICTIM,
} from './support.ts'

onEachEngine('a mailed token', (engine) => {
  it('works only for its own purpose [REC-07]', async () => {
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
  ])('is invalid after %s [REC-07]', async (name, happens) => {
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
    const hasher = watchedHasher(async (work, password) => {
      if (work !== 'hash') return
      hashed.push(password)
      if (isCounting) await until(() => looks >= 20)
    })
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
})

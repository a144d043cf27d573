import { expect, it } from 'vitest'
import { type EngineName, onBothEngines, onEachEngine, watchedHasher } from '../../../test/support/engines.ts'
import { NEW_PASSWORD, PASSWORD, productionAuth } from '../../../test/support/production.ts'
import { send } from '../../../test/support/send.ts'
import type { Auth, AuthError } from '../../index.ts'

const BOB = 'bob@example.com'
const DAY = 86_400
const WAIT = { code: 'too_many_attempts' }
const WRONG = { code: 'invalid_credentials' }

const guess = (email = BOB, caller: { ip?: string; deviceToken?: string } = {}) =>
  [{ email, password: NEW_PASSWORD }, caller] as const

async function codesOf(attempts: Promise<unknown>[]): Promise<string[]> {
  const results = await Promise.allSettled(attempts)
  return results.map((result) => (result.status === 'rejected' ? (result.reason as AuthError).code : 'done'))
}

/** Makes the given number of wrong guesses, waiting whenever the account is throttled. @returns The waits, in seconds. */
async function guessPatiently(
  auth: Auth,
  now: { advance(seconds: number): void },
  times: number,
): Promise<number[]> {
  const waits: number[] = []
  for (let made = 0; made < times; ) {
    const error = (await auth.signIn.withPassword(...guess()).catch((reason: unknown) => reason)) as AuthError
    if (error.code === 'too_many_attempts') {
      waits.push(error.retryAfterSeconds ?? 0)
      now.advance(error.retryAfterSeconds ?? 0)
    } else {
      expect(error.code).toBe('invalid_credentials')
      made++
    }
  }
  return waits
}

onEachEngine('the password lock', (engine) => {
  it('starts at the hundredth failure in a row, after ever longer waits', async () => {
    const { auth, now } = await productionAuth(engine)
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    await guessPatiently(auth, now, 99)
    now.advance(900)
    await auth.signIn.withPassword({ email: BOB, password: PASSWORD })
    const waits = await guessPatiently(auth, now, 100)
    expect(waits.slice(0, 11)).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900])
    now.advance(900)
    await expect(auth.signIn.withPassword({ email: BOB, password: PASSWORD })).rejects.toMatchObject(WAIT)
    expect(await codesOf([auth.validLogin(BOB, PASSWORD)])).toEqual(['too_many_attempts'])
  })

  it.each([1, 3])('does not expire when it starts at failure %i', async (failures) => {
    const { auth, now } = await productionAuth(engine, {
      loginFailuresPerAccount: 2,
      loginFailuresUntilLock: failures,
    })
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    await guessPatiently(auth, now, failures)
    for (const days of [1, 1, 1, 60, 365]) {
      now.advance(days * DAY)
      await auth.deleteExpired()
      await expect(auth.signIn.withPassword({ email: BOB, password: PASSWORD })).rejects.toMatchObject(WAIT)
    }
  })

  it('ends with a password reset', async () => {
    const { auth, now, mailedLink } = await productionAuth(engine, {
      loginFailuresPerAccount: 2,
      loginFailuresUntilLock: 3,
    })
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    await guessPatiently(auth, now, 3)
    await expect(auth.signIn.withPassword({ email: BOB, password: PASSWORD })).rejects.toMatchObject(WAIT)
    await auth.account.requestPasswordReset({ email: BOB })
    const { token } = await mailedLink('reset_password')
    await auth.account.resetPassword({ resetToken: token, newPassword: NEW_PASSWORD })
    await auth.signIn.withPassword({ email: BOB, password: NEW_PASSWORD })
  })

  it('ends when an operator unlocks the account', async () => {
    const { auth, now } = await productionAuth(engine, {
      loginFailuresPerAccount: 2,
      loginFailuresUntilLock: 3,
    })
    const { id } = await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    await guessPatiently(auth, now, 3)
    expect(await auth.users.unlock(4711)).toBe(false)
    expect(await auth.users.unlock(id)).toBe(true)
    await auth.signIn.withPassword({ email: BOB, password: PASSWORD })
  })

  it('keeps existing sessions and known devices, and verifies no further passwords', async () => {
    let verified = 0
    const hasher = watchedHasher(() => void verified++)
    const { auth, now } = await productionAuth(engine, {
      hasher,
      loginFailuresPerAccount: 2,
      loginFailuresUntilLock: 3,
    })
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    const { sessionToken, deviceToken } = await auth.signIn.withPassword({ email: BOB, password: PASSWORD })
    await guessPatiently(auth, now, 3)
    now.advance(900)
    await auth.signIn.withPassword(
      { email: BOB, password: PASSWORD },
      { deviceToken: deviceToken ?? expect.unreachable() },
    )
    verified = 0
    expect(await codesOf(Array.from({ length: 20 }, () => auth.signIn.withPassword(...guess())))).toEqual(
      Array(20).fill('too_many_attempts'),
    )
    expect(verified).toBe(0)
    expect(await auth.getUserFromSessionId(sessionToken)).not.toBeNull()
  })

  it('looks the same for an unknown address', async () => {
    const { auth, now } = await productionAuth(engine, {
      loginFailuresPerAccount: 2,
      loginFailuresUntilLock: 3,
    })
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    const sights: unknown[] = []
    for (const email of [BOB, 'nobody@example.com']) {
      for (let attempt = 0; attempt < 5; attempt++) {
        const response = await send(auth, 'POST', '/sessions', { json: guess(email)[0] })
        sights.push(`${response.status} ${response.headers.get('retry-after')}`)
        if (response.status === 429) now.advance(Math.min(900, Number(response.headers.get('retry-after'))))
      }
    }
    expect(sights.slice(5)).toEqual(sights.slice(0, 5))
    expect(sights.at(-1)).toMatch(/^429 /)
  })
})

/** Bob, who has signed in on a device. */
async function bobsDevice(engine: EngineName, options = {}) {
  const production = await productionAuth(engine, { loginFailuresPerAccount: 3, ...options })
  await production.auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
  const { deviceToken } = await production.auth.signIn.withPassword({ email: BOB, password: PASSWORD })
  return { ...production, deviceToken: deviceToken ?? expect.unreachable() }
}

onEachEngine('a known device', (engine) => {
  it('has its own failure counter', async () => {
    const { auth, now, deviceToken } = await bobsDevice(engine)
    const second = (await auth.signIn.withPassword({ email: BOB, password: PASSWORD })).deviceToken ?? ''
    const own = guess(BOB, { deviceToken })
    for (let failure = 0; failure < 3; failure++)
      await expect(auth.signIn.withPassword(...own)).rejects.toMatchObject(WRONG)
    await expect(auth.signIn.withPassword(...own)).rejects.toMatchObject({ ...WAIT, retryAfterSeconds: 1 })
    for (let failure = 0; failure < 3; failure++)
      await expect(auth.signIn.withPassword(...guess())).rejects.toMatchObject(WRONG)
    await expect(auth.signIn.withPassword(...guess())).rejects.toMatchObject(WAIT)
    await expect(auth.signIn.withPassword(...guess(BOB, { deviceToken: second }))).rejects.toMatchObject(
      WRONG,
    )
    now.advance(1)
    await auth.signIn.withPassword({ email: BOB, password: PASSWORD }, { deviceToken })
  })

  it('can sign in while the account or its network is throttled', async () => {
    const { auth, deviceToken } = await bobsDevice(engine, { loginFailuresPerIp: 3 })
    const ip = '192.0.2.1'
    for (let failure = 0; failure < 3; failure++)
      await expect(auth.signIn.withPassword(...guess(BOB, { ip }))).rejects.toMatchObject(WRONG)
    await expect(
      auth.signIn.withPassword({ email: BOB, password: PASSWORD }, { ip: '192.0.2.2' }),
    ).rejects.toMatchObject(WAIT)
    await expect(
      auth.signIn.withPassword({ email: 'rob@example.com', password: PASSWORD }, { ip }),
    ).rejects.toMatchObject(WAIT)
    await auth.signIn.withPassword({ email: BOB, password: PASSWORD }, { deviceToken, ip })
    // Its success does not reset the counters of others.
    await expect(
      auth.signIn.withPassword({ email: BOB, password: PASSWORD }, { ip: '192.0.2.2' }),
    ).rejects.toMatchObject(WAIT)
  })

  it('has one counter for every route that checks a password', async () => {
    const { auth, deviceToken } = await bobsDevice(engine)
    const { sessionToken } = await auth.signIn.withPassword(
      { email: BOB, password: PASSWORD },
      { deviceToken },
    )
    const caller = { sessionToken, deviceToken }
    await expect(auth.signIn.reauthenticate({ password: NEW_PASSWORD }, caller)).rejects.toMatchObject(WRONG)
    await expect(
      auth.account.changePassword({ currentPassword: NEW_PASSWORD, newPassword: NEW_PASSWORD }, caller),
    ).rejects.toMatchObject(WRONG)
    await expect(auth.signIn.withPassword(...guess(BOB, { deviceToken }))).rejects.toMatchObject(WRONG)
    await expect(auth.signIn.reauthenticate({ password: PASSWORD }, caller)).rejects.toMatchObject(WAIT)
    // Without the token it counts as an unknown device.
    await auth.signIn.reauthenticate({ password: PASSWORD }, { sessionToken })
  })

  it('loses its separate counter after as many failures as lock an account', async () => {
    const { auth, now, deviceToken } = await bobsDevice(engine, { loginFailuresUntilLock: 4 })
    const own = guess(BOB, { deviceToken })
    for (let failure = 0; failure < 3; failure++)
      await expect(auth.signIn.withPassword(...own)).rejects.toMatchObject(WRONG)
    now.advance(1)
    await expect(auth.signIn.withPassword(...own)).rejects.toMatchObject(WRONG)
    now.advance(900)
    // These count for the account, whose own limit is four.
    for (let failure = 0; failure < 3; failure++)
      await expect(auth.signIn.withPassword(...own)).rejects.toMatchObject(WRONG)
    now.advance(900)
    await expect(auth.signIn.withPassword(...own)).rejects.toMatchObject(WRONG)
    now.advance(900)
    await expect(
      auth.signIn.withPassword({ email: BOB, password: PASSWORD }, { deviceToken }),
    ).rejects.toMatchObject(WAIT)
  })

  it('with a forged token counts as unknown', async () => {
    const { auth, deviceToken } = await bobsDevice(engine)
    const forged = `${deviceToken.slice(0, -1)}${deviceToken.endsWith('A') ? 'B' : 'A'}`
    for (let failure = 0; failure < 3; failure++)
      await expect(auth.signIn.withPassword(...guess(BOB, { deviceToken: forged }))).rejects.toMatchObject(
        WRONG,
      )
    await expect(auth.signIn.withPassword(...guess())).rejects.toMatchObject(WAIT)
  })
})

onBothEngines('a known device', (engine) => {
  it('is limited for concurrent guesses as for sequential ones', async () => {
    const { auth, deviceToken } = await bobsDevice(engine)
    const codes = await codesOf(
      Array.from({ length: 20 }, () => auth.signIn.withPassword(...guess(BOB, { deviceToken }))),
    )
    expect(codes.filter((code) => code === 'invalid_credentials')).toHaveLength(3)
    expect(codes.filter((code) => code === 'too_many_attempts')).toHaveLength(17)
  })
})

onEachEngine('the limits on requests that send mail', (engine) => {
  const REQUESTS = {
    registration: (auth: Auth, email: string, ip?: string) =>
      auth.account.register({ email, password: PASSWORD }, { ip }),
    'password reset': (auth: Auth, email: string, ip?: string) =>
      auth.account.requestPasswordReset({ email }, { ip }),
    confirmation: (auth: Auth, email: string, ip?: string) =>
      auth.account.requestConfirmation({ email }, { ip }),
  }

  it.each(Object.entries(REQUESTS))(
    'allow five %s requests for an address, then make it wait [EML-09]',
    async (_, ask) => {
      const { auth, now } = await productionAuth(engine)
      await auth.registerUser(BOB, PASSWORD)
      for (const email of [BOB, 'nobody@example.com']) {
        for (let times = 0; times < 5; times++) await ask(auth, email)
        await expect(ask(auth, ` ${email.toUpperCase()}`)).rejects.toMatchObject({
          ...WAIT,
          retryAfterSeconds: 1,
        })
      }
      // Every kind of request has its own counter.
      for (const other of Object.values(REQUESTS)) if (other !== ask) await other(auth, BOB)
      now.advance(1)
      await ask(auth, BOB)
      await expect(ask(auth, BOB)).rejects.toMatchObject({ ...WAIT, retryAfterSeconds: 2 })
      now.advance(3_600)
      await ask(auth, BOB)
    },
  )

  it.each(Object.entries(REQUESTS))(
    'allow a network fifty %s requests, then make it wait',
    async (_, ask) => {
      const { auth } = await productionAuth(engine)
      const codes = await codesOf(
        Array.from({ length: 60 }, (_, index) => ask(auth, `user${index}@example.com`, '2001:db8::1')),
      )
      expect(codes.filter((code) => code === 'done')).toHaveLength(50)
      expect(codes.filter((code) => code === 'too_many_attempts')).toHaveLength(10)
      await expect(ask(auth, 'one-more@example.com', '2001:db8::ffff')).rejects.toMatchObject(WAIT)
      await ask(auth, 'one-more@example.com', '2001:db8:0:1::1')
    },
  )

  it('allow an account five address changes, to whatever address [EML-09]', async () => {
    const { auth } = await productionAuth(engine)
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    const { sessionToken } = await auth.signIn.withPassword({ email: BOB, password: PASSWORD })
    for (let times = 0; times < 5; times++)
      await auth.account.changeEmail({ email: `robert${times}@example.com` }, { sessionToken })
    await expect(
      auth.account.changeEmail({ email: 'robert@example.com' }, { sessionToken }),
    ).rejects.toMatchObject(WAIT)
  })

  it('also count registrations refused by the password policy', async () => {
    const { auth } = await productionAuth(engine)
    for (let times = 0; times < 5; times++) {
      await expect(auth.account.register({ email: BOB, password: 'too short' })).rejects.toMatchObject({
        code: 'password_too_short',
      })
    }
    await expect(auth.account.register({ email: BOB, password: PASSWORD })).rejects.toMatchObject(WAIT)
  })
})

onEachEngine('a clock that is set back', (engine) => {
  it('extends no wait beyond the maximum and loses no failure', async () => {
    const { auth, now } = await productionAuth(engine, { loginFailuresPerAccount: 3 })
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    await guessPatiently(auth, now, 20)
    await expect(auth.signIn.withPassword(...guess())).rejects.toMatchObject({
      ...WAIT,
      retryAfterSeconds: 900,
    })
    now.advance(-10 * DAY)
    await expect(auth.signIn.withPassword(...guess())).rejects.toMatchObject(WRONG)
    // The failures before the change still count.
    await expect(auth.signIn.withPassword(...guess())).rejects.toMatchObject({
      ...WAIT,
      retryAfterSeconds: 900,
    })
    now.advance(900)
    await auth.signIn.withPassword({ email: BOB, password: PASSWORD })
  })

  it('does not release a lock', async () => {
    const { auth, now } = await productionAuth(engine, {
      loginFailuresPerAccount: 2,
      loginFailuresUntilLock: 3,
    })
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    await guessPatiently(auth, now, 3)
    for (const seconds of [-1, -900, -DAY, -365 * DAY]) {
      now.advance(seconds)
      await expect(auth.signIn.withPassword({ email: BOB, password: PASSWORD })).rejects.toMatchObject(WAIT)
    }
  })

  it('does not reset the mail limit of a repeated hour', async () => {
    const { auth, now, newMails } = await productionAuth(engine, { mailsPerMailbox: 2 })
    await auth.registerUser(BOB, PASSWORD)
    await newMails()
    await auth.account.requestPasswordReset({ email: BOB })
    await newMails()
    now.advance(3_600)
    now.advance(-3_600)
    await auth.account.register({ email: BOB, password: PASSWORD })
    await auth.account.requestPasswordReset({ email: 'nobody@example.com' })
    now.advance(3_600)
    await auth.account.requestPasswordReset({ email: 'nobody@example.com' })
    expect(await newMails()).toMatchObject([{ kind: 'account_exists' }])
  })
})

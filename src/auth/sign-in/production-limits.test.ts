import { expect, it } from 'vitest'
import { CHEAP_HASHER, onBothEngines } from '../../../test/support/engines.ts'
import { NEW_PASSWORD, PASSWORD, productionAuth } from '../../../test/support/production.ts'
import { send } from '../../../test/support/send.ts'
import type { Auth, AuthError, Hasher } from '../../index.ts'

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

/** Guesses so often, and waits in between as long as it takes. */
async function guessPatiently(auth: Auth, now: { advance(seconds: number): void }, times: number) {
  for (let made = 0; made < times; ) {
    const error = (await auth.signIn.withPassword(...guess()).catch((reason: unknown) => reason)) as AuthError
    if (error.code === 'too_many_attempts') now.advance(error.retryAfterSeconds ?? 0)
    else made++
  }
}

onBothEngines('the lock of a password', (engine) => {
  it('comes with the hundredth failure in a row, and not before', async () => {
    const { auth, now } = await productionAuth(engine)
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    await guessPatiently(auth, now, 99)
    now.advance(900)
    await auth.signIn.withPassword({ email: BOB, password: PASSWORD })
    await guessPatiently(auth, now, 100)
    now.advance(900)
    await expect(auth.signIn.withPassword({ email: BOB, password: PASSWORD })).rejects.toMatchObject(WAIT)
    expect(await codesOf([auth.validLogin(BOB, PASSWORD)])).toEqual(['too_many_attempts'])
  })

  it.each([1, 3])('lasts until the password is reset, where it comes with failure %i', async (failures) => {
    const { auth, now } = await productionAuth(engine, {
      loginFailuresPerAccount: 2,
      loginFailuresUntilLock: failures,
    })
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    await guessPatiently(auth, now, failures)
    for (let days = 0; days < 3; days++) {
      now.advance(DAY)
      await auth.deleteExpired()
      await expect(auth.signIn.withPassword({ email: BOB, password: PASSWORD })).rejects.toMatchObject(WAIT)
    }
  })

  it('is opened by a reset, at once, for the new password', async () => {
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

  it('is opened by whoever runs the service', async () => {
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

  it('leaves open who is signed in, and hashes nothing for who is not', async () => {
    let verified = 0
    const hasher: Hasher = {
      ...CHEAP_HASHER,
      verify(password, hash) {
        verified++
        return CHEAP_HASHER.verify(password, hash)
      },
    }
    const { auth, now } = await productionAuth(engine, {
      hasher,
      loginFailuresPerAccount: 2,
      loginFailuresUntilLock: 3,
    })
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    const { sessionToken } = await auth.signIn.withPassword({ email: BOB, password: PASSWORD })
    await guessPatiently(auth, now, 3)
    now.advance(900)
    verified = 0
    expect(await codesOf(Array.from({ length: 20 }, () => auth.signIn.withPassword(...guess())))).toEqual(
      Array(20).fill('too_many_attempts'),
    )
    expect(verified).toBe(0)
    expect(await auth.getUserFromSessionId(sessionToken)).not.toBeNull()
  })

  it('of an address that nobody has looks the same', async () => {
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

onBothEngines('a device that was signed in to before', (engine) => {
  async function bobsDevice(options = {}) {
    const production = await productionAuth(engine, { loginFailuresPerAccount: 3, ...options })
    await production.auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    const { deviceToken } = await production.auth.signIn.withPassword({ email: BOB, password: PASSWORD })
    return { ...production, deviceToken: deviceToken ?? expect.unreachable() }
  }

  it('has failures of its own, which use up nobody else’s', async () => {
    const { auth, now, deviceToken } = await bobsDevice()
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

  it('is stopped neither by strangers who guess at the account nor by its network', async () => {
    const { auth, deviceToken } = await bobsDevice({ loginFailuresPerIp: 3 })
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
    // What strangers used up, its success does not give back to them.
    await expect(
      auth.signIn.withPassword({ email: BOB, password: PASSWORD }, { ip: '192.0.2.2' }),
    ).rejects.toMatchObject(WAIT)
  })

  it('has one counter for every route that looks at a password', async () => {
    const { auth, deviceToken } = await bobsDevice()
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
    // Without the token it is a stranger, with failures of a stranger's.
    await auth.signIn.reauthenticate({ password: PASSWORD }, { sessionToken })
  })

  it('that has failed as often as an account may is a stranger from then on', async () => {
    const { auth, now, deviceToken } = await bobsDevice({ loginFailuresUntilLock: 4 })
    const own = guess(BOB, { deviceToken })
    for (let failure = 0; failure < 3; failure++)
      await expect(auth.signIn.withPassword(...own)).rejects.toMatchObject(WRONG)
    now.advance(1)
    await expect(auth.signIn.withPassword(...own)).rejects.toMatchObject(WRONG)
    now.advance(900)
    // These are failures of the account, which has four of its own.
    for (let failure = 0; failure < 3; failure++)
      await expect(auth.signIn.withPassword(...own)).rejects.toMatchObject(WRONG)
    now.advance(900)
    await expect(auth.signIn.withPassword(...own)).rejects.toMatchObject(WRONG)
    now.advance(900)
    await expect(
      auth.signIn.withPassword({ email: BOB, password: PASSWORD }, { deviceToken }),
    ).rejects.toMatchObject(WAIT)
  })

  it('that forges its token is a stranger', async () => {
    const { auth, deviceToken } = await bobsDevice()
    const forged = `${deviceToken.slice(0, -1)}${deviceToken.endsWith('A') ? 'B' : 'A'}`
    for (let failure = 0; failure < 3; failure++)
      await expect(auth.signIn.withPassword(...guess(BOB, { deviceToken: forged }))).rejects.toMatchObject(
        WRONG,
      )
    await expect(auth.signIn.withPassword(...guess())).rejects.toMatchObject(WAIT)
  })

  it('lets no more of twenty guesses at once through than of guesses in a row', async () => {
    const { auth, deviceToken } = await bobsDevice()
    const codes = await codesOf(
      Array.from({ length: 20 }, () => auth.signIn.withPassword(...guess(BOB, { deviceToken }))),
    )
    expect(codes.filter((code) => code === 'invalid_credentials')).toHaveLength(3)
    expect(codes.filter((code) => code === 'too_many_attempts')).toHaveLength(17)
  })
})

onBothEngines('the limits on what sends mail', (engine) => {
  /** Each by the name of a thing that is asked for again and again, for one address. */
  const ASKS = {
    registration: (auth: Auth, email: string, ip?: string) =>
      auth.account.register({ email, password: PASSWORD }, { ip }),
    'password reset': (auth: Auth, email: string, ip?: string) =>
      auth.account.requestPasswordReset({ email }, { ip }),
    confirmation: (auth: Auth, email: string, ip?: string) =>
      auth.account.requestConfirmation({ email }, { ip }),
  }

  it.each(Object.entries(ASKS))(
    'let one address be asked a %s for five times, then make it wait',
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
      // Every other kind has a count of its own.
      for (const other of Object.values(ASKS)) if (other !== ask) await other(auth, BOB)
      now.advance(1)
      await ask(auth, BOB)
      await expect(ask(auth, BOB)).rejects.toMatchObject({ ...WAIT, retryAfterSeconds: 2 })
      now.advance(3_600)
      await ask(auth, BOB)
    },
  )

  it.each(Object.entries(ASKS))('let one network ask a %s of fifty, then make it wait', async (_, ask) => {
    const { auth } = await productionAuth(engine)
    const codes = await codesOf(
      Array.from({ length: 60 }, (_, index) => ask(auth, `user${index}@example.com`, '2001:db8::1')),
    )
    expect(codes.filter((code) => code === 'done')).toHaveLength(50)
    expect(codes.filter((code) => code === 'too_many_attempts')).toHaveLength(10)
    await expect(ask(auth, 'one-more@example.com', '2001:db8::ffff')).rejects.toMatchObject(WAIT)
    await ask(auth, 'one-more@example.com', '2001:db8:0:1::1')
  })

  it('let an account ask for another address five times, whichever it is', async () => {
    const { auth } = await productionAuth(engine)
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    const { sessionToken } = await auth.signIn.withPassword({ email: BOB, password: PASSWORD })
    for (let times = 0; times < 5; times++)
      await auth.account.changeEmail({ email: `robert${times}@example.com` }, { sessionToken })
    await expect(
      auth.account.changeEmail({ email: 'robert@example.com' }, { sessionToken }),
    ).rejects.toMatchObject(WAIT)
  })

  it('count a registration that is refused by the policy as well', async () => {
    const { auth } = await productionAuth(engine)
    for (let times = 0; times < 5; times++) {
      await expect(auth.account.register({ email: BOB, password: 'too short' })).rejects.toMatchObject({
        code: 'password_too_short',
      })
    }
    await expect(auth.account.register({ email: BOB, password: PASSWORD })).rejects.toMatchObject(WAIT)
  })
})

onBothEngines('a clock that is set back', (engine) => {
  it('prolongs no wait beyond the longest, and loses no failure', async () => {
    const { auth, now } = await productionAuth(engine, { loginFailuresPerAccount: 3 })
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    await guessPatiently(auth, now, 20)
    await expect(auth.signIn.withPassword(...guess())).rejects.toMatchObject({
      ...WAIT,
      retryAfterSeconds: 900,
    })
    now.advance(-10 * DAY)
    await expect(auth.signIn.withPassword(...guess())).rejects.toMatchObject(WRONG)
    // The next wait is as long as it would have been.
    await expect(auth.signIn.withPassword(...guess())).rejects.toMatchObject({
      ...WAIT,
      retryAfterSeconds: 900,
    })
    now.advance(900)
    await auth.signIn.withPassword({ email: BOB, password: PASSWORD })
  })

  it('opens no lock', async () => {
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

  it('gives an hour that has come again no second number of mails', async () => {
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

import { expect, it } from 'vitest'
import {
  CHEAP_HASHER,
  freshAuth,
  migratedDatabase,
  onBothEngines,
  onEachEngine,
  testClock,
  watchedHasher,
} from '../../../test/support/engines.ts'
import { openTables } from '../../../test/support/production.ts'
import { signedIn } from '../../../test/support/signed-in.ts'
import { AuthError } from '../../model/errors.ts'
import type { Hasher } from '../../options/index.ts'
import { createHasher } from '../passwords/hashing/index.ts'

const BOB = { email: 'bob@example.com', password: 'b4l0u' }

onEachEngine('validLogin', (engine) => {
  it('is true only for the right password [PW-03]', async () => {
    const auth = await freshAuth(engine)
    await auth.registerUser(BOB.email, BOB.password)
    expect(await auth.validLogin(BOB.email, BOB.password)).toBe(true)
    expect(await auth.validLogin(' BOB@example.com', BOB.password)).toBe(true)
    for (const password of ['B4L0U', ' b4l0u', 'b4l0u ', 'b4l0', 'b4l0u\0', 'x'.repeat(1_025), '']) {
      expect(await auth.validLogin(BOB.email, password)).toBe(false)
    }
    expect(await auth.validLogin('rob@example.com', BOB.password)).toBe(false)
    expect(await auth.validLogin('no address', BOB.password)).toBe(false)
  })

  it('throws if the password was not checked, because the queue is full or the account is throttled', async () => {
    const hasher: Hasher = { ...CHEAP_HASHER, verify: () => Promise.reject(new AuthError('unavailable')) }
    const busy = await freshAuth(engine, { hasher })
    await busy.registerUser(BOB.email, BOB.password)
    await expect(busy.validLogin(BOB.email, BOB.password)).rejects.toMatchObject({ code: 'unavailable' })

    const throttled = await freshAuth(engine, { loginFailuresPerAccount: 2 })
    for (let failure = 0; failure < 2; failure++) await throttled.validLogin(BOB.email, 'wrong')
    await expect(throttled.validLogin(BOB.email, BOB.password)).rejects.toMatchObject({
      code: 'too_many_attempts',
    })
  })

  it('is always false for an account without a password', async () => {
    const auth = await freshAuth(engine)
    await auth.db.addUser(BOB.email, '!')
    for (const password of ['!', '', ' ', BOB.password])
      expect(await auth.validLogin(BOB.email, password)).toBe(false)
  })

  it('does the same work for an unknown address as for a wrong password [CX-12]', async () => {
    const work: string[] = []
    const hasher = watchedHasher((what) => void (what !== 'hash' && work.push(what)))
    const auth = await freshAuth(engine, { hasher })
    await auth.registerUser(BOB.email, BOB.password)
    await auth.validLogin(BOB.email, 'wrong')
    await auth.validLogin('rob@example.com', 'wrong')
    expect(work).toEqual(['verify', 'verifyNothing'])
  })

  it('accepts an outdated hash and renews it after a successful check [PW-13, CX-10]', async () => {
    const auth = await freshAuth(engine, { hasher: createHasher({ passwordHash: 'bcrypt', bcryptCost: 5 }) })
    const argon2id = createHasher({ passwordHash: 'argon2id', bcryptCost: 5 })
    for (const [index, hash] of [
      await CHEAP_HASHER.hash(BOB.password),
      await argon2id.hash(BOB.password),
    ].entries()) {
      const email = `${index}@example.com`
      const { id, passwordVersion } = await auth.db.addUser(email, hash)
      expect(await auth.validLogin(email, 'wrong')).toBe(false)
      expect((await auth.db.findUserBy({ id })).hashedPassword).toBe(hash)
      expect(await auth.validLogin(email, BOB.password)).toBe(true)
      const renewed = await auth.db.findUserBy({ id })
      expect(renewed.hashedPassword).toMatch(/^\$2b\$05\$/)
      expect(renewed.passwordVersion).toEqual(passwordVersion)
      expect(await auth.validLogin(email, BOB.password)).toBe(true)
      expect((await auth.db.findUserBy({ id })).hashedPassword).toBe(renewed.hashedPassword)
    }
  })
})

onEachEngine('signIn.withPassword', (engine) => {
  it('returns the user and a valid session', async () => {
    const auth = await freshAuth(engine)
    const user = await auth.registerUser(BOB.email, BOB.password)
    const result = signedIn(await auth.signIn.withPassword(BOB))
    expect(result).toMatchObject({
      next: 'signed_in',
      user: { id: user.id, email: BOB.email },
      deviceToken: null,
    })
    expect(Object.keys(result.user).toSorted()).toEqual(
      [
        'createdAt',
        'disabledAt',
        'email',
        'emailVerifiedAt',
        'id',
        'locale',
        'metadata',
        'name',
        'passwordCompromisedAt',
        'picture',
      ].toSorted(),
    )
    expect((await auth.getUserFromSessionId(result.sessionToken))?.id).toBe(user.id)
  })

  it.each([
    [{ email: BOB.email, password: 'wrong' }, 'invalid_credentials', undefined],
    [{ email: 'rob@example.com', password: BOB.password }, 'invalid_credentials', undefined],
    [{ email: 'bob', password: BOB.password }, 'invalid_credentials', undefined],
    [{ email: '', password: BOB.password }, 'missing_field', 'email'],
    [{ email: null as unknown as string, password: BOB.password }, 'invalid_field', 'email'],
    [{ email: BOB.email, password: '' }, 'missing_field', 'password'],
    [{ email: BOB.email, password: 'x'.repeat(1_025) }, 'password_too_long', 'password'],
  ])('refuses %j with %s and starts no session', async (request, code, field) => {
    const auth = await freshAuth(engine)
    await auth.registerUser(BOB.email, BOB.password)
    await expect(auth.signIn.withPassword(request)).rejects.toMatchObject({ code, field })
    expect(await auth.users.find(BOB.email)).toMatchObject({ liveSessions: 0 })
    // Classic mode sends no mail.
    expect(await auth.delivery.count()).toBe(0)
  })

  it('ends the previous session of the client, whichever user it belonged to, and no other [SES-04]', async () => {
    const auth = await freshAuth(engine)
    await auth.registerUser(BOB.email, BOB.password)
    await auth.registerUser('rob@example.com', 'r0b')
    const elsewhere = await auth.signIn.withPassword(BOB)
    const robs = await auth.signIn.withPassword({ email: 'rob@example.com', password: 'r0b' })
    const bobs = await auth.signIn.withPassword(BOB, { sessionToken: robs.sessionToken })
    expect(await auth.getUserFromSessionId(robs.sessionToken)).toBeNull()
    const again = await auth.signIn.withPassword(BOB, { sessionToken: bobs.sessionToken })
    expect(await auth.getUserFromSessionId(bobs.sessionToken)).toBeNull()
    for (const { sessionToken } of [elsewhere, again])
      expect(await auth.getUserFromSessionId(sessionToken)).not.toBeNull()
    await expect(
      auth.signIn.withPassword({ ...BOB, password: 'wrong' }, { sessionToken: again.sessionToken }),
    ).rejects.toMatchObject({ code: 'invalid_credentials' })
    expect(await auth.getUserFromSessionId(again.sessionToken)).not.toBeNull()
  })
})

onBothEngines('signIn.withPassword during a reset', (engine) => {
  it('starts no session with the old password during a concurrent reset', async () => {
    // The hasher delays the sign-in after the password check until the reset is done.
    const reachedGate = Promise.withResolvers<void>()
    const resetDone = Promise.withResolvers<void>()
    let hold = false
    const hasher = watchedHasher(async (work) => {
      if (!hold || work !== 'verify') return
      reachedGate.resolve()
      await resetDone.promise
    })
    const auth = await freshAuth(engine, { hasher, now: testClock() })
    await auth.registerUser(BOB.email, BOB.password)
    const token = await auth.getResetPasswordToken(BOB.email)
    hold = true
    const login = auth.signIn.withPassword(BOB)
    login.catch(() => {})
    await reachedGate.promise
    hold = false
    await auth.updatePassword(token, 'new')
    resetDone.resolve()
    await expect(login).rejects.toMatchObject({ code: 'invalid_credentials' })
    expect(await auth.users.find(BOB.email)).toMatchObject({ liveSessions: 0 })
  })
})

onEachEngine('sign-in throttling', (engine) => {
  const LIMITS = { loginFailuresPerAccount: 3, loginFailuresPerIp: 6 }
  const wrong = (email = BOB.email, ip?: string) => [{ email, password: 'wrong' }, { ip }] as const

  it('makes an account wait after its allowed failures, longer each time, for every client [LGN-02]', async () => {
    const now = testClock()
    const auth = await freshAuth(engine, { ...LIMITS, now })
    await auth.registerUser(BOB.email, BOB.password)
    for (const ip of ['192.0.2.1', '192.0.2.2', undefined]) {
      await expect(auth.signIn.withPassword(...wrong(BOB.email, ip))).rejects.toMatchObject({
        code: 'invalid_credentials',
      })
    }
    for (const wait of [1, 2, 4, 8]) {
      const refused = { code: 'too_many_attempts', retryAfterSeconds: wait }
      await expect(auth.signIn.withPassword(BOB, { ip: '192.0.2.9' })).rejects.toMatchObject(refused)
      await expect(auth.signIn.withPassword(...wrong(' BOB@EXAMPLE.com'))).rejects.toMatchObject(refused)
      await expect(auth.validLogin(BOB.email, BOB.password)).rejects.toMatchObject(refused)
      now.advance(wait)
      await expect(auth.signIn.withPassword(...wrong())).rejects.toMatchObject({
        code: 'invalid_credentials',
      })
    }
    now.advance(16)
    await auth.signIn.withPassword(BOB)
    for (let failure = 0; failure < 3; failure++) {
      await expect(auth.signIn.withPassword(...wrong())).rejects.toMatchObject({
        code: 'invalid_credentials',
      })
    }
  })

  it('treats a malformed address like an unknown one, with the same work and counters', async () => {
    let work = 0
    const hasher = watchedHasher(() => void work++)
    const databaseUrl = await migratedDatabase(engine)
    const auth = await freshAuth(engine, { ...LIMITS, hasher, databaseUrl, now: testClock() })
    const refused = { code: 'invalid_credentials' }
    const limited = { code: 'too_many_attempts', retryAfterSeconds: 1 }
    const ip = '192.0.2.1'
    for (let failure = 0; failure < 3; failure++)
      await expect(auth.signIn.withPassword(...wrong('nope', ip))).rejects.toMatchObject(refused)
    expect(work).toBe(3)
    await expect(auth.signIn.withPassword(...wrong('nope', ip))).rejects.toMatchObject(limited)
    await expect(auth.validLogin('nope', 'wrong')).rejects.toMatchObject(limited)
    // Each text has its own counter, and its length does not affect the size of the row.
    for (const email of ['nobody', 'no@body@example.com', 'x'.repeat(60_000)])
      await expect(auth.signIn.withPassword(...wrong(email, ip))).rejects.toMatchObject(refused)
    await expect(auth.signIn.withPassword(...wrong('yet another', ip))).rejects.toMatchObject(limited)
    expect(await auth.validLogin('yet another', 'wrong')).toBe(false)
    expect(work).toBe(7)
    const db = await openTables(databaseUrl)
    const keys = await db.selectFrom('throttles').select('key').execute()
    // For each of the five texts and for the IP address: failures and sign-ins.
    expect(keys.map(({ key }) => key.length)).toEqual(Array(12).fill(64))
  })

  it('never waits longer than a quarter of an hour', async () => {
    const now = testClock()
    const auth = await freshAuth(engine, { ...LIMITS, now })
    await auth.registerUser(BOB.email, BOB.password)
    let longest = 0
    for (let failure = 0; failure < 40; failure++) {
      const error = (await auth.signIn.withPassword(...wrong()).catch((reason: unknown) => reason)) as {
        code: string
        retryAfterSeconds: number
      }
      if (error.code !== 'too_many_attempts') continue
      longest = Math.max(longest, error.retryAfterSeconds)
      now.advance(error.retryAfterSeconds)
    }
    expect(longest).toBe(900)
    await auth.signIn.withPassword(BOB)
  })

  it('counts an IP address across accounts, IPv6 by network, without affecting others [LGN-02]', async () => {
    const auth = await freshAuth(engine, { ...LIMITS, now: testClock() })
    await auth.registerUser(BOB.email, BOB.password)
    for (let failure = 0; failure < 6; failure++) {
      const request = wrong(`user${failure}@example.com`, `2001:db8:0:1::${failure}`)
      await expect(auth.signIn.withPassword(...request)).rejects.toMatchObject({
        code: 'invalid_credentials',
      })
    }
    await expect(auth.signIn.withPassword(BOB, { ip: '2001:db8:0:1:ffff::1' })).rejects.toMatchObject({
      code: 'too_many_attempts',
    })
    await auth.signIn.withPassword(BOB, { ip: '2001:db8:0:2::1' })
  })

  it('does not charge the IP address for attempts that the account counter already refused', async () => {
    const auth = await freshAuth(engine, { ...LIMITS, now: testClock() })
    await auth.registerUser(BOB.email, BOB.password)
    const ip = '192.0.2.1'
    for (let failure = 0; failure < 30; failure++)
      await auth.signIn.withPassword(...wrong('victim@example.com', ip)).catch(() => {})
    await auth.signIn.withPassword(BOB, { ip })
  })

  it('refunds a successful sign-in to its IP address without clearing the counter', async () => {
    const auth = await freshAuth(engine, { ...LIMITS, now: testClock() })
    await auth.registerUser(BOB.email, BOB.password)
    const ip = '192.0.2.1'
    for (let login = 0; login < 20; login++) await auth.signIn.withPassword(BOB, { ip })
    for (let failure = 0; failure < 6; failure++) {
      await expect(
        auth.signIn.withPassword(...wrong(`user${failure}@example.com`, ip)),
      ).rejects.toMatchObject({
        code: 'invalid_credentials',
      })
      if (failure < 4) await auth.signIn.withPassword(BOB, { ip })
    }
    await expect(auth.signIn.withPassword(BOB, { ip })).rejects.toMatchObject({ code: 'too_many_attempts' })
  })

  it('forgets failures after a day', async () => {
    const now = testClock()
    const auth = await freshAuth(engine, { ...LIMITS, now })
    for (let failure = 0; failure < 3; failure++) await auth.signIn.withPassword(...wrong()).catch(() => {})
    now.advance(24 * 3_600)
    for (let failure = 0; failure < 3; failure++) {
      await expect(auth.signIn.withPassword(...wrong())).rejects.toMatchObject({
        code: 'invalid_credentials',
      })
    }
  })

  it('throws for an invalid IP address', async () => {
    const auth = await freshAuth(engine, LIMITS)
    for (const ip of ['', '203.0.113.7:80', ' 203.0.113.7', '203.0.113.007', 'localhost']) {
      await expect(auth.signIn.withPassword(...wrong(BOB.email, ip))).rejects.toThrow(TypeError)
    }
  })

  it('can be turned off', async () => {
    const auth = await freshAuth(engine, { ...LIMITS, throttle: false })
    for (let failure = 0; failure < 10; failure++) {
      await expect(auth.signIn.withPassword(...wrong(BOB.email, '192.0.2.1'))).rejects.toMatchObject({
        code: 'invalid_credentials',
      })
    }
  })
})

/** Requirements on sign-ins and on the hashes that they cost. */
import { expect, it } from 'vitest'
import { createHasher } from '../../src/auth/passwords/hashing/index.ts'
import { inspectOptions } from '../../src/options/index.ts'
import { onEachEngine, testClock, watchedHasher } from '../support/engines.ts'
import { NEW_PASSWORD, PASSWORD, productionAuth, until } from '../support/production.ts'
import { addConfirmed, authIn, CLASSIC_PASSWORD, codeOf, EMAIL, WRONG } from '../support/security.ts'
import { send } from '../support/send.ts'
import { signInNewUser } from '../support/signed-in.ts'

onEachEngine('sign-in limits', (engine) => {
  it.each(['classic', 'production'] as const)(
    'apply per account and per IP address in %s mode, each with 429 and Retry-After [LGN-02]',
    async (mode) => {
      const limits = { loginFailuresPerAccount: 3, loginFailuresPerIp: 5 }
      const auth = await authIn(mode, engine, { ...limits, now: testClock() })
      await addConfirmed(auth, EMAIL)
      const attempt = async (email: string, password: string, ip: string) => {
        const answer = await send(auth, 'POST', '/sessions', { form: { email, password }, ip })
        return [answer.status, answer.headers.get('retry-after')]
      }
      // One account, a different IP address each time. The last address has no failures.
      for (let failure = 0; failure < 3; failure++)
        expect(await attempt(EMAIL, 'wrong', `192.0.2.${failure}`)).toEqual([401, null])
      expect(await attempt(EMAIL, CLASSIC_PASSWORD, '192.0.2.9')).toEqual([429, '1'])
      // One IP address, a different account each time. The sixth account has no failures.
      for (let failure = 0; failure < 5; failure++)
        expect(await attempt(`${failure}@example.com`, 'wrong', '198.51.100.1')).toEqual([401, null])
      expect(await attempt('6@example.com', 'wrong', '198.51.100.1')).toEqual([429, '1'])
      expect(await attempt('6@example.com', 'wrong', '198.51.100.2')).toEqual([401, null])
    },
  )
})

onEachEngine('sign-ins in production', (engine) => {
  it('of the owner succeed on a known device and after a reset, and sessions go on, despite the failures of a stranger [LGN-04]', async () => {
    const production = await productionAuth(engine)
    const { auth, mailedLink } = production
    const { sessionToken, deviceToken } = await signInNewUser(production)
    const guess = (more: object) =>
      send(auth, 'POST', '/sessions', { json: { email: EMAIL, password: WRONG }, ...more })
    for (let attempt = 0; attempt < 11; attempt++) await guess({ ip: '198.51.100.7' })
    expect((await guess({ ip: '192.0.2.7' })).status).toBe(429)
    const json = { email: EMAIL, password: PASSWORD }
    expect((await send(auth, 'POST', '/sessions', { json, ip: '192.0.2.7' })).status).toBe(429)
    expect((await send(auth, 'GET', '/profile', { sessionToken })).status).toBe(200)
    expect((await send(auth, 'POST', '/sessions', { json, ip: '192.0.2.7', deviceToken })).status).toBe(200)
    await production.newMails()
    expect((await send(auth, 'POST', '/reset_password', { json: { email: EMAIL } })).status).toBe(200)
    const { token } = await mailedLink('reset_password')
    await auth.account.resetPassword({ resetToken: token, newPassword: NEW_PASSWORD })
    expect(
      (await send(auth, 'POST', '/sessions', { json: { email: EMAIL, password: NEW_PASSWORD } })).status,
    ).toBe(200)
  })
})

it('answers session checks while sign-ins fill the queue of hashes, and refuses further ones with 503 [AVL-01]', async () => {
  const release = Promise.withResolvers<void>()
  let blocked = false
  const hasher = watchedHasher(() => (blocked ? release.promise : undefined))
  const production = await productionAuth('sqlite', { hasher, loginFailuresPerIp: 10_000 })
  const { auth } = production
  const { sessionToken } = await signInNewUser(production)
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

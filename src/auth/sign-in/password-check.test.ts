/** Every use case that verifies a password settles its attempt on every exit: only a wrong password stays counted. */
import { expect, it } from 'vitest'
import { CHEAP_HASHER, type EngineName, onEachEngine } from '../../../test/support/engines.ts'
import {
  breakTable,
  linkIn,
  NEW_PASSWORD,
  PASSWORD,
  productionAuth,
} from '../../../test/support/production.ts'
import { signedIn } from '../../../test/support/signed-in.ts'
import type { Auth, Hasher } from '../../index.ts'
import { sha256 } from '../../lib/digest.ts'
import { AuthError } from '../../model/errors.ts'
import { MAIL_KINDS, quotaOf } from '../delivery/kinds.ts'
import { keyOf } from '../quotas.ts'

const BOB = 'bob@example.com'
/** An IPv6 address counts by three networks. */
const IP = '2001:db8::7'
/** More hashes than may run and wait at once. */
const FLOOD = 600
const FULL = new AuthError('unavailable')
const FAULT = new Error('a fault of the test')

/** What the use cases need besides a password. */
interface World {
  readonly auth: Auth
  readonly sessionToken: string
  readonly token: string
}

const USE_CASES: Record<string, (world: World, password: string) => Promise<unknown>> = {
  'a sign-in': ({ auth }, password) => auth.signIn.withPassword({ email: BOB, password }, { ip: IP }),
  validLogin: ({ auth }, password) => auth.validLogin(BOB, password),
  'a re-authentication': ({ auth, sessionToken }, password) =>
    auth.signIn.reauthenticate({ password }, { sessionToken, ip: IP }),
  'a password change': (world, password) => changePassword(world, password, NEW_PASSWORD),
  'the confirmation of a new address': ({ auth, token }, password) =>
    auth.account.confirmEmail({ token, password }, { ip: IP }),
}
const NAMES = Object.keys(USE_CASES)

const MAIL_QUOTAS = ['decoys', ...Object.keys(MAIL_KINDS).map(quotaOf)].flatMap((quota) => [
  quota,
  `${quota} to ${BOB}`,
  `${quota} to new@example.com`,
  `${quota} to a mailbox`,
  `${quota} for 2001:db8:0::/48`,
])

function changePassword({ auth, sessionToken }: World, currentPassword: string, newPassword: string) {
  return auth.account.changePassword({ currentPassword, newPassword }, { sessionToken, ip: IP })
}

/** Bob with a session and a link that confirms a new address. The hasher does what the test says. */
async function openWorld(engine: EngineName) {
  const hasher: { -readonly [Name in keyof Hasher]: Hasher[Name] } = { ...CHEAP_HASHER }
  const service = await productionAuth(engine, {
    hasher: {
      hash: (password) => hasher.hash(password),
      verify: (password, hash) => hasher.verify(password, hash),
      verifyNothing: (password) => hasher.verifyNothing(password),
      needsRehash: (password, hash) => hasher.needsRehash(password, hash),
    },
  })
  const { auth, db, newMails, now } = service
  await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
  const { sessionToken } = signedIn(await auth.signIn.withPassword({ email: BOB, password: PASSWORD }))
  await auth.account.changeEmail({ email: 'new@example.com' }, { sessionToken })
  const mails = await newMails()
  const { token } = linkIn(mails.find(({ kind }) => kind === 'confirm_new_email') ?? expect.unreachable())
  const hour = String(Math.floor(now().getTime() / 3_600_000))
  const counters = () =>
    db
      .selectFrom('throttles')
      .select(['key', 'failures', 'blocked_until'])
      .where('failures', '>', 0)
      // Mail is sent at the same time and uses quotas in the same table.
      .where(
        'key',
        'not in',
        MAIL_QUOTAS.map((what) => keyOf('hourly', what, hour)),
      )
      .orderBy('key')
      .execute()
  const world: World = { auth, sessionToken, token }
  return {
    ...world,
    db,
    hasher,
    counters,
    run: (name: string, password: string) =>
      USE_CASES[name]?.(world, password) ?? expect.unreachable('an unknown use case'),
    /** The attempts counted under the account and, in a list, under the networks of the IP address. */
    async failures() {
      const rows = new Map((await counters()).map(({ key, failures }) => [key, failures]))
      const of = (...parts: string[]) =>
        rows.get(Buffer.from(sha256(['login', ...parts].join('\n'))).toString('hex')) ?? 0
      const networks = ['2001:db8:0:0::/64', '2001:db8:0:0::/56', '2001:db8:0::/48']
      return { account: of('account', BOB), ip: networks.map((network) => of('ip', network)) }
    },
    /** All other counters. */
    async signIns() {
      const rows = await counters()
      const { account, ip } = await this.failures()
      const all = rows.reduce((sum, { failures }) => sum + failures, 0)
      return all - account - ip.reduce((sum, each) => sum + each, 0)
    },
    /** One free attempt is left, so the next one starts a wait, which must be undone as well. */
    async useUpFreeAttempts() {
      for (let failure = 1; failure < auth.options.loginFailuresPerAccount; failure++)
        await auth.validLogin(BOB, 'wrong')
    },
    /** Fills the hash queue. Returns a function that empties it. */
    async fillQueue() {
      const gate = Promise.withResolvers<void>()
      hasher.hash = () => gate.promise.then(() => '')
      const waiting = Array.from({ length: FLOOD }, () => auth.hashPassword(PASSWORD))
      const settled = Promise.allSettled(waiting)
      // The last one was refused, so the queue is full.
      await expect(waiting.at(-1)).rejects.toMatchObject({ code: 'unavailable' })
      return async () => {
        gate.resolve()
        await settled
      }
    },
  }
}
type OpenWorld = Awaited<ReturnType<typeof openWorld>>

/** The use case fails with this error, and every counter is as before. */
async function expectNothingCounted(
  world: OpenWorld,
  act: () => Promise<unknown>,
  error: Error | { code: string },
) {
  await world.useUpFreeAttempts()
  const before = await world.counters()
  expect(before).not.toEqual([])
  const { message } = error as Error
  if (error instanceof AuthError || !(error instanceof Error))
    await expect(act()).rejects.toMatchObject({ code: (error as { code: string }).code })
  else await expect(act()).rejects.toThrow(message)
  expect(await world.counters()).toEqual(before)
}

onEachEngine('the password check', (engine) => {
  it.each(NAMES)('of %s counts a wrong password', async (name) => {
    const world = await openWorld(engine)
    const signIns = await world.signIns()
    await world
      .run(name, 'wrong')
      .catch((error: unknown) => expect(error).toMatchObject({ code: 'invalid_credentials' }))
    expect(await world.failures()).toEqual({ account: 1, ip: Array(3).fill(name === 'validLogin' ? 0 : 1) })
    expect(await world.signIns()).toBe(signIns)
  })

  it.each(NAMES)('of %s clears the failures after a right password', async (name) => {
    const world = await openWorld(engine)
    await world.run(name, 'wrong').catch(() => {})
    const signIns = await world.signIns()
    await world.run(name, PASSWORD)
    // The failure of the IP address stays: an attacker must not clear it by signing in.
    expect(await world.failures()).toEqual({ account: 0, ip: Array(3).fill(name === 'validLogin' ? 0 : 1) })
    // A sign-in counts for the account and three networks. `validLogin` signs nobody in.
    expect(await world.signIns()).toBe(signIns + (name === 'validLogin' ? 0 : 4))
  })

  it.each(NAMES)('of %s counts nothing if the hash queue is full', async (name) => {
    const world = await openWorld(engine)
    await world.useUpFreeAttempts()
    const before = await world.counters()
    const empty = await world.fillQueue()
    for (const password of [PASSWORD, 'wrong']) {
      await expect(world.run(name, password)).rejects.toMatchObject({ code: 'unavailable' })
      expect(await world.counters()).toEqual(before)
    }
    await empty()
  })

  it.each(NAMES)('of %s counts nothing if the hasher fails', async (name) => {
    const world = await openWorld(engine)
    const act = () => {
      world.hasher.verify = () => Promise.reject(FAULT)
      return world.run(name, PASSWORD)
    }
    await expectNothingCounted(world, act, FAULT)
  })

  it.each([
    ['a sign-in', FULL],
    ['a sign-in', FAULT],
    ['validLogin', FULL],
    ['validLogin', FAULT],
    ['a password change', FULL],
    ['a password change', FAULT],
  ])('of %s counts nothing if the new hash cannot be made: %s', async (name, error) => {
    const world = await openWorld(engine)
    const act = () => {
      world.hasher.needsRehash = () => true
      world.hasher.hash = () => Promise.reject(error)
      return world.run(name, PASSWORD)
    }
    await expectNothingCounted(world, act, error)
  })

  it.each([
    ['password_too_short', 'short'],
    ['password_too_long', 'x'.repeat(1_025)],
    ['password_too_common', 'passwordpassword'],
    ['password_guessable', BOB],
  ])(
    'of a password change counts nothing if the new password is refused with %s',
    async (code, newPassword) => {
      const world = await openWorld(engine)
      await expectNothingCounted(world, () => changePassword(world, PASSWORD, newPassword), { code })
    },
  )
})

onEachEngine('the password check, when the database fails or changes meanwhile,', (engine) => {
  it.each([
    ['a sign-in', 'sessions', 'insert'],
    ['a sign-in', 'audit', 'insert'],
    ['validLogin', 'users', 'update'],
    ['a re-authentication', 'sessions', 'delete'],
    ['a re-authentication', 'audit', 'insert'],
    ['a password change', 'users', 'update'],
    ['a password change', 'outbox', 'insert'],
    ['the confirmation of a new address', 'users', 'update'],
    ['the confirmation of a new address', 'audit', 'insert'],
  ] as const)('of %s counts nothing if the database fails: %s, %s', async (name, table, change) => {
    const world = await openWorld(engine)
    const act = async () => {
      world.hasher.needsRehash = () => true
      await breakTable(world.db, table, change)
      return world.run(name, PASSWORD)
    }
    await expectNothingCounted(world, act, new Error('broken by the test'))
  })

  it.each(NAMES)(
    'of %s counts a wrong password as a failure even if that cannot be recorded',
    async (name) => {
      const world = await openWorld(engine)
      const signIns = await world.signIns()
      await breakTable(world.db, 'audit', 'insert')
      await expect(world.run(name, 'wrong')).rejects.toThrow('broken by the test')
      expect((await world.failures()).account).toBe(1)
      expect(await world.signIns()).toBe(signIns)
    },
  )

  it('of a confirmation counts nothing if the address belongs to another account by then', async () => {
    const world = await openWorld(engine)
    await world.auth.users.create({ email: 'new@example.com', password: PASSWORD, confirmed: true })
    await expectNothingCounted(world, () => world.run('the confirmation of a new address', PASSWORD), {
      code: 'invalid_confirmation_token',
    })
  })

  it.each(NAMES.filter((name) => name !== 'validLogin'))(
    'of %s counts nothing if the account is deleted after the password check',
    async (name) => {
      const world = await openWorld(engine)
      const act = () => {
        world.hasher.verify = async (password, hash) => {
          const isRight = await CHEAP_HASHER.verify(password, hash)
          await world.db.deleteFrom('users').execute()
          return isRight
        }
        return world.run(name, PASSWORD)
      }
      await expectNothingCounted(world, act, {
        code:
          name === 'a re-authentication'
            ? 'unauthenticated'
            : name === 'the confirmation of a new address'
              ? 'invalid_confirmation_token'
              : 'invalid_credentials',
      })
    },
  )

  it('of a known device counts nothing if the use case fails', async () => {
    const world = await openWorld(engine)
    const { deviceToken } = await world.auth.signIn.withPassword({ email: BOB, password: PASSWORD })
    const caller = { ip: IP, deviceToken: deviceToken ?? expect.unreachable() }
    for (let failure = 1; failure < world.auth.options.loginFailuresPerAccount; failure++)
      await world.auth.signIn.withPassword({ email: BOB, password: 'wrong' }, caller).catch(() => {})
    const before = await world.counters()
    await breakTable(world.db, 'sessions', 'insert')
    await expect(world.auth.signIn.withPassword({ email: BOB, password: PASSWORD }, caller)).rejects.toThrow(
      'broken by the test',
    )
    expect(await world.counters()).toEqual(before)
  })

  it('of two concurrent use cases counts no failure, whichever is later', async () => {
    const world = await openWorld(engine)
    const outcomes = await Promise.allSettled([
      world.run('a password change', PASSWORD),
      world.run('the confirmation of a new address', PASSWORD),
    ])
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(AuthError)
    expect(await world.failures()).toEqual({ account: 0, ip: [0, 0, 0] })
  })
})

/** Every use case that verifies a password counts a wrong one and clears the count for a right one. */
import { describe, expect, it } from 'vitest'
import { CHEAP_HASHER } from '../../../test/support/engines.ts'
import { linkIn, NEW_PASSWORD, PASSWORD, productionAuth } from '../../../test/support/production.ts'
import type { Auth, Hasher } from '../../index.ts'
import { sha256 } from '../../lib/digest.ts'
import { AuthError } from '../../model/errors.ts'

const BOB = 'bob@example.com'
/** More hashes than may run and wait at once. */
const FLOOD = 600

/** What the use cases need besides a password. */
interface World {
  readonly auth: Auth
  readonly sessionToken: string
  readonly token: string
}

const USE_CASES: Record<string, (world: World, password: string) => Promise<unknown>> = {
  'a sign-in': ({ auth }, password) => auth.signIn.withPassword({ email: BOB, password }),
  validLogin: ({ auth }, password) => auth.validLogin(BOB, password),
  'a re-authentication': ({ auth, sessionToken }, password) =>
    auth.signIn.reauthenticate({ password }, { sessionToken }),
  'a password change': ({ auth, sessionToken }, currentPassword) =>
    auth.account.changePassword({ currentPassword, newPassword: NEW_PASSWORD }, { sessionToken }),
  'the confirmation of a new address': ({ auth, token }, password) =>
    auth.account.confirmEmail({ token, password }),
}

describe('the password check', () => {
  /** A service with a hasher that can be blocked. `failures` is Bob's counter. */
  async function openWorld() {
    let held = Promise.resolve()
    const hasher: Hasher = {
      ...CHEAP_HASHER,
      hash: (password) => held.then(() => CHEAP_HASHER.hash(password)),
    }
    const service = await productionAuth('sqlite', { hasher })
    const { auth, db, newMails } = service
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    const { sessionToken } = await auth.signIn.withPassword({ email: BOB, password: PASSWORD })
    await auth.account.changeEmail({ email: 'new@example.com' }, { sessionToken })
    const mails = await newMails()
    const { token } = linkIn(mails.find(({ kind }) => kind === 'confirm_new_email') ?? expect.unreachable())
    const key = Buffer.from(sha256(`login\naccount\n${BOB}`)).toString('hex')
    return {
      auth,
      sessionToken,
      token,
      async failures() {
        const row = await db
          .selectFrom('throttles')
          .select('failures')
          .where('key', '=', key)
          .executeTakeFirst()
        return row?.failures ?? 0
      },
      /** Fills the hash queue. Returns a function that empties it. */
      async fillQueue() {
        const gate = Promise.withResolvers<void>()
        held = gate.promise
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

  it.each(Object.entries(USE_CASES))(
    'of %s counts a wrong password and clears the count after a right one',
    async (_, useCase) => {
      const world = await openWorld()
      await useCase(world, 'wrong').catch((error: unknown) =>
        expect(error).toMatchObject({ code: 'invalid_credentials' }),
      )
      expect(await world.failures()).toBe(1)
      await useCase(world, PASSWORD)
      expect(await world.failures()).toBe(0)
    },
  )

  it.each(Object.entries(USE_CASES))(
    'of %s counts nothing while the hash queue is full',
    async (_, useCase) => {
      const world = await openWorld()
      await world.auth.validLogin(BOB, 'wrong')
      const empty = await world.fillQueue()
      await expect(useCase(world, PASSWORD)).rejects.toMatchObject({ code: 'unavailable' })
      await expect(useCase(world, 'wrong')).rejects.toMatchObject({ code: 'unavailable' })
      expect(await world.failures()).toBe(1)
      await empty()
    },
  )

  it('does not count a right password as a failure when the request fails for another reason', async () => {
    const { auth, sessionToken, token, failures } = await openWorld()
    const change = (newPassword: string) =>
      auth.account.changePassword({ currentPassword: PASSWORD, newPassword }, { sessionToken })
    await expect(change('short')).rejects.toMatchObject({ code: 'password_too_short' })
    expect(await failures()).toBe(0)
    // The second request may find the password changed or the link used.
    const outcomes = await Promise.allSettled([
      change(NEW_PASSWORD),
      auth.account.confirmEmail({ token, password: PASSWORD }),
    ])
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(outcome.reason).toBeInstanceOf(AuthError)
    expect(await failures()).toBe(0)
  })
})

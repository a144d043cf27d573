/** A password check takes two transactions: the counters before it, and everything else after it. */
import { expect, it } from 'vitest'
import { onBothEngines, watchedHasher } from '../../../test/support/engines.ts'
import {
  breakTable,
  CLIENT,
  NEW_PASSWORD,
  PASSWORD,
  productionContext,
} from '../../../test/support/production.ts'
import { watchTransactions } from '../../../test/support/transactions.ts'
import { AuthError } from '../../model/errors.ts'
import { confirmEmail } from '../account/confirmation.ts'
import { createAccount } from '../account/new-account.ts'
import { changePassword } from '../account/password-change.ts'
import { inTransaction } from '../context.ts'
import { issueToken } from '../tokens.ts'
import { reauthenticate } from './reauthenticate.ts'
import { verifyPassword, withPassword } from './with-password.ts'

const BOB = 'bob@example.com'
const ROB = 'rob@example.com'
const VERIFIED = ['verify']

onBothEngines('the transactions', (engine) => {
  /** Two accounts with a session each. Bob's device is known, and he has a link that confirms his address. */
  async function worldOf() {
    const steps = watchTransactions()
    const hasher = watchedHasher((work) => void (work !== 'hash' && steps.push(VERIFIED)))
    const ctx = await productionContext(engine, { hasher })
    const bob = await createAccount(ctx, { email: BOB, password: PASSWORD, confirmed: true }, {})
    await createAccount(ctx, { email: ROB, password: PASSWORD, confirmed: true }, {})
    const { sessionToken, deviceToken } = await withPassword(ctx, { email: BOB, password: PASSWORD }, CLIENT)
    const { sessionToken: robs } = await withPassword(ctx, { email: ROB, password: PASSWORD }, CLIENT)
    const order = { purpose: 'confirm_email', email: BOB, lifetimeSeconds: 60, replaces: false } as const
    const issued = await inTransaction(ctx, (tx) => issueToken(tx, bob, order))
    const token = issued.reason === undefined ? issued.value : expect.unreachable()
    steps.length = 0
    const caller = { ...CLIENT, sessionToken }
    return { ctx, steps, caller, robs, deviceToken: deviceToken ?? expect.unreachable(), token }
  }
  type World = Awaited<ReturnType<typeof worldOf>>

  it.each<[string, (world: World) => Promise<unknown>]>([
    ['a sign-in', ({ ctx }) => withPassword(ctx, { email: BOB, password: PASSWORD }, CLIENT)],
    [
      'a sign-in on a known device that replaces a session',
      ({ ctx, caller, deviceToken }) =>
        withPassword(ctx, { email: BOB, password: PASSWORD }, { ...caller, deviceToken }),
    ],
    [
      'a sign-in that replaces the session of another user',
      ({ ctx, robs }) =>
        withPassword(ctx, { email: BOB, password: PASSWORD }, { ...CLIENT, sessionToken: robs }),
    ],
    [
      'a sign-in that renews the hash',
      ({ ctx }) => {
        const hasher = { ...ctx.hasher, needsRehash: () => true }
        return withPassword({ ...ctx, hasher }, { email: BOB, password: PASSWORD }, CLIENT)
      },
    ],
    ['verifyPassword', ({ ctx }) => verifyPassword(ctx, { email: BOB, password: PASSWORD }, CLIENT)],
    ['a re-authentication', ({ ctx, caller }) => reauthenticate(ctx, { password: PASSWORD }, caller)],
    [
      'a change of password',
      ({ ctx, caller }) =>
        changePassword(ctx, { currentPassword: PASSWORD, newPassword: NEW_PASSWORD }, caller),
    ],
    [
      'the confirmation of an address',
      ({ ctx, token }) => confirmEmail(ctx, { token, password: PASSWORD }, CLIENT),
    ],
  ])('of %s are two, with the password check between them', async (_, act) => {
    const world = await worldOf()
    await act(world)
    const [counting, verified, last = [], ...others] = world.steps
    expect(new Set(counting)).toEqual(new Set(['throttles']))
    expect(verified).toBe(VERIFIED)
    expect(last.at(-1)).toBe('throttles')
    expect(others).toEqual([])
  })

  it('of a refused sign-in are two, and the same for an unknown address', async () => {
    const { ctx, steps } = await worldOf()
    for (const email of [BOB, 'nobody@example.com', 'not an address']) {
      const refused = withPassword(ctx, { email, password: 'wrong' }, CLIENT)
      await expect(refused).rejects.toMatchObject({ code: 'invalid_credentials' })
      expect(steps.splice(0)).toEqual([
        Array(4).fill('throttles'),
        VERIFIED,
        ['audit', 'outbox', 'outbox', 'throttles', 'throttles'],
      ])
    }
  })

  const countersIn = ({ db }: World['ctx']) =>
    db.selectFrom('throttles').selectAll().where('failures', '>', 0).orderBy('key').execute()

  it('of an attempt over the limit on failures are one, which leaves nothing behind', async () => {
    const { ctx, steps } = await worldOf()
    for (let failure = 0; failure < ctx.options.loginFailuresPerAccount; failure++)
      await withPassword(ctx, { email: BOB, password: 'wrong' }, CLIENT).catch(() => {})
    steps.length = 0
    const before = await countersIn(ctx)
    const refused = withPassword(ctx, { email: BOB, password: PASSWORD }, CLIENT)
    await expect(refused).rejects.toMatchObject({ code: 'too_many_attempts' })
    expect(steps).toEqual([['throttles', 'throttles']])
    expect(await countersIn(ctx)).toEqual(before)
  })

  it('of an attempt over the limit on sign-ins are one, which leaves nothing behind', async () => {
    const { ctx, steps } = await worldOf()
    // Bob has signed in once.
    const limited = { ...ctx, options: { ...ctx.options, signInsPerAccount: 1 } }
    const before = await countersIn(ctx)
    for (const password of [PASSWORD, 'wrong']) {
      const refused = withPassword(limited, { email: BOB, password }, CLIENT)
      await expect(refused).rejects.toMatchObject({ code: 'too_many_attempts' })
      expect(steps.splice(0)).toEqual([Array(4).fill('throttles')])
    }
    expect(await countersIn(ctx)).toEqual(before)
  })

  it('of a sign-in whose new hash finds the queue full leave nothing behind', async () => {
    const { ctx } = await worldOf()
    const before = await countersIn(ctx)
    const hash = () => Promise.reject(new AuthError('unavailable'))
    const full = { ...ctx, hasher: { ...ctx.hasher, needsRehash: () => true, hash } }
    for (const signIn of [
      () => withPassword(full, { email: BOB, password: PASSWORD }, CLIENT),
      () => verifyPassword(full, { email: BOB, password: PASSWORD }, CLIENT),
    ])
      await expect(signIn()).rejects.toMatchObject({ code: 'unavailable' })
    expect(await countersIn(ctx)).toEqual(before)
  })

  it('of a sign-in that fails are undone together, and the attempt does not count', async () => {
    const { ctx, caller } = await worldOf()
    const state = async () => ({
      counted: await countersIn(ctx),
      sessions: await ctx.db.selectFrom('sessions').select('id').orderBy('id').execute(),
      hashes: await ctx.db.selectFrom('users').select('hashed_password').orderBy('id').execute(),
    })
    const before = await state()
    // The notice of the first sign-in still waits, so this one joins it.
    await breakTable(ctx.db, 'outbox', 'update')
    const renewing = { ...ctx, hasher: { ...ctx.hasher, needsRehash: () => true } }
    const failing = withPassword(renewing, { email: BOB, password: PASSWORD }, caller)
    await expect(failing).rejects.toThrow('broken by the test')
    expect(await state()).toEqual(before)
  })

  it('of sign-ins that replace each other’s sessions do not deadlock', async () => {
    const { ctx, caller, robs } = await worldOf()
    const signIns = Array.from({ length: 8 }, () => [
      withPassword(ctx, { email: ROB, password: PASSWORD }, caller),
      withPassword(ctx, { email: BOB, password: PASSWORD }, { ...CLIENT, sessionToken: robs }),
    ])
    expect(await Promise.all(signIns.flat())).toHaveLength(16)
  })
})

/** Right passwords are limited too, and the limits of an IP address also hold for its wider IPv6 networks. */
import { expect, it } from 'vitest'
import {
  type EngineName,
  freshAuth,
  onBothEngines,
  onEachEngine,
  testClock,
  watchedHasher,
} from '../../../test/support/engines.ts'
import { NEW_PASSWORD, PASSWORD, productionAuth } from '../../../test/support/production.ts'
import { signedIn } from '../../../test/support/signed-in.ts'
import type { Auth, AuthError, CreateAuthOptions } from '../../index.ts'

const BOB = 'bob@example.com'
const ROB = 'rob@example.com'
const RIGHT = { email: BOB, password: PASSWORD }
const WAIT = { code: 'too_many_attempts' }
const WRONG = { code: 'invalid_credentials' }

async function codesOf(attempts: Promise<unknown>[]): Promise<string[]> {
  const results = await Promise.allSettled(attempts)
  return results.map((result) => (result.status === 'rejected' ? (result.reason as AuthError).code : 'done'))
}

const times = <Result>(count: number, act: (index: number) => Result) =>
  Array.from({ length: count }, (_, index) => act(index))

type Options = Pick<CreateAuthOptions, 'hasher'> & Record<string, unknown>

async function bobOn(engine: EngineName, options: Options = {}) {
  const production = await productionAuth(engine, options)
  const { id } = await production.auth.users.create({ ...RIGHT, confirmed: true })
  await production.auth.users.create({ email: ROB, password: PASSWORD, confirmed: true })
  return { ...production, id }
}

onEachEngine('the limit on sign-ins', (engine) => {
  const withBob = (options?: Options) => bobOn(engine, options)

  it('records once that it was reached', async () => {
    const { auth } = await withBob({ signInsPerAccount: 3, signInsPerIp: 4 })
    const ip = '192.0.2.1'
    await codesOf(times(10, () => auth.signIn.withPassword(RIGHT, { ip })))
    await codesOf(times(10, () => auth.signIn.withPassword({ ...RIGHT, email: ROB }, { ip })))
    const records = await Array.fromAsync(auth.audit.list({ action: 'limit_reached' }))
    expect(records).toHaveLength(2)
    expect(records.map(({ details }) => details)).toEqual(
      expect.arrayContaining([
        { limit: 'sign_in', of: 'account', email: 'b***@example.com' },
        { limit: 'sign_in', of: 'address', email: 'r***@example.com' },
      ]),
    )
  })

  it('allows an IP address its number for all accounts together, and other addresses their own', async () => {
    const { auth } = await withBob({ signInsPerIp: 4 })
    const [ip, other] = ['192.0.2.1', '192.0.2.2']
    const codes = await codesOf(
      times(10, (index) => auth.signIn.withPassword({ ...RIGHT, email: index % 2 ? BOB : ROB }, { ip })),
    )
    expect(codes.filter((code) => code === 'done')).toHaveLength(4)
    expect(codes.filter((code) => code === 'too_many_attempts')).toHaveLength(6)
    await auth.signIn.withPassword(RIGHT, { ip: other })
  })

  it.each(['classic', 'development'] as const)('also applies in %s mode', async (mode) => {
    const auth = await freshAuth(engine, {
      ...(mode === 'development' ? { baseUrl: 'http://localhost:3000', breachCheckUrl: 'off' } : {}),
      mode,
      now: testClock(),
      signInsPerAccount: 2,
    })
    await auth.users.create({ ...RIGHT, confirmed: true })
    for (let signIn = 0; signIn < 2; signIn++) await auth.signIn.withPassword(RIGHT)
    await expect(auth.signIn.withPassword(RIGHT)).rejects.toMatchObject(WAIT)
  })

  it('does not reveal whether the password is right, because it refuses before the password is checked', async () => {
    let verified = 0
    const hasher = watchedHasher(() => void verified++)
    const { auth } = await withBob({ hasher, signInsPerIp: 2 })
    const ip = '192.0.2.1'
    for (let signIn = 0; signIn < 2; signIn++)
      await auth.signIn.withPassword({ ...RIGHT, email: ROB }, { ip })
    verified = 0
    for (const password of [PASSWORD, NEW_PASSWORD])
      await expect(auth.signIn.withPassword({ email: BOB, password }, { ip })).rejects.toMatchObject(WAIT)
    expect(verified).toBe(0)
  })

  it('is not used up by wrong passwords, refused accounts or validLogin', async () => {
    const { auth } = await withBob({ signInsPerAccount: 3, signInsPerIp: 3, loginFailuresPerAccount: 100 })
    const { id } = await auth.users.create({ email: 'gone@example.com', password: PASSWORD, confirmed: true })
    await auth.users.disable(id)
    const ip = '192.0.2.1'
    for (let guess = 0; guess < 5; guess++)
      for (const email of [BOB, 'nobody@example.com', 'not an address'])
        await expect(
          auth.signIn.withPassword({ email, password: NEW_PASSWORD }, { ip }),
        ).rejects.toMatchObject(WRONG)
    for (let attempt = 0; attempt < 5; attempt++) {
      await expect(
        auth.signIn.withPassword({ email: 'gone@example.com', password: PASSWORD }, { ip }),
      ).rejects.toMatchObject(WRONG)
      expect(await auth.validLogin(BOB, PASSWORD)).toBe(true)
    }
    for (let signIn = 0; signIn < 3; signIn++) await auth.signIn.withPassword(RIGHT, { ip })
    await expect(auth.signIn.withPassword(RIGHT, { ip })).rejects.toMatchObject(WAIT)
  })

  interface World {
    readonly auth: Auth
    readonly sessionToken: string
    readonly token: string
  }
  it.each<[string, (world: World) => Promise<unknown>]>([
    ['a sign-in', ({ auth }) => auth.signIn.withPassword(RIGHT)],
    [
      'a re-authentication',
      ({ auth, sessionToken }) => auth.signIn.reauthenticate({ password: PASSWORD }, { sessionToken }),
    ],
    [
      'a password change',
      ({ auth, sessionToken }) =>
        auth.account.changePassword(
          { currentPassword: PASSWORD, newPassword: NEW_PASSWORD },
          { sessionToken },
        ),
    ],
    [
      'the confirmation of a new address',
      ({ auth, token }) => auth.account.confirmEmail({ token, password: PASSWORD }),
    ],
  ])('counts %s', async (_, act) => {
    const { auth, now, mailedLink } = await withBob({ signInsPerAccount: 2 })
    const { sessionToken } = signedIn(await auth.signIn.withPassword(RIGHT))
    await auth.account.changeEmail({ email: 'new@example.com' }, { sessionToken })
    const world = { auth, sessionToken, token: (await mailedLink('confirm_new_email')).token }
    await auth.signIn.withPassword(RIGHT)
    await expect(act(world)).rejects.toMatchObject(WAIT)
    now.advance(600)
    await auth.signIn.withPassword(RIGHT)
    await act(world)
    await expect(auth.signIn.withPassword(RIGHT)).rejects.toMatchObject(WAIT)
  })

  it('counts known devices separately from other devices, but together', async () => {
    const { auth } = await withBob({ signInsPerAccount: 3, signInsPerIp: 5 })
    const ip = '192.0.2.1'
    const devices: string[] = []
    for (let signIn = 0; signIn < 3; signIn++)
      devices.push((await auth.signIn.withPassword(RIGHT, { ip })).deviceToken ?? '')
    await expect(auth.signIn.withPassword(RIGHT, { ip })).rejects.toMatchObject(WAIT)
    // Each sign-in makes another known device. That gives nobody more sign-ins.
    for (const deviceToken of devices) await auth.signIn.withPassword(RIGHT, { ip, deviceToken })
    for (const deviceToken of devices)
      await expect(auth.signIn.withPassword(RIGHT, { ip, deviceToken })).rejects.toMatchObject(WAIT)
    // A device of another account is not known here.
    const { deviceToken } = await auth.signIn.withPassword({ ...RIGHT, email: ROB }, { ip })
    await expect(
      auth.signIn.withPassword(RIGHT, { ip, deviceToken: deviceToken ?? '' }),
    ).rejects.toMatchObject(WAIT)
  })

  it('counts refused sign-ins to an unconfirmed account on a known device, because they send mail', async () => {
    const { auth, db, id } = await withBob({ signInsPerIp: 2 })
    const deviceToken = (await auth.signIn.withPassword(RIGHT)).deviceToken ?? ''
    await db.updateTable('users').set({ email_verified_at: null }).where('id', '=', id).execute()
    const onDevice = { ip: '192.0.2.1', deviceToken }
    for (let attempt = 0; attempt < 2; attempt++)
      await expect(auth.signIn.withPassword(RIGHT, onDevice)).rejects.toMatchObject(WRONG)
    await expect(auth.signIn.withPassword(RIGHT, onDevice)).rejects.toMatchObject(WAIT)
    expect(await Array.fromAsync(auth.audit.list({ action: 'limit_reached' }))).toMatchObject([
      { details: { limit: 'sign_in', of: 'address' } },
    ])
  })

  it('does not lock out an owner who has reset the password, or whose account an operator has unlocked', async () => {
    const { auth, id, mailedLink } = await withBob({ signInsPerAccount: 2 })
    const exhaust = async (password: string) => {
      await codesOf(times(3, () => auth.signIn.withPassword({ email: BOB, password })))
      await expect(auth.signIn.withPassword({ email: BOB, password })).rejects.toMatchObject(WAIT)
    }
    await exhaust(PASSWORD)
    await auth.account.requestPasswordReset({ email: BOB })
    const { token } = await mailedLink('reset_password')
    await auth.account.resetPassword({ resetToken: token, newPassword: NEW_PASSWORD })
    await auth.signIn.withPassword({ email: BOB, password: NEW_PASSWORD })
    await exhaust(NEW_PASSWORD)
    expect(await auth.users.unlock(id)).toBe(true)
    await auth.signIn.withPassword({ email: BOB, password: NEW_PASSWORD })
  })
})

onBothEngines('the limit on simultaneous sign-ins', (engine) => {
  it('allows an account sixty in ten minutes, even if sent at once, and the others leave no mail and no record [EML-09]', async () => {
    // Each counts as a failure until it turns out to be right.
    const { auth, now, db } = await bobOn(engine, { loginFailuresPerAccount: 100 })
    const codes: string[] = []
    // Eighty at once could wait for a connection until it times out, on a busy machine.
    for (let wave = 0; wave < 4; wave++)
      codes.push(...(await codesOf(times(20, () => auth.signIn.withPassword(RIGHT)))))
    expect(codes.filter((code) => code === 'done')).toHaveLength(60)
    expect(codes.filter((code) => code === 'too_many_attempts')).toHaveLength(20)
    const records = async () =>
      (await Array.fromAsync(auth.audit.list({}))).filter(({ action }) => action !== 'register')
    expect(await records()).toHaveLength(61)
    const sessions = await db.selectFrom('sessions').select('id').execute()
    await expect(auth.signIn.withPassword(RIGHT)).rejects.toMatchObject({ ...WAIT, retryAfterSeconds: 600 })
    expect(await records()).toHaveLength(61)
    expect(await db.selectFrom('sessions').select('id').execute()).toHaveLength(sessions.length)
    await auth.signIn.withPassword({ ...RIGHT, email: ROB })
    now.advance(599)
    await expect(auth.signIn.withPassword(RIGHT)).rejects.toMatchObject({ ...WAIT, retryAfterSeconds: 1 })
    now.advance(1)
    await auth.signIn.withPassword(RIGHT)
  })
})

onEachEngine('the limits of an IP address', (engine) => {
  const LIMITS = {
    loginFailuresPerIp: 3,
    signInsPerIp: 3,
    resetRequestsPerIp: 3,
    registrationsPerIp: 3,
  }
  /** Each takes its own number, so that no limit per account applies. */
  const KINDS: Record<string, (auth: Auth, index: number, ip: string) => Promise<unknown>> = {
    'wrong passwords': (auth, index, ip) =>
      auth.signIn.withPassword({ email: `${index}@example.com`, password: NEW_PASSWORD }, { ip }),
    'sign-ins': (auth, _, ip) => auth.signIn.withPassword(RIGHT, { ip }),
    registrations: (auth, index, ip) =>
      auth.account.register({ email: `${index}@example.com`, password: PASSWORD }, { ip }),
    'password resets': (auth, index, ip) =>
      auth.account.requestPasswordReset({ email: `${index}@example.com` }, { ip }),
    confirmations: (auth, index, ip) =>
      auth.account.requestConfirmation({ email: `${index}@example.com` }, { ip }),
  }

  it.each(Object.entries(KINDS))(
    'also hold for %s of its IPv6 networks: twice as many for a /56, four times for a /48',
    async (_, act) => {
      const { auth } = await productionAuth(engine, LIMITS)
      await auth.users.create({ ...RIGHT, confirmed: true })
      let index = 0
      /** The index of the first attempt that is refused, of one from each /64. */
      const passedFrom = async (networks: string[]) => {
        const codes: string[] = []
        for (const network of networks) codes.push(...(await codesOf([act(auth, index++, `${network}::1`)])))
        return codes.map((code) => code !== 'too_many_attempts')
      }
      const passes = (passed: number, refused: number) => [
        ...Array(passed).fill(true),
        ...Array(refused).fill(false),
      ]
      // 2001:db8:1:0::/56 begins with the /64 networks 2001:db8:1:0 to 2001:db8:1:ff.
      const of56 = (first: number, count: number) =>
        times(count, (each) => `2001:db8:1:${(first + each).toString(16)}`)
      expect(await passedFrom(of56(0xf0, 8))).toEqual(passes(6, 2))
      expect(await passedFrom(of56(0x100, 4))).toEqual(passes(4, 0))
      expect(await passedFrom(of56(0x200, 4))).toEqual(passes(2, 2))
      // Every further /56 of the /48 is refused, and no other /48 is.
      expect(await passedFrom(['2001:db8:1:ff00', '2001:db8:2:0'])).toEqual([false, true])
    },
  )

  it('are refunded for all networks by a right password', async () => {
    const { auth } = await productionAuth(engine, { ...LIMITS, signInsPerIp: 100 })
    await auth.users.create({ ...RIGHT, confirmed: true })
    for (let signIn = 0; signIn < 14; signIn++)
      await auth.signIn.withPassword(RIGHT, { ip: `2001:db8:1:${(signIn * 0x40).toString(16)}::1` })
  })
})

import { expect, it } from 'vitest'
import { freshAuth, onEachEngine } from '../../../test/support/engines.ts'
import {
  accountWithFactors,
  beginSignIn,
  codeOf,
  type Factored,
  signInWithPasskey,
} from '../../../test/support/factored-account.ts'
import { CLIENT, PASSWORD, productionAuth, randomKey } from '../../../test/support/production.ts'
import { signedIn } from '../../../test/support/signed-in.ts'
import type { RevokeFactorsRequest } from '../index.ts'

const NOBODY = 4711

/** What operators did, sorted because records of the same moment have no order. */
async function operatorActs({ auth }: Pick<Factored, 'auth'>): Promise<string[]> {
  const records = await Array.fromAsync(auth.audit.list())
  return records
    .filter(({ actor, action }) => actor === 'operator' && action !== 'register')
    .map(({ action, reason, details }) => [action, reason, details.passkey].filter(Boolean).join(' '))
    .toSorted()
}

async function kindsOf({ newMails }: Pick<Factored, 'newMails'>): Promise<string[]> {
  return (await newMails()).map(({ kind }) => kind)
}

onEachEngine('users.revokeFactors', (engine) => {
  it('revokes one passkey, ends every session and pending sign-in, and leaves the other factors [MFA-04]', async () => {
    const bob = await accountWithFactors(engine)
    const { auth, id, sessionToken, secret, now, passkeys } = bob
    const { loginToken } = await beginSignIn(bob)
    expect(await auth.users.revokeFactors(id, { passkeys: [passkeys[0].passkey.id] })).toBe(true)
    expect(await auth.getUserFromSessionId(sessionToken)).toBeNull()
    const code = codeOf(secret, now())
    await expect(auth.signIn.withTotp({ code }, { loginToken })).rejects.toMatchObject({
      code: 'pending_login_required',
    })
    await expect(signInWithPasskey(bob, passkeys[0])).rejects.toMatchObject({
      code: 'unknown_passkey',
    })
    expect((await signInWithPasskey(bob, passkeys[1])).next).toBe('signed_in')
    expect(await beginSignIn(bob)).toMatchObject({ next: 'second_factor' })
    expect(await operatorActs(bob)).toEqual([`remove_factor passkey ${passkeys[0].passkey.id}`])
    expect(await kindsOf(bob)).toContain('factors_revoked')
  })

  it('disables the second factor with the last factor, and voids the recovery codes [MFA-04]', async () => {
    const bob = await accountWithFactors(engine)
    const { auth, id, email, passkeys } = bob
    expect(await auth.users.revokeFactors(id, { totp: true, passkeys: true })).toBe(true)
    expect(await auth.users.find(email)).toMatchObject({
      liveSessions: 0,
      factors: { totp: null, passkeys: [], recoveryCodes: 0, secondFactorEnabled: false },
    })
    expect(await operatorActs(bob)).toEqual(
      [
        'disable_second_factor',
        'remove_factor totp',
        ...passkeys.map(({ passkey }) => `remove_factor passkey ${passkey.id}`),
      ].toSorted(),
    )
    expect(await kindsOf(bob)).toEqual(['factors_revoked', 'second_factor_disabled'])
    signedIn(await auth.signIn.withPassword({ email, password: PASSWORD }, CLIENT))
  })

  it('revokes recovery codes alone [MFA-04]', async () => {
    const bob = await accountWithFactors(engine)
    const { auth, id, email, sessionToken, recoveryCodes } = bob
    expect(await auth.users.revokeFactors(id, { recoveryCodes: true })).toBe(true)
    expect(await auth.getUserFromSessionId(sessionToken)).toBeNull()
    const { loginToken, methods } = await beginSignIn(bob)
    expect(methods.toSorted()).toEqual(['passkey', 'totp'])
    const [code = ''] = recoveryCodes
    await expect(auth.signIn.withRecoveryCode({ code }, { loginToken })).rejects.toMatchObject({
      code: 'invalid_code',
    })
    expect(await auth.users.find(email)).toMatchObject({ factors: { recoveryCodes: 0 } })
    expect(await operatorActs(bob)).toEqual(['remove_factor recovery_codes'])
  })

  it('leads to the set-up of another factor if the account must have one', async () => {
    const bob = await accountWithFactors(engine)
    await bob.auth.users.requireSecondFactor(bob.id, { required: true })
    await bob.auth.users.revokeFactors(bob.id, { totp: true, passkeys: true })
    expect(await beginSignIn(bob)).toMatchObject({ next: 'enrol', methods: [] })
  })

  it.each<[string, (bob: Factored) => RevokeFactorsRequest]>([
    ['nothing', () => ({})],
    ['a passkey that nobody has', () => ({ passkeys: ['019a3f5e-7c00-7000-8000-00000000000b'] })],
    ['what is not the id of a passkey', ({ email }) => ({ passkeys: [email, ''] })],
    ['false', () => ({ totp: false, recoveryCodes: false, passkeys: [] })],
  ])('changes nothing if told to revoke %s', async (_, request) => {
    const bob = await accountWithFactors(engine)
    const { auth, id, email, sessionToken } = bob
    expect(await auth.users.revokeFactors(id, request(bob))).toBe(false)
    expect(await auth.getUserFromSessionId(sessionToken)).not.toBeNull()
    expect((await auth.users.find(email))?.factors.passkeys).toHaveLength(2)
    expect(await operatorActs(bob)).toEqual([])
    expect(await kindsOf(bob)).toEqual([])
  })

  it("refuses another user's passkey, and an unknown user", async () => {
    const bob = await accountWithFactors(engine)
    const { auth, passkeys, email } = bob
    const other = await auth.users.create({ email: 'eve@example.com', password: PASSWORD, confirmed: true })
    expect(await auth.users.revokeFactors(other.id, { passkeys: [passkeys[0].passkey.id], totp: true })).toBe(
      false,
    )
    expect(await auth.users.revokeFactors(NOBODY, { totp: true })).toBe(false)
    expect((await auth.users.find(email))?.factors.passkeys).toHaveLength(2)
  })
})

onEachEngine('users.requireSecondFactor', (engine) => {
  it('requires a second factor of one user from the next sign-in, until it is waived', async () => {
    const bob = await productionAuth(engine)
    const { auth, now } = bob
    const email = 'bob@example.com'
    const { id } = await auth.users.create({ email, password: PASSWORD, confirmed: true })
    const { sessionToken } = signedIn(await auth.signIn.withPassword({ email, password: PASSWORD }, CLIENT))
    const since = now()
    expect(await auth.users.requireSecondFactor(id, { required: true })).toBe(true)
    now.advance(60)
    await auth.users.requireSecondFactor(id, { required: true })
    expect(await auth.users.find(email)).toMatchObject({
      secondFactorRequiredAt: since,
      factors: { policy: 'required' },
    })
    await expect(auth.account.get({ sessionToken })).rejects.toMatchObject({
      code: 'second_factor_required',
      accepts: [],
    })
    expect(await beginSignIn({ auth, email })).toMatchObject({ next: 'enrol' })
    expect(await auth.users.requireSecondFactor(id, { required: false })).toBe(true)
    expect(await auth.users.find(email)).toMatchObject({
      secondFactorRequiredAt: null,
      factors: { policy: 'optional' },
    })
    signedIn(await auth.signIn.withPassword({ email, password: PASSWORD }, CLIENT))
    expect(await operatorActs(bob)).toEqual([
      'require_second_factor',
      'require_second_factor',
      'waive_second_factor',
    ])
  })

  it('reports an unknown user', async () => {
    const { auth } = await productionAuth(engine)
    for (const required of [true, false])
      expect(await auth.users.requireSecondFactor(NOBODY, { required })).toBe(false)
  })
})

it.each([
  [{ secondFactor: 'off', secretKey: randomKey() }, 'secondFactor'],
  [{ baseUrl: 'http://127.0.0.1:8000' }, 'secretKey'],
] as const)(
  'users.requireSecondFactor is refused where nobody could sign in: %j',
  async (options, option) => {
    const auth = await freshAuth('sqlite', options)
    const { id } = await auth.registerUser('bob@example.com', PASSWORD)
    await expect(async () => auth.users.requireSecondFactor(id, { required: true })).rejects.toMatchObject({
      name: 'OptionError',
      option,
    })
    expect(await auth.users.requireSecondFactor(id, { required: false })).toBe(true)
  },
)

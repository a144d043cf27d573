import { expect, it } from 'vitest'
import { onEachEngine } from '../../../test/support/engines.ts'
import { sessionAfter } from '../../../test/support/factors.ts'
import {
  CLIENT,
  NEW_PASSWORD,
  PASSWORD,
  type Production,
  productionAuth,
} from '../../../test/support/production.ts'
import { signedIn } from '../../../test/support/signed-in.ts'
import { decodeBase32 } from '../../lib/base32.ts'
import { totpCode, totpStep } from '../../lib/totp.ts'
import type { AwaitedSignIn, Client, SignInResult } from '../index.ts'

const BOB = 'bob@example.com'
const RIGHT = { email: BOB, password: PASSWORD }

/** Starts a sign-in. Fails the test unless it waits. */
function waiting(result: SignInResult): AwaitedSignIn {
  return result.next === 'signed_in' ? expect.unreachable('is signed in') : result
}

/** Bob, with an authenticator app. */
async function bobWithTotp(
  engine: 'sqlite' | 'postgres',
  options: Parameters<typeof productionAuth>[1] = {},
) {
  const production = await productionAuth(engine, options)
  const { auth, now } = production
  const { id } = await auth.users.create({ ...RIGHT, confirmed: true })
  const begun = signedIn(await auth.signIn.withPassword(RIGHT, CLIENT))
  const first = { sessionToken: begun.sessionToken }
  const { secret } = await auth.factors.startTotp(first)
  const key = decodeBase32(secret) ?? expect.unreachable()
  const codeAt = (steps = 0) => totpCode(key, totpStep(now()) + steps)
  const enrolled = await auth.factors.confirmTotp({ code: codeAt() }, first)
  const { recoveryCodes } = enrolled
  now.advance(60)
  await production.newMails()
  const sessionToken = sessionAfter(enrolled)
  return { ...production, id, sessionToken, codeAt, recoveryCodes: recoveryCodes ?? expect.unreachable() }
}

async function begin({ auth }: Production, caller: Client = CLIENT) {
  return waiting(await auth.signIn.withPassword(RIGHT, caller))
}

onEachEngine('a sign-in with a second factor', (engine) => {
  it('waits after the password, and is finished with a code of the authenticator app [MFA-02]', async () => {
    const bob = await bobWithTotp(engine)
    const { auth, codeAt, now } = bob
    const started = await begin(bob)
    expect(started).toEqual({
      next: 'second_factor',
      methods: ['totp', 'recovery_code'],
      loginToken: expect.stringMatching(/^[0-9a-f-]{36}\.[\w-]{43}$/),
      expiresAt: new Date(now().getTime() + 600_000),
      transport: 'cookie',
      sessionToken: null,
      deviceToken: null,
    })
    expect(await auth.getUserFromSessionId(started.loginToken)).toBeNull()
    const { loginToken } = started
    expect(await auth.signIn.pending({ loginToken })).toMatchObject({ next: 'second_factor', email: BOB })
    const result = signedIn(await auth.signIn.withTotp({ code: codeAt() }, { loginToken, ...CLIENT }))
    expect(await auth.sessions.current({ sessionToken: result.sessionToken })).toMatchObject({
      session: { amr: ['pwd', 'otp', 'mfa'], aal: 2 },
    })
    await expect(auth.signIn.withTotp({ code: codeAt(1) }, { loginToken })).rejects.toMatchObject({
      code: 'pending_login_required',
    })
  })

  it('accepts a code once, also from several sign-ins at the same time [TOTP-02]', async () => {
    const bob = await bobWithTotp(engine)
    const { auth, codeAt } = bob
    const tokens = [await begin(bob), await begin(bob), await begin(bob)].map(({ loginToken }) => loginToken)
    const code = codeAt()
    const results = await Promise.allSettled(
      tokens.map((loginToken) => auth.signIn.withTotp({ code }, { loginToken })),
    )
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const codes = results.flatMap((each) => (each.status === 'rejected' ? [each.reason.code] : []))
    expect(codes).toEqual(['invalid_code', 'invalid_code'])
    const { loginToken } = await begin(bob)
    for (const old of [code, codeAt(-1)])
      await expect(auth.signIn.withTotp({ code: old }, { loginToken })).rejects.toMatchObject({
        code: 'invalid_code',
      })
  })

  it('accepts a recovery code once, and puts a new one in its place [RCV-02, RCV-03]', async () => {
    const bob = await bobWithTotp(engine)
    const { auth, recoveryCodes, newMails } = bob
    const [code = ''] = recoveryCodes
    const tokens = [await begin(bob), await begin(bob), await begin(bob)].map(({ loginToken }) => loginToken)
    const results = await Promise.allSettled(
      tokens.map((loginToken) =>
        auth.signIn.withRecoveryCode({ code: ` ${code.toLowerCase()}` }, { loginToken }),
      ),
    )
    const [used, ...more] = results.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
    expect(more).toEqual([])
    expect(used).toMatchObject({ next: 'signed_in', recoveryCodesLeft: 10 })
    expect((await newMails()).map(({ kind }) => kind)).toContain('recovery_code_used')
    const { loginToken } = await begin(bob)
    await expect(auth.signIn.withRecoveryCode({ code }, { loginToken })).rejects.toMatchObject({
      code: 'invalid_code',
    })
    const again = await auth.signIn.withRecoveryCode({ code: used?.newRecoveryCode ?? '' }, { loginToken })
    expect(again.next).toBe('signed_in')
  })

  it('counts wrong codes over all sign-ins of the account; a right password does not reset them [MFA-03]', async () => {
    const bob = await bobWithTotp(engine, { factorFailuresPerAccount: 3 })
    const { auth, codeAt } = bob
    for (let guess = 0; guess < 3; guess++) {
      const { loginToken } = await begin(bob)
      await expect(auth.signIn.withTotp({ code: '000000' }, { loginToken })).rejects.toMatchObject({
        code: 'invalid_code',
      })
    }
    const { loginToken } = await begin(bob)
    await expect(auth.signIn.withTotp({ code: codeAt() }, { loginToken })).rejects.toMatchObject({
      code: 'too_many_attempts',
    })
  })

  it('accepts a ceremony for re-authentication only with the answer of a passkey', async () => {
    const { auth, codeAt, sessionToken } = await bobWithTotp(engine)
    for (const proof of [{ password: PASSWORD }, { totp: codeAt() }, {}])
      await expect(
        auth.signIn.reauthenticate({ ...proof, ceremony: 'x' }, { sessionToken }),
      ).rejects.toMatchObject({ code: 'invalid_field', field: 'ceremony' })
    expect((await auth.sessions.current({ sessionToken }))?.session.aal).toBe(2)
  })

  it('disables the app after too many wrong codes, and the second factor is still required [MFA-06]', async () => {
    const bob = await bobWithTotp(engine, { factorFailuresUntilLock: 2 })
    const { auth, codeAt, now, sessionToken } = bob
    for (let guess = 0; guess < 2; guess++) {
      const { loginToken } = await begin(bob)
      await auth.signIn.withTotp({ code: '000000' }, { loginToken }).catch(() => {})
      now.advance(86_400)
    }
    const started = await begin(bob)
    expect(started).toMatchObject({ next: 'second_factor', methods: ['recovery_code'] })
    await expect(
      auth.signIn.withTotp({ code: codeAt() }, { loginToken: started.loginToken }),
    ).rejects.toMatchObject({ code: 'invalid_code' })
    // A session in which only the password still counts cannot set up another app.
    await expect(auth.factors.startTotp({ sessionToken })).rejects.toMatchObject({
      code: 'second_factor_required',
      accepts: [],
    })
  })

  it('is void after a change or reset of the password, and when the account is disabled', async () => {
    const bob = await bobWithTotp(engine)
    const { auth, codeAt, id, mailedLink } = bob
    const { loginToken } = await begin(bob)
    await auth.account.requestPasswordReset({ email: BOB })
    const { token } = await mailedLink('reset_password')
    await auth.account.resetPassword({ resetToken: token, newPassword: NEW_PASSWORD })
    await expect(auth.signIn.withTotp({ code: codeAt() }, { loginToken })).rejects.toMatchObject({
      code: 'pending_login_required',
    })
    const next = waiting(await auth.signIn.withPassword({ email: BOB, password: NEW_PASSWORD }))
    await auth.users.disable(id)
    await auth.users.enable(id)
    await expect(
      auth.signIn.withTotp({ code: codeAt() }, { loginToken: next.loginToken }),
    ).rejects.toMatchObject({ code: 'pending_login_required' })
  })

  it('expires after ten minutes, and its owner is notified a minute later [LGN-11]', async () => {
    const bob = await bobWithTotp(engine)
    const { auth, codeAt, now, newMails } = bob
    const { loginToken } = await begin(bob)
    now.advance(599)
    expect(await auth.signIn.pending({ loginToken })).toMatchObject({ email: BOB })
    now.advance(1)
    await expect(auth.signIn.withTotp({ code: codeAt() }, { loginToken })).rejects.toMatchObject({
      code: 'pending_login_required',
    })
    expect(await newMails()).toEqual([])
    now.advance(61)
    expect(await newMails()).toMatchObject([{ kind: 'second_factor_failed', to: BOB }])
  })

  it('is reported to its owner if it was canceled, but not if it was finished', async () => {
    const bob = await bobWithTotp(engine)
    const { auth, codeAt, now, newMails } = bob
    const { loginToken } = await begin(bob)
    signedIn(await auth.signIn.withTotp({ code: codeAt() }, { loginToken }))
    const canceled = { loginToken: (await begin(bob)).loginToken }
    expect(await auth.signIn.cancel(canceled)).toBe(true)
    expect(await auth.signIn.cancel(canceled)).toBe(false)
    await newMails()
    now.advance(3_700)
    const kinds = (await newMails()).map(({ kind }) => kind)
    expect(kinds.filter((kind) => kind === 'second_factor_failed')).toHaveLength(1)
  })

  it('is reported to its owner in time, even if it is started repeatedly', async () => {
    const bob = await bobWithTotp(engine)
    const { now, newMails } = bob
    let { loginToken } = await begin(bob)
    for (let minutes = 0; minutes < 12; minutes += 3) {
      now.advance(180)
      loginToken = (await begin(bob, { ...CLIENT, loginToken })).loginToken
    }
    expect((await newMails()).map(({ kind }) => kind)).toContain('second_factor_failed')
  })

  it('gives level 2 for a day, or an hour without use, which a password alone does not bring back [SES-08]', async () => {
    const bob = await bobWithTotp(engine)
    const { auth, codeAt, now } = bob
    const { loginToken } = await begin(bob)
    let { sessionToken } = signedIn(await auth.signIn.withTotp({ code: codeAt() }, { loginToken }))
    const aal = async () => (await auth.sessions.current({ sessionToken }))?.session.aal
    now.advance(3_599)
    expect(await aal()).toBe(2)
    now.advance(3_600)
    expect([await aal(), await aal()]).toEqual([1, 1])
    const renew = async (request: { password: string } | { totp: string }) => {
      sessionToken = (await auth.signIn.reauthenticate(request, { sessionToken })).sessionToken
      return aal()
    }
    expect(await renew({ password: PASSWORD })).toBe(1)
    expect(await renew({ totp: codeAt() })).toBe(2)
    expect(await renew({ password: PASSWORD })).toBe(2)
    for (let halves = 0; halves < 47; halves++) {
      now.advance(1_800)
      expect(await aal()).toBe(2)
    }
    now.advance(1_800)
    expect(await aal()).toBe(1)
    await expect(
      auth.account.changeEmail({ email: 'new@example.com' }, { sessionToken }),
    ).rejects.toMatchObject({
      code: 'second_factor_required',
      accepts: ['totp'],
    })
  })

  it('cannot be bypassed with the classic calls', async () => {
    const { auth } = await bobWithTotp(engine)
    expect(await auth.validLogin(BOB, PASSWORD)).toBe(false)
  })
})

import { expect, it } from 'vitest'
import { type EngineName, onBothEngines, onEachEngine } from '../../../test/support/engines.ts'
import { IS_FULL } from '../../../test/support/full.ts'
import {
  CLIENT,
  everyRow,
  linkIn,
  NEW_PASSWORD,
  PASSWORD,
  type Production,
  productionAuth,
} from '../../../test/support/production.ts'
import { signedIn } from '../../../test/support/signed-in.ts'
import type { Caller, MailKind, SessionCaller } from '../../index.ts'
import { randomSecret } from '../../lib/random.ts'

const BOB = 'bob@example.com'
const EVE = 'eve@example.com'
const NEW_ADDRESS = 'bob@example.org'
const INVALID = { code: 'invalid_code' }
const TOO_MANY = { code: 'too_many_attempts' }

/** A caller with its own browser. */
function browser(): Caller & { readonly browserToken: string } {
  return { ...CLIENT, browserToken: randomSecret() }
}

/** A code that differs from this one. */
function otherThan(code: string): string {
  return code === '00000000' ? '00000001' : '00000000'
}

/** The only mail of a kind that was sent since the last call. */
async function mailOf({ newMails }: Production, kind: MailKind) {
  const [mail, ...others] = (await newMails()).filter((each) => each.kind === kind)
  expect(others).toEqual([])
  return mail ?? expect.unreachable(`no mail of kind ${kind}`)
}

async function codeOf(scene: Production, kind: MailKind): Promise<string> {
  return (await mailOf(scene, kind)).code ?? expect.unreachable('no code')
}

/** Bob registers in a browser. */
async function registered(engine: EngineName, options: Parameters<typeof productionAuth>[1] = {}) {
  const scene = await productionAuth(engine, options)
  const caller = browser()
  await scene.auth.account.register({ email: BOB, password: PASSWORD }, caller)
  const mail = await mailOf(scene, 'verify_email')
  return { ...scene, scene, caller, mail, code: mail.code ?? expect.unreachable() }
}

/** Bob has an account with a confirmed address, and asks for a reset in a browser. */
async function resetting(engine: EngineName, options: Parameters<typeof productionAuth>[1] = {}) {
  const scene = await productionAuth(engine, options)
  const { auth } = scene
  const { id } = await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
  const caller = browser()
  const ask = async (from: Caller = caller) => {
    await auth.mailCodes.request({ purpose: 'reset_password', email: BOB }, from)
    return mailOf(scene, 'reset_password')
  }
  const mail = await ask()
  const redeem = (code: string, from: Caller = caller, newPassword = NEW_PASSWORD) =>
    auth.mailCodes.resetPassword({ code, newPassword }, from)
  return { ...scene, scene, id, caller, ask, redeem, mail, code: mail.code ?? expect.unreachable() }
}

/** Bob asks for a new address in a browser. */
async function changing(engine: EngineName) {
  const scene = await productionAuth(engine)
  const { auth } = scene
  const { id } = await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
  const from = browser()
  const session = async (email = BOB) => {
    const { sessionToken } = await auth.signIn.withPassword({ email, password: PASSWORD }, from)
    return { ...from, sessionToken }
  }
  const caller = await session()
  await auth.account.changeEmail({ email: NEW_ADDRESS }, caller)
  const mail = await mailOf(scene, 'confirm_new_email')
  const redeem = (code: string, who: SessionCaller = caller) => auth.mailCodes.changeEmail({ code }, who)
  return { ...scene, scene, id, caller, session, redeem, mail, code: mail.code ?? expect.unreachable() }
}

onEachEngine('a mailed code', (engine) => {
  it('confirms the address and signs in, in the browser that registered the account', async () => {
    const { auth, caller, code, db } = await registered(engine)
    expect(code).toMatch(/^\d{8}$/)
    const result = signedIn(await auth.mailCodes.confirmEmail({ code }, caller))
    expect(result.user).toMatchObject({ email: BOB, emailVerifiedAt: expect.any(Date) })
    expect(await auth.sessions.current({ sessionToken: result.sessionToken })).toMatchObject({
      user: { email: BOB },
      session: { amr: ['pwd'], aal: 1, fresh: true },
    })
    // The device is known from now on.
    expect(result.deviceToken).not.toBeNull()
    const known = { email: BOB, password: PASSWORD }
    await auth.signIn.withPassword(known, { ...CLIENT, deviceToken: result.deviceToken ?? undefined })
    const { audit = [] } = await everyRow(db)
    expect(audit.filter((row) => String(row).includes('"reason":"mail_code"'))).toHaveLength(1)
    // Only the note that the browser has registered the address stays, and it no longer names the account.
    const left = await db.selectFrom('mail_codes').selectAll().execute()
    expect(left).toMatchObject([{ purpose: 'registration', user_id: null, secret_hash: null }])
  })

  it('sets a new password, signs nobody in, and confirms the address', async () => {
    const { auth, redeem, code, db, newMails } = await resetting(engine)
    const sessionToken = await auth.createSession(BOB)
    await db.updateTable('users').set({ email_verified_at: null }).execute()
    expect(await redeem(code)).toMatchObject({ email: BOB, emailVerifiedAt: expect.any(Date) })
    expect(await auth.sessions.current({ sessionToken })).toBeNull()
    expect((await everyRow(db)).sessions).toEqual([])
    expect(await newMails()).toMatchObject([{ kind: 'password_changed', to: BOB }])
    expect(await auth.validLogin(BOB, NEW_PASSWORD)).toBe(true)
  })

  it('changes the address, with the session that asked for it', async () => {
    const { auth, redeem, caller, code, newMails } = await changing(engine)
    expect(await redeem(code)).toMatchObject({ email: NEW_ADDRESS })
    expect(await auth.sessions.current(caller)).toMatchObject({ user: { email: NEW_ADDRESS } })
    expect((await newMails()).map(({ kind, to }) => [kind, to])).toContainEqual(['email_changed', BOB])
  })

  it('voids the link of a change of address, and the link voids the code', async () => {
    const first = await changing(engine)
    await first.redeem(first.code)
    const link = { token: linkIn(first.mail).token, password: PASSWORD }
    await expect(first.auth.account.confirmEmail(link)).rejects.toMatchObject({
      code: 'invalid_confirmation_token',
    })
    const second = await changing(engine)
    await second.auth.account.confirmEmail({ token: linkIn(second.mail).token, password: PASSWORD })
    await expect(second.redeem(second.code)).rejects.toMatchObject(INVALID)
  })

  it('writes the same rows for every address, before the answer and after it', async () => {
    const { auth, db, newMails } = await productionAuth(engine, { resetRequestsPerAccount: 100 })
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    const grown: unknown[] = []
    for (const email of [BOB, EVE, 'nope']) {
      const before = await everyRow(db)
      await auth.mailCodes.request({ purpose: 'reset_password', email }, browser())
      await newMails()
      const codes = await db.selectFrom('mail_codes').select(['secret_hash', 'expires_at']).execute()
      const after = await everyRow(db)
      const added = ['mail_codes', 'audit'].map(
        (name) => (after[name]?.length ?? 0) - (before[name]?.length ?? 0),
      )
      grown.push([added, codes.every((row) => row.secret_hash !== null)])
    }
    expect(grown).toEqual([
      [[1, 1], true],
      [[1, 1], true],
      [[1, 1], true],
    ])
  })

  it('redeems nothing if its row was copied or changed', async () => {
    const { auth, redeem, code, id, db } = await resetting(engine)
    const { id: eve } = await auth.users.create({ email: EVE, password: PASSWORD, confirmed: true })
    await db.updateTable('mail_codes').set({ user_id: eve, email: EVE }).execute()
    await expect(redeem(code)).rejects.toMatchObject(INVALID)
    await db.updateTable('mail_codes').set({ user_id: id, email: BOB }).execute()
    await redeem(code)
  })

  it('is removed by the clean-up after it expired', async () => {
    const { auth, db, now, redeem, code } = await resetting(engine)
    now.advance(600)
    expect(await auth.deleteExpired()).toMatchObject({ mailCodes: 1 })
    expect((await everyRow(db)).mail_codes).toEqual([])
    await expect(redeem(code)).rejects.toMatchObject(INVALID)
  })
})

onBothEngines('a mailed code, sent several times at once', (engine) => {
  it('is redeemed once, whatever happens at the same time [REC-06]', async () => {
    const { redeem, code } = await resetting(engine, { mailCodeFailuresPerAccount: 10 })
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => redeem(code)))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)

    const { auth, caller, code: second } = await registered(engine, { mailCodeFailuresPerAccount: 10 })
    const sessions = await Promise.allSettled(
      Array.from({ length: 5 }, () => auth.mailCodes.confirmEmail({ code: second }, caller)),
    )
    expect(sessions.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  it('allows five parallel guesses and no more [REC-05]', async () => {
    const { redeem, code } = await resetting(engine)
    const results = await Promise.allSettled(Array.from({ length: 20 }, () => redeem(otherThan(code))))
    const codes = results.map((result) => (result.status === 'rejected' ? result.reason.code : 'ok'))
    expect(codes.filter((each) => each === 'invalid_code')).toHaveLength(5)
    expect(codes.filter((each) => each === 'too_many_attempts')).toHaveLength(15)
  })

  it('does not deadlock when its browser registers again, and others confirm or clean up, at the same time', async () => {
    const { auth, scene } = await registered(engine, { resetRequestsPerAccount: 100 })
    const outcomes = new Set<string>()
    const rounds = IS_FULL ? 50 : 5
    for (let round = 0; round < (engine === 'postgres' ? rounds : 1); round++) {
      const caller = { ...browser(), ip: `198.51.100.${round}` }
      const email = `first${round}@example.com`
      await auth.account.register({ email, password: PASSWORD }, caller)
      const first = await mailOf(scene, 'verify_email')
      const steps = [
        () => auth.mailCodes.confirmEmail({ code: first.code ?? '' }, caller),
        () => auth.account.confirmEmail({ token: linkIn(first).token, password: PASSWORD }),
        () => auth.account.register({ email: `second${round}@example.com`, password: PASSWORD }, caller),
        // Taken.
        () => auth.account.register({ email, password: NEW_PASSWORD }, caller),
        () => auth.mailCodes.request({ purpose: 'confirm_email', email }, caller),
        () => auth.deleteExpired(),
      ]
      for (const result of await Promise.allSettled(steps.map((step) => step())))
        if (result.status === 'rejected') outcomes.add(result.reason.code ?? String(result.reason))
      await scene.newMails()
    }
    // The second request is refused. Nothing else goes wrong.
    expect([...outcomes].filter((code) => !/^invalid_(code|confirmation_token)$/.test(code))).toEqual([])
  })
})

onEachEngine('a mailed code', (engine) => {
  it('is accepted with spaces, and replaces the session of the caller', async () => {
    const { auth, caller, code } = await registered(engine)
    await auth.users.create({ email: EVE, password: PASSWORD, confirmed: true })
    const sessionToken = await auth.createSession(EVE)
    const typed = ` ${code.slice(0, 3)}\u00a0${code.slice(3, 4)} ${code.slice(4)}\t`
    await auth.mailCodes.confirmEmail({ code: typed }, { ...caller, sessionToken })
    expect(await auth.sessions.current({ sessionToken })).toBeNull()
  })

  it('needs the password in a browser that did not register the account (decision 0015)', async () => {
    const { auth, scene } = await registered(engine)
    const caller = browser()
    await auth.mailCodes.request({ purpose: 'confirm_email', email: BOB }, caller)
    const code = await codeOf(scene, 'verify_email')
    const redeem = (more: { code?: string; password?: string }) =>
      auth.mailCodes.confirmEmail({ code, ...more }, caller)
    // The same refusal for a wrong code.
    for (const typed of [code, otherThan(code)])
      await expect(redeem({ code: typed })).rejects.toMatchObject({
        code: 'missing_field',
        field: 'password',
      })
    await expect(redeem({ password: NEW_PASSWORD })).rejects.toMatchObject({ code: 'invalid_credentials' })
    expect(await redeem({ password: PASSWORD })).toMatchObject({ next: 'signed_in', user: { email: BOB } })
  })

  it('counts a wrong password with a right code as a failed sign-in', async () => {
    const { auth, scene } = await registered(engine, { loginFailuresPerAccount: 2 })
    const caller = browser()
    await auth.mailCodes.request({ purpose: 'confirm_email', email: BOB }, caller)
    const code = await codeOf(scene, 'verify_email')
    const guess = () => auth.mailCodes.confirmEmail({ code, password: NEW_PASSWORD }, caller)
    for (let guesses = 0; guesses < 2; guesses++)
      await expect(guess()).rejects.toMatchObject({ code: 'invalid_credentials' })
    await expect(guess()).rejects.toMatchObject(TOO_MANY)
    await expect(auth.validLogin(BOB, PASSWORD)).rejects.toMatchObject(TOO_MANY)
  })

  it('works without the password for a day after the registration, if it is requested again', async () => {
    const { auth, scene, caller, now } = await registered(engine)
    now.advance(86_000)
    await auth.deleteExpired()
    await auth.mailCodes.request({ purpose: 'confirm_email', email: BOB }, caller)
    const code = await codeOf(scene, 'verify_email')
    now.advance(400)
    await expect(auth.mailCodes.confirmEmail({ code }, caller)).rejects.toMatchObject({ field: 'password' })
    now.advance(-1)
    expect(await auth.mailCodes.confirmEmail({ code }, caller)).toMatchObject({ next: 'signed_in' })
  })

  it('does not confirm for somebody who registers the address of an unconfirmed account', async () => {
    const { auth, scene } = await registered(engine)
    const stranger = browser()
    await auth.account.register({ email: BOB, password: NEW_PASSWORD }, stranger)
    expect(await mailOf(scene, 'account_exists')).toMatchObject({ code: null })
    await auth.mailCodes.request({ purpose: 'confirm_email', email: BOB }, stranger)
    const code = await codeOf(scene, 'verify_email')
    await expect(auth.mailCodes.confirmEmail({ code }, stranger)).rejects.toMatchObject(INVALID)
  })

  it('is sent again, and confirms, if the same browser sends the registration twice', async () => {
    const { auth, scene, caller, code: first } = await registered(engine)
    await auth.account.register({ email: BOB, password: PASSWORD }, caller)
    const code = await codeOf(scene, 'verify_email')
    const redeem = (typed: string) => auth.mailCodes.confirmEmail({ code: typed }, caller)
    if (first !== code) await expect(redeem(first)).rejects.toMatchObject(INVALID)
    expect(await redeem(code)).toMatchObject({ next: 'signed_in', user: { email: BOB } })
    // For a confirmed account, the browser is treated like any other.
    await auth.account.register({ email: BOB, password: PASSWORD }, caller)
    expect(await mailOf(scene, 'account_exists')).toMatchObject({ code: null })
  })

  it.each([
    ['a disabled account', { disabled_at: 1 }, 'invalid_code'],
    ['a compromised password', { password_compromised_at: 1 }, 'password_compromised'],
    ['an address that is confirmed by now', { email_verified_at: 1 }, 'invalid_code'],
  ] as const)('does not sign in with %s', async (_, change, refusal) => {
    const { auth, caller, code, db } = await registered(engine)
    // Written directly, so that the code stays.
    await db.updateTable('users').set(change).execute()
    const redeemed = auth.mailCodes.confirmEmail({ code }, caller)
    await expect(redeemed).rejects.toMatchObject({ code: refusal })
    expect((await everyRow(db)).sessions).toEqual([])
  })

  it('applies the policy to a new password, and still works after a refusal', async () => {
    const { auth, id, redeem, code, ask } = await resetting(engine)
    const refusals = { short: 'password_too_short', 'bob@example.com 12': 'password_guessable' }
    for (const [password, refusal] of Object.entries(refusals))
      await expect(redeem(code, undefined, password)).rejects.toMatchObject({
        code: refusal,
        field: 'newPassword',
      })
    await redeem(code)
    await auth.users.markPasswordCompromised(id)
    const { code: next } = await ask()
    await expect(redeem(next ?? '')).rejects.toMatchObject({ code: 'password_breached' })
    await redeem(next ?? '', undefined, PASSWORD)
  })

  it('changes no address without a session of the account in the browser that asked', async () => {
    const { auth, redeem, caller, session, code } = await changing(engine)
    await auth.users.create({ email: EVE, password: PASSWORD, confirmed: true })
    await expect(redeem(code, { ...caller, sessionToken: null })).rejects.toMatchObject({
      code: 'unauthenticated',
    })
    await expect(redeem(code, await session(EVE))).rejects.toMatchObject(INVALID)
    await expect(redeem(code, { ...caller, browserToken: randomSecret() })).rejects.toMatchObject(INVALID)
    await redeem(code)
  })

  it('for a change of address stops working when another address is requested, in any session', async () => {
    const { auth, scene, newMails, redeem, caller, code, id } = await changing(engine)
    await auth.account.changeEmail({ email: 'bob@example.net' }, { ...caller, ...browser() })
    await newMails()
    await expect(redeem(code)).rejects.toMatchObject(INVALID)
    await auth.account.changeEmail({ email: NEW_ADDRESS }, caller)
    const second = await codeOf(scene, 'confirm_new_email')
    await auth.users.setEmail(id, { email: 'bob@example.net' })
    await expect(redeem(second)).rejects.toMatchObject(INVALID)
  })

  it('cannot be requested separately for a change of address', async () => {
    const { auth, caller } = await changing(engine)
    const request = { purpose: 'change_email', email: BOB } as never
    await expect(auth.mailCodes.request(request, caller)).rejects.toMatchObject({
      code: 'invalid_field',
      field: 'purpose',
    })
  })

  it('works only in the browser that asked for it [REC-07]', async () => {
    const { auth, redeem, code, caller } = await resetting(engine)
    for (const browserToken of [undefined, '', 'x', randomSecret(), `${caller.browserToken}=`])
      await expect(redeem(code, { ...CLIENT, browserToken })).rejects.toMatchObject(INVALID)
    // Also in a browser that requested its own code.
    const other = browser()
    await auth.mailCodes.request({ purpose: 'reset_password', email: EVE }, other)
    await expect(redeem(code, other)).rejects.toMatchObject(INVALID)
    await redeem(code)
  })

  it('works only for its own purpose [REC-07]', async () => {
    const { auth, code, caller } = await registered(engine)
    const typed = { code, newPassword: NEW_PASSWORD }
    await expect(auth.mailCodes.resetPassword(typed, caller)).rejects.toMatchObject(INVALID)
    await auth.mailCodes.request({ purpose: 'reset_password', email: BOB }, caller)
    await expect(auth.mailCodes.resetPassword(typed, caller)).rejects.toMatchObject(INVALID)
  })

  it('is replaced by a newer one of the same browser, not by that of another', async () => {
    const { redeem, ask, code } = await resetting(engine)
    const elsewhere = browser()
    const { code: other } = await ask(elsewhere)
    const { code: second } = await ask()
    await expect(redeem(code)).rejects.toMatchObject(INVALID)
    await redeem(second ?? '')
    // Using one voids all others.
    await expect(redeem(other ?? '', elsewhere)).rejects.toMatchObject(INVALID)
  })

  it('lives for ten minutes from when the mail leaves [REC-05]', async () => {
    const { redeem, ask, code, now, auth } = await resetting(engine)
    now.advance(600)
    await expect(redeem(code)).rejects.toMatchObject(INVALID)
    const { code: second } = await ask()
    now.advance(599)
    await auth.deleteExpired()
    await redeem(second ?? '')
  })

  it('is void after five wrong ones, counted across codes and browsers [REC-05]', async () => {
    const { redeem, ask, code, caller, now } = await resetting(engine)
    const elsewhere = browser()
    const { code: other } = await ask(elsewhere)
    for (let guess = 0; guess < 3; guess++)
      await expect(redeem(otherThan(code))).rejects.toMatchObject(INVALID)
    const { code: second } = await ask()
    await expect(redeem(otherThan(second ?? ''))).rejects.toMatchObject(INVALID)
    await expect(redeem(otherThan(other ?? ''), elsewhere)).rejects.toMatchObject(INVALID)
    // The fifth wrong one starts the waits, for every browser.
    for (const from of [caller, elsewhere])
      await expect(redeem(second ?? '', from)).rejects.toMatchObject({ ...TOO_MANY, retryAfterSeconds: 1 })
    now.advance(1)
    // It also voided the code of its browser, so this one is wrong too.
    await expect(redeem(other ?? '', elsewhere)).rejects.toMatchObject(INVALID)
    now.advance(2)
    const { code: third } = await ask()
    await expect(redeem(otherThan(third ?? ''))).rejects.toMatchObject(INVALID)
    now.advance(4)
    await expect(redeem(third ?? '')).rejects.toMatchObject(INVALID)
  })

  it('is eight random digits, and clears the count when it is right [REC-05]', async () => {
    const { redeem, ask, code, auth } = await resetting(engine, { resetRequestsPerAccount: 100 })
    const codes = new Set([code])
    for (let more = 0; more < 10; more++) {
      const { code: next } = await ask()
      expect(next).toMatch(/^\d{8}$/)
      codes.add(next ?? '')
    }
    expect(codes.size).toBeGreaterThan(9)
    const latest = [...codes].at(-1) ?? ''
    for (let guess = 0; guess < 4; guess++)
      await expect(redeem(otherThan(latest))).rejects.toMatchObject(INVALID)
    await redeem(latest)
    const { code: next } = await ask()
    for (let guess = 0; guess < 4; guess++)
      await expect(redeem(otherThan(next ?? ''))).rejects.toMatchObject(INVALID)
    await redeem(next ?? '', undefined, PASSWORD)
    expect(await auth.validLogin(BOB, PASSWORD)).toBe(true)
  })

  it('stays limited when the right password signs in', async () => {
    const { auth, redeem, code } = await resetting(engine)
    for (let guess = 0; guess < 5; guess++)
      await expect(redeem(otherThan(code))).rejects.toMatchObject(INVALID)
    await auth.signIn.withPassword({ email: BOB, password: PASSWORD }, CLIENT)
    await expect(redeem(code)).rejects.toMatchObject(TOO_MANY)
  })

  it('has its own count on a known device, so that strangers cannot lock the owner out', async () => {
    const { auth, redeem, code, caller, ask } = await resetting(engine)
    const { deviceToken } = await auth.signIn.withPassword({ email: BOB, password: PASSWORD }, CLIENT)
    const stranger = browser()
    await ask(stranger)
    for (let guess = 0; guess < 5; guess++)
      await expect(redeem(otherThan(code), stranger)).rejects.toMatchObject(INVALID)
    await expect(redeem(code)).rejects.toMatchObject(TOO_MANY)
    await redeem(code, { ...caller, deviceToken: deviceToken ?? undefined })
  })

  it('is limited for an IP address too', async () => {
    const { auth, redeem } = await resetting(engine, { loginFailuresPerIp: 3 })
    for (let guess = 0; guess < 3; guess++) {
      const from = browser()
      const email = `user${guess}@example.com`
      await auth.mailCodes.request({ purpose: 'reset_password', email }, from)
      await expect(redeem('12345678', from)).rejects.toMatchObject(INVALID)
    }
    await expect(redeem('12345678')).rejects.toMatchObject(TOO_MANY)
  })

  it('does not count malformed codes', async () => {
    const { redeem, code } = await resetting(engine)
    for (const text of [
      '1',
      '1234567',
      '123456789',
      'abcdefgh',
      '１２３４５６７８',
      code.replace(/./, '$&-'),
      ' ',
    ])
      await expect(redeem(text)).rejects.toMatchObject(INVALID)
    for (const nothing of ['', undefined as never])
      await expect(redeem(nothing)).rejects.toMatchObject({ code: 'missing_field', field: 'code' })
    await expect(redeem(1 as never)).rejects.toMatchObject({ code: 'invalid_field', field: 'code' })
    await redeem(code)
  })

  it('voids the link of its mail, and the link voids the code', async () => {
    const { auth, redeem, ask, mail, code } = await resetting(engine)
    await redeem(code)
    const reset = { resetToken: linkIn(mail).token, newPassword: PASSWORD }
    await expect(auth.account.resetPassword(reset)).rejects.toMatchObject({ code: 'invalid_reset_token' })
    const second = await ask()
    await auth.account.resetPassword({ ...reset, resetToken: linkIn(second).token })
    await expect(redeem(second.code ?? '')).rejects.toMatchObject(INVALID)
  })

  it('voids the link of a confirmation, and the link voids the code', async () => {
    const { auth, scene, caller, mail, code } = await registered(engine)
    await auth.mailCodes.confirmEmail({ code }, caller)
    const link = { token: linkIn(mail).token, password: PASSWORD }
    await expect(auth.account.confirmEmail(link)).rejects.toMatchObject({
      code: 'invalid_confirmation_token',
    })

    const other = browser()
    await auth.account.register({ email: EVE, password: PASSWORD }, other)
    const second = await mailOf(scene, 'verify_email')
    await auth.account.confirmEmail({ token: linkIn(second).token, password: PASSWORD })
    await expect(auth.mailCodes.confirmEmail({ code: second.code ?? '' }, other)).rejects.toMatchObject(
      INVALID,
    )
  })

  it.each<[what: string, act: (scene: Awaited<ReturnType<typeof resetting>>) => Promise<unknown>]>([
    ['the account is disabled', ({ auth, id }) => auth.users.disable(id)],
    ['the account is deleted', ({ auth, id }) => auth.users.delete(id)],
    ['the password is compromised', ({ auth, id }) => auth.users.markPasswordCompromised(id)],
    ['the address changes', ({ auth, id }) => auth.users.setEmail(id, { email: EVE, confirmed: true })],
    ['a backup is restored', ({ auth }) => auth.transfer.finishRestore({ keepSessions: false })],
    [
      'the password changes',
      async ({ auth }) =>
        auth.account.changePassword(
          { currentPassword: PASSWORD, newPassword: 'nine yellow umbrellas' },
          { sessionToken: await auth.createSession(BOB) },
        ),
    ],
  ])('stops working when %s', async (_, act) => {
    const scene = await resetting(engine)
    await act(scene)
    await expect(scene.redeem(scene.code)).rejects.toMatchObject(INVALID)
  })

  it('is refused for an address without an account after the same attempts', async () => {
    const { auth, now, newMails, caller, redeem, code } = await resetting(engine)
    const stranger = browser()
    await auth.mailCodes.request({ purpose: 'reset_password', email: EVE }, stranger)
    expect(await newMails()).toEqual([])
    const outcomes = async (from: Caller) => {
      const codes: string[] = []
      for (let guess = 0; guess < 8; guess++) {
        if (guess === 6) now.advance(1)
        codes.push(await redeem(otherThan(code), from).then(String, (error) => error.code))
      }
      return codes
    }
    const known = await outcomes(caller)
    expect(known.filter((each) => each === 'invalid_code')).toHaveLength(6)
    expect(await outcomes(stranger)).toEqual(known)
  })

  it('is not in the database, and nothing in the database redeems it', async () => {
    const { caller, code, db } = await resetting(engine)
    const rows = JSON.stringify(await everyRow(db))
    for (const secret of [code, `${code.slice(0, 4)} ${code.slice(4)}`, caller.browserToken])
      expect(rows).not.toContain(secret)
  })

  it('needs a browser token, and its request counts towards the limit of its purpose', async () => {
    const { auth } = await productionAuth(engine, { resetRequestsPerAccount: 2 })
    const request = { purpose: 'reset_password', email: BOB } as const
    await expect(auth.mailCodes.request(request)).rejects.toMatchObject({
      code: 'missing_field',
      field: 'browserToken',
    })
    await expect(auth.mailCodes.request(request, { browserToken: 'short' })).rejects.toMatchObject({
      code: 'invalid_field',
    })
    await auth.mailCodes.request(request, browser())
    await auth.account.requestPasswordReset({ email: BOB })
    await expect(auth.mailCodes.request(request, browser())).rejects.toMatchObject(TOO_MANY)
  })
})

onEachEngine('a code that a stranger has requested', (engine) => {
  it.each(['reset_password', 'confirm_email'] as const)(
    'does not tell them by the limit that the owner has acted: %s [LGN-07]',
    async (purpose) => {
      const scene = await productionAuth(engine, { mailCodeFailuresPerAccount: 3 })
      const { auth } = scene
      const isReset = purpose === 'reset_password'
      await auth.users.create({ email: BOB, password: PASSWORD, confirmed: isReset })
      await scene.newMails()
      const outcomes = async (email: string, act = async () => {}) => {
        const stranger = browser()
        await auth.mailCodes.request({ purpose, email }, stranger)
        await act()
        const codes = []
        for (let n = 0; n < 4; n++) {
          const tried = isReset
            ? auth.mailCodes.resetPassword({ code: '00000000', newPassword: NEW_PASSWORD }, stranger)
            : auth.mailCodes.confirmEmail({ code: '00000000', password: PASSWORD }, stranger)
          codes.push(
            await tried.then(
              () => 'ok',
              ({ code }) => code as string,
            ),
          )
        }
        return codes
      }
      const acts = async () => {
        const { token } = linkIn(await mailOf(scene, isReset ? 'reset_password' : 'verify_email'))
        if (isReset) await auth.account.resetPassword({ resetToken: token, newPassword: NEW_PASSWORD })
        else await auth.account.confirmEmail({ token, password: PASSWORD })
      }
      const expected = [INVALID.code, INVALID.code, INVALID.code, TOO_MANY.code]
      expect(await outcomes('nobody@example.com')).toEqual(expected)
      expect(await outcomes(BOB, acts)).toEqual(expected)
    },
  )
})

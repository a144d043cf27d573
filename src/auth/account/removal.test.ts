import { expect, it } from 'vitest'
import { onBothEngines, onEachEngine, testClock } from '../../../test/support/engines.ts'
import {
  CLIENT,
  cookieIn,
  everyRow,
  NEW_PASSWORD,
  PASSWORD,
  productionAuth,
  productionContext,
} from '../../../test/support/production.ts'
import { send } from '../../../test/support/send.ts'
import { newSession, signInNewUser } from '../../../test/support/signed-in.ts'
import { asOperator, UNKNOWN_CALLER } from '../caller.ts'
import { inTransaction } from '../context.ts'
import { withPassword } from '../sign-in/with-password.ts'
import { create } from '../users/create.ts'
import { changeEmail } from './email-change.ts'
import { requestPasswordReset } from './password-reset.ts'
import { removeAccount } from './removal.ts'

const BOB = 'bob@example.com'
const ROB = 'rob@example.com'

onEachEngine('the deletion of an account', (engine) => {
  it('removes all its rows except audit records, which keep only its id [DAT-03]', async () => {
    const production = await productionAuth(engine)
    const { auth, db, mailedLink, newMails } = production
    await auth.users.create({ email: ROB, password: PASSWORD, confirmed: true })
    await auth.signIn.withPassword({ email: ROB, password: PASSWORD }, CLIENT)
    await newMails()
    const others = await everyRow(db)

    const { id, sessionToken } = await signInNewUser(production)
    await newSession(auth)
    await auth.account.requestPasswordReset({ email: BOB }, CLIENT)
    const reset = await mailedLink('reset_password')
    await auth.account.changeEmail({ email: 'robert@example.com' }, { sessionToken, ...CLIENT })
    const move = await mailedLink('confirm_new_email')
    await auth.account.export({ sessionToken, ...CLIENT })
    expect(await auth.account.delete({ sessionToken, ...CLIENT })).toMatchObject({ id, email: BOB })
    await newMails()

    const { audit = [], throttles, ...rest } = await everyRow(db)
    const { audit: auditBefore = [], throttles: _, ...restBefore } = others
    expect(rest).toEqual(restBefore)
    const lines = audit.filter((line) => !auditBefore.includes(line)).map((line) => JSON.parse(String(line)))
    expect(lines.length).toBeGreaterThan(4)
    for (const line of lines) expect(line).toMatchObject({ user_id: id, ip_address: null, user_agent: null })
    expect(lines.filter(({ action }) => action === 'delete_account')).toMatchObject([
      { actor: 'user', request_id: CLIENT.requestId },
    ])
    // Nothing identifies the account, and other accounts are untouched.
    const left = JSON.stringify([lines, throttles])
    for (const trace of ['bob', 'robert', CLIENT.ip ?? '', CLIENT.userAgent ?? ''])
      expect(left).not.toContain(trace)
    for (const line of auditBefore) expect(audit).toContain(line)

    await expect(auth.getUserFromSessionId(sessionToken)).resolves.toBeNull()
    await expect(auth.signIn.withPassword({ email: BOB, password: PASSWORD })).rejects.toMatchObject({
      code: 'invalid_credentials',
    })
    await expect(
      auth.account.resetPassword({ resetToken: reset.token, newPassword: NEW_PASSWORD }),
    ).rejects.toMatchObject({ code: 'invalid_reset_token' })
    await expect(auth.account.confirmEmail({ token: move.token, password: PASSWORD })).rejects.toMatchObject({
      code: 'invalid_confirmation_token',
    })
  })

  it('sends one notice to its address', async () => {
    const production = await productionAuth(engine)
    const { auth, newMails } = production
    const { sessionToken } = await signInNewUser(production)
    const response = await send(auth, 'DELETE', '/profile', { sessionToken })
    expect(await response.json()).toEqual({ email: BOB, message: 'account deleted' })
    expect(cookieIn(response, 'session_id')).toBe('')
    expect(await newMails()).toMatchObject([{ kind: 'account_deleted', to: BOB }])
  })

  it('frees the address for an account with a new id', async () => {
    const production = await productionAuth(engine)
    const { auth, mailedLink } = production
    const { id, sessionToken } = await signInNewUser(production)
    await auth.account.delete({ sessionToken })
    await auth.account.register({ email: BOB, password: NEW_PASSWORD })
    const { token } = await mailedLink('verify_email')
    const again = await auth.account.confirmEmail({ token, password: NEW_PASSWORD })
    expect(again.id).toBeGreaterThan(id)
    expect(await Array.fromAsync(auth.audit.list({ userId: again.id }))).toHaveLength(2)
  })

  it('by an operator removes the same rows', async () => {
    const production = await productionAuth(engine, { now: testClock() })
    const { auth, db } = production
    const { id } = await signInNewUser(production)
    expect(await auth.users.delete(id)).toBe(true)
    expect(await auth.users.delete(id)).toBe(false)
    const { users, sessions, tokens, outbox } = await everyRow(db)
    expect({ users, sessions, tokens, outbox }).toEqual({ users: [], sessions: [], tokens: [], outbox: [] })
    for (const line of await Array.fromAsync(auth.audit.list({ userId: id })))
      expect(line).toMatchObject({ ip: null, userAgent: null })
  })
})

onBothEngines('deletions of an account at the same time', (engine) => {
  it('succeeds once for concurrent requests', async () => {
    const production = await productionAuth(engine)
    const { auth, newMails } = production
    const { sessionToken } = await signInNewUser(production)
    const results = await Promise.allSettled(
      Array.from({ length: 5 }, () => auth.account.delete({ sessionToken })),
    )
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'unauthenticated' })
    }
    expect(await newMails()).toHaveLength(1)
    expect(await Array.fromAsync(auth.audit.list({ action: 'delete_account' }))).toHaveLength(1)
  })
})

onBothEngines('the removal of an account', (engine) => {
  it('deletes its waiting mail with links, and keeps its notices [DAT-03]', async () => {
    const ctx = await productionContext(engine)
    const { id } = await create(ctx, { email: BOB, password: PASSWORD, confirmed: true })
    await requestPasswordReset(ctx, { email: BOB })
    const { sessionToken } = await withPassword(ctx, { email: BOB, password: PASSWORD })
    await changeEmail(ctx, { email: 'robert@example.com' }, { sessionToken })
    const waiting = async () =>
      ((await everyRow(ctx.db)).outbox ?? []).map((row) => JSON.parse(String(row)).kind).sort()
    const notices = ['email_change_requested', 'new_device']
    expect(await waiting()).toEqual(['confirm_new_email', ...notices, 'reset_password'])
    expect(await inTransaction(ctx, (tx) => removeAccount(tx, id, asOperator(UNKNOWN_CALLER)))).toBe(true)
    expect(await waiting()).toEqual(notices)
  })
})

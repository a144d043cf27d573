import { hostname } from 'node:os'
import { expect, it } from 'vitest'
import { ACTIONS, ACTS, linesOf, openProduction } from '../../../test/support/audited-acts.ts'
import { onEachEngine } from '../../../test/support/engines.ts'
import {
  breakTable,
  CLIENT,
  everyRow,
  linkIn,
  NEW_PASSWORD,
  PASSWORD,
  productionAuth,
  untilNoMailWaits,
} from '../../../test/support/production.ts'
import type { AuditRecord } from '../../index.ts'

const BOB = 'bob@example.com'

/** Every row except the audit log and the counters, which also count refused attempts. */
async function stateOf(db: Parameters<typeof everyRow>[0]) {
  const { throttles: _, audit: __, ...rest } = await everyRow(db)
  return rest
}

onEachEngine('the audit log', (engine) => {
  it('records every action with its actor, account, outcome and origin [AUD-02]', async () => {
    const { auth, newAccount } = await openProduction(engine)
    for (const [action, { act, line: expected }] of ACTIONS) {
      const account = await newAccount(action)
      const before = new Set((await linesOf(auth)).map(({ id }) => id))
      await act(account)
      const { client = false, ...line } = expected
      const written = (await linesOf(auth)).filter(
        ({ id, ...each }) => !before.has(id) && each.action === action,
      )
      expect(written, action).toEqual([
        {
          id: expect.any(String),
          at: expect.any(Date),
          instance: `${hostname()}:${process.pid}`,
          action,
          actorId: line.actor === 'user' ? expect.stringMatching(/^\d+$/) : null,
          onBehalfOf: null,
          outcome: 'success',
          reason: null,
          userId: expect.any(Number),
          // A deleted account has no address, and some actions concern no account.
          email:
            action === 'delete_account' || line.userId === null
              ? null
              : expect.stringContaining('@example.com'),
          ip: client ? CLIENT.ip : null,
          userAgent: client ? CLIENT.userAgent : null,
          requestId: client ? CLIENT.requestId : null,
          details: {},
          ...line,
        },
      ])
    }
  })

  it('contains no passwords, no tokens and only masked addresses', async () => {
    const { auth, db, newAccount, mails } = await openProduction(engine)
    const sessionTokens: string[] = []
    for (const [action, { act }] of ACTIONS) {
      const account = await newAccount(action)
      sessionTokens.push(account.sessionToken)
      await act(account)
    }
    const refusals = [
      auth.signIn.withPassword({ email: 'somebody@example.com', password: NEW_PASSWORD }),
      auth.account.register({ email: 'llogin@example.com', password: NEW_PASSWORD }),
    ]
    await Promise.allSettled(refusals)
    await untilNoMailWaits(auth)
    const { audit } = await everyRow(db)
    const text = JSON.stringify(audit)
    const tokens = mails.flatMap((mail) => (mail.text.includes('#') ? [linkIn(mail).token] : []))
    expect(tokens.length).toBeGreaterThan(5)
    for (const secret of [
      PASSWORD,
      NEW_PASSWORD,
      ...[...sessionTokens, ...tokens].map((token) => token.slice(37)),
      ...mails.map(({ to }) => to),
      'somebody@example.com',
    ]) {
      expect(text).not.toContain(secret)
    }
    expect(text).toContain('s***@example.com')
  })

  it('records the reason of each refused sign-in', async () => {
    const { auth } = await productionAuth(engine)
    const accounts: Record<string, number | null> = { unknown_email: null }
    for (const reason of ['wrong_password', 'disabled', 'unconfirmed', 'password_compromised']) {
      const confirmed = reason !== 'unconfirmed'
      const { id } = await auth.users.create({
        email: `${reason}@example.com`,
        password: PASSWORD,
        confirmed,
      })
      if (reason === 'disabled') await auth.users.disable(id)
      if (reason === 'password_compromised') await auth.users.markPasswordCompromised(id)
      accounts[reason] = id
    }
    for (const [reason, userId] of Object.entries(accounts)) {
      const password = reason === 'wrong_password' ? NEW_PASSWORD : PASSWORD
      const request = { email: `${reason}@example.com`, password }
      await expect(auth.signIn.withPassword(request, { ...CLIENT, requestId: reason })).rejects.toMatchObject(
        {
          code: reason === 'password_compromised' ? reason : 'invalid_credentials',
        },
      )
      const lines = await Array.fromAsync(auth.audit.list({ action: 'login' }))
      expect(lines.filter(({ requestId }) => requestId === reason)).toMatchObject([
        {
          actor: 'anonymous',
          outcome: 'refused',
          reason,
          userId,
          ip: CLIENT.ip,
          userAgent: CLIENT.userAgent,
        },
      ])
    }
  })

  it('records a wrong password on every route, and a taken address', async () => {
    const { auth, newAccount } = await openProduction(engine)
    const { id, email, sessionToken, tokenTo } = await newAccount('wrong')
    const caller = { sessionToken, ...CLIENT }
    await auth.signIn.reauthenticate({ password: NEW_PASSWORD }, caller).catch(() => {})
    await auth.account
      .changePassword({ currentPassword: NEW_PASSWORD, newPassword: NEW_PASSWORD }, caller)
      .catch(() => {})
    await auth.account.changeEmail({ email: `other-${email}` }, { sessionToken })
    await auth.account
      .confirmEmail({ token: await tokenTo(`other-${email}`), password: NEW_PASSWORD }, CLIENT)
      .catch(() => {})
    await auth.account.register({ email, password: NEW_PASSWORD }, CLIENT)
    const refused = (await linesOf(auth)).filter(({ outcome }) => outcome === 'refused')
    expect(refused.map(({ action, reason }) => `${action}: ${reason}`).sort()).toEqual([
      'change_password: wrong_password',
      'confirm_email: wrong_password',
      'reauthenticate: wrong_password',
      'register: email_taken',
    ])
    for (const line of refused) expect(line).toMatchObject({ userId: id, ...CLIENT })
  })

  it('records once that a limit was reached, however many requests are refused', async () => {
    const { auth } = await productionAuth(engine, { loginFailuresPerAccount: 3 })
    const guess = { email: BOB, password: NEW_PASSWORD }
    await Promise.allSettled(Array.from({ length: 20 }, () => auth.signIn.withPassword(guess, CLIENT)))
    const lines = await Array.fromAsync(auth.audit.list({ action: 'limit_reached' }))
    expect(lines).toMatchObject([
      { outcome: 'refused', details: { limit: 'login', of: 'account', email: 'b***@example.com' } },
    ])
    expect(await linesOf(auth)).toHaveLength(4)
  })
})

/** Actions that change data, each with a change that it makes. */
const CHANGES: readonly [keyof typeof ACTS, table: string, change: 'insert' | 'update' | 'delete'][] = [
  ['register', 'users', 'insert'],
  ['login', 'sessions', 'insert'],
  ['logout', 'sessions', 'delete'],
  ['end_session', 'sessions', 'delete'],
  ['end_all_sessions', 'sessions', 'delete'],
  ['reauthenticate', 'sessions', 'delete'],
  ['change_password', 'users', 'update'],
  ['request_email_change', 'outbox', 'insert'],
  ['request_password_reset', 'outbox', 'insert'],
  ['request_confirmation', 'outbox', 'insert'],
  ['delete_account', 'users', 'delete'],
  ['delete_unconfirmed_accounts', 'users', 'delete'],
  ['disable_account', 'users', 'update'],
  ['enable_account', 'users', 'update'],
  ['mark_password_compromised', 'users', 'update'],
  ['unlock_account', 'throttles', 'delete'],
]

onEachEngine('a change and its audit record', (engine) => {
  it('are written together: if the record fails, nothing changes [AUD-06]', async () => {
    const { db, newAccount } = await openProduction(engine)
    for (const [action] of CHANGES) {
      const account = await newAccount(action)
      const before = await stateOf(db)
      const repair = await breakTable(db, 'audit', 'insert')
      await expect(ACTS[action].act(account), action).rejects.toThrow('broken by the test')
      expect(await stateOf(db), action).toEqual(before)
      await repair()
    }
  })

  it('are written together: if the change fails, nothing is recorded [AUD-06]', async () => {
    const received: AuditRecord[] = []
    const { auth, db, newAccount } = await openProduction(engine, {
      onAudit: (line) => void received.push(line),
    })
    for (const [action, table, change] of CHANGES) {
      const account = await newAccount(action)
      // Creates a counter, so that unlocking has a row to delete.
      await auth.validLogin(account.email, NEW_PASSWORD)
      const before = await everyRow(db)
      received.length = 0
      const repair = await breakTable(db, table, change)
      await expect(ACTS[action].act(account), action).rejects.toThrow('broken by the test')
      expect((await everyRow(db)).audit, action).toEqual(before.audit)
      expect(received, action).toEqual([])
      await repair()
    }
  })

  it('are written together when a link is used', async () => {
    const { auth, db, newAccount } = await openProduction(engine)
    const { email, sessionToken, tokenTo } = await newAccount('links')
    await auth.account.requestPasswordReset({ email })
    const resetToken = await tokenTo(email)
    await auth.account.changeEmail({ email: `moved-${email}` }, { sessionToken })
    const changeToken = await tokenTo(`moved-${email}`)
    await auth.registerUser('l@example.com', PASSWORD)
    const confirmToken = await tokenTo('l@example.com')
    const acts = [
      () => auth.account.confirmEmail({ token: confirmToken, password: PASSWORD }),
      () => auth.account.resetPassword({ resetToken, newPassword: NEW_PASSWORD }),
      () => auth.account.confirmEmail({ token: changeToken, password: PASSWORD }),
    ]
    for (const [table, change] of [
      ['audit', 'insert'],
      ['users', 'update'],
      ['tokens', 'delete'],
    ] as const) {
      for (const act of acts) {
        const before = { ...(await everyRow(db)), throttles: [] }
        const repair = await breakTable(db, table, change)
        await expect(act()).rejects.toThrow('broken by the test')
        expect({ ...(await everyRow(db)), throttles: [] }).toEqual(before)
        await repair()
      }
    }
    await acts[0]?.()
    await acts[2]?.()
  })

  it('are written together when an operator issues a reset token', async () => {
    const { auth, db, newAccount } = await openProduction(engine)
    const { email } = await newAccount('hand')
    const before = await stateOf(db)
    const repair = await breakTable(db, 'audit', 'insert')
    await expect(auth.account.createResetToken({ email })).rejects.toThrow('broken by the test')
    expect(await stateOf(db)).toEqual(before)
    await repair()
  })

  it('are written together when an operator unlocks an account', async () => {
    const { auth, db, newAccount } = await openProduction(engine)
    const { id, email } = await newAccount('unlock')
    await auth.validLogin(email, NEW_PASSWORD)
    // Sending mail counts too.
    await untilNoMailWaits(auth)
    const { throttles } = await everyRow(db)
    expect(throttles).not.toEqual([])
    const repair = await breakTable(db, 'audit', 'insert')
    await expect(auth.users.unlock(id)).rejects.toThrow('broken by the test')
    expect((await everyRow(db)).throttles).toEqual(throttles)
    await repair()
  })
})

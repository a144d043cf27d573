import { hostname } from 'node:os'
import { sql } from 'kysely'
import { expect, it, onTestFinished } from 'vitest'
import { type EngineName, onEachEngine, testClock } from '../../../test/support/engines.ts'
import {
  BASE_URL,
  breakTable,
  CLIENT,
  everyRow,
  linkIn,
  memoryMailer,
  NEW_PASSWORD,
  PASSWORD,
  productionAuth,
  productionContext,
  type ReceivedMail,
  randomKey,
  sendDueMail,
  untilNoMailWaits,
} from '../../../test/support/production.ts'
import type { AuditRecord } from '../../index.ts'
import { MailRefused } from '../../mail/index.ts'
import type { AuditAction } from '../../model/audit-actions.ts'
import * as account from '../account/index.ts'
import { createAccount } from '../account/new-account.ts'
import { type AuthService, openAuthService } from '../index.ts'
import { record } from './record.ts'

const BOB = 'bob@example.com'
const DAY = 86_400

/** A signed-in account to act on. */
interface TestAccount {
  readonly auth: AuthService
  readonly id: number
  readonly email: string
  readonly sessionToken: string
  /** Returns the token in the latest mail to an address. */
  tokenTo(email: string): Promise<string>
}

/** What a record must contain. With `client`, it also has the IP address, user agent and request id. */
type Expected = Partial<AuditRecord> & { readonly client?: boolean }

interface Act {
  readonly act: (account: TestAccount) => Promise<unknown>
  readonly line: Expected
}

/** How to cause an action, and what its record contains. */
const ACTS = {
  register: {
    act: ({ auth, email }) => auth.account.register({ email: `new-${email}`, password: PASSWORD }, CLIENT),
    line: { actor: 'anonymous', client: true },
  },
  request_confirmation: {
    act: ({ auth, email }) => auth.account.requestConfirmation({ email }, CLIENT),
    line: { actor: 'anonymous', client: true },
  },
  confirm_email: {
    act: async ({ auth, email, tokenTo }) => {
      const address = `unconfirmed-${email}`
      await auth.registerUser(address, PASSWORD)
      await auth.account.confirmEmail({ token: await tokenTo(address), password: PASSWORD }, CLIENT)
    },
    line: { actor: 'user', client: true },
  },
  login: {
    act: ({ auth, email }) => auth.signIn.withPassword({ email, password: PASSWORD }, CLIENT),
    line: { actor: 'user', reason: 'pwd', details: { device: 'new', failures: 0 }, client: true },
  },
  limit_reached: {
    act: async ({ auth, email }) => {
      for (let times = 0; times < auth.options.resetRequestsPerAccount; times++)
        await auth.account.requestPasswordReset({ email }, CLIENT)
    },
    line: {
      actor: 'anonymous',
      outcome: 'refused',
      userId: null,
      details: { limit: 'reset_request', of: 'account', email: expect.stringMatching(/^l\*{3}@/) },
      client: true,
    },
  },
  logout: {
    act: ({ auth, sessionToken }) => auth.sessions.signOut({ ...CLIENT, sessionToken }),
    line: { actor: 'user', client: true },
  },
  end_session: {
    act: ({ auth, sessionToken }) =>
      auth.sessions.end({ id: sessionToken.slice(0, 36) }, { sessionToken, ...CLIENT }),
    line: { actor: 'user', client: true },
  },
  end_other_sessions: {
    act: async ({ auth, email, sessionToken }) => {
      await auth.createSession(email)
      await auth.sessions.endOthers({ sessionToken, ...CLIENT })
    },
    line: { actor: 'user', details: { ended: 1 }, client: true },
  },
  end_all_sessions: {
    act: ({ auth, id }) => auth.destroySession(id),
    line: { actor: 'operator' },
  },
  restore_database: {
    act: ({ auth }) => auth.transfer.finishRestore({ keepSessions: true }),
    line: { actor: 'operator', userId: null, details: { sessions: 0, tokens: 0 } },
  },
  reauthenticate: {
    act: ({ auth, sessionToken }) =>
      auth.signIn.reauthenticate({ password: PASSWORD }, { sessionToken, ...CLIENT }),
    line: { actor: 'user', reason: 'password', client: true },
  },
  request_password_reset: {
    act: ({ auth, email }) => auth.account.requestPasswordReset({ email }, CLIENT),
    line: { actor: 'anonymous', client: true },
  },
  reset_password: {
    act: async ({ auth, email, tokenTo }) => {
      await auth.account.requestPasswordReset({ email })
      await auth.account.resetPassword(
        { resetToken: await tokenTo(email), newPassword: NEW_PASSWORD },
        CLIENT,
      )
    },
    line: { actor: 'user', client: true },
  },
  change_password: {
    act: ({ auth, sessionToken }) =>
      auth.account.changePassword(
        { currentPassword: PASSWORD, newPassword: NEW_PASSWORD },
        { sessionToken, ...CLIENT },
      ),
    line: { actor: 'user', client: true },
  },
  request_email_change: {
    act: ({ auth, email, sessionToken }) =>
      auth.account.changeEmail({ email: `other-${email}` }, { sessionToken, ...CLIENT }),
    line: { actor: 'user', client: true },
  },
  change_email: {
    act: async ({ auth, email, sessionToken, tokenTo }) => {
      await auth.account.changeEmail({ email: `moved-${email}` }, { sessionToken })
      await auth.account.confirmEmail({ token: await tokenTo(`moved-${email}`), password: PASSWORD }, CLIENT)
    },
    line: { actor: 'user', client: true },
  },
  export_account: {
    act: ({ auth, sessionToken }) => auth.account.export({ sessionToken, ...CLIENT }),
    line: { actor: 'user', client: true },
  },
  delete_account: {
    act: ({ auth, sessionToken }) => auth.account.delete({ sessionToken, ...CLIENT }),
    // The record of a deleted account must not identify anybody.
    line: { actor: 'user', ip: null, userAgent: null, requestId: CLIENT.requestId ?? null },
  },
  delete_unconfirmed_accounts: {
    act: ({ auth }) => auth.deleteExpired(),
    line: { actor: 'system', userId: null, details: { removed: expect.any(Number) } },
  },
  disable_account: { act: ({ auth, id }) => auth.users.disable(id), line: { actor: 'operator' } },
  enable_account: { act: ({ auth, id }) => auth.users.enable(id), line: { actor: 'operator' } },
  unlock_account: { act: ({ auth, id }) => auth.users.unlock(id), line: { actor: 'operator' } },
  mark_password_compromised: {
    act: ({ auth, id }) => auth.users.markPasswordCompromised(id),
    line: { actor: 'operator' },
  },
  begin_import: {
    act: ({ auth, email }) =>
      Array.fromAsync(
        auth.transfer.importUsers([{ fields: { email: `import-${email}`, hashed_password: '!' } }]),
      ),
    line: { actor: 'operator', userId: null },
  },
  finish_import: {
    act: ({ auth, email }) =>
      Array.fromAsync(
        auth.transfer.importUsers([
          { fields: { email: `import-${email}`, hashed_password: '!' } },
          { fields: { email, hashed_password: '!' } },
          { fields: { email: `import-${email}`, hashed_password: '!' } },
        ]),
      ),
    line: { actor: 'operator', userId: null, details: { added: 1, unchanged: 1, rejected: 1 } },
  },
  export_users: {
    act: ({ auth }) => Array.fromAsync(auth.transfer.exportUsers({ withHashes: true })),
    line: { actor: 'operator', userId: null, details: { hashes: true } },
  },
  give_up_mail: {
    act: async ({ auth, email }) => {
      await auth.registerUser(`refused-${email}`, PASSWORD)
      await untilNoMailWaits(auth)
    },
    line: {
      actor: 'system',
      outcome: 'refused',
      reason: 'refused',
      details: { kind: 'verify_email', attempts: 1 },
    },
  },
} satisfies Partial<Record<AuditAction, Act>>
const ACTIONS = Object.entries<Act>(ACTS)

/** Production mode with a new account for each action. */
async function openProduction(engine: EngineName, options: { onAudit?: (line: AuditRecord) => void } = {}) {
  const mailer = memoryMailer(({ to }) => {
    if (to.startsWith('refused-')) throw new MailRefused('no such mailbox')
  })
  const production = await productionAuth(engine, { unconfirmedAccountSeconds: DAY, ...options, mailer })
  const { auth, now } = production
  return {
    ...production,
    mails: mailer.mails,
    async newAccount(name: string): Promise<TestAccount> {
      // Masking keeps the first letter of an address.
      const email = `l${name.replaceAll('_', '-')}@example.com`
      const { id } = await auth.users.create({ email, password: PASSWORD, confirmed: true })
      if (name === 'delete_unconfirmed_accounts') {
        await auth.registerUser(`stale-${email}`, PASSWORD)
        now.advance(DAY - 60)
        // Its link is still valid, so that only the account is deleted.
        await auth.account.requestConfirmation({ email: `stale-${email}` })
        await untilNoMailWaits(auth)
        now.advance(60)
      }
      const sessionToken = (await auth.createSession(email)) ?? expect.unreachable()
      await untilNoMailWaits(auth)
      return {
        auth,
        id,
        email,
        sessionToken,
        async tokenTo(address) {
          await untilNoMailWaits(auth)
          const mail: ReceivedMail | undefined = mailer.mails.findLast(({ to }) => to === address)
          return linkIn(mail ?? expect.unreachable(`no mail to ${address}`)).token
        },
      }
    },
  }
}

/** Every row except the audit log and the counters, which also count refused attempts. */
async function stateOf(db: Parameters<typeof everyRow>[0]) {
  const { throttles: _, audit: __, ...rest } = await everyRow(db)
  return rest
}

async function linesOf(auth: AuthService) {
  return Array.fromAsync(auth.audit.list())
}

onEachEngine('the audit log', (engine) => {
  it('records every action with its actor, account, outcome and origin', async () => {
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

onEachEngine('an audit record', (engine) => {
  const HOSTILE = [
    'curl/8\r\n{"action":"login","actor":"operator"}',
    'a\u2028b\u2029c\u0085d',
    '\u001b[2J\u001b]0;owned\u0007',
    "'); delete from audit; --",
    '"},{"action":"enable_account"',
    '\u0000',
    '\ud800',
    '\u202eevil',
    'x'.repeat(10_000),
  ]

  it('is a single line for a hostile user agent', async () => {
    const received: string[] = []
    const { auth, db } = await productionAuth(engine, {
      onAudit: (line) => void received.push(JSON.stringify(line)),
    })
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    const before = (await everyRow(db)).audit?.length ?? 0
    received.length = 0
    for (const userAgent of HOSTILE)
      await auth.signIn.withPassword({ email: BOB, password: PASSWORD }, { userAgent })
    expect((await everyRow(db)).audit).toHaveLength(HOSTILE.length + before)
    const lines = await Array.fromAsync(auth.audit.list({ action: 'login' }))
    expect(lines).toHaveLength(HOSTILE.length)
    for (const line of lines) {
      expect(line).toMatchObject({ action: 'login', actor: 'user', outcome: 'success' })
      expect(line.userAgent?.length).toBeLessThanOrEqual(256)
    }
    expect(received).toHaveLength(HOSTILE.length)
    for (const line of received) {
      expect(line.split('\n')).toHaveLength(1)
      expect(JSON.parse(line)).toMatchObject({ action: 'login', actor: 'user' })
    }
  })

  it('contains an IP address only if it is valid', async () => {
    const { auth } = await productionAuth(engine)
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    for (const ip of ['', 'localhost', '203.0.113.7:80', ' 203.0.113.7', '203.0.113.7\nx', "'; --"]) {
      const sessionToken = await auth.createSession(BOB)
      expect(await auth.sessions.signOut({ ip, sessionToken })).toBe(true)
    }
    for (const ip of ['203.0.113.7', '2001:db8::1', '::ffff:203.0.113.7']) {
      const sessionToken = await auth.createSession(BOB)
      await auth.sessions.signOut({ ip, sessionToken })
    }
    const lines = await Array.fromAsync(auth.audit.list({ action: 'logout' }))
    expect(
      lines
        .map(({ ip }) => ip)
        .filter((ip) => ip !== null)
        .sort(),
    ).toEqual(['2001:db8::1', '203.0.113.7', '::ffff:203.0.113.7'])
    expect(lines).toHaveLength(9)
  })

  it('has the time of the clock and an id in the same order', async () => {
    const { auth, now } = await productionAuth(engine)
    for (let user = 0; user < 5; user++) {
      await auth.users.create({ email: `user${user}@example.com`, password: PASSWORD, confirmed: true })
      now.advance(1)
    }
    const lines = await linesOf(auth)
    expect(lines.map(({ at }) => (now().getTime() - at.getTime()) / 1_000)).toEqual([1, 2, 3, 4, 5])
    expect(lines.map(({ id }) => id)).toEqual(
      lines
        .map(({ id }) => id)
        .sort()
        .reverse(),
    )
  })

  it('can be queried by account, action and time, across pages', async () => {
    const ctx = await productionContext(engine)
    const auth = await openAuthService({
      databaseUrl: ctx.options.databaseUrl,
      mode: 'production',
      baseUrl: BASE_URL,
      secretKey: randomKey(),
      mailer: memoryMailer(),
      now: ctx.now,
    })
    onTestFinished(() => auth.close())
    const write = async (count: number, action: AuditAction, userId: number) => {
      for (let line = 0; line < count; line++) await record(ctx, { action, userId }, {})
    }
    await write(501, 'login', 1)
    ctx.now.advance(60)
    await write(3, 'login', 2)
    await write(2, 'logout', 1)
    const count = async (query: Parameters<AuthService['audit']['list']>[0]) =>
      (await Array.fromAsync(auth.audit.list(query))).length
    expect(await count({})).toBe(506)
    expect(await count({ userId: 1 })).toBe(503)
    expect(await count({ userId: 1, action: 'login' })).toBe(501)
    expect(await count({ action: 'login' })).toBe(504)
    expect(await count({ since: ctx.now() })).toBe(5)
    expect(await count({ userId: 3 })).toBe(0)
    const ids = (await linesOf(auth)).map(({ id }) => id)
    expect(new Set(ids).size).toBe(506)
  })

  it('cannot be changed or deleted by the database user of the service before it expires', async () => {
    const { auth, db } = await productionAuth(engine, { now: testClock() })
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    await auth.createSession(BOB, CLIENT)
    const before = await everyRow(db)
    const attempts = [
      sql`delete from audit`,
      sql`update audit set action = 'logout'`,
      sql`update audit set user_id = null`,
      sql`update audit set ip_address = '203.0.113.1'`,
      sql`update audit set expires_at = 0`,
      ...(engine === 'postgres' ? [sql`truncate audit`] : []),
    ]
    for (const attempt of attempts) await expect(attempt.execute(db)).rejects.toThrow(/a line of the audit/)
    expect(await everyRow(db)).toEqual(before)
  })
})

onEachEngine('the onAudit callback', (engine) => {
  it('receives each record as stored, after it is committed', async () => {
    const received: AuditRecord[] = []
    const found: Promise<unknown>[] = []
    const { auth, db } = await productionAuth(engine, {
      onAudit(line) {
        received.push(line)
        found.push(db.selectFrom('audit').select('id').where('id', '=', line.id).executeTakeFirst())
      },
    })
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    const { sessionToken } = await auth.signIn.withPassword({ email: BOB, password: PASSWORD }, CLIENT)
    await auth.signIn.withPassword({ email: BOB, password: NEW_PASSWORD }).catch(() => {})
    await auth.sessions.signOut({ ...CLIENT, sessionToken })
    expect(await Promise.all(found)).toEqual(received.map(({ id }) => ({ id })))
    const byId = (a: AuditRecord, b: AuditRecord) => (a.id < b.id ? -1 : 1)
    // Reading adds the address of the account.
    const read = (await linesOf(auth)).map(({ email: _, ...line }) => line)
    expect(received.toSorted(byId)).toEqual(read.sort(byId))
  })

  it('may throw without affecting requests', async () => {
    const { auth, newMails } = await productionAuth(engine, {
      onAudit() {
        throw new Error('the collector is down')
      },
    })
    await auth.account.register({ email: BOB, password: PASSWORD })
    expect(await newMails()).toMatchObject([{ kind: 'verify_email' }])
    await auth.users.confirmEmail((await auth.db.findUserBy({ email: BOB })).id)
    await auth.signIn.withPassword({ email: BOB, password: PASSWORD })
    await expect(auth.signIn.withPassword({ email: BOB, password: NEW_PASSWORD })).rejects.toMatchObject({
      code: 'invalid_credentials',
    })
  })

  it('receives records of abandoned mail', async () => {
    const received: AuditRecord[] = []
    const ctx = await productionContext(engine, { onAudit: (line) => void received.push(line) })
    const { id } = await createAccount(ctx, { email: BOB, password: PASSWORD }, {})
    await account.register(ctx, { email: BOB, password: NEW_PASSWORD }, {})
    const mailer = memoryMailer(() => {
      throw new MailRefused('no such mailbox')
    })
    await sendDueMail(ctx, mailer)
    expect(received.filter(({ action }) => action === 'give_up_mail')).toMatchObject([
      { userId: id, instance: 'test:1' },
      { userId: id },
    ])
  })
})

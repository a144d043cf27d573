/** What a user does with their own account: another password, its data, its end. */
import * as store from '../db/index.ts'
import { AuthError } from '../errors.ts'
import { type Account, accountOf, type User } from '../user.ts'
import { listAudit, record } from './audit.ts'
import { type Client, type Context, inTransaction, type TxContext } from './context.ts'
import { orderFarewell, orderMail } from './outbox.ts'
import { assertNewPassword, assertPassword } from './passwords.ts'
import {
  listOwnSessions,
  requireFreshSession,
  requireSession,
  revokeSessionsAndTokens,
  type SessionInfo,
  startSession,
} from './sessions.ts'
import { withRightPassword } from './sign-in/password-check.ts'
import { nextHour, takeHourlyPlace } from './throttle.ts'
import { removeAccount } from './users.ts'

/** Whoever bears a session. */
export interface BearerRequest extends Client {
  /** The session's bearer, as the cookie carries it. */
  sessionId: string | null | undefined
}

/** What `changePassword` takes. */
export interface ChangePasswordRequest extends BearerRequest {
  currentPassword: string
  newPassword: string
}

/** What `reauthenticate` takes. */
export interface ReauthenticateRequest extends BearerRequest {
  password: string
}

/** A new session in place of the one that was borne. */
export interface RenewedSession {
  readonly user: Account
  /** As `createSession` gives it. */
  readonly sessionId: string
}

/** Sets another password. */
export async function changePassword(ctx: Context, request: ChangePasswordRequest): Promise<RenewedSession> {
  const { user } = await requireSession(ctx, request.sessionId)
  assertPassword(request.currentPassword, 'currentPassword')
  assertPassword(request.newPassword, 'newPassword')
  const refused = { action: 'change_password', actor: 'user', client: request } as const
  return withRightPassword(ctx, user, request.currentPassword, refused, async () => {
    await assertNewPassword(ctx, request.newPassword, { field: 'newPassword', email: user.email })
    const hashedPassword = await ctx.hasher.hash(request.newPassword)
    return inTransaction(ctx, (tx) => replacePassword(tx, user, hashedPassword, request))
  })
}

async function replacePassword(
  tx: TxContext,
  user: User,
  hashedPassword: string,
  request: BearerRequest,
): Promise<RenewedSession> {
  const locked = await store.lockUser(tx.db, user.id)
  // Another change came first: the password that was typed is no longer the account's.
  if (locked?.passwordVersion !== user.passwordVersion || locked.passwordCompromisedAt !== null)
    throw new AuthError('invalid_credentials')
  await store.updateUser(tx.db, user.id, { hashedPassword })
  await revokeSessionsAndTokens(tx, user.id)
  const changed = await store.findUserById(tx.db, user.id)
  const sessionId = changed && (await startSession(tx, changed, { ...request, methods: ['pwd'], level: 1 }))
  if (!sessionId) throw new AuthError('unauthenticated')
  await record(tx, { action: 'change_password', actor: 'user', userId: user.id }, request)
  await orderMail(tx, user, 'password_changed', request)
  return { user: accountOf(changed), sessionId }
}

/** Proves once more who bears a session. */
export async function reauthenticate(ctx: Context, request: ReauthenticateRequest): Promise<RenewedSession> {
  const { user, session } = await requireSession(ctx, request.sessionId)
  assertPassword(request.password, 'password')
  const refused = { action: 'reauthenticate', actor: 'user', client: request } as const
  const sessionId = await withRightPassword(ctx, user, request.password, refused, () =>
    inTransaction(ctx, async (tx) => {
      // The old session first: otherwise, at the maximum number of sessions, another one would end.
      await store.deleteSession(tx.db, session)
      const started = await startSession(tx, user, { ...request, methods: ['pwd'], level: 1 })
      if (started === null) throw new AuthError('unauthenticated')
      await record(tx, { action: 'reauthenticate', actor: 'user', userId: user.id }, request)
      return started
    }),
  )
  return { user: accountOf(user), sessionId }
}

/** All that is stored about an account, but what opens it. */
export interface AccountExport {
  readonly account: Account & Pick<User, 'locale' | 'passwordCompromisedAt'>
  readonly sessions: readonly SessionInfo[]
  /** The newest first. */
  readonly audit: readonly store.AuditRecord[]
}

/** Gives a user what is stored about them. */
export async function exportAccount(ctx: Context, request: BearerRequest): Promise<AccountExport> {
  const { user } = await requireFreshSession(ctx, request.sessionId)
  if ((await takeHourlyPlace(ctx, `export of ${user.id}`, EXPORTS_PER_HOUR)) === null) {
    const retryAfterSeconds = Math.ceil((nextHour(ctx).getTime() - ctx.now().getTime()) / 1_000)
    throw new AuthError('too_many_attempts', { retryAfterSeconds })
  }
  await record(ctx, { action: 'export_account', actor: 'user', userId: user.id }, request)
  const { locale, passwordCompromisedAt } = user
  return {
    account: { ...accountOf(user), locale, passwordCompromisedAt },
    sessions: await listOwnSessions(ctx, request),
    audit: await newestLines(ctx, user.id),
  }
}

/** Each one reads all there is, and writes a line that is kept. */
const EXPORTS_PER_HOUR = 10
/** So many lines of the audit, the newest, an export has at the most. */
const EXPORTED_LINES = 10_000

async function newestLines(ctx: Context, userId: number): Promise<store.AuditRecord[]> {
  const lines: store.AuditRecord[] = []
  for await (const line of listAudit(ctx, { userId })) {
    if (lines.push(line) === EXPORTED_LINES) break
  }
  return lines
}

/** Removes a user's own account. */
export async function deleteAccount(ctx: Context, request: BearerRequest): Promise<Account> {
  const { user } = await requireFreshSession(ctx, request.sessionId)
  await inTransaction(ctx, async (tx) => {
    if (!(await removeAccount(tx, user.id, 'user', request))) throw new AuthError('unauthenticated')
    await orderFarewell(tx, user, 'account_deleted', request)
  })
  return accountOf(user)
}

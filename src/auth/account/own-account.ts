/** What a user does with their own account: another password, its data, its end. */
import * as store from '../../db/index.ts'
import { AuthError } from '../../errors.ts'
import { type Account, accountOf, type User } from '../../user.ts'
import { listAudit, record } from '../audit/record.ts'
import type { Caller } from '../caller.ts'
import { type Context, inTransaction, type TxContext } from '../context.ts'
import { orderFarewell, orderMail } from '../delivery/outbox.ts'
import { assertNewPassword, assertPassword } from '../passwords/password.ts'
import {
  listOwnSessions,
  requireFreshSession,
  requireSession,
  revokeSessionsAndTokens,
  type SessionInfo,
  startSession,
} from '../sessions/sessions.ts'
import { withRightPassword } from '../sign-in/password-check.ts'
import { nextHour, takeHourlyPlace } from '../sign-in/throttle.ts'
import { removeAccount } from '../users/users.ts'

/** What `changePassword` takes. */
export interface ChangePasswordRequest {
  currentPassword: string
  newPassword: string
}

/** What `reauthenticate` takes. */
export interface ReauthenticateRequest {
  password: string
}

/** A new session in place of the one that was borne. */
export interface RenewedSession {
  readonly user: Account
  /** As `createSession` gives it. */
  readonly sessionId: string
}

/** Sets another password. */
export async function changePassword(
  ctx: Context,
  request: ChangePasswordRequest,
  caller: Caller,
): Promise<RenewedSession> {
  const { user, acting } = await requireSession(ctx, caller)
  assertPassword(request.currentPassword, 'currentPassword')
  assertPassword(request.newPassword, 'newPassword')
  const typed = { password: request.currentPassword, action: 'change_password' } as const
  return withRightPassword(ctx, user, typed, acting, async () => {
    await assertNewPassword(ctx, request.newPassword, { field: 'newPassword', email: user.email })
    const hashedPassword = await ctx.hasher.hash(request.newPassword)
    return inTransaction(ctx, (tx) => replacePassword(tx, user, hashedPassword, acting))
  })
}

async function replacePassword(
  tx: TxContext,
  user: User,
  hashedPassword: string,
  acting: Caller,
): Promise<RenewedSession> {
  const locked = await store.lockUser(tx.db, user.id)
  // Another change came first: the password that was typed is no longer the account's.
  if (locked?.passwordVersion !== user.passwordVersion || locked.passwordCompromisedAt !== null)
    throw new AuthError('invalid_credentials')
  await store.updateUser(tx.db, user.id, { hashedPassword })
  await revokeSessionsAndTokens(tx, user.id)
  const changed = await store.findUserById(tx.db, user.id)
  const sessionId = changed && (await startSession(tx, changed, { methods: ['pwd'], level: 1 }, acting))
  if (!sessionId) throw new AuthError('unauthenticated')
  await record(tx, { action: 'change_password', userId: user.id }, acting)
  await orderMail(tx, user, 'password_changed', acting)
  return { user: accountOf(changed), sessionId }
}

/** Checks the password again and renews the session. */
export async function reauthenticate(
  ctx: Context,
  request: ReauthenticateRequest,
  caller: Caller,
): Promise<RenewedSession> {
  const { user, session, acting } = await requireSession(ctx, caller)
  assertPassword(request.password, 'password')
  const typed = { password: request.password, action: 'reauthenticate' } as const
  const sessionId = await withRightPassword(ctx, user, typed, acting, () =>
    inTransaction(ctx, async (tx) => {
      // The old session first: otherwise, at the maximum number of sessions, another one would end.
      await store.deleteSession(tx.db, session)
      const started = await startSession(tx, user, { methods: ['pwd'], level: 1 }, acting)
      if (started === null) throw new AuthError('unauthenticated')
      await record(tx, { action: 'reauthenticate', userId: user.id }, acting)
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
export async function exportAccount(ctx: Context, caller: Caller): Promise<AccountExport> {
  const { user, acting } = await requireFreshSession(ctx, caller)
  if ((await takeHourlyPlace(ctx, `export of ${user.id}`, EXPORTS_PER_HOUR)) === null) {
    const retryAfterSeconds = Math.ceil((nextHour(ctx).getTime() - ctx.now().getTime()) / 1_000)
    throw new AuthError('too_many_attempts', { retryAfterSeconds })
  }
  await record(ctx, { action: 'export_account', userId: user.id }, acting)
  const { locale, passwordCompromisedAt } = user
  return {
    account: { ...accountOf(user), locale, passwordCompromisedAt },
    sessions: await listOwnSessions(ctx, caller),
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
export async function deleteAccount(ctx: Context, caller: Caller): Promise<Account> {
  const { user, acting } = await requireFreshSession(ctx, caller)
  await inTransaction(ctx, async (tx) => {
    if (!(await removeAccount(tx, user.id, acting))) throw new AuthError('unauthenticated')
    await orderFarewell(tx, user, 'account_deleted', acting)
  })
  return accountOf(user)
}

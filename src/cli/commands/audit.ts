import { AUDIT_ACTIONS, type AuditEntry, type AuditQuery, type AuthService } from '../../auth/index.ts'
import { AuthError } from '../../errors.ts'
import { visible } from '../../lib/visible.ts'
import { type Command, UsageError } from '../command.ts'
import { limitOf, sinceOf } from '../query.ts'
import { print } from '../terminal.ts'
import { withService } from './users.ts'

export const audit: Command = {
  name: 'audit',
  summary: 'Show what happened, the newest first; with --json, one object a line',
  flags: {
    user: { type: 'string', help: 'Only of this account: its address, or its number' },
    action: { type: 'string', help: 'Only this action, such as login' },
    since: { type: 'string', help: 'Only from this moment on, as in 2026-11-21 or 2026-11-21T12:00:00Z' },
    limit: { type: 'string', help: 'So many lines at the most; 50 without it, 0 for all' },
  },
  run: (input) =>
    withService(input, async (auth) => {
      const { user, action, since, limit = '50' } = input.flags as Partial<Record<string, string>>
      const query: AuditQuery = {
        userId: user === undefined ? undefined : await userIdOf(auth, user),
        action: action === undefined ? undefined : knownAction(action),
        since: since === undefined ? undefined : sinceOf(since),
      }
      let left = limitOf(limit)
      for await (const record of auth.audit.list(query)) {
        await print(input.json ? JSON.stringify(record) : lineOf(record))
        if (--left === 0) break
      }
      return 0
    }),
}

async function userIdOf(auth: AuthService, user: string): Promise<number> {
  // Of an account that is gone only the number is left.
  if (/^\d{1,9}$/.test(user)) return Number(user)
  const found = await auth.users.find(user)
  if (found === null) throw new AuthError('unknown_email', { message: `there is no user ${user}` })
  return found.user.id
}

function knownAction(action: string): string {
  if ((AUDIT_ACTIONS as readonly string[]).includes(action)) return action
  throw new UsageError(`--action takes one of ${AUDIT_ACTIONS.join(', ')}`)
}

function lineOf({
  at,
  actor,
  actorId,
  action,
  outcome,
  reason,
  userId,
  email,
  ip,
  details,
}: AuditEntry): string {
  const more = Object.entries(details).map(([name, value]) => `${name}=${value}`)
  const parts = [
    at.toISOString(),
    outcome === 'success' ? 'ok     ' : outcome,
    action,
    // A user acts on an account of their own, which the line names.
    actor === 'operator' && actorId !== null ? `by operator ${actorId}` : `by ${actor}`,
    ...(userId === null ? [] : [email === null ? `deleted user ${userId}` : `${email} (user ${userId})`]),
    ...(reason === null ? [] : [`(${reason})`]),
    ...(ip === null ? [] : [`from ${ip}`]),
    ...more,
  ]
  return visible(parts.join('  '))
}

import type { AuditEntry, AuditQuery, AuthService } from '../../auth/index.ts'
import { visible } from '../../lib/visible.ts'
import { AUDIT_ACTION_NAMES } from '../../model/audit-actions.ts'
import type { Command } from '../command.ts'
import { limitOf, oneOf, sinceOf } from '../flag-values.ts'
import { jsonLine, print } from '../terminal.ts'
import { findUser, withService } from '../with-service.ts'

export const audit: Command = {
  name: 'audit',
  summary: 'Show the audit log, newest first; with --json, one object per line',
  flags: {
    user: { type: 'string', help: 'Only entries of this account, named by its address or id' },
    action: { type: 'string', help: 'Only entries with this action, such as login' },
    since: {
      type: 'string',
      help: 'Only entries since this date or time, such as 2026-11-21 or 2026-11-21T12:00:00Z',
    },
    limit: { type: 'string', help: 'The maximum number of entries; 50 by default, 0 for all' },
  },
  run: (input) =>
    withService(input, async (auth) => {
      const { user, action, since, limit = '50' } = input.flags as Partial<Record<string, string>>
      const query: AuditQuery = {
        userId: user === undefined ? undefined : await userIdOf(auth, user),
        action: action === undefined ? undefined : oneOf('--action', AUDIT_ACTION_NAMES, action),
        since: since === undefined ? undefined : sinceOf(since),
      }
      let left = limitOf(limit)
      for await (const record of auth.audit.list(query)) {
        await print(input.json ? jsonLine(record) : lineOf(record))
        if (--left === 0) break
      }
      return 0
    }),
}

async function userIdOf(auth: AuthService, user: string): Promise<number> {
  // A deleted account has only its id left.
  if (/^\d{1,9}$/.test(user)) return Number(user)
  return (await findUser(auth, user)).user.id
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
    // Users mostly act on their own account, which the line names anyway.
    actorId === null || actorId === String(userId) ? `by ${actor}` : `by ${actor} ${actorId}`,
    ...(userId === null ? [] : [email === null ? `deleted user ${userId}` : `${email} (user ${userId})`]),
    ...(reason === null ? [] : [`(${reason})`]),
    ...(ip === null ? [] : [`from ${ip}`]),
    ...more,
  ]
  return visible(parts.join('  '))
}

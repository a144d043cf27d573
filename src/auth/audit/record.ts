import * as store from '../../db/index.ts'
import { networkOf } from '../../lib/network.ts'
import { uuidV7 } from '../../lib/random.ts'
import type { Caller } from '../caller.ts'
import { type Context, secondsAfter } from '../context.ts'

/** What can happen. `docs/audit.md` says what each means; a test compares. */
export const AUDIT_ACTIONS = [
  'register',
  'request_confirmation',
  'confirm_email',
  'login',
  'limit_reached',
  'logout',
  'end_session',
  'end_other_sessions',
  'end_all_sessions',
  'reauthenticate',
  'request_password_reset',
  'reset_password',
  'change_password',
  'request_email_change',
  'change_email',
  'export_account',
  'delete_account',
  'delete_unconfirmed_accounts',
  'disable_account',
  'enable_account',
  'unlock_account',
  'mark_password_compromised',
  'begin_import',
  'finish_import',
  'export_users',
  'give_up_mail',
  'restore_database',
] as const
export type AuditAction = (typeof AUDIT_ACTIONS)[number]

/** What happened, as a use case tells it. */
export interface AuditEvent {
  readonly action: AuditAction
  readonly outcome?: store.AuditRecord['outcome']
  readonly reason?: string
  readonly userId: number | null
  readonly details?: store.AuditRecord['details']
}

const DAY_SECONDS = 86_400
const CLIENT_TEXT_MAX_LENGTH = 256

/** Writes a line of the audit, in the transaction of the change it tells of, with who made it and from where. */
export async function record(ctx: Context, event: AuditEvent, caller: Caller): Promise<void> {
  const at = ctx.now()
  const line: store.AuditRecord = {
    id: uuidV7(at),
    at,
    instance: ctx.instance,
    actor: caller.actor?.kind ?? 'anonymous',
    actorId: caller.actor?.id ?? null,
    onBehalfOf: null,
    action: event.action,
    outcome: event.outcome ?? 'success',
    reason: event.reason ?? null,
    userId: event.userId,
    // Record the IP address only if it is valid.
    ip: caller.ip !== undefined && networkOf(caller.ip) !== null ? caller.ip : null,
    userAgent: textOf(caller.userAgent),
    requestId: textOf(caller.requestId),
    details: event.details ?? {},
  }
  const expiresAt = secondsAfter(at, ctx.options.auditRetentionDays * DAY_SECONDS)
  await store.addAuditRecord(ctx.db, line, expiresAt)
  ctx.afterCommit(() => {
    try {
      ctx.onAudit(line)
    } catch {
      // What listens is no part of what happened, which is written for good.
    }
  })
}

/** What a client calls itself, as a column can hold it: no zero bytes, and not without end. */
export function textOf(said: string | undefined): string | null {
  return said?.replaceAll('\0', '').slice(0, CLIENT_TEXT_MAX_LENGTH) ?? null
}

const PAGE = 500

/** The lines of the audit, the newest first, a page at a time. */
export async function* listAudit(
  ctx: Context,
  query: store.AuditQuery = {},
): AsyncGenerator<store.AuditEntry> {
  let beforeId: string | null = null
  for (;;) {
    const page: store.AuditEntry[] = await store.listAuditRecords(ctx.db, query, { beforeId, limit: PAGE })
    yield* page
    if (page.length < PAGE) return
    beforeId = page.at(-1)?.id ?? null
  }
}

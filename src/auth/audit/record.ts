import * as store from '../../db/index.ts'
import { networksOf } from '../../lib/network.ts'
import { uuidV7 } from '../../lib/random.ts'
import type { AuditAction, AuditReason } from '../../model/audit-actions.ts'
import { assertCaller, type Caller } from '../caller.ts'
import { type Context, secondsAfter } from '../context.ts'

/** What happened. */
export interface AuditEvent {
  readonly action: AuditAction
  readonly outcome?: store.AuditRecord['outcome']
  readonly reason?: AuditReason
  readonly userId: number | null
  readonly details?: store.AuditRecord['details']
}

const DAY_SECONDS = 86_400
export const CLIENT_TEXT_MAX_LENGTH = 256

/** Adds an audit record, in the transaction of the change that it describes. */
export async function record(ctx: Context, event: AuditEvent, caller: Caller): Promise<void> {
  assertCaller(caller)
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
    ip: caller.ip !== undefined && networksOf(caller.ip) !== null ? caller.ip : null,
    userAgent: textOf(caller.userAgent),
    requestId: textOf(caller.requestId),
    details: event.details ?? {},
  }
  const expiresAt = secondsAfter(at, ctx.options.auditRetentionDays * DAY_SECONDS)
  const originExpiresAt = secondsAfter(at, ctx.options.ipRetentionDays * DAY_SECONDS)
  await store.addAuditRecord(ctx.db, line, { expiresAt, originExpiresAt })
  ctx.afterCommit(() => {
    try {
      ctx.onAudit(line)
    } catch {
      // The record is committed. A failing listener must not fail the use case.
    }
  })
}

/** Makes text from a client storable: removes zero bytes, which PostgreSQL refuses, and keeps 256 characters. */
export function textOf(text: string | undefined): string | null {
  return text?.replaceAll('\0', '').slice(0, CLIENT_TEXT_MAX_LENGTH) ?? null
}

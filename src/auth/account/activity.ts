import * as store from '../../db/index.ts'
import type { SessionCaller } from '../caller.ts'
import type { Context } from '../context.ts'
import { requireSession } from '../sessions/guards.ts'
import { ACTIVITY_MAX } from './limits.ts'

/**
 * Lists the newest 50 audit records about the caller's account, newest first. `export` returns more.
 *
 * @throws {AuthError} `unauthenticated`: there is no live session.
 */
export async function activity(ctx: Context, caller: SessionCaller): Promise<store.AuditRecord[]> {
  const { user } = await requireSession(ctx, caller)
  return store.listAuditRecords(ctx.db, { userId: user.id }, { beforeId: null, limit: ACTIVITY_MAX })
}

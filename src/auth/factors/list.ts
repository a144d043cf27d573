import * as store from '../../db/index.ts'
import type { SessionCaller } from '../caller.ts'
import type { Context } from '../context.ts'
import { effectiveAal, requireSession } from '../sessions/guards.ts'
import { type FactorInfo, factorInfoOf } from './info.ts'

/** The factors of the caller. */
export interface FactorList extends FactorInfo {
  /**
   * The WebAuthn user handle of the account, in base64url, for signals to password managers. `null` if there is none.
   */
  readonly userHandle: string | null
  /** The assurance level that the session of the caller has now. */
  readonly aal: number
}

/**
 * Lists the factors of the caller.
 *
 * @throws {AuthError} `unauthenticated`: there is no live session; `second_factor_required` with `accepts`.
 */
export async function list(ctx: Context, caller: SessionCaller): Promise<FactorList> {
  const { user, session } = await requireSession(ctx, caller)
  const userHandle = await store.findWebauthnHandle(ctx.db, user.id)
  return { ...(await factorInfoOf(ctx, user)), userHandle, aal: effectiveAal(ctx, session) }
}

/** Replaces a session whose user has proven a factor. */
import * as store from '../../db/index.ts'
import { parseBearer } from '../../lib/bearer.ts'
import { AuthError } from '../../model/errors.ts'
import { accountOf } from '../../model/user.ts'
import type { Caller } from '../caller.ts'
import type { TxContext } from '../context.ts'
import { strengthened } from '../factors/proven.ts'
import { passSetupOn } from '../factors/totp-setup.ts'
import type { LiveSession } from '../sessions/guards.ts'
import { inherited, type RenewedSession, startSession } from '../sessions/start.ts'

/**
 * Replaces a session with a fresh one that has the proven factor too. The old session token stops working. Lock the
 * user first.
 *
 * @param proven - Names of RFC 8176.
 * @throws {AuthError} `unauthenticated`: the session has ended, or the account has changed since its user was read.
 */
export async function renewSession(
  tx: TxContext,
  { user, session }: LiveSession,
  proven: readonly string[],
  acting: Caller,
): Promise<RenewedSession> {
  const kept = await inherited(tx, session)
  // The old session first: otherwise, at the maximum number of sessions, another one would end. If it is gone, a sign-out
  // or another renewal came first, and there is nothing to renew.
  if (!(await store.deleteSession(tx.db, session))) throw new AuthError('unauthenticated')
  const authentication = { ...strengthened(tx, session, proven), ...kept }
  const started = await startSession(tx, user, authentication, acting)
  const renewed = started && parseBearer(started.sessionToken)
  if (!renewed) throw new AuthError('unauthenticated')
  await passSetupOn(tx, user.id, { from: session.id, to: renewed.id })
  return { user: accountOf(user), ...started }
}

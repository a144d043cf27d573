import * as store from '../../db/index.ts'
import type { Transport } from '../../model/transport.ts'
import { record } from '../audit/record.ts'
import { asOperator, type Caller, UNKNOWN_CALLER } from '../caller.ts'
import { type Context, inTransaction } from '../context.ts'
import { mayHaveSessions } from './guards.ts'
import { assertKind, startSession } from './start.ts'

/** What {@link create} takes. */
export interface CreateSessionRequest {
  /** The address of the user, in any spelling. */
  email: string
  /** How the client will present the token. Default `cookie`. */
  transport?: Transport | undefined
}

/**
 * Starts a session for a user without authenticating them: the program vouches for the user. To check a password, use
 * `signIn.withPassword`. Earlier sessions stay, up to `options.sessionsPerUser`.
 *
 * @returns The session token, opaque, 80 characters: `<uuid>.<secret>`. Only the SHA-256 of the secret is stored.
 *   `null` if no account has the address, or it is disabled, must confirm its address first, or has a compromised
 *   password.
 * @throws {AuthError} `invalid_field` with `field`: there is no such transport.
 */
export async function create(
  ctx: Context,
  request: CreateSessionRequest,
  caller: Caller = UNKNOWN_CALLER,
): Promise<string | null> {
  const { email, transport = 'cookie' } = request
  assertKind(transport)
  const user = await store.findUserByEmail(ctx.db, email)
  if (user === null || user.passwordCompromisedAt !== null || !mayHaveSessions(ctx, user)) return null
  return inTransaction(ctx, async (tx) => {
    const authentication = { amr: [], aal: 0, transport, persistent: true }
    const started = await startSession(tx, user, authentication, caller)
    if (started === null) return null
    await record(tx, { action: 'login', reason: 'vouched', userId: user.id }, asOperator(caller))
    return started.sessionToken
  })
}

import * as store from '../../db/index.ts'
import { AuthError } from '../../model/errors.ts'
import type { JsonObject } from '../../model/json.ts'
import { assertOptional, type Context } from '../context.ts'
import { type FactorInfo, factorInfoOf } from '../factors/info.ts'
import { type IdentityInfo, identityInfosOf } from '../identities/info.ts'
import { ACCOUNT_STATES, type AccountState, columnsOf, type ListedUser, withStates } from './state.ts'

/** What {@link find} returns. */
export interface UserDescription<Metadata = JsonObject> {
  readonly user: ListedUser<Metadata>
  /** How many live sessions the user has. */
  readonly liveSessions: number
  /** Whether a reset token is outstanding. */
  readonly resetPending: boolean
  readonly factors: FactorInfo
  /** The connected accounts at other providers, oldest first. */
  readonly identities: readonly IdentityInfo[]
  /** When an operator required a second factor of this user. `null`: only the policy of the service counts. */
  readonly secondFactorRequiredAt: Date | null
}

/** Finds a user by address, in any spelling. `null` if no account has it. */
export async function find(ctx: Context, email: string): Promise<UserDescription | null> {
  const found = await store.findUserByEmail(ctx.db, email)
  if (found === null) return null
  const [user] = await withStates(ctx, [found])
  if (user === undefined) return null
  const liveSessions = await store.countSessionsOf(ctx.db, user.id, ctx.now())
  return {
    user,
    liveSessions,
    resetPending: found.resetToken !== null,
    factors: await factorInfoOf(ctx, found),
    identities: await identityInfosOf(ctx, found.id),
    secondFactorRequiredAt: found.secondFactorRequiredAt,
  }
}

/** Which users {@link list} returns. A missing field matches all users. */
export interface UserQuery {
  readonly state?: AccountState | undefined
  /** Part of the address, in any spelling. */
  readonly email?: string | undefined
  /** Registered at this time or later. */
  readonly since?: Date | undefined
  /** Only users with a greater id, to continue an earlier list. */
  readonly afterId?: number | undefined
}

const PAGE = 500

/**
 * Lists users by ascending id, each with a state that says whether they can sign in, and if not, why. Reads a page at a
 * time, so that memory use stays flat.
 *
 * @param query - A user must match every given field. Default: all users.
 * @throws {AuthError} `invalid_field` with `field`: a field has another type, or `state` is unknown.
 */
export async function* list(ctx: Context, query: UserQuery = {}): AsyncGenerator<ListedUser> {
  const { state, email, since } = query
  if (state !== undefined && !ACCOUNT_STATES.includes(state))
    throw new AuthError('invalid_field', { field: 'state' })
  assertOptional(email, 'email', 'text')
  assertOptional(since, 'since', 'date')
  assertOptional(query.afterId, 'afterId', 'number')
  const filter = { ...(state && columnsOf(ctx, state)), email, createdSince: since }
  for (let afterId = query.afterId ?? 0; ; ) {
    const page = await store.listUsers(ctx.db, { afterId, limit: PAGE }, filter)
    const listed = await withStates(ctx, page)
    yield* listed.filter((user) => state === undefined || user.state === state)
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE) return
    afterId = last.id
  }
}

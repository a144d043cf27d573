/** Whether a user can sign in, and if not, why. */
import * as store from '../../db/index.ts'
import { relyingPartyOf } from '../../lib/relying-party.ts'
import type { JsonObject } from '../../model/json.ts'
import { type Account, accountOf, NO_PASSWORD, normalizeEmail, type User } from '../../model/user.ts'
import type { Context } from '../context.ts'
import { readHash } from '../passwords/hashing/index.ts'
import { findLockedAccounts } from '../sign-in/throttle.ts'

/**
 * `active`: the user can sign in, with the right password or, without a password, at an enabled provider or with a passkey.
 * Otherwise the first of these that applies: `disabled` by an operator; `no_password`: no password is set, and there is no other
 * way in; `unconfirmed`: the address must be confirmed first; `unknown_hash`: the stored hash cannot be verified; `compromised`: the
 * password must be reset; `locked`: too many wrong passwords in a row.
 */
export const ACCOUNT_STATES = [
  'active',
  'disabled',
  'no_password',
  'unconfirmed',
  'unknown_hash',
  'compromised',
  'locked',
] as const
export type AccountState = (typeof ACCOUNT_STATES)[number]

/** A user with a state that says whether they can sign in. */
export interface ListedUser<Metadata = JsonObject> extends Account<Metadata> {
  readonly state: AccountState
}

/** Adds the state of each user. */
export async function withStates(ctx: Context, users: readonly User[]): Promise<ListedUser[]> {
  const locked = await findLockedAccounts(
    ctx,
    users.map(({ email }) => email),
  )
  const withoutPassword = users.filter(({ hashedPassword }) => hashedPassword === NO_PASSWORD)
  const withOtherWay = await withAnotherWay(
    ctx,
    withoutPassword.map(({ id }) => id),
  )
  return users.map((user) => ({
    ...accountOf(user),
    state: stateOf(user, {
      needsConfirmation: ctx.options.emailVerification,
      isLocked: locked.has(normalizeEmail(user.email)),
      hasOtherWay: withOtherWay.has(user.id),
    }),
  }))
}

/** Which of these users can sign in without a password, once their address is confirmed. */
async function withAnotherWay(ctx: Context, ids: readonly number[]): Promise<ReadonlySet<number>> {
  if (ids.length === 0) return new Set()
  const rpId = relyingPartyOf(ctx.options)?.id
  const withIdentity = await store.findUsersWithIdentity(ctx.db, ids)
  const withPasskey = rpId === undefined ? [] : await store.findUsersWithSignInPasskey(ctx.db, ids, rpId)
  return new Set([...withIdentity, ...withPasskey])
}

/** Whether a user has a password, or can sign in without one. */
export async function hasWayIn(ctx: Context, { id, hashedPassword }: User): Promise<boolean> {
  return hashedPassword !== NO_PASSWORD || (await withAnotherWay(ctx, [id])).has(id)
}

function stateOf(
  user: User,
  {
    needsConfirmation,
    isLocked,
    hasOtherWay,
  }: { needsConfirmation: boolean; isLocked: boolean; hasOtherWay: boolean },
): AccountState {
  if (user.disabledAt !== null) return 'disabled'
  const mustConfirm = needsConfirmation && user.emailVerifiedAt === null
  if (user.hashedPassword === NO_PASSWORD)
    // Setting a password with a mailed link also confirms the address, so it comes first.
    return hasOtherWay && !mustConfirm ? 'active' : 'no_password'
  if (mustConfirm) return 'unconfirmed'
  if ('problem' in readHash(user.hashedPassword)) return 'unknown_hash'
  if (user.passwordCompromisedAt !== null) return 'compromised'
  return isLocked ? 'locked' : 'active'
}

/** The filter for users who may be in a state. Hashes and counters can only be checked after the users are read. */
export function columnsOf(ctx: Context, state: AccountState): store.UserFilter {
  const { emailVerification } = ctx.options
  const isConfirmed = emailVerification ? { isVerified: true } : {}
  switch (state) {
    case 'disabled':
      return { isDisabled: true }
    case 'no_password':
      return { isDisabled: false, hasPassword: false }
    case 'unconfirmed':
      return { isDisabled: false, isVerified: false, hasPassword: true }
    case 'unknown_hash':
      return { isDisabled: false, ...isConfirmed, hasPassword: true }
    case 'compromised':
      return { isDisabled: false, ...isConfirmed, hasPassword: true, isCompromised: true }
    case 'active':
      return { isDisabled: false, ...isConfirmed }
    case 'locked':
      return { isDisabled: false, ...isConfirmed, hasPassword: true, isCompromised: false }
  }
}

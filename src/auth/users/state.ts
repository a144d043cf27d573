/** Whether an account can be signed in to, and if not, why. */
import type * as store from '../../db/index.ts'
import { type Account, accountOf, normalizeEmail, type User } from '../../model/user.ts'
import type { Context } from '../context.ts'
import { readHash } from '../passwords/hashing/index.ts'
import { findLockedAccounts } from '../sign-in/throttle.ts'

/**
 * `active`: the right password signs in. Otherwise the first of these that applies: `disabled` by an operator;
 * `unconfirmed`: the address must be confirmed first; `no_password`: none is set; `unknown_hash`: the hash has a form
 * that cannot be verified; `compromised`: the password must be reset; `locked`: too many wrong passwords in a row.
 */
export const ACCOUNT_STATES = [
  'active',
  'disabled',
  'unconfirmed',
  'no_password',
  'unknown_hash',
  'compromised',
  'locked',
] as const
export type AccountState = (typeof ACCOUNT_STATES)[number]

/** A user, and whether they can sign in. */
export interface ListedUser extends Account {
  readonly state: AccountState
}

/** The same users with their states. */
export async function withStates(ctx: Context, users: readonly User[]): Promise<ListedUser[]> {
  const locked = await findLockedAccounts(
    ctx,
    users.map(({ email }) => email),
  )
  return users.map((user) => ({
    ...accountOf(user),
    state: stateOf(user, {
      needsConfirmation: ctx.options.emailVerification,
      isLocked: locked.has(normalizeEmail(user.email)),
    }),
  }))
}

function stateOf(
  user: User,
  { needsConfirmation, isLocked }: { needsConfirmation: boolean; isLocked: boolean },
): AccountState {
  if (user.disabledAt !== null) return 'disabled'
  if (needsConfirmation && user.emailVerifiedAt === null) return 'unconfirmed'
  if (user.hashedPassword === '!') return 'no_password'
  if ('problem' in readHash(user.hashedPassword)) return 'unknown_hash'
  if (user.passwordCompromisedAt !== null) return 'compromised'
  return isLocked ? 'locked' : 'active'
}

/** The filter for users in a state. The form of a hash and the counters are checked once the users are read. */
export function columnsOf(ctx: Context, state: AccountState): store.UserFilter {
  const { emailVerification } = ctx.options
  const isConfirmed = emailVerification ? { isVerified: true } : {}
  switch (state) {
    case 'disabled':
      return { isDisabled: true }
    case 'unconfirmed':
      return { isDisabled: false, isVerified: false }
    case 'no_password':
      return { isDisabled: false, ...isConfirmed, hasPassword: false }
    case 'unknown_hash':
      return { isDisabled: false, ...isConfirmed, hasPassword: true }
    case 'compromised':
      return { isDisabled: false, ...isConfirmed, hasPassword: true, isCompromised: true }
    case 'active':
    case 'locked':
      return { isDisabled: false, ...isConfirmed, hasPassword: true, isCompromised: false }
  }
}

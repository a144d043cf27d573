/** How the commands show a user. */
import type { ListedUser } from '../../../auth/index.ts'
import { visible } from '../../../lib/visible.ts'
import type { Account } from '../../../model/user.ts'
import type { CommandInput, ExitCode } from '../../command.ts'
import { printResult } from '../../terminal.ts'

/** A user as JSON. It contains no hash and no token. */
export function shown(user: Account) {
  return {
    id: user.id,
    email: user.email,
    created_at: user.createdAt.toISOString(),
    disabled_at: user.disabledAt?.toISOString() ?? null,
    email_verified_at: user.emailVerifiedAt?.toISOString() ?? null,
    password_compromised_at: user.passwordCompromisedAt?.toISOString() ?? null,
    locale: user.locale,
    name: user.name,
    picture: user.picture,
    metadata: user.metadata,
  }
}

/** The same, with the state of the account. */
export function listed({ state, ...user }: ListedUser) {
  const { id, email, ...rest } = shown(user)
  return { id, email, state, ...rest }
}

export async function report(
  { json }: CommandInput,
  done: 'disabled' | 'enabled' | 'deleted' | 'confirmed' | 'unlocked',
  { email }: Account,
): Promise<ExitCode> {
  return printResult(json, { [done]: email }, `${visible(email)} is ${done}.`)
}

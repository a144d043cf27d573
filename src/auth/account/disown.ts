import * as store from '../../db/index.ts'
import { NO_PASSWORD, type User } from '../../model/user.ts'
import type { TxContext } from '../context.ts'
import { revokeSessionsAndTokens } from '../sessions/revoke.ts'

/**
 * Removes every way into an unconfirmed account: the password, sessions, tokens, factors and identities. For the owner
 * of the address who claims the account, because a stranger may have registered it. Lock the user first.
 */
export async function disown(tx: TxContext, user: User): Promise<void> {
  await store.updateUser(tx.db, user.id, { hashedPassword: NO_PASSWORD })
  await revokeSessionsAndTokens(tx, user.id)
  await store.deleteIdentitiesOf(tx.db, user.id)
  await store.deleteTotp(tx.db, user.id)
  for (const { id } of await store.listPasskeys(tx.db, user.id))
    await store.deletePasskey(tx.db, { id, userId: user.id })
  await store.deleteRecoveryCodes(tx.db, user.id)
  await store.updateSecondFactor(tx.db, user.id, { enabledAt: null })
}

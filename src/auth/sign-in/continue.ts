/** Resumes a sign-in that waited. */
import * as store from '../../db/index.ts'
import { AuthError } from '../../model/errors.ts'
import type { Caller } from '../caller.ts'
import type { TxContext } from '../context.ts'
import type { Admission } from './admit.ts'
import { finish, type LivePending } from './pending.ts'

type Resumption = Pick<
  Admission,
  'user' | 'method' | 'transport' | 'persistent' | 'returnTo' | 'provider' | 'refuse' | 'outdated' | 'prepare'
>

/**
 * The part of an admission that comes from the sign-in that waited.
 *
 * @param take - Uses up what was proven, in the transaction that ends the sign-in.
 */
export function resumption(
  live: LivePending,
  take: (tx: TxContext) => Promise<void>,
  caller: Caller,
): Resumption {
  const { method, transport, persistent, returnTo, provider } = live.pending
  const outdated = () => new AuthError('pending_login_required')
  return {
    user: live.user,
    method,
    transport,
    persistent,
    returnTo,
    provider,
    // The account changed while the sign-in waited. The answer does not say how.
    refuse: async () => {
      throw outdated()
    },
    outdated,
    prepare: async () => async (tx) => {
      // Lock the user first, as in every transaction on an account.
      await store.lockUser(tx.db, live.user.id)
      if (provider !== null && (await store.findProvider(tx.db, provider.id))?.disabledAt !== null)
        throw outdated()
      if (!(await finish(tx, live, caller))) throw outdated()
      await take(tx)
    },
  }
}

import * as store from '../../db/index.ts'
import { AuthError } from '../../model/errors.ts'
import { type Account, accountOf } from '../../model/user.ts'
import { record } from '../audit/record.ts'
import type { SessionCaller } from '../caller.ts'
import { type Context, inTransaction } from '../context.ts'
import { requireHourlyPlace } from '../quotas.ts'
import { requireSession } from '../sessions/guards.ts'
import { PROFILE_UPDATES_PER_HOUR } from './limits.ts'
import { OWN_PROFILE, type ProfileUpdate, readChanges } from './profile-fields.ts'

/**
 * The account of the caller.
 *
 * @throws {AuthError} `unauthenticated`: there is no live session.
 */
export async function get(ctx: Context, caller: SessionCaller): Promise<Account> {
  const { user } = await requireSession(ctx, caller)
  return accountOf(user)
}

/**
 * Changes the profile of the caller: `name`, `picture` and `locale`, at least one of them. The name and the picture
 * come from the user, so escape the name wherever you show it. The service neither loads the picture nor names the
 * user in mails.
 *
 * @returns The changed account.
 * @throws {AuthError} `unauthenticated`: there is no live session; `invalid_field` with `field`; `unknown_field` with
 *   `field`: users cannot write this field; `missing_field`: there is no change, or the text of `field` is empty;
 *   `too_many_attempts` with `retryAfterSeconds`: more than 100 changes in this hour of the clock.
 */
export async function update(ctx: Context, changes: ProfileUpdate, caller: SessionCaller): Promise<Account> {
  const { user, acting } = await requireSession(ctx, caller)
  const read = await readChanges(ctx, changes, OWN_PROFILE)
  await requireHourlyPlace(ctx, `profile of ${user.id}`, PROFILE_UPDATES_PER_HOUR)
  return inTransaction(ctx, async (tx) => {
    const updated = await store.updateProfile(tx.db, user.id, read.changes)
    if (updated === null) throw new AuthError('unauthenticated')
    const event = { action: 'update_profile', userId: user.id, details: { fields: read.fields } } as const
    await record(tx, event, acting)
    return accountOf(updated)
  })
}

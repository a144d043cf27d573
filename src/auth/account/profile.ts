import * as store from '../../db/index.ts'
import { AuthError } from '../../model/errors.ts'
import { type Account, accountOf, type User } from '../../model/user.ts'
import { record } from '../audit/record.ts'
import type { SessionCaller } from '../caller.ts'
import { type Context, inTransaction } from '../context.ts'
import { requireHourlyPlace } from '../quotas.ts'
import { requireSession } from '../sessions/guards.ts'
import { PROFILE_UPDATES_PER_HOUR } from './limits.ts'
import { OWN_PROFILE, type ProfileUpdate, readChanges } from './profile-fields.ts'
import { mergeUserFields, readUserFields } from './user-fields.ts'

/**
 * The account of the caller.
 *
 * @throws {AuthError} `unauthenticated`: there is no live session.
 */
export async function get(ctx: Context, caller: SessionCaller): Promise<Account> {
  const { user } = await requireSession(ctx, caller)
  return accountOf(user)
}

/** How often a change is tried while concurrent ones keep overtaking it. */
const ATTEMPTS_MAX = 5

/**
 * Changes the profile of the caller: `name`, `picture`, `locale` and the user fields in `metadata`, at least one of
 * them. The user chooses the name, so escape it wherever you show it. The service never loads the picture, and never
 * uses the name in mail. With a user field, the whole metadata must fit `metadataSchema.public`, and every required
 * user field must be there.
 *
 * @returns The changed account.
 * @throws {AuthError} `unauthenticated`: there is no live session; `invalid_field` with `field`; `unknown_field` with
 *   `field`: users cannot write this field; `missing_field`: there is no change, the text of `field` is empty, or a
 *   user field is required; `too_many_attempts` with `retryAfterSeconds`: more than 100 changes in this clock hour;
 *   `unavailable`: other requests keep changing the metadata at the same time. For metadata, `field` has the form
 *   `metadata.company`.
 */
export async function update(ctx: Context, request: ProfileUpdate, caller: SessionCaller): Promise<Account> {
  const { user, acting } = await requireSession(ctx, caller)
  const { metadata, ...basic } = request
  const own = metadata === undefined ? null : readUserFields(ctx, metadata)
  const { changes, fields } = await readChanges(ctx, basic, OWN_PROFILE, [...(own?.keys() ?? [])])
  // A schema may be slow, so it runs outside of transactions.
  const merge = async ({ metadataJson }: User) =>
    own === null ? {} : { metadataJson: await mergeUserFields(ctx, own, metadataJson) }
  let read = user
  let merged = await merge(read)
  await requireHourlyPlace(ctx, `profile of ${user.id}`, PROFILE_UPDATES_PER_HOUR)
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    const { locked, written } = await inTransaction(ctx, async (tx) => {
      const locked = await store.lockUser(tx.db, user.id)
      if (locked === null) throw new AuthError('unauthenticated')
      // Another request has changed the metadata since it was read.
      if (own !== null && locked.metadataJson !== read.metadataJson) return { locked, written: null }
      const event = { action: 'update_profile', userId: user.id, details: { fields } } as const
      await record(tx, event, acting)
      const written = await store.updateProfile(tx.db, user.id, { ...changes, ...merged })
      return { locked, written }
    })
    if (written !== null) return accountOf(written)
    read = locked
    merged = await merge(read)
  }
  throw new AuthError('unavailable')
}

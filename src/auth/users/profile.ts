/** What programs and operators write into the profile and the metadata of a user. */
import * as store from '../../db/index.ts'
import type { JsonObject } from '../../model/json.ts'
import { type Account, accountOf, isUserId } from '../../model/user.ts'
import { readChanges, USER_PROFILE, type UserUpdate } from '../account/profile-fields.ts'
import { record } from '../audit/record.ts'
import { asOperator, type Caller, UNKNOWN_CALLER } from '../caller.ts'
import { type Context, inTransaction } from '../context.ts'

/**
 * Changes the profile and the metadata of a user: at least one field. `metadata` and `privateMetadata` are replaced as
 * a whole. If there is a schema, what it returns is stored.
 *
 * @returns The changed account, or `null` if there is no such user.
 * @throws {AuthError} `invalid_field` with `field`, and a message that says what is wrong; `unknown_field` with
 *   `field`; `missing_field`: there is no change, or the text of `field` is empty.
 */
export async function update(
  ctx: Context,
  userId: number,
  changes: UserUpdate,
  caller: Caller = UNKNOWN_CALLER,
): Promise<Account | null> {
  const read = await readChanges(ctx, changes, USER_PROFILE)
  if (!isUserId(userId)) return null
  return inTransaction(ctx, async (tx) => {
    const updated = await store.updateProfile(tx.db, userId, read.changes)
    if (updated === null) return null
    const event = { action: 'update_profile', userId, details: { fields: read.fields } } as const
    await record(tx, event, asOperator(caller))
    return accountOf(updated)
  })
}

/**
 * The private metadata of a user. No other function returns it, so that it cannot reach the user by accident.
 *
 * @returns The metadata, `{}` if there is none. `null` if there is no such user.
 */
export async function privateMetadata(ctx: Context, userId: number): Promise<JsonObject | null> {
  if (!isUserId(userId)) return null
  const json = await store.findPrivateMetadata(ctx.db, userId)
  if (json === undefined) return null
  return json === null ? {} : JSON.parse(json)
}

/** The store under the names of the exercise, as `auth.db`. It checks no rule: prefer the use cases. */
import * as store from '../db/index.ts'
import type { User } from '../model/user.ts'
import type { Context } from './context.ts'
/**
 * Adds a user.
 *
 * @param email - Kept as entered, without the spaces around it. Unique in its normalised form.
 * @param hashedPassword - A hash from `hashPassword`, or `!` for an account without a password.
 * @throws {Conflict} The address is taken.
 */
export function addUser({ db, now }: Context, email: string, hashedPassword: string): Promise<User> {
  return store.addUser(db, email, hashedPassword, { createdAt: now() })
}

/**
 * The user whose attributes equal all of the given ones; the first by id if several match. By `id` or `email` it is a
 * look-up by index; by anything else alone it reads the whole table.
 *
 * @param criteria - `{ attribute: value, … }`, at least one. No value may be `null` or `undefined`.
 * @throws {NoResultFound} No user matches.
 * @throws {InvalidRequestError} An unknown attribute, or a value of the wrong type.
 */
export function findUserBy({ db }: Context, criteria: store.UserCriteria): Promise<User> {
  return store.findUserBy(db, criteria)
}

/**
 * Changes attributes of a user: all that are given, or none.
 *
 * @param changes - Attributes with their new values. `sessionId` and `resetToken` may be `null`.
 * @throws {InvalidRequestError} An unknown attribute, or a value of the wrong type.
 * @throws {NoResultFound} No such user.
 * @throws {Conflict} The new address is taken.
 */
export function updateUser({ db }: Context, userId: number, changes: store.UserChanges): Promise<void> {
  return store.updateUser(db, userId, changes)
}

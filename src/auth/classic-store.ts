/** The store under the names of the exercise, as `auth.db`. It enforces no rules, so prefer the use cases. */
import * as store from '../db/index.ts'
import type { User } from '../model/user.ts'
import type { Context } from './context.ts'

/**
 * Adds a user.
 *
 * @param email - Stored as entered, without surrounding spaces. Unique in its normalized form.
 * @param hashedPassword - A hash from `hashPassword`, or `!` for an account without a password.
 * @throws {Conflict} The address is taken.
 */
export function addUser({ db, now }: Context, email: string, hashedPassword: string): Promise<User> {
  return store.addUser(db, email, hashedPassword, { createdAt: now() })
}

/**
 * Finds the user whose attributes equal all given values. If several match, returns the one with the lowest id. `id`
 * and `email` use an index; any other attribute alone reads the whole table.
 *
 * @param criteria - `{ attribute: value, … }` with at least one attribute. No value may be `null` or `undefined`.
 * @throws {NoResultFound} No user matches.
 * @throws {InvalidRequestError} There is no criterion, an attribute is unknown, or a value has the wrong type.
 */
export function findUserBy({ db }: Context, criteria: store.UserCriteria): Promise<User> {
  return store.findUserBy(db, criteria)
}

/**
 * Changes all given attributes of a user, or none if one is refused. A new address is unconfirmed.
 *
 * @param changes - At least one attribute with its new value. `sessionId` and `resetToken` may be `null`.
 * @throws {InvalidRequestError} There is no change, an attribute is unknown, or a value has the wrong type.
 * @throws {NoResultFound} No user has this id.
 * @throws {Conflict} The new address is taken.
 */
export function updateUser({ db }: Context, userId: number, changes: store.UserChanges): Promise<void> {
  return store.updateUser(db, userId, changes)
}

/**
 * What the service does: its use cases, without HTTP and without SQL. Each is a free function whose first
 * argument is the {@link Context}; `engine.ts` has their contracts, and this file binds them to one context.
 *
 * Owns the rules: who may do what, in which order, what ends when. Leaves rows to `db`, the wire to `app`,
 * the shape of a hash to `hashing/`.
 *
 * @module
 */
import * as store from '../db/index.ts'
import { AuthError } from '../errors.ts'
import { type AuthOptions, resolveOptions } from '../options.ts'
import type { Context } from './context.ts'
import type { Engine } from './engine.ts'
import { createHasher } from './hashing/index.ts'
import { withBoundedQueue } from './hashing/queue.ts'
import { logIn, validLogin } from './login.ts'
import { deleteExpired } from './maintenance.ts'
import { assertPassword } from './passwords.ts'
import { getResetPasswordToken, requestPasswordReset, resetPassword, updatePassword } from './reset.ts'
import { createSession, destroySession, endSession, generateUuid, getUserFromSessionId } from './sessions.ts'
import { deleteUser, describeUser, disableUser, enableUser, listUsers, registerUser } from './users.ts'

export type { Client } from './context.ts'
export type { Engine } from './engine.ts'
export type { LogInRequest, LogInResult } from './login.ts'
export type { PasswordReset, PasswordResetRequest, ResetPasswordRequest } from './reset.ts'

/**
 * Opens the database, brings its schema up to date and binds the use cases to it.
 *
 * @throws {OptionError} An option has no usable value, or the database cannot be used.
 */
export async function openEngine(
  { now, hasher, ...given }: AuthOptions,
  details: store.OpenOptions = {},
): Promise<Engine> {
  const options = resolveOptions(given)
  const db = await store.openDatabase(options.databaseUrl, details)
  const ctx: Context = {
    db,
    options,
    now: now ?? (() => new Date()),
    hasher: withBoundedQueue(hasher ?? createHasher(options)),
  }
  const bind = binderOf(ctx)
  return {
    options,
    generateUuid,
    hashPassword: bind(async ({ hasher }, password: string) => {
      assertPassword(password, 'password')
      return hasher.hash(password)
    }),
    registerUser: bind(registerUser),
    validLogin: bind(validLogin),
    logIn: bind(logIn),
    createSession: bind(createSession),
    getUserFromSessionId: bind(getUserFromSessionId),
    endSession: bind(endSession),
    destroySession: bind(destroySession),
    requestPasswordReset: bind(requestPasswordReset),
    getResetPasswordToken: bind(getResetPasswordToken),
    resetPassword: bind(resetPassword),
    updatePassword: bind(updatePassword),
    describeUser: bind(describeUser),
    async *listUsers() {
      try {
        yield* listUsers(ctx)
      } catch (error) {
        throw translated(error)
      }
    },
    disableUser: bind(disableUser),
    enableUser: bind(enableUser),
    deleteUser: bind(deleteUser),
    deleteExpired: bind(deleteExpired),
    db: {
      addUser: bind(({ db, now }, email: string, hash: string) => store.addUser(db, email, hash, now())),
      findUserBy: bind(({ db }, criteria: store.UserCriteria) => store.findUserBy(db, criteria)),
      updateUser: bind(({ db }, id: number, changes: store.UserChanges) => store.updateUser(db, id, changes)),
    },
    isReady: bind(({ db }) => store.isReady(db)),
    close: () => db.destroy(),
  }
}

function binderOf(ctx: Context) {
  return <Arguments extends unknown[], Result>(
    useCase: (ctx: Context, ...rest: Arguments) => Promise<Result>,
  ): ((...rest: Arguments) => Promise<Result>) =>
    (...rest) =>
      useCase(ctx, ...rest).catch((error: unknown) => {
        throw translated(error)
      })
}

/** A fault of the database gets its name here, once for every use case. */
function translated(error: unknown): unknown {
  return store.isUnavailable(error) ? new AuthError('unavailable', { cause: error }) : error
}

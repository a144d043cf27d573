/**
 * What the service does: its use cases, without HTTP and without SQL. Each is a free function whose first
 * argument is the {@link Context}; `use-cases.ts` lists them, and this file binds them to one.
 *
 * Owns the rules: who may do what, in which order, what ends when. Leaves rows to `db`, the wire to `app`,
 * the shape of a hash to `hashing/`.
 *
 * @module
 */
import * as store from '../db/index.ts'
import { AuthError } from '../errors.ts'
import { type AuthOptions, type Options, resolveOptions } from '../options.ts'
import type { User } from '../user.ts'
import type { Context } from './context.ts'
import { createHasher } from './hashing/index.ts'
import { assertPassword, type hashPassword } from './passwords.ts'
import { generateUuid } from './sessions.ts'
import * as useCases from './use-cases.ts'

export type { Client } from './context.ts'
export type { LogInRequest, LogInResult } from './login.ts'
export type { PasswordReset, ResetPasswordRequest } from './reset.ts'

/** Every use case, without its context. */
type Bound = {
  [Name in keyof typeof useCases]: (typeof useCases)[Name] extends (
    ctx: Context,
    ...rest: infer Arguments
  ) => infer Result
    ? (...rest: Arguments) => Result
    : never
}

/** Every use case, bound to one database, clock and set of options. */
export interface Engine extends Bound {
  /** Every option with the value in force. */
  readonly options: Options
  /** As the free function of this name, under the options in force. */
  hashPassword: typeof hashPassword
  generateUuid: typeof generateUuid
  /** The store under the classic names. It checks no rule: prefer the use cases. */
  readonly db: {
    /** @see {@link store.addUser} */
    addUser(email: string, hashedPassword: string): Promise<User>
    /** @see {@link store.findUserBy} */
    findUserBy(criteria: store.UserCriteria): Promise<User>
    /** @see {@link store.updateUser} */
    updateUser(userId: number, changes: store.UserChanges): Promise<void>
  }
  /** Whether the schema is up to date. @throws {AuthError} `unavailable`: the database does not answer. */
  isReady(): Promise<boolean>
  /** Closes the database. The engine is of no use afterwards. */
  close(): Promise<void>
}

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
    hasher: hasher ?? createHasher(options),
  }
  return {
    ...bindAll(ctx),
    options,
    generateUuid,
    async hashPassword(password) {
      assertPassword(password, 'password')
      return ctx.hasher.hash(password)
    },
    db: {
      addUser: (email, hashedPassword) => store.addUser(db, email, hashedPassword, ctx.now()),
      findUserBy: (criteria) => store.findUserBy(db, criteria),
      updateUser: (userId, changes) => store.updateUser(db, userId, changes),
    },
    isReady: () => store.isReady(db).catch(named),
    close: () => db.destroy(),
  }
}

function bindAll(ctx: Context): Bound {
  const bound = Object.entries(useCases).map(([name, useCase]) => [
    name,
    (...rest: never[]) => {
      const result = (useCase as (ctx: Context, ...rest: never[]) => unknown)(ctx, ...rest)
      return result instanceof Promise ? result.catch(named) : result
    },
  ])
  return Object.fromEntries(bound) as Bound
}

/** A fault of the database gets its name here, once for every use case. */
function named(error: unknown): never {
  throw store.isUnavailable(error) ? new AuthError('unavailable', { cause: error }) : error
}

import * as store from '../db/index.ts'
import { AuthError } from '../model/errors.ts'
import type { Context } from './context.ts'

/**
 * Whether the service can work: the database answers and has every migration of this version. It may have newer ones.
 * Queries the database at most once a second for all callers.
 *
 * @returns `false` if a migration is missing.
 * @throws {AuthError} `unavailable`: the database does not answer within a second, is read-only, or SQLite has noticed
 *   that its file is damaged or was replaced.
 */
export async function isReady({ db }: Context): Promise<boolean> {
  try {
    return await store.isReady(db)
  } catch (cause) {
    throw new AuthError('unavailable', { cause })
  }
}

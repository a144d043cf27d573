import * as store from '../db/index.ts'
import { AuthError } from '../model/errors.ts'
import type { Context } from './context.ts'

/**
 * Whether the database answers and has every migration of this version; it may have newer ones. Asked once a second at most, for all callers.
 *
 * @throws {AuthError} `unavailable`: the database gives no answer within a second, is read-only, or is damaged or replaced
 *   as far as SQLite has noticed.
 */
export async function isReady({ db }: Context): Promise<boolean> {
  try {
    return await store.isReady(db)
  } catch (cause) {
    throw new AuthError('unavailable', { cause })
  }
}

import * as store from '../../db/index.ts'
import { record } from '../audit/record.ts'
import { asOperator, type Caller, UNKNOWN_CALLER } from '../caller.ts'
import type { Context } from '../context.ts'
import { type ExportedFactors, exportedFactors } from './moving-factors.ts'
import { factorsOfAll } from './stored-factors.ts'

/**
 * A user in an export. An import reads the same fields under the same names. Times are in ISO 8601, in UTC.
 * `hashed_password` and `totp_secret` are included only with `withHashes`.
 */
export interface ExportedUser extends store.MovingRow, ExportedFactors {
  /** Whether a sign-in with a password needs a second factor. */
  readonly second_factor_enabled: boolean
}

const PAGE = 500

/** What {@link exportUsers} takes. */
export interface ExportOptions {
  /** Whether to include the password hashes, and the secrets of authenticator apps in plain text. Default `false`. */
  readonly withHashes?: boolean
}

/**
 * Exports all users by ascending id, as `importUsers` reads them. A user who exists during the whole export appears
 * exactly once; one who registers or is deleted during it appears once or not at all. Sessions, tokens and recovery codes
 * are not exported; users make new recovery codes. Reads a page at a time, so that memory use stays flat.
 */
export async function* exportUsers(
  ctx: Context,
  options: ExportOptions = {},
  caller: Caller = UNKNOWN_CALLER,
): AsyncGenerator<ExportedUser> {
  const { withHashes = false } = options
  // Recorded before the first user is returned, so that incomplete exports are in the audit log too.
  const event = { action: 'export_users', userId: null, details: { hashes: withHashes } } as const
  await record(ctx, event, asOperator(caller))
  for (let afterId = 0; ; ) {
    const page = await store.listMovingUsers(ctx.db, { afterId, limit: PAGE })
    const [first, last] = [page.at(0), page.at(-1)]
    if (first === undefined || last === undefined) return
    const factorsOf = await factorsOfAll(ctx, { from: first.id, to: last.id })
    for (const user of page)
      yield {
        ...exported(user, withHashes),
        second_factor_enabled: user.secondFactorEnabledAt !== null,
        ...exportedFactors(factorsOf(user.id), withHashes),
      }
    afterId = last.id
  }
}

function exported(user: store.MovingUser & { readonly id: number }, withHashes: boolean): store.MovingRow {
  const columns = store.MOVING_COLUMNS.filter(({ isSecret }) => withHashes || !isSecret)
  const fields = columns.map(({ column, property, type }) => {
    const value = user[property]
    if (type === 'json') return [column, value && JSON.parse(value as string)]
    return [column, value instanceof Date ? value.toISOString() : value]
  })
  return Object.fromEntries(fields) as store.MovingRow
}

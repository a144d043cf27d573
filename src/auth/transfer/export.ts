import * as store from '../../db/index.ts'
import { record } from '../audit/record.ts'
import { asOperator, type Caller, UNKNOWN_CALLER } from '../caller.ts'
import type { Context } from '../context.ts'

/** A user in an export: the fields that an import reads, under the same names. Times are ISO 8601 in UTC. */
export interface ExportedUser {
  readonly id: number
  readonly email: string
  /** Only with `withHashes`. */
  readonly hashed_password?: string
  readonly created_at: string
  readonly email_verified_at: string | null
  readonly disabled_at: string | null
  readonly unconfirmed_until: string | null
  readonly password_compromised_at: string | null
  readonly password_version: number
  readonly locale: string | null
}

const PAGE = 500

/** What {@link exportUsers} takes. */
export interface ExportOptions {
  /** Whether to include the password hashes. Default `false`. */
  readonly withHashes?: boolean
}

/**
 * All users by id, in the form that `importUsers` reads, a page at a time. A user who exists from beginning to end appears
 * once. A user who registers in between appears once or not at all. Sessions and tokens are not exported.
 */
export async function* exportUsers(
  ctx: Context,
  { withHashes = false }: ExportOptions = {},
  caller: Caller = UNKNOWN_CALLER,
): AsyncGenerator<ExportedUser> {
  // Recorded before the first user leaves: the request counts, whether or not it completes.
  const event = { action: 'export_users', userId: null, details: { hashes: withHashes } } as const
  await record(ctx, event, asOperator(caller))
  for (let afterId = 0; ; ) {
    const page = await store.listMovingUsers(ctx.db, { afterId, limit: PAGE })
    for (const user of page) yield exported(user, withHashes)
    const last = page.at(-1)
    if (last === undefined) return
    afterId = last.id
  }
}

function exported(user: store.MovingUser & { readonly id: number }, withHashes: boolean): ExportedUser {
  const moment = (time: Date | null) => time?.toISOString() ?? null
  return {
    id: user.id,
    email: user.email,
    ...(withHashes && { hashed_password: user.hashedPassword }),
    created_at: user.createdAt.toISOString(),
    email_verified_at: moment(user.emailVerifiedAt),
    disabled_at: moment(user.disabledAt),
    unconfirmed_until: moment(user.unconfirmedUntil),
    password_compromised_at: moment(user.passwordCompromisedAt),
    password_version: user.passwordVersion,
    locale: user.locale,
  }
}

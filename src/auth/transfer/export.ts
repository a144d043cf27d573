import * as store from '../../db/index.ts'
import { record } from '../audit/record.ts'
import { asOperator, type Caller } from '../caller.ts'
import type { Context } from '../context.ts'

/** A user as an export has them: the fields that an import takes, under their names. Moments are ISO 8601, UTC. */
export interface ExportedUser {
  readonly id: number
  readonly email: string
  /** Only where hashes were asked for. */
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

/** All users by id, a page at a time. */
export async function* exportUsers(
  ctx: Context,
  { withHashes = false }: { withHashes?: boolean },
  caller: Caller,
): AsyncGenerator<ExportedUser> {
  // Before anything leaves: what was asked for counts, whether it arrived or not.
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

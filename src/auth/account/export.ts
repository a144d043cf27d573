import type * as store from '../../db/index.ts'
import type { JsonObject } from '../../model/json.ts'
import { type Account, accountOf } from '../../model/user.ts'
import { list as listAudit } from '../audit/list.ts'
import { record } from '../audit/record.ts'
import type { SessionCaller } from '../caller.ts'
import type { Context } from '../context.ts'
import { type FactorInfo, factorInfoOf } from '../factors/info.ts'
import { type IdentityInfo, identityInfosOf } from '../identities/info.ts'
import { requireHourlyPlace } from '../quotas.ts'
import { requireStrongSession } from '../sessions/guards.ts'
import { list as listSessions, type SessionInfo } from '../sessions/own.ts'
import { AUDIT_RECORDS_MAX, EXPORTS_PER_HOUR } from './limits.ts'

/** Everything that is stored about an account, except secrets and the private metadata. */
export interface AccountExport<Metadata = JsonObject> {
  readonly account: Account<Metadata>
  /** The second factors, without secrets. */
  readonly factors: FactorInfo
  /** The connected accounts at other providers, oldest first. */
  readonly identities: readonly IdentityInfo[]
  /** The live sessions, most recently used first. */
  readonly sessions: readonly SessionInfo[]
  /** The newest 10,000 records, newest first. */
  readonly audit: readonly store.AuditRecord[]
}

async function exportAccount(ctx: Context, caller: SessionCaller): Promise<AccountExport> {
  const { user, acting } = await requireStrongSession(ctx, caller)
  await requireHourlyPlace(ctx, `export of ${user.id}`, EXPORTS_PER_HOUR)
  await record(ctx, { action: 'export_account', userId: user.id }, acting)
  return {
    account: accountOf(user),
    factors: await factorInfoOf(ctx, user),
    identities: await identityInfosOf(ctx, user.id),
    sessions: await listSessions(ctx, caller),
    audit: await newestAuditRecords(ctx, user.id),
  }
}

async function newestAuditRecords(ctx: Context, userId: number): Promise<store.AuditRecord[]> {
  const records: store.AuditRecord[] = []
  for await (const line of listAudit(ctx, { userId })) {
    if (records.push(line) === AUDIT_RECORDS_MAX) break
  }
  return records
}

export {
  /**
   * Exports everything that is stored about the caller's account, except secrets and the private metadata: the account,
   * its second factors and identities, its live sessions and its newest 10,000 audit records (GDPR Art. 15 and 20).
   *
   * @throws {AuthError} `unauthenticated`: there is no live session; `reauthentication_required` or
   *   `second_factor_required`, with `accepts`; `too_many_attempts` with `retryAfterSeconds`: more than 10 exports of
   *   the account in this clock hour.
   */
  exportAccount as export,
}

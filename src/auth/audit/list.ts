import * as store from '../../db/index.ts'
import { assertOptional, type Context } from '../context.ts'

const PAGE = 500

/**
 * Lists the audit log, newest first. It contains no secrets. Addresses are masked, except the current one of each
 * account. Reads a page at a time, so that memory use stays flat.
 *
 * @param query - A record must match every given field. Default: all records.
 * @throws {AuthError} `invalid_field` with `field`: `action` is not text, or `since` is not a valid date.
 */
export async function* list(ctx: Context, query: store.AuditQuery = {}): AsyncGenerator<store.AuditEntry> {
  assertOptional(query.action, 'action', 'text')
  assertOptional(query.since, 'since', 'date')
  let beforeId: string | null = null
  for (;;) {
    const page: store.AuditEntry[] = await store.listAuditRecords(ctx.db, query, { beforeId, limit: PAGE })
    yield* page
    if (page.length < PAGE) return
    beforeId = page.at(-1)?.id ?? null
  }
}

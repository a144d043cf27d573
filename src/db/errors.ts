/** What the engines' own errors mean. */

const SQLITE_CONSTRAINT_PRIMARY_KEY = 1555
const SQLITE_CONSTRAINT_UNIQUE = 2067
const POSTGRES_UNIQUE_VIOLATION = '23505'

// https://www.sqlite.org/rescode.html, the primary codes: busy, read-only, I/O error, full, cannot open.
const SQLITE_BUSY = 5
const SQLITE_UNAVAILABLE = new Set([SQLITE_BUSY, 8, 10, 13, 14])
// Corrupt; not a database.
const SQLITE_DAMAGED = new Set([11, 26])
// https://www.postgresql.org/docs/current/errcodes-appendix.html: connection exceptions, insufficient
// resources, operator intervention, read only, a database that lets nobody in or is gone, rolled back for
// another's sake; and what sockets say.
const POSTGRES_UNAVAILABLE =
  /^(?:08...|53...|57P0.|25006|28P01|3D000|40...|55000|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EPIPE|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN)$/
// `pg` gives these no code.
const POSTGRES_GONE =
  /^(?:Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Query read timeout)/

/** Whether the database, not the statement, is at fault: the same request may succeed later. */
export function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { code, errcode } = error as { code?: unknown; errcode?: unknown }
  if (typeof errcode === 'number') return SQLITE_UNAVAILABLE.has(errcode & 0xff)
  if (error instanceof AggregateError && error.errors.some(isUnavailable)) return true
  return (typeof code === 'string' && POSTGRES_UNAVAILABLE.test(code)) || POSTGRES_GONE.test(error.message)
}

/** Whether another process holds the lock that an SQLite statement needs; nothing was done. */
export function isBusy(error: unknown): boolean {
  const { errcode } = error as { errcode?: unknown }
  return typeof errcode === 'number' && (errcode & 0xff) === SQLITE_BUSY
}

/** Whether an SQLite file is damaged, or none. */
export function isDamaged(error: unknown): boolean {
  const { errcode } = error as { errcode?: unknown }
  return typeof errcode === 'number' && SQLITE_DAMAGED.has(errcode & 0xff)
}

/** Whether a rollback found nothing to roll back. */
export function isNoTransaction(error: unknown): boolean {
  return error instanceof Error && error.message.includes('no transaction is active')
}

/** Whether a write failed because a unique value is there already. */
export function isUniqueViolation(error: unknown): boolean {
  const { code, errcode } = error as { code?: unknown; errcode?: unknown }
  return (
    code === POSTGRES_UNIQUE_VIOLATION ||
    errcode === SQLITE_CONSTRAINT_UNIQUE ||
    errcode === SQLITE_CONSTRAINT_PRIMARY_KEY
  )
}

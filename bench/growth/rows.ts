/**
 * The rows of the benchmark, as SQL that generates them in the database: user, session and audit entry number `n`,
 * from 0 to size - 1. Each row is derived from its number, so that the measurements can compute it too.
 */
import { sha256 } from '../../src/lib/digest.ts'

export type EngineName = 'sqlite' | 'postgres'

/** Consecutive numbers of rows, both ends included. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** The time during the measurements. It is long past, so that new audit entries are expired and can be deleted. */
export const CLOCK = Date.UTC(2021, 0, 1)
const DAY_MS = 86_400_000
/** The rows were created over this period before `CLOCK`. */
const HISTORY_MS = 20 * DAY_MS
const SESSION_LIFETIME_MS = 30 * DAY_MS
const AUDIT_RETENTION_MS = 400 * DAY_MS

/** The secret of every session. Sharing one does not change the cost of a look-up. */
const SECRET = 'a'.repeat(43)
const SECRET_HASH = Buffer.from(sha256(SECRET)).toString('hex')

// A prime above any size. Multiplying by it modulo the size permutes the numbers.
const PRIME = 2_654_435_761
const BITS_32 = 2 ** 32

/** The tables in the order in which they are filled, so that foreign keys find their rows. */
export const TABLES = ['users', 'sessions', 'audit'] as const
export type Table = (typeof TABLES)[number]

/** One statement that adds rows of a table. */
export function insertRows(engine: EngineName, table: Table, { from, to }: Span, size: number): string {
  const { columns, values } = ROWS[table](spellings(engine), size)
  const numbers =
    engine === 'sqlite'
      ? `with recursive numbers(n) as (select ${from} union all select n + 1 from numbers where n < ${to})`
      : `with numbers(n) as (select generate_series(${from}::bigint, ${to}::bigint))`
  const select = `select ${values.join(', ')} from numbers`
  return engine === 'sqlite'
    ? `insert into ${table} (${columns.join(', ')}) ${numbers} ${select}`
    : `${numbers} insert into ${table} (${columns.join(', ')}) ${select}`
}

/** The id of the user of session `n`, in another order than that of the sessions. */
export function userIdOf(n: number, size: number): number {
  return 1 + Number((BigInt(n) * BigInt(PRIME)) % BigInt(size))
}

/** The address of user `n`. */
export function emailOf(n: number): string {
  return `${scattered(n).toString(16).padStart(8, '0')}.user${n}@example.com`
}

/** The session token of session `n`. */
export function sessionIdOf(n: number, size: number): string {
  const time = CLOCK - HISTORY_MS + Math.floor((n * HISTORY_MS) / size)
  return `${uuidAt(time, n)}.${SECRET}`
}

/** The smallest UUID that a row created at this time can have. */
export function firstUuidAt(time: number): string {
  return uuidAt(time, null)
}

function uuidAt(time: number, n: number | null): string {
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0')
  const tail = n === null ? [0, 0, 0] : [scattered(n) % 4096, scattered(n + 1) % 16384, scattered(n + 2)]
  const [a = 0, b = 0, c = 0] = tail
  const head = `${hex(Math.floor(time / 65536), 8)}-${hex(time % 65536, 4)}`
  return `${head}-7${hex(a, 3)}-${hex(32768 + b, 4)}-${hex(c, 12)}`
}

/** A 32-bit number that follows no order of the rows. */
function scattered(n: number): number {
  return Number((BigInt(n) * BigInt(PRIME)) % BigInt(BITS_32))
}

/** Expressions that differ between the dialects. */
interface Spellings {
  hex(value: string, digits: number): string
  bytes(hex: string): string
  uuid(text: string): string
}

function spellings(engine: EngineName): Spellings {
  return engine === 'sqlite'
    ? {
        hex: (value, digits) => `printf('%0${digits}x', ${value})`,
        bytes: (hex) => `x'${hex}'`,
        uuid: (text) => text,
      }
    : {
        hex: (value, digits) => `lpad(to_hex(${value}), ${digits}, '0')`,
        bytes: (hex) => `'\\x${hex}'::bytea`,
        uuid: (text) => `(${text})::uuid`,
      }
}

type RowMaker = (spell: Spellings, size: number) => { columns: string[]; values: string[] }

const USER_AGENT =
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36'

const ROWS: Readonly<Record<Table, RowMaker>> = {
  users: (spell, size) => {
    const email = `${spell.hex(sqlScattered('n'), 8)} || '.user' || n || '@example.com'`
    // The number of the session that belongs to this user: the inverse of `userIdOf`.
    const session = `(n * ${inverseOf(PRIME, size)} % ${size})`
    return row({
      id: 'n + 1',
      email,
      // The form and length of a bcrypt hash.
      hashed_password: `'$2b$12$' || ${spell.hex(sqlScattered('n + 3'), 8)} || '${'.'.repeat(45)}'`,
      session_id: sqlUuid(spell, createdAt(session, size), session),
      normalized_email: email,
      created_at: createdAt('n', size),
      password_version: '1',
      email_verified_at: createdAt('n', size),
      locale: `'en'`,
    })
  },
  sessions: (spell, size) =>
    row({
      id: spell.uuid(sqlUuid(spell, createdAt('n', size), 'n')),
      user_id: sqlUserId(size),
      secret_hash: spell.bytes(SECRET_HASH),
      created_at: createdAt('n', size),
      authenticated_at: createdAt('n', size),
      // Used just now, so that a check records no use.
      last_seen_at: String(CLOCK),
      expires_at: `${createdAt('n', size)} + ${SESSION_LIFETIME_MS}`,
      amr: `'pwd'`,
      aal: '1',
      ip_address: `'203.0.113.' || (n % 256)`,
      user_agent: `'${USER_AGENT}'`,
    }),
  audit: (spell, size) =>
    row({
      id: spell.uuid(sqlUuid(spell, createdAt('n', size), 'n')),
      at: createdAt('n', size),
      instance: `'auth-1:1'`,
      actor: `'user'`,
      action: `'login'`,
      outcome: `'success'`,
      reason: `'pwd'`,
      user_id: sqlUserId(size),
      ip_address: `'203.0.113.' || (n % 256)`,
      user_agent: `'${USER_AGENT}'`,
      request_id: sqlUuid(spell, createdAt('n', size), 'n'),
      details: `'{"device":"known","failures":0}'`,
      expires_at: `${createdAt('n', size)} + ${AUDIT_RETENTION_MS}`,
      origin_expires_at: `${createdAt('n', size)} + ${AUDIT_RETENTION_MS}`,
    }),
}

function row(values: Readonly<Record<string, string>>): { columns: string[]; values: string[] } {
  return { columns: Object.keys(values), values: Object.values(values) }
}

function createdAt(n: string, size: number): string {
  return `(${CLOCK - HISTORY_MS} + ${n} * ${HISTORY_MS} / ${size})`
}

function sqlUserId(size: number): string {
  return `1 + n * ${PRIME} % ${size}`
}

function sqlScattered(n: string): string {
  return `((${n}) * ${PRIME} % ${BITS_32})`
}

function sqlUuid({ hex }: Spellings, time: string, n: string): string {
  const tail = [
    hex(`${sqlScattered(n)} % 4096`, 3),
    hex(`32768 + ${sqlScattered(`${n} + 1`)} % 16384`, 4),
    hex(sqlScattered(`${n} + 2`), 12),
  ]
  const [a, b, c] = tail
  return `${hex(`${time} / 65536`, 8)} || '-' || ${hex(`${time} % 65536`, 4)} || '-7' || ${a} || '-' || ${b} || '-' || ${c}`
}

/** The modular inverse of `value`, which must share no factor with `modulus` (extended Euclidean algorithm). */
function inverseOf(value: number, modulus: number): number {
  let [oldRemainder, remainder] = [value % modulus, modulus]
  let [oldFactor, factor] = [1, 0]
  while (remainder !== 0) {
    const quotient = Math.floor(oldRemainder / remainder)
    ;[oldRemainder, remainder] = [remainder, oldRemainder - quotient * remainder]
    ;[oldFactor, factor] = [factor, oldFactor - quotient * factor]
  }
  return ((oldFactor % modulus) + modulus) % modulus
}

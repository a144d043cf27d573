/** A row in each table about an account, for tests that move, delete or clean up rows. A new table gets one by itself. */
import { sql } from 'kysely'
import { type Database, TABLES } from '../../src/db/index.ts'
import type { Column, Table } from '../../src/db/tables/table.ts'

/** Tables whose rows come from use cases in these tests. */
const FILLED = ['users', 'sessions', 'tokens', 'throttles', 'outbox', 'audit'] as const
type Filled = (typeof FILLED)[number]
type Sampled = Exclude<keyof typeof TABLES, Filled>

/** Values that code reads, so that no other would do. */
const READ: { readonly [Name in Sampled]?: Readonly<Record<string, string | number | null>> } = {
  totp: { disabled_at: null },
  passkeys: { algorithm: -7, transports: 'internal,hybrid', rp_id: 'localhost' },
  pending_sign_ins: { next: 'second_factor', method: 'password', amr: 'pwd', transport: 'cookie' },
  ceremonies: { purpose: 'step_up' },
  login_flows: { purpose: 'link' },
}

interface Values {
  readonly userId: number
  readonly sessionId: string | undefined
  readonly expiresAt: Date
  readonly about: string
}

/**
 * Adds a row to each table that {@link FILLED} does not name, in place of the user's rows there. Every text about the user
 * contains `liddell`.
 *
 * @param expiresAt - When rows that expire do. All other times are ten minutes earlier.
 */
export async function addSampleRows(db: Database, userId: number, expiresAt: Date): Promise<void> {
  const session = await db
    .selectFrom('sessions')
    .select('id')
    .where('user_id', '=', userId)
    .limit(1)
    .executeTakeFirst()
  const values = { userId, sessionId: session?.id, expiresAt }
  for (const [name, table] of Object.entries(TABLES) as [Sampled | Filled, Table][]) {
    const { columns, key } = table
    if (isFilled(name) || (key === 'session_id' && session === undefined)) continue
    if ('user_id' in columns) await sql`delete from ${sql.table(name)} where user_id = ${userId}`.execute(db)
    const about = 'user_id' in columns || key === 'session_id' ? 'liddell' : 'nobody'
    const row = Object.fromEntries(
      Object.entries(columns).map(([column, { type }]) => [
        column,
        sample(column, type, { ...values, about }),
      ]),
    )
    await db
      .insertInto(name)
      .values({ ...row, ...READ[name] } as never)
      .execute()
  }
}

function isFilled(name: Sampled | Filled): name is Filled {
  return (FILLED as readonly string[]).includes(name)
}

function sample(column: string, type: Column['type'], { userId, sessionId, expiresAt, about }: Values) {
  if (column === 'user_id') return userId
  if (column === 'session_id' && sessionId !== undefined) return sessionId
  switch (type) {
    case 'time':
      return expiresAt.getTime() - (column.endsWith('expires_at') ? 0 : 600_000)
    case 'uuid':
      return '019a3f5e-7c00-7000-8000-00000000000a'
    case 'text':
      return `${column} of ${about}`
    case 'json':
      return '{"plan":"pro"}'
    case 'bytes':
      return Buffer.alloc(32, 7)
    // More than 32 bits, or than 31.
    case 'count':
      return 0xff_ff_ff_ff
    case 'integer':
      return 1
  }
}

/** The session check as a library call, and the query below it, in turn. See `../parts/call.ts`. */
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { createAuth } from '../../src/index.ts'
import { alternate } from '../measure.ts'
import type { Bearer } from '../sides/index.ts'

/** What it is told, as JSON. */
export interface CallSettings {
  readonly databaseUrl: string
  /** Their cookies are session ids, without the cookie's name. */
  readonly bearers: readonly Bearer[]
  readonly rounds: number
  /** In each round, of either. */
  readonly calls: number
}

/** What it prints, as JSON: microseconds of a call, round by round. */
export type CallTimes = Record<'query' | 'call', number[]>

/** What the session check reads, in the words of a program without a query builder. */
const QUERY = `select users.*, sessions.id as s_id, sessions.secret_hash as s_secret_hash,
  sessions.authenticated_at as s_authenticated_at, sessions.last_seen_at as s_last_seen_at,
  sessions.idle_expires_at as s_idle_expires_at, sessions.expires_at as s_expires_at
  from sessions inner join users on users.id = sessions.user_id where sessions.id =`
const MICROSECONDS_PER_MS = 1_000
const UUID_LENGTH = 36

const settings = JSON.parse(process.argv[2] ?? '') as CallSettings
const { databaseUrl, bearers, rounds, calls } = settings

const query = databaseUrl.startsWith('sqlite:') ? onSqlite() : onPostgres()
const auth = await createAuth({ databaseUrl })

function onSqlite() {
  const db = new DatabaseSync(databaseUrl.slice('sqlite:'.length), { readOnly: true })
  const statement = db.prepare(`${QUERY} ?`)
  return {
    find: (id: string) => statement.get(id)?.email as string | undefined,
    end: async () => db.close(),
  }
}

function onPostgres() {
  const pool = new pg.Pool({ connectionString: databaseUrl })
  return {
    async find(id: string) {
      const { rows } = await pool.query<{ email: string }>({
        name: 'query',
        text: `${QUERY} $1`,
        values: [id],
      })
      return rows[0]?.email
    },
    end: () => pool.end(),
  }
}

async function timeOf(find: (sessionToken: string) => unknown): Promise<number> {
  const started = performance.now()
  for (let index = 0; index < calls; index++) {
    const { cookie, email } = bearers[index % bearers.length] as Bearer
    const found = find(cookie)
    // A bare query on SQLite waits for nobody.
    if ((found instanceof Promise ? await found : found) !== email) throw new Error('this is not its owner')
  }
  return ((performance.now() - started) / calls) * MICROSECONDS_PER_MS
}

const measures = {
  query: () => timeOf((sessionToken) => query.find(sessionToken.slice(0, UUID_LENGTH))),
  call: () => timeOf(async (sessionToken) => (await auth.getUserFromSessionId(sessionToken))?.email),
}
// Until the compiler has seen both.
await alternate(1, measures)
const times: CallTimes = await alternate(rounds, measures)
await auth.close()
await query.end()
process.stdout.write(`${JSON.stringify(times)}\n`)

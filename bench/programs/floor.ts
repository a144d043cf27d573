/** The floor of the session check, see `../sides/floor.ts`. Arguments: `seed` or `serve`, and the settings as JSON. */
import { timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { mintBearer, parseBearer } from '../../src/lib/bearer.ts'
import type { Bearer, ProgramSettings } from '../sides/index.ts'

const COOKIE = 'session_id='
const LIFETIME_MS = 30 * 24 * 60 * 60 * 1_000
const POOL_SIZE = 10

/** A session: the hash of its secret, its expiry, and the address of its owner. */
type Row = readonly [secretHash: Uint8Array, expiresAt: number, email: string]
type FindSession = (id: string) => Row | undefined | Promise<Row | undefined>

async function seed({ databaseUrl, sessions, cookies }: ProgramSettings): Promise<{ bearers: Bearer[] }> {
  const now = new Date()
  const bearers: Bearer[] = []
  const rows: [id: string, ...Row][] = []
  const step = Math.ceil(sessions / cookies)
  for (let index = 0; index < sessions; index++) {
    const { value, id, secretHash } = mintBearer(now)
    const email = `user-${index}@example.com`
    rows.push([id, secretHash, now.getTime() + LIFETIME_MS, email])
    if (index % step === 0) bearers.push({ cookie: `${COOKIE}${value}`, email })
  }
  if (databaseUrl.startsWith('sqlite:')) {
    const db = new DatabaseSync(databaseUrl.slice('sqlite:'.length))
    db.exec(`pragma journal_mode = wal; begin;
      create table sessions (id text primary key not null, secret_hash blob not null, expires_at integer not null,
        email text not null) strict, without rowid`)
    const insert = db.prepare('insert into sessions values (?, ?, ?, ?)')
    for (const row of rows) insert.run(...row)
    db.exec('commit')
    db.close()
  } else {
    const client = new pg.Client({ connectionString: databaseUrl })
    await client.connect()
    await client.query(`create table sessions (id uuid primary key, secret_hash bytea not null,
      expires_at bigint not null, email text not null)`)
    const columns = [0, 1, 2, 3].map((column) => rows.map((row) => row[column]))
    await client.query(
      'insert into sessions select * from unnest($1::uuid[], $2::bytea[], $3::bigint[], $4::text[])',
      columns,
    )
    await client.query('vacuum analyze sessions')
    await client.end()
  }
  return { bearers }
}

async function openFinder({ databaseUrl, isPipelined }: ProgramSettings): Promise<FindSession> {
  const columns = 'select secret_hash, expires_at, email from sessions where id ='
  if (databaseUrl.startsWith('sqlite:')) {
    const db = new DatabaseSync(databaseUrl.slice('sqlite:'.length), { readOnly: true })
    const statement = db.prepare(`${columns} ?`)
    statement.setReturnArrays(true)
    return (id) => statement.get(id) as unknown as Row | undefined
  }
  const connection = { connectionString: databaseUrl }
  const client = isPipelined
    ? new pg.Client({ ...connection, pipeline: true })
    : new pg.Pool({ ...connection, max: POOL_SIZE })
  if (isPipelined) await client.connect()
  return async (id) => {
    const { rows } = await client.query<unknown[]>({
      name: 'session',
      text: `${columns} $1`,
      values: [id],
      rowMode: 'array',
    })
    return rows[0] as Row | undefined
  }
}

async function serve(settings: ProgramSettings): Promise<{ port: number }> {
  const findSession = await openFinder(settings)
  const server = createServer(async (request, response) => {
    const email = await bearerOf(findSession, request.headers.cookie)
    const body = JSON.stringify(email === null ? { message: 'no session' } : { email })
    response.writeHead(email === null ? 403 : 200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    })
    response.end(body)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  return { port: (server.address() as AddressInfo).port }
}

async function bearerOf(findSession: FindSession, cookie: string | undefined): Promise<string | null> {
  const bearer = cookie?.startsWith(COOKIE) ? parseBearer(cookie.slice(COOKIE.length)) : null
  if (bearer === null) return null
  const found = findSession(bearer.id)
  // SQLite answers synchronously, so there is nothing to await.
  const row = found instanceof Promise ? await found : found
  if (row === undefined) return null
  const [secretHash, expiresAt, email] = row
  return timingSafeEqual(secretHash, bearer.secretHash) && Number(expiresAt) > Date.now() ? email : null
}

const [, , what, settings = ''] = process.argv
const work = what === 'seed' ? seed : serve
process.stdout.write(`${JSON.stringify(await work(JSON.parse(settings) as ProgramSettings))}\n`)

/** The databases that keep the rows between runs: a file per size, or a database on our own PostgreSQL. */
import { createReadStream, mkdirSync, statSync } from 'node:fs'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import pg from 'pg'
import { startPostgres } from '../../test/support/start-postgres.ts'
import type { EngineName } from './rows.ts'

/** A database that is accessed without the library and its timeouts. */
export interface Store {
  readonly engine: EngineName
  readonly databaseUrl: string
  /** Runs one statement and returns its rows. */
  run(statement: string): Promise<Record<string, unknown>[]>
  /** Looks up a session and its user by the session's id: the least that a session check can do. */
  lookUp(id: string): Promise<unknown>
  version(): Promise<string>
  hasTable(name: string): Promise<boolean>
  /** The size of each table and index. For an index, `table` is its table. */
  bytes(): Promise<{ name: string; table: string; bytes: number }[]>
  /** Turns off foreign key checks until {@link settle}. */
  trust(): Promise<void>
  /** Finishes a fill, so that the database is like one that has been in use for a long time. */
  settle(): Promise<void>
  /** Reads the whole database into the memory of the system, as on a machine that has run for a long time. */
  warm(): Promise<void>
  close(): Promise<void>
}

/** All databases of one dialect. */
export interface Shelf {
  open(size: number): Promise<Store>
  /** The settings of the database, for the report. */
  readonly settings: string
  close(): Promise<void>
}

const LOOK_UP = `select secret_hash, expires_at, email from sessions join users on users.id = user_id where sessions.id =`

/** @param folder - Created if it does not exist. */
export async function openShelf(engine: EngineName, folder: string): Promise<Shelf> {
  mkdirSync(folder, { recursive: true })
  return engine === 'sqlite' ? sqliteShelf(folder) : postgresShelf(folder)
}

function sqliteShelf(folder: string): Shelf {
  return {
    settings: 'as the service opens it',
    open: (size) => openStore(`sqlite:${join(folder, `sqlite-${size}.db`)}`),
    close: async () => {},
  }
}

/** @param databaseUrl - A URL as for the service: `sqlite:PATH` or `postgres://…`. */
export async function openStore(databaseUrl: string): Promise<Store> {
  return databaseUrl.startsWith('sqlite:')
    ? openFile(databaseUrl.slice('sqlite:'.length))
    : openServerDatabase(databaseUrl)
}

function openFile(path: string): Store {
  const database = new DatabaseSync(path)
  // Rows at random positions touch many pages. They must stay in memory, or a fill takes hours. Rows lost in a crash
  // of the machine are filled again.
  database.exec('pragma journal_mode = wal; pragma synchronous = off; pragma cache_size = -1500000')
  const run = (statement: string) => database.prepare(statement).all() as Record<string, unknown>[]
  // Another connection, with a cache of the usual size.
  let reading: { database: DatabaseSync; lookUp: StatementSync } | undefined
  const openReading = () => {
    const opened = new DatabaseSync(path, { readOnly: true })
    reading = { database: opened, lookUp: opened.prepare(`${LOOK_UP} ?`) }
    return reading
  }
  return {
    engine: 'sqlite',
    databaseUrl: `sqlite:${path}`,
    run: async (statement) => run(statement),
    lookUp: async (id) => (reading ?? openReading()).lookUp.get(id),
    version: async () => String(run('select sqlite_version() as version')[0]?.version),
    hasTable: async (name) => run(`select 1 from sqlite_master where name = '${name}'`).length > 0,
    bytes: async () =>
      run(
        `select stat.name, coalesce(tbl_name, stat.name) as "table", sum(pgsize) as bytes
         from dbstat as stat left join sqlite_master as master on master.name = stat.name group by stat.name`,
      ) as { name: string; table: string; bytes: number }[],
    trust: async () => void run('pragma foreign_keys = off'),
    async settle() {
      run('pragma foreign_keys = on')
      run('pragma wal_checkpoint(truncate)')
      if (statSync(`${path}-wal`).size > 0) throw new Error(`${path} is in use`)
    },
    async warm() {
      for await (const _ of createReadStream(path, { highWaterMark: 1 << 20 }));
    },
    async close() {
      reading?.database.close()
      database.close()
    },
  }
}

/** Settings besides the defaults. Shared buffers get a quarter of the memory, as the PostgreSQL manual recommends. */
const SERVER_SETTINGS = [
  `shared_buffers=${Math.floor(totalmem() / 4 / 2 ** 20)}MB`,
  'max_wal_size=8GB',
  'checkpoint_timeout=30min',
]

async function postgresShelf(folder: string): Promise<Shelf> {
  const server = await startPostgres(join(folder, 'postgres'), ...SERVER_SETTINGS)
  return {
    settings: SERVER_SETTINGS.join(', '),
    async open(size) {
      const name = `growth_${size}`
      const admin = await connect(`${server.url}/postgres`)
      const { rowCount } = await admin.query('select 1 from pg_database where datname = $1', [name])
      if (rowCount === 0) await admin.query(`create database ${name}`)
      await admin.end()
      return openStore(`${server.url}/${name}`)
    },
    close: () => server.stop(),
  }
}

async function openServerDatabase(databaseUrl: string): Promise<Store> {
  const client = await connect(databaseUrl)
  await client.query('set synchronous_commit = off')
  const run = async (statement: string) => (await client.query(statement)).rows as Record<string, unknown>[]
  return {
    engine: 'postgres',
    databaseUrl,
    run,
    async lookUp(id) {
      const { rows } = await client.query({ name: 'look-up', text: `${LOOK_UP} $1`, values: [id] })
      return rows[0]
    },
    version: async () => String((await run('show server_version'))[0]?.server_version),
    hasTable: async (name) => (await run(`select 1 from pg_tables where tablename = '${name}'`)).length > 0,
    bytes: async () => {
      const rows = await run(
        `select c.relname as name, coalesce(t.relname, c.relname) as "table", pg_relation_size(c.oid) as bytes
         from pg_class c left join pg_index i on i.indexrelid = c.oid left join pg_class t on t.oid = i.indrelid
         where c.relkind in ('r', 'i') and c.relnamespace = 'public'::regnamespace order by 1`,
      )
      return rows.map((row) => ({
        name: String(row.name),
        table: String(row.table),
        bytes: Number(row.bytes),
      }))
    },
    trust: async () => void (await run('set session_replication_role = replica')),
    async settle() {
      await run('reset session_replication_role')
      // A fill sets the ids itself, so the sequence must continue after them.
      await run(`select setval(pg_get_serial_sequence('users', 'id'), (select max(id) from users))`)
      await run('vacuum (analyze)')
      await run('checkpoint')
    },
    async warm() {
      await run('create extension if not exists pg_prewarm')
      for (const into of ['read', 'buffer'])
        await run(`select pg_prewarm(oid, '${into}') from pg_class
          where relkind in ('r', 'i') and relnamespace = 'public'::regnamespace order by relname`)
    },
    close: () => client.end(),
  }
}

async function connect(databaseUrl: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  return client
}

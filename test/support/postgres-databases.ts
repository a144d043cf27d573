/** PostgreSQL databases for tests. Emptying a used one takes a fraction of the time of creating one. */
import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import pg from 'pg'
import { inject, onTestFinished } from 'vitest'
import type { OnEnd } from './system.ts'

/** Creates an empty database and returns its URL. It is deleted when the test ends. */
export async function createPostgres(): Promise<string> {
  const name = await create()
  onTestFinished(() => drop(name))
  return urlOf(name)
}

/** A copy of a template. */
interface Copy {
  readonly name: string
  /** One connection. */
  readonly pool: pg.Pool
}

/** The state of an unused copy of a template. */
interface Pristine {
  /** A query whose answer changes unless only rows of tables that were empty have changed. */
  readonly query: string
  readonly state: string
  /** Empties the tables that were empty, and restarts the sequences. */
  readonly empty: string
}

const PRISTINE = new Map<string, Promise<Pristine>>()
/** Copies that no test uses, by template. */
const FREE = new Map<string, Copy[]>()

/**
 * Returns the URL of a database that equals the template. When the test ends, the database is emptied for another test of this
 * worker. If the test changed more than rows, left much data behind or is still connected, it is deleted instead.
 */
export async function copyPostgres(template: string, onEnd: OnEnd = onTestFinished): Promise<string> {
  const copy = FREE.get(template)?.pop() ?? (await createCopy(template))
  if (!PRISTINE.has(template)) PRISTINE.set(template, inspect(copy))
  const pristine = (await PRISTINE.get(template)) as Pristine
  onEnd(async () => {
    if (await isEmptied(copy, pristine)) FREE.set(template, [...(FREE.get(template) ?? []), copy])
    else {
      await drop(copy.name)
      await copy.pool.end()
    }
  })
  return urlOf(copy.name)
}

async function createCopy(template: string): Promise<Copy> {
  const name = await create(template)
  return { name, pool: connectionTo(name) }
}

/** Catalogs that change with the schema, privileges and statistics, but not with rows. */
const CATALOGS = [
  ...['attrdef', 'class', 'constraint', 'default_acl', 'event_trigger', 'extension', 'policy', 'proc'],
  ...['publication', 'rewrite', 'trigger', 'type'],
]

/** The smallest object identifier that does not belong to the server. */
const FIRST_OID = 16_384

/** Each row of a catalog holds the transaction that wrote it, even in a copy of the database. */
const STAMP = "concat(count(*), ' ', sum(xmin::text::bigint))"
const STATE = [
  ...CATALOGS.map((name) => `(select ${STAMP} from pg_${name} where oid >= ${FIRST_OID})`),
  `(select ${STAMP} from pg_attribute where attrelid >= ${FIRST_OID})`,
  `(select ${STAMP} from pg_index where indexrelid >= ${FIRST_OID})`,
  `(select ${STAMP} from pg_sequence)`,
  `(select ${STAMP} from pg_namespace)`,
  `(select concat(count(*), sum(reltuples), ' ', sum(relpages)) from pg_class where oid >= ${FIRST_OID})`,
  `(select concat(datallowconn, datconnlimit, datacl, (select count(*) from pg_db_role_setting where setdatabase = pg_database.oid))
    from pg_database where datname = current_database())`,
]

const OURS = `pg_class join pg_namespace on pg_namespace.oid = relnamespace
  where pg_class.oid >= ${FIRST_OID} and nspname !~ '^pg_'`

async function inspect({ pool }: Copy): Promise<Pristine> {
  const { rows } = await pool.query<{ name: string }>(
    `select format('%I.%I', nspname, relname) as name from ${OURS} and relkind = 'r'`,
  )
  const [filled, empty]: [string[], string[]] = [[], []]
  for (const { name } of rows) {
    // The tables that record the migrations have rows.
    const isFilled = (await pool.query(`select from ${name} limit 1`)).rowCount !== 0
    ;(isFilled ? filled : empty).push(name)
  }
  const contents = filled.map((name) => `(select string_agg(t::text, ',' order by t::text) from ${name} t)`)
  const query = `select concat_ws(';', ${[...STATE, ...contents].join(',\n')}) as state,
    (select sum(pg_relation_size(pg_class.oid))::int from ${OURS} and relkind in ('r', 'i')) as size,
    (${CONNECTIONS}) as connections`
  const { state } = await look(pool, query)
  return {
    query,
    state,
    empty: `
      begin;
      -- The triggers of the audit log forbid deletion.
      set local session_replication_role = replica;
      ${empty.map((name) => `delete from ${name};`).join('\n')}
      select setval(seqrelid, seqstart, false) from pg_sequence;
      commit`,
  }
}

/** The number of other connections. */
const CONNECTIONS = `select count(*)::int from pg_stat_activity
  where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'`

interface Look {
  readonly state: string
  /** Of all tables and indexes, in bytes. */
  readonly size: number
  readonly connections: number
}

async function look(pool: pg.Pool, query: string): Promise<Look> {
  return (await pool.query<Look>({ name: 'look', text: query })).rows[0] as Look
}

/** In bytes. Deleted rows still take space. A larger database is slower, and its size influences the planner. */
const LARGEST = 2 * 1_024 ** 2
/** How often to look for connections, 5 ms apart. The server takes a moment to end closed connections. */
const LOOKS = 10

/** Empties a database. @returns Whether it can be used again. */
async function isEmptied({ pool }: Copy, { query, state, empty }: Pristine): Promise<boolean> {
  try {
    let now = await look(pool, query)
    for (let looks = 1; now.connections > 0; looks++) {
      if (looks === LOOKS) return false
      await setTimeout(5)
      now = await look(pool, query)
    }
    if (now.state !== state || now.size > LARGEST) return false
    await pool.query(empty)
    return true
  } catch {
    // The test deleted the database or forbade connections.
    return false
  }
}

function urlOf(name: string): string {
  return `${inject('postgresUrl')}/${name}`
}

async function create(template?: string): Promise<string> {
  const name = `${inject('templates').postgres}_${randomUUID().replaceAll('-', '')}`
  const from = template === undefined ? '' : `template ${template}`
  // On a file system in memory, copying files takes half the time of writing each page to the log.
  await administrator().query(`create database ${name} ${from} strategy file_copy`)
  return name
}

async function drop(name: string): Promise<void> {
  await administrator().query(`drop database if exists ${name} with (force)`)
}

let server: pg.Pool | undefined

/** One connection for all tests of a worker, because PostgreSQL starts a process per connection. */
function administrator(): pg.Pool {
  server ??= connectionTo('postgres')
  return server
}

function connectionTo(name: string): pg.Pool {
  const connectionString = urlOf(name)
  const pool = new pg.Pool({ connectionString, max: 1, idleTimeoutMillis: 0, allowExitOnIdle: true })
  // The server stops before the worker closes its pools, and a test may end all connections.
  return pool.on('error', () => {})
}

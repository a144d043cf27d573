/**
 * SQLite for Kysely. One connection runs everything except prepared reads, so that the statements of this process
 * run in order; another one runs the prepared reads. WAL mode and retries let several processes share the file.
 */
import { setTimeout } from 'node:timers/promises'
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Kysely,
  type Driver as KyselyDriver,
  type QueryResult,
  SelectQueryNode,
  SqliteAdapter,
  type SqliteDatabase,
  SqliteDriver,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type TransactionSettings,
} from 'kysely'
import { type CommitMode, isNoTransaction } from '../dialect.ts'
import type { Health } from '../health.ts'
import type { Naming } from '../naming.ts'
import type { PreparedReader } from '../prepared.ts'
import { type DatabaseSync, MEMORY, openForReading, openForWriting, whileBusy } from './connection.ts'
import { GroupCommit, type NotDurable } from './group-commit.ts'
import { Faults, healthOfFile, healthOfShared } from './health.ts'
import { withCachedStatements, withFirstRow } from './statements.ts'

/** While other processes write, pause after each of our transactions, so that they can take the lock. */
const YIELD_PAUSE_MS = 1
/** How long another process counts as writing after we had to wait for its lock. */
const CONTENTION_LIFETIME_MS = 100

/** How {@link openSqlite} opens a database. */
export interface SqliteDetails {
  /** Open an existing file without writing to it. */
  readonly readOnly: boolean
  /** Create the file if it does not exist. */
  readonly create: boolean
  /** How our tables are named. */
  readonly naming: Naming
  /** Whether commits wait for the disk together, without blocking the event loop, if the database is in WAL mode. */
  readonly groupsCommits: boolean
  /** Called when a commit cannot be made durable. From then on every write is refused. */
  readonly onLost: (error: NotDurable) => void
}

/**
 * Opens an SQLite database.
 *
 * @param path - A file, or `:memory:`.
 * @throws The file cannot be opened; unless `readOnly`, also if it cannot be written.
 */
export async function openSqlite(
  path: string,
  { readOnly, create, naming, groupsCommits, onLost }: SqliteDetails,
): Promise<{ dialect: Dialect; reader: PreparedReader; health: Health }> {
  const writing = readOnly ? openForReading(path) : await openForWriting(path, { create })
  const faults = new Faults()
  let reading: DatabaseSync | undefined
  const openReader = () => {
    // A database in memory exists only in its one connection. After the end, nothing is opened any more.
    reading ??= path === MEMORY || readOnly || !writing.isOpen ? writing : openForReading(path)
    return reading
  }
  const database: SqliteDatabase = {
    ...withCachedStatements(writing),
    close() {
      if (reading !== undefined && reading !== writing) reading.close()
      writing.close()
    },
  }
  const turns = new Turns()
  const lose = (error: NotDurable) => {
    faults.note(error)
    onLost(error)
  }
  const commits = groupsCommits ? new GroupCommit(writing, turns.run, lose) : null
  return {
    dialect: {
      createAdapter: () => new Adapter(),
      createDriver: () => new Driver({ database, faults, turns, commits }),
      createIntrospector: (db: Kysely<unknown>) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
    reader: { first: withFirstRow(openReader, faults) },
    health: path === MEMORY ? healthOfShared(writing, naming) : healthOfFile(path, faults, naming),
  }
}

class Adapter extends SqliteAdapter {
  // The driver itself gives the one connection to one caller at a time. Kysely would hold it until a commit is durable.
  override get supportsMultipleConnections() {
    return true
  }

  // SQLite's DDL is transactional. With the driver below, a migration takes the write lock before it reads which
  // migrations ran, so if several processes start at once, one migrates and the others wait.
  override get supportsTransactionalDdl() {
    return true
  }
}

/** Gives the writing connection to one caller at a time, in the order of their requests. */
class Turns {
  #last: Promise<void> = Promise.resolve()

  /** Waits for a turn. @returns A function that ends the turn. */
  async take(): Promise<() => void> {
    const before = this.#last
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#last = promise
    await before
    return resolve
  }

  readonly run = async (work: () => Promise<void>): Promise<void> => {
    const end = await this.take()
    await work().finally(end)
  }
}

/** The writing connection during one turn. */
class Turn implements DatabaseConnection, CommitMode {
  waitsForDisk = true
  /** Whether something was committed that may have changed the database. */
  hasCommitted = false
  transaction: 'read only' | 'read write' | null = null
  readonly end: () => void
  readonly execute: DatabaseConnection['executeQuery']
  readonly streamQuery: DatabaseConnection['streamQuery']

  constructor(end: () => void, { executeQuery, streamQuery }: DatabaseConnection) {
    this.end = end
    this.execute = executeQuery
    this.streamQuery = streamQuery
  }

  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    const result = await this.execute<Row>(query)
    // Outside of a transaction, each statement commits.
    if (this.transaction === null && !isSelect(query)) this.hasCommitted = true
    return result
  }
}

function isSelect({ query }: CompiledQuery): boolean {
  return SelectQueryNode.is(query)
}

interface DriverParts {
  readonly database: SqliteDatabase
  readonly faults: Faults
  readonly turns: Turns
  readonly commits: GroupCommit | null
}

class Driver implements KyselyDriver {
  /** When another process last held the write lock that we needed. */
  #busyAt = Number.NEGATIVE_INFINITY
  readonly #parts: DriverParts
  readonly #sqlite: SqliteDriver

  constructor(parts: DriverParts) {
    this.#parts = parts
    this.#sqlite = new SqliteDriver({ database: parts.database })
  }

  init() {
    return this.#sqlite.init()
  }

  async acquireConnection() {
    const { turns, faults, commits } = this.#parts
    const endTurn = await turns.take()
    const connection = await this.#sqlite.acquireConnection()
    const onBusy = () => {
      this.#busyAt = performance.now()
    }
    const turn: Turn = new Turn(endTurn, {
      streamQuery: connection.streamQuery.bind(connection),
      async executeQuery<Row>(query: CompiledQuery) {
        try {
          if (turn.transaction === null && !isSelect(query)) commits?.assertWritable()
          return await whileBusy(() => connection.executeQuery<Row>(query), onBusy)
        } catch (error) {
          faults.note(error)
          throw error
        }
      },
    })
    return turn
  }

  // The next caller takes its turn while this one waits for the disk.
  async releaseConnection(turn: Turn) {
    const durable = turn.hasCommitted && this.#parts.commits?.committed({ waits: turn.waitsForDisk })
    turn.end()
    await durable
  }

  // Our transactions write, so take the write lock at the start and wait for it there. Upgrading a read lock later
  // would fail at once if another process wrote in between.
  async beginTransaction(turn: Turn, settings?: TransactionSettings) {
    const isReadOnly = settings?.accessMode === 'read only'
    if (!isReadOnly) this.#parts.commits?.assertWritable()
    turn.transaction = isReadOnly ? 'read only' : 'read write'
    await turn.executeQuery(CompiledQuery.raw(isReadOnly ? 'begin' : 'begin immediate'))
  }

  async commitTransaction(turn: Turn) {
    await turn.executeQuery(CompiledQuery.raw('commit'))
    turn.hasCommitted ||= turn.transaction === 'read write'
    turn.transaction = null
    // Otherwise this process would take the lock again at once, and others would starve.
    if (performance.now() - this.#busyAt < CONTENTION_LIFETIME_MS) await setTimeout(YIELD_PAUSE_MS)
  }

  // When the disk is full, SQLite has already rolled back. A failing second rollback would hide the cause.
  async rollbackTransaction(turn: Turn) {
    await turn.executeQuery(CompiledQuery.raw('rollback')).catch((error: unknown) => {
      if (!isNoTransaction(error)) throw error
    })
    turn.transaction = null
  }

  // Runs after the queued transactions. Kysely accepts no new ones.
  async destroy() {
    const { turns, commits } = this.#parts
    await turns.run(async () => {})
    await commits?.close()
    await this.#sqlite.destroy()
  }
}

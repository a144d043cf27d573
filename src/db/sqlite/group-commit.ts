/**
 * Durable commits that do not block the event loop. SQLite commits to the log (WAL) without waiting for the disk, and we
 * sync the log asynchronously before we report the commit. All commits that happen during a sync share the next one.
 * docs/decisions/0037-group-commit.md says why this is as durable as `synchronous = full`.
 */
import { closeSync, fdatasync, fstatSync, openSync } from 'node:fs'
import { promisify } from 'node:util'
import { Checkpoints, type InTurn } from './checkpoints.ts'
import type { DatabaseSync } from './connection.ts'

const syncData = promisify(fdatasync)

/**
 * SQLite's own checkpoint, which blocks the event loop. It bounds the log at 64 MB if {@link Checkpoints} does not keep up.
 */
const PAGES_MAX = 16_000

/** A commit cannot be made durable, so it must not be reported as done. The open database refuses all further writes. */
export class NotDurable extends Error {
  override readonly name = 'NotDurable'
  readonly code = 'not_durable'
  // SQLITE_IOERR
  readonly errcode = 10
  /** Why: a code of the system such as `EIO`, or `deleted`. */
  readonly reason: string

  constructor(reason: string, options?: ErrorOptions) {
    super(`the log of the database cannot be synced (${reason})`, options)
    this.reason = reason
  }
}

/** The commits of one connection. */
export class GroupCommit {
  readonly #database: DatabaseSync
  readonly #inTurn: InTurn
  readonly #onLost: (error: NotDurable) => void
  /** The log and its checkpoints. `null`: commits still wait for the disk themselves. */
  #log: { readonly fd: number; readonly checkpoints: Checkpoints } | null = null
  /** The commits that the next sync covers. */
  #next: PromiseWithResolvers<void> | null = null
  #syncing: Promise<void> | null = null
  #lost: NotDurable | null = null

  /**
   * @param inTurn - Runs a function while the connection has no transaction open.
   * @param onLost - Called once, before any promise rejects.
   */
  constructor(database: DatabaseSync, inTurn: InTurn, onLost: (error: NotDurable) => void) {
    this.#database = database
    this.#inTurn = inTurn
    this.#onLost = onLost
  }

  /** @throws {NotDurable} A sync has failed. */
  assertWritable(): void {
    if (this.#lost !== null) throw this.#lost
  }

  /**
   * Call after each commit.
   *
   * @param details - `waits`: whether the caller needs the commit to be durable.
   * @throws {NotDurable}
   */
  async committed({ waits }: { waits: boolean }): Promise<void> {
    // The first commits were synced by SQLite itself.
    if (this.#log === null) return this.#begin()
    this.#log.checkpoints.countCommit()
    if (waits) await this.#durable(this.#log.fd)
  }

  /** Waits for the last sync. Never rejects. Call before closing the connection. */
  async close(): Promise<void> {
    await this.#syncing
    if (this.#log === null) return
    const { fd, checkpoints } = this.#log
    this.#log = null
    await checkpoints.close()
    // SQLite holds no POSIX lock on the log, so this releases none.
    closeSync(fd)
  }

  #begin(): void {
    const path = this.#database.location()
    const { journal_mode: mode } = this.#database.prepare('pragma journal_mode').get() ?? {}
    if (path === null || mode !== 'wal') return
    const fd = openIfPossible(`${path}-wal`)
    if (fd === null) return
    this.#log = { fd, checkpoints: new Checkpoints(path, this.#inTurn) }
    this.#database.exec(`pragma synchronous = normal; pragma wal_autocheckpoint = ${PAGES_MAX}`)
  }

  #durable(fd: number): Promise<void> {
    this.assertWritable()
    this.#next ??= Promise.withResolvers()
    const { promise } = this.#next
    this.#syncing ??= this.#syncAll(fd)
    return promise
  }

  async #syncAll(fd: number): Promise<void> {
    while (this.#next !== null) {
      const group = this.#next
      this.#next = null
      try {
        await syncData(fd)
        // SQLite deletes a log only after the last connection is closed, so another program did it.
        if (fstatSync(fd).nlink === 0) throw new NotDurable('deleted')
        group.resolve()
      } catch (error) {
        this.#lose(error, group)
      }
    }
    this.#syncing = null
  }

  // Never retried: the system may drop what it could not write, and report success the next time.
  // https://wiki.postgresql.org/wiki/Fsync_Errors
  #lose(error: unknown, group: PromiseWithResolvers<void>): void {
    const { code = 'unknown' } = error as { code?: string }
    this.#lost = error instanceof NotDurable ? error : new NotDurable(code, { cause: error })
    this.#onLost(this.#lost)
    group.reject(this.#lost)
    this.#next?.reject(this.#lost)
    this.#next = null
  }
}

/** SQLite creates the log with the first transaction in WAL mode. While this returns `null`, SQLite syncs by itself. */
function openIfPossible(log: string): number | null {
  try {
    // Kept open, because Linux reports a failed write-back only to descriptors that were open at the time.
    return openSync(log, 'r+')
  } catch {
    return null
  }
}

/** Connections to an SQLite database through Node's own `node:sqlite`. */
import '../../lib/require-node.ts'

import { closeSync, existsSync, openSync } from 'node:fs'
import { resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { isBusy } from '../dialect.ts'

// Not imported statically. See require-node.ts.
const { DatabaseSync } = process.getBuiltinModule('node:sqlite')
export type DatabaseSync = InstanceType<typeof DatabaseSync>

/** How long a statement waits for another process's write before it gives up with SQLITE_BUSY. */
export const BUSY_TIMEOUT_MS = 5_000
/**
 * The pause between two tries. Short, because SQLite has no queue: if others write constantly, the lock is seldom
 * free for longer.
 */
export const BUSY_PAUSE_MS = 2
export const MEMORY = ':memory:'

export function openForReading(path: string): DatabaseSync {
  return new DatabaseSync(locationOf(path, 'ro'), { readOnly: true, timeout: BUSY_TIMEOUT_MS })
}

/** Never creates a file, which SQLite would do by default. */
export function openExisting(path: string): DatabaseSync {
  return new DatabaseSync(locationOf(path, 'rw'), {
    enableForeignKeyConstraints: true,
    enableDoubleQuotedStringLiterals: false,
  })
}

// A URL, because SQLite would read a plain path that begins with "file:" as a URI with parameters.
export function locationOf(path: string, mode: 'ro' | 'rw'): string | URL {
  return path === MEMORY ? path : new URL(`${pathToFileURL(resolve(path))}?mode=${mode}`)
}

export async function openForWriting(path: string, { create }: { create: boolean }): Promise<DatabaseSync> {
  // SQLite would create a file that everyone can read; its WAL takes the mode of the file. Never open and close an
  // existing file here: closing it would release the POSIX locks that this process holds on it
  // (https://www.sqlite.org/howtocorrupt.html, 2.2).
  if (create && path !== MEMORY && !existsSync(path)) closeSync(openSync(path, 'a', 0o600))
  const database = openExisting(path)
  try {
    // FULL: a commit survives a power failure once it returned. The empty transaction checks that the file is
    // writable.
    await whileBusy(() => database.exec('pragma synchronous = full; begin immediate; rollback'))
  } catch (error) {
    database.close()
    throw error
  }
  startLogOver(database)
  return database
}

/**
 * Moves the log into the file if nobody else uses it, so that the next write starts the log over. An earlier process may
 * have ended because it could not sync the log, and a gap in it would hide what is added later. Best effort: on a full
 * disk the database can still be read.
 */
function startLogOver(database: DatabaseSync): void {
  try {
    database.exec('pragma wal_checkpoint(restart)')
  } catch {
    // SQLite keeps the log.
  }
}

/** Retries while another process writes. SQLite's own waiting would block the event loop. */
export async function whileBusy<Result>(
  run: () => Result | Promise<Result>,
  onBusy: () => void = () => {},
): Promise<Result> {
  const giveUpAt = performance.now() + BUSY_TIMEOUT_MS
  for (;;) {
    try {
      return await run()
    } catch (error) {
      if (!isBusy(error) || performance.now() > giveUpAt) throw error
      onBusy()
      await setTimeout(BUSY_PAUSE_MS)
    }
  }
}

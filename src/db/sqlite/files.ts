/** Operations on an SQLite file as a whole: copies, checks and locks. */
import { rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { MaintenanceError } from '../../errors.ts'
import { openOutput } from '../../lib/output-file.ts'
import { isBusy, isDamaged } from '../dialect.ts'
import { openExisting, openForReading } from './connection.ts'

/**
 * Copies a database to a new file with mode 0600.
 *
 * @throws {OutputError} The file exists, or cannot be written.
 */
export function copySqlite(path: string, copy: string): void {
  const output = openOutput(copy, { inUse: [], replace: false })
  try {
    copyInto(path, output.path)
    output.publish()
  } finally {
    output.discard()
  }
}

/**
 * Copies a database into an empty file, as it is at this moment and while others write: in one read transaction. What
 * was deleted is not copied.
 */
export function copyInto(path: string, empty: string): void {
  const database = openForReading(path)
  try {
    database.prepare('vacuum into ?').run(resolve(empty))
  } finally {
    database.close()
  }
}

/**
 * What SQLite finds wrong with a file: its pages and its foreign keys. Empty where all is well.
 *
 * @param details - `thorough`: also whether each index has just the rows of its table, which takes several times as long.
 */
export function checkSqlite(path: string, { thorough }: { thorough: boolean }): string[] {
  const database = openForReading(path)
  try {
    const check = thorough ? 'integrity_check' : 'quick_check'
    const pages = database.prepare(`select ${check} as said from pragma_${check}`).all()
    const keys = database.prepare('select "table" from pragma_foreign_key_check').all()
    return [
      ...pages.map(({ said }) => String(said)).filter((said) => said !== 'ok'),
      ...keys.map(({ table }) => `a row of ${table} refers to one that is not there`),
    ]
  } catch (error) {
    if (isDamaged(error)) return [(error as Error).message]
    throw error
  } finally {
    database.close()
  }
}

/**
 * Takes a database for itself alone, with all that its WAL holds written into its file.
 *
 * @returns Lets go of it.
 * @throws {MaintenanceError} A service or another program has it open, even where it does nothing.
 */
export function lockSqlite(path: string): () => void {
  // What is no database any more is nobody's. Who could write to it would, in closing it, throw its WAL away.
  if (!isReadable(path)) return () => {}
  const database = openExisting(path)
  try {
    // In WAL mode everybody who has the file open holds a lock on it, which the exclusive mode does not share.
    database.exec(
      'pragma locking_mode = exclusive; begin immediate; rollback; pragma wal_checkpoint(truncate)',
    )
  } catch (error) {
    database.close()
    if (!isBusy(error)) throw error
    throw new MaintenanceError(
      'the database is in use: stop the service and every command on it first; nothing was changed',
      { cause: error },
    )
  }
  return () => database.close()
}

function isReadable(path: string): boolean {
  const database = openForReading(path)
  try {
    database.prepare('select count(*) from sqlite_master').get()
    return true
  } catch (error) {
    if (isDamaged(error)) return false
    throw error
  } finally {
    database.close()
  }
}

/** Where a file is kept as it was before something was done to it. */
export function asideOf(path: string, before: 'adoption' | 'restore'): string {
  return `${path}.before-${before}-${new Date().toISOString().replaceAll(/[-:]/g, '')}`
}

/** Removes a copy of {@link copySqlite}. */
export function removeCopy(copy: string): void {
  rmSync(copy, { force: true })
}

/** Operations on whole SQLite files: copy, check, lock. */
import { rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { openOutput } from '../../lib/output-file.ts'
import { MaintenanceError } from '../../model/errors.ts'
import { isBusy, isDamaged } from '../dialect.ts'
import { type Naming, prefixedBy } from '../naming.ts'
import { TABLE_NAMES } from '../tables/index.ts'
import { openExisting, openForReading } from './connection.ts'

/**
 * Copies a database to a new file with mode 0600.
 *
 * @throws {OutputError} The new file exists or cannot be written.
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
 * Copies a database into an empty file in one read transaction, so that the copy is consistent while others write.
 * Deleted data is not copied.
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
 * Checks the pages of a file, and the foreign keys of our tables. SQLite checks foreign keys only for programs that ask it to, so
 * other tables may have rows that refer to none.
 *
 * @param details - `thorough`: also compare each index with its table, which takes several times as long. `naming`: how our
 *   tables are named.
 * @returns What is wrong; empty if the file is undamaged.
 */
export function checkSqlite(
  path: string,
  { thorough, naming }: { thorough: boolean; naming: Naming },
): string[] {
  const database = openForReading(path)
  try {
    const check = thorough ? 'integrity_check' : 'quick_check'
    const pages = database.prepare(`select ${check} as said from pragma_${check}`).all()
    const ours = JSON.stringify(TABLE_NAMES.map((table) => prefixedBy(naming, table)))
    const keys = database
      .prepare(
        `select "table" from sqlite_master as tables, pragma_foreign_key_check(tables.name)
          where tables.type = 'table' and tables.name in (select value from json_each(?))`,
      )
      .all(ours)
    return [
      ...pages.map(({ said }) => String(said)).filter((said) => said !== 'ok'),
      ...keys.map(({ table }) => `a row of ${table} refers to a row that does not exist`),
    ]
  } catch (error) {
    if (isDamaged(error)) return [(error as Error).message]
    throw error
  } finally {
    database.close()
  }
}

/** An exclusive lock on a database. */
export interface SqliteLock {
  /**
   * Prepares the file for losing its name to another one. A process that opened it and waits for the lock still gets the
   * lock. With a WAL it would then write to that of the new file, because a WAL is found by name. Without one, SQLite
   * notices that the file was moved, and refuses to write.
   */
  retire(): void
  release(): void
}

export const NO_LOCK: SqliteLock = { retire() {}, release() {} }

/**
 * Locks a database exclusively, and writes its whole WAL into the file.
 *
 * @throws {MaintenanceError} Another process has the database open, even if idle.
 */
export function lockSqlite(path: string): SqliteLock {
  // A file that is not a database cannot be in use. Opening it for writing and closing it would delete its WAL.
  if (!isReadable(path)) return NO_LOCK
  const database = openExisting(path)
  try {
    // In WAL mode each process that has the file open holds a shared lock, which exclusive mode does not tolerate.
    database.exec(
      'pragma locking_mode = exclusive; begin immediate; rollback; pragma wal_checkpoint(truncate)',
    )
  } catch (error) {
    database.close()
    if (!isBusy(error)) throw error
    throw new MaintenanceError(
      'the database is in use: stop the service and every command that uses it first; nothing was changed',
      { cause: error },
    )
  }
  return {
    retire: () => database.exec('pragma journal_mode = delete'),
    release: () => database.close(),
  }
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

/** The path under which a file is kept as it was before an operation. */
export function asideOf(path: string, before: 'adoption' | 'restore'): string {
  return `${path}.before-${before}-${new Date().toISOString().replaceAll(/[-:]/g, '')}`
}

export function removeCopy(copy: string): void {
  rmSync(copy, { force: true })
}

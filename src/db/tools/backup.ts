/** Backup and restore of SQLite files. PostgreSQL has its own tools for both. */
import { existsSync, linkSync, renameSync } from 'node:fs'
import { assertNotInUse, followLinks, OutputError, openOutput, persistNames } from '../../lib/output-file.ts'
import { MaintenanceError } from '../../model/errors.ts'
import { hasTable } from '../dialect.ts'
import { inspectSchema, USERS_MIGRATION } from '../migrate.ts'
import type { Naming } from '../naming.ts'
import { filesInUse, locateDatabase, openAsItIs } from '../open.ts'
import {
  asideOf,
  checkSqlite,
  copyInto,
  copySqlite,
  lockSqlite,
  NO_LOCK,
  removeCopy,
  type SqliteLock,
} from '../sqlite/files.ts'
import { sqliteUrl } from '../url.ts'

/** How many rows a backup has. */
export interface BackupContents {
  readonly users: number
  readonly sessions: number
  readonly auditRecords: number
}

/**
 * Writes a consistent backup, also while the database is in use. The file has mode 0600 and gets its name once it is
 * complete and checked. It holds the whole database, so a schema of a newer version loses nothing.
 *
 * @param details - `replace`: whether an existing file may be replaced. `naming`: how our tables are named.
 * @throws {OutputError} The file is the database itself, exists, or cannot be written.
 * @throws {MaintenanceError} The copy fails, is damaged, or is not a database of Bienvenue.
 */
export async function backUpDatabase(
  databaseUrl: string,
  file: string,
  { replace, naming }: { replace: boolean; naming: Naming },
): Promise<BackupContents> {
  const path = sqlitePathOf(databaseUrl)
  const output = openOutput(file, { inUse: filesInUse(databaseUrl), replace })
  try {
    copyInto(path, output.path)
    assertUndamaged(output.path, naming)
    const contents = await contentsOf(output.path, { named: databaseUrl, mayBeNewer: true, naming })
    output.publish()
    return contents
  } catch (error) {
    throw asMaintenanceError(`cannot back up to ${file}`, error)
  } finally {
    output.discard()
  }
}

/** Runs SQLite's full check. @throws {MaintenanceError} The file is damaged. */
function assertUndamaged(file: string, naming: Naming): void {
  const [problem] = checkSqlite(file, { thorough: true, naming })
  if (problem !== undefined) throw new MaintenanceError(`${file} is damaged: ${problem}; nothing was changed`)
}

/**
 * Counts what a copy holds.
 *
 * @param details - `named`: what an error calls the file that was copied.
 * @throws {MaintenanceError} It is not a database of Bienvenue, or a newer version migrated it and `mayBeNewer` is
 *   false.
 */
async function contentsOf(
  copy: string,
  { named, mayBeNewer, naming }: { named: string; mayBeNewer: boolean; naming: Naming },
): Promise<BackupContents> {
  const db = await openAsItIs(sqliteUrl(copy), { naming })
  try {
    const state = await inspectSchema(db)
    if (state.is === 'foreign' || state.pending.includes(USERS_MIGRATION))
      throw new MaintenanceError(`${named} is not a database of Bienvenue; nothing was changed`)
    if (state.newer.length > 0 && !mayBeNewer)
      throw new MaintenanceError(
        `${named} was migrated by a newer version of Bienvenue (${state.newer.join(', ')}); restore it with that version. Nothing was changed`,
      )
    const count = async (table: 'users' | 'sessions' | 'audit') => {
      if (!(await hasTable(db, table))) return 0
      const { rows } = await db
        .selectFrom(table)
        .select((query) => query.fn.countAll<number>().as('rows'))
        .executeTakeFirstOrThrow()
      return Number(rows)
    }
    return {
      users: await count('users'),
      sessions: await count('sessions'),
      auditRecords: await count('audit'),
    }
  } finally {
    await db.destroy()
  }
}

/**
 * Replaces the database with a backup, and keeps the replaced database next to it.
 *
 * @param file - The backup. It is only read.
 * @param naming - How our tables are named.
 * @param prepare - Changes the copy, given by its URL, before it becomes the database.
 * @returns What the backup holds, and the path of the replaced database; `null` if there was none.
 * @throws {OutputError} The backup is the database itself.
 * @throws {MaintenanceError} The backup is damaged, is not a database of Bienvenue, or was migrated by a newer version,
 *   whose sessions and tokens `prepare` might miss; or the database is in use.
 */
export async function restoreDatabase(
  databaseUrl: string,
  file: string,
  naming: Naming,
  prepare: (copyUrl: string) => Promise<void>,
): Promise<BackupContents & { replaced: string | null }> {
  const path = sqlitePathOf(databaseUrl)
  if (!existsSync(file)) throw new MaintenanceError(`there is no file ${file}`)
  assertNotInUse(file, filesInUse(databaseUrl))
  const copy = `${path}.restoring-${process.pid}`
  try {
    // Fail early. The lock in `replaceDatabase` is the one that counts.
    lockIfExists(path).release()
    assertUndamaged(file, naming)
    copySqlite(file, copy)
    const contents = await contentsOf(copy, { named: file, mayBeNewer: false, naming })
    await prepare(sqliteUrl(copy))
    return { ...contents, replaced: replaceDatabase(copy, path) }
  } catch (error) {
    throw asMaintenanceError(`cannot restore ${file}`, error)
  } finally {
    for (const name of [copy, `${copy}-wal`, `${copy}-shm`]) removeCopy(name)
  }
}

/**
 * The rename is atomic: a database exists under this name at every moment. The lock is kept until then, so that no process
 * starts to use the old one.
 */
function replaceDatabase(copy: string, path: string): string | null {
  const aside = asideOf(path, 'restore')
  const lock = lockIfExists(path)
  const exists = existsSync(path)
  try {
    lock.retire()
    if (exists) linkSync(path, aside)
    // A damaged database leaves its WAL behind, and SQLite would read that into the new file. The -shm file is only an
    // index of the WAL.
    if (existsSync(`${path}-wal`)) renameSync(`${path}-wal`, `${aside}-wal`)
    removeCopy(`${path}-shm`)
    renameSync(copy, path)
  } finally {
    lock.release()
  }
  persistNames(path)
  return exists ? aside : null
}

function lockIfExists(path: string): SqliteLock {
  return existsSync(path) ? lockSqlite(path) : NO_LOCK
}

function sqlitePathOf(databaseUrl: string): string {
  const database = locateDatabase(databaseUrl)
  if (database.dialect === 'postgres')
    throw new MaintenanceError(
      'this command is for SQLite; use pg_dump and pg_restore for PostgreSQL (see docs/guide/operate.md)',
    )
  if (database.path === ':memory:')
    throw new MaintenanceError('a database in memory has no file to back up or restore')
  // A restore replaces the file, not a symbolic link to it.
  return followLinks(database.path)
}

function asMaintenanceError(what: string, error: unknown): unknown {
  if (error instanceof MaintenanceError || error instanceof OutputError || !(error instanceof Error))
    return error
  return new MaintenanceError(`${what}: ${error.message}; nothing was changed`, { cause: error })
}

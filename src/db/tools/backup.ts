/** Backups of an SQLite file, made while it is in use, and put back. PostgreSQL has tools of its own for both. */
import { existsSync, linkSync, renameSync } from 'node:fs'
import { MaintenanceError } from '../../errors.ts'
import { assertNotInUse, followLinks, OutputError, openOutput, persistNames } from '../../lib/output-file.ts'
import { inspectSchema } from '../migrate.ts'
import { filesInUse, locateDatabase, openAsItIs } from '../open.ts'
import { asideOf, checkSqlite, copyInto, copySqlite, lockSqlite, removeCopy } from '../sqlite/files.ts'
import { sqliteUrl } from '../url.ts'

/** What a backup holds. */
export interface BackupContents {
  readonly users: number
  readonly sessions: number
  readonly auditRecords: number
}

/**
 * Writes a backup of a database that may be in use, as it is at one moment. The file has mode 0600 and gets its name
 * when it is complete and checked.
 *
 * @param details - `replace`: whether an existing file may be replaced.
 * @throws {OutputError} The file is the database itself, exists, or cannot be written.
 * @throws {MaintenanceError} The copy fails, or does not pass the check.
 */
export async function backUpDatabase(
  databaseUrl: string,
  file: string,
  { replace }: { replace: boolean },
): Promise<BackupContents> {
  const path = sqlitePathOf(databaseUrl)
  const output = openOutput(file, { inUse: filesInUse(databaseUrl), replace })
  try {
    copyInto(path, output.path)
    assertWhole(output.path)
    const contents = await contentsOf(output.path, databaseUrl)
    output.publish()
    return contents
  } catch (error) {
    throw asRefusal(`cannot back up to ${file}`, error)
  } finally {
    output.discard()
  }
}

/** Checks a file page by page. @throws {MaintenanceError} It is damaged. */
function assertWhole(file: string): void {
  const [problem] = checkSqlite(file, { thorough: true })
  if (problem !== undefined) throw new MaintenanceError(`${file} is damaged: ${problem}; nothing was changed`)
}

/** What a copy holds. @throws {MaintenanceError} It is no database of ours, or one of a newer version. */
async function contentsOf(copy: string, file: string): Promise<BackupContents> {
  const db = await openAsItIs(sqliteUrl(copy))
  try {
    const state = await inspectSchema(db)
    if (state.is === 'newer')
      throw new MaintenanceError(`${file} was made by a newer version of Bienvenue; nothing was changed`)
    if (state.is === 'foreign' || state.pending.includes('0001-users'))
      throw new MaintenanceError(`${file} is no database of Bienvenue; nothing was changed`)
    const count = async (table: 'users' | 'sessions' | 'audit') => {
      if (!(await db.introspection.getTables()).some(({ name }) => name === table)) return 0
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
 * Puts a backup in the place of the database, which is kept beside it.
 *
 * @param file - The backup. It is read, and stays as it is.
 * @param prepare - Does what is to be done to the copy, by its URL, before it takes the place.
 * @returns What the backup holds, and where the replaced database is; `null` where there was none.
 * @throws {OutputError} The backup is the database itself.
 * @throws {MaintenanceError} The backup does not pass the check, or the database is in use.
 */
export async function restoreDatabase(
  databaseUrl: string,
  file: string,
  prepare: (copyUrl: string) => Promise<void>,
): Promise<BackupContents & { replaced: string | null }> {
  const path = sqlitePathOf(databaseUrl)
  if (!existsSync(file)) throw new MaintenanceError(`there is no file ${file}`)
  assertNotInUse(file, filesInUse(databaseUrl))
  const copy = `${path}.restoring-${process.pid}`
  try {
    // Looked at now, so that nobody waits for a refusal; what counts is the lock below.
    lockIfThere(path)()
    assertWhole(file)
    copySqlite(file, copy)
    const contents = await contentsOf(copy, file)
    await prepare(sqliteUrl(copy))
    return { ...contents, replaced: takePlace(copy, path) }
  } catch (error) {
    throw asRefusal(`cannot restore ${file}`, error)
  } finally {
    for (const name of [copy, `${copy}-wal`, `${copy}-shm`]) removeCopy(name)
  }
}

/** Without a moment in which there is no database by this name. */
function takePlace(copy: string, path: string): string | null {
  const aside = asideOf(path, 'restore')
  const unlock = lockIfThere(path)
  const isThere = existsSync(path)
  try {
    if (isThere) linkSync(path, aside)
  } finally {
    unlock()
  }
  // A damaged database leaves them behind: they would be read into the new one. The second is an index of the first.
  if (existsSync(`${path}-wal`)) renameSync(`${path}-wal`, `${aside}-wal`)
  removeCopy(`${path}-shm`)
  renameSync(copy, path)
  persistNames(path)
  return isThere ? aside : null
}

function lockIfThere(path: string): () => void {
  return existsSync(path) ? lockSqlite(path) : () => {}
}

function sqlitePathOf(databaseUrl: string): string {
  const database = locateDatabase(databaseUrl)
  if (database.dialect === 'postgres')
    throw new MaintenanceError(
      'PostgreSQL is backed up by pg_dump and restored by pg_restore, as docs/guide/operate.md has it; this is for SQLite',
    )
  if (database.path === ':memory:') throw new MaintenanceError('a database in memory has no file')
  // A restore takes the place of the file, and not of a symbolic link to it.
  return followLinks(database.path)
}

function asRefusal(what: string, error: unknown): unknown {
  if (error instanceof MaintenanceError || error instanceof OutputError || !(error instanceof Error))
    return error
  return new MaintenanceError(`${what}: ${error.message}; nothing was changed`, { cause: error })
}

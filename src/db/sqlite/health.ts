/** Whether an SQLite database can be read and written. */
import { accessSync, constants, statSync } from 'node:fs'
import { isBusy, isDamaged, isUnavailable } from '../dialect.ts'
import { DatabaseFault, type Health } from '../health.ts'
import { type DatabaseSync, openExisting, openForReading, whileBusy } from './connection.ts'
import { checkSqlite } from './files.ts'

/** What the statements of this process last failed with, where the database was at fault. */
export class Faults {
  last: Error | null = null

  note(error: unknown): void {
    // Damage stays: it outlives other faults.
    if (!(error instanceof Error) || (this.last !== null && isDamaged(this.last))) return
    if (isDamaged(error) || (isUnavailable(error) && !isBusy(error))) this.last = error
  }
}

export function healthOfFile(path: string, faults: Faults): Health {
  const opened = identityOf(path)
  return {
    async probe() {
      // Our connections would go on with the file that they opened. What is written to it would be lost.
      if (identityOf(path) !== opened)
        throw new DatabaseFault('replaced', 'the file was removed or replaced: restart the service')
      accessSync(path, constants.W_OK)
      // A new connection reads the file itself. Ours would answer from memory.
      const database = openForReading(path)
      try {
        const ran = migrationsIn(database)
        if (faults.last !== null) {
          if (isDamaged(faults.last)) throw faults.last
          // A full disk shows only in writes. After one failed, try one with each look, until it works.
          tryToWrite(path)
          faults.last = null
        }
        return ran
      } finally {
        database.close()
      }
    },
    assertWritable: () => whileBusy(() => tryToWrite(path)),
    findDamage: () => checkSqlite(path, { thorough: false }),
  }
}

export function healthOfMemory(database: DatabaseSync): Health {
  return {
    probe: async () => migrationsIn(database),
    assertWritable: async () => {},
    findDamage: null,
  }
}

/** Which file has this name, or `null`. */
function identityOf(path: string): string | null {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stat === undefined ? null : `${stat.dev}:${stat.ino}`
}

function migrationsIn(database: DatabaseSync): string[] {
  const ledger = database.prepare("select 1 from sqlite_master where name = 'bienvenue_migrations'").get()
  if (ledger === undefined) return []
  return database
    .prepare('select name from bienvenue_migrations')
    .all()
    .map(({ name }) => String(name))
}

/** Writes to the disk in a transaction that is rolled back. @throws That fails, or another process writes. */
function tryToWrite(path: string): void {
  const database = openExisting(path)
  try {
    // A small write would stay in the cache until a commit. Without a cache, SQLite has to write it to the disk.
    database.exec('pragma cache_size = 1; begin immediate; create table bienvenue_check (filling blob)')
    database.exec('insert into bienvenue_check values (zeroblob(262144)); rollback')
  } finally {
    database.close()
  }
}

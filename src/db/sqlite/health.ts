/** Health checks for SQLite. */
import { accessSync, constants, statSync } from 'node:fs'
import { isBusy, isDamaged, isUnavailable } from '../dialect.ts'
import { DatabaseFault, type Health } from '../health.ts'
import { LEDGER, type Naming, prefixedBy } from '../naming.ts'
import { type DatabaseSync, openExisting, openForReading, whileBusy } from './connection.ts'
import { checkSqlite } from './files.ts'
import { NotDurable } from './group-commit.ts'
import { prepared } from './statements.ts'

/** Remembers the last error of this process that was the fault of the database. */
export class Faults {
  last: Error | null = null

  note(error: unknown): void {
    if (!(error instanceof Error) || this.isLasting()) return
    if (isDamaged(error) || (isUnavailable(error) && !isBusy(error))) this.last = error
  }

  /** Whether the last error does not go away: damage, or a log that cannot be synced. */
  isLasting(): boolean {
    return this.last !== null && (isDamaged(this.last) || this.last instanceof NotDurable)
  }
}

export function healthOfFile(path: string, faults: Faults, naming: Naming): Health {
  const opened = identityOf(path)
  return {
    async probe() {
      // Our connections would keep using the file that they opened, and its writes would be lost.
      if (identityOf(path) !== opened)
        throw new DatabaseFault('replaced', 'the file was removed or replaced: restart the service')
      accessSync(path, constants.W_OK)
      // A new connection reads from the file. Ours may answer from their caches.
      const database = openForReading(path)
      try {
        const ran = migrationsIn(database, naming)
        if (faults.last !== null) {
          if (faults.isLasting()) throw faults.last
          // Only writes notice a full disk. After one failed, try a write in each probe until it succeeds.
          tryToWrite(path)
          faults.last = null
        }
        return ran
      } finally {
        database.close()
      }
    },
    assertWritable: () => whileBusy(() => tryToWrite(path)),
    findDamage: () => checkSqlite(path, { thorough: false, naming }),
  }
}

/** For a connection that other code uses too, or that alone knows its database, in memory. */
export function healthOfShared(database: DatabaseSync, naming: Naming): Health {
  return {
    probe: async () => migrationsIn(database, naming),
    assertWritable: async () => {},
    findDamage: null,
  }
}

/** Identifies the file that has this name now, or `null` if there is none. */
function identityOf(path: string): string | null {
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false })
  return stat === undefined ? null : `${stat.dev}:${stat.ino}`
}

function migrationsIn(database: DatabaseSync, naming: Naming): string[] {
  const ledger = prefixedBy(naming, LEDGER)
  if (prepared(database, 'select 1 from sqlite_master where name = ?').get(ledger) === undefined) return []
  return prepared(database, `select name from ${ledger}`)
    .all()
    .map(({ name }) => String(name))
}

/**
 * Writes to the disk in a transaction that is rolled back.
 *
 * @throws The write fails, or another process is writing.
 */
function tryToWrite(path: string): void {
  const database = openExisting(path)
  try {
    // A small write would stay in the cache until the commit. Without a cache, SQLite must write it to the disk.
    database.exec('pragma cache_size = 1; begin immediate; create table bienvenue_check (filling blob)')
    database.exec('insert into bienvenue_check values (zeroblob(262144)); rollback')
  } finally {
    database.close()
  }
}

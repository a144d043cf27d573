/** Fills a database to its size. Existing rows are kept, and missing ones are added. */
import { openDatabase } from '../../src/db/index.ts'
import { insertRows, TABLES } from './rows.ts'
import type { Store } from './stores.ts'

/** Rows per statement, few enough for a smooth progress bar. */
const STEP = 25_000
/** Rows per transaction. Each transaction rewrites most index pages, so few large ones are faster. */
const TRANSACTION = 1_000_000

const LEDGER = 'growth_filled'

/** Called with the number of rows done and the total. */
export type OnProgress = (done: number, total: number) => void

/**
 * Brings the schema up to date and adds the missing rows.
 *
 * @returns The number of rows added.
 */
export async function fill(store: Store, size: number, onProgress: OnProgress): Promise<number> {
  await (await openDatabase(store.databaseUrl)).destroy()
  // The ledger is in the database itself, so that it is correct if a fill is interrupted. It is dropped at the end.
  const isBegun = await store.hasTable(LEDGER)
  if (!isBegun && (await store.run('select id from users limit 1')).length > 0) return 0
  if (!isBegun) {
    await store.run(`create table ${LEDGER} (name text primary key, rows integer not null)`)
    await store.run(`insert into ${LEDGER} values ${TABLES.map((table) => `('${table}', 0)`).join(', ')}`)
  }
  await store.trust()
  let added = 0
  const filled = new Map(
    (await store.run(`select name, rows from ${LEDGER}`)).map((row) => [row.name, row.rows as number]),
  )
  for (const [index, table] of TABLES.entries()) {
    for (let from = filled.get(table) ?? 0; from < size; ) {
      const end = Math.min(from + TRANSACTION, size)
      await store.run('begin')
      while (from < end) {
        const to = Math.min(from + STEP, end) - 1
        await store.run(insertRows(store.engine, table, { from, to }, size))
        added += to + 1 - from
        from = to + 1
        onProgress(index * size + from, TABLES.length * size)
      }
      await store.run(`update ${LEDGER} set rows = ${end} where name = '${table}'`)
      await store.run('commit')
    }
  }
  await store.settle()
  await store.run(`drop table ${LEDGER}`)
  return added
}

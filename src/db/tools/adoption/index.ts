/**
 * Converts the `users` table of the Flask exercise into ours, in place. Accounts keep their ids, addresses and
 * passwords. Inspects the table first, reports all obstacles, and changes nothing while there are any.
 *
 * This file decides what a classic table is and which accounts share an address. `sqlite.ts` and `postgres.ts`
 * describe, copy and rebuild the table.
 *
 * @module
 */
import { sql } from 'kysely'
import { MaintenanceError, NoResultFound } from '../../../model/errors.ts'
import { isEmailAddress, normalizeEmail, storedEmail } from '../../../model/user.ts'
import { findLastUserId, forDialect, hasTable } from '../../dialect.ts'
import { inspectSchema, runMigrations, USERS_MIGRATION } from '../../migrate.ts'
import { MIGRATIONS } from '../../migrations/index.ts'
import { type Database, TABLE_NAMES, TABLES } from '../../tables/index.ts'
import { refusalOf } from '../refusal.ts'
import { type AdoptionDialect, CLASSIC_COLUMNS, type FoundTable } from './dialect.ts'
import { postgres } from './postgres.ts'
import { sqlite } from './sqlite.ts'

/** Accounts whose normalized addresses are the same. */
interface SharedAddress {
  /** The normalized address. */
  readonly email: string
  readonly ids: readonly number[]
}

/** What an adoption would do or has done. */
export interface AdoptionPlan {
  /** The number of accounts. */
  readonly users: number
  /** Columns that Bienvenue does not know. They are kept. */
  readonly extraColumns: readonly string[]
  /** Accounts whose hash is not bcrypt as Python makes it. If it cannot be verified, they can sign in after a password reset. */
  readonly unknownHashes: readonly number[]
  /** Accounts whose address is not valid. They are kept, but cannot sign in. */
  readonly unusableAddresses: readonly number[]
  readonly sharedAddresses: readonly SharedAddress[]
  /** What else prevents the adoption, as sentences for the operator. */
  readonly obstacles: readonly string[]
}

/** A completed adoption. */
export interface Adoption extends AdoptionPlan {
  /** The copy of the original: the path of a file or the name of a table. */
  readonly copy: string
}

/** The columns and tables that adoption and the migrations add. */
const OUR_COLUMNS = Object.keys(TABLES.users.columns).filter((column) => !CLASSIC_COLUMNS.includes(column))
const OUR_TABLES = [...TABLE_NAMES.filter((table) => table !== 'users'), 'bienvenue_adoption']
const SET_ASIDE_TABLE = 'users_set_aside'
const PAGE = 1_000
/** One less than the largest integer of 32 bits, which leaves an id for the next account. */
const LARGEST_ID = 0x7ffffffe
/** A hash by Python's `bcrypt.hashpw` that can be verified here: not `$2x$`, and with a cost from 4 to 16. */
const BCRYPT = /^\$2[aby]\$(?:0[4-9]|1[0-6])\$[./A-Za-z0-9]{53}$/

interface Account {
  id: number
  email: string | null
  hashed_password: string | null
}

/** The address of an account in the form of our table. */
interface AddressRow {
  id: number
  email: string
  normalized_email: string
}

function dialectOf(db: Database): AdoptionDialect {
  return forDialect(db, { sqlite, postgres })
}

/**
 * Inspects the table and every account without changing anything. Reads in pages, but keeps all addresses in
 * memory: half a gigabyte for a million.
 *
 * @returns `null` if there is no users table of another program, or another process has just adopted it.
 */
export async function planAdoption(db: Database): Promise<AdoptionPlan | null> {
  const isForeign = async () => (await inspectSchema(db)).is === 'foreign'
  if (!(await isForeign())) return null
  const plan = await readTable(db).catch((error: unknown) => ({ error }))
  // If another process adopted the table during the read, the plan mixes the old table and the new one.
  if (!(await isForeign())) return null
  if ('error' in plan) throw plan.error
  return plan
}

async function readTable(db: Database): Promise<AdoptionPlan> {
  const { found, extraColumns, obstacles } = await inspectTable(db)
  if (obstacles.length > 0) return { ...NOTHING, extraColumns, obstacles }
  return { ...(await readAccounts(db, found)), extraColumns }
}

/** Inspects the table without its rows. */
async function inspectTable(
  db: Database,
): Promise<Pick<AdoptionPlan, 'extraColumns' | 'obstacles'> & { found: FoundTable }> {
  const found = await dialectOf(db).describe(db)
  const names = found.columns.map(({ name }) => name)
  const missing = CLASSIC_COLUMNS.filter((column) => !names.includes(column))
  const extras = found.columns.filter(({ name }) => !CLASSIC_COLUMNS.includes(name))
  const extraColumns = extras.map(({ name }) => name)
  if (missing.length > 0) {
    return { found, extraColumns, obstacles: [`it lacks ${missing.join(', ')}`] }
  }
  const obstacles = [...found.obstacles]
  for (const { name, isRequired } of extras) {
    if (OUR_COLUMNS.includes(name)) {
      obstacles.push(
        `its column ${name} has a name that Bienvenue needs; rename it: alter table users rename column ${name} to old_${name}`,
      )
    } else if (isRequired) {
      obstacles.push(
        `its column ${name} requires a value for each new account, which Bienvenue cannot give; give it a default, or make it nullable`,
      )
    }
  }
  for (const name of OUR_TABLES) {
    if (await hasTable(db, name))
      obstacles.push(`the database has another table ${name}, whose name Bienvenue needs; rename it`)
  }
  return { found, extraColumns, obstacles }
}

const NOTHING: AdoptionPlan = {
  users: 0,
  extraColumns: [],
  unknownHashes: [],
  unusableAddresses: [],
  sharedAddresses: [],
  obstacles: [],
}

/** Whether nothing prevents the adoption. */
export function isAdoptable({ sharedAddresses, obstacles }: AdoptionPlan): boolean {
  return sharedAddresses.length === 0 && obstacles.length === 0
}

/** @throws {MaintenanceError} Something prevents the adoption. */
export function assertAdoptable(plan: AdoptionPlan): void {
  if (!isAdoptable(plan))
    throw new MaintenanceError(
      'the users table cannot be adopted as it is; nothing was changed. To see what prevents it, run: bienvenue adopt --plan',
    )
}

/**
 * Copies the table, converts it and brings the schema up to date, in one transaction under the lock of the
 * migrations. The adoption runs in place of the first migration; the others run as usual.
 *
 * @param plan - The result of {@link planAdoption}.
 * @returns `null` if another process has adopted the table since.
 * @throws {MaintenanceError} Something prevents the adoption, the database refuses a statement, or the table has changed since the
 *   plan.
 */
export async function adoptUsers(db: Database, plan: AdoptionPlan): Promise<Adoption | null> {
  assertAdoptable(plan)
  const dialect = dialectOf(db)
  const done: Adoption[] = []
  const adoption = { up: async (tx: Database) => void done.push(await adopt(tx)) }
  try {
    await dialect.withSettings(db, () => runMigrations(db, { ...MIGRATIONS, [USERS_MIGRATION]: adoption }))
  } catch (error) {
    for (const { copy } of done) dialect.discardCopy(copy)
    throw refusalOf(error, 'the database refused the adoption, and the users table was not changed')
  }
  return done[0] ?? null
}

/** Old session ids and reset tokens become void, because they were stored in clear text. */
async function adopt(tx: Database): Promise<Adoption> {
  const dialect = dialectOf(tx)
  const { found, extraColumns, obstacles } = await inspectTable(tx)
  if (obstacles.length > 0) throw tableChanged()
  // Copy before the first change: SQLite copies over another connection, which does not see uncommitted changes.
  const copy = await dialect.copy(tx)
  try {
    const addresses = tx.withTables<{ bienvenue_adoption: AddressRow }>()
    await addresses.schema
      .createTable('bienvenue_adoption')
      .addColumn('id', 'integer', (column) => column.primaryKey())
      .addColumn('email', 'text')
      .addColumn('normalized_email', 'text')
      .execute()
    const accounts = await readAccounts(tx, found, (rows) =>
      addresses.insertInto('bienvenue_adoption').values(rows).execute(),
    )
    const plan = { ...accounts, extraColumns }
    if (!isAdoptable(plan)) throw tableChanged()
    await dialect.rebuild(tx)
    await tx.schema.dropTable('bienvenue_adoption').execute()
    return { ...plan, copy }
  } catch (error) {
    dialect.discardCopy(copy)
    throw error
  }
}

function tableChanged(): MaintenanceError {
  return new MaintenanceError(
    'the users table has changed since it was inspected; nothing was changed. Run the command again',
  )
}

/** Reads all accounts in pages and collects the problems. */
async function readAccounts(
  db: Database,
  { columns }: FoundTable,
  onPage: (page: readonly AddressRow[]) => Promise<unknown> = async () => {},
): Promise<Omit<AdoptionPlan, 'extraColumns'>> {
  const text = (wanted: string) => {
    const column = columns.find(({ name }) => name === wanted)
    return column?.isBytes
      ? dialectOf(db).bytesAsText(wanted)
      : sql<string | null>`cast(${sql.ref(wanted)} as text)`
  }
  const firstIds = new Map<string, number>()
  const shared = new Map<string, number[]>()
  const [unknownHashes, unusableAddresses, withoutAddress]: [number[], number[], number[]] = [[], [], []]
  // As text, because a driver refuses or rounds a number beyond 53 bits.
  const { rows: outside } = await sql<{ id: string }>`
    select cast(id as text) as id from users
    where id > ${sql.lit(LARGEST_ID)} or id < 1 order by users.id limit 1`.execute(db)
  for (const { id } of outside)
    return {
      ...NOTHING,
      obstacles: [`account ${id} has an id that Bienvenue cannot use; ids go from 1 to ${LARGEST_ID}`],
    }
  if (((await findLastUserId(db)) ?? 0) > LARGEST_ID)
    return {
      ...NOTHING,
      obstacles: [
        `its next id would be too large; set the counter of its ids to the highest id in use, which may go up to ${LARGEST_ID}`,
      ],
    }
  let users = 0
  const pageAfter = (id: number | null) => sql<Account>`
    select id, ${text('email')} as email, ${text('hashed_password')} as hashed_password
    from users where ${id === null ? sql`true` : sql`id > ${id}`} order by id limit ${sql.lit(PAGE)}`
  let afterId: number | null = null
  for (;;) {
    const { rows } = await pageAfter(afterId).execute(db)
    const page: AddressRow[] = []
    for (const { id, email, hashed_password } of rows) {
      if (email === null) withoutAddress.push(id)
      else {
        const normalized = normalizeEmail(email)
        page.push({ id, email: storedEmail(email), normalized_email: normalized })
        const first = firstIds.get(normalized)
        if (first === undefined) firstIds.set(normalized, id)
        else shared.set(normalized, [...(shared.get(normalized) ?? [first]), id])
        if (!isEmailAddress(email)) unusableAddresses.push(id)
      }
      if (hashed_password === null || !BCRYPT.test(hashed_password)) unknownHashes.push(id)
    }
    users += rows.length
    if (page.length > 0) await onPage(page)
    if (rows.length < PAGE) break
    afterId = rows.at(-1)?.id ?? null
  }
  return {
    users,
    unknownHashes,
    unusableAddresses,
    sharedAddresses: [...shared].map(([email, ids]) => ({ email, ids })),
    obstacles: withoutAddress.map((id) => `account ${id} has no address`),
  }
}

/**
 * Resolves a shared address: one account keeps it, and the complete rows of the others move to the table
 * `users_set_aside`.
 *
 * @param id - The account that keeps the address.
 * @returns The accounts that were set aside.
 * @throws {NoResultFound} There is no account with this id, or it does not share its address.
 * @throws {MaintenanceError} Other tables refer to accounts, whose rows could be lost; or the database refuses to move the rows.
 */
export async function keepAccount(db: Database, id: number): Promise<number[]> {
  return db.transaction().execute(async (tx) => {
    const { sharedAddresses, extraColumns } = await readTable(tx)
    const others = sharedAddresses.find(({ ids }) => ids.includes(id))?.ids.filter((other) => other !== id)
    if (others === undefined)
      throw new NoResultFound(`there is no account ${id} that shares its address with another`)
    const references = await dialectOf(tx).listReferences(tx)
    if (references.length > 0) {
      throw new MaintenanceError(
        `other tables refer to accounts (${references.join(', ')}): in the database, assign their rows to account ${id} and delete the other accounts from users; nothing was changed`,
      )
    }
    await setAside(tx, others, [...CLASSIC_COLUMNS, ...extraColumns]).catch((error: unknown) => {
      throw refusalOf(
        error,
        `the other accounts cannot be moved to ${SET_ASIDE_TABLE}, and nothing was changed`,
      )
    })
    return [...others]
  })
}

/** Moves the complete rows of accounts. Another table of that name, with other columns, makes the database refuse it. */
async function setAside(
  tx: Database,
  accounts: readonly number[],
  columns: readonly string[],
): Promise<void> {
  const ids = sql.join(accounts)
  const names = sql.join(columns.map((column) => sql.ref(column)))
  const table = sql.table(SET_ASIDE_TABLE)
  await sql`create table if not exists ${table} as select * from users where false`.execute(tx)
  await sql`insert into ${table} (${names}) select ${names} from users where id in (${ids})`.execute(tx)
  await sql`delete from users where id in (${ids})`.execute(tx)
}

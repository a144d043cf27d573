/**
 * Makes the `users` table of the Flask exercise ours, in place: its accounts keep their numbers, addresses and
 * passwords. Looks at it first, and says what stands in the way; changes nothing before all is settled.
 *
 * Owns what makes a table the classic one, and which accounts share an address. Leaves to `sqlite.ts` and
 * `postgres.ts` how a table is described, copied and rebuilt.
 *
 * @module
 */
import { sql } from 'kysely'
import { MaintenanceError, NoResultFound } from '../../../errors.ts'
import { isEmailAddress, normalizeEmail, storedEmail } from '../../../user.ts'
import { forDialect } from '../../dialect.ts'
import { inspectSchema, MIGRATIONS, runMigrations, USERS_MIGRATION } from '../../migrate.ts'
import { type Database, TABLE_NAMES, TABLES } from '../../tables/index.ts'
import { type AdoptionDialect, CLASSIC_COLUMNS, type FoundTable } from './dialect.ts'
import { postgres } from './postgres.ts'
import { sqlite } from './sqlite.ts'

/** Accounts that share an address. */
interface SharedAddress {
  /** In its normalised form. */
  readonly email: string
  readonly ids: readonly number[]
}

/** What an adoption would do, or has done. */
export interface AdoptionPlan {
  /** How many accounts there are. */
  readonly users: number
  /** Columns that Bienvenue does not know; they stay as they are. */
  readonly extraColumns: readonly string[]
  /** Accounts whose hash the exercise did not write: they get in once their password is reset. */
  readonly unknownHashes: readonly number[]
  /** Accounts whose address is none: they stay, and nobody signs in to them. */
  readonly unusableAddresses: readonly number[]
  readonly sharedAddresses: readonly SharedAddress[]
  /** What else stands in the way, in words. */
  readonly obstacles: readonly string[]
}

/** An adoption that has been done. */
export interface Adoption extends AdoptionPlan {
  /** Where the table is as it was: the path of a file, or the name of a table. */
  readonly copy: string
}

/** The columns and tables that adoption and the migrations add. */
const OUR_COLUMNS = Object.keys(TABLES.users.columns).filter((column) => !CLASSIC_COLUMNS.includes(column))
const OUR_TABLES = [...TABLE_NAMES.filter((table) => table !== 'users'), 'bienvenue_adoption']
const SIDE_TABLE = 'users_set_aside'
const PAGE = 1_000
const LARGEST_ID = 0x7fffffff
/** What `bcrypt.hashpw` gives. */
const BCRYPT = /^\$2[abxy]\$\d\d\$[./A-Za-z0-9]{53}$/

interface Account {
  id: number
  email: string | null
  hashed_password: string | null
}

/** The address of an account, as ours has it. */
interface AddressRow {
  id: number
  email: string
  normalized_email: string
}

function dialectOf(db: Database): AdoptionDialect {
  return forDialect(db, { sqlite, postgres })
}

/**
 * Inspects the table and every account, and changes nothing. Reads a page at a time, but holds every address in memory:
 * a million of them take half a gigabyte.
 *
 * @returns `null` if the database has no users table of another program, or another process has just adopted it.
 */
export async function planAdoption(db: Database): Promise<AdoptionPlan | null> {
  const isForeign = async () => (await inspectSchema(db)).is === 'foreign'
  if (!(await isForeign())) return null
  const plan = await readTable(db).catch((error: unknown) => ({ error }))
  // What was read during an adoption by another process is half of the old table and half of the new one.
  if (!(await isForeign())) return null
  if ('error' in plan) throw plan.error
  return plan
}

async function readTable(db: Database): Promise<AdoptionPlan> {
  const { found, extraColumns, obstacles } = await inspectTable(db)
  if (obstacles.length > 0) return { ...NOTHING, extraColumns, obstacles }
  return { ...(await readAccounts(db, found)), extraColumns }
}

/** Looks at the table alone. */
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
  for (const { name, isDemanded } of extras) {
    if (OUR_COLUMNS.includes(name)) {
      obstacles.push(
        `its column ${name} has a name that Bienvenue needs; rename it: alter table users rename column ${name} to old_${name}`,
      )
    } else if (isDemanded) {
      obstacles.push(
        `its column ${name} wants a value for each new account, and Bienvenue has none; give it a default, or let it be null`,
      )
    }
  }
  const tables = (await db.introspection.getTables()).map(({ name }) => name)
  for (const name of OUR_TABLES.filter((table) => tables.includes(table))) {
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

/** Whether nothing is in the way. */
export function isAdoptable({ sharedAddresses, obstacles }: AdoptionPlan): boolean {
  return sharedAddresses.length === 0 && obstacles.length === 0
}

/** @throws {MaintenanceError} Something is in the way. */
export function assertAdoptable(plan: AdoptionPlan): void {
  if (!isAdoptable(plan))
    throw new MaintenanceError(
      'the users table cannot be adopted as it is; nothing was changed. What is in the way: bienvenue adopt --plan',
    )
}

/**
 * Makes the table ours, after a copy, and brings the schema up to date: in one transaction, under the lock of the
 * migrations. Takes the place of the first migration; the others run as in every database.
 *
 * @param plan - What {@link planAdoption} gave.
 * @returns `null` if another process has adopted it in the meantime.
 * @throws {MaintenanceError} Something is in the way, or the table has changed since the plan.
 */
export async function adoptUsers(db: Database, plan: AdoptionPlan): Promise<Adoption | null> {
  assertAdoptable(plan)
  const dialect = dialectOf(db)
  const done: Adoption[] = []
  const adoption = { up: async (tx: Database) => void done.push(await adopt(tx)) }
  try {
    await dialect.prepared(db, () => runMigrations(db, { ...MIGRATIONS, [USERS_MIGRATION]: adoption }))
  } catch (error) {
    for (const { copy } of done) dialect.discardCopy(copy)
    throw error
  }
  return done[0] ?? null
}

/** Old session ids and reset tokens become void: they were stored in the clear. */
async function adopt(tx: Database): Promise<Adoption> {
  const dialect = dialectOf(tx)
  const { found, extraColumns, obstacles } = await inspectTable(tx)
  if (obstacles.length > 0) throw changedMeanwhile()
  // Before the first change: what is written here nobody else can see yet, nor can the copy.
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
    if (!isAdoptable(plan)) throw changedMeanwhile()
    await dialect.rebuild(tx)
    await tx.schema.dropTable('bienvenue_adoption').execute()
    return { ...plan, copy }
  } catch (error) {
    dialect.discardCopy(copy)
    throw error
  }
}

function changedMeanwhile(): MaintenanceError {
  return new MaintenanceError('the users table has changed meanwhile; start again')
}

/** Reads every account, a page at a time, and says what is to be said of them. */
async function readAccounts(
  db: Database,
  { columns }: FoundTable,
  onPage: (page: readonly AddressRow[]) => Promise<unknown> = async () => {},
): Promise<Omit<AdoptionPlan, 'extraColumns'>> {
  const text = (wanted: string) => {
    const column = columns.find(({ name }) => name === wanted)
    return column?.isBytes ? dialectOf(db).bytesAsText(wanted) : sql<string | null>`${sql.ref(wanted)}`
  }
  const firstIds = new Map<string, number>()
  const shared = new Map<string, number[]>()
  const [unknownHashes, unusableAddresses, nameless]: [number[], number[], number[]] = [[], [], []]
  let users = 0
  const pageBehind = (id: number | null) => sql<Account>`
    select id, ${text('email')} as email, ${text('hashed_password')} as hashed_password
    from users where ${id === null ? sql`true` : sql`id > ${id}`} order by id limit ${sql.lit(PAGE)}`
  let afterId: number | null = null
  for (;;) {
    const { rows } = await pageBehind(afterId).execute(db)
    const page: AddressRow[] = []
    for (const { id, email, hashed_password } of rows) {
      if (Math.abs(id) > LARGEST_ID)
        return { ...NOTHING, obstacles: [`account ${id} has a number that is too large`] }
      if (email === null) nameless.push(id)
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
    obstacles: nameless.map((id) => `account ${id} has no address`),
  }
}

/**
 * Settles a shared address: one account keeps it, and the rows of the others go to the table
 * `users_set_aside`, whole as they are.
 *
 * @param id - The account that keeps the address.
 * @returns The accounts that were set aside.
 * @throws {NoResultFound} No account has this number, or it shares its address with nobody.
 * @throws {MaintenanceError} Rows of other tables refer to accounts: they would be lost.
 */
export async function keepAccount(db: Database, id: number): Promise<number[]> {
  return db.transaction().execute(async (tx) => {
    const { sharedAddresses } = await readTable(tx)
    const others = sharedAddresses.find(({ ids }) => ids.includes(id))?.ids.filter((other) => other !== id)
    if (others === undefined) throw new NoResultFound(`no account ${id} shares its address with another`)
    const references = await dialectOf(tx).listReferences(tx)
    if (references.length > 0) {
      throw new MaintenanceError(
        `other tables refer to accounts (${references.join(', ')}): give their rows to account ${id}, and delete the others from users, in the database itself; nothing was changed`,
      )
    }
    await sql`create table if not exists ${sql.table(SIDE_TABLE)} as select * from users where false`.execute(
      tx,
    )
    const these = sql.join(others)
    await sql`insert into ${sql.table(SIDE_TABLE)} select * from users where id in (${these})`.execute(tx)
    await sql`delete from users where id in (${these})`.execute(tx)
    return [...others]
  })
}

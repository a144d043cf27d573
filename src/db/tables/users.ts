/** Table `users`. */
import { type RawBuilder, type Selectable, sql, type UpdateObject } from 'kysely'
import { Conflict, InvalidRequestError, NoResultFound } from '../../errors.ts'
import { normalizeEmail, storedEmail, type User } from '../../user.ts'
import { isUniqueViolation } from '../dialect.ts'
import type { Database, Schema, Tx } from './index.ts'
import type { Column, RowOf, Table } from './table.ts'

/** The types that an import can write. */
interface PlainColumn extends Column {
  readonly type: 'integer' | 'text' | 'time'
}

interface VisibleColumn extends PlainColumn {
  /** The property of {@link User} that holds it. `null`: it follows from another one. */
  readonly property: keyof User | null
  /** An import and an export leave it out, because what it refers to does not move. */
  readonly leftBehind?: true
  readonly movingOnly?: never
}

interface MovingColumn extends PlainColumn {
  /** The property of {@link MovingUser} that holds it. */
  readonly property: string
  readonly leftBehind?: never
  /** {@link User} does not have the property. */
  readonly movingOnly: true
}

type UserColumn = VisibleColumn | MovingColumn

/**
 * Every column, in the order of the table. To add one, write a migration and describe the column here: every statement,
 * {@link User}, {@link MovingUser} and adoption follow. The compiler asks for its property in `User` if that is missing.
 */
const COLUMNS = {
  id: {
    type: 'integer',
    property: 'id',
    generated: true,
    about: 'Counts up, and is never given twice; an import may bring its own',
    class: 'pseudonym',
    protection: 'never given a second time',
    log: 'yes',
  },
  email: {
    type: 'text',
    property: 'email',
    about: 'The address as entered, without surrounding spaces',
    class: 'personal',
    log: 'masked',
  },
  hashed_password: {
    type: 'text',
    property: 'hashedPassword',
    about: 'Names its algorithm, cost and salt; `!` verifies nothing',
    class: 'secret',
    protection:
      'argon2id or bcrypt, each with its own salt; of an imported account its own hash until the first login ([passwords.md](../security/passwords.md#hashes-from-elsewhere))',
    kept: 'until another password is set',
    log: 'no',
  },
  session_id: {
    type: 'text',
    property: 'sessionId',
    leftBehind: true,
    nullable: true,
    about: 'The UUID of the newest session',
    class: 'technical',
    protection: 'identifies a session but gives no access',
    kept: 'until the newest session ends',
    log: 'no',
  },
  reset_token: {
    type: 'text',
    property: 'resetToken',
    leftBehind: true,
    nullable: true,
    about: 'The UUID of the outstanding reset token',
    class: 'technical',
    protection: 'identifies a token but gives no access',
    kept: 'until the token is used, replaced or expired',
    log: 'no',
  },
  normalized_email: {
    type: 'text',
    property: null,
    about:
      'The form for look-up: no spaces around it, NFC, lower case, the domain in punycode; dots and tags stay',
    class: 'personal',
    protection: 'unique',
    log: 'masked',
  },
  created_at: {
    type: 'time',
    property: 'createdAt',
    about: 'When the account was created',
    class: 'personal',
    log: 'no',
  },
  password_version: {
    type: 'integer',
    property: 'passwordVersion',
    about:
      'Counts the passwords that were set; a rehash does not count. Two passwords can be set in the same millisecond, so a time would not do',
    class: 'technical',
    log: 'no',
  },
  disabled_at: {
    type: 'time',
    property: 'disabledAt',
    nullable: true,
    about: 'When the account was disabled',
    class: 'personal',
    kept: 'until the account is enabled again',
    log: 'no',
  },
  email_verified_at: {
    type: 'time',
    property: 'emailVerifiedAt',
    nullable: true,
    about: 'When someone proved that they read the mail of the address',
    class: 'personal',
    kept: 'until the address changes',
    log: 'no',
  },
  unconfirmed_until: {
    type: 'time',
    property: 'unconfirmedUntil',
    movingOnly: true,
    nullable: true,
    about: 'An account whose address is not confirmed by then is deleted; null if no confirmation is needed',
    class: 'technical',
    kept: 'until the address is confirmed',
    log: 'no',
  },
  password_compromised_at: {
    type: 'time',
    property: 'passwordCompromisedAt',
    nullable: true,
    about: 'Since when others may know the password; it cannot be used until it is reset',
    class: 'personal',
    kept: 'until another password is set',
    log: 'no',
  },
  locale: {
    type: 'text',
    property: 'locale',
    nullable: true,
    about: "The language of the account's mail",
    class: 'personal',
    log: 'no',
  },
} as const satisfies Readonly<Record<string, UserColumn>>

export type UsersTable = RowOf<typeof COLUMNS>

export const users = {
  columns: COLUMNS,
  key: 'id',
  retention: 'A row stays until the account is deleted, or until its address was not confirmed in time.',
  exportedBy: ['user', 'operator'],
  afterAccount: 'gone',
  cleanUps: {
    accounts: {
      what: 'accounts, with everything that belongs to them',
      when: 'the address was not confirmed in time',
      settings: ['BIENVENUE_UNCONFIRMED_ACCOUNT_SECONDS'],
      deleteSome: null,
    },
  },
} satisfies Table

type Cells = typeof COLUMNS
type Nullable<Cell> = Cell extends { nullable: true } ? null : never
type ValueOf<Cell> =
  | (Cell extends { type: 'time' } ? Date : Cell extends { type: 'integer' } ? number : string)
  | Nullable<Cell>

/** Every stored property of a user. Times are dates. */
type StoredUser = {
  readonly [Name in keyof Cells as NonNullable<Cells[Name]['property']>]: ValueOf<Cells[Name]>
}

/** The properties of the columns that have this mark. */
type Marked<Mark extends string> = {
  [Name in keyof Cells]: Cells[Name] extends { [Key in Mark]: true }
    ? NonNullable<Cells[Name]['property']>
    : never
}[keyof Cells]

/** A user as they move from one database to another: without sessions and tokens, which stay behind. */
export type MovingUser = Omit<StoredUser, 'id' | Marked<'leftBehind'>> & {
  /** `null`: the next number that is free. */
  readonly id: number | null
}

interface Field {
  readonly column: keyof UsersTable
  readonly property: string
  readonly isTime: boolean
}

const CELLS = Object.entries<UserColumn>(COLUMNS)

function fieldsOf(isWanted: (column: UserColumn) => boolean): readonly Field[] {
  return CELLS.flatMap(([name, column]) =>
    column.property !== null && isWanted(column)
      ? [{ column: name as keyof UsersTable, property: column.property, isTime: column.type === 'time' }]
      : [],
  )
}

const USER_FIELDS = fieldsOf(({ movingOnly }) => movingOnly !== true)
const MOVING_FIELDS = fieldsOf(({ leftBehind }) => leftBehind !== true)

/** The columns that {@link userFrom} reads, in its order. */
export const USER_SELECTION = USER_FIELDS.map(({ column }) => `users.${column}` as const)

/** A user, from the values of {@link USER_SELECTION}, the first of them at `offset`. */
export function userFrom(values: readonly unknown[], offset: number): User {
  // Runs in every session check. Measured: faster than building a row object from the values first.
  const user: Record<string, unknown> = {}
  for (let index = 0; index < USER_FIELDS.length; index++) {
    const { property, isTime } = USER_FIELDS[index] as Field
    user[property] = modelValue(values[offset + index], isTime)
  }
  return user as unknown as Omit<StoredUser, Marked<'movingOnly'>>
}

/** A row as a user. */
function userOf(row: Selectable<UsersTable>): User {
  return read(row, USER_FIELDS) as unknown as Omit<StoredUser, Marked<'movingOnly'>>
}

/** A row as a user who moves. */
export function movingOf(row: Selectable<UsersTable>): MovingUser & { readonly id: number } {
  return read(row, MOVING_FIELDS) as unknown as Omit<StoredUser, Marked<'leftBehind'>>
}

function read(row: Selectable<UsersTable>, fields: readonly Field[]): Record<string, unknown> {
  const model: Record<string, unknown> = {}
  for (const { column, property, isTime } of fields) model[property] = modelValue(row[column], isTime)
  return model
}

function modelValue(value: unknown, isTime: boolean): unknown {
  return isTime && value !== null ? new Date(value as number) : value
}

/** The row of a user. What is left out, and may be null, is null; without an id, the database gives the next one. */
export function userRowOf(user: Omit<MovingUser, NullableProperty> & Partial<MovingUser>): NewRow {
  const values: Readonly<Record<string, unknown>> = { ...user }
  const row: Record<string, unknown> = {}
  for (const [name, { property, generated }] of CELLS) {
    if (property === null) continue
    const value = values[property] ?? null
    if (generated !== true || value !== null) row[name] = value instanceof Date ? value.getTime() : value
  }
  const stored = { email: storedEmail(user.email), normalized_email: normalizeEmail(user.email) }
  return { ...row, ...stored } as unknown as NewRow
}

type NewRow = Omit<Selectable<UsersTable>, 'id'> & { id?: number }
type NullableProperty = {
  [Name in keyof MovingUser]: null extends MovingUser[Name] ? Name : never
}[keyof MovingUser]

/** The types of all columns of a new row, with the id or without it. */
export function userColumnTypes({
  withId,
}: {
  withId: boolean
}): Readonly<Record<string, UserColumn['type']>> {
  const wanted = CELLS.filter(([, { generated }]) => withId || generated !== true)
  return Object.fromEntries(wanted.map(([name, { type }]) => [name, type]))
}

/** The attributes that {@link findUserBy} can look for. */
export type UserCriteria = { [Attribute in 'id' | ClassicAttribute]?: NonNullable<User[Attribute]> }
/** The attributes that {@link updateUser} can change. */
export type UserChanges = Partial<Pick<User, ClassicAttribute>>
type ClassicAttribute = 'email' | 'hashedPassword' | 'sessionId' | 'resetToken'

/** What a new account begins with, beside its address and its password. */
export interface NewUser {
  readonly createdAt: Date
  readonly emailVerifiedAt?: Date | null
  /** Where the address has to be confirmed, until when; then the account goes away. */
  readonly unconfirmedUntil?: Date | null
  readonly locale?: string | null
}

/**
 * Adds a user.
 *
 * @param email - Kept as it is, less the spaces around it; unique in its normalised form.
 * @param hashedPassword - A hash of `hashPassword`, or `!` for an account without a password.
 * @throws {Conflict} The address is taken.
 */
export async function addUser(
  db: Database,
  email: string,
  hashedPassword: string,
  begin: NewUser = { createdAt: new Date() },
): Promise<User> {
  const row = await db
    .insertInto('users')
    .values(
      userRowOf({
        ...begin,
        email: text('email', email),
        hashedPassword: text('hashedPassword', hashedPassword),
        passwordVersion: 1,
      }),
    )
    .onConflict((conflict) => conflict.column('normalized_email').doNothing())
    .returningAll()
    .executeTakeFirst()
  if (row === undefined) throw new Conflict('the email address is taken')
  return userOf(row)
}

/**
 * The user whose attributes all equal those given; the first by id where there are several. Addresses are
 * equal when their normalised forms are.
 *
 * @param criteria - `{ attribute: value, … }`, at least one, no value `null` or `undefined`: the accounts
 *   that have no reset token are no answer to a look-up by reset token.
 * @throws {NoResultFound} No such user.
 * @throws {InvalidRequestError} An unknown attribute, or a value that is not of its type.
 */
export async function findUserBy(db: Database, criteria: UserCriteria): Promise<User> {
  const entries = Object.entries(criteria)
  if (entries.length === 0) throw new InvalidRequestError('nothing to look for')
  let query = db.selectFrom('users').selectAll()
  for (const [attribute, value] of entries) {
    if (attribute === 'id') {
      query = query.where('id', '=', integer(value))
    } else if (attribute === 'email') {
      query = query.where('normalized_email', '=', normalizeEmail(text(attribute, value)))
    } else {
      query = query.where(columnOf(attribute), '=', text(attribute, value))
    }
  }
  const row = await query.orderBy('id').limit(1).executeTakeFirst()
  if (row === undefined) throw new NoResultFound('no user matches')
  return userOf(row)
}

/**
 * Changes attributes of a user: all that are given, or none.
 *
 * @param changes - Attributes with their new values. `sessionId` and `resetToken` may be `null`.
 * @throws {InvalidRequestError} An unknown attribute, or a value that is not of its type.
 * @throws {NoResultFound} No such user.
 * @throws {Conflict} The new address is taken.
 */
export async function updateUser(db: Database, userId: number, changes: UserChanges): Promise<void> {
  const set: UpdateObject<Schema, 'users'> = {}
  for (const [attribute, value] of Object.entries(changes)) {
    const column = columnOf(attribute)
    if (column === 'email') {
      const email = text(attribute, value)
      set.email = storedEmail(email)
      set.normalized_email = normalizeEmail(email)
      // Nobody has proven anything about the new one.
      set.email_verified_at = null
    } else if (column === 'hashed_password') {
      set.hashed_password = text(attribute, value)
      set.password_version = sql`password_version + 1`
      set.password_compromised_at = null
    } else {
      set[column] = value === null ? null : text(attribute, value)
    }
  }
  if (Object.keys(set).length === 0) throw new InvalidRequestError('nothing to change')
  let changed: bigint
  try {
    const result = await db.updateTable('users').set(set).where('id', '=', integer(userId)).executeTakeFirst()
    changed = result.numUpdatedRows
  } catch (error) {
    throw isUniqueViolation(error) ? new Conflict('the email address is taken', { cause: error }) : error
  }
  if (changed === 0n) throw new NoResultFound('no user matches')
}

/** The user with this address in any spelling, or `null`. */
export async function findUserByEmail(db: Database, email: string): Promise<User | null> {
  const row = await db
    .selectFrom('users')
    .selectAll()
    .where('normalized_email', '=', normalizeEmail(email))
    .executeTakeFirst()
  return row === undefined ? null : userOf(row)
}

/** The user with this number, or `null`. */
export async function findUserById(db: Database, userId: number): Promise<User | null> {
  const row = await db.selectFrom('users').selectAll().where('id', '=', userId).executeTakeFirst()
  return row === undefined ? null : userOf(row)
}

/**
 * Notes that somebody proved to read the mail of an address, which is the account's from now on.
 *
 * @throws {Conflict} Another account has it.
 */
export async function confirmEmail(tx: Tx, userId: number, email: string, at: Date): Promise<void> {
  try {
    await tx
      .updateTable('users')
      .set({
        email: storedEmail(email),
        normalized_email: normalizeEmail(email),
        email_verified_at: at.getTime(),
        unconfirmed_until: null,
      })
      .where('id', '=', userId)
      .execute()
  } catch (error) {
    throw isUniqueViolation(error) ? new Conflict('the email address is taken', { cause: error }) : error
  }
}

/** Marks a password as known to others, until another one is set. `false`: no such user. */
export async function markPasswordCompromised(db: Database, userId: number, at: Date): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('users')
    .set({ password_compromised_at: sql`coalesce(password_compromised_at, ${at.getTime()})` })
    .where('id', '=', userId)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/**
 * Removes accounts whose address nobody confirmed in time, so many at the most.
 *
 * @returns How many there were; none when it is done.
 */
export async function deleteUnconfirmedUsers(tx: Tx, now: Date, limit: number): Promise<number> {
  const stale = await tx
    .selectFrom('users')
    .select('id')
    .where('unconfirmed_until', '<=', now.getTime())
    .limit(limit)
    .execute()
  let removed = 0n
  // By number, so that two clean-ups at the same time take their rows in the same order.
  for (const { id } of stale.sort((a, b) => a.id - b.id)) {
    const { numDeletedRows } = await tx
      .deleteFrom('users')
      .where('id', '=', id)
      // Looked at again: it may have been confirmed at this moment.
      .where('unconfirmed_until', '<=', now.getTime())
      .executeTakeFirst()
    removed += numDeletedRows
  }
  return Number(removed)
}

/** Removes the account of an address, where it awaits that somebody confirms it. */
export async function deleteUnconfirmedUser(tx: Tx, email: string): Promise<void> {
  await tx
    .deleteFrom('users')
    .where('normalized_email', '=', normalizeEmail(email))
    .where('unconfirmed_until', 'is not', null)
    .execute()
}

/** Stores a new hash of the same password, unless the password was changed meanwhile. */
export async function updatePasswordHash(db: Database, user: User, hashedPassword: string): Promise<void> {
  await db
    .updateTable('users')
    .set({ hashed_password: hashedPassword })
    .where('id', '=', user.id)
    .where('hashed_password', '=', user.hashedPassword)
    .execute()
}

/** Shuts an account; one that is shut already stays so since when it was. `false` where there is none. */
export async function disableUser(db: Database, userId: number, at: Date): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('users')
    .set({ disabled_at: sql`coalesce(disabled_at, ${at.getTime()})` })
    .where('id', '=', userId)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** Opens an account again. `false` where there is none. */
export async function enableUser(db: Database, userId: number): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('users')
    .set({ disabled_at: null })
    .where('id', '=', userId)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/**
 * Takes the row of a user for the rest of the transaction: whoever else writes to it waits.
 *
 * @returns The user as they are now, or `null` where the account is gone.
 */
export async function lockUser(tx: Tx, userId: number): Promise<User | null> {
  const row = await tx
    .updateTable('users')
    .set((query) => ({ password_version: query.ref('password_version') }))
    .where('id', '=', userId)
    .returningAll()
    .executeTakeFirst()
  return row === undefined ? null : userOf(row)
}

/** Removes a user with all that is theirs. `false` where there is none. */
export async function deleteUser(db: Database, userId: number): Promise<boolean> {
  const { numDeletedRows } = await db.deleteFrom('users').where('id', '=', userId).executeTakeFirst()
  return numDeletedRows > 0n
}

/** A page of a list: so many rows at the most, those behind a number. */
interface Page {
  readonly afterId: number
  readonly limit: number
}

/** Which users a list has. What is left out makes no difference. */
export interface UserFilter {
  readonly isDisabled?: boolean
  readonly isVerified?: boolean
  readonly hasPassword?: boolean
  readonly isCompromised?: boolean
  /** A part of the address, in any spelling. */
  readonly email?: string | undefined
  readonly createdSince?: Date | undefined
}

/** Users in the order of their ids, a page at a time. */
export async function listUsers(db: Database, page: Page, filter: UserFilter = {}): Promise<User[]> {
  let query = userPage(db, page)
  const { isDisabled, isVerified, hasPassword, isCompromised, email, createdSince } = filter
  if (isDisabled !== undefined) query = query.where('disabled_at', isDisabled ? 'is not' : 'is', null)
  if (isVerified !== undefined) query = query.where('email_verified_at', isVerified ? 'is not' : 'is', null)
  if (hasPassword !== undefined) query = query.where('hashed_password', hasPassword ? '!=' : '=', '!')
  if (isCompromised !== undefined)
    query = query.where('password_compromised_at', isCompromised ? 'is not' : 'is', null)
  if (createdSince !== undefined) query = query.where('created_at', '>=', createdSince.getTime())
  if (email !== undefined) query = query.where(hasAddressLike(email))
  const rows = await query.execute()
  return rows.map(userOf)
}

/** The same, as rows. */
export function listUserRows(db: Database, page: Page): Promise<Selectable<UsersTable>[]> {
  return userPage(db, page).execute()
}

function userPage(db: Database, { afterId, limit }: Page) {
  return db.selectFrom('users').selectAll().where('id', '>', afterId).orderBy('id').limit(limit)
}

/** Part of a domain is looked for as it was written, since in punycode it is another text. */
function hasAddressLike(part: string): RawBuilder<boolean> {
  const text = part.normalize('NFC')
  const isIn = (column: 'email' | 'normalized_email', wanted: string) =>
    sql<boolean>`${sql.ref(column)} like ${`%${wanted.replaceAll(/[\\%_]/g, '\\$&')}%`} escape '\\'`
  return sql<boolean>`(${isIn('normalized_email', text.toLowerCase())} or ${isIn('normalized_email', normalizeEmail(text))} or ${isIn('email', text)})`
}

const CLASSIC_COLUMNS = {
  email: 'email',
  hashedPassword: 'hashed_password',
  sessionId: 'session_id',
  resetToken: 'reset_token',
} as const satisfies Record<ClassicAttribute, keyof UsersTable>

function columnOf(attribute: string): (typeof CLASSIC_COLUMNS)[ClassicAttribute] {
  if (!Object.hasOwn(CLASSIC_COLUMNS, attribute))
    throw new InvalidRequestError(`users have no attribute "${attribute}"`)
  return CLASSIC_COLUMNS[attribute as ClassicAttribute]
}

function text(attribute: string, value: unknown): string {
  if (typeof value === 'string' && !value.includes('\0')) return value
  throw new InvalidRequestError(`${attribute} has to be text`)
}

function integer(value: unknown): number {
  if (Number.isInteger(value) && Math.abs(value as number) <= 0x7fffffff) return value as number
  throw new InvalidRequestError('id has to be an integer of 32 bits')
}

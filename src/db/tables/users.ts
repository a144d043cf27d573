/** Table `users`: the accounts. */
import { type RawBuilder, type Selectable, sql, type UpdateObject } from 'kysely'
import { Conflict, InvalidRequestError, NoResultFound } from '../../model/errors.ts'
import type { JsonObject } from '../../model/json.ts'
import {
  isUserId,
  mayBeStored,
  NO_PASSWORD,
  normalizeEmail,
  storedEmail,
  type User,
} from '../../model/user.ts'
import type { Database, Schema, Tx } from './index.ts'
import { orConflict } from './rows.ts'
import type { Column, RowOf, Table } from './table.ts'

/** A column with one of the types that an import can write. */
interface PlainColumn extends Column {
  readonly type: 'integer' | 'text' | 'time' | 'json'
  /** {@link updateProfile} can change it. */
  readonly profile?: true
}

interface VisibleColumn extends PlainColumn {
  /** The property of {@link User} that holds it. `null`: it is derived from another property. */
  readonly property: keyof User | null
  /** Import and export leave it out, because what it refers to does not move. */
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
 * Every column, in the order of the table. To add one, write a migration and describe the column here. All statements,
 * import, export and adoption follow, and the compiler reports a property that is missing in {@link User}.
 */
const COLUMNS = {
  id: {
    type: 'integer',
    property: 'id',
    generated: true,
    about: 'Counts up and is never reused; an import may supply its own',
    class: 'pseudonym',
    protection: 'never reused',
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
    about: 'The hash with its algorithm, cost and salt; `!` matches no password',
    class: 'secret',
    protection:
      'argon2id or bcrypt, each with its own salt; an imported account keeps its hash until the first login ([passwords.md](../security/passwords.md#hashes-from-elsewhere))',
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
      'How often a password was set; a rehash does not count. A counter, because two passwords can be set in the same millisecond',
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
    about: 'When someone proved that they receive mail at the address',
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
    about: 'When the password was marked as compromised; it cannot be used until it is reset',
    class: 'personal',
    kept: 'until another password is set',
    log: 'no',
  },
  locale: {
    type: 'text',
    property: 'locale',
    nullable: true,
    profile: true,
    about: "The language of the account's mail",
    class: 'personal',
    log: 'no',
  },
  name: {
    type: 'text',
    property: 'name',
    nullable: true,
    profile: true,
    about: 'The name that the user wants to be called by',
    class: 'personal',
    log: 'no',
  },
  picture: {
    type: 'text',
    property: 'picture',
    nullable: true,
    profile: true,
    about: 'The URL of a picture of the user. The service never loads it',
    class: 'personal',
    log: 'no',
  },
  metadata: {
    type: 'json',
    property: 'metadataJson',
    nullable: true,
    profile: true,
    about: 'What the application stores about the user, as JSON. The user can read it; null if it is empty',
    class: 'personal',
    log: 'no',
  },
  private_metadata: {
    type: 'json',
    property: 'privateMetadataJson',
    movingOnly: true,
    nullable: true,
    profile: true,
    about:
      'What the application stores about the user, as JSON. Only the application and operators can read it, and the export that a user makes leaves it out',
    class: 'personal',
    protection: 'not part of an account; no answer over HTTP contains it',
    log: 'no',
  },
  second_factor_enabled_at: {
    type: 'time',
    property: 'secondFactorEnabledAt',
    nullable: true,
    about: 'When the second factor was enabled; null if one factor is enough',
    class: 'personal',
    log: 'no',
  },
  second_factor_required_at: {
    type: 'time',
    property: 'secondFactorRequiredAt',
    nullable: true,
    about: 'When an operator required a second factor of this user',
    class: 'personal',
    log: 'no',
  },
  webauthn_handle: {
    type: 'text',
    property: 'webauthnHandle',
    movingOnly: true,
    nullable: true,
    about: '32 random bytes in base64url that name the user to authenticators. They never change',
    class: 'pseudonym',
    protection: 'reveals nothing about the user',
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

/** The properties whose columns have this mark. */
type Marked<Mark extends string> = {
  [Name in keyof Cells]: Cells[Name] extends { [Key in Mark]: true }
    ? NonNullable<Cells[Name]['property']>
    : never
}[keyof Cells]

/** A user for import and export: without the references to sessions and tokens, which do not move. */
export type MovingUser = Omit<StoredUser, 'id' | Marked<'leftBehind'>> & {
  /** `null`: the database generates the id. */
  readonly id: number | null
}

type MovingCells = {
  readonly [Name in keyof Cells as Cells[Name] extends { leftBehind: true } | { property: null }
    ? never
    : Name]: Cells[Name]
}
type SecretColumn = {
  [Name in keyof MovingCells]: MovingCells[Name] extends { class: 'secret' } ? Name : never
}[keyof MovingCells]
type WrittenCells = {
  readonly [Name in keyof MovingCells]: MovingCells[Name] extends { type: 'time' }
    ? string | Nullable<MovingCells[Name]>
    : MovingCells[Name] extends { type: 'json' }
      ? JsonObject | Nullable<MovingCells[Name]>
      : ValueOf<MovingCells[Name]>
}

/** A user as an export writes it: by column, times as text, JSON as objects, and secrets only on request. */
export type MovingRow = Omit<WrittenCells, SecretColumn> & Partial<Pick<WrittenCells, SecretColumn>>

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
const PROFILE_FIELDS = fieldsOf(({ profile }) => profile === true)

/** The columns that import and export carry, in the order of the table. */
export const MOVING_COLUMNS = MOVING_FIELDS.map(({ column, property }) => {
  const { type, class: kind, nullable, generated }: UserColumn = COLUMNS[column]
  return {
    column: column as keyof MovingCells,
    property: property as keyof MovingUser,
    type,
    isSecret: kind === 'secret',
    /** Whether a new row must have a value: the column is not nullable, and the database does not generate it. */
    isRequired: nullable !== true && generated !== true,
  }
})

/** The columns that {@link userFrom} reads, in its order. */
export const USER_SELECTION = USER_FIELDS.map(({ column }) => `users.${column}` as const)

/** A user, from the values of {@link USER_SELECTION}, the first of them at `offset`. */
export function userFrom(values: readonly unknown[], offset: number): User {
  // Runs in every session check. Measured to be faster than building a row object from the values first.
  const user: Record<string, unknown> = {}
  for (let index = 0; index < USER_FIELDS.length; index++) {
    const { property, isTime } = USER_FIELDS[index] as Field
    user[property] = modelValue(values[offset + index], isTime)
  }
  return user as unknown as Omit<StoredUser, Marked<'movingOnly'>>
}

function userOf(row: Selectable<UsersTable>): User {
  return read(row, USER_FIELDS) as unknown as Omit<StoredUser, Marked<'movingOnly'>>
}

/** Converts a row to a {@link MovingUser}. */
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

/** Converts a user to a row. Nullable properties default to null. Without an id, the database generates one. */
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

/** The types of the columns of a new row, with or without the id. */
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

/** Further properties of a new account. A nullable property that is left out is null. */
export type NewUser = Pick<MovingUser, 'createdAt'> &
  Partial<Pick<MovingUser, Exclude<NullableProperty, 'id'>>>

/**
 * Adds a user.
 *
 * @param email - Stored without surrounding spaces; its normalized form is unique.
 * @param hashedPassword - A hash of `hashPassword`, or `!` for an account without a password.
 * @throws {Conflict} The address is taken.
 */
export async function addUser(
  db: Database,
  email: string,
  hashedPassword: string,
  details: NewUser,
): Promise<User> {
  const row = await db
    .insertInto('users')
    .values(
      userRowOf({
        ...details,
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
 * Finds the user whose attributes equal all given values; if several match, the one with the lowest id. Addresses are
 * compared in their normalized form.
 *
 * @param criteria - `{ attribute: value, … }` with at least one attribute. No value may be `null` or `undefined`: a
 *   look-up by a missing reset token must not find the accounts without one.
 * @throws {NoResultFound} No user matches.
 * @throws {InvalidRequestError} There is no criterion, the attribute is unknown, or the value has the wrong type.
 */
export async function findUserBy(db: Database, criteria: UserCriteria): Promise<User> {
  const entries = Object.entries(criteria ?? {})
  if (entries.length === 0) throw new InvalidRequestError('name at least one attribute to look for')
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
 * Changes all given attributes of a user, or none if one is refused. A new address is unverified. A new password
 * counts as a new version and is not compromised.
 *
 * @param changes - At least one attribute. `sessionId` and `resetToken` may be `null`.
 * @throws {InvalidRequestError} There is no change, an attribute is unknown, or a value has the wrong type.
 * @throws {NoResultFound} No user has this id.
 * @throws {Conflict} The new address is taken.
 */
export async function updateUser(db: Database, userId: number, changes: UserChanges): Promise<void> {
  const set: UpdateObject<Schema, 'users'> = {}
  for (const [attribute, value] of Object.entries(changes ?? {})) {
    const column = columnOf(attribute)
    if (column === 'email') {
      const email = text(attribute, value)
      set.email = storedEmail(email)
      set.normalized_email = normalizeEmail(email)
      set.email_verified_at = null
    } else if (column === 'hashed_password') {
      set.hashed_password = text(attribute, value)
      set.password_version = sql`password_version + 1`
      set.password_compromised_at = null
    } else {
      set[column] = value === null ? null : text(attribute, value)
    }
  }
  if (Object.keys(set).length === 0) throw new InvalidRequestError('name at least one attribute to change')
  const update = db.updateTable('users').set(set).where('id', '=', integer(userId))
  const { numUpdatedRows } = await orConflict('the email address is taken', update.executeTakeFirst())
  if (numUpdatedRows === 0n) throw new NoResultFound('no user matches')
}

/** The user whose normalized address equals that of `email`, or `null`. */
export async function findUserByEmail(db: Database, email: string): Promise<User | null> {
  if (!mayBeStored(email)) return null
  const row = await db
    .selectFrom('users')
    .selectAll()
    .where('normalized_email', '=', normalizeEmail(email))
    .executeTakeFirst()
  return row === undefined ? null : userOf(row)
}

/** The user with this id, or `null`. */
export async function findUserById(db: Database, userId: number): Promise<User | null> {
  if (!isUserId(userId)) return null
  const row = await db.selectFrom('users').selectAll().where('id', '=', userId).executeTakeFirst()
  return row === undefined ? null : userOf(row)
}

/**
 * Sets the address of an account and marks it as verified. The account no longer waits for confirmation.
 *
 * @throws {Conflict} Another account has the address.
 */
export async function confirmEmail(tx: Tx, userId: number, email: string, at: Date): Promise<void> {
  const update = tx
    .updateTable('users')
    .set({
      email: storedEmail(email),
      normalized_email: normalizeEmail(email),
      email_verified_at: at.getTime(),
      unconfirmed_until: null,
    })
    .where('id', '=', userId)
  await orConflict('the email address is taken', update.execute())
}

/** The properties that {@link updateProfile} can change. `null` clears one. */
export type ProfileChanges = Partial<Pick<MovingUser, Marked<'profile'>>>

/**
 * Changes the given properties of a user's profile.
 *
 * @param changes - At least one property. One that is left out or `undefined` stays as it is.
 * @returns The changed user, or `null` if there is no such user.
 */
export async function updateProfile(
  db: Database,
  userId: number,
  changes: ProfileChanges,
): Promise<User | null> {
  const values: Readonly<Record<string, unknown>> = changes
  const given = PROFILE_FIELDS.filter(({ property }) => values[property] !== undefined)
  const row = await db
    .updateTable('users')
    .set(Object.fromEntries(given.map(({ column, property }) => [column, values[property]])))
    .where('id', '=', userId)
    .returningAll()
    .executeTakeFirst()
  return row === undefined ? null : userOf(row)
}

/** The private metadata of a user, as JSON or `null`. `undefined` if there is no such user. */
export async function findPrivateMetadata(db: Database, userId: number): Promise<string | null | undefined> {
  const row = await db
    .selectFrom('users')
    .select('private_metadata')
    .where('id', '=', userId)
    .executeTakeFirst()
  return row?.private_metadata
}

/** Sets or clears the times at which a second factor was enabled or required. `false` if there is no such user. */
export async function updateSecondFactor(
  db: Database,
  userId: number,
  {
    enabledAt,
    requiredAt,
  }: { readonly enabledAt?: Date | null | undefined; readonly requiredAt?: Date | null | undefined },
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('users')
    .set({
      ...(enabledAt !== undefined && { second_factor_enabled_at: enabledAt?.getTime() ?? null }),
      ...(requiredAt !== undefined && { second_factor_required_at: requiredAt?.getTime() ?? null }),
    })
    .where('id', '=', userId)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/**
 * The handle that names a user to authenticators. Stores `proposal` if the user has none.
 *
 * @param proposal - 32 random bytes in base64url.
 */
export async function webauthnHandleOf(db: Database, userId: number, proposal: string): Promise<string> {
  const { webauthn_handle } = await db
    .updateTable('users')
    .set({ webauthn_handle: sql`coalesce(webauthn_handle, ${proposal})` })
    .where('id', '=', userId)
    .returning('webauthn_handle')
    .executeTakeFirstOrThrow(() => new NoResultFound('no user matches'))
  return webauthn_handle as string
}

/** The handle of a user, or `null` if they never added a passkey. */
export async function findWebauthnHandle(db: Database, userId: number): Promise<string | null> {
  const row = await db
    .selectFrom('users')
    .select('webauthn_handle')
    .where('id', '=', userId)
    .executeTakeFirst()
  return row?.webauthn_handle ?? null
}

/** Marks a user's password as compromised until another one is set. `false` if there is no such user. */
export function markPasswordCompromised(db: Database, userId: number, at: Date): Promise<boolean> {
  return updateIfThere(db, userId, {
    password_compromised_at: sql`coalesce(password_compromised_at, ${at.getTime()})`,
  })
}

/**
 * Locks the account of an address if it still waits for confirmation.
 *
 * @returns Its id, or `null`.
 */
export async function lockUnconfirmedUser(tx: Tx, email: string): Promise<number | null> {
  const row = await tx
    .updateTable('users')
    .set((query) => ({ password_version: query.ref('password_version') }))
    .where('normalized_email', '=', normalizeEmail(email))
    .where('unconfirmed_until', 'is not', null)
    .returning('id')
    .executeTakeFirst()
  return row?.id ?? null
}

/** Stores a new hash of the same password, unless the password has changed since `user` was read. */
export async function updatePasswordHash(db: Database, user: User, hashedPassword: string): Promise<void> {
  await db
    .updateTable('users')
    .set({ hashed_password: hashedPassword })
    .where('id', '=', user.id)
    .where('hashed_password', '=', user.hashedPassword)
    .execute()
}

/** Disables an account. If it is already disabled, the earlier time stays. `false` if there is no such account. */
export function disableUser(db: Database, userId: number, at: Date): Promise<boolean> {
  return updateIfThere(db, userId, { disabled_at: sql`coalesce(disabled_at, ${at.getTime()})` })
}

/** Enables a disabled account. `false` if there is no such account. */
export function enableUser(db: Database, userId: number): Promise<boolean> {
  return updateIfThere(db, userId, { disabled_at: null })
}

async function updateIfThere(
  db: Database,
  userId: number,
  changes: UpdateObject<Schema, 'users'>,
): Promise<boolean> {
  if (!isUserId(userId)) return false
  const update = db.updateTable('users').set(changes).where('id', '=', userId)
  return (await update.executeTakeFirst()).numUpdatedRows > 0n
}

/**
 * Locks the row of a user until the transaction ends. Other writers wait.
 *
 * @returns The current user, or `null` if the account is gone.
 */
export async function lockUser(tx: Tx, userId: number): Promise<User | null> {
  if (!isUserId(userId)) return null
  const row = await tx
    .updateTable('users')
    .set((query) => ({ password_version: query.ref('password_version') }))
    .where('id', '=', userId)
    .returningAll()
    .executeTakeFirst()
  return row === undefined ? null : userOf(row)
}

/** Locks several users, in the order of their ids, so that two transactions cannot deadlock. */
export async function lockUsers(tx: Tx, userIds: readonly number[]): Promise<void> {
  for (const userId of userIds.toSorted((a, b) => a - b)) await lockUser(tx, userId)
}

/** A page of a list: up to `limit` rows with ids after `afterId`. */
export interface Page {
  readonly afterId: number
  readonly limit: number
}

/** Which users to list. A property that is left out does not filter. */
export interface UserFilter {
  readonly isDisabled?: boolean
  readonly isVerified?: boolean
  readonly hasPassword?: boolean
  readonly isCompromised?: boolean
  /** Part of the address, in any spelling. */
  readonly email?: string | undefined
  readonly createdSince?: Date | undefined
}

/** Lists users by id, one page at a time. */
export async function listUsers(db: Database, page: Page, filter: UserFilter = {}): Promise<User[]> {
  let query = userPage(db, page)
  const { isDisabled, isVerified, hasPassword, isCompromised, email, createdSince } = filter
  if (isDisabled !== undefined) query = query.where('disabled_at', isDisabled ? 'is not' : 'is', null)
  if (isVerified !== undefined) query = query.where('email_verified_at', isVerified ? 'is not' : 'is', null)
  if (hasPassword !== undefined) query = query.where('hashed_password', hasPassword ? '!=' : '=', NO_PASSWORD)
  if (isCompromised !== undefined)
    query = query.where('password_compromised_at', isCompromised ? 'is not' : 'is', null)
  if (createdSince !== undefined) query = query.where('created_at', '>=', createdSince.getTime())
  if (email !== undefined) query = query.where(hasAddressLike(email))
  const rows = await query.execute()
  return rows.map(userOf)
}

export function userPage(db: Database, { afterId, limit }: Page) {
  return db.selectFrom('users').selectAll().where('id', '>', afterId).orderBy('id').limit(limit)
}

/** Also compares with the address as written, because part of a domain differs from its punycode. */
function hasAddressLike(part: string): RawBuilder<boolean> {
  if (!mayBeStored(part)) return sql`false`
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
  throw new InvalidRequestError(`${attribute} must be text`)
}

function integer(value: unknown): number {
  if (isUserId(value as number)) return value as number
  throw new InvalidRequestError('id must be a 32-bit integer')
}

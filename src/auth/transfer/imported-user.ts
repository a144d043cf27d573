/** Reads one user of an import, strictly. */
import { MOVING_COLUMNS, type MovingRow, type MovingUser } from '../../db/index.ts'
import { isEmailAddress, isUnambiguousEmail, storedEmail } from '../../model/user.ts'
import { type Checked, checkJson, checkLocale, checkName, checkPicture } from '../account/profile-values.ts'
import { adoptHash } from '../passwords/hashing/adopt.ts'
import type { FirebaseProject } from '../passwords/hashing/firebase.ts'
import { boolean, FieldProblem, number, text, time } from './field-values.ts'

/** Fields that only an import has. The first two stand for a time that the source does not know. */
const IMPORT_FIELDS = ['disabled', 'email_verified', 'salt', 'totp_secret'] as const
type UserField = keyof MovingRow | (typeof IMPORT_FIELDS)[number]

/** The fields of a user in an import. */
export const USER_FIELDS: readonly UserField[] = [
  ...MOVING_COLUMNS.map(({ column }) => column),
  ...IMPORT_FIELDS,
]

/** Names and values, as in a line of JSON or CSV. */
export type Fields = Readonly<Record<string, unknown>>

interface ReadingDetails {
  /** Replaces a time that is not given. */
  readonly now: Date
  /** The hash parameters of the Firebase project, or `null`. */
  readonly firebase: FirebaseProject | null
  /** The highest cost of a hash. */
  readonly maxCost: number
  /** Whether the URL of a picture may be http. Default `false`. */
  readonly allowsHttp?: boolean
}

/** A user to add. */
export interface ImportedUser {
  readonly user: MovingUser
  /** The fields that the import contains. */
  readonly given: ReadonlyMap<UserField, unknown>
}

/**
 * Reads a user. A field that is `null` or empty text counts as not given. Text is accepted for numbers and booleans.
 *
 * @returns The user, or the name of a field and what is wrong with it, without its value.
 */
export function readImportedUser(
  fields: Fields,
  details: ReadingDetails,
): ImportedUser | { readonly problem: string } {
  try {
    return read(givenFields(fields), details)
  } catch (error) {
    if (error instanceof FieldProblem) return { problem: error.message }
    throw error
  }
}

type Given = ImportedUser['given']

function givenFields(fields: Fields): Given {
  const given = new Map<UserField, unknown>()
  for (const [name, value] of Object.entries(fields)) {
    if (!isUserField(name)) throw new FieldProblem(name, 'is not a field of a user')
    if (value !== null && value !== undefined && value !== '') given.set(name, value)
  }
  return given
}

function isUserField(name: string): name is UserField {
  return (USER_FIELDS as readonly string[]).includes(name)
}

function read(given: Given, details: ReadingDetails): ImportedUser {
  if (given.has('totp_secret'))
    throw new FieldProblem(
      'totp_secret',
      'second factors are not supported yet, so the account would lose its own; leave the field out to accept that',
    )
  const values = MOVING_COLUMNS.map(({ column, property, type, isRequired }) => {
    const rule = RULES[column]
    const value = rule === undefined ? parsed<unknown>(given, column, PARSERS[type]) : rule(given, details)
    if (value === null && isRequired) throw new FieldProblem(column, 'is missing')
    return [property, value]
  })
  return { user: Object.fromEntries(values) as MovingUser, given }
}

type Parse<Value> = (value: unknown, field: string) => Value

function parsed<Value>(given: Given, field: UserField, parse: Parse<Value>): Value | null {
  return given.has(field) ? parse(given.get(field), field) : null
}

const PARSERS = { integer: number, text, time, json: object } satisfies Record<string, Parse<unknown>>

/** The columns whose value takes more than the parser of their type. */
const RULES: { readonly [Column in keyof MovingRow]?: (given: Given, details: ReadingDetails) => unknown } = {
  email: (given) => parsed(given, 'email', address),
  hashed_password: storableHash,
  created_at: (given, { now }) => parsed(given, 'created_at', time) ?? now,
  password_version: (given) => parsed(given, 'password_version', number) ?? 1,
  disabled_at: (given, { now }) => timeOfFlag(given, 'disabled', now),
  email_verified_at: (given, { now }) => timeOfFlag(given, 'email_verified', now),
  locale: (given) => parsed(given, 'locale', profileField(checkLocale)),
  name: (given) => parsed(given, 'name', profileField(checkName)),
  picture: (given, { allowsHttp = false }) =>
    parsed(
      given,
      'picture',
      profileField((value) => checkPicture(value, { allowsHttp })),
    ),
}

/** A parser for the fields of a profile. */
function profileField(check: (value: unknown) => Checked<string | null>): Parse<string | null> {
  return (value, field) => {
    const checked = check(value)
    if ('problem' in checked) throw new FieldProblem(field, checked.problem)
    return checked.value
  }
}

/** A JSON object, or its text as in CSV, which has only text. */
function object(value: unknown, field: string): string | null {
  return profileField(checkJson)(typeof value === 'string' ? parsedJson(value) : value, field)
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function address(value: unknown, field: string): string {
  const email = text(value, field)
  if (!isEmailAddress(email)) throw new FieldProblem(field, 'is not an email address')
  if (!isUnambiguousEmail(email))
    throw new FieldProblem(
      field,
      'contains invisible characters, or compatibility characters such as full-width letters',
    )
  return storedEmail(email)
}

function storableHash(given: Given, { firebase, maxCost }: ReadingDetails): string {
  const hash = parsed(given, 'hashed_password', text)
  if (hash === null)
    throw new FieldProblem('hashed_password', 'is missing; use ! for an account without a password')
  const adopted = adoptHash(hash, { salt: parsed(given, 'salt', text), firebase, maxCost })
  if ('problem' in adopted) throw new FieldProblem('hashed_password', `the hash ${adopted.problem}`)
  return adopted.hash
}

/** Since when a flag is true. It may be given as a time, as a boolean or as both. */
function timeOfFlag(given: Given, flag: 'disabled' | 'email_verified', now: Date): Date | null {
  const isTrue = parsed(given, flag, boolean)
  const since = parsed(given, `${flag}_at`, time)
  if (isTrue === false && since !== null) throw new FieldProblem(flag, `is false, but ${flag}_at is set`)
  return since ?? (isTrue === true ? now : null)
}

/** Whether an existing account has the same values in every given field. */
export function isSameUser({ given, user }: ImportedUser, existing: MovingUser): boolean {
  // Each import assumes its own time for a flag without one, so compare only whether there is a time.
  const isSameFlag = (flag: UserField, property: 'disabledAt' | 'emailVerifiedAt') =>
    !given.has(flag) || (existing[property] === null) === (user[property] === null)
  return (
    MOVING_COLUMNS.every(
      ({ column, property }) => !given.has(column) || isEqual(existing[property], user[property]),
    ) &&
    isSameFlag('disabled', 'disabledAt') &&
    isSameFlag('email_verified', 'emailVerifiedAt')
  )
}

function isEqual(a: unknown, b: unknown): boolean {
  return a instanceof Date && b instanceof Date ? a.getTime() === b.getTime() : a === b
}

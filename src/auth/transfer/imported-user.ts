/** Reads one user of an import, strictly. */
import { MOVING_COLUMNS, type MovingRow, type MovingUser } from '../../db/index.ts'
import { jsonNames } from '../../lib/json-names.ts'
import { isEmailAddress, isUnambiguousEmail, storedEmail } from '../../model/user.ts'
import { type Checked, checkJson, checkLocale, checkName, checkPicture } from '../account/profile-values.ts'
import { adoptHash } from '../passwords/hashing/adopt.ts'
import type { FirebaseProject } from '../passwords/hashing/firebase.ts'
import { boolean, FieldProblem, type Given, number, type Parse, parsed, text, time } from './field-values.ts'
import { FACTOR_FIELDS, handleOf, readFactors } from './imported-factors.ts'
import { exportedFactors, type MovingFactors } from './moving-factors.ts'

/** Flags in place of times that the source does not know. */
const FLAGS = ['disabled', 'email_verified', 'second_factor_enabled'] as const
type Flag = (typeof FLAGS)[number]
const IMPORT_FIELDS = [...FLAGS, 'salt', ...FACTOR_FIELDS] as const
type UserField = keyof MovingRow | (typeof IMPORT_FIELDS)[number]

/** The fields of a user in an import. */
export const USER_FIELDS: readonly UserField[] = [
  ...MOVING_COLUMNS.map(({ column }) => column),
  ...IMPORT_FIELDS,
]

/** Names and values, as in a line of JSON or CSV. */
export type Fields = Readonly<Record<string, unknown>>

interface ReadingDetails {
  /** Stands for a time that is not given. */
  readonly now: Date
  /** The hash parameters of the Firebase project, or `null`. */
  readonly firebase: FirebaseProject | null
  /** The highest cost of a hash. */
  readonly maxCost: number
  /** Whether the URL of a picture may be http. Default `false`. */
  readonly allowsHttp?: boolean
  /** Whether secrets can be sealed with a key that lasts. */
  readonly canSeal: boolean
}

/** A user to add. */
export interface ImportedUser {
  readonly user: MovingUser
  readonly factors: MovingFactors
  /** The fields that the import contains. */
  readonly given: ReadonlyMap<UserField, unknown>
}

/**
 * Reads a user. A field that is `null` or blank text counts as not given. Text is accepted for numbers and booleans.
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

function givenFields(fields: Fields): ImportedUser['given'] {
  const given = new Map<UserField, unknown>()
  for (const [name, value] of Object.entries(fields)) {
    if (!isUserField(name))
      throw new FieldProblem(name, 'is not a field of a user; rename it, or leave it out')
    const isBlank = typeof value === 'string' && value.trim() === ''
    if (value !== null && value !== undefined && !isBlank) given.set(name, value)
  }
  return given
}

function isUserField(name: string): name is UserField {
  return (USER_FIELDS as readonly string[]).includes(name)
}

function read(given: ImportedUser['given'], details: ReadingDetails): ImportedUser {
  const values = MOVING_COLUMNS.map(({ column, property, type, isRequired }) => {
    const rule = RULES[column]
    const value = rule === undefined ? parsed<unknown>(given, column, PARSERS[type]) : rule(given, details)
    if (value === null && isRequired) throw new FieldProblem(column, 'is missing')
    return [property, value]
  })
  const user = Object.fromEntries(values) as MovingUser
  const factors = readFactors(given, details)
  // Without a handle, discoverable passkeys could not sign in on their own.
  if (user.webauthnHandle === null && factors.passkeys.some(({ discoverable }) => discoverable))
    throw new FieldProblem('webauthn_handle', 'is missing, and the passkeys need it')
  return { user, factors, given }
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
  second_factor_enabled_at: (given, { now }) => secondFactorSince(given, now),
  webauthn_handle: (given) => parsed(given, 'webauthn_handle', handleOf),
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
  if (typeof value !== 'string') return profileField(checkJson)(value, field)
  const json = parsedJson(value)
  if (json !== value) {
    const { names, repeatedInside, rounded } = jsonNames(value)
    if (repeatedInside !== null || new Set(names).size < names.length)
      throw new FieldProblem(field, 'has a member twice')
    if (rounded.size > 0)
      throw new FieldProblem(field, 'has an integer that would be rounded; write it as text')
  }
  return profileField(checkJson)(json, field)
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
function timeOfFlag(given: Given, flag: Flag, now: Date): Date | null {
  const isTrue = parsed(given, flag, boolean)
  const since = parsed(given, `${flag}_at`, time)
  if (isTrue === false && since !== null) throw new FieldProblem(flag, `is false, but ${flag}_at is set`)
  return since ?? (isTrue === true ? now : null)
}

/** Other services ask for codes once an app is set up, so a secret enables the second factor unless a flag says no. */
function secondFactorSince(given: Given, now: Date): Date | null {
  const since = timeOfFlag(given, 'second_factor_enabled', now)
  if (since !== null || given.has('second_factor_enabled') || !given.has('totp_secret')) return since
  return parsed(given, 'totp_confirmed_at', time) ?? now
}

/** Whether an existing account has the same values in every given field. */
export function isSameUser(
  { given, user, factors }: ImportedUser,
  existing: { readonly user: MovingUser; readonly factors: MovingFactors },
): boolean {
  // Each import assumes its own time for a flag without one, so compare only whether there is a time.
  const isSameFlag = (flag: Flag, property: 'disabledAt' | 'emailVerifiedAt' | 'secondFactorEnabledAt') =>
    !given.has(flag) || (existing.user[property] === null) === (user[property] === null)
  return (
    MOVING_COLUMNS.every(
      ({ column, property }) => !given.has(column) || isEqual(existing.user[property], user[property]),
    ) &&
    isSameFlag('disabled', 'disabledAt') &&
    isSameFlag('email_verified', 'emailVerifiedAt') &&
    isSameFlag('second_factor_enabled', 'secondFactorEnabledAt') &&
    areSameFactors({ given, factors }, existing.factors)
  )
}

function areSameFactors(
  { given, factors }: Pick<ImportedUser, 'given' | 'factors'>,
  existing: MovingFactors,
) {
  const [one, other] = [written(factors), written(existing)]
  return FACTOR_FIELDS.every((field) => !given.has(field) || one[field] === other[field])
}

/** Factors as text in a canonical form, for comparison. */
function written(factors: MovingFactors): Readonly<Record<(typeof FACTOR_FIELDS)[number], string>> {
  const { passkeys, identities, ...totp } = exportedFactors(factors, true)
  const sortedPasskeys = passkeys.toSorted((a, b) => (a.credential_id < b.credential_id ? -1 : 1))
  const sortedIdentities = identities.toSorted((a, b) =>
    a.issuer === b.issuer ? (a.subject < b.subject ? -1 : 1) : a.issuer < b.issuer ? -1 : 1,
  )
  return {
    totp_secret: totp.totp_secret ?? '',
    totp_confirmed_at: totp.totp_confirmed_at ?? '',
    totp_disabled_at: totp.totp_disabled_at ?? '',
    passkeys: JSON.stringify(sortedPasskeys),
    identities: JSON.stringify(sortedIdentities),
  }
}

/** An account as text in a canonical form, for comparison. */
export function writtenAccount({ user, factors }: Pick<ImportedUser, 'user' | 'factors'>): string {
  return JSON.stringify([user, written(factors)])
}

function isEqual(a: unknown, b: unknown): boolean {
  return a instanceof Date && b instanceof Date ? a.getTime() === b.getTime() : a === b
}

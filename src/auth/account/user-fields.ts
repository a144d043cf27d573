/** The members of the public metadata that users write: which they are, what they may contain, and how they are merged. */
import { AuthError } from '../../model/errors.ts'
import type { JsonObject } from '../../model/json.ts'
import {
  missingUserField,
  type OpenedUserField,
  USER_FIELD_PREFIX,
  type UserFieldValue,
} from '../../model/user-fields.ts'
import type { Context } from '../context.ts'
import { type Checked, checkLine, checkMetadata } from './profile-values.ts'

/** What users send: a value for each field that they change. `null` or empty text clears one. */
export type GivenUserFields = Readonly<Record<string, UserFieldValue | null>>

/** Checked values. `null` clears a field. */
export type UserFieldChanges = ReadonlyMap<string, UserFieldValue | null>

/** What users may write, and what the result must fit. */
type Rules = Pick<Context, 'userFields' | 'metadataSchema'>

/** The longest name of a user field. Errors do not repeat a longer one. */
const NAME_MAX_LENGTH = 50

/**
 * Checks what a user sends.
 *
 * @throws {AuthError} Each with `field`, such as `metadata.company`: `unknown_field`: users cannot write this member;
 *   `invalid_field`: the value is not allowed.
 */
export function readUserFields({ userFields }: Rules, given: unknown): UserFieldChanges {
  if (userFields.length === 0) throw new AuthError('unknown_field', { field: 'metadata' })
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new AuthError('invalid_field', { field: 'metadata', message: 'The metadata is not an object.' })
  const changes = new Map<string, UserFieldValue | null>()
  for (const [name, value] of Object.entries(given)) {
    const field = userFields.find((each) => each.name === name)
    if (field === undefined) throw refusalOf('unknown_field', name, 'cannot be written by users')
    if (value === undefined) continue
    const checked = check(field, value)
    if ('problem' in checked) throw refusalOf('invalid_field', name, checked.problem)
    changes.set(name, checked.value)
  }
  return changes
}

/**
 * Puts the changes into the stored metadata. All other members stay as they are.
 *
 * @param storedJson - The stored metadata, or `null`.
 * @returns The metadata to store. The schema has accepted it.
 * @throws {AuthError} `missing_field` with `field`: a required field is missing; `invalid_field` with `field`: the schema refuses
 *   the result.
 */
export async function mergeUserFields(
  { userFields, metadataSchema }: Rules,
  changes: UserFieldChanges,
  storedJson: string | null,
): Promise<string | null> {
  const stored = storedJson === null ? {} : (JSON.parse(storedJson) as JsonObject)
  const members = Object.entries({ ...stored, ...Object.fromEntries(changes) })
  const merged = Object.fromEntries(members.filter(([name]) => changes.get(name) !== null))
  const missing = missingUserField(userFields, merged)
  if (missing !== undefined) throw refusalOf('missing_field', missing.name, 'is required')
  const result = await checkMetadata(merged, metadataSchema.public)
  if ('value' in result) return result.value
  const { member = '', problem } = result
  if (userFields.some(({ name }) => name === member)) throw refusalOf('invalid_field', member, problem)
  throw new AuthError('invalid_field', { field: 'metadata', message: `The metadata ${problem}.` })
}

/**
 * The metadata of a new account. `null` if no user field is required and none is filled in.
 *
 * @throws {AuthError} As {@link readUserFields} and {@link mergeUserFields}.
 */
export async function newUserFields(rules: Rules, given: unknown): Promise<string | null> {
  const changes: UserFieldChanges = given === undefined ? new Map() : readUserFields(rules, given)
  const isRequired = rules.userFields.some(({ required }) => required)
  const isFilledIn = [...changes.values()].some((value) => value !== null)
  return isRequired || isFilledIn ? mergeUserFields(rules, changes, null) : null
}

function refusalOf(
  code: 'unknown_field' | 'missing_field' | 'invalid_field',
  name: string,
  problem: string,
): AuthError {
  if (name.length > NAME_MAX_LENGTH) return new AuthError(code, { field: 'metadata' })
  return new AuthError(code, {
    field: `${USER_FIELD_PREFIX}${name}`,
    message: `The field ${name} ${problem}.`,
  })
}

/** A form sends numbers and booleans as text. A ticked box is `on`. */
function check(field: OpenedUserField, given: unknown): Checked<UserFieldValue | null> {
  if (given === null || given === '') return { value: null }
  switch (field.type) {
    case 'text':
      return checkLine(given, field.maxLength)
    case 'choice':
      return field.choices.some(({ value }) => value === given)
        ? { value: given as string }
        : { problem: 'is not one of the choices' }
    case 'number':
      return checkNumber(given)
    case 'boolean': {
      if (given === true || given === 'true' || given === 'on') return { value: true }
      return given === false || given === 'false'
        ? { value: false }
        : { problem: 'is neither true nor false' }
    }
  }
}

const NUMBER = /^-?\d{1,15}(?:\.\d{1,10})?$/

function checkNumber(given: unknown): Checked<number> {
  const value = typeof given === 'string' && NUMBER.test(given.trim()) ? Number(given) : given
  return typeof value === 'number' && Number.isFinite(value) ? { value } : { problem: 'is not a number' }
}

/** Checks the option `userFields` and fills in its defaults. */
import { findInvisible } from '../lib/invisible.ts'
import { isObject } from '../lib/is-object.ts'
import { APPLICATION_LIMIT_MS, withinLimit } from '../lib/time-limit.ts'
import { OptionError } from '../model/errors.ts'
import type { StandardIssue, StandardSchema } from '../model/standard-schema.ts'
import type { OpenedUserField, UserField, UserFieldText } from '../model/user-fields.ts'
import { LOCALES } from '../text/index.ts'

/** Errors do not repeat names that are longer. */
const NAME = /^[A-Za-z][A-Za-z0-9_]{0,49}$/
/** Code that merges objects could take these for members that every object has. */
const UNSAFE_NAMES = ['constructor', 'prototype']
const TYPES: readonly unknown[] = ['text', 'number', 'boolean']
const MEMBERS = ['label', 'hint', 'type', 'choices', 'required', 'signUp', 'maxLength']
const FIELDS_MAX = 32
const TEXT_MAX_LENGTH = 300
/** Of text, in Unicode code points. */
export const DEFAULT_MAX_LENGTH = 200
const MAX_LENGTH_MAX = 2_000

/**
 * The user fields, in the order in which they were given.
 *
 * @throws {OptionError} A name or a member of a field is invalid.
 */
export function openUserFields(given: unknown): readonly OpenedUserField[] {
  if (!isObject(given)) throw refusal('expected an object with a field for each name')
  const fields = Object.entries(given)
  if (fields.length > FIELDS_MAX) throw refusal(`has more than ${FIELDS_MAX} fields`)
  return fields.map(([name, field]) => open(name, field))
}

function open(name: string, field: unknown): OpenedUserField {
  if (!NAME.test(name) || UNSAFE_NAMES.includes(name))
    throw refusal(`${JSON.stringify(name)} is not a name of up to 50 letters, digits and _`)
  if (!isObject(field)) throw refusal(`${name} must be an object with a label`)
  const unknown = Object.keys(field).find((member) => !MEMBERS.includes(member))
  if (unknown !== undefined)
    throw refusal(`${name} has a member ${JSON.stringify(unknown)}; it may have ${MEMBERS.join(', ')}`)
  const { label, hint, choices } = field as { [Member in keyof UserField]: unknown }
  const { type = 'text', required = false, signUp = required, maxLength = DEFAULT_MAX_LENGTH } = field
  if (!isText(label))
    throw refusal(`${name} must have a label: a text, or a text for each language (${LOCALES.join(', ')})`)
  if (hint !== undefined && !isText(hint)) throw refusal(`${name} has a hint that is not a text`)
  if (!TYPES.includes(type)) throw refusal(`${name} has a type that is not one of ${TYPES.join(', ')}`)
  for (const [member, value] of [['required', required] as const, ['signUp', signUp] as const])
    if (typeof value !== 'boolean') throw refusal(`${name} has a member ${member} that is not true or false`)
  if (!Number.isInteger(maxLength) || !(Number(maxLength) >= 1 && Number(maxLength) <= MAX_LENGTH_MAX))
    throw refusal(`${name} has a maxLength that is not a whole number from 1 to ${MAX_LENGTH_MAX}`)
  if ((choices !== undefined || field.maxLength !== undefined) && type !== 'text')
    throw refusal(`${name} is a ${type}, so it has neither choices nor a maxLength`)
  return {
    name,
    label,
    hint: hint ?? null,
    type: choices === undefined ? (type as 'text' | 'number' | 'boolean') : 'choice',
    choices: choices === undefined ? [] : openChoices(name, choices),
    required: required === true,
    // The sign-up page must show a required field.
    signUp: signUp === true || required === true,
    maxLength: Number(maxLength),
  }
}

function openChoices(name: string, choices: unknown): OpenedUserField['choices'] {
  const entries = isObject(choices) ? Object.entries(choices) : []
  if (entries.length === 0) throw refusal(`${name} must have choices as an object of values and labels`)
  return entries.map(([value, label]) => {
    if (value === '' || findInvisible(value) !== null || !isText(label))
      throw refusal(`${name} has a choice ${JSON.stringify(value)} without a visible value and a label`)
    return { value, label }
  })
}

/** Whether it is a visible text, or one for some of our languages. */
function isText(given: unknown): given is UserFieldText {
  if (isObject(given)) {
    const texts = Object.entries(given)
    return (
      texts.length > 0 &&
      texts.every(([locale, text]) => (LOCALES as readonly string[]).includes(locale) && isLine(text))
    )
  }
  return isLine(given)
}

function isLine(given: unknown): given is string {
  return (
    typeof given === 'string' &&
    given.trim() !== '' &&
    given.length <= TEXT_MAX_LENGTH &&
    given.isWellFormed() &&
    !/\p{Cc}/u.test(given)
  )
}

/**
 * Checks that people can sign up with these fields. If the schema requires a member that is not a user field, every sign-up
 * fails, and users cannot correct it. A schema cannot be inspected, so it validates a sample in which every field is
 * filled in.
 *
 * @throws {OptionError} The schema refuses a member that people cannot enter.
 */
export async function assertSignUpFits(
  fields: readonly OpenedUserField[],
  schema: StandardSchema | undefined,
): Promise<void> {
  if (schema === undefined || !fields.some(({ signUp }) => signUp)) return
  const filledIn = Object.fromEntries(fields.map((field) => [field.name, sampleOf(field)]))
  const asked = withinLimit(APPLICATION_LIMIT_MS, () => schema['~standard'].validate(filledIn))
  // A schema may depend on anything, so an error proves nothing.
  const { issues = [] } = await asked.catch(() => ({ issues: [] }))
  const refused = issues
    .map(memberOf)
    .find((name) => name !== null && fields.every((field) => field.name !== name))
  if (refused === undefined) return
  throw refusal(
    `nobody could sign up: metadataSchema.public requires ${JSON.stringify(refused)}, which new accounts do not have; make it optional, give it a default, or make it a user field`,
  )
}

/** The member that an issue is about, or `null`: it is about all of them. */
function memberOf({ path: [first] = [] }: StandardIssue): string | null {
  return first === undefined ? null : String(typeof first === 'object' ? first.key : first)
}

function sampleOf({ type, choices }: OpenedUserField): unknown {
  return { text: 'x', number: 1, boolean: true, choice: choices[0]?.value }[type]
}

function refusal(problem: string): OptionError {
  return new OptionError('userFields', problem)
}

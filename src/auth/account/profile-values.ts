/** The rules for names, pictures, languages and metadata of users, and the form in which they are stored. */
import { findInvisible, trimInvisible } from '../../lib/invisible.ts'
import type { JsonValue } from '../../model/json.ts'
import type { StandardIssue, StandardSchema } from '../../model/standard-schema.ts'
import type { Options } from '../../options/index.ts'

/** In Unicode code points. */
export const NAME_MAX_LENGTH = 200
export const PICTURE_MAX_LENGTH = 2_048
/** In bytes of UTF-8, as JSON. Every session check reads the metadata. */
export const METADATA_MAX_BYTES = 8 * 1_024
/** How deep objects and arrays may be nested. Metadata that contains only plain values has depth 1. */
export const METADATA_MAX_DEPTH = 8

/** A value in the form in which it is stored, or what is wrong with it: the end of a sentence about it. */
export type Checked<Stored = string> =
  | { readonly value: Stored }
  | {
      readonly problem: string
      /** The member of the metadata that a schema refuses. */
      readonly member?: string | undefined
    }

const NOT_TEXT = { problem: 'is not text' }
const PICTURE_TOO_LONG = { problem: `has more than ${PICTURE_MAX_LENGTH} characters` }

/** Joiners belong to the spelling of names in several scripts, such as Persian, Sinhala and Malayalam. */
const JOINER_IN_WORD = /([\p{L}\p{M}])[\u200c\u200d](?=\p{L})/gu

/** Selectors, joiners and tags also belong to many emoji, such as ❤️, 👩‍💻 and the flag of Wales. */
const EMOJI = /\p{RGI_Emoji}/gv

/** Emoji that some systems spell without a selector. */
const UNQUALIFIED_EMOJI =
  /(\p{Extended_Pictographic}\p{Emoji_Modifier}?)\ufe0f?(?:\u200d(?=\p{Extended_Pictographic}))?/gu

/** Checks a name: one line of visible text. */
export function checkName(given: unknown): Checked {
  return checkLine(given, NAME_MAX_LENGTH)
}

/**
 * Checks one line of visible text. Spaces around it are removed, and those in it become U+0020.
 *
 * @param maxLength - In Unicode code points.
 */
export function checkLine(given: unknown, maxLength: number): Checked {
  const tooLong = { problem: `has more than ${maxLength} characters` }
  if (typeof given !== 'string') return NOT_TEXT
  // Normalizing long text takes quadratic time.
  if (given.length > 10 * maxLength) return tooLong
  const line = given
    .normalize('NFC')
    .replace(/\p{Zs}+/gu, ' ')
    .replace(/^ | $/g, '')
  const withoutJoined = line.replace(JOINER_IN_WORD, '$1').replace(EMOJI, '').replace(UNQUALIFIED_EMOJI, '$1')
  const character = findInvisible(withoutJoined)
  if (character !== null) return { problem: `contains ${character}, an invisible character` }
  if (line === '') return { problem: 'is empty' }
  return [...line].length > maxLength ? tooLong : { value: line }
}

/** Characters that are allowed in URLs, but end an attribute or a `url()` in an application that forgets to escape them. */
const ESCAPES: Readonly<Record<string, string>> = { "'": '%27', '(': '%28', ')': '%29' }

/**
 * Checks a picture: an absolute https URL, which browsers load as it is. It is stored in its normalized form, with
 * special characters escaped.
 *
 * @param details - `allowsHttp`: accept http too.
 */
export function checkPicture(given: unknown, { allowsHttp }: { allowsHttp: boolean }): Checked {
  if (typeof given !== 'string') return NOT_TEXT
  if (given.length > PICTURE_MAX_LENGTH) return PICTURE_TOO_LONG
  // The parser would drop line breaks, and read `https:example.com` and `https:\\example.com` as absolute URLs.
  const isAbsolute = (allowsHttp ? /^https?:\/\/[^/\\]/i : /^https:\/\/[^/\\]/i).test(given)
  const url =
    isAbsolute && trimInvisible(given) === given && findInvisible(given) === null ? URL.parse(given) : null
  if (url === null) return { problem: 'is not an absolute https URL' }
  if (url.username !== '' || url.password !== '') return { problem: 'contains a user name or a password' }
  if (url.href.length > PICTURE_MAX_LENGTH) return PICTURE_TOO_LONG
  return { value: url.href.replace(/['()]/g, (character) => ESCAPES[character] as string) }
}

/** In production, a picture over http would be mixed content, which browsers block. */
export function allowsHttpPictures({ mode }: Pick<Options, 'mode'>): boolean {
  return mode !== 'production'
}

const LANGUAGE_TAG = /^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,3}$/

/** Checks a language tag (RFC 5646), such as `en` or `fr-CA`. */
export function checkLocale(given: unknown): Checked {
  if (typeof given !== 'string') return NOT_TEXT
  return LANGUAGE_TAG.test(given)
    ? { value: given }
    : { problem: 'is not a language tag such as en or fr-CA' }
}

/**
 * Checks metadata: a JSON object, which the schema accepts if there is one. What the schema returns is stored, so it
 * can fill in defaults and remove unknown members.
 */
export async function checkMetadata(
  given: unknown,
  schema: StandardSchema | undefined,
): Promise<Checked<string | null>> {
  const checked = checkObject(given)
  if (schema === undefined || 'problem' in checked) return emptyAsNull(checked)
  // A copy, so that no other code can change it during the check.
  const result = await schema['~standard'].validate(JSON.parse(checked.value))
  if (result.issues !== undefined) return refusedBySchema(result.issues)
  return checkJson(result.value)
}

function emptyAsNull(checked: Checked): Checked<string | null> {
  return 'value' in checked && checked.value === '{}' ? { value: null } : checked
}

class JsonProblem extends Error {}

/** Checks a JSON object, without a schema. An empty one is stored as null. */
export function checkJson(given: unknown): Checked<string | null> {
  return emptyAsNull(checkObject(given))
}

function checkObject(given: unknown): Checked {
  try {
    if (!isPlainObject(given)) throw new JsonProblem('is not a JSON object')
    const value = JSON.stringify(copyOf(given, METADATA_MAX_DEPTH))
    return Buffer.byteLength(value) <= METADATA_MAX_BYTES
      ? { value }
      : { problem: `has more than ${METADATA_MAX_BYTES} bytes as JSON` }
  } catch (error) {
    if (error instanceof JsonProblem) return { problem: error.message }
    throw error
  }
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Code that merges objects would write members of these names into the prototype of all objects. */
const UNSAFE_NAMES = new Set(['__proto__', 'constructor', 'prototype'])

/** A copy that contains only JSON values. As in `JSON.stringify`, members that are `undefined` are left out. */
function copyOf(value: unknown, depth: number): JsonValue {
  if (typeof value === 'string' && value.isWellFormed()) return value
  if (value === null || typeof value === 'boolean' || Number.isFinite(value)) return value as JsonValue
  if (depth === 0) throw new JsonProblem(`is nested more than ${METADATA_MAX_DEPTH} levels deep`)
  if (Array.isArray(value)) return Array.from(value, (item: unknown) => copyOf(item, depth - 1))
  if (!isPlainObject(value)) throw new JsonProblem('contains a value that JSON cannot express')
  const copy: Record<string, JsonValue> = {}
  for (const [name, member] of Object.entries(value)) {
    if (UNSAFE_NAMES.has(name)) throw new JsonProblem(`has a member ${name}, which is not allowed`)
    if (!name.isWellFormed()) throw new JsonProblem('contains a name that is not well-formed Unicode')
    if (member !== undefined) copy[name] = copyOf(member, depth - 1)
  }
  return copy
}

const PROBLEM_MAX_LENGTH = 300

function refusedBySchema([issue]: readonly StandardIssue[]): Checked<never> {
  const path = (issue?.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part))
  const where = path.length === 0 ? '' : ` at ${path.join('.')}`
  const problem = `is refused by the schema${where}: ${issue?.message ?? 'no reason given'}`
  return { problem: problem.slice(0, PROBLEM_MAX_LENGTH), member: path[0] }
}

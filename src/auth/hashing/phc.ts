/** Password hashes in the PHC string format: https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md */
import type { Unreadable } from './reading.ts'

/** `$id$v=version$name=value,…$salt$key` */
export interface PhcString {
  readonly id: string
  readonly version: number | null
  /** Each name once, in any order: node-argon2 and AdonisJS do not write them in the order of the specification. */
  readonly parameters: ReadonlyMap<string, string>
  readonly salt: Buffer
  readonly key: Buffer
}

interface ParameterNames {
  readonly required: readonly string[]
  readonly optional?: readonly string[]
}

// Its base64 is without padding. Some programs write the padding all the same.
const BASE64 = '(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?'
const FORM = new RegExp(
  `^\\$([a-z0-9-]{1,32})(?:\\$v=(\\d{1,10}))?(?:\\$([a-z0-9-]{1,32}=[^$]+))?\\$(${BASE64})\\$(${BASE64})$`,
)
const PARAMETER = /^([a-z0-9-]{1,32})=([A-Za-z0-9/+.-]+={0,2})$/
const BASE64_ALONE = new RegExp(`^${BASE64}$`)

/** Longer text is not one of these hashes: most of the room is for the `data` of argon2. */
const MAX_LENGTH = 1_024
/** A shorter key could be guessed, a longer one is not written by anything. In bytes, like the salt. */
const MIN_KEY = 16
const MAX_KEY = 64
const MIN_SALT = 4
const MAX_SALT = 64

/**
 * Reads the hash of one family.
 *
 * @param ids - The identifiers of the family.
 * @returns `null` for text of another family or form, and a problem where the parameters are not those of this one.
 */
export function readPhc(
  text: string,
  ids: RegExp,
  { required, optional = [] }: ParameterNames,
): PhcString | Unreadable | null {
  if (text.length > MAX_LENGTH) return null
  const [, id = '', version, list, saltText = '', keyText = ''] = FORM.exec(text) ?? []
  if (!ids.test(id)) return null
  const [salt, key] = [Buffer.from(saltText, 'base64'), Buffer.from(keyText, 'base64')]
  if (salt.length < MIN_SALT || salt.length > MAX_SALT) return null
  if (key.length < MIN_KEY || key.length > MAX_KEY) return null
  const parameters = new Map<string, string>()
  for (const parameter of list?.split(',') ?? []) {
    const [, name = '', value = ''] = PARAMETER.exec(parameter) ?? []
    if (name === '') return { problem: 'has parameters that are not written as name=value' }
    if (parameters.has(name)) return { problem: `has the parameter ${name} twice` }
    if (!required.includes(name) && !optional.includes(name))
      return { problem: `has the parameter ${name}, which is not known for its algorithm` }
    parameters.set(name, value)
  }
  const missing = required.find((name) => !parameters.has(name))
  if (missing !== undefined) return { problem: `lacks the parameter ${missing}` }
  return { id, version: version === undefined ? null : Number(version), parameters, salt, key }
}

/** A whole number, as the specification writes them: without zeros in front. `NaN` for other text. */
export function wholeNumber(value: string | undefined): number {
  return value !== undefined && /^(?:0|[1-9]\d{0,9})$/.test(value) ? Number(value) : Number.NaN
}

/** The bytes of a parameter in base64, or `null` for other text. */
export function bytesOf(value: string): Buffer | null {
  return BASE64_ALONE.test(value) ? Buffer.from(value, 'base64') : null
}

/** Password hashes in the PHC string format: https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md */
import type { Unreadable } from './reading.ts'

/** `$id$v=version$name=value,…$salt$key` */
export interface PhcString {
  readonly id: string
  readonly version: number | null
  /** By name, in any order: node-argon2 and AdonisJS do not follow the order of the specification. */
  readonly parameters: ReadonlyMap<string, string>
  readonly salt: Buffer
  readonly key: Buffer
}

interface ParameterNames {
  readonly required: readonly string[]
  readonly optional?: readonly string[]
}

const VERSION = /^v=(\d{1,10})$/
const PARAMETERS = /^[a-z0-9-]{1,32}=/
const PARAMETER = /^([a-z0-9-]{1,32})=([A-Za-z0-9/+.-]+={0,2})$/
// The specification omits the padding of base64, but some software writes it.
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/

/** Longer text is not a hash. The parameter `data` of argon2 needs most of this length. */
export const MAX_LENGTH = 1_024
/** In bytes. A shorter key could be guessed. */
export const MIN_KEY = 16

/**
 * Reads a hash of one family of algorithms.
 *
 * @param ids - Matches the identifiers of the family.
 * @returns `null` if the text is not a PHC string of this family. A problem if its parameters do not fit the algorithm.
 */
export function readPhc(
  text: string,
  ids: RegExp,
  { required, optional = [] }: ParameterNames,
): PhcString | Unreadable | null {
  if (text.length > MAX_LENGTH) return null
  const [before, id = '', ...fields] = text.split('$')
  if (before !== '' || !ids.test(id)) return null
  const [, version] = VERSION.exec(fields[0] ?? '') ?? []
  if (version !== undefined) fields.shift()
  const list = PARAMETERS.test(fields[0] ?? '') && fields.length === 3 ? fields.shift() : undefined
  const [salt, key, ...others] = fields.map(bytesOf)
  if (!salt || !key || others.length > 0 || key.length < MIN_KEY) return null
  const parameters = new Map<string, string>()
  for (const parameter of list?.split(',') ?? []) {
    const [, name = '', value = ''] = PARAMETER.exec(parameter) ?? []
    if (name === '') return { problem: 'has parameters that are not written as name=value' }
    if (parameters.has(name)) return { problem: `has the parameter ${name} twice` }
    if (!required.includes(name) && !optional.includes(name))
      return { problem: `has the parameter ${name}, which its algorithm does not have` }
    parameters.set(name, value)
  }
  const missing = required.find((name) => !parameters.has(name))
  if (missing !== undefined) return { problem: `lacks the parameter ${missing}` }
  return { id, version: version === undefined ? null : Number(version), parameters, salt, key }
}

/** Parses a decimal number without leading zeros, as the specification writes it. `NaN` for other text. */
export function wholeNumber(value: string | undefined): number {
  return value !== undefined && /^(?:0|[1-9]\d{0,9})$/.test(value) ? Number(value) : Number.NaN
}

/** Decodes base64. `null` for other text. */
export function bytesOf(value: string): Buffer | null {
  return BASE64.test(value) ? Buffer.from(value, 'base64') : null
}

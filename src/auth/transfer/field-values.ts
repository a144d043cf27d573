/** The values of imported fields. Text is accepted for numbers and booleans, because CSV has only text. */
import { readTimestamp } from './timestamp.ts'

/** The longest name of a field. Messages repeat only this much of an unknown name. */
export const NAME_MAX_LENGTH = 64

/** What is wrong with a field. The message contains the name of the field, but not its value. */
export class FieldProblem extends Error {
  constructor(field: string, problem: string) {
    super(`${field.slice(0, NAME_MAX_LENGTH)}: ${problem}`)
  }
}

/** The fields that an import contains, by name. */
export type Given = ReadonlyMap<string, unknown>

/** Reads a value, or throws a {@link FieldProblem}. */
export type Parse<Value> = (value: unknown, field: string) => Value

/** A field, or `null` if it is not given. */
export function parsed<Value>(given: Given, field: string, parse: Parse<Value>): Value | null {
  return given.has(field) ? parse(given.get(field), field) : null
}

/** Well-formed text without zero bytes, which PostgreSQL refuses. */
export function text(value: unknown, field: string): string {
  if (typeof value === 'string' && value.isWellFormed() && !value.includes('\0')) return value
  throw new FieldProblem(field, 'is not text')
}

/** A positive 32-bit integer, the range of the columns in both dialects. There must be one after it for the next account or password. */
export function number(value: unknown, field: string): number {
  const count = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value
  if (typeof count === 'number' && Number.isInteger(count) && count >= 1 && count < 0x7fffffff) return count
  throw new FieldProblem(field, 'is not a whole number from 1 to 2147483646')
}

/** The words that PostgreSQL reads as a boolean, in any case. */
const TRUE = /^(?:true|t|yes|y|on|1)$/i
const FALSE = /^(?:false|f|no|n|off|0)$/i

export function boolean(value: unknown, field: string): boolean {
  if (typeof value === 'boolean') return value
  const word = typeof value === 'string' || typeof value === 'number' ? String(value) : ''
  if (TRUE.test(word)) return true
  if (FALSE.test(word)) return false
  throw new FieldProblem(field, 'is not a boolean: write true or false')
}

export function time(value: unknown, field: string): Date {
  const read = readTimestamp(value)
  if ('problem' in read) throw new FieldProblem(field, read.problem)
  return read
}

/** One item of a list, and its name: `passkeys[0]`. */
export interface Item {
  readonly value: unknown
  readonly field: string
}

/** The items of a list. In CSV, the list is JSON text. */
export function listOf(
  value: unknown,
  field: string,
  { max, what }: { readonly max: number; readonly what: string },
): readonly Item[] {
  const list = typeof value === 'string' ? parsedJson(value) : value
  if (!Array.isArray(list)) throw new FieldProblem(field, 'is not a list')
  if (list.length > max) throw new FieldProblem(field, `has more than ${max} ${what}`)
  return list.map((item, index) => ({ value: item, field: `${field}[${index}]` }))
}

function parsedJson(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return null
  }
}

/** Reads a member of an object. Without `missing`, it must be there. */
type ReadMember<Name extends string> = <Value>(name: Name, parse: Parse<Value>, missing?: Value) => Value

/**
 * The members of an object in a list.
 *
 * @param expected - `names`: every member that it can have; `what`: what it is, for messages.
 */
export function membersOf<Name extends string>(
  object: unknown,
  at: string,
  { names, what }: { readonly names: readonly Name[]; readonly what: string },
): ReadMember<Name> {
  if (typeof object !== 'object' || object === null || Array.isArray(object))
    throw new FieldProblem(at, 'is not an object')
  const unknown = Object.keys(object).find((name) => !(names as readonly string[]).includes(name))
  if (unknown !== undefined) throw new FieldProblem(`${at}.${unknown}`, `is not a field of ${what}`)
  const members = object as Readonly<Record<string, unknown>>
  return (name, parse, missing) => {
    const value = members[name] ?? null
    if (value !== null) return parse(value, `${at}.${name}`)
    if (missing !== undefined) return missing
    throw new FieldProblem(`${at}.${name}`, 'is missing')
  }
}

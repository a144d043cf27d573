import { OptionError } from '../errors.ts'
import { findInvisible, trimInvisible } from '../lib/invisible.ts'
import type { Row, Value } from './row.ts'

type CheckedRow = Pick<Row, 'kind' | 'parse' | 'list' | 'words'>

/**
 * A value as an environment variable or a flag spells it.
 *
 * @throws {OptionError} The text does not spell a value of this kind.
 */
export function readValue(name: string, row: CheckedRow, text: string): Value {
  const { kind } = row
  const word = trimInvisible(text)
  if (kind.type === 'integer') return checked(name, row, /^\d{1,15}$/.test(word) ? Number(word) : text)
  if (kind.type === 'switch') return checked(name, row, word === 'on' ? true : word === 'off' ? false : text)
  return checked(name, row, text)
}

/** The value, if the row allows it. @throws {OptionError} */
export function checked(name: string, row: CheckedRow, given: unknown): Value {
  const { kind, parse } = row
  const value = typeof given === 'string' ? withoutInvisible(name, row, given) : given
  switch (kind.type) {
    case 'integer':
      if (Number.isSafeInteger(value) && (value as number) >= kind.min && (value as number) <= kind.max) {
        return value as number
      }
      throw new OptionError(name, `expected a whole number from ${kind.min} to ${kind.max} (${kind.unit})`)
    case 'switch':
      if (typeof value === 'boolean') return value
      throw new OptionError(name, 'expected on or off')
    case 'choice':
      if (typeof value === 'string' && kind.of.includes(value)) return value
      throw new OptionError(name, `expected one of ${kind.of.join(', ')}`)
    case 'text':
      if (typeof value !== 'string' || value === '') throw new OptionError(name, 'expected text')
      parse?.(value)
      return value
  }
}

/** The text without the invisible characters around it. @throws {OptionError} There is one inside. */
function withoutInvisible(name: string, { list, words }: CheckedRow, text: string): string {
  const trimmed = list ? text.split(',').map(trimInvisible).join(',') : trimInvisible(text)
  const character = words ? null : findInvisible(trimmed)
  if (character !== null)
    throw new OptionError(name, `contains ${character}, an invisible character; remove it`)
  return trimmed
}

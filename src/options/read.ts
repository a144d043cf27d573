import { findInvisible, trimInvisible } from '../lib/invisible.ts'
import { OptionError } from '../model/errors.ts'
import type { Setting, Value } from './setting.ts'

type CheckedSetting = Pick<Setting, 'kind' | 'parse' | 'list' | 'words'>

/**
 * Parses the text of an environment variable or a flag.
 *
 * @throws {OptionError} The text is not a valid value.
 */
export function readValue(name: string, setting: CheckedSetting, text: string): Value {
  const { kind } = setting
  const word = trimInvisible(text)
  if (kind.type === 'integer') return checked(name, setting, /^\d{1,15}$/.test(word) ? Number(word) : text)
  if (kind.type === 'switch')
    return checked(name, setting, word === 'on' ? true : word === 'off' ? false : text)
  return checked(name, setting, text)
}

/** Returns the value if it is valid. @throws {OptionError} */
export function checked(name: string, setting: CheckedSetting, given: unknown): Value {
  const { kind, parse } = setting
  const text = setting.list && isListOfText(given) ? given.join(',') : given
  // An empty list is the same as no list.
  if (text === '' && given !== text) return text
  const value = typeof text === 'string' ? withoutInvisible(name, setting, text) : text
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
      refusing(name, () => parse?.(value))
      return value
  }
}

/** Runs a parser, whose error may not name the option. @throws {OptionError} */
function refusing(name: string, parse: () => unknown): void {
  try {
    parse()
  } catch (error) {
    throw error instanceof OptionError ? error : new OptionError(name, (error as Error).message)
  }
}

/** Whether the value is an array of texts that cannot be confused with more than one entry. */
function isListOfText(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string' && !entry.includes(','))
}

/** Removes invisible characters around the text. @throws {OptionError} The text contains one inside. */
function withoutInvisible(name: string, { list, words }: CheckedSetting, text: string): string {
  const trimmed = list ? text.split(',').map(trimInvisible).join(',') : trimInvisible(text)
  const character = words ? null : findInvisible(trimmed)
  if (character !== null)
    throw new OptionError(name, `contains ${character}, an invisible character; remove it`)
  return trimmed
}

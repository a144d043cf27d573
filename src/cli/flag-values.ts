/** Parsers for the values of flags. */
import { UsageError } from './command.ts'

/** `--limit`: the maximum number of entries; 0 means no limit. @throws {UsageError} */
export function limitOf(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new UsageError('--limit must be a whole number. Use 0 for no limit.')
  return Number(text) || Number.POSITIVE_INFINITY
}

/** `--since`: a date or a point in time. @throws {UsageError} */
export function sinceOf(text: string): Date {
  const time = new Date(text)
  if (!/^\d{4}-\d\d-\d\d/.test(text) || Number.isNaN(time.getTime()))
    throw new UsageError('--since must be a date or a time, such as 2026-11-21 or 2026-11-21T12:00:00Z.')
  return time
}

/** One of a few words. @param name - What the error names, such as `--state`. @throws {UsageError} */
export function oneOf<Word extends string>(name: string, words: readonly Word[], text: string): Word {
  const found = words.find((word) => word === text)
  if (found === undefined) throw new UsageError(`${name} must be one of ${words.join(', ')}.`)
  return found
}

/**
 * Timestamps of other software: RFC 3339, and ISO 8601 as PostgreSQL, MySQL, SQLite, Go, Java, JavaScript, .NET, Python
 * and Ruby print it.
 */

// Java omits seconds that are zero. ISO 8601 allows a comma before the fraction.
const FORM = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?(.*)/is
// PostgreSQL writes +05, and +05:53:28 for historic local times. Go appends the abbreviation of the zone and its
// monotonic clock (`+0100 CET m=+0.0012`), Java and RFC 9557 the name of the zone (`+01:00[Europe/Paris]`). These are
// ignored. An abbreviation has at least three letters, because PostgreSQL writes BC in the same place.
const OFFSET =
  /^ ?([+-])(\d\d)(?::?(\d\d)(?::?(\d\d))?)?(?: (?:[A-Z]{3,5}|[+-]\d{2,4}))?(?: m=[+-]\d+\.\d+)?(?:\[[\w+/-]{1,64}\])?$/i
const UTC = /^(?: ?(?:Z|UTC|GMT)(?:\[[\w+/-]{1,64}\])?)?$/i

/** Smaller numbers are probably seconds: as milliseconds they would be before March 1973. */
const MILLISECONDS_MIN = 100_000_000_000
/** The last millisecond with a year of four digits. */
const LATEST = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

/**
 * Parses a date with a time, or a number of milliseconds since 1970. Without an offset the time is UTC. Digits after
 * the millisecond are dropped. A date or time that does not exist is refused, never carried over to the next day.
 *
 * @returns The time, or what is wrong and how to write it instead.
 */
export function readTimestamp(value: unknown): Date | Problem {
  if (typeof value === 'number') return ofNumber(value)
  if (typeof value !== 'string') return NO_TIMESTAMP
  return /^\d{1,16}$/.test(value) ? ofNumber(Number(value)) : ofText(value)
}

interface Problem {
  readonly problem: string
}

const NO_TIMESTAMP: Problem = {
  problem: 'is not a timestamp: write it as 2026-11-21T12:00:00Z, or in milliseconds since 1970',
}
const OUT_OF_RANGE: Problem = {
  problem: 'is not between the years 1970 and 9999; leave it empty if it is not known',
}
const NO_SUCH_DAY: Problem = {
  problem: 'has a day that does not exist; leave it empty if it is not known',
}
const NO_SUCH_TIME: Problem = {
  problem: 'has a time that does not exist: hours go from 00 to 23, minutes and seconds from 00 to 59',
}
const NO_SUCH_OFFSET: Problem = { problem: 'has an offset that does not exist: write it as +01:00' }
const SECONDS: Problem = {
  problem: 'is a number of seconds rather than milliseconds since 1970: multiply it by 1,000',
}

function ofNumber(milliseconds: number): Date | Problem {
  if (!Number.isInteger(milliseconds)) return NO_TIMESTAMP
  if (milliseconds >= 0 && milliseconds < MILLISECONDS_MIN) return SECONDS
  return ofMoment(milliseconds)
}

function ofText(text: string): Date | Problem {
  const match = FORM.exec(text)
  if (match === null) return NO_TIMESTAMP
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((digits = '0') => Number(digits))
  const [fraction = '', zone = ''] = match.slice(7)
  const offset = offsetOf(zone)
  if (typeof offset !== 'number') return offset
  if (month < 1 || month > 12 || day < 1 || day > daysOf(year, month)) return NO_SUCH_DAY
  if (hour > 23 || minute > 59 || second > 59) return NO_SUCH_TIME
  // `Date.UTC` maps the years 0 to 99 to 1900 to 1999.
  if (year < 1969) return OUT_OF_RANGE
  const milliseconds = Number(fraction.slice(0, 3).padEnd(3, '0'))
  return ofMoment(Date.UTC(year, month - 1, day, hour, minute, second, milliseconds) - offset)
}

/** The offset of a zone from UTC, in milliseconds. */
function offsetOf(zone: string): number | Problem {
  if (UTC.test(zone)) return 0
  const match = OFFSET.exec(zone)
  if (match === null) return NO_TIMESTAMP
  const [hours = 0, minutes = 0, seconds = 0] = match.slice(2).map((digits = '0') => Number(digits))
  if (hours > 23 || minutes > 59 || seconds > 59) return NO_SUCH_OFFSET
  return ((hours * 60 + minutes) * 60 + seconds) * (match[1] === '-' ? -1_000 : 1_000)
}

function ofMoment(milliseconds: number): Date | Problem {
  return milliseconds >= 0 && milliseconds <= LATEST ? new Date(milliseconds) : OUT_OF_RANGE
}

function daysOf(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

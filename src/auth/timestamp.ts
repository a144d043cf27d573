/**
 * Timestamps as other software writes them: RFC 3339, and ISO 8601 as PostgreSQL, MySQL, SQLite, Go, Java, JavaScript,
 * .NET, Python and Ruby print it.
 */

const DATE = '(?<year>\\d{4})-(?<month>\\d\\d)-(?<day>\\d\\d)'
// Java leaves out seconds that are zero. ISO 8601 allows a comma before the fraction.
const TIME = '(?<hour>\\d\\d):(?<minute>\\d\\d)(?::(?<second>\\d\\d)(?:[.,](?<fraction>\\d+))?)?'
// PostgreSQL writes +05, and +05:53:28 for the local times of long ago.
const OFFSET =
  '(?<sign>[+-])(?<offsetHour>\\d\\d)(?::?(?<offsetMinute>\\d\\d)(?::?(?<offsetSecond>\\d\\d))?)?'
// What may follow the offset adds nothing to it: the abbreviation of the zone and the monotonic clock of Go
// (`+0100 CET m=+0.0012`), or the name of the zone of Java and RFC 9557 (`+01:00[Europe/Paris]`). An abbreviation has
// three letters or more: PostgreSQL writes BC there too.
const GO_ZONE = '(?: (?:[A-Z]{3,5}|[+-]\\d{2,4}))?(?: m=[+-]\\d+\\.\\d+)?'
const ZONE_NAME = '(?:\\[[A-Z0-9_+/-]{1,64}\\])?'
const FORM = new RegExp(`^${DATE}[T ]${TIME}(?: ?(?:Z|UTC|GMT|${OFFSET}${GO_ZONE})${ZONE_NAME})?$`, 'i')

/** Numbers below this are more likely seconds: as milliseconds they would end in March 1973. */
const MILLISECONDS_MIN = 100_000_000_000
/** The last millisecond with a year of four digits. */
const LATEST = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

/**
 * Reads a date with a time, or a number of milliseconds since 1970. Without an offset the time is UTC. Digits after the
 * millisecond are dropped. A date or time that does not exist is refused, never carried over into the next day.
 *
 * @returns The moment, or what is wrong and how to write it instead.
 */
export function readTimestamp(value: unknown): Date | { readonly problem: string } {
  if (typeof value === 'number' || (typeof value === 'string' && /^\d{1,16}$/.test(value)))
    return ofNumber(Number(value))
  const parts = typeof value === 'string' ? FORM.exec(value)?.groups : undefined
  return parts === undefined ? NO_TIMESTAMP : ofParts(parts)
}

const NO_TIMESTAMP = {
  problem: 'is not a timestamp: write it as 2026-11-21T12:00:00Z, or in milliseconds since 1970',
}
const OUT_OF_RANGE = {
  problem: 'is not between the years 1970 and 9999; leave it empty if it is not known',
}
const NO_SUCH_DAY = { problem: 'has a day that does not exist; leave it empty if it is not known' }
const NO_SUCH_TIME = {
  problem: 'has a time that does not exist: hours go from 00 to 23, minutes and seconds from 00 to 59',
}
const NO_SUCH_OFFSET = { problem: 'has an offset that does not exist: write it as +01:00' }
const SECONDS = {
  problem: 'is a number of seconds rather than milliseconds since 1970: multiply it by 1,000',
}

function ofNumber(milliseconds: number) {
  if (!Number.isInteger(milliseconds)) return NO_TIMESTAMP
  if (milliseconds >= 0 && milliseconds < MILLISECONDS_MIN) return SECONDS
  return ofMoment(milliseconds)
}

function ofParts(parts: Partial<Record<string, string>>) {
  const number = (name: string) => Number(parts[name] ?? 0)
  const [year, month, day] = [number('year'), number('month'), number('day')]
  const [hour, minute, second] = [number('hour'), number('minute'), number('second')]
  if (month < 1 || month > 12 || day < 1 || day > daysOf(year, month)) return NO_SUCH_DAY
  if (hour > 23 || minute > 59 || second > 59) return NO_SUCH_TIME
  const offset = [number('offsetHour'), number('offsetMinute'), number('offsetSecond')] as const
  if (offset[0] > 23 || offset[1] > 59 || offset[2] > 59) return NO_SUCH_OFFSET
  // `Date.UTC` takes the years 0 to 99 for those of the last century.
  if (year < 1969) return OUT_OF_RANGE
  const milliseconds = Number((parts.fraction ?? '').slice(0, 3).padEnd(3, '0'))
  const local = Date.UTC(year, month - 1, day, hour, minute, second, milliseconds)
  const ahead = ((offset[0] * 60 + offset[1]) * 60 + offset[2]) * 1_000
  return ofMoment(parts.sign === '-' ? local + ahead : local - ahead)
}

function ofMoment(milliseconds: number) {
  return milliseconds >= 0 && milliseconds <= LATEST ? new Date(milliseconds) : OUT_OF_RANGE
}

function daysOf(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

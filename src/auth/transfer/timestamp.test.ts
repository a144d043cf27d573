import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readTimestamp } from './timestamp.ts'

function momentOf(value: unknown): string {
  const read = readTimestamp(value)
  return 'problem' in read ? expect.unreachable(read.problem) : read.toISOString()
}

describe('a timestamp', () => {
  it.each([
    // PostgreSQL: COPY and --csv of timestamptz, to_json, a time zone before 1906, timestamp without time zone
    ['2026-01-02 10:11:13.37+00', '2026-01-02T10:11:13.370Z'],
    ['2026-01-02 10:11:13+00', '2026-01-02T10:11:13.000Z'],
    ['2026-01-02 10:11:13.123456-03:30', '2026-01-02T13:41:13.123Z'],
    ['2026-01-02T10:11:13.5+05:30', '2026-01-02T04:41:13.500Z'],
    ['2026-01-02 10:11:13+05:53:28', '2026-01-02T04:17:45.000Z'],
    ['2026-01-02 10:11:13+00:00:00', '2026-01-02T10:11:13.000Z'],
    ['2026-01-02 10:11:13.1', '2026-01-02T10:11:13.100Z'],
    // MySQL and SQLite
    ['2026-01-02 10:11:13', '2026-01-02T10:11:13.000Z'],
    ['2026-01-02 10:11:13.000000', '2026-01-02T10:11:13.000Z'],
    // Go: MarshalJSON drops trailing zeros; String
    ['2026-01-02T10:11:13.37Z', '2026-01-02T10:11:13.370Z'],
    ['2026-01-02T10:11:13.123456789Z', '2026-01-02T10:11:13.123Z'],
    ['2026-01-02 10:11:13.5 +0000 UTC', '2026-01-02T10:11:13.500Z'],
    ['2026-01-02 10:11:13 -0700 MST', '2026-01-02T17:11:13.000Z'],
    ['2026-01-02 10:11:13 +0300 +03', '2026-01-02T07:11:13.000Z'],
    ['2026-01-02 10:11:13.5 +0100 CET m=+0.000012345', '2026-01-02T09:11:13.500Z'],
    // Python: isoformat and str, aware and naive
    ['2026-01-02T10:11:13.123456+00:00', '2026-01-02T10:11:13.123Z'],
    ['2026-01-02T10:11:13', '2026-01-02T10:11:13.000Z'],
    // Java: OffsetDateTime, ZonedDateTime, java.sql.Timestamp
    ['2026-01-02T10:11Z', '2026-01-02T10:11:00.000Z'],
    ['2026-01-02T10:11:13+01:00[Europe/Paris]', '2026-01-02T09:11:13.000Z'],
    ['2026-01-02T10:11:13Z[UTC]', '2026-01-02T10:11:13.000Z'],
    ['2026-01-02 10:11:13.0', '2026-01-02T10:11:13.000Z'],
    // Ruby: Time#to_s
    ['2026-01-02 10:11:13 UTC', '2026-01-02T10:11:13.000Z'],
    ['2026-01-02 10:11:13 +0000', '2026-01-02T10:11:13.000Z'],
    ['2026-01-02 10:11:13 -0500', '2026-01-02T15:11:13.000Z'],
    // .NET, JavaScript, RFC 3339 in lower case, ISO 8601 with a comma
    ['2026-01-02T10:11:13.1234567Z', '2026-01-02T10:11:13.123Z'],
    [`2026-01-02T10:11:13.${'9'.repeat(100)}Z`, '2026-01-02T10:11:13.999Z'],
    ['2026-01-02T10:11:13.678Z', '2026-01-02T10:11:13.678Z'],
    ['2026-01-02t10:11:13z', '2026-01-02T10:11:13.000Z'],
    ['2026-01-02T10:11:13,37Z', '2026-01-02T10:11:13.370Z'],
    ['2026-01-02T10:11:13-00:00', '2026-01-02T10:11:13.000Z'],
    ['2026-01-02T10:11:13+0530', '2026-01-02T04:41:13.000Z'],
    ['2026-01-02T10:11:13+23:59', '2026-01-01T10:12:13.000Z'],
    // The ends of what is read, and days that only some years have
    ['1970-01-01T00:00:00Z', '1970-01-01T00:00:00.000Z'],
    ['1969-12-31T23:00:00-01:00', '1970-01-01T00:00:00.000Z'],
    ['9999-12-31T23:59:59.9999Z', '9999-12-31T23:59:59.999Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
    ['2000-02-29T00:00:00Z', '2000-02-29T00:00:00.000Z'],
    [1_577_934_245_678, '2020-01-02T03:04:05.678Z'],
    ['1577934245678', '2020-01-02T03:04:05.678Z'],
  ])('may be written %s', (given, moment) => {
    expect(momentOf(given)).toBe(moment)
  })

  it.each<[given: unknown, problem: RegExp]>([
    ['yesterday', /^is not a timestamp: write it as/],
    ['infinity', /^is not a timestamp/],
    ['2026-01-02', /^is not a timestamp/],
    ['20260102T101113Z', /^is not a timestamp/],
    ['2026-1-2 10:11:13', /^is not a timestamp/],
    ['02/01/2026 10:11:13', /^is not a timestamp/],
    ['2026-01-02T10:11:13 CET', /^is not a timestamp/],
    ['2026-01-02T10:11:13 Europe/Paris', /^is not a timestamp/],
    ['2026-01-02T10:11:13[Europe/Paris]', /^is not a timestamp/],
    ['2026-01-02T10:11:13.Z', /^is not a timestamp/],
    ['2026-01-02T10:11:13+1', /^is not a timestamp/],
    ['2026-01-02T10:11:13Z\n', /^is not a timestamp/],
    ['0044-03-15 12:00:00+00 BC', /^is not a timestamp/],
    ['+012026-01-02T10:11:13Z', /^is not a timestamp/],
    ['2026-01-02 10:11:13+00 BC', /^is not a timestamp/],
    [true, /^is not a timestamp/],
    [{ $date: '2026-01-02T10:11:13Z' }, /^is not a timestamp/],
    [1_577_934_245_678.5, /^is not a timestamp/],
    ['2026-02-29T00:00:00Z', /^has a day that does not exist/],
    ['2100-02-29T00:00:00Z', /^has a day that does not exist/],
    ['2026-02-30T00:00:00Z', /^has a day that does not exist/],
    ['2026-04-31T00:00:00Z', /^has a day that does not exist/],
    ['2026-13-01T00:00:00Z', /^has a day that does not exist/],
    ['2026-00-10T00:00:00Z', /^has a day that does not exist/],
    ['0000-00-00 00:00:00', /^has a day that does not exist; leave it empty if it is not known$/],
    ['2026-01-02T24:00:00Z', /^has a time that does not exist/],
    ['2026-01-02T25:04:05Z', /^has a time that does not exist/],
    ['2026-01-02T23:60:00Z', /^has a time that does not exist/],
    ['2016-12-31T23:59:60Z', /^has a time that does not exist: .+ seconds from 00 to 59$/],
    ['2026-01-02T10:11:13+24:00', /^has an offset that does not exist/],
    ['2026-01-02T10:11:13+05:60', /^has an offset that does not exist/],
    ['1969-12-31T23:59:59Z', /^is not between the years 1970 and 9999/],
    ['1970-01-01T00:30:00+01:00', /^is not between the years 1970 and 9999/],
    ['9999-12-31T23:59:59-01:00', /^is not between the years 1970 and 9999/],
    ['0001-01-01T00:00:00Z', /^is not between the years 1970 and 9999; leave it empty/],
    ['0071-01-01T00:00:00Z', /^is not between the years 1970 and 9999/],
    [1e300, /^is not between the years 1970 and 9999/],
    [-1, /^is not between the years 1970 and 9999/],
    [1_577_934_245, /^is a number of seconds .+ multiply it by 1,000$/],
    ['1577934245', /^is a number of seconds/],
  ])('may not be written %s', (given, problem) => {
    const read = readTimestamp(given)
    expect('problem' in read ? read.problem : read).toMatch(problem)
  })

  it('is the moment that Date knows, however it is spelled', () => {
    const two = (value: number) => String(value).padStart(2, '0')
    const moment = fc.date({
      min: new Date('1970-01-03T00:00:00Z'),
      max: new Date('9999-12-29T00:00:00Z'),
      noInvalidDate: true,
    })
    const offset = fc.integer({ min: -18 * 60, max: 18 * 60 })
    const style = fc.record({
      between: fc.constantFrom('T', 't', ' '),
      point: fc.constantFrom('.', ','),
      space: fc.constantFrom('', ' '),
      colon: fc.constantFrom('', ':'),
      further: fc.stringMatching(/^\d{0,12}$/),
    })
    fc.assert(
      fc.property(moment, offset, style, (date, minutes, { between, point, space, colon, further }) => {
        const local = new Date(date.getTime() + minutes * 60_000).toISOString()
        const [day, time] = [local.slice(0, 10), local.slice(11, 19)]
        const ahead = Math.abs(minutes)
        const zone = `${minutes < 0 ? '-' : '+'}${two(Math.floor(ahead / 60))}${colon}${two(ahead % 60)}`
        const written = `${day}${between}${time}${point}${local.slice(20, 23)}${further}${space}${zone}`
        expect(momentOf(written), written).toBe(date.toISOString())
      }),
    )
  })

  it('of which Date would make another day is refused, and no other', () => {
    const day = fc.tuple(
      fc.integer({ min: 1970, max: 2400 }),
      fc.integer({ min: 0, max: 13 }),
      fc.integer({ min: 0, max: 32 }),
    )
    fc.assert(
      fc.property(day, ([year, month, day]) => {
        const date = new Date(Date.UTC(year, month - 1, day))
        const isReal = date.getUTCMonth() === month - 1 && date.getUTCDate() === day
        const text = `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')} 00:00:00`
        expect('problem' in readTimestamp(text)).toBe(!isReal)
      }),
      { numRuns: 500 },
    )
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { OptionError } from './errors.ts'
import {
  OPTION_TABLE,
  type OptionName,
  type Row,
  readValue,
  resolveOptions,
  unsafeOptions,
} from './options.ts'

const ROWS = Object.entries(OPTION_TABLE) as [OptionName, Row][]
const DAY = 86_400

/** The option that the error names, or `null` where there is none. */
function refusedOption(act: () => unknown): string | null {
  try {
    act()
    return null
  } catch (error) {
    if (!(error instanceof OptionError)) throw error
    expect(error.message).toBe(`${error.option}: ${error.problem}`)
    return error.option
  }
}

/** Values that the row takes, and values that it does not. */
function valuesOf({ kind }: Row): { good: unknown[]; bad: unknown[] } {
  switch (kind.type) {
    case 'integer': {
      const { min, max } = kind
      const bad = [min - 1, max + 1, min + 0.5, -max, Number.NaN, Infinity, -Infinity, 2 ** 53, BigInt(min)]
      return { good: [min, min + 1, max], bad: [...bad, String(min), '', true, [min], {}] }
    }
    case 'choice':
      return {
        good: [...kind.of],
        bad: ['', 'other', kind.of[0]?.toUpperCase(), ` ${kind.of[0]}`, 0, true, [...kind.of]],
      }
    case 'switch':
      return { good: [true, false], bad: ['on', 'off', 'true', '', 0, 1, []] }
    case 'text':
      return { good: ['x', ' '], bad: ['', 0, false, ['x'], {}] }
  }
}

describe('resolveOptions', () => {
  it('gives the classic column where nothing is set', () => {
    expect(resolveOptions({})).toEqual({
      mode: 'classic',
      databaseUrl: 'sqlite:bienvenue.db',
      passwordHash: 'bcrypt',
      bcryptCost: 12,
      minPasswordLength: 1,
      resetTokenDelivery: 'response',
      registrationAnswer: 'explicit',
      secureCookie: false,
      sessionLifetimeSeconds: 30 * DAY,
      sessionIdleSeconds: 0,
      resetTokenLifetimeSeconds: 3_600,
      throttle: true,
      loginFailuresPerAccount: 20,
      loginFailuresPerIp: 300,
      resetRequestsPerAccount: 20,
      resetRequestsPerIp: 300,
    })
  })

  it.each(ROWS)('takes for %s what is in range, and the default for undefined', (name, row) => {
    for (const value of valuesOf(row).good) expect(resolveOptions({ [name]: value })[name]).toBe(value)
    expect(resolveOptions({ [name]: undefined })[name]).toBe(row.classic)
    expect(refusedOption(() => resolveOptions({ [name]: row.classic }))).toBeNull()
  })

  it.each(ROWS)('refuses for %s what is out of range or of another type', (name, row) => {
    for (const value of [...valuesOf(row).bad, null, () => row.classic]) {
      expect(
        refusedOption(() => resolveOptions({ [name]: value })),
        String(value),
      ).toBe(name)
    }
  })

  it.each(['nope', 'Mode', 'database_url', '', 'constructor', 'toString', 'hasOwnProperty'])(
    'refuses the unknown option %j',
    (name) => {
      expect(refusedOption(() => resolveOptions({ [name]: 'x' }))).toBe(name)
      expect(refusedOption(() => resolveOptions({ [name]: undefined }))).toBe(name)
    },
  )

  it('refuses an option called __proto__', () => {
    expect(refusedOption(() => resolveOptions(JSON.parse('{"__proto__":"x"}')))).toBe('__proto__')
  })

  it('leaves what it was given as it was', () => {
    const given = Object.freeze({ bcryptCost: 10 })
    expect(resolveOptions(given)).not.toBe(given)
    expect(given).toEqual({ bcryptCost: 10 })
  })
})

describe('readValue', () => {
  it.each(ROWS)('reads of %s what it would write', (name, { kind, classic }) => {
    const spelled = typeof classic === 'boolean' ? (classic ? 'on' : 'off') : String(classic)
    expect(readValue(name, kind, spelled)).toBe(classic)
  })

  it('reads a whole number exactly where it is in range', () => {
    const { kind } = OPTION_TABLE.sessionLifetimeSeconds
    fc.assert(
      fc.property(
        fc.oneof(fc.integer(), fc.integer({ min: kind.min - 2, max: kind.min + 2 }), fc.maxSafeInteger()),
        (number) => {
          const inRange = number >= kind.min && number <= kind.max
          const read = () => readValue('option', kind, String(number))
          if (inRange) expect(read()).toBe(number)
          else expect(refusedOption(read)).toBe('option')
        },
      ),
    )
  })

  it('refuses every other text for a whole number', () => {
    const { kind } = OPTION_TABLE.sessionLifetimeSeconds
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom(...'0123456789.,_-+eExX ٣') }),
      fc.constantFrom(
        '',
        ' 60',
        '60 ',
        '60\n',
        '+60',
        '-60',
        '6e1',
        '0x3c',
        '60.0',
        '1_000',
        '1,000',
        '٦٠',
        'sixty',
      ),
    )
    fc.assert(
      fc.property(text, (spelled) => {
        fc.pre(!/^[0-9]{1,15}$/.test(spelled))
        expect(refusedOption(() => readValue('option', kind, spelled))).toBe('option')
      }),
    )
  })

  it('reads on and off, and no other word, for a switch', () => {
    const { kind } = OPTION_TABLE.throttle
    expect([readValue('option', kind, 'on'), readValue('option', kind, 'off')]).toEqual([true, false])
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.constantFrom('', 'ON', 'true', 'false', '1', '0', 'yes', 'no', 'on ')),
        (spelled) => {
          fc.pre(spelled !== 'on' && spelled !== 'off')
          expect(refusedOption(() => readValue('option', kind, spelled))).toBe('option')
        },
      ),
    )
  })

  it.each(ROWS.filter(([, row]) => row.kind.type !== 'text'))(
    'never repeats the wrong value of %s',
    (name, { kind }) => {
      expect(() => readValue(name, kind, 's3cr3t-v4lue')).toThrow(OptionError)
      expect(() => readValue(name, kind, 's3cr3t-v4lue')).not.toThrow(/s3cr3t/)
    },
  )
})

describe('unsafeOptions', () => {
  const unsafe = (given: Record<string, unknown>) =>
    unsafeOptions(resolveOptions(given)).map(({ option }) => option)

  /** What classic mode has no other value for. */
  const ALWAYS = ['resetTokenDelivery', 'registrationAnswer']

  it('names the classic defaults that are not fit for the internet', () => {
    expect(unsafe({})).toEqual(['minPasswordLength', ...ALWAYS, 'secureCookie'])
  })

  it('names passwords of fewer than 15 characters, and a throttle that is off', () => {
    const secure = { secureCookie: true }
    expect(unsafe({ ...secure, minPasswordLength: 14 })).toEqual(['minPasswordLength', ...ALWAYS])
    expect(unsafe({ ...secure, minPasswordLength: 15 })).toEqual(ALWAYS)
    expect(unsafe({ ...secure, minPasswordLength: 15, throttle: false })).toEqual([...ALWAYS, 'throttle'])
  })

  it('gives a reason for each', () => {
    for (const { reason } of unsafeOptions(resolveOptions({ throttle: false })))
      expect(reason).toMatch(/\w+ \w+/)
  })
})

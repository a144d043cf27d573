import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CHARACTER } from '../../test/support/characters.ts'
import { refusedOptions, SETTINGS, TEXTS, type TextOption } from '../../test/support/options.ts'
import { trimInvisible } from '../lib/invisible.ts'
import { OptionError } from '../model/errors.ts'
import { defaultOf, MODES, OPTION_TABLE, readValue, type Setting } from './index.ts'

describe('readValue', () => {
  it.each(SETTINGS)('parses the defaults of %s', (name, row) => {
    for (const mode of MODES) {
      const value = defaultOf(row, mode)
      const spelled = typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value)
      // Empty text means not set, which cannot be written as a value.
      if (value === '') expect(refusedOptions(() => readValue(name, row, spelled))).toEqual([name])
      else expect(readValue(name, row, spelled)).toBe(value)
    }
  })

  it.each(Object.entries(TEXTS))(
    'returns valid text of %s unchanged and refuses other text',
    (name, { good, bad }) => {
      const row: Setting = OPTION_TABLE[name as TextOption]
      for (const text of good) expect(readValue(name, row, text)).toBe(text)
      for (const text of bad)
        expect(
          refusedOptions(() => readValue(name, row, text)),
          text,
        ).toEqual([name])
    },
  )

  it('parses a whole number if and only if it is in range', () => {
    const row = OPTION_TABLE.sessionLifetimeSeconds
    const { kind } = row
    fc.assert(
      fc.property(
        fc.oneof(fc.integer(), fc.integer({ min: kind.min - 2, max: kind.min + 2 }), fc.maxSafeInteger()),
        (number) => {
          const inRange = number >= kind.min && number <= kind.max
          const read = () => readValue('option', row, String(number))
          if (inRange) expect(read()).toBe(number)
          else expect(refusedOptions(read)).toEqual(['option'])
        },
      ),
    )
  })

  it('refuses text that is not a whole number', () => {
    const row = OPTION_TABLE.sessionLifetimeSeconds
    const text = fc.oneof(
      fc.string({ unit: CHARACTER }),
      fc.string({ unit: fc.constantFrom(...'0123456789.,_-+eExX ٣') }),
      fc.constantFrom(
        '',
        '6 0',
        '6\u200b0',
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
        fc.pre(!/^[0-9]{1,15}$/.test(trimInvisible(spelled)))
        expect(refusedOptions(() => readValue('option', row, spelled))).toEqual(['option'])
      }),
    )
  })

  it('accepts only on and off for a switch', () => {
    const row = OPTION_TABLE.throttle
    expect([readValue('option', row, 'on'), readValue('option', row, 'off')]).toEqual([true, false])
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.constantFrom('', 'ON', 'true', 'false', '1', '0', 'yes', 'no', 'o n')),
        (spelled) => {
          fc.pre(!['on', 'off'].includes(trimInvisible(spelled)))
          expect(refusedOptions(() => readValue('option', row, spelled))).toEqual(['option'])
        },
      ),
    )
  })

  /** Settings that accept any text. A malformed database URL or file is refused when it is opened. */
  const FREE_TEXT: readonly string[] = ['databaseUrl', 'contextWords', 'serviceName', 'logo', 'texts']

  it.each(SETTINGS.filter(([name]) => !FREE_TEXT.includes(name)))(
    'never quotes an invalid value of %s',
    (name, row) => {
      const wrong = 'https:/s3cr3t v4lue'
      expect(() => readValue(name, row, wrong)).toThrow(OptionError)
      expect(() => readValue(name, row, wrong)).not.toThrow(/s3cr3t/)
    },
  )
})

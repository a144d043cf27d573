import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CHARACTER } from '../../test/support/characters.ts'
import { languageOf, negotiate } from './language.ts'

const OFFERED = ['en', 'fr', 'pt-BR'] as const

it.each([
  ['fr', 'fr'],
  ['FR', 'fr'],
  ['fr-CA', 'fr'],
  ['EN-latn-GB', 'en'],
  ['fro', undefined],
  ['f', undefined],
  ['xx-fr', undefined],
  ['fr_CA', undefined],
  ['fr,en', undefined],
  ['', undefined],
  [null, undefined],
])('the language of %j is %j', (tag, language) => {
  expect(languageOf(tag, OFFERED)).toBe(language)
})

describe('negotiate', () => {
  it.each([
    ['no header', null, 'en'],
    ['an undefined header', undefined, 'en'],
    ['an empty header', '', 'en'],
    ['one language', 'fr', 'fr'],
    ['another case', 'FR', 'fr'],
    ['a longer range', 'fr-CA', 'fr'],
    ['a much longer range', 'fr-Latn-CA-x-mine', 'fr'],
    ['a shorter range', 'pt', 'pt-BR'],
    ['a language that is longer without a hyphen', 'fro, enm', 'en'],
    ['what a browser in Québec sends', 'fr-CA,fr;q=0.9,en-CA;q=0.8,en;q=0.7', 'fr'],
    ['weights in any order', 'en;q=0.3, fr;q=0.301', 'fr'],
    ['no weight as 1', 'en;q=0.999, fr', 'fr'],
    ['equal weights in the order of the header', 'fr;q=0.5, en;q=0.5', 'fr'],
    ['whitespace and an upper-case Q', 'en ; q=0.1 ,\tfr\t;\tQ=1.000', 'fr'],
    ['a weight without decimals', 'en;q=0., fr;q=1.', 'fr'],
    ['empty elements', ',, ,fr,', 'fr'],
    ['a star for the default', '*', 'en'],
    ['a star for the rest', 'en;q=0.5, *', 'fr'],
    ['a star below', '*;q=0.1, pt', 'pt-BR'],
    ['weight 0', 'en;q=0, *', 'fr'],
    ['weight 0 for all but one', '*;q=0, fr;q=0.1', 'fr'],
    ['weight 0 for everything', '*;q=0', 'en'],
    ['nothing that is offered', 'de, it', 'en'],
    ['the language itself over a longer range', 'fr-CA, fr;q=0.1, en;q=0.5', 'en'],
    ['the longest range for a language', 'pt;q=0.9, pt-BR;q=0.1, en;q=0.5', 'en'],
    ['a longer range that is excluded', 'fr-CA;q=0, *;q=0.5, en;q=0.1', 'fr'],
    ['the best of several longer ranges', 'fr-CA;q=0.1, fr-FR;q=0.9, en;q=0.5', 'fr'],
    ['the best of the same range', 'fr;q=0.1, fr;q=0.9, en;q=0.5', 'fr'],
  ])('handles %s', (_, header, language) => {
    expect(negotiate(header, OFFERED)).toBe(language)
  })

  it.each([
    'fr;q=1.001',
    'fr;q=2',
    'fr;q=-1',
    'fr;q=+1',
    'fr;q=.5',
    'fr;q=0.1234',
    'fr;q=1e0',
    'fr;q=',
    'fr;q',
    'fr;',
    'fr;q =1',
    'fr;q=1;q=1',
    'fr;level=1',
    'fr;q="1"',
    'fr fr',
    'fr-',
    '-fr',
    'fr_CA',
    'fr-abcdefghi',
    'abcdefghi',
    'f1',
    '**',
    'fr-*',
    'fr\n',
    'fr\0',
    'fr\u2003',
    'ﬀ',
    'fr\u00a0',
  ])('skips the malformed element %j and uses the rest', (element) => {
    expect(negotiate(`${element},pt;q=0.001`, OFFERED)).toBe('pt-BR')
    expect(negotiate(`pt;q=0.001,${element}`, OFFERED)).toBe('pt-BR')
  })

  /** A literal, slow implementation of RFC 9110 §12.5.4. */
  function model(ranges: readonly (readonly [tag: string, weight: number])[], offered: readonly string[]) {
    const under = (long: string, short: string) =>
      long === short || `${long}`.slice(0, short.length + 1) === `${short}-`
    const rated = offered.map((language, order) => {
      const tag = language.toLowerCase()
      const all = ranges.map(([range, weight], place) => ({ range: range.toLowerCase(), weight, place }))
      const groups = [
        ...[5, 4, 3, 2, 1].map((parts) =>
          all.filter(({ range }) => range.split('-').length === parts && under(tag, range)),
        ),
        all.filter(({ range, weight }) => range !== tag && under(range, tag) && weight > 0),
        all.filter(({ range }) => range === '*'),
      ]
      const deciding = groups.find((group) => group.length > 0) ?? []
      const [best] = deciding.toSorted((a, b) => b.weight - a.weight || a.place - b.place)
      return { language, order, weight: best?.weight ?? 0, place: best?.place ?? 0 }
    })
    const [first] = rated
      .filter(({ weight }) => weight > 0)
      .toSorted((a, b) => b.weight - a.weight || a.place - b.place || a.order - b.order)
    return first?.language ?? offered[0]
  }

  const tag = fc
    .tuple(
      fc.constantFrom('en', 'fr', 'EN', 'pt', 'p'),
      fc.array(fc.constantFrom('CA', 'BR', 'br', 'x'), { maxLength: 2 }),
    )
    .map(([language, parts]) => [language, ...parts].join('-'))
  const range = fc.tuple(fc.oneof(tag, fc.constant('*')), fc.constantFrom(0, 0.001, 0.1, 0.5, 0.999, 1))
  const written = ([name, weight]: readonly [string, number]) =>
    weight === 1 ? name : `${name};q=${weight.toFixed(3)}`

  it('agrees with a literal implementation of the standard', () => {
    fc.assert(
      fc.property(fc.array(range), fc.array(tag, { minLength: 1 }), (ranges, [first = '', ...rest]) => {
        const header = ranges.map(written).join(', ')
        expect(negotiate(header, [first, ...rest])).toBe(model(ranges, [first, ...rest]))
      }),
      { numRuns: 2_000 },
    )
  })

  it('returns an offered language for any text', () => {
    const text = fc.oneof(
      fc.string({ unit: CHARACTER }),
      fc.string({ unit: fc.constantFrom(...'enfrENFR*-,;=q01. ') }),
    )
    fc.assert(
      fc.property(text, (header) => {
        expect(OFFERED).toContain(negotiate(header, OFFERED))
      }),
      { numRuns: 1_000 },
    )
  })

  it.each([
    ['commas', ',', ''],
    ['ranges', 'de,', ''],
    ['one long range', 'a-', 'é'],
    ['spaces', ' ', 'é'],
    ['spaces after a range', ' ', ';'],
    ['digits', '0', ''],
    ['stars', '*;q=0,', ''],
  ])('takes linear time for 16 KiB of %s', (_, unit, end) => {
    const header = `de${unit.repeat((16 * 1_024) / unit.length)}${end}`
    // With quadratic time, 100 rounds would exceed the time limit of the test.
    for (let round = 0; round < 100; round++) expect(negotiate(header, OFFERED)).toBe('en')
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { StandardSchema } from '../../model/standard-schema.ts'
import {
  checkJson,
  checkLocale,
  checkMetadata,
  checkName,
  checkPicture,
  METADATA_MAX_BYTES,
  METADATA_MAX_DEPTH,
  NAME_MAX_LENGTH,
  PICTURE_MAX_LENGTH,
} from './profile-values.ts'

/** A black flag, tags for `gbwls`, and the end of the tags. */
const WALES = '🏴\u{e0067}\u{e0062}\u{e0077}\u{e006c}\u{e0073}\u{e007f}'

describe('a name', () => {
  it.each([
    ['Guillaume', 'Guillaume'],
    ["Zoe\u0308 O'Brien-Łukaszewska", "Zoë O'Brien-Łukaszewska"],
    ['  Bob \u00a0 Builder ', 'Bob Builder'],
    ['山田\u3000太郎', '山田 太郎'],
    ['علی\u200cرضا', 'علی\u200cرضا'],
    ['ශ්\u200dරී', 'ශ්\u200dරී'],
    ['<b>Bob</b>', '<b>Bob</b>'],
    ['❤\ufe0f Ann 👩🏽\u200d💻', '❤\ufe0f Ann 👩🏽\u200d💻'],
    ['👁\u200d🗨 1\ufe0f\u20e3 🏳\ufe0f\u200d🌈', '👁\u200d🗨 1\ufe0f\u20e3 🏳\ufe0f\u200d🌈'],
    [WALES, WALES],
    ['😀'.repeat(NAME_MAX_LENGTH), '😀'.repeat(NAME_MAX_LENGTH)],
  ])('%s is stored as %s', (given, stored) => {
    expect(checkName(given)).toEqual({ value: stored })
  })

  it.each<[string, unknown, RegExp]>([
    ['a line break', 'Bob\nBuilder', /U\+000A/],
    ['a line break at its end', 'Bob\n', /U\+000A/],
    ['a line separator', 'Bob\u2028Builder', /U\+2028/],
    ['a zero byte', 'Bob\0', /U\+0000/],
    ['an escape for terminals', 'Bob\u001b[2J', /U\+001B/],
    ['a bidirectional override', 'Bob\u202egnp.exe', /U\+202E/],
    ['a bidirectional isolate', 'Bob\u2066', /U\+2066/],
    ['a zero-width space', 'B\u200bob', /U\+200B/],
    ['a joiner outside of a word', 'Bob \u200d', /U\+200D/],
    ['a byte order mark', '\ufeffBob', /U\+FEFF/],
    ['a tag character', 'Bob\u{e0041}', /U\+E0041/],
    ['a hidden text in a flag', `${WALES}\u{e0041}\u{e007f}`, /U\+E0041/],
    ['a joiner after an emoji', '😀\u200d', /U\+200D/],
    ['a selector after a letter', 'Bob\ufe0f', /U\+FE0F/],
    ['a lone surrogate', 'Bob\ud800', /U\+D800/],
    ['only spaces', ' \u3000 ', /is empty/],
    ['too many characters', 'x'.repeat(NAME_MAX_LENGTH + 1), /more than 200/],
    ['far too many characters', '\u0344'.repeat(60_000), /more than 200/],
    ['no text', 7, /is not text/],
  ])('with %s is refused', (_, given, problem) => {
    expect(checkName(given)).toEqual({ problem: expect.stringMatching(problem) })
  })
})

describe('a picture', () => {
  const check = (given: unknown) => checkPicture(given, { allowsHttp: false })

  it.each([
    ['https://example.com/bob.png', 'https://example.com/bob.png'],
    ['HTTPS://EXAMPLE.com:443/a?b=c#d', 'https://example.com/a?b=c#d'],
    ["https://example.com/a'onerror='alert(1)", 'https://example.com/a%27onerror=%27alert%281%29'],
    ['https://bücher.example/é"><script>', 'https://xn--bcher-kva.example/%C3%A9%22%3E%3Cscript%3E'],
  ])('%s is stored as %s', (given, stored) => {
    expect(check(given)).toEqual({ value: stored })
  })

  it.each<unknown>([
    'javascript:alert(1)',
    'JavaScript://example.com/%0aalert(1)',
    'java\nscript:alert(1)',
    'data:image/png;base64,iVBORw0KGgo=',
    'data://example.com/x',
    'blob:https://example.com/1',
    'file:///etc/passwd',
    'http://example.com/bob.png',
    '//example.com/bob.png',
    '/bob.png',
    'bob.png',
    'https:example.com/bob.png',
    'https:/example.com/bob.png',
    'https:\\\\example.com\\bob.png',
    'https:///example.com/bob.png',
    'https://',
    'https://exa mple.com/',
    'https://example.com/\nbob.png',
    ' https://example.com/bob.png',
    'https://example.com/\u202ebob.png',
    'https://bob@example.com/bob.png',
    'https://bob:secret@example.com/bob.png',
    'https://:@/',
    `https://example.com/${'x'.repeat(PICTURE_MAX_LENGTH)}`,
    // Escaped, it is too long.
    `https://example.com/${'é'.repeat(PICTURE_MAX_LENGTH / 2)}`,
    null,
    7,
    ['https://example.com/bob.png'],
  ])('%j is refused', (given) => {
    expect(check(given)).toEqual({ problem: expect.any(String) })
  })

  it('may be http where that is allowed, and nothing else', () => {
    const local = 'http://localhost:3000/bob.png'
    expect(checkPicture(local, { allowsHttp: true })).toEqual({ value: local })
    for (const given of ['ftp://localhost/bob.png', 'http:bob.png', 'javascript:alert(1)', 'httpx://a/b'])
      expect(checkPicture(given, { allowsHttp: true })).toHaveProperty('problem')
  })
})

describe('a language', () => {
  it.each(['en', 'fr-CA', 'zh-Hant-TW'])('%s is accepted', (given) => {
    expect(checkLocale(given)).toEqual({ value: given })
  })

  it.each(['English', 'e', 'fr_CA', 'fr-CA\n', 'en;q=0.1', '*', '', null, 7])('%j is refused', (given) => {
    expect(checkLocale(given)).toHaveProperty('problem')
  })
})

describe('metadata', () => {
  it('is any JSON object, and is returned as JSON', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })), (given) => {
        const isSafe = !/"(?:__proto__|constructor|prototype)":/.test(JSON.stringify(given))
        fc.pre(isSafe && Object.keys(given).length > 0)
        expect(checkJson(given)).toEqual({ value: JSON.stringify(given) })
      }),
    )
  })

  it('that is empty is stored as none', () => {
    expect(checkJson({})).toEqual({ value: null })
    expect(checkJson({ left: undefined })).toEqual({ value: null })
  })

  it('may have exactly 8 KiB as UTF-8', () => {
    const sized = (bytes: number) => ({ text: `é${'x'.repeat(bytes - '{"text":"é"}'.length - 1)}` })
    expect(checkJson(sized(METADATA_MAX_BYTES))).toHaveProperty('value')
    expect(checkJson(sized(METADATA_MAX_BYTES + 1))).toEqual({
      problem: 'has more than 8192 bytes as JSON',
    })
  })

  it('may be nested 8 levels deep', () => {
    const nested = (levels: number): unknown => (levels === 0 ? 'x' : { in: nested(levels - 1) })
    expect(checkJson(nested(METADATA_MAX_DEPTH))).toHaveProperty('value')
    expect(checkJson(nested(METADATA_MAX_DEPTH + 1))).toEqual({
      problem: expect.stringContaining('more than 8 levels'),
    })
    const endless: Record<string, unknown> = {}
    endless.self = [endless]
    expect(checkJson(endless)).toHaveProperty('problem')
  })

  it.each(['__proto__', 'constructor', 'prototype'])('may not have a member %s, at any depth', (name) => {
    const unsafe: unknown = JSON.parse(`{"${name}":{"isAdmin":true}}`)
    for (const given of [unsafe, { list: [unsafe] }, { in: { in: unsafe } }])
      expect(checkJson(given)).toEqual({ problem: expect.stringContaining(`a member ${name}`) })
    expect({}).not.toHaveProperty('isAdmin')
  })

  it.each<[what: string, given: unknown]>([
    ['null', null],
    ['text', 'text'],
    ['a number', 7],
    ['an array', ['plan']],
    ['a map', new Map([['plan', 'pro']])],
    ['a date', new Date(0)],
    ['an object with inherited members', Object.create({ inherited: 1 })],
    ['a date inside', { at: new Date(0) }],
    ['a big integer inside', { count: 1n }],
    ['a number that is none', { count: Number.NaN }],
    ['an infinite number', { count: Number.POSITIVE_INFINITY }],
    ['an array with a hole', { list: [undefined] }],
    ['a function inside', { call: () => 1 }],
    ['a lone surrogate', { text: '\ud800' }],
    ['a lone surrogate in a name', { '\ud800': 1 }],
  ])('may not be %s', (_, given) => {
    expect(checkJson(given)).toHaveProperty('problem')
  })

  it('is what the schema returns', async () => {
    const schema = z.object({ plan: z.enum(['free', 'pro']), seats: z.number().default(1) })
    expect(await checkMetadata({ plan: 'pro', other: true }, schema)).toEqual({
      value: '{"plan":"pro","seats":1}',
    })
    expect(await checkMetadata({ plan: 'gold' }, schema)).toEqual({
      problem: expect.stringMatching(/^is refused by the schema at plan: ./),
      member: 'plan',
    })
    expect(await checkMetadata({}, schema)).toHaveProperty('problem')
  })

  it('may have an asynchronous schema, whose result must be JSON too', async () => {
    const returning = (value: unknown): StandardSchema => ({
      '~standard': { version: 1, vendor: 'test', validate: async () => ({ value }) },
    })
    expect(await checkMetadata({ a: 1 }, returning({ b: 2 }))).toEqual({ value: '{"b":2}' })
    expect(await checkMetadata({ a: 1 }, returning({}))).toEqual({ value: null })
    for (const value of [
      { at: new Date(0) },
      'text',
      JSON.parse('{"__proto__":1}'),
      { text: 'x'.repeat(9_000) },
    ])
      expect(await checkMetadata({ a: 1 }, returning(value))).toHaveProperty('problem')
  })

  it('names the place of a problem, as a path of keys or of segments', async () => {
    const refusing = (path: readonly (PropertyKey | { key: PropertyKey })[]): StandardSchema => ({
      '~standard': { version: 1, vendor: 'test', validate: () => ({ issues: [{ message: 'no', path }] }) },
    })
    expect(await checkMetadata({ a: 1 }, refusing(['teams', 0, { key: 'name' }]))).toEqual({
      problem: 'is refused by the schema at teams.0.name: no',
      member: 'teams',
    })
  })

  it('cannot be changed while the schema is checked', async () => {
    const given = { plan: 'free' }
    const schema: StandardSchema = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: async (value) => {
          given.plan = 'gold'
          return { value }
        },
      },
    }
    expect(await checkMetadata(given, schema)).toEqual({ value: '{"plan":"free"}' })
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  BOUNDARY,
  contract,
  FIELDS,
  FORM,
  JSON_TYPE,
  KIB,
  MULTIPART,
  PAIRS,
  type Pair,
  part,
  parts,
  post,
  read,
  readIncoming,
  refusalOf,
} from '../../test/support/bodies.ts'
import { CHARACTER } from '../../test/support/characters.ts'
import { AuthError, ERRORS } from '../model/errors.ts'
import { parseForm, parseJson } from './body.ts'

const file = (name: string) => part(name, 'content').replace('\r\n', '; filename="a.txt"\r\n')
const json = (pairs: readonly Pair[]) =>
  `{${pairs.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`
const everyCharacterEscaped = (value: string) =>
  `"${value.replace(/[\s\S]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)}"`

/** Each format, in several encodings. */
const FORMATS: readonly [name: string, type: string, encode: (pairs: readonly Pair[]) => string][] = [
  ['a form', FORM, (pairs) => new URLSearchParams(pairs.map(([name, value]) => [name, value])).toString()],
  [
    'a form with every space as %20',
    FORM,
    (pairs) => pairs.map((pair) => pair.map(encodeURIComponent).join('=')).join('&'),
  ],
  ['a multipart form', MULTIPART, (pairs) => parts(...pairs.map(([name, value]) => part(name, value)))],
  ['JSON', JSON_TYPE, json],
  [
    'JSON with every character escaped',
    JSON_TYPE,
    (pairs) => `{${pairs.map((pair) => pair.map(everyCharacterEscaped).join(' : ')).join(' , ')}}`,
  ],
]

function streamOf(...chunks: Uint8Array[]): ReadableStream {
  return new ReadableStream({
    pull(controller) {
      const chunk = chunks.shift()
      if (chunk === undefined) controller.close()
      else controller.enqueue(chunk)
    },
  })
}

/** Well-formed text, often with characters that are special in one of the formats. */
const value = fc.oneof(
  fc.string({ unit: CHARACTER, minLength: 1, maxLength: 60 }),
  fc.string({
    unit: fc.constantFrom(...'a&=+%;"\\\r\n\t\0 \ufeff\u2028/{}[]:,é😀-', '--', BOUNDARY),
    minLength: 1,
    maxLength: 40,
  }),
)

describe.each(FORMATS)('readBody of %s [API-01]', (_, type, encode) => {
  it('returns any well-formed values unchanged', async () => {
    await fc.assert(
      fc.asyncProperty(value, value, fc.boolean(), async (email, password, swapped) => {
        // A sender must not choose a boundary that occurs in a value.
        fc.pre(!/(^|\n)--/.test(`${email}\n${password}`) && !`${email}${password}`.includes(BOUNDARY))
        const pairs: Pair[] = [
          ['email', email],
          ['password', password],
        ]
        const body = encode(swapped ? pairs.toReversed() : pairs)
        expect(await read(post(type, body))).toEqual({ email, password })
      }),
      { numRuns: 300 },
    )
  })

  it.each<[string, Pair[], string]>([
    ['no field at all', [], 'missing_field email'],
    ['no email', [['password', 'x']], 'missing_field email'],
    ['no password', [['email', 'x']], 'missing_field password'],
    [
      'an empty field',
      [
        ['email', 'x'],
        ['password', ''],
      ],
      'missing_field password',
    ],
    [
      'a field that is too long',
      [
        ['email', 'x'.repeat(KIB + 1)],
        ['password', 'x'],
      ],
      'invalid_field email',
    ],
    ['a repeated field', [...PAIRS, ['email', 'eve@example.com']], 'repeated_field email'],
    ['a field repeated with one value', [...PAIRS, ['password', 'b4l0u']], 'repeated_field password'],
    ['a field repeated after an empty one', [['email', ''], ...PAIRS], 'repeated_field email'],
    ['an unknown field', [...PAIRS, ['role', 'admin']], 'unknown_field role'],
    ['an unknown field alone', [['role', 'admin']], 'unknown_field role'],
    ['a name in another case', [...PAIRS, ['Email', 'x']], 'unknown_field Email'],
    ['a name with a space', [...PAIRS, [' email', 'x']], 'unknown_field  email'],
    ['a name in brackets', [...PAIRS, ['email[]', 'x']], 'unknown_field email[]'],
    ['an empty name', [...PAIRS, ['', 'x']], 'unknown_field '],
    ['a name of 64 characters', [...PAIRS, ['n'.repeat(64), 'x']], `unknown_field ${'n'.repeat(64)}`],
    // Too long to repeat in the refusal.
    ['a name of 65 characters', [...PAIRS, ['n'.repeat(65), 'x']], 'unknown_field'],
  ])('refuses %s', async (_, pairs, refusal) => {
    expect(await refusalOf(post(type, encode(pairs)))).toBe(refusal)
  })

  it.each(['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'])(
    'refuses %s as an unknown field without changing a prototype [API-02]',
    async (name) => {
      const before = Object.getOwnPropertyNames(Object.prototype)
      expect(await refusalOf(post(type, encode([...PAIRS, [name, 'x']])))).toBe(`unknown_field ${name}`)
      expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before)
    },
  )

  it('refuses a body of more than 64 KiB, with or without Content-Length', async () => {
    const body = encode([['email', 'x'.repeat(64 * KIB)]])
    const bytes = String(Buffer.byteLength(body))
    expect(await refusalOf(post(type, body))).toBe('body_too_large')
    expect(await refusalOf(post(type, body, { 'content-length': bytes }))).toBe('body_too_large')
    expect(await refusalOf(post(type, streamOf(Buffer.from(body))))).toBe('body_too_large')
  })

  it('accepts a body of exactly 64 KiB', async () => {
    const body = (length: number) => encode([...PAIRS, ['role', 'x'.repeat(length)]])
    const room = 64 * KIB - Buffer.byteLength(body(0))
    // An escaped character takes six bytes.
    const length = body(1).length - body(0).length === 1 ? room : Math.floor(room / 6)
    expect(await refusalOf(post(type, body(length)))).toBe('unknown_field role')
    expect(await refusalOf(post(type, body(length + 1)))).toBe('body_too_large')
  })

  it('refuses invalid UTF-8 anywhere in the body', async () => {
    const body = encode(PAIRS)
    for (const broken of [[0xff], [0xc3, 0x28], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80]]) {
      for (const place of [0, body.length / 2, body.length]) {
        const bytes = [Buffer.from(body.slice(0, place)), Buffer.from(broken), Buffer.from(body.slice(place))]
        expect(await refusalOf(post(type, Buffer.concat(bytes)))).toBe('malformed_body')
      }
    }
  })

  it('names the first missing field of an empty body', async () => {
    for (const body of ['', null]) expect(await refusalOf(post(type, body))).toBe('missing_field email')
  })

  it('refuses an unknown charset and one that would decode the bytes differently', async () => {
    for (const charset of ['utf-16', 'utf-16le', 'utf-7', 'nonsense', "'utf-8'", '']) {
      expect(await refusalOf(post(`${type}; charset=${charset}`, encode(PAIRS)))).toBe('unsupported_charset')
    }
  })

  it('accepts any charset that decodes the bytes to the same text', async () => {
    for (const charset of [
      'ISO-8859-1',
      '"latin1"',
      'us-ascii',
      'windows-1252',
      'ISO-8859-15',
      'Shift_JIS',
    ]) {
      expect(await read(post(`${type}; charset=${charset}`, encode(PAIRS)))).toEqual(FIELDS)
    }
  })

  it('refuses a compressed body', async () => {
    for (const encoding of ['gzip', 'br', 'deflate', 'identity, gzip', 'unknown']) {
      const request = post(type, encode(PAIRS), { 'content-encoding': encoding })
      expect(await refusalOf(request)).toBe('unsupported_media_type')
    }
  })

  it('accepts every spelling of the media type that RFC 9110 allows', async () => {
    for (const more of [
      ';',
      ' ; ',
      ';;',
      '; ;charset=utf-8;',
      ';charset="utf-8"',
      ';charset="u\\tf\\-8"',
      '; a="\\";charset=utf-16\\""',
      '; a="b;c=d"; a="b;c=d"',
      '\t;\tq=1 ',
      '; charset = utf-8',
    ]) {
      expect(await read(post(`${type}${more}`, encode(PAIRS))), more).toEqual(FIELDS)
    }
  })

  it('refuses a media type with malformed or contradictory parameters', async () => {
    for (const more of [
      '; charset',
      '; =utf-8',
      '; charset="utf-8',
      '; charset="utf-8"x',
      '; charset=utf-8 x',
      '; charset=utf-8; charset=utf-16',
      '; charset=utf-8; Charset=latin1',
      '; a=b; a=c',
      ', application/json',
    ]) {
      expect(await refusalOf(post(`${type}${more}`, encode(PAIRS))), more).toBe('unsupported_media_type')
    }
  })

  it('accepts the type in any case, UTF-8 as charset and the identity encoding', async () => {
    const [name = '', ...parameters] = type.split(';')
    for (const spelling of [name.toUpperCase(), `${name} `])
      expect(await read(post([spelling, ...parameters].join(';'), encode(PAIRS)))).toEqual(FIELDS)
    for (const charset of ['utf-8', 'UTF-8', '"utf-8"', 'utf8', 'us-ascii']) {
      expect(await read(post(`${type}; Charset=${charset}`, encode(PAIRS)))).toEqual(FIELDS)
    }
    const request = post(type, encode(PAIRS), { 'content-encoding': 'Identity' })
    expect(await read(request)).toEqual(FIELDS)
  })
})

describe('readBody', () => {
  it.each([
    ['a form with a lone percent sign', FORM, 'email=%&password=x'],
    ['a form with half an escape', FORM, 'email=x&password=%4'],
    ['a form with an invalid escape', FORM, 'email=%zz&password=x'],
    ['a form with an escaped byte that is not UTF-8', FORM, 'email=%ff&password=x'],
    ['a form with an escaped half of a surrogate pair', FORM, 'email=%ED%A0%80&password=x'],
    ['a form with an overlong UTF-8 sequence', FORM, 'email=%C0%AF&password=x'],
    ['a form with a broken name', FORM, 'em%ail=x&password=x'],
    ['JSON that ends early', JSON_TYPE, '{"email":"x","password":"x"'],
    ['JSON with trailing content', JSON_TYPE, `${json(PAIRS)}{}`],
    ['JSON with a trailing comma', JSON_TYPE, '{"email":"x","password":"x",}'],
    ['JSON in single quotes', JSON_TYPE, "{'email':'x','password':'x'}"],
    ['JSON with a comment', JSON_TYPE, '{"email":"x",/**/"password":"x"}'],
    ['JSON with an unescaped line break', JSON_TYPE, '{"email":"x\ny","password":"x"}'],
    ['JSON after two byte order marks', JSON_TYPE, `\ufeff\ufeff${json(PAIRS)}`],
    ['JSON before a byte order mark', JSON_TYPE, `${json(PAIRS)}\ufeff`],
    ['JSON: null', JSON_TYPE, 'null'],
    ['JSON: a list', JSON_TYPE, '[{"email":"x","password":"x"}]'],
    ['JSON: a string', JSON_TYPE, '"email"'],
    ['JSON: a number', JSON_TYPE, '1e9'],
    ['JSON: true', JSON_TYPE, 'true'],
    ['JSON: only a space', JSON_TYPE, ' '],
    ['JSON: unclosed nested lists', JSON_TYPE, '['.repeat(30_000)],
    ['JSON: nested lists', JSON_TYPE, '['.repeat(30_000) + ']'.repeat(30_000)],
    ['JSON: unclosed nested objects', JSON_TYPE, '{"email":'.repeat(7_000)],
    ['multipart without a boundary', 'multipart/form-data', parts(part('email', 'x'))],
    ['multipart with an empty boundary', 'multipart/form-data; boundary=', parts(part('email', 'x'))],
    [
      'multipart with a boundary inside a quoted parameter',
      `multipart/form-data; a="; boundary=${BOUNDARY};"; boundary=other`,
      parts(part('email', 'x')),
    ],
    ['multipart with a different boundary', 'multipart/form-data; boundary=other', parts(part('email', 'x'))],
    ['multipart without its closing boundary', MULTIPART, parts(part('email', 'x')).slice(0, -4)],
    ['multipart that ends in a header', MULTIPART, `--${BOUNDARY}\r\nContent-Disposition: form-data; na`],
    ['a part without a name', MULTIPART, parts('Content-Disposition: form-data\r\n\r\nx')],
    ['a part without headers', MULTIPART, parts('\r\nx')],
    [
      'a part that is not form data',
      MULTIPART,
      parts('Content-Disposition: attachment; name="email"\r\n\r\nx'),
    ],
    ['a part with bare line feeds', MULTIPART, parts(part('email', 'x')).replaceAll('\r\n', '\n')],
  ])('refuses %s', async (_, type, body) => {
    expect(await refusalOf(post(type, body))).toBe('malformed_body')
  })

  it.each([
    ['JSON: a number', JSON_TYPE, '{"email":1,"password":"x"}', 'invalid_field email'],
    ['JSON: null', JSON_TYPE, '{"email":null,"password":"x"}', 'invalid_field email'],
    ['JSON: false', JSON_TYPE, '{"email":"x","password":false}', 'invalid_field password'],
    ['JSON: a list of one', JSON_TYPE, '{"email":["x"],"password":"x"}', 'invalid_field email'],
    ['JSON: an object', JSON_TYPE, '{"email":"x","password":{"$ne":""}}', 'invalid_field password'],
    ['JSON: half a surrogate pair', JSON_TYPE, '{"email":"\\ud800","password":"x"}', 'invalid_field email'],
    [
      'JSON: a deep value',
      JSON_TYPE,
      `{"email":${'['.repeat(30_000)}${']'.repeat(30_000)},"password":"x"}`,
      'invalid_field email',
    ],
    ['multipart: a file', MULTIPART, parts(part('email', 'x'), file('password')), 'invalid_field password'],
    [
      'multipart: an unknown file',
      MULTIPART,
      parts(part('email', 'x'), file('avatar')),
      'unknown_field avatar',
    ],
    [
      'multipart: a file beside the field',
      MULTIPART,
      parts(part('email', 'x'), part('password', 'x'), file('password')),
      'repeated_field password',
    ],
    ['a form: a name escaped once', FORM, 'email=x&em%61il=y&password=x', 'repeated_field email'],
    ['a form: names without values', FORM, 'email&password', 'missing_field email'],
    ['a form after a byte order mark', FORM, '\ufeffemail=x&password=x', 'unknown_field \ufeffemail'],
    [
      'JSON: a name escaped once',
      JSON_TYPE,
      '{"email":"x","em\\u0061il":"y","password":"x"}',
      'repeated_field email',
    ],
    [
      'JSON: a name repeated over a list',
      JSON_TYPE,
      '{"email":["x"],"email":"y","password":"x"}',
      'repeated_field email',
    ],
    [
      'JSON: a name repeated by a list',
      JSON_TYPE,
      '{"email":"x","email":["y"],"password":"x"}',
      'repeated_field email',
    ],
    ['JSON: a prototype', JSON_TYPE, '{"__proto__":{"email":"x","password":"x"}}', 'unknown_field __proto__'],
    [
      'JSON: a constructor',
      JSON_TYPE,
      '{"email":"x","password":"x","constructor":{"prototype":{"admin":true}}}',
      'unknown_field constructor',
    ],
  ])('names the field of %s', async (_, type, body, refusal) => {
    expect(await refusalOf(post(type, body))).toBe(refusal)
    expect(({} as Record<string, unknown>).admin).toBeUndefined()
  })

  it.each([
    '',
    'text/plain',
    'text/json',
    'application/xml',
    'application/json5',
    'application/problem+json',
    'application/x-www-form-urlencoded2',
    'multipart/mixed; boundary=x',
    'application/json, text/plain',
    'json',
    '*/*',
    ';',
    // Names that every object inherits.
    'constructor',
    'toString',
    '__proto__',
  ])('refuses the media type %j', async (type) => {
    expect(await refusalOf(post(type, json(PAIRS)))).toBe('unsupported_media_type')
  })

  it.each([
    [[JSON_TYPE], [JSON_TYPE]],
    [[FORM], [FORM]],
    [
      ['multipart/form-data', FORM],
      [MULTIPART, FORM],
    ],
    [[], []],
  ])('accepts only the formats of the route: %j', async (types, taken) => {
    for (const [, type, encode] of FORMATS) {
      const request = () => post(type, encode(PAIRS))
      if (taken.includes(type)) expect(await readIncoming(request(), types)).toEqual(FIELDS)
      else expect(await refusalOf(request(), types)).toBe('unsupported_media_type')
    }
  })

  it('refuses a format it cannot parse, even if the route lists it', async () => {
    for (const type of ['text/plain', 'application/xml', 'constructor'])
      expect(await refusalOf(post(type, json(PAIRS)), [type])).toBe('unsupported_media_type')
  })

  it('names the first missing field if there is no body, whatever the media type', async () => {
    for (const type of [FORM, JSON_TYPE, '', 'text/plain'])
      expect(await refusalOf(post(type, null), [JSON_TYPE])).toBe('missing_field email')
  })

  it('accepts JSON after a byte order mark', async () => {
    expect(await read(post(JSON_TYPE, `\ufeff${json(PAIRS)}`))).toEqual(FIELDS)
  })

  it.each([
    ['UTF-8 in a form', FORM, 'email=é&password=x'],
    ['escaped UTF-8 in a form', FORM, 'email=%C3%A9&password=x'],
    ['escaped ISO-8859-1 in a form', FORM, 'email=%E9&password=x'],
    ['UTF-8 in JSON', JSON_TYPE, '{"email":"é","password":"x"}'],
    ['UTF-8 in a multipart form', MULTIPART, parts(part('email', 'é'), part('password', 'x'))],
  ])('refuses %s declared as ISO-8859-1 or ASCII', async (_, type, body) => {
    for (const charset of ['iso-8859-1', 'us-ascii'])
      expect(await refusalOf(post(`${type}; charset=${charset}`, body))).toBe('unsupported_charset')
    const latin1 = Buffer.from(body, 'latin1')
    expect(await refusalOf(post(`${type}; charset=iso-8859-1`, latin1))).toBe('unsupported_charset')
  })

  it('does not parse a value as a name', async () => {
    const password = '","email":"eve","x":{"email":'
    expect(await read(post(JSON_TYPE, json([...PAIRS.slice(0, 1), ['password', password]])))).toEqual({
      ...FIELDS,
      password,
    })
  })

  it('reads a body that arrives byte by byte', async () => {
    for (const [, type, encode] of FORMATS) {
      const bytes = Buffer.from(encode([...PAIRS.slice(0, 1), ['password', 'é😀']]))
      const body = streamOf(...Array.from(bytes, (byte) => Buffer.of(byte)))
      expect(await read(post(type, body))).toEqual({ ...FIELDS, password: 'é😀' })
    }
  })

  it('stops reading an endless body and cancels it', async () => {
    let pulled = 0
    const cancelled = Promise.withResolvers<void>()
    const endless = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(KIB).fill(++pulled && 0x61)),
      cancel: () => cancelled.resolve(),
    })
    expect(await refusalOf(post(FORM, endless))).toBe('body_too_large')
    await cancelled.promise
    expect(pulled).toBeLessThan(70)
  })

  it('does not read a body whose Content-Length is too large', async () => {
    const body = new ReadableStream({ pull: () => Promise.reject(new Error('read')) }, { highWaterMark: 0 })
    expect(await refusalOf(post(FORM, body, { 'content-length': String(64 * KIB + 1) }))).toBe(
      'body_too_large',
    )
  })

  it('refuses a body that has been read or is locked', async () => {
    const used = post(FORM, 'email=x&password=x')
    await used.text()
    expect(await refusalOf(used)).toBe('body_already_read')
    const locked = post(FORM, 'email=x&password=x')
    locked.body?.getReader()
    expect(await refusalOf(locked)).toBe('body_already_read')
  })

  it('refuses a body that fails halfway', async () => {
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(Buffer.from('email=x&')),
      pull: () => Promise.reject(new Error('connection reset')),
    })
    expect(await refusalOf(post(FORM, body))).toBe('malformed_request')
  })
  it('parses any bytes or refuses them with a 4xx code, without repeating them', async () => {
    const types = [...FORMATS.map(([, type]) => type), 'text/plain', '', `${FORM}; charset=utf-16`]
    const wholes = FORMATS.map(([, , encode]) =>
      Buffer.from(
        encode([
          ['email', 'bob'],
          ['password', 's3cr3t-v4lue'],
        ]),
      ),
    )
    // Half of the bodies are valid ones with a few bytes replaced.
    const damaged = fc
      .tuple(
        fc.constantFrom(...wholes),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(4),
        fc.uint8Array({ maxLength: 4 }),
      )
      .map(([whole, share, cut, bytes]) => {
        const place = Math.floor(whole.length * share)
        return new Uint8Array(Buffer.concat([whole.subarray(0, place), bytes, whole.subarray(place + cut)]))
      })
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...types), fc.oneof(damaged, fc.uint8Array()), async (type, body) => {
        const result = await read(post(type, body)).catch((error: unknown) => error)
        if (result instanceof AuthError) {
          expect(ERRORS[result.code].status).toBeGreaterThanOrEqual(400)
          expect(ERRORS[result.code].status).toBeLessThan(500)
          expect(result.message).not.toContain('s3cr3t')
        } else {
          expect(contract.safeParse(result).success, String(result)).toBe(true)
        }
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('parseForm', () => {
  it.each<[string, Pair[]]>([
    ['', []],
    ['&&', []],
    ['a', [['a', '']]],
    ['=', [['', '']]],
    ['a=b=c', [['a', 'b=c']]],
    [
      'a=1&&b=2&',
      [
        ['a', '1'],
        ['b', '2'],
      ],
    ],
    ['a+b=%2B+%20', [['a b', '+  ']]],
    ['a=1;b=2', [['a', '1;b=2']]],
    [
      'a=1&a=2',
      [
        ['a', '1'],
        ['a', '2'],
      ],
    ],
  ])('parses %j', (body, fields) => {
    expect(parseForm(body)).toEqual(fields)
  })

  it('agrees with URLSearchParams on every text without broken escapes', () => {
    const body = fc.string({
      unit: fc.constantFrom(...'a=&+;%%0129cCfF?é', '%41', '%C3%A9', '%00'),
      maxLength: 20,
    })
    fc.assert(
      fc.property(body, (text) => {
        // URLSearchParams strips one leading question mark.
        const standard = [...new URLSearchParams(`?${text}`)]
        let fields: unknown
        try {
          fields = parseForm(text)
        } catch (error) {
          expect(error).toBeInstanceOf(URIError)
          // There URLSearchParams keeps the percent sign or substitutes U+FFFD.
          expect(standard.flat().join('')).toMatch(/[%\ufffd]/)
          return
        }
        expect(fields).toEqual(standard)
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('parseJson', () => {
  const name = fc
    .oneof(
      fc.string({ unit: CHARACTER, maxLength: 5 }),
      fc.constantFrom('a', 'b', '1', '__proto__', '"', '":', 'a\\'),
    )
    // V8 misreads escaped names after such a name (https://github.com/nodejs/node/issues/63785).
    .filter((text) => !text.startsWith('\\'))
  const spell = fc.constantFrom(JSON.stringify, everyCharacterEscaped)
  const scalar = fc.oneof(name, fc.integer(), fc.boolean(), fc.constant(null))

  it('returns every occurrence of a name, escaped or not', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(name, spell, scalar)),
        fc.constantFrom('', ' ', '\r\n\t'),
        (pairs, space) => {
          const members = pairs.map(([key, spelled, inner]) =>
            [spelled(key), JSON.stringify(inner)].join(`${space}:${space}`),
          )
          const fields = parseJson(`${space}{${space}${members.join(`${space},${space}`)}${space}}${space}`)
          expect(fields.map(([key]) => key)).toEqual(pairs.map(([key]) => key))
          const last = new Map(pairs.map(([key, , inner]) => [key, inner]))
          expect(fields.map(([, inner]) => inner)).toEqual(pairs.map(([key]) => last.get(key)))
        },
      ),
      { numRuns: 500 },
    )
  })

  it('throws a SyntaxError for anything but an object', () => {
    for (const body of [
      '',
      'null',
      '[]',
      '""',
      '0',
      'false',
      '{',
      '{}{}',
      'undefined',
      "{'a':1}",
      '{"a":01}',
    ])
      expect(() => parseJson(body), body).toThrow(SyntaxError)
  })
})

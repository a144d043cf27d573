import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CHARACTER } from '../../test/support/characters.ts'
import { OptionError } from '../model/errors.ts'
import { isEmailAddress } from '../model/user.ts'
import { describeSmtp, parseMailFrom, parseSmtpUrl } from './settings.ts'

/** The error that parsing throws. */
function refusalOf(parse: () => unknown): OptionError {
  try {
    parse()
  } catch (error) {
    if (error instanceof OptionError) return error
    throw error
  }
  throw new Error('expected an OptionError')
}

describe('parseSmtpUrl', () => {
  it.each([
    ['smtp://mail.example.com', false, 'mail.example.com', 587],
    ['smtps://mail.example.com', true, 'mail.example.com', 465],
    ['smtps://mail.example.com:2465/', true, 'mail.example.com', 2465],
    ['SMTP://MAIL.Example.com:25', false, 'mail.example.com', 25],
    ['smtp://localhost:1', false, 'localhost', 1],
    ['smtp://LOCALHOST:65535', false, 'localhost', 65_535],
    ['smtp://127.0.0.1:25', false, '127.0.0.1', 25],
    ['smtp://127.1:25', false, '127.0.0.1', 25],
    ['smtp://[::1]:25', false, '::1', 25],
    ['smtps://[2001:DB8::1]', true, '2001:db8::1', 465],
    ['smtp://bücher.example', false, 'xn--bcher-kva.example', 587],
    ['smtp://mail_1:25', false, 'mail_1', 25],
  ])('parses %s', (text, secure, host, port) => {
    expect(parseSmtpUrl(text)).toEqual({ secure, host, port, credentials: null })
  })

  it.each([
    ['smtp://user:secret@mail.example.com', 'user', 'secret'],
    ['smtp://user%40example.com:p%2Fa%3Fs%23s%25%3A%40@mail.example.com', 'user@example.com', 'p/a?s#s%:@'],
    ['smtp://user:pa:ss@mail.example.com', 'user', 'pa:ss'],
    ['smtp://us%C3%A9r:p%C3%A4ss@mail.example.com', 'usér', 'päss'],
  ])('decodes the credentials of %s', (text, user, password) => {
    expect(parseSmtpUrl(text).credentials).toEqual({ user, password })
  })

  it.each([
    ['', 'expected smtp://'],
    ['mail.example.com', 'expected smtp://'],
    ['mail.example.com:25', 'must begin with'],
    ['http://hunter2@mail.example.com', 'must begin with'],
    ['smtp:mail.example.com', 'must end after the port'],
    ['smtp:', 'has no valid host name'],
    ['smtp://', 'has no valid host name'],
    ['smtp://user:hunter2@', 'expected smtp://'],
    ['smtp://:25', 'expected smtp://'],
    ['smtp://999.1.1.1', 'has no valid host name'],
    ['smtp://mail..example.com', 'has no valid host name'],
    ['smtp://-.example.com', 'has no valid host name'],
    ['smtp://mail%20x.example.com', 'has no valid host name'],
    ['smtp://a,b', 'has no valid host name'],
    ['smtp://mail.example.com:0', '1 to 65535'],
    ['smtp://mail.example.com:65536', 'expected smtp://'],
    ['smtp://mail.example.com:2x', 'expected smtp://'],
    ['smtp://mail.example.com/path', 'must end after the port'],
    ['smtp://mail.example.com?requireTLS=false', 'must end after the port'],
    ['smtp://mail.example.com#x', 'must end after the port'],
    ['smtp://user:1234/hunter2@mail.example.com', 'must end after the port'],
    ['smtp://user:1234?hunter2@mail.example.com', 'must end after the port'],
    ['smtp://user:1234#hunter2@mail.example.com', 'must end after the port'],
    ['smtp://user:#hunter2@mail.example.com', 'must end after the port'],
    ['smtp://user:hunter2/x@mail.example.com', 'expected smtp://'],
    ['smtp://user@mail.example.com', 'must have both a user and a password'],
    ['smtp://:hunter2@mail.example.com', 'must have both a user and a password'],
    ['smtp://user:hunter2%@mail.example.com', 'write % as %25'],
    ['smtp://user:hunter2%ff@mail.example.com', 'write % as %25'],
    ['smtp://user:hunter2@mail.example.com\r\n', 'expected smtp://'],
    ['smtp://user:hunter2@mail.\texample.com', 'expected smtp://'],
    [' smtp://mail.example.com', 'expected smtp://'],
  ])('refuses %j without quoting any part of it', (text, problem) => {
    const error = refusalOf(() => parseSmtpUrl(text))
    expect(error).toMatchObject({ option: 'smtpUrl', message: expect.stringContaining(problem) })
    expect(error.cause).toBeUndefined()
    expect(error.message).not.toMatch(/hunter2|1234/)
  })

  it('decodes any percent-encoded credentials', () => {
    const part = fc.string({ unit: 'grapheme', minLength: 1 })
    fc.assert(
      fc.property(part, part, (user, password) => {
        const text = `smtps://${encodeURIComponent(user)}:${encodeURIComponent(password)}@mail.example.com`
        expect(parseSmtpUrl(text).credentials).toEqual({ user, password })
      }),
    )
  })

  it('returns a server or throws an OptionError without the password, for any text', () => {
    const text = fc.oneof(
      fc.string({ unit: CHARACTER }),
      fc.string({ unit: CHARACTER }).map((rest) => `smtp://user:hunter2${rest}@mail.example.com`),
      fc.string({ unit: fc.constantFrom(...'@:/?#%[]\\.12 \n') }).map((rest) => `smtps://hunter2${rest}`),
    )
    fc.assert(
      fc.property(text, (url) => {
        try {
          const { host, port } = parseSmtpUrl(url)
          expect(host).toMatch(/^[a-z0-9_.:-]+$/)
          expect(port).toBeGreaterThan(0)
          expect(port).toBeLessThan(65_536)
        } catch (error) {
          expect(error).toBeInstanceOf(OptionError)
          expect(String(error)).not.toContain('hunter2')
        }
      }),
      { numRuns: 2_000 },
    )
  })
})

describe('describeSmtp', () => {
  it.each([
    ['smtp://user:hunter2@mail.example.com', 'smtp://user@mail.example.com:587'],
    ['smtps://user%40x:hunter2@[::1]:465/', 'smtps://user%40x@[::1]:465'],
    ['smtp://127.0.0.1', 'smtp://127.0.0.1:587'],
  ])('shows %s without its password', (text, shown) => {
    expect(describeSmtp(text)).toBe(shown)
  })

  it('returns a URL that describes the same server', () => {
    const host = fc.constantFrom('mail.example.com', '[::1]', '10.0.0.1')
    fc.assert(
      fc.property(host, fc.integer({ min: 1, max: 65_535 }), fc.boolean(), (name, port, secure) => {
        const text = `${secure ? 'smtps' : 'smtp'}://${name}:${port}`
        expect(describeSmtp(text)).toBe(text)
      }),
    )
  })

  it('refuses text that is not a URL', () => {
    expect(() => describeSmtp('hunter2')).toThrow(OptionError)
  })
})

describe('parseMailFrom', () => {
  it.each([
    ['a@b.c', '', 'a@b.c'],
    ['root@localhost', '', 'root@localhost'],
    [' no-reply@example.com ', '', 'no-reply@example.com'],
    ['<a@b.c>', '', 'a@b.c'],
    ['Bienvenue <a@b.c>', 'Bienvenue', 'a@b.c'],
    ['  Élan  Vital <a@b.c>', 'Élan  Vital', 'a@b.c'],
    ['"Name, Inc." <a@b.c>', 'Name, Inc.', 'a@b.c'],
    ['Name, Inc. <a@b.c>', 'Name, Inc.', 'a@b.c'],
    ['Société Générale S.A., Paris; Lyon <a@b.c>', 'Société Générale S.A., Paris; Lyon', 'a@b.c'],
    ['[Test] Name: Support (EU) <a@b.c>', '[Test] Name: Support (EU)', 'a@b.c'],
    ["O'Name & Co <a@b.c>", "O'Name & Co", 'a@b.c'],
    ['Nom\u00a0propre <a@b.c>', 'Nom\u00a0propre', 'a@b.c'],
    ['"" <a@b.c>', '', 'a@b.c'],
    ['Name< a@b.c >', 'Name', 'a@b.c'],
    ['Name <jürgen@bücher.example>', 'Name', 'jürgen@bücher.example'],
  ])('parses %j', (text, name, address) => {
    expect(parseMailFrom(text)).toEqual({ name, address })
  })

  it.each([
    '',
    'Bienvenue',
    'a@',
    '@b.c',
    'a b@c.d',
    'Name a@b.c',
    'Name <a@b.c',
    'Name a@b.c>',
    'Name <a@>',
    'Name <>',
    'Name <a@b.c> x',
    'a@b.c, d@e.f',
    'a@b.c,d@e.f',
    'Name <a@b.c>, Other <d@e.f>',
    'd@e.f, Name <a@b.c>',
    'Name <a@b.c, d@e.f>',
    'Group: a@b.c, d@e.f;',
    'd@e.f <a@b.c>',
    'a@b.c (Name)',
    '"Name, Inc. <a@b.c>"',
    "'Name, Inc. <a@b.c>'",
    '"Name <a@b.c>',
    '"Na"me" <a@b.c>',
    '"Name\\" <a@b.c>',
    'Name <a@b.c\n>',
    'Name\r\nBcc: d@e.f <a@b.c>',
    'Name\r\nBcc <a@b.c>',
    '"Name\nBcc" <a@b.c>',
    'Name\0 <a@b.c>',
    'Name\u202e <a@b.c>',
    'Name\u2028 <a@b.c>',
    'a@b.c\n',
  ])('refuses %j', (text) => {
    expect(refusalOf(() => parseMailFrom(text))).toMatchObject({ option: 'mailFrom' })
  })

  it.each([
    ['Name\r\nBcc <a@b.c>', 'the name contains U+000D'],
    ['Name\u202e <a@b.c>', 'the name contains U+202E'],
    ['Name <a\u200b@b.c>', 'the address contains U+200B'],
    ['"Name, Inc. <a@b.c>"', 'the quotes are part of the value'],
    ['d@e.f, Name <a@b.c>', 'the name contains @'],
  ])('explains what is wrong with %j', (text, problem) => {
    expect(refusalOf(() => parseMailFrom(text)).message).toContain(problem)
  })

  it('returns one address and a name on one line, or throws an OptionError, for any text', () => {
    const piece = fc.oneof(
      fc.string({ unit: CHARACTER, maxLength: 4 }),
      fc.constantFrom('<', '>', '"', ',', '\n', '\r', 'a@b.c', ' ', '\\', ':', ';'),
    )
    const text = fc.array(piece).map((pieces) => pieces.join(''))
    fc.assert(
      fc.property(
        fc.oneof(
          text,
          text.map((name) => `${name} <a@b.c>`),
        ),
        (from) => {
          try {
            const { name, address } = parseMailFrom(from)
            expect(isEmailAddress(address)).toBe(true)
            expect(name).not.toMatch(/[\p{C}\p{Zl}\p{Zp}"\\]/u)
          } catch (error) {
            expect(error).toBeInstanceOf(OptionError)
          }
        },
      ),
      { numRuns: 2_000 },
    )
  })
})

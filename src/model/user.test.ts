import { domainToASCII } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CHARACTER } from '../../test/support/characters.ts'
import {
  accountOf,
  EMAIL_MAX_LENGTH,
  isEmailAddress,
  isUnambiguousEmail,
  mailboxOf,
  maskEmail,
  normalizeEmail,
  storedEmail,
  trimEmail,
  type User,
} from './user.ts'

// Characters for edge cases: composed and combining, with two or three cases, with another UTF-8 length in another
// case, and one (U+037E) that NFC turns into a semicolon.
const ODD = [...'éÉüßΣσςﬁÅİıſẞȺ名ｅ😀\u0301\u0958\u037e\u212a']
const of = (units: readonly string[], minLength: number, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...units), minLength, maxLength })
const address = fc
  .tuple(
    of([...'abXYZ09.+-_', ...ODD], 1, 12),
    fc.array(of([...'abXYZ09-', ...ODD], 1, 6), { minLength: 1, maxLength: 4 }),
  )
  .map(([localPart, labels]) => `${localPart}@${labels.join('.')}`)
  .filter(isEmailAddress)
const anyText = fc.oneof(
  fc.string({ unit: CHARACTER }),
  of([...'@@ .aA9-%/:[]\t\n\0', 'xn--', '\ud800', '\udc00', '\ufeff', ...ODD], 0, 20),
)

/** An address with a domain of `length` ASCII characters. */
function withDomain(localPart: string, length: number): string {
  return `${localPart}@${`${'a'.repeat(60)}.`.repeat(4).slice(-length + 1)}b`
}

describe('isEmailAddress', () => {
  it.each([
    'guillaume@holberton.io',
    'GUILLAUME@HOLBERTON.IO',
    '  guillaume@holberton.io ',
    'root@localhost',
    "o'brien+a.tag=x@mail.example.co.uk",
    '!#$%&*/?^_`{|}~-@example.com',
    '.dots..everywhere.@example.com',
    'postmaster@1and1.example',
    '用户@例え.jp',
    'cafe\u0301@example.com',
    'a@xn--bcher-kva.example',
    'a@bücher.example',
    `${'a'.repeat(64)}@example.com`,
    `${'é'.repeat(32)}@example.com`,
    `a@${'b'.repeat(63)}.com`,
    withDomain('a'.repeat(64), 189),
  ])('accepts %j', (text) => {
    expect(isEmailAddress(text)).toBe(true)
    expect(isEmailAddress(normalizeEmail(text))).toBe(true)
  })

  it.each([
    ['nothing', ''],
    ['only spaces', '   '],
    ['no @', 'example.com'],
    ['only @', '@'],
    ['no local part', '@example.com'],
    ['no domain', 'a@'],
    ['two @', 'a@b@example.com'],
    ['two @ together', 'a@@example.com'],
    ['a space in the local part', 'a b@example.com'],
    ['a space before the @', 'a @example.com'],
    ['a space in the domain', 'a@exam ple.com'],
    ['a no-break space around', '\u00a0a@example.com'],
    ['a tab around', 'a@example.com\t'],
    ['a line break around', 'a@example.com\n'],
    ['a header on a second line', 'a@example.com\r\nBcc: b@example.com'],
    ['a line break in the local part', 'a\nb@example.com'],
    ['a line separator', 'a\u2028b@example.com'],
    ['a zero byte', 'a\0@example.com'],
    ['an escape', 'a\u001b[0m@example.com'],
    ['DEL', 'a\u007f@example.com'],
    ['a C1 control', 'a\u0085@example.com'],
    ['a zero-width space', 'a\u200bb@example.com'],
    ['a right-to-left override', 'a\u202eb@example.com'],
    ['a byte order mark', '\ufeffa@example.com'],
    ['a soft hyphen in the domain', 'a@exam\u00adple.com'],
    ['a lone surrogate', 'a\ud800@example.com'],
    ['a private use character', 'a\ue000@example.com'],
    ['a quoted local part', '"a"@example.com'],
    ['a comment', 'a(b)@example.com'],
    ['a list', 'a@example.com,b@example.com'],
    ['a display name', 'A <a@example.com>'],
    ['a backslash', 'a\\b@example.com'],
    ['an IPv4 address', 'a@127.0.0.1'],
    ['an IPv4 address of one number', 'a@2130706433'],
    ['an IPv4 address in hexadecimal', 'a@0x7f.0.0.1'],
    ['an IPv4 address in full-width digits', 'a@１２７.0.0.1'],
    ['a domain that ends with a number', 'a@example.123'],
    ['an IPv4 literal', 'a@[127.0.0.1]'],
    ['an IPv6 literal', 'a@[IPv6:::1]'],
    ['a percent sign in the domain', 'a@example%2ecom'],
    ['a full-width percent sign in the domain', 'a@example％2ecom'],
    ['a slash in the domain', 'a@example.com/b'],
    ['a full-width slash in the domain', 'a@example.com／b'],
    ['a character whose mapping has a slash', 'a@example.com℀b'],
    ['a port', 'a@example.com:25'],
    ['a question mark in the domain', 'a@example.com?b'],
    ['an underscore in the domain', 'a@ex_ample.com'],
    ['an empty label', 'a@example..com'],
    ['a dot before the domain', 'a@.example.com'],
    ['a dot after the domain', 'a@example.com.'],
    ['a label that begins with a hyphen', 'a@-example.com'],
    ['a label that ends with a hyphen', 'a@example-.com'],
    ['empty punycode', 'a@xn--.com'],
    ['a local part of 65 octets', `${'a'.repeat(65)}@example.com`],
    ['a local part of 33 characters and 66 octets', `${'é'.repeat(33)}@example.com`],
    ['a label of 64 octets', `a@${'b'.repeat(64)}.com`],
    ['255 characters', withDomain('a'.repeat(64), 190)],
    ['a megabyte', `a@${'b.'.repeat(500_000)}com`],
  ])('refuses %s', (_, text) => {
    expect(isEmailAddress(text)).toBe(false)
  })

  it('refuses ASCII control characters and spaces anywhere inside any text, and throws for none', () => {
    const characters = [...Array(33).keys(), 0x7f].map((code) => String.fromCharCode(code))
    const addresses = characters.flatMap((c) => [`a${c}b@x.org`, `a@b${c}c.org`])
    expect(addresses.filter(isEmailAddress)).toEqual([])
    fc.assert(
      fc.property(anyText, fc.constantFrom(...characters), anyText, (before, character, after) => {
        expect(isEmailAddress(`a${before}${character}${after}@x.org`)).toBe(false)
        expect(() => isEmailAddress(before)).not.toThrow()
      }),
    )
  })
})

describe('trimEmail', () => {
  it('removes surrounding spaces and nothing else', () => {
    fc.assert(
      fc.property(anyText, fc.nat(3), fc.nat(3), (text, before, after) => {
        const bare = text.replace(/^ +/, '').replace(/ +$/, '')
        expect(trimEmail(' '.repeat(before) + text + ' '.repeat(after))).toBe(bare)
      }),
    )
    expect(trimEmail('\t a@b.c\u00a0')).toBe('\t a@b.c\u00a0')
  })
})

describe('isUnambiguousEmail [EML-01]', () => {
  it.each([
    'bob@example.com',
    ' Bob@Example.com ',
    'jörg@bücher.example',
    // Stored in NFC, so canonical equivalents are the same address.
    'jo\u0308rg@example.com',
    '\u212aelvin@example.com',
    '用户@例え.jp',
    'straße@example.com',
    // Look-alikes from another script remain different letters in every normal form.
    'аdmin@example.com',
  ])('accepts %j', (text) => {
    expect(isEmailAddress(text)).toBe(true)
    expect(isUnambiguousEmail(text)).toBe(true)
  })

  it.each([
    ['full-width letters', '\uff42ob@example.com'],
    ['a full-width domain', 'bob@\uff45xample.com'],
    ['a full-width full stop', 'bob@example\uff0ecom'],
    ['a ligature', '\ufb01na@example.com'],
    ['a superscript', 'bob\u00b2@example.com'],
    ['a letter-like symbol', '\u2102arl@example.com'],
    ['long s', 'bo\u017fs@example.com'],
    ['a mathematical letter', '\u{1d41b}ob@example.com'],
    ['a combining grapheme joiner', 'b\u034fob@example.com'],
    ['a joiner that IDNA drops from the domain', 'bob@exam\u034fple.com'],
    ['a variation selector', 'bob\ufe0f@example.com'],
    ['a Hangul filler', 'bob\u3164@example.com'],
    ['a half-width Hangul filler', 'bob\uffa0@example.com'],
    ['a Hangul jamo filler', 'bob\u115f@example.com'],
    ['a Khmer inherent vowel', 'bob\u17b4@example.com'],
    ['a braille blank', 'bob\u2800@example.com'],
  ])('refuses %s', (_, text) => {
    expect(isUnambiguousEmail(text)).toBe(false)
  })
})

describe('storedEmail', () => {
  it('returns the address in NFC, without surrounding spaces, with its letter case [EML-01]', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(storedEmail(` ${text.normalize('NFD')} `)).toBe(trimEmail(text).normalize('NFC'))
      }),
    )
    expect(storedEmail('Jo\u0308rg@Example.com')).toBe('Jörg@Example.com')
    expect(storedEmail('squat\u212a@example.com')).toBe('squatK@example.com')
  })
})

describe('mailboxOf', () => {
  it('differs from the canonical form only in letter case, for every address of a new account [EML-01]', () => {
    fc.assert(
      fc.property(address.filter(isUnambiguousEmail), (text) => {
        const mailbox = mailboxOf(text)
        const at = mailbox.lastIndexOf('@')
        expect(mailbox.slice(at)).toBe(normalizeEmail(text).slice(normalizeEmail(text).lastIndexOf('@')))
        expect(mailbox.slice(0, at).toLowerCase().normalize('NFC') + mailbox.slice(at)).toBe(
          normalizeEmail(text),
        )
      }),
      { numRuns: 1_000 },
    )
    expect(mailboxOf(' Jo\u0308rg@BÜCHER.example')).toBe('Jörg@xn--bcher-kva.example')
  })
})

describe('normalizeEmail', () => {
  it.each([
    ['Bob@Example.COM', 'bob@example.com'],
    ['  bob@example.com  ', 'bob@example.com'],
    ['ÉMILE@example.com', 'émile@example.com'],
    ['e\u0301mile@example.com', 'émile@example.com'],
    ['a@BÜCHER.example', 'a@xn--bcher-kva.example'],
    ['a@XN--BCHER-KVA.example', 'a@xn--bcher-kva.example'],
    ['a@ｅxample。com', 'a@example.com'],
    ['\u212aelvin@example.com', 'kelvin@example.com'],
    ['No Address', 'no address'],
    ['', ''],
  ])('%j becomes %j', (text, normalized) => {
    expect(normalizeEmail(text)).toBe(normalized)
  })

  it('is total and idempotent on any text', () => {
    fc.assert(
      fc.property(fc.oneof(anyText, address), (text) => {
        const once = normalizeEmail(text)
        expect(normalizeEmail(once)).toBe(once)
      }),
      { numRuns: 1_000 },
    )
  })

  it('is the same for all spellings: surrounding spaces, letter case, NFC and NFD, punycode [EML-01]', () => {
    fc.assert(
      fc.property(address, fc.nat(3), fc.nat(3), (text, before, after) => {
        const normalized = normalizeEmail(text)
        // Only Latin-1 letters, whose case mapping is one to one and does not depend on their position.
        const upper = text.replace(/[a-zà-öø-þ]/g, (letter) => letter.toUpperCase())
        const lower = text.replace(/[A-ZÀ-ÖØ-Þ]/g, (letter) => letter.toLowerCase())
        const at = text.lastIndexOf('@') + 1
        const punycode = text.slice(0, at) + domainToASCII(text.slice(at))
        const padded = ' '.repeat(before) + text + ' '.repeat(after)
        for (const spelling of [
          upper,
          lower,
          text.normalize('NFD'),
          text.normalize('NFC'),
          punycode,
          padded,
        ]) {
          expect(normalizeEmail(spelling), JSON.stringify(spelling)).toBe(normalized)
        }
      }),
      { numRuns: 1_000 },
    )
  })

  it('maps the case of a domain as IDNA does, independently of the position in a word', () => {
    // IDNA maps upper-case sigma to σ everywhere; String.prototype.toLowerCase maps it to ς at the end of a word.
    const domain = 'ΑΣ-x.gr'
    expect(normalizeEmail(`a@${domain}`)).toBe(`a@${domainToASCII(domain)}`)
  })

  it('keeps tags and dots, which distinguish mailboxes [EML-01]', () => {
    const spellings = [
      'ab@x.org',
      'a.b@x.org',
      'a..b@x.org',
      'ab.@x.org',
      'ab+t@x.org',
      'ab+t+u@x.org',
      'a-b@x.org',
      'ab@x.y.org',
    ]
    expect(spellings.map(normalizeEmail)).toEqual(spellings)
  })

  it('distinguishes letters that look alike or share an upper case', () => {
    const lookalikes = ['admin@x.org', 'admın@x.org', 'аdmin@x.org', 'ádmin@x.org', 'ａdmin@x.org']
    expect(new Set(lookalikes.map(normalizeEmail)).size).toBe(lookalikes.length)
    expect(normalizeEmail('strasse@x.org')).not.toBe(normalizeEmail('straße@x.org'))
  })

  it('returns a valid address for every valid address', () => {
    fc.assert(
      fc.property(address, (text) => {
        expect(isEmailAddress(normalizeEmail(text))).toBe(true)
      }),
      { numRuns: 1_000 },
    )
  })

  // Normalisation makes each of these longer or turns a character into another kind.
  it.each([
    ['U+037E, which NFC turns into a semicolon', 'a\u037eb@example.com'],
    ['a letter that NFC splits in two', `${'\u0958'.repeat(20)}@example.com`],
    ['a letter that is longer in lower case', `${'Ⱥ'.repeat(32)}@example.com`],
    ['a domain that is too long in punycode', `a@${'ü.'.repeat(100)}com`],
  ])('is valid if and only if the original is: %s', (_, text) => {
    const normalized = normalizeEmail(text)
    expect(isEmailAddress(text)).toBe(isEmailAddress(normalized))
    if (isEmailAddress(text)) expect(normalized.length).toBeLessThanOrEqual(EMAIL_MAX_LENGTH)
  })
})

describe('maskEmail', () => {
  it.each([
    ['guillaume@holberton.io', 'g***@holberton.io'],
    [' Guillaume@Holberton.io ', 'g***@holberton.io'],
    ['a@example.com', 'a***@example.com'],
    ['😀x@example.com', '😀***@example.com'],
    ['bob@bücher.example', 'b***@xn--bcher-kva.example'],
    // Other text can be anything, such as a password in the wrong field.
    ['correct horse', '*'],
    ['', '*'],
    ['@example.com', '*'],
    ['a b@example.com', '*'],
    ['bob@example.com\n', '*'],
  ])('masks %j as %j', (address, shown) => {
    expect(maskEmail(address)).toBe(shown)
  })

  it('shows the first character and the domain, the same for every spelling', () => {
    fc.assert(
      fc.property(address, (text) => {
        const [localPart = '', domain = ''] = normalizeEmail(text).split('@')
        expect(maskEmail(text)).toBe(`${[...localPart][0]}***@${domain}`)
        expect(maskEmail(normalizeEmail(text))).toBe(maskEmail(text))
      }),
    )
  })
})

describe('accountOf', () => {
  it('returns only what may be shown', () => {
    const account = {
      id: 7,
      email: 'bob@example.com',
      createdAt: new Date(1),
      disabledAt: new Date(2),
      emailVerifiedAt: new Date(3),
      passwordCompromisedAt: new Date(4),
      locale: 'de',
      name: 'Bob',
      picture: 'https://example.com/bob.png',
    }
    const user: User = {
      ...account,
      metadataJson: '{"plan":"pro","seats":[1,2]}',
      hashedPassword: 'hash',
      sessionId: 'session',
      resetToken: 'token',
      passwordVersion: 2,
      secondFactorEnabledAt: new Date(5),
      secondFactorRequiredAt: new Date(6),
    }
    expect(accountOf(user)).toEqual({ ...account, metadata: { plan: 'pro', seats: [1, 2] } })
    expect(accountOf({ ...user, metadataJson: null })).toEqual({ ...account, metadata: {} })
  })
})

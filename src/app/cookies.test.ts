import fc from 'fast-check'
import { serialize } from 'hono/utils/cookie'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { mintBearer } from '../lib/bearer.ts'
import { clearedCookie, deviceCookie, readCookie, sessionCookie } from './cookies.ts'

const PLAIN = { secureCookie: false, cookieDomain: '', sessionLifetimeSeconds: 60 }
const SECURE = { ...PLAIN, secureCookie: true }
const KEPT = { persistent: true }
const SHARED = { ...SECURE, cookieDomain: 'example.com' }

describe('the session cookie', () => {
  it.each<[string, string | null | undefined, string | null]>([
    ['no header', undefined, null],
    ['a null header', null, null],
    ['an empty header', '', null],
    ['only separators', '; ;;', null],
    ['another cookie', 'theme=dark', null],
    ['the cookie alone', 'session_id=abc', 'abc'],
    ['others around it', 'theme=dark; session_id=abc; lang=fr', 'abc'],
    ['no space between them', 'theme=dark;session_id=abc;lang=fr', 'abc'],
    ['tabs and spaces around it', ' \tsession_id=abc \t; lang=fr', 'abc'],
    ['an empty value', 'session_id=', ''],
    ['an equals sign in the value', 'session_id=a=b=', 'a=b='],
    // RFC 6265 §4.1.1 allows quotes around a value; they are not part of it.
    ['a quoted value', 'session_id="abc"', 'abc'],
    ['a quoted value among others', '$Version="1"; session_id="a.b-c_d";$Path="/"', 'a.b-c_d'],
    ['empty quotes', 'session_id=""', ''],
    ['only an opening quote', 'session_id="abc', '"abc'],
    ['only a closing quote', 'session_id=abc"', 'abc"'],
    ['a single quote character', 'session_id="', '"'],
    ['two pairs of quotes', 'session_id=""abc""', '""abc""'],
    ['a quote inside quotes', 'session_id="a"b"', '"a"b"'],
    ['spaces inside quotes', 'session_id=" abc "', '" abc "'],
    ['a comma inside quotes', 'session_id="a,b"', '"a,b"'],
    ['a backslash inside quotes', 'session_id="a\\b"', '"a\\b"'],
    ['a semicolon inside quotes', 'session_id="a;b"', '"a'],
    ['non-ASCII letters inside quotes', 'session_id="é"', '"é"'],
    ['single quotes', "session_id='abc'", "'abc'"],
    ['two session cookies, one quoted', 'session_id="abc"; session_id=abc', null],
    ['two session cookies, both quoted', 'session_id="abc"; session_id="abc"', null],
    ['a percent-encoded value', 'session_id=a%62c', 'a%62c'],
    ['a percent sign that encodes nothing', 'session_id=%', '%'],
    ['a plus sign', 'session_id=a+c', 'a+c'],
    ['no value at all', 'session_id', null],
    ['two session cookies', 'session_id=abc; session_id=def', null],
    ['two equal session cookies', 'session_id=abc; session_id=abc', null],
    ['two session cookies with another between', 'session_id=abc; a=b; session_id=def', null],
    ['an empty session cookie first', 'session_id=; session_id=abc', null],
    ['an empty session cookie last', 'session_id=abc; session_id=', null],
    ['three session cookies', 'session_id=a; session_id=b; session_id=c', null],
    ['its name in another case', 'Session_ID=abc', null],
    ['a longer name', 'xsession_id=abc; session_id2=def', null],
    ['a space after the name', 'session_id =abc', null],
    ['an encoded name', 'session%5Fid=abc', null],
    ['its name as a value', 'a=session_id=abc', null],
    ['a name with a prefix', '__Host-session_id=abc', null],
    // Only SP and HTAB are white space in a header (RFC 9110 §5.6.3).
    ['a no-break space after the value', 'session_id=abc\u00a0', 'abc\u00a0'],
    ['a no-break space before the name', '\u00a0session_id=abc', null],
  ])('handles %s', (_, header, value) => {
    expect(readCookie('session_id', header, PLAIN)).toBe(value)
  })

  it('reads back what sessionCookie writes', () => {
    // The characters that RFC 6265 §4.1.1 allows in a value; a session token uses fewer.
    const octet = fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code))
    const value = fc.string({ unit: octet.filter((character) => !'",;\\'.includes(character)) })
    fc.assert(
      fc.property(
        fc.oneof(
          value,
          fc
            .date({ min: new Date(0), noInvalidDate: true, max: new Date('2100-01-01') })
            .map((now) => mintBearer(now).value),
        ),
        (id) => {
          const [pair] = sessionCookie(id, KEPT, PLAIN).header.split(';')
          expect(readCookie('session_id', pair, PLAIN)).toBe(id)
          expect(readCookie('session_id', `a=b; ${pair}; c="d"`, PLAIN)).toBe(id)
        },
      ),
    )
  })

  it('handles any header', () => {
    const header = fc.string({
      unit: fc.constantFrom('session_id', '=', ';', ' ', '"', '%', ',', '\0', 'é', '\ud800'),
    })
    fc.assert(
      fc.property(header, (text) => {
        const value = readCookie('session_id', text, PLAIN)
        const given = text.includes(`session_id="${value}"`) ? `"${value}"` : value
        if (value !== null) expect(text).toContain(`session_id=${given}`)
      }),
    )
  })
})

describe('Set-Cookie', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-11-05T09:08:07.654Z') }))
  afterEach(() => void vi.useRealTimers())

  it('sets the session cookie with Max-Age and Expires, HttpOnly and SameSite=Lax', () => {
    expect(sessionCookie('0a-b.C_d', KEPT, { ...PLAIN, sessionLifetimeSeconds: 2_592_000 }).header).toBe(
      'session_id=0a-b.C_d; Path=/; Max-Age=2592000; Expires=Sat, 05-Dec-2026 09:08:07 GMT; HttpOnly; SameSite=Lax',
    )
  })

  it('leaves out Max-Age and Expires if the cookie ends with the browser', () => {
    const { header, options } = sessionCookie('0a', { persistent: false }, SECURE)
    expect(header).toBe('__Host-session_id=0a; Path=/; Secure; HttpOnly; SameSite=Lax')
    expect(options).toEqual({ path: '/', httpOnly: true, sameSite: 'lax', secure: true })
  })

  it('clears the session cookie with the same attributes', () => {
    expect(clearedCookie(PLAIN).header).toBe(
      'session_id=; Path=/; Max-Age=0; Expires=Thu, 01-Jan-1970 00:00:00 GMT; HttpOnly; SameSite=Lax',
    )
  })

  it('sets the device cookie with its own name and lifetime', () => {
    expect(deviceCookie('0a-b.C_d', 34_560_000, PLAIN).header).toBe(
      'device=0a-b.C_d; Path=/; Max-Age=34560000; Expires=Fri, 10-Dec-2027 09:08:07 GMT; HttpOnly; SameSite=Lax',
    )
  })

  it('adds Secure and the __Host- prefix to secure cookies', () => {
    expect(sessionCookie('0a', KEPT, SECURE).header).toBe(
      '__Host-session_id=0a; Path=/; Max-Age=60; Expires=Thu, 05-Nov-2026 09:09:07 GMT; Secure; HttpOnly; SameSite=Lax',
    )
    expect(clearedCookie(SECURE).header).toBe(
      '__Host-session_id=; Path=/; Max-Age=0; Expires=Thu, 01-Jan-1970 00:00:00 GMT; Secure; HttpOnly; SameSite=Lax',
    )
    expect(deviceCookie('0a', 60, SECURE).header).toBe(
      '__Host-device=0a; Path=/; Max-Age=60; Expires=Thu, 05-Nov-2026 09:09:07 GMT; Secure; HttpOnly; SameSite=Lax',
    )
  })
})

describe('a shared cookie', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2026-11-05T09:08:07.654Z') }))
  afterEach(() => void vi.useRealTimers())

  it('has the domain and the __Secure- prefix; the device cookie stays with its host', () => {
    expect(sessionCookie('0a', KEPT, SHARED).header).toBe(
      '__Secure-session_id=0a; Path=/; Domain=example.com; Max-Age=60; Expires=Thu, 05-Nov-2026 09:09:07 GMT; Secure; HttpOnly; SameSite=Lax',
    )
    expect(clearedCookie(SHARED).header).toContain(
      '__Secure-session_id=; Path=/; Domain=example.com; Max-Age=0;',
    )
    expect(deviceCookie('0a', 60, SHARED).header).toMatch(/^__Host-device=0a; Path=\/; Max-Age=60;/)
    expect(sessionCookie('0a', KEPT, { ...SHARED, secureCookie: false }).header).toMatch(
      /^session_id=0a; Path=\/; Domain=example.com;/,
    )
  })

  it('is the only one read if there is a domain', () => {
    expect(
      readCookie('session_id', '__Secure-session_id=0a; __Host-session_id=x; session_id=y', SHARED),
    ).toBe('0a')
    expect(readCookie('session_id', '__Host-session_id=x; session_id=y', SHARED)).toBeNull()
    expect(readCookie('session_id', '__Secure-session_id=x', SECURE)).toBeNull()
  })
})

describe('the attributes', () => {
  it('are those of the header, for the functions of frameworks', () => {
    const attributesIn = (header: string) =>
      header
        .replace(/Expires=([^;]+)/, (_, date: string) => `Expires=${Date.parse(date.replaceAll('-', ' '))}`)
        .split('; ')
        .sort()
    for (const cookie of [
      sessionCookie('0a', KEPT, SHARED),
      clearedCookie(SHARED),
      sessionCookie('0a', KEPT, PLAIN),
    ]) {
      const { name, value, options, header } = cookie
      expect(attributesIn(serialize(name, value, options))).toEqual(attributesIn(header))
    }
  })
})

describe('a secure cookie', () => {
  it('is the only one read if secure cookies are on', () => {
    expect(readCookie('session_id', 'session_id=planted; __Host-session_id=0a', SECURE)).toBe('0a')
    expect(readCookie('session_id', 'session_id=planted; __Host-session_id="0a"', SECURE)).toBe('0a')
    expect(readCookie('session_id', 'session_id=planted', SECURE)).toBeNull()
    expect(readCookie('session_id', 'session_id=0a; __Host-session_id=x', PLAIN)).toBe('0a')
  })
})

describe('the device cookie', () => {
  it('follows the rules of the session cookie: the exact name, once, quoted or not', () => {
    expect(readCookie('device', 'session_id=s; device=d', PLAIN)).toBe('d')
    expect(readCookie('device', 'session_id="s"; device="d"', PLAIN)).toBe('d')
    expect(readCookie('session_id', 'session_id=s; device=d', PLAIN)).toBe('s')
    expect(readCookie('device', '__Host-session_id=s; __Host-device=d; device=planted', SECURE)).toBe('d')
    for (const header of [null, undefined, '', 'session_id=s', 'xdevice=d', 'device=d; device="d"'])
      expect(readCookie('device', header, PLAIN)).toBeNull()
    expect(readCookie('device', 'device=planted', SECURE)).toBeNull()
  })
})

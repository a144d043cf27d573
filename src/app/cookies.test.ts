import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { mintBearer } from '../lib/bearer.ts'
import { clearedCookie, deviceCookie, readDeviceCookie, readSessionCookie, sessionCookie } from './cookies.ts'

const PLAIN = { secureCookie: false, sessionLifetimeSeconds: 60 }
const SECURE = { secureCookie: true, sessionLifetimeSeconds: 60 }

describe('readSessionCookie', () => {
  it.each<[string, string | null | undefined, string | null]>([
    ['no header', undefined, null],
    ['no header, as Headers say it', null, null],
    ['an empty header', '', null],
    ['only separators', '; ;;', null],
    ['another cookie', 'theme=dark', null],
    ['the cookie alone', 'session_id=abc', 'abc'],
    ['others around it', 'theme=dark; session_id=abc; lang=fr', 'abc'],
    ['no space between them', 'theme=dark;session_id=abc;lang=fr', 'abc'],
    ['tabs and spaces around it', ' \tsession_id=abc \t; lang=fr', 'abc'],
    ['an empty value', 'session_id=', ''],
    ['an equals sign in the value', 'session_id=a=b=', 'a=b='],
    ['a quoted value', 'session_id="abc"', '"abc"'],
    ['a percent-encoded value', 'session_id=a%62c', 'a%62c'],
    ['a percent sign that encodes nothing', 'session_id=%', '%'],
    ['a plus sign', 'session_id=a+c', 'a+c'],
    ['no value at all', 'session_id', null],
    ['two of it', 'session_id=abc; session_id=def', null],
    ['two that are equal', 'session_id=abc; session_id=abc', null],
    ['two with others between', 'session_id=abc; a=b; session_id=def', null],
    ['an empty one before it', 'session_id=; session_id=abc', null],
    ['an empty one after it', 'session_id=abc; session_id=', null],
    ['three of it', 'session_id=a; session_id=b; session_id=c', null],
    ['its name in another case', 'Session_ID=abc', null],
    ['a longer name', 'xsession_id=abc; session_id2=def', null],
    ['a space behind the name', 'session_id =abc', null],
    ['an encoded name', 'session%5Fid=abc', null],
    ['its name as a value', 'a=session_id=abc', null],
    ['a name with a prefix', '__Host-session_id=abc', null],
    // Only SP and HTAB are white space in a header (RFC 9110 §5.6.3).
    ['a no-break space behind the value', 'session_id=abc\u00a0', 'abc\u00a0'],
    ['a no-break space before the name', '\u00a0session_id=abc', null],
  ])('%s', (_, header, value) => {
    expect(readSessionCookie(header, PLAIN)).toBe(value)
  })

  it('reads what sessionCookie wrote', () => {
    // The characters of a cookie value (RFC 6265 §4.1.1); a session id has fewer.
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
          const [pair] = sessionCookie(id, PLAIN).split(';')
          expect(readSessionCookie(pair, PLAIN)).toBe(id)
          expect(readSessionCookie(`a=b; ${pair}; c="d"`, PLAIN)).toBe(id)
        },
      ),
    )
  })

  it('answers any header', () => {
    const header = fc.string({
      unit: fc.constantFrom('session_id', '=', ';', ' ', '"', '%', ',', '\0', 'é', '\ud800'),
    })
    fc.assert(
      fc.property(header, (text) => {
        const value = readSessionCookie(text, PLAIN)
        if (value !== null) expect(text).toContain(`session_id=${value}`)
      }),
    )
  })
})

describe('Set-Cookie', () => {
  it('gives the session for its lifetime, to HTTP alone and to no other site', () => {
    expect(sessionCookie('0a-b.C_d', { ...PLAIN, sessionLifetimeSeconds: 2_592_000 })).toBe(
      'session_id=0a-b.C_d; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax',
    )
  })

  it('takes the session away with the same attributes', () => {
    expect(clearedCookie(PLAIN)).toBe('session_id=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax')
  })
})

describe('a secure cookie', () => {
  it('is bound to its host by its name, and is the only one that counts then', () => {
    expect(sessionCookie('0a', SECURE)).toBe(
      '__Host-session_id=0a; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Lax',
    )
    expect(clearedCookie(SECURE)).toBe(
      '__Host-session_id=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax',
    )
    expect(readSessionCookie('session_id=planted; __Host-session_id=0a', SECURE)).toBe('0a')
    expect(readSessionCookie('session_id=planted', SECURE)).toBeNull()
    expect(readSessionCookie('session_id=0a; __Host-session_id=x', PLAIN)).toBe('0a')
  })
})

describe('the cookie of a device', () => {
  it('is as the session’s is, under its own name and for its own time', () => {
    expect(deviceCookie('0a-b.C_d', 34_560_000, PLAIN)).toBe(
      'device=0a-b.C_d; Path=/; Max-Age=34560000; HttpOnly; SameSite=Lax',
    )
    expect(deviceCookie('0a', 60, SECURE)).toBe(
      '__Host-device=0a; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Lax',
    )
  })

  it('is read as the session’s is: under its exact name, once', () => {
    expect(readDeviceCookie('session_id=s; device=d', PLAIN)).toBe('d')
    expect(readSessionCookie('session_id=s; device=d', PLAIN)).toBe('s')
    expect(readDeviceCookie('__Host-session_id=s; __Host-device=d; device=planted', SECURE)).toBe('d')
    for (const header of [null, undefined, '', 'session_id=s', 'xdevice=d', 'device=d; device=e'])
      expect(readDeviceCookie(header, PLAIN)).toBeNull()
    expect(readDeviceCookie('device=planted', SECURE)).toBeNull()
  })
})

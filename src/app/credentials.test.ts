import { describe, expect, it } from 'vitest'
import { AuthError } from '../model/errors.ts'
import { readCredentials } from './credentials.ts'

const OPTIONS = { secureCookie: false, cookieDomain: '', sessionLifetimeSeconds: 60 }

function credentials(headers: Readonly<Record<string, string>>): unknown {
  try {
    return readCredentials({ header: (name) => headers[name] ?? null }, OPTIONS)
  } catch (error) {
    return error instanceof AuthError ? error.code : error
  }
}

const NONE = { sessionToken: null, transport: 'cookie' }
const CONFLICT = 'conflicting_credentials'

describe('the credentials of a request', () => {
  it.each([
    ['Bearer abc', 'abc'],
    ['bearer abc', 'abc'],
    ['BEARER   abc', 'abc'],
    ['Bearer', ''],
    ['Bearer abc, Bearer abc', 'abc, Bearer abc'],
  ])('are the token of `Authorization: %s`', (authorization, sessionToken) => {
    expect(credentials({ authorization })).toEqual({ sessionToken, transport: 'bearer' })
  })

  it('are the session cookie without such a header', () => {
    expect(credentials({ cookie: 'session_id=abc' })).toEqual({ sessionToken: 'abc', transport: 'cookie' })
    expect(credentials({})).toEqual(NONE)
  })

  it.each(['Basic YTpi', 'Bearerabc', 'DPoP abc', 'Digest Bearer abc', ''])(
    'ignore `Authorization: %s`, which uses another scheme',
    (authorization) => {
      expect(credentials({ authorization })).toEqual(NONE)
      expect(credentials({ authorization, cookie: 'session_id=abc' })).toMatchObject({ sessionToken: 'abc' })
    },
  )

  it.each(['session_id=abc', 'a=b; session_id=', 'session_id=a; session_id=b'])(
    'conflict if there is a bearer token and the cookie %s',
    (cookie) => {
      for (const authorization of ['Bearer abc', 'Bearer', 'bearer x y'])
        expect(credentials({ authorization, cookie })).toBe(CONFLICT)
    },
  )

  it('do not conflict with other cookies', () => {
    const cookie = 'device=abc; __Host-session_id=x; my_session_id=y'
    expect(credentials({ authorization: 'Bearer abc', cookie })).toMatchObject({ transport: 'bearer' })
  })
})

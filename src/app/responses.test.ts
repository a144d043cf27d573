import { expect, it } from 'vitest'
import { AuthError, ERRORS, type ErrorCode } from '../model/errors.ts'
import { errorAnswer, headersOf } from './responses.ts'

const CODES = Object.keys(ERRORS) as ErrorCode[]

it('sends a challenge with each refusal of status 401, and with no other (RFC 9110 §15.5.2)', () => {
  for (const code of CODES) {
    const expected = ERRORS[code].status === 401 ? 'Bearer realm="Bienvenue"' : undefined
    expect(headersOf(new AuthError(code))['www-authenticate'], code).toBe(expected)
  }
  const { status, headers } = errorAnswer(new AuthError('unauthenticated'), 'id', { vary: 'Origin' })
  expect({ status, headers }).toEqual({
    status: 401,
    headers: { vary: 'Origin', 'www-authenticate': 'Bearer realm="Bienvenue"' },
  })
})

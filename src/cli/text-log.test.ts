import { describe, expect, it } from 'vitest'
import { textOf } from './text-log.ts'

describe('textOf', () => {
  const AT = new Date(2026, 10, 21, 9, 5, 7)
  const request = { requestId: 'r-1', method: 'POST', route: '/users', ms: 12.5 }

  it('shows a request with its method, route, status, code and duration', () => {
    expect(textOf(AT, 'info', { ...request, status: 200 }, 'request')).toBe(
      '09:05:07  POST /users  200  12.5 ms\n',
    )
    expect(textOf(AT, 'info', { ...request, status: 400, code: 'email_taken' }, 'request')).toBe(
      '09:05:07  POST /users  400 email_taken  12.5 ms\n',
    )
  })

  it('adds the request id, the cause and the stack frames to a failed request', () => {
    const reason = {
      type: 'SqliteError',
      code: 'SQLITE_BUSY',
      stack: ['at one (a.ts:1:1)', 'at two (b.ts:2:2)'],
    }
    const fields = { ...request, status: 503, code: 'unavailable', reason }
    expect(textOf(AT, 'error', fields, 'request')).toBe(
      `09:05:07  error: POST /users  503 unavailable  12.5 ms  request_id=r-1  (SqliteError SQLITE_BUSY)
    at one (a.ts:1:1)
    at two (b.ts:2:2)
`,
    )
  })

  it('shows the fields of every other message', () => {
    expect(textOf(AT, 'warn', { variable: 'X', removed: { users: 1 } }, 'clean-up')).toBe(
      '09:05:07  warning: clean-up  variable=X  removed={"users":1}\n',
    )
  })

  it('escapes control characters, so that a message cannot forge a line', () => {
    const reason = { type: 'E\n', code: null, stack: ['at \u001b[2J\n'] }
    expect(
      textOf(AT, 'error', { message: '\u001b[2J\n12:00:00  forged', reason }, 'a mail was not sent'),
    ).toBe(
      `09:05:07  error: a mail was not sent  message=\\u{1b}[2J\\u{a}12:00:00  forged  (E\\u{a})
    at \\u{1b}[2J\\u{a}
`,
    )
  })
})

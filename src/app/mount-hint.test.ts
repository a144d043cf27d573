import { describe, expect, it } from 'vitest'
import { createMountHint } from './mount-hint.ts'

const SECRET = '019a3f5e-7c00-7000-8000-000000000001'
const isOurs = (path: string) => path === '/session' || path === '/sessions/others'

/** The log for some paths without a route. */
function loggedFor(baseUrl: string, paths: readonly (string | null)[]): [Record<string, unknown>, string][] {
  const lines: [Record<string, unknown>, string][] = []
  const log = {
    debug() {},
    info() {},
    error() {},
    warn: (...line: (typeof lines)[number]) => lines.push(line),
  }
  const hint = createMountHint({ baseUrl }, log, isOurs)
  for (const path of paths) hint(path)
  return lines
}

describe('the hint of a wrong mount', () => {
  it.each<[baseUrl: string, path: string | null, named: string]>([
    ['', '/auth/session', '/'],
    ['https://example.com', '/api/v1/auth/sessions/others', '/'],
    ['https://example.com/auth', null, '/auth'],
  ])(
    'with BASE_URL %j, is logged once for the path %j, and names only the path of BASE_URL',
    (baseUrl, path, named) => {
      const lines = loggedFor(baseUrl, [path, path, `/${SECRET}/session`])
      expect(lines).toEqual([
        [{ setting: 'BASE_URL', path: named }, expect.stringContaining('end BASE_URL with it')],
      ])
      expect(JSON.stringify(lines)).not.toContain(SECRET)
    },
  )

  it.each<[baseUrl: string, path: string]>([
    ['', '/favicon.ico'],
    ['', '/'],
    ['', '/auth/nothing'],
    ['', '/a/b/c/d/session'],
    ['', '//session'],
    ['', '/auth//session'],
    ['https://example.com/auth', '/nothing'],
  ])('with BASE_URL %j, is not logged for the path %j', (baseUrl, path) => {
    expect(loggedFor(baseUrl, [path])).toEqual([])
  })
})

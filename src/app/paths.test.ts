import { describe, expect, it } from 'vitest'
import { createLocator } from './paths.ts'

/** The path that the service sees for a request. */
function located(baseUrl: string, target: string, originalTarget?: string): string | null {
  return createLocator({ baseUrl })({ target, originalTarget })
}

describe('the path of a request', () => {
  it.each([
    ['https://app.example.com', '/sessions', '/sessions'],
    ['', 'http://localhost:5000/sessions?a=b', '/sessions'],
    ['https://app.example.com/auth', '/auth/sessions', '/sessions'],
    ['https://app.example.com/auth/', '/auth/sessions?a=/b', '/sessions'],
    ['https://app.example.com/auth', 'https://app.example.com/auth/sessions', '/sessions'],
    ['https://app.example.com/auth', '/auth', '/'],
    ['https://app.example.com/auth', '/auth/', '/'],
    ['https://app.example.com/a/b', '/a/b/sessions/x', '/sessions/x'],
  ])('under %s, %s is %s', (baseUrl, target, path) => {
    expect(located(baseUrl, target)).toBe(path)
  })

  it('is the same if a proxy has removed the path of BASE_URL', () => {
    expect(located('https://app.example.com/auth', '/sessions')).toBe('/sessions')
    expect(located('https://app.example.com/auth', '/')).toBe('/')
  })

  it.each([
    ['//auth/sessions', '//auth/sessions'],
    ['/auth//sessions', '//sessions'],
    ['/auth%2fsessions', '/auth%2fsessions'],
    ['/%61uth/sessions', '/%61uth/sessions'],
    ['/authx/sessions', '/authx/sessions'],
    ['/AUTH/sessions', '/AUTH/sessions'],
    ['/auth/auth/sessions', '/auth/sessions'],
    ['/auth;x/sessions', '/auth;x/sessions'],
  ])('of %s is not one of ours', (target, path) => {
    expect(located('https://app.example.com/auth', target)).toBe(path)
  })

  it.each([
    ['/auth/sessions', '/sessions', '/sessions'],
    ['/auth', '/', '/'],
    ['/auth/', '/', '/'],
    ['/auth?a=b', '/?a=b', '/'],
    ['/auth/auth/sessions', '/auth/sessions', '/auth/sessions'],
    // The framework removed another path: this is not where BASE_URL leads.
    ['/other/sessions', '/sessions', null],
    ['/other', '/', null],
    ['/uth/sessions', '/sessions', null],
  ])('of %s, which a framework passes on as %s, is %s', (original, target, path) => {
    expect(located('https://app.example.com/auth', target, original)).toBe(path)
  })

  it('is found if a proxy removes one part of the path of BASE_URL and a framework the rest', () => {
    expect(located('https://app.example.com/api/auth', '/sessions', '/auth/sessions')).toBe('/sessions')
    expect(located('https://app.example.com/api/auth', '/', '/auth')).toBe('/')
  })
})

import { describe, expect, it } from 'vitest'
import type { Route } from './handlers.ts'
import { createRouter } from './router.ts'

function routeOf(method: string, path: string): Route {
  return { operation: { method, path }, answer: async () => ({ status: 200 }) } as unknown as Route
}

const LIST = routeOf('GET', '/sessions')
const START = routeOf('POST', '/sessions')
const END = routeOf('DELETE', '/sessions/{id}')
const OTHERS = routeOf('DELETE', '/sessions/others')
const NESTED = routeOf('PUT', '/users/{user}/keys/{key}')
const find = createRouter([END, LIST, START, OTHERS, NESTED])

describe('the router', () => {
  it.each([
    ['GET', '/sessions', LIST, {}],
    ['HEAD', '/sessions', LIST, {}],
    ['POST', '/sessions', START, {}],
    ['DELETE', '/sessions/others', OTHERS, {}],
    ['DELETE', '/sessions/42', END, { id: '42' }],
    ['DELETE', '/sessions/%2e%2e', END, { id: '%2e%2e' }],
    ['DELETE', '/sessions/{id}', END, { id: '{id}' }],
    ['PUT', '/users/7/keys/a', NESTED, { user: '7', key: 'a' }],
  ])('leads %s %s where it belongs', (method, path, route, params) => {
    expect(find(method, path)).toMatchObject({ path: route.operation.path, route, params })
  })

  it.each([
    ['PUT', '/sessions', 'GET, POST, HEAD'],
    ['GET', '/sessions/42', 'DELETE'],
    ['HEAD', '/sessions/others', 'DELETE'],
    ['get', '/sessions', 'GET, POST, HEAD'],
  ])('knows for %s %s that only %s lead on from there', (method, path, allow) => {
    expect(find(method, path)).toMatchObject({ route: null, allow })
  })

  it.each([
    '',
    '/',
    '/sessions/',
    '//sessions',
    '/Sessions',
    '/%73essions',
    '/sessions/42/',
    '/sessions//',
    '/sessions/42/43',
    '/users//keys/a',
    '/users/7/keys/',
    '/constructor',
    'sessions',
  ])('knows no %j', (path) => {
    expect(find('GET', path)).toBeNull()
    expect(find('DELETE', path)).toBeNull()
  })
})

import { expect, it } from 'vitest'
import { requestOf } from './request.ts'

it('puts each field either into the path or into the body', () => {
  const route = { method: 'PATCH', path: '/teams/{team}/members/{id}', body: true } as const
  const fields = { team: 'a/b?c', id: 7, role: 'owner', note: undefined }
  expect(requestOf(route, fields, undefined, undefined)).toEqual({
    target: '/teams/a%2Fb%3Fc/members/7',
    init: {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      credentials: 'include',
      redirect: 'manual',
      body: '{"role":"owner"}',
    },
  })
})

it.each(['others', '.', '..'])('a value such as %s does not lead to another route', (id) => {
  const { target } = requestOf({ method: 'DELETE', path: '/sessions/{id}' }, { id }, undefined, undefined)
  expect(target).toBe('/sessions/%252E')
})

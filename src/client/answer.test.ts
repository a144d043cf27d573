import { expect, it } from 'vitest'
import { readAnswer } from './answer.ts'

const inMs = (ms: number) => new Date(Date.now() + ms).toUTCString()

it.each<[wait: string, seconds: number | undefined]>([
  ['7', 7],
  ['0', undefined],
  [inMs(-60_000), undefined],
  ['soon', undefined],
])('reads Retry-After %j as %j seconds', async (wait, seconds) => {
  const answer = await readAnswer(new Response('', { status: 503, headers: { 'retry-after': wait } }))
  expect(answer).toMatchObject({ error: { code: 'invalid_response' } })
  if (!answer.ok) expect(answer.error.retryAfterSeconds).toBe(seconds)
})

it('reads Retry-After as a date, which a proxy may send', async () => {
  const headers = { 'retry-after': inMs(3_600_000) }
  const answer = await readAnswer(new Response('', { status: 503, headers }))
  if (answer.ok) return expect.unreachable()
  expect(Math.abs((answer.error.retryAfterSeconds ?? 0) - 3_600)).toBeLessThan(60)
})

import { availableParallelism } from 'node:os'
import { expect, it } from 'vitest'
import { CHEAP_HASHER } from '../../../../test/support/engines.ts'
import { withBoundedQueue } from './queue.ts'

const WAITING_MAX = 512

it('runs as many hashes at once as there are cores, lets so many wait, refuses the rest, and goes on', async () => {
  const started: (() => void)[] = []
  let most = 0
  let running = 0
  const hasher = withBoundedQueue({
    ...CHEAP_HASHER,
    async hash(password) {
      most = Math.max(most, ++running)
      await new Promise<void>((resolve) => started.push(resolve))
      running--
      if (password === 'broken') throw new Error('broken')
      return password
    },
  })
  const asked = Array.from({ length: WAITING_MAX + availableParallelism() + 3 }, (_, index) =>
    hasher
      .hash(index === 1 ? 'broken' : String(index))
      .catch((error: { code?: string }) => error.code ?? 'failed'),
  )
  let done = false
  const answers = Promise.all(asked).finally(() => {
    done = true
  })
  while (!done) {
    started.shift()?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  const results = await answers
  expect(most).toBe(availableParallelism())
  expect(results.filter((result) => result === 'unavailable')).toHaveLength(3)
  expect(results[1]).toBe('failed')
  expect(results[0]).toBe('0')
  const later = hasher.hash('later')
  started.shift()?.()
  expect(await later).toBe('later')
})

it.each([
  [2, Math.max(1, Math.floor(availableParallelism() / 2))],
  [1_000, 1],
])(
  'of %d processes on one machine each runs its share of them, and one at least',
  async (processes, share) => {
    let running = 0
    const hasher = withBoundedQueue(
      { ...CHEAP_HASHER, hash: () => new Promise<string>(() => void running++) },
      processes,
    )
    for (let count = 0; count < availableParallelism() + 3; count++) void hasher.hash('x')
    await new Promise((resolve) => setImmediate(resolve))
    expect(running).toBe(share)
  },
)

import { availableParallelism } from 'node:os'
import { describe, expect, it } from 'vitest'
import { CHEAP_HASHER } from '../../../../test/support/engines.ts'
import { createHashQueues } from './queue.ts'

const ORDINARY = { costOfNew: 1 }

const WAITING_MAX = 512

it('runs one hash per core, queues 512 more, refuses the rest, and continues after a failure', async () => {
  const started: (() => void)[] = []
  let most = 0
  let running = 0
  const hasher = createHashQueues(ORDINARY)({
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
])('gives each of %d processes its share of the cores, at least one', async (processes, share) => {
  let running = 0
  const queued = createHashQueues({ ...ORDINARY, processes })
  const hasher = queued({ ...CHEAP_HASHER, hash: () => new Promise<string>(() => void running++) })
  for (let count = 0; count < availableParallelism() + 3; count++) void hasher.hash('x')
  await new Promise((resolve) => setImmediate(resolve))
  expect(running).toBe(share)
})

it('lets several hashers share the cores', async () => {
  let running = 0
  const queued = createHashQueues(ORDINARY)
  const hold = () => new Promise<string>(() => void running++)
  const [passwords, codes] = [hold, hold].map((hash) => queued({ ...CHEAP_HASHER, hash }))
  for (let count = 0; count < availableParallelism(); count++) {
    void passwords?.hash('x')
    void codes?.hash('x')
  }
  await new Promise((resolve) => setImmediate(resolve))
  expect(running).toBe(availableParallelism())
})

describe('costly hashes', () => {
  const [SALT, KEY] = ['c29tZXNhbHRzb21lc2FsdA', 'A'.repeat(43)]
  /** 25 times the cost of a new hash: the default limit of an import. */
  const COSTLY = `$argon2id$v=19$m=60800,t=16,p=1$${SALT}$${KEY}`
  const ORDINARY_HASH = `$argon2id$v=19$m=19456,t=4,p=1$${SALT}$${KEY}`
  const CORES = availableParallelism()
  const SLOTS = Math.min(2, Math.max(1, Math.floor(CORES / 2)))

  /** A hasher whose work runs until the test ends it. */
  function heldHasher(capacity: { costOfNew: number; processes?: number } = ORDINARY) {
    const running: { stored: string; end: () => void }[] = []
    const hold = (stored: string) => new Promise<void>((end) => running.push({ stored, end }))
    const hasher = createHashQueues(capacity)({
      ...CHEAP_HASHER,
      async hash(password) {
        await hold('new')
        return password
      },
      async verify(_, stored) {
        await hold(stored)
        return true
      },
      verifyNothing: () => hold('unknown'),
    })
    const guess = (stored: string) =>
      hasher.verify('guess', stored).catch((error: { code?: string }) => error.code)
    const end = (index: number) => running.splice(index, 1)[0]?.end()
    return {
      hasher,
      guess,
      end,
      runningOf: (stored: string) => running.filter((one) => one.stored === stored).length,
    }
  }
  const settle = () => new Promise((resolve) => setImmediate(resolve))

  it('never take the place of an ordinary sign-in, however many wait', async () => {
    const { hasher, guess, runningOf } = heldHasher()
    for (let count = 0; count < 1_000; count++) void guess(COSTLY)
    await settle()
    expect(runningOf(COSTLY)).toBe(SLOTS)
    for (let count = 0; count < CORES; count++) void hasher.verify('right', ORDINARY_HASH)
    await settle()
    expect(runningOf(ORDINARY_HASH)).toBe(CORES)
  })

  it('leave new hashes and unknown accounts in the ordinary queue', async () => {
    for (const stored of ['new', 'unknown']) {
      const { hasher, guess, runningOf } = heldHasher()
      for (let count = 0; count < 20; count++) void guess(COSTLY)
      for (let count = 0; count < CORES; count++)
        void (stored === 'new' ? hasher.hash('x') : hasher.verifyNothing('x'))
      await settle()
      expect(runningOf(stored)).toBe(CORES)
    }
  })

  it('wait up to a total cost, and are refused beyond it; each that ends makes room for the next', async () => {
    const { guess, end } = heldHasher()
    const waitingMax = Math.floor(256 / 25)
    const accepted = Array.from({ length: SLOTS + waitingMax }, () => guess(COSTLY))
    expect(await guess(COSTLY)).toBe('unavailable')
    // A cheaper one still fits: 10 of 25 leave 6.
    const cheaper = guess(`$argon2id$v=19$m=19456,t=10,p=1$${SALT}$${KEY}`)
    expect(await guess(`$argon2id$v=19$m=19456,t=10,p=1$${SALT}$${KEY}`)).toBe('unavailable')
    end(0)
    await settle()
    const next = guess(COSTLY)
    expect(await guess(COSTLY)).toBe('unavailable')
    for (let count = 0; count < SLOTS + waitingMax + 1; count++) {
      end(0)
      await settle()
    }
    expect(await Promise.all([...accepted, cheaper, next])).toEqual(
      Array.from({ length: SLOTS + waitingMax + 2 }, () => true),
    )
  })

  it.each([
    ['argon2id', `$argon2id$v=19$m=65536,t=3,p=4$${SALT}$${KEY}`],
    ['bcrypt', `$2b$12$${'.'.repeat(53)}`],
    ['bcrypt', `$2b$13$${'.'.repeat(53)}`],
    ['scrypt', `$scrypt$ln=17,r=8,p=1$${SALT}$${KEY}`],
    ['PBKDF2', `pbkdf2_sha256$1200000$salt$${KEY}=`],
    ['Firebase', `$firebase-scrypt$ln=17,r=8,p=1$${SALT}$${KEY}`],
  ])('are those that cost over four times as much as a new hash: %s %s', async (_, stored) => {
    const isHeld = async (capacity: { costOfNew: number; processes: number }) => {
      const { guess, runningOf } = heldHasher(capacity)
      for (let count = 0; count < 3; count++) void guess(COSTLY)
      void guess(stored)
      await settle()
      return runningOf(stored) === 0
    }
    // With many processes, each runs one ordinary and one costly hash at once.
    expect(await isHeld({ costOfNew: 1, processes: 1_000 })).toBe(true)
    expect(await isHeld({ costOfNew: 4, processes: 1_000 })).toBe(false)
  })
})

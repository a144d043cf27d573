/**
 * Whether the response time reveals who has an account. This is the only test file that depends on elapsed time,
 * because time is its subject. The long version is `bench/soak/timing.ts`.
 */
import { hash as bcryptHash } from '@node-rs/bcrypt'
import { describe, expect, it } from 'vitest'
import { createHasher } from '../../src/auth/passwords/hashing/index.ts'
import type { Auth, CreateAuthOptions } from '../../src/index.ts'
import { plainAuth } from '../attacks/support.ts'
import { type Ask, PAGE_PAIRS, PAIRS, type Pair, timesOf, welchT } from './stopwatch.ts'

/** Far above what chance produces (3 is rare), and far below what the planted differences produce. */
const BOUND = 6
const SAMPLES = 30
/** On a busy machine a run may fail by chance. A real difference shows in every run. */
const RUNS = 3

/** A service that hashes as in production, with argon2id, and has no effective limit on the mail per hour. */
async function timedAuth(options: CreateAuthOptions = {}): Promise<Auth> {
  const hasher = createHasher({ passwordHash: 'argon2id', bcryptCost: 12 })
  const { auth } = await plainAuth('sqlite', { hasher, now: undefined, mailsPerHour: 10_000_000, ...options })
  return auth
}

interface Steadily {
  readonly ask?: Ask
  readonly samples?: number
}

/** The smallest |t| of several runs, or the first within the bound. */
async function steadyT(
  auth: Auth,
  pair: Pair,
  { ask = (request) => auth.fetch(request), samples = SAMPLES }: Steadily = {},
): Promise<number> {
  await pair.prepare(auth, RUNS * samples)
  let smallest = Number.POSITIVE_INFINITY
  for (let run = 0; run < RUNS && smallest >= BOUND; run++) {
    const times = await timesOf(ask, pair, { samples, first: run * samples })
    smallest = Math.min(smallest, Math.abs(welchT(times)))
  }
  return smallest
}

function pairNamed(name: string): Pair {
  return PAIRS.find((pair) => pair.name === name) ?? expect.unreachable(name)
}

describe('response time, by Welch’s t', { timeout: 300_000 }, () => {
  it.each(PAIRS.map((pair) => [pair.name, pair] as const))(
    'does not reveal who has an account: %s [LGN-07, REC-01]',
    async (_, pair) => {
      expect(await steadyT(await timedAuth(), pair)).toBeLessThan(BOUND)
    },
  )

  it.each(PAGE_PAIRS.map((pair) => [pair.name, pair] as const))(
    'does not reveal in 200 attempts who has an account: %s [LGN-07, REC-01]',
    async (_, pair) => {
      expect(await steadyT(await timedAuth({ pages: true }), pair, { samples: 200 })).toBeLessThan(BOUND)
    },
    600_000,
  )

  // Planted differences, of kinds that real services have had, show that the statistic detects them.
  it('detects a sign-in that skips the hash if there is no account', async () => {
    const hasher = createHasher({ passwordHash: 'argon2id', bcryptCost: 12 })
    const auth = await timedAuth({ hasher: { ...hasher, verifyNothing: async () => {} } })
    expect(await steadyT(auth, pairNamed('a sign-in with a wrong password'))).toBeGreaterThan(BOUND)
  })

  it('detects a registration that hashes only for a new address', async () => {
    const auth = await timedAuth({ registrationAnswer: 'explicit' })
    const ask: Ask = async (request) => {
      const { status } = await auth.fetch(request)
      // `explicit` also answers with another status. Only the time matters here.
      return new Response(null, { status: status === 400 ? 200 : status })
    }
    expect(await steadyT(auth, pairNamed('a registration'), { ask })).toBeGreaterThan(BOUND)
  })

  it.each(['a reset request', 'a confirmation request'])(
    'detects %s that sends its mail before it answers',
    async (name) => {
      const auth = await timedAuth()
      const ask: Ask = async (request, isKnown) => {
        // The time of a fast mail server on the same machine.
        if (isKnown) await new Promise((done) => setTimeout(done, 10))
        return auth.fetch(request)
      }
      expect(await steadyT(auth, pairNamed(name), { ask })).toBeGreaterThan(BOUND)
    },
  )

  // BUG: an unknown address costs an argon2id hash, but an account imported with a bcrypt hash costs a bcrypt hash.
  it.fails('does not reveal who has an account that was imported with a bcrypt hash', async () => {
    const hash = await bcryptHash('a tortoise under the lamp', 12)
    const imported = await timedAuth()
    const auth = { ...imported, hashPassword: async () => hash }
    const pair = pairNamed('a sign-in with a wrong password')
    expect(await steadyT(auth, pair, { samples: 10 })).toBeLessThan(BOUND)
  })
})

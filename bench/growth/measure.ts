/** The cost of each operation, absolute and relative to the smallest size. */
import { randomBytes, randomInt } from 'node:crypto'
import { CLOCK, emailOf, firstUuidAt, sessionIdOf, userIdOf } from './rows.ts'
import { PASSWORD, type Site } from './site.ts'

/** The first quartile, the median and the third quartile. */
export type Quartiles = readonly [number, number, number]

/** The cost of an operation on one size. */
export interface Measured {
  readonly operation: string
  readonly size: number
  /** Microseconds per operation. */
  readonly microseconds: Quartiles
  /** The cost divided by that on the smallest size in the same round. */
  readonly ratio: Quartiles
  /** What is judged: the ratio, for a read divided by the ratio of the bare look-up in the same round. */
  readonly judged: Quartiles
  /** The most that `judged` may be. `null`: this is what others are compared with. */
  readonly goal: number | null
}

interface Operation {
  readonly name: string
  /** Operations per round. */
  readonly count: number
  /**
   * How much more an operation may cost on a larger size. A look-up by key costs more in any larger table, so a read is judged by
   * how much faster it grows than that.
   */
  readonly goal: { readonly read: number } | { readonly write: number } | null
  /** @returns The milliseconds that `count` operations take. */
  measure(site: Site, count: number): Promise<number>
}

/** Reads before each measurement, to refill the caches. */
const WARM_UP = 500
/** Reads per group, see {@link grouped}. */
const GROUP = 5
const HOUR_MS = 3_600_000
/** The length of the key in a session token. */
const UUID_LENGTH = 36

const READ = { read: 1.2 }
const WRITE = { write: 1.2 }
/** Writes to random pages of a large table, of which SQLite writes whole pages. */
const WRITE_AT_RANDOM = { write: 1.5 }

const OPERATIONS: readonly Operation[] = [
  {
    name: 'bare look-up',
    count: 2_000,
    goal: null,
    measure: ({ store, size }, count) =>
      grouped(
        count,
        () => sessionIdOf(randomInt(size), size).slice(0, UUID_LENGTH),
        async (id) => must(await store.lookUp(id)),
      ),
  },
  {
    name: 'session check',
    count: 2_000,
    goal: READ,
    measure: ({ auth, size }, count) =>
      grouped(
        count,
        () => sessionIdOf(randomInt(size), size),
        async (sessionToken) => must(await auth.getUserFromSessionId(sessionToken)),
      ),
  },
  {
    name: 'the same as a request, `GET /profile`',
    count: 1_000,
    goal: READ,
    measure: ({ auth, size }, count) =>
      grouped(
        count,
        () => sessionIdOf(randomInt(size), size),
        async (sessionToken) => {
          const headers = { host: 'localhost:5000', cookie: `session_id=${sessionToken}` }
          must((await auth.fetch(new Request('http://localhost:5000/profile', { headers }))).ok)
        },
      ),
  },
  {
    name: 'login look-up',
    count: 2_000,
    goal: READ,
    measure: ({ unlimited, size }, count) =>
      grouped(
        count,
        () => emailOf(randomInt(size)),
        async (email) => must(await unlimited.validLogin(email, PASSWORD)),
      ),
  },
  {
    name: 'login',
    count: 50,
    goal: WRITE,
    measure: ({ auth, size, changing }, count) => {
      const sessions = distinctNumbers(count, size)
      return changing(sessions, () =>
        timed(sessions, async (n) => {
          await auth.signIn.withPassword({ email: emailOf(userIdOf(n, size) - 1), password: PASSWORD })
        }),
      )
    },
  },
  {
    name: 'registration',
    count: 50,
    goal: WRITE_AT_RANDOM,
    measure: ({ auth, changing }, count) => {
      const emails = Array.from({ length: count }, () => `${randomBytes(8).toString('hex')}@example.com`)
      return changing([], () =>
        timed(emails, async (email) => {
          await auth.registerUser(email, PASSWORD)
        }),
      )
    },
  },
  {
    name: 'reset, asked for and done',
    count: 50,
    goal: WRITE,
    measure: ({ auth, size, changing }, count) => {
      const sessions = distinctNumbers(count, size)
      return changing(sessions, () =>
        timed(sessions, async (n) => {
          const resetToken = await auth.getResetPasswordToken(emailOf(userIdOf(n, size) - 1))
          await auth.updatePassword(resetToken, PASSWORD)
        }),
      )
    },
  },
  {
    name: 'clean-up, for each row',
    count: 300,
    goal: WRITE_AT_RANDOM,
    measure: (site, count) =>
      site.changing([], async () => {
        await addExpired(site, count)
        return timed([null], async () => {
          const { sessions, tokens, throttles } = await site.auth.deleteExpired()
          must(sessions + tokens + throttles === count)
        })
      }),
  },
]

/** Adds `count` sessions, tokens and counters in total, which expired an hour ago and are older than all others. */
async function addExpired({ store, size }: Site, count: number): Promise<void> {
  const ended = CLOCK - HOUR_MS
  const hash = store.engine === 'sqlite' ? `x'${'00'.repeat(32)}'` : `'\\x${'00'.repeat(32)}'`
  const rows = distinctNumbers(count, size).map((n, index) => ({
    id: `'${firstUuidAt(CLOCK - 31 * 24 * HOUR_MS).slice(0, -12)}${index.toString(16).padStart(12, '0')}'`,
    userId: userIdOf(n, size),
  }))
  const third = Math.floor(count / 3)
  const values = (from: number, to: number, row: (of: (typeof rows)[number]) => string) =>
    rows
      .slice(from, to)
      .map((of) => `(${row(of)})`)
      .join(', ')
  await store.run(`insert into sessions
    (id, user_id, secret_hash, created_at, authenticated_at, last_seen_at, expires_at, amr, aal)
    values ${values(2 * third, count, ({ id, userId }) => `${id}, ${userId}, ${hash}, 0, 0, 0, ${ended}, 'pwd', 1`)}`)
  await store.run(`insert into tokens (id, purpose, user_id, email, secret_hash, created_at, expires_at)
    values ${values(0, third, ({ id, userId }) => `${id}, 'confirm_email', ${userId}, 'x@example.com', ${hash}, 0, ${ended}`)}`)
  await store.run(`insert into throttles (key, failures, blocked_until, expires_at)
    values ${values(third, 2 * third, () => `'${randomBytes(32).toString('hex')}', 1, 0, ${ended}`)}`)
}

/**
 * Measures all operations on all sizes in turn, so that other load on the machine affects all sizes.
 *
 * @param sites - The smallest size first.
 * @param details - `most`: the maximum number of operations per round.
 */
export async function measure(
  sites: readonly Site[],
  { rounds, most }: { rounds: number; most: number },
  onProgress: (done: number, total: number) => void,
): Promise<Measured[]> {
  const costs = OPERATIONS.map(() => sites.map((): number[] => []))
  for (let round = 0; round < rounds; round++) {
    for (const [index, { count: usual, measure: once }] of OPERATIONS.entries()) {
      const count = Math.min(usual, most)
      // Alternate the direction, so that no size always follows the same one.
      for (const place of inTurn([...sites.keys()], round)) {
        const ms = await once(sites[place] as Site, count)
        costs[index]?.[place]?.push((ms * 1_000) / count)
      }
      onProgress(round * OPERATIONS.length + index + 1, rounds * OPERATIONS.length)
    }
  }
  const ratios = costs.map(([smallest = [], ...larger]) =>
    [smallest, ...larger].map((ofSize) => ofSize.map((cost, round) => cost / (smallest[round] as number))),
  )
  const bare = OPERATIONS.findIndex(({ goal }) => goal === null)
  return OPERATIONS.flatMap(({ name, goal }, index) =>
    sites.map(({ size }, place) => {
      const ratio = ratios[index]?.[place] as number[]
      const lookUp = ratios[bare]?.[place] as number[]
      const isRead = goal !== null && 'read' in goal
      return {
        operation: name,
        size,
        microseconds: quartilesOf(costs[index]?.[place] as number[]),
        ratio: quartilesOf(ratio),
        judged: quartilesOf(isRead ? ratio.map((value, round) => value / (lookUp[round] as number)) : ratio),
        goal: goal === null ? null : isRead ? goal.read : goal.write,
      }
    }),
  )
}

function inTurn(places: number[], round: number): number[] {
  return round % 2 === 0 ? places : places.reverse()
}

/**
 * Measures reads in short groups, so that other programs interrupt only a few of them, and uses the median group.
 * Writes are not grouped: every one counts, because a single write sometimes does the work of many.
 */
async function grouped(
  count: number,
  keyOf: () => string,
  act: (key: string) => Promise<void>,
): Promise<number> {
  const some = (length: number) => Array.from({ length }, keyOf)
  await timed(some(Math.min(WARM_UP, count)), act)
  const groups: number[] = []
  while (groups.length < Math.max(count / GROUP, 1)) groups.push(await timed(some(GROUP), act))
  return (quartilesOf(groups)[1] / GROUP) * count
}

async function timed<Key>(keys: readonly Key[], act: (key: Key) => Promise<void>): Promise<number> {
  const begin = performance.now()
  for (const key of keys) await act(key)
  return performance.now() - begin
}

/** Throws if a measured operation failed. */
function must(holds: unknown): void {
  if (!holds)
    throw new Error('an operation failed on the rows of the fill: delete the cache and fill it again')
}

function distinctNumbers(count: number, size: number): number[] {
  const numbers = new Set<number>()
  while (numbers.size < count) numbers.add(randomInt(size))
  return [...numbers]
}

function quartilesOf(values: readonly number[]): Quartiles {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (part: number) => sorted[Math.round(part * (sorted.length - 1))] as number
  return [at(0.25), at(0.5), at(0.75)]
}

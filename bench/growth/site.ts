/** The service on a filled database, and the way back to what was filled. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type Auth, type CreateAuthOptions, createAuth, type Hasher } from '../../src/index.ts'
import { CLOCK, firstUuidAt, insertRows, userIdOf } from './rows.ts'
import type { Store } from './stores.ts'

export const PASSWORD = 'a password of the benchmark'

/** Takes no time: what is measured is the database. */
const HASHER: Hasher = {
  hash: async () => `$2b$12$${'x'.repeat(53)}`,
  verify: async (password) => password === PASSWORD,
  verifyNothing: async () => {},
  needsRehash: () => false,
}

/** One size of one engine, ready to be measured. */
export interface Site {
  readonly size: number
  readonly store: Store
  /** The service as it comes, but for the hash. */
  readonly auth: Auth
  /** Without limits on attempts, whose counters are writes: for a look-up alone. */
  readonly unlimited: Auth
  /** Does something that changes rows of these sessions and their users, or adds others; all is put back afterwards. */
  changing<Result>(sessions: readonly number[], act: () => Promise<Result>): Promise<Result>
  close(): Promise<void>
}

/** @param journal - Where to note what is being changed, for the next run to put back what this one left. */
export async function openSite(store: Store, size: number, journal: string): Promise<Site> {
  const restore = async () => {
    if (!existsSync(journal)) return
    await putBack(store, size, JSON.parse(readFileSync(journal, 'utf8')))
    rmSync(journal)
  }
  await restore()
  const silent = { debug() {}, info() {}, warn() {}, error() {} }
  const options: CreateAuthOptions = {
    logger: silent,
    databaseUrl: store.databaseUrl,
    hasher: HASHER,
    now: () => new Date(CLOCK),
  }
  const auth = await createAuth(options)
  const unlimited = await createAuth({ ...options, throttle: false })
  return {
    size,
    store,
    auth,
    unlimited,
    async changing(sessions, act) {
      writeFileSync(journal, JSON.stringify(sessions))
      const result = await act()
      await restore()
      return result
    },
    async close() {
      await auth.close()
      await unlimited.close()
      await store.close()
    },
  }
}

/** Lets the rows be those of the fill again. */
async function putBack({ engine, run }: Store, size: number, sessions: readonly number[]): Promise<void> {
  const users = sessions.map((n) => userIdOf(n, size))
  await run('begin')
  await run(`delete from users where id > ${size}`)
  // What is theirs goes with them, and comes back with them.
  if (users.length > 0) await run(`delete from users where id in (${users.join(', ')})`)
  for (const [index, n] of sessions.entries()) {
    const number = (users[index] as number) - 1
    await run(insertRows(engine, 'users', { from: number, to: number }, size))
    await run(insertRows(engine, 'sessions', { from: n, to: n }, size))
  }
  await run(`delete from sessions where expires_at <= ${CLOCK}`)
  await run('delete from tokens')
  await run('delete from throttles')
  await run(`delete from audit where id >= '${firstUuidAt(CLOCK)}'`)
  await run('commit')
}

/** The service on a filled database, and a way to restore the filled rows. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type Auth, type CreateAuthOptions, createAuth, type Hasher } from '../../src/index.ts'
import { CLOCK, firstUuidAt, insertRows, userIdOf } from './rows.ts'
import type { Store } from './stores.ts'

export const PASSWORD = 'a password of the benchmark'

/** Takes no time, because only the database is measured. */
const HASHER: Hasher = {
  hash: async () => `$2b$12$${'x'.repeat(53)}`,
  verify: async (password) => password === PASSWORD,
  verifyNothing: async () => {},
  needsRehash: () => false,
}

/** A database of one size, ready to be measured. */
export interface Site {
  readonly size: number
  readonly store: Store
  /** The service with its defaults, except for the hash. */
  readonly auth: Auth
  /** The service without throttling, whose counters are writes, to measure only the look-up. */
  readonly unlimited: Auth
  /** Runs `act`, which may change these sessions and their users or add rows, and restores everything afterwards. */
  changing<Result>(sessions: readonly number[], act: () => Promise<Result>): Promise<Result>
  close(): Promise<void>
}

/** @param journal - The file that lists the sessions being changed, so that the next run can restore them after a crash. */
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

/** Restores the rows of the fill. */
async function putBack({ engine, run }: Store, size: number, sessions: readonly number[]): Promise<void> {
  const users = sessions.map((n) => userIdOf(n, size))
  await run('begin')
  await run(`delete from users where id > ${size}`)
  // Deleting users deletes their sessions too, which are inserted again with them.
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

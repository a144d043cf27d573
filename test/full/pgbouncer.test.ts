/** The service behind PgBouncer in transaction mode, where each transaction may run on another connection of the server. */
import pg from 'pg'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { CreateAuthOptions } from '../../src/index.ts'
import { freshAuth, migratedDatabase } from '../support/engines.ts'
import { hasPgbouncer, startPgbouncer } from '../support/pgbouncer.ts'
import { tellStory } from '../support/story.ts'

function poolOf(connectionString: string): pg.Pool {
  const pool = new pg.Pool({ connectionString })
  onTestFinished(() => pool.end())
  return pool
}

const PASSWORD = 'b4l0u'
const COUNT = 30

describe.skipIf(!hasPgbouncer)('behind PgBouncer in transaction mode', () => {
  /** Two instances, and checks of many sessions at once on both. */
  async function scene(open: (databaseUrl: string) => CreateAuthOptions) {
    const pooled = await startPgbouncer(await migratedDatabase('postgres'))
    const instances = [await freshAuth('postgres', open(pooled)), await freshAuth('postgres', open(pooled))]
    const [auth = expect.unreachable()] = instances
    const sessions: { email: string; token: string }[] = []
    for (let index = 0; index < COUNT; index++) {
      const email = `user-${index}@example.com`
      await auth.registerUser(email, PASSWORD)
      sessions.push({ email, token: (await auth.createSession(email)) ?? '' })
    }
    const checkAll = () =>
      Promise.allSettled(
        instances.flatMap((instance) =>
          sessions.map(async ({ email, token }) => {
            expect((await instance.getUserFromSessionId(token))?.email).toBe(email)
          }),
        ),
      )
    return { auth, checkAll }
  }

  it('every session check gets its own row if the URL has prepare=false, between transactions', async () => {
    const { auth, checkAll } = await scene((pooled) => ({ databaseUrl: `${pooled}?prepare=false` }))
    for (let round = 0; round < 20; round++) {
      const results = await Promise.all([
        checkAll(),
        ...['a', 'b', 'c'].map((name) => auth.registerUser(`${name}-${round}@example.com`, PASSWORD)),
      ])
      expect(results[0].filter(({ status }) => status === 'rejected')).toEqual([])
    }
  })

  it('the whole service works if the URL has prepare=false', async () => {
    const pooled = await startPgbouncer(await migratedDatabase('postgres'))
    await tellStory('postgres', { databaseUrl: `${pooled}?prepare=false` })
  })

  it('the whole service works on a pool of the application', async () => {
    const pooled = await startPgbouncer(await migratedDatabase('postgres'))
    await tellStory('postgres', { database: poolOf(pooled) })
  })

  it.each([
    ['a URL without it', (databaseUrl: string) => ({ databaseUrl })],
    ['a pool of the application', (connectionString: string) => ({ database: poolOf(connectionString) })],
  ])(
    'every session check gets its own row with %s too, although PgBouncer 1.18 knows no prepared statements',
    async (_, open) => {
      const { checkAll } = await scene(open)
      for (let round = 0; round < 20; round++)
        expect((await checkAll()).filter(({ status }) => status === 'rejected')).toEqual([])
    },
  )
})

/** The service behind PgBouncer in transaction mode, where each transaction may run on another connection of the server. */
import { describe, expect, it } from 'vitest'
import { freshAuth, migratedDatabase } from '../support/engines.ts'
import { hasPgbouncer, startPgbouncer } from '../support/pgbouncer.ts'
import { tellStory } from '../support/story.ts'

const PASSWORD = 'b4l0u'
const COUNT = 30

describe.skipIf(!hasPgbouncer)('behind PgBouncer in transaction mode', () => {
  /** Two instances, and checks of many sessions at once on both. */
  async function scene(parameters: string) {
    const pooled = await startPgbouncer(await migratedDatabase('postgres'))
    const databaseUrl = `${pooled}${parameters}`
    const instances = [
      await freshAuth('postgres', { databaseUrl }),
      await freshAuth('postgres', { databaseUrl }),
    ]
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
    const { auth, checkAll } = await scene('?prepare=false')
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

  it('session checks fail without it, because PgBouncer 1.18 knows no prepared statements', async () => {
    const { checkAll } = await scene('')
    const failures: unknown[] = []
    for (let round = 0; round < 20; round++)
      failures.push(...(await checkAll()).filter(({ status }) => status === 'rejected'))
    expect(failures.length).toBeGreaterThan(0)
  })
})

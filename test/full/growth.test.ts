/** The growth benchmark on small tables: it runs, and leaves the filled tables unchanged. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fill } from '../../bench/growth/fill.ts'
import { emailOf, sessionIdOf, userIdOf } from '../../bench/growth/rows.ts'
import { openStore } from '../../bench/growth/stores.ts'
import { TABLE_NAMES } from '../../src/db/index.ts'
import { freshAuth, freshDatabase, onBothEngines, testClock } from '../support/engines.ts'
import { ROOT, run } from '../support/service.ts'
import { temporaryFolder } from '../support/system.ts'

const OPERATIONS = [
  'session check',
  'the same as a request, `GET /profile`',
  'login look-up',
  'login',
  'registration',
  'reset, asked for and done',
  'clean-up, for each row',
]

describe('bench/growth', () => {
  const bench = (...args: string[]) => run(process.execPath, ['bench/growth/main.ts', ...args], { cwd: ROOT })

  it('fills both databases, measures every operation, and restores the tables before the next run', async () => {
    const folder = temporaryFolder()
    // If the tests run as root, PostgreSQL runs as another user.
    chmodSync(folder, 0o755)
    const args = ['--sizes', '500,2000', '--rounds', '1', '--most', '30', '--cache', join(folder, 'growth')]
    const first = await bench(...args)
    expect(first).toMatchObject({ exitCode: 0 })
    for (const operation of OPERATIONS)
      expect(first.stdout.split('\n').filter((line) => line.startsWith(`| ${operation} | `))).toHaveLength(4)
    expect(first.stderr.match(/(?:1,500|6,000) rows added/g)).toHaveLength(4)

    const { results } = JSON.parse(readFileSync(join(folder, 'growth', 'results.json'), 'utf8')) as {
      results: { engine: string; bytesPerRow: Record<string, number> }[]
    }
    expect(results.map(({ engine }) => engine)).toEqual(['sqlite', 'postgres'])
    for (const { bytesPerRow } of results) {
      expect(Object.keys(bytesPerRow)).toEqual(['user', 'session', 'audit line'])
      for (const bytes of Object.values(bytesPerRow)) expect(bytes).toBeGreaterThan(100)
    }

    const before = await rowsIn(join(folder, 'growth', 'sqlite-500.db'))
    await leaveChanged(join(folder, 'growth', 'sqlite-500'), 3)
    const second = await bench(...args, '--engine', 'sqlite')
    expect(second).toMatchObject({ exitCode: 0 })
    expect(second.stderr.match(/already filled/g)).toHaveLength(2)
    expect(await rowsIn(join(folder, 'growth', 'sqlite-500.db'))).toEqual(before)
  })

  /** Simulates a run that was killed while it measured: a changed user, a missing session and a leftover counter. */
  async function leaveChanged(place: string, n: number): Promise<void> {
    const store = await openStore(`sqlite:${place}.db`)
    const id = userIdOf(n, 500)
    await store.run(`update users set hashed_password = '!' where id = ${id}`)
    await store.run(`delete from sessions where user_id = ${id}`)
    await store.run(`insert into throttles values ('key', 1, 0, 0)`)
    await store.close()
    writeFileSync(`${place}.changing.json`, JSON.stringify([n]))
  }

  /** Every row that a fill creates. Expects the other tables to be empty. */
  async function rowsIn(path: string): Promise<unknown[]> {
    const store = await openStore(`sqlite:${path}`)
    const filled = ['users', 'sessions', 'audit']
    const ordered = filled.map((table) => store.run(`select * from ${table} order by id`))
    const empty = TABLE_NAMES.filter((table) => !filled.includes(table))
    const others = empty.map((table) => store.run(`select * from ${table}`))
    const rows = await Promise.all([...ordered, ...others])
    expect(rows.map(({ length }) => length)).toEqual([500, 500, 500, ...empty.map(() => 0)])
    await store.close()
    return rows
  }

  it.each([
    ['--sizes', '2000,1000'],
    ['--sizes', 'many'],
    ['--rounds', '0'],
    ['--engine', 'oracle'],
  ])('refuses %s %s', async (flag, value) => {
    const refused = await bench(flag, value, '--cache', join(temporaryFolder(), 'growth'))
    expect(refused).toMatchObject({ exitCode: 1, stdout: '' })
    expect(refused.stderr).toContain(`TypeError: ${flag}: `)
  })
})

onBothEngines('a fill', (engine) => {
  it('continues after an interruption, and creates rows that the service can use', async () => {
    const databaseUrl = await freshDatabase(engine)
    const size = 1_000
    const cut = await openStore(databaseUrl)
    await expect(
      fill(cut, size, () => {
        throw new Error('cut off')
      }),
    ).rejects.toThrow('cut off')
    await cut.close()
    const store = await openStore(databaseUrl)
    expect(await fill(store, size, () => {})).toBe(3 * size)
    expect(await fill(store, size, () => {})).toBe(0)
    expect(await store.hasTable('growth_filled')).toBe(false)
    const unowned = 'select id from sessions where user_id not in (select id from users)'
    expect(await store.run(unowned)).toEqual([])
    const newest =
      'select 1 from users join sessions on cast(sessions.id as text) = session_id and user_id = users.id'
    expect(await store.run(newest)).toHaveLength(size)
    await store.close()

    const auth = await freshAuth(engine, { databaseUrl, now: testClock('2021-01-01T00:00:00Z') })
    for (const n of [0, 1, size - 1]) {
      const user = await auth.getUserFromSessionId(sessionIdOf(n, size))
      expect(user).toMatchObject({ id: userIdOf(n, size), email: emailOf(userIdOf(n, size) - 1) })
    }
    expect(await auth.registerUser('new@example.com', 'b4l0u')).toMatchObject({ id: size + 1 })
  })
})

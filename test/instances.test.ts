/** Two instances on one database: limits, sessions and mail are those of one service. */
import pg from 'pg'
import { expect, it, onTestFinished } from 'vitest'
import { openAuthService } from '../src/auth/index.ts'
import { type Ask, ask, cookiesOf, productionEnv, runCommand } from './support/deployed.ts'
import { CHEAP_HASHER, type EngineName, freshDatabase, onBothEngines } from './support/engines.ts'
import { memoryMailer, PASSWORD, until } from './support/production.ts'
import { startService } from './support/service.ts'
import { startSmtpServer } from './support/smtp.ts'

const EMAIL = 'alice@example.com'

/** A database with confirmed accounts, and mail that waits in it; and what starts an instance upon it. */
async function prepare(
  engine: EngineName,
  { accounts, waiting = [] }: { accounts: readonly string[]; waiting?: readonly string[] },
) {
  const databaseUrl = await freshDatabase(engine)
  const seeding = await openAuthService({
    databaseUrl,
    emailVerification: true,
    baseUrl: 'https://auth.example.com',
    mailer: memoryMailer(),
    hasher: CHEAP_HASHER,
  })
  for (const email of accounts) await seeding.users.create({ email, password: PASSWORD, confirmed: true })
  for (const email of waiting) await seeding.registerUser(email, PASSWORD)
  expect(await seeding.delivery.count()).toBe(waiting.length)
  await seeding.close()

  const smtp = await startSmtpServer()
  const env = {
    ...productionEnv(`smtp://127.0.0.1:${smtp.port}`),
    BIENVENUE_LOGIN_FAILURES_PER_ACCOUNT: '100',
    BIENVENUE_LOGIN_FAILURES_UNTIL_LOCK: '6',
  }
  return { databaseUrl, env, smtp, startInstance: () => startService(databaseUrl, { env }) }
}

/** Holds the rows of the mail on PostgreSQL, until two instances reach for them at the same time. */
async function holdMail(databaseUrl: string): Promise<{ releaseToBoth(): Promise<void> }> {
  const [holder, watcher] = [
    new pg.Client({ connectionString: databaseUrl }),
    new pg.Client({ connectionString: databaseUrl }),
  ]
  for (const client of [holder, watcher]) {
    await client.connect()
    onTestFinished(() => client.end())
  }
  await holder.query('begin')
  await holder.query('select id from outbox for update')
  return {
    async releaseToBoth() {
      await until(async () => {
        const { rowCount } = await watcher.query(
          "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
        )
        return rowCount === 2
      })
      await holder.query('rollback')
    },
  }
}

onBothEngines('two instances on one database', (engine) => {
  it('share their limits, and end each other’s sessions from the next request on', async () => {
    const { startInstance } = await prepare(engine, { accounts: [EMAIL, 'bob@example.com'] })
    const instances = await Promise.all([startInstance(), startInstance()])
    const [one, two] = instances
    const send = (service: (typeof instances)[0], method: string, path: string, request?: Ask) =>
      ask(service, method, path, request)

    const logIn = (service: (typeof instances)[0], email: string, password = PASSWORD) =>
      send(service, 'POST', '/sessions', { fields: { email, password } })
    const statuses = []
    for (let count = 0; count < 4; count++)
      for (const service of instances) statuses.push((await logIn(service, EMAIL, 'wrong')).status)
    expect(statuses).toEqual([401, 401, 401, 401, 401, 401, 429, 429])
    for (const service of instances) expect((await logIn(service, EMAIL)).status).toBe(429)

    const profile = (service: (typeof instances)[0], cookies: Record<string, string>) =>
      send(service, 'GET', '/profile', { cookies }).then(({ status }) => status)
    for (const [here, there] of [
      [one, two],
      [two, one],
    ] as const) {
      const cookies = cookiesOf(await logIn(here, 'bob@example.com'))
      expect(await Promise.all([profile(here, cookies), profile(there, cookies)])).toEqual([200, 200])
      expect((await send(here, 'DELETE', '/sessions', { cookies })).status).toBe(302)
      expect([await profile(there, cookies), await profile(here, cookies)]).toEqual([403, 403])
    }
  })

  it('send each mail once: those that waited at their start, and those that come', async () => {
    const waiting = Array.from({ length: 12 }, (_, index) => `waiting${index}@example.com`)
    const coming = Array.from({ length: 6 }, (_, index) => `coming${index}@example.com`)
    const { databaseUrl, env, smtp, startInstance } = await prepare(engine, { accounts: [], waiting })
    const held = engine === 'postgres' ? await holdMail(databaseUrl) : null
    const instances = await Promise.all([startInstance(), startInstance()])
    await held?.releaseToBoth()
    const answers = await Promise.all(
      coming.map((email, index) =>
        ask(instances[index % 2 === 0 ? 0 : 1], 'POST', '/users', { fields: { email, password: PASSWORD } }),
      ),
    )
    expect(answers.map(({ status }) => status)).toEqual(coming.map(() => 200))
    await until(() => smtp.received.length >= waiting.length + coming.length)
    // What is still in hand is finished, so that a second one would have come too.
    expect(await Promise.all(instances.map((service) => service.stop()))).toEqual([0, 0])
    expect(await runCommand(['mail', 'queue'], databaseUrl, env)).toEqual([{ waiting: 0, problems: [] }])
    expect(smtp.received.flatMap(({ to }) => to).toSorted()).toEqual([...waiting, ...coming].toSorted())
  })
})

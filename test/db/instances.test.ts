/** Two instances on one database share sessions, and send each mail once. */
import pg from 'pg'
import { expect, it, onTestFinished } from 'vitest'
import { openAuthService } from '../../src/auth/index.ts'
import { ask, cookiesOf, productionEnv, runCommand } from '../support/deployed.ts'
import { CHEAP_HASHER, type EngineName, freshDatabase, onBothEngines } from '../support/engines.ts'
import { memoryMailer, PASSWORD, until } from '../support/production.ts'
import { startService } from '../support/service.ts'
import { startSmtpServer } from '../support/smtp.ts'

const EMAIL = 'alice@example.com'

/** Prepares a database with confirmed accounts and queued mail. `startInstance` starts an instance on it. */
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
  const env = productionEnv(`smtp://127.0.0.1:${smtp.port}`)
  return { databaseUrl, env, smtp, startInstance: () => startService(databaseUrl, { env }) }
}

/** Locks the mail queue on PostgreSQL until two instances wait for it. */
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
  await holder.query('lock table outbox in exclusive mode')
  return {
    async releaseToBoth() {
      await until(async () => {
        const { rowCount } = await watcher.query(
          "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
        )
        // A statement that waited longer than its time-out is still listed, and has a successor.
        return (rowCount ?? 0) >= 2
      })
      await holder.query('rollback')
    },
  }
}

onBothEngines('two instances on one database', (engine) => {
  it('refuse a session from the next request on, whichever of them ended it', async () => {
    const { startInstance } = await prepare(engine, { accounts: [EMAIL] })
    const [one, other] = await Promise.all([startInstance(), startInstance()])
    for (const [here, there] of [
      [one, other],
      [other, one],
    ] as const) {
      const fields = { email: EMAIL, password: PASSWORD }
      const cookies = cookiesOf(await ask(here, 'POST', '/sessions', { fields }))
      const check = async () => {
        const answers = [
          await ask(here, 'GET', '/profile', { cookies }),
          await ask(there, 'GET', '/profile', { cookies }),
        ]
        return answers.map(({ status, json }) => json.code ?? status)
      }
      expect(await check()).toEqual([200, 200])
      expect((await ask(there, 'DELETE', '/sessions', { cookies })).status).toBe(302)
      expect(await check()).toEqual(['session_required', 'session_required'])
    }
  })

  it('send each mail once, whether queued before or after their start', async () => {
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
    // Stopping finishes current deliveries, so a duplicate would have arrived too.
    expect(await Promise.all(instances.map((service) => service.stop()))).toEqual([0, 0])
    expect(await runCommand(['mail', 'queue'], databaseUrl, env)).toEqual([{ waiting: 0, problems: [] }])
    expect(smtp.received.flatMap(({ to }) => to).toSorted()).toEqual([...waiting, ...coming].toSorted())
  })
})

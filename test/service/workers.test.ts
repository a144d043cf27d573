/** `serve` with several processes: clients see one service, whatever happens to one process. */
import { mkdirSync, rmSync } from 'node:fs'
import { Agent, type OutgoingHttpHeaders, request } from 'node:http'
import { text } from 'node:stream/consumers'
import pg from 'pg'
import { expect, it, onTestFinished } from 'vitest'
import { createAuth } from '../../src/index.ts'
import {
  type EngineName,
  filePath,
  freshDatabase,
  migratedDatabase,
  onEachEngine,
} from '../support/engines.ts'
import { IS_FULL } from '../support/full.ts'
import { freePort } from '../support/ports.ts'
import { openTables, randomKey, until } from '../support/production.ts'
import { type Finished, ROOT, runCli, type Service, startService } from '../support/service.ts'

const WORKERS = 2

/**
 * For each of two workers of two instances, the one that ends a session which it started: itself, a worker of the other
 * instance, its sibling, and a worker of the other instance. Each of them ends one session.
 */
const SOME_PAIRS = [0, 2, 3, 1]

/** Starts the service and waits until every worker accepts requests. The log shows which worker served a request. */
async function startWorkers(databaseUrl: string, env: Record<string, string> = {}): Promise<Service> {
  const service = await startService(databaseUrl, {
    env: { BIENVENUE_WORKERS: String(WORKERS), BIENVENUE_LOG_LEVEL: 'debug', ...env },
  })
  await until(() => pidsOf(service, 'worker listening').length === WORKERS)
  return service
}

/** The process ids that logged a message, once per occurrence. */
function pidsOf(service: Service, msg: string): unknown[] {
  return service.log().flatMap((line) => (line.msg === msg && line.pid !== undefined ? [line.pid] : []))
}

interface Answer {
  readonly status: number
  readonly connection: string | undefined
  readonly sessionToken: string | undefined
  readonly body: string
}

interface Sent {
  readonly fields?: Readonly<Record<string, string>>
  readonly sessionToken?: string | undefined
}

/** A client that keeps one connection, so that one process answers all its requests. */
function connect({ port }: { port: number }) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  onTestFinished(() => agent.destroy())
  const begin = (method: string, path: string, headers: OutgoingHttpHeaders) => {
    const asked = request({ host: '127.0.0.1', port, method, path, agent, headers })
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    asked.on('error', reject)
    asked.on('response', (response) => {
      const [cookie = ''] = response.headers['set-cookie'] ?? []
      const sessionToken = /^session_id=([^;]+);/.exec(cookie)?.[1]
      const { connection } = response.headers
      const seen = { status: response.statusCode ?? 0, connection, sessionToken }
      text(response).then((body) => resolve({ ...seen, body }), reject)
    })
    return { asked, answer: promise }
  }
  return {
    ask(method: string, path: string, { fields, sessionToken }: Sent = {}): Promise<Answer> {
      const body = fields && new URLSearchParams(fields).toString()
      const { asked, answer } = begin(method, path, {
        ...(body && { 'content-type': FORM, 'content-length': body.length }),
        ...(sessionToken !== undefined && { cookie: `session_id=${sessionToken}` }),
      })
      asked.end(body)
      return answer
    },

    /** Sends a registration without its body. Once a worker has accepted it, returns a function that sends the body. */
    async beginRegistration(email: string): Promise<() => Promise<Answer>> {
      const body = new URLSearchParams({ email, password: 'b4l0u' }).toString()
      const { asked, answer } = begin('POST', '/users', {
        ...{ expect: '100-continue', 'content-type': FORM, 'content-length': body.length },
      })
      asked.flushHeaders()
      await Promise.race([new Promise((taken) => asked.once('continue', taken)), answer])
      return () => {
        asked.end(body)
        return answer
      }
    },
  }
}

const FORM = 'application/x-www-form-urlencoded'
type Connection = ReturnType<typeof connect>

/** Opens a connection to each of the workers. */
async function connectToEach(service: Service, workers: readonly unknown[]): Promise<Connection[]> {
  const found = new Map<unknown, Connection>()
  await until(async () => {
    const connection = connect(service)
    // The answer contains the request id, by which the log shows the process.
    const { body } = await connection.ask('GET', '/profile')
    const { request_id } = JSON.parse(body)
    const { pid } = await service.logged(({ requestId }) => requestId === request_id)
    found.set(pid, connection)
    return workers.every((worker) => found.has(worker))
  })
  return [...found.values()]
}

/** Adds accounts with the same password, which is hashed only once. */
async function addUsers(databaseUrl: string, emails: readonly string[], password: string): Promise<void> {
  const auth = await createAuth({ databaseUrl, bcryptCost: 10 })
  const hash = await auth.hashPassword(password)
  for (const email of emails) await auth.db.addUser(email, hash)
  await auth.close()
}

const BOB = { email: 'bob@example.com', password: 'b4l0u' }

onEachEngine('several workers', (engine) => {
  it('answer as one service, and every log line has the process id', async () => {
    const service = await startWorkers(await freshDatabase(engine))
    const workers = pidsOf(service, 'worker listening')
    expect(new Set(workers).size).toBe(WORKERS)
    const connections = await connectToEach(service, workers)
    expect(connections).toHaveLength(WORKERS)
    for (const { ask } of connections)
      for (const path of ['/healthz', '/readyz']) expect((await ask('GET', path)).status).toBe(200)
    const [listening, ...others] = service.log().filter(({ msg }) => msg === 'listening')
    expect(others).toEqual([])
    expect(workers).not.toContain(listening?.pid)
  })

  it('and other instances refuse an ended session from the next request on, whichever of them ended it', async () => {
    const databaseUrl = await migratedDatabase(engine)
    await addUsers(databaseUrl, [BOB.email], BOB.password)
    const connections: Connection[] = []
    for (const service of [await startWorkers(databaseUrl), await startWorkers(databaseUrl)])
      connections.push(...(await connectToEach(service, pidsOf(service, 'worker listening'))))
    expect(connections).toHaveLength(2 * WORKERS)
    const pairs = connections.flatMap((one, from) =>
      connections.flatMap((other, to) => (IS_FULL || SOME_PAIRS[from] === to ? [[one, other] as const] : [])),
    )
    expect(pairs).toHaveLength(connections.length * (IS_FULL ? connections.length : 1))
    for (const [one, other] of pairs) {
      const { sessionToken } = await one.ask('POST', '/sessions', { fields: BOB })
      const check = () => Promise.all(connections.map(({ ask }) => ask('GET', '/profile', { sessionToken })))
      expect((await check()).map(({ status }) => status)).toEqual(connections.map(() => 200))
      expect((await other.ask('DELETE', '/sessions', { sessionToken })).status).toBe(302)
      expect((await check()).map(({ status }) => status)).toEqual(connections.map(() => 403))
    }
  })

  it('keep answering when one is killed, and a new worker replaces it', async () => {
    const databaseUrl = await migratedDatabase(engine)
    await addUsers(databaseUrl, [BOB.email], BOB.password)
    // Level info, to leave out thousands of lines for successful requests.
    const service = await startWorkers(databaseUrl, { BIENVENUE_LOG_LEVEL: 'info' })
    const [victim, survivor] = pidsOf(service, 'worker listening') as [number, number]
    const { sessionToken } = await connect(service).ask('POST', '/sessions', { fields: BOB })
    const seen: unknown[] = []
    let isOver = false
    const clients = Array.from({ length: 8 }, async () => {
      const { ask } = connect(service)
      while (!isOver)
        seen.push(
          await ask('GET', '/profile', { sessionToken }).then(
            ({ status }) => status,
            // The connection was to the killed worker. The next one goes to another.
            ({ code }) => code,
          ),
        )
    })
    await until(() => seen.length > 50)
    process.kill(victim, 'SIGKILL')
    const ended = await service.logged(({ msg }) => msg === 'a worker ended')
    expect(ended).toMatchObject({ worker: victim, code: null, signal: 'SIGKILL', level: 'error' })
    const before = seen.length
    await until(() => seen.length > before + 50)
    await until(() => pidsOf(service, 'worker listening').length === WORKERS + 1)
    const successor = pidsOf(service, 'worker listening').at(-1)
    expect([victim, survivor]).not.toContain(successor)
    isOver = true
    await Promise.all(clients)
    expect(seen.filter((each) => ![200, 'ECONNRESET', 'EPIPE'].includes(each as string))).toEqual([])
    await connectToEach(service, [survivor, successor])
    expect(await service.stop()).toBe(0)
  })

  it.each(['SIGTERM', 'SIGINT'] as const)('finish their requests in progress on %s', async (signal) => {
    const service = await startWorkers(await migratedDatabase(engine))
    const registrations = await beginRegistrations(service)
    const stopped = service.stop(signal)
    await until(() => pidsOf(service, 'stopping').length === WORKERS)
    const answers = await Promise.all(registrations.map((finish) => finish()))
    expect(answers).toMatchObject(REGISTERED)
    expect(answers.map(({ connection }) => connection)).toEqual(REGISTERED.map(() => 'close'))
    expect(await stopped).toBe(0)
    const ofPrimary = service.log().filter(({ pid, msg }) => pid === undefined && /^stopp/.test(msg))
    expect(ofPrimary).toMatchObject([{ msg: 'stopping', signal }, { msg: 'stopped' }])
    expect(pidsOf(service, 'stopped')).toHaveLength(WORKERS)
    expect(service.log().filter(({ msg }) => msg === 'a worker ended')).toEqual([])
    expect(await service.stderr).toBe('')
  })

  it('finish their requests in progress and exit when they lose their primary', async () => {
    const service = await startWorkers(await migratedDatabase(engine))
    const registrations = await beginRegistrations(service)
    // Resolves when every process has closed standard output, the workers too.
    const stopped = service.stop('SIGKILL')
    await until(() => pidsOf(service, 'stopping').length === WORKERS)
    expect(await Promise.all(registrations.map((finish) => finish()))).toMatchObject(REGISTERED)
    expect(await stopped).toBeNull()
    expect(pidsOf(service, 'stopped')).toHaveLength(WORKERS)
  })

  it('end the service with an explanation if all of them exit and none can start again', async () => {
    const databaseUrl = await migratedDatabase(engine)
    const service = await startWorkers(databaseUrl)
    await blockDatabase(engine, databaseUrl)
    for (const pid of pidsOf(service, 'worker listening')) process.kill(pid as number, 'SIGKILL')
    expect(await service.stop('SIGCONT')).toBe(2)
    const lines = (await service.stderr).trimEnd().split('\n')
    for (const line of lines) expect(line).toMatch(/^bienvenue: DATABASE_URL: cannot use /)
  })
})

const REGISTERED = Array.from({ length: WORKERS }, () => ({ status: 200 }))

/** Starts a registration on each worker. The functions send the rest of the request. */
async function beginRegistrations(service: Service): Promise<(() => Promise<Answer>)[]> {
  const connections = await connectToEach(service, pidsOf(service, 'worker listening'))
  return Promise.all(
    connections.map(({ beginRegistration }, index) => beginRegistration(`u${index}@example.com`)),
  )
}

/** Makes the database impossible to open. */
async function blockDatabase(engine: EngineName, databaseUrl: string): Promise<void> {
  if (engine === 'sqlite') {
    const path = filePath(databaseUrl)
    for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true })
    mkdirSync(path)
    return
  }
  const url = new URL(databaseUrl)
  const name = url.pathname.slice(1)
  url.pathname = '/postgres'
  const client = new pg.Client({ connectionString: url.href })
  await client.connect()
  await client.query(`alter database ${name} with allow_connections false`)
  await client.end()
}

/** As many in `npm test` as show the contention. */
const CLIENTS = IS_FULL ? 500 : 100

it(`SQLite serves ${CLIENTS} clients that write at once and a command at the same time, without losing a write`, async () => {
  const databaseUrl = await migratedDatabase('sqlite')
  const emails = Array.from({ length: CLIENTS }, (_, index) => `u${index}@example.com`)
  await addUsers(databaseUrl, emails, BOB.password)
  const service = await startWorkers(databaseUrl, {
    BIENVENUE_THROTTLE: 'off',
    BIENVENUE_LOG_LEVEL: 'info',
  })
  let isOver = false
  const command = (async () => {
    const ends: Finished[] = []
    while (!isOver || ends.length < 2) {
      const args = ['users', 'add', `command${ends.length}@example.com`, '--password-stdin']
      ends.push(await runCli(args, { env: { DATABASE_URL: databaseUrl }, input: BOB.password }))
    }
    return ends
  })()
  const write = async (email: string, index: number) => {
    const { ask } = connect(service)
    const answers = [await ask('POST', '/reset_password', { fields: { email } })]
    // Only a tenth of them, because each registration computes a hash.
    const fields = { email: `new${index}@example.com`, password: BOB.password }
    if (index % 10 === 0) answers.push(await ask('POST', '/users', { fields }))
    return answers.map(({ status }) => status)
  }
  const statuses = (await Promise.all(emails.map(write))).flat()
  isOver = true
  const commands = await command
  expect(statuses).toEqual(Array(CLIENTS + CLIENTS / 10).fill(200))
  expect(commands.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual(commands.map(() => [0, '']))
  const db = await openTables(databaseUrl)
  const { tokens } = await db
    .selectFrom('tokens')
    .select(({ fn }) => fn.countAll<number>().as('tokens'))
    .executeTakeFirstOrThrow()
  const { users } = await db
    .selectFrom('users')
    .select(({ fn }) => fn.countAll<number>().as('users'))
    .executeTakeFirstOrThrow()
  expect({ tokens, users }).toEqual({ tokens: CLIENTS, users: CLIENTS + CLIENTS / 10 + commands.length })
  const writers = service.log().flatMap(({ route, pid }) => (route === '/reset_password' ? [pid] : []))
  expect(new Set(writers).size).toBe(WORKERS)
  expect(service.log().filter(({ level }) => level === 'error')).toEqual([])
})

it.each<[what: string, env: () => Promise<Record<string, string>>]>([
  ['a database that cannot be opened', async () => ({ DATABASE_URL: 'sqlite:/nowhere/bienvenue.db' })],
  ['a file that is not a database', async () => ({ DATABASE_URL: `sqlite:${ROOT}package.json` })],
  ['a malformed setting', async () => ({ PORT: 'http' })],
  ['an address of another machine', async () => ({ HOST: '192.0.2.1', ...PRODUCTION })],
])('several workers report %s in one line and do not start, like a single process', async (_, env) => {
  const given = {
    DATABASE_URL: await migratedDatabase('sqlite'),
    PORT: String(await freePort()),
    ...(await env()),
  }
  const [one, several] = [
    await runCli(['serve'], { env: given }),
    await runCli(['serve'], { env: { ...given, BIENVENUE_WORKERS: '3' } }),
  ]
  expect(several.stderr).toMatch(/^bienvenue: [A-Z_]+: [^\n]+\n$/)
  expect({ exitCode: several.exitCode, stderr: several.stderr }).toEqual({ exitCode: 2, stderr: one.stderr })
})

it('several workers report a port in use once', async () => {
  const { port } = await startService('sqlite::memory:')
  const env = { DATABASE_URL: await migratedDatabase('sqlite'), PORT: String(port), BIENVENUE_WORKERS: '3' }
  const { exitCode, stderr } = await runCli(['serve'], { env })
  expect(exitCode).toBe(2)
  expect(stderr).toBe(
    `bienvenue: PORT: ${port} is in use by another program on 127.0.0.1; choose another, such as PORT=5050\n`,
  )
})

it('several workers do not start with an in-memory database, which they cannot share', async () => {
  const env = { DATABASE_URL: 'sqlite::memory:', PORT: '0' }
  expect(await runCli(['serve', '--workers', '2'], { env })).toEqual({
    exitCode: 2,
    stdout: '',
    stderr:
      'bienvenue: BIENVENUE_WORKERS: 2 processes cannot share a database in memory; name a file or PostgreSQL in DATABASE_URL\n',
  })
})

const PRODUCTION = {
  BIENVENUE_MODE: 'production',
  BASE_URL: 'https://auth.example.com',
  BIENVENUE_SECRET_KEY: randomKey(),
  SMTP_URL: 'smtps://user:password@mail.example.com',
  BIENVENUE_MAIL_FROM: 'no-reply@example.com',
  BIENVENUE_TRUSTED_PROXIES: '127.0.0.1',
}

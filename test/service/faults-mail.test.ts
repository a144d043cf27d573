/** A failing mail server: requests continue, mail waits, and none is lost. */
import type { Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { Auth } from '../../src/index.ts'
import { ask, HOST, productionEnv, runCommand } from '../support/deployed.ts'
import { CHEAP_HASHER, freshAuth, migratedDatabase, type TestClock, testClock } from '../support/engines.ts'
import { PASSWORD, randomKey, until } from '../support/production.ts'
import { startRelay } from '../support/relay.ts'
import { runCli, startService } from '../support/service.ts'
import { type Answer, answering, startScriptedServer } from '../support/smtp.ts'

const EMAIL = 'alice@example.com'

/** A mail server that fails as scripted until it recovers. */
interface FaultyServer {
  readonly port: number
  /** The recipients of accepted messages, in order. */
  readonly accepted: readonly string[]
  /** The number of open connections. */
  open(): number
  /** How many client lines began with this text. */
  heard(start: string): number
  /** Ends every connection, and every new one at once. */
  hangUp(): void
  /** Accepts every message from now on. */
  recover(): Promise<void>
  /** Answers all pending commands, and accepts every message from now on. */
  answerPending(): void
}

async function startFaultyServer(answers: Readonly<Record<string, Answer>> | 'gone'): Promise<FaultyServer> {
  const accepted: string[] = []
  const recipients = new Map<Socket, string>()
  const pending: (() => void)[] = []
  let answer = answering(answers === 'gone' ? {} : answers)

  function respond(line: string, socket: Socket): Answer {
    const recipient = /^RCPT TO:<([^>]*)>/.exec(line)?.[1]
    if (recipient !== undefined) recipients.set(socket, recipient)
    const reply = answer(line)
    if (line === '.' && reply !== null && String(reply).startsWith('250'))
      accepted.push(recipients.get(socket) ?? '')
    if (reply === null) pending.push(() => socket.write(`${respond(line, socket)}\r\n`))
    return reply
  }

  const server = await startScriptedServer(respond)
  const relay = await startRelay(server.port)
  if (answers === 'gone') relay.cut()
  return {
    port: relay.port,
    accepted,
    open: () => server.sockets.filter((socket) => !socket.destroyed).length,
    heard: (start) => server.lines.filter((line) => line.startsWith(start)).length,
    hangUp() {
      answer = answering({ '': { hangUp: true } })
      for (const socket of server.sockets) socket.destroy()
    },
    async recover() {
      answer = answering({})
      if (answers === 'gone') await relay.restore()
    },
    answerPending() {
      answer = answering({})
      for (const act of pending.splice(0)) act()
    },
  }
}

/** The library in production mode with a test clock. */
async function openProduction(
  smtpPort: number,
  now: TestClock,
  databaseUrl?: string,
): Promise<{ auth: Auth; faults: Record<string, unknown>[] }> {
  const faults: Record<string, unknown>[] = []
  const auth = await freshAuth('sqlite', {
    mode: 'production',
    baseUrl: `https://${HOST}`,
    secretKey: randomKey(),
    smtpUrl: `smtp://127.0.0.1:${smtpPort}`,
    mailFrom: 'no-reply@example.com',
    breachCheckUrl: 'off',
    now,
    hasher: CHEAP_HASHER,
    logger: { debug() {}, info() {}, warn() {}, error: (fields) => faults.push(fields) },
    ...(databaseUrl !== undefined && { databaseUrl }),
  })
  return { auth, faults }
}

const FAULTS: Readonly<Record<string, Readonly<Record<string, Answer>> | 'gone'>> = {
  'is unreachable': 'gone',
  'does not greet': { '': null },
  'greets with a refusal': { '': '421 4.3.2 too busy' },
  'refuses the recipient for now': { RCPT: '450 4.2.1 later' },
  'refuses to relay': { RCPT: '550 relay not permitted' },
  'reports an exceeded daily limit': { '.': '550 5.4.5 daily sending limit exceeded' },
  'rejects our sender domain': { RCPT: '550 5.1.8 sender domain not found' },
  'requires authentication': { MAIL: '530 5.7.0 authentication required' },
  'has no space for the message': { '.': '452 4.3.1 full' },
  'hangs during the message': { '.': null },
  'disconnects during the message': { '.': { hangUp: true } },
}

it.each(Object.keys(FAULTS))('a mail server that %s delays mail and loses none', async (name) => {
  const server = await startFaultyServer(FAULTS[name] ?? {})
  const now = testClock()
  const { auth, faults } = await openProduction(server.port, now)
  const enqueue = (email: string) => auth.account.register({ email, password: PASSWORD })

  await enqueue(EMAIL)
  if (Object.values(FAULTS[name] ?? {}).includes(null)) {
    await until(() => server.open() === 1)
    server.hangUp()
  }
  await until(() => faults.length === 1)
  await server.recover()
  expect(JSON.stringify(faults)).not.toContain('@')
  await until(async () => (await auth.delivery.count()) === 1)
  expect(server.accepted).toEqual([])

  // Before its retry is due, only the new mail is sent.
  now.advance(29)
  await enqueue('bob@example.com')
  await until(async () => (await auth.delivery.count()) === 1)
  expect(server.accepted).toEqual(['bob@example.com'])

  now.advance(1)
  await enqueue('carol@example.com')
  await until(async () => (await auth.delivery.count()) === 0)
  expect(server.accepted.toSorted()).toEqual([EMAIL, 'bob@example.com', 'carol@example.com'])
})

/** The service with a confirmed account, and a mail to another account stuck in a hanging server. */
async function startWithHangingMail(hangsAt: 'greeting' | 'end of the message') {
  const server = await startFaultyServer({ [hangsAt === 'greeting' ? '' : '.']: null })
  const databaseUrl = await migratedDatabase('sqlite')
  const env = productionEnv(`smtp://127.0.0.1:${server.port}`)
  const details = { env: { ...env, DATABASE_URL: databaseUrl }, input: PASSWORD }
  expect(await runCli(['users', 'add', EMAIL, '--password-stdin'], details)).toMatchObject({ exitCode: 0 })
  const service = await startService(databaseUrl, { env })
  const send = (path: string, fields: Record<string, string>) => ask(service, 'POST', path, { fields })
  expect((await send('/users', { email: 'bob@example.com', password: PASSWORD })).status).toBe(200)
  await until(() => (hangsAt === 'greeting' ? server.open() : server.heard('.')) === 1)
  return { server, databaseUrl, env, service, send }
}

/** Starts the service again later, with a working mail server. */
async function startLater(databaseUrl: string, seconds: number) {
  const server = await startFaultyServer({})
  const now = testClock(new Date(Date.now() + seconds * 1_000).toISOString())
  const { auth } = await openProduction(server.port, now, databaseUrl)
  return { auth, now, accepted: server.accepted }
}

it('a hanging mail server delays no request, and the next start sends waiting mail', async () => {
  const { server, databaseUrl, service, send } = await startWithHangingMail('greeting')
  const answers = [
    await send('/users', { email: 'carol@example.com', password: PASSWORD }),
    await send('/reset_password', { email: EMAIL }),
    await send('/reset_password', { email: 'nobody@example.com' }),
    await send('/sessions', { email: EMAIL, password: PASSWORD }),
    await send('/sessions', { email: EMAIL, password: 'wrong' }),
    await ask(service, 'GET', '/readyz'),
  ]
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 401, 200])
  // The server still hangs, so no request waited for it.
  expect(server.open()).toBeGreaterThan(0)
  expect(server.heard('EHLO')).toBe(0)
  expect(await service.stop()).toBe(0)
  expect(service.log().at(-1)?.msg).toBe('stopped')

  const { auth, accepted } = await startLater(databaseUrl, 301)
  await until(async () => (await auth.delivery.count()) === 0)
  expect(accepted.toSorted()).toEqual([EMAIL, EMAIL, 'bob@example.com', 'carol@example.com'])
})

it('SIGTERM waits for the current delivery and sends the mail once', async () => {
  const { server, databaseUrl, env, service } = await startWithHangingMail('end of the message')
  const stopped = service.stop()
  await service.logged(({ msg }) => msg === 'stopping')
  // Long enough for a stop that does not wait.
  await setTimeout(500)
  server.answerPending()
  expect(await stopped).toBe(0)
  expect(server.accepted).toEqual(['bob@example.com'])
  expect(await runCommand(['mail', 'queue'], databaseUrl, env)).toEqual([{ waiting: 0, problems: [] }])
})

it('SIGKILL during a delivery loses no mail: the next start sends it after the lease expires', async () => {
  const { databaseUrl, service, send } = await startWithHangingMail('end of the message')
  expect((await send('/users', { email: 'carol@example.com', password: PASSWORD })).status).toBe(200)
  expect(await service.stop('SIGKILL')).toBeNull()

  const { auth, now, accepted } = await startLater(databaseUrl, 240)
  await until(async () => (await auth.delivery.count()) === 1)
  expect(accepted).toEqual(['carol@example.com'])
  now.advance(61)
  await auth.account.requestPasswordReset({ email: EMAIL })
  await until(async () => (await auth.delivery.count()) === 0)
  expect(accepted.toSorted()).toEqual([EMAIL, 'bob@example.com', 'carol@example.com'])
})

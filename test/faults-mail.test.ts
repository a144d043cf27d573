/** A mail server that fails, in every way that one does: requests go on, mail waits, and none is lost. */
import type { Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { expect, it } from 'vitest'
import type { Auth } from '../src/index.ts'
import { ask, HOST, productionEnv, runCommand } from './support/deployed.ts'
import { CHEAP_HASHER, freshAuth, freshDatabase, type TestClock, testClock } from './support/engines.ts'
import { PASSWORD, randomKey, until } from './support/production.ts'
import { startRelay } from './support/relay.ts'
import { runCli, startService } from './support/service.ts'
import { type Answer, answering, startScriptedServer } from './support/smtp.ts'

const EMAIL = 'alice@example.com'

/** A mail server that fails as it is told, until it is well again. */
interface FaultyServer {
  readonly port: number
  /** To whom a message was taken, in order. */
  readonly taken: readonly string[]
  /** Connections that are open. */
  open(): number
  /** How often a client said something that begins so. */
  heard(start: string): number
  /** Ends every connection, and each new one at once. */
  hangUp(): void
  /** From now on it takes every message. */
  comeBack(): Promise<void>
  /** Answers what was left without an answer, and takes every message from now on. */
  answerAtLast(): void
}

async function startFaultyServer(answers: Readonly<Record<string, Answer>> | 'gone'): Promise<FaultyServer> {
  const taken: string[] = []
  const recipients = new Map<Socket, string>()
  const waiting: (() => void)[] = []
  let answer = answering(answers === 'gone' ? {} : answers)

  function respond(line: string, socket: Socket): Answer {
    const recipient = /^RCPT TO:<([^>]*)>/.exec(line)?.[1]
    if (recipient !== undefined) recipients.set(socket, recipient)
    const reply = answer(line)
    if (line === '.' && reply !== null && String(reply).startsWith('250'))
      taken.push(recipients.get(socket) ?? '')
    if (reply === null) waiting.push(() => socket.write(`${respond(line, socket)}\r\n`))
    return reply
  }

  const server = await startScriptedServer(respond)
  const relay = await startRelay(server.port)
  if (answers === 'gone') relay.cut()
  return {
    port: relay.port,
    taken,
    open: () => server.sockets.filter((socket) => !socket.destroyed).length,
    heard: (start) => server.lines.filter((line) => line.startsWith(start)).length,
    hangUp() {
      answer = answering({ '': { hangUp: true } })
      for (const socket of server.sockets) socket.destroy()
    },
    async comeBack() {
      answer = answering({})
      if (answers === 'gone') await relay.restore()
    },
    answerAtLast() {
      answer = answering({})
      for (const act of waiting.splice(0)) act()
    },
  }
}

/** The library in production mode, on a clock of the test. */
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
  'is not there': 'gone',
  'does not greet': { '': null },
  'greets with a refusal': { '': '421 4.3.2 too busy' },
  'refuses the recipient for now': { RCPT: '450 4.2.1 later' },
  'does not let us relay': { RCPT: '550 relay not permitted' },
  'says that we have sent enough today': { '.': '550 5.4.5 daily sending limit exceeded' },
  'does not know our address': { RCPT: '550 5.1.8 sender domain not found' },
  'wants a login that we do not have': { MAIL: '530 5.7.0 authentication required' },
  'has no room for the message': { '.': '452 4.3.1 full' },
  'hangs in the middle of the message': { '.': null },
  'breaks off in the middle of the message': { '.': { hangUp: true } },
}

it.each(Object.keys(FAULTS))('a mail server that %s delays a mail and loses none', async (name) => {
  const server = await startFaultyServer(FAULTS[name] ?? {})
  const now = testClock()
  const { auth, faults } = await openProduction(server.port, now)
  const order = (email: string) => auth.account.register({ email, password: PASSWORD })

  await order(EMAIL)
  if (Object.values(FAULTS[name] ?? {}).includes(null)) {
    await until(() => server.open() === 1)
    server.hangUp()
  }
  await until(() => faults.length === 1)
  await server.comeBack()
  expect(JSON.stringify(faults)).not.toContain('@')
  await until(async () => (await auth.delivery.count()) === 1)
  expect(server.taken).toEqual([])

  // Before its time another one leaves, and this one does not.
  now.advance(29)
  await order('bob@example.com')
  await until(async () => (await auth.delivery.count()) === 1)
  expect(server.taken).toEqual(['bob@example.com'])

  now.advance(1)
  await order('carol@example.com')
  await until(async () => (await auth.delivery.count()) === 0)
  expect(server.taken.toSorted()).toEqual([EMAIL, 'bob@example.com', 'carol@example.com'])
})

it('a mail server that never takes a mail is asked ever more seldom, for three days', async () => {
  const server = await startFaultyServer({ RCPT: '450 4.2.1 later' })
  const now = testClock()
  const { auth, faults } = await openProduction(server.port, now)
  await auth.account.register({ email: EMAIL, password: PASSWORD })
  // Nothing but the clock moves: whoever wakes the worker orders a mail for nobody.
  const look = (email: string) => auth.account.requestPasswordReset({ email })

  const waits = [30, 60, 120, 240, 480, 960, 1_800, 1_800]
  for (const [tries, seconds] of waits.entries()) {
    await until(() => faults.length === tries + 1)
    now.advance(seconds - 1)
    await look(`early${tries}@example.com`)
    await until(async () => (await auth.delivery.count()) === 1)
    expect(faults).toHaveLength(tries + 1)
    now.advance(1)
    await look(`due${tries}@example.com`)
  }
  await until(() => faults.length === waits.length + 1)
  now.advance(3 * 86_400)
  await look('late@example.com')
  await until(async () => (await auth.delivery.count()) === 0)
  const given = await Array.fromAsync(auth.audit.list({ action: 'give_up_mail' }))
  expect(given).toMatchObject([
    { actor: 'system', reason: 'expired', details: { kind: 'verify_email', attempts: waits.length + 2 } },
  ])
})

it('a recipient who is refused for good is not tried again, and keeps nobody waiting', async () => {
  const server = await startFaultyServer({ RCPT: '550 5.1.1 no such user' })
  const { auth } = await openProduction(server.port, testClock())
  const { id } = await auth.registerUser(EMAIL, PASSWORD)
  await until(async () => (await auth.delivery.count()) === 0)
  await server.comeBack()
  await auth.registerUser('bob@example.com', PASSWORD)
  await until(async () => (await auth.delivery.count()) === 0)
  expect(server.taken).toEqual(['bob@example.com'])
  const [line, ...others] = await Array.fromAsync(auth.audit.list({ action: 'give_up_mail' }))
  expect(others).toEqual([])
  expect(line).toMatchObject({
    outcome: 'refused',
    reason: 'refused',
    userId: id,
    details: { kind: 'verify_email', attempts: 1 },
  })
})

/** The service with one confirmed account, and the mail of another one in the hands of a server that hangs. */
async function startWithHangingMail(hangsAt: 'greeting' | 'end of the message') {
  const server = await startFaultyServer({ [hangsAt === 'greeting' ? '' : '.']: null })
  const databaseUrl = await freshDatabase('sqlite')
  const env = productionEnv(`smtp://127.0.0.1:${server.port}`)
  const details = { env: { ...env, DATABASE_URL: databaseUrl }, input: PASSWORD }
  expect(await runCli(['users', 'add', EMAIL, '--password-stdin'], details)).toMatchObject({ exitCode: 0 })
  const service = await startService(databaseUrl, { env })
  const send = (path: string, fields: Record<string, string>) => ask(service, 'POST', path, { fields })
  expect((await send('/users', { email: 'bob@example.com', password: PASSWORD })).status).toBe(200)
  await until(() => (hangsAt === 'greeting' ? server.open() : server.heard('.')) === 1)
  return { server, databaseUrl, env, service, send }
}

/** The service starts again so much later, with a mail server that is well. */
async function startLater(databaseUrl: string, seconds: number) {
  const server = await startFaultyServer({})
  const now = testClock(new Date(Date.now() + seconds * 1_000).toISOString())
  const { auth } = await openProduction(server.port, now, databaseUrl)
  return { auth, now, taken: server.taken }
}

it('while the mail server hangs every request is answered, and what waits leaves with the next start', async () => {
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
  // It hangs still: nobody waited for it.
  expect(server.open()).toBeGreaterThan(0)
  expect(server.heard('EHLO')).toBe(0)
  expect(await service.stop()).toBe(0)
  expect(service.log().at(-1)?.msg).toBe('stopped')

  const { auth, taken } = await startLater(databaseUrl, 301)
  await until(async () => (await auth.delivery.count()) === 0)
  expect(taken.toSorted()).toEqual([EMAIL, EMAIL, 'bob@example.com', 'carol@example.com'])
})

it('SIGTERM waits for the mail in hand: it is taken once, and none is left', async () => {
  const { server, databaseUrl, env, service } = await startWithHangingMail('end of the message')
  const stopped = service.stop()
  await service.logged(({ msg }) => msg === 'stopping')
  // A stop that did not wait would be over.
  await setTimeout(500)
  server.answerAtLast()
  expect(await stopped).toBe(0)
  expect(server.taken).toEqual(['bob@example.com'])
  expect(await runCommand(['mail', 'queue'], databaseUrl, env)).toEqual([{ waiting: 0, problems: [] }])
})

it('SIGKILL in the middle of a mail loses none: the next start sends it, when nobody can have it in hand', async () => {
  const { databaseUrl, service, send } = await startWithHangingMail('end of the message')
  expect((await send('/users', { email: 'carol@example.com', password: PASSWORD })).status).toBe(200)
  expect(await service.stop('SIGKILL')).toBeNull()

  const { auth, now, taken } = await startLater(databaseUrl, 240)
  await until(async () => (await auth.delivery.count()) === 1)
  expect(taken).toEqual(['carol@example.com'])
  now.advance(61)
  await auth.account.requestPasswordReset({ email: EMAIL })
  await until(async () => (await auth.delivery.count()) === 0)
  expect(taken.toSorted()).toEqual([EMAIL, 'bob@example.com', 'carol@example.com'])
})

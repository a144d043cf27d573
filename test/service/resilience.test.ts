/** Regression tests for faults and floods that once stopped the service. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import pg from 'pg'
import { expect, it, onTestFinished } from 'vitest'
import { openDatabase } from '../../src/db/index.ts'
import { createAuth } from '../../src/index.ts'
import {
  CHEAP_HASHER,
  filePath,
  freshAuth,
  freshDatabase,
  migratedDatabase,
  onBothEngines,
  testClock,
} from '../support/engines.ts'
import { send } from '../support/send.ts'
import { ROOT, startService } from '../support/service.ts'

const EMAIL = 'bob@example.com'

it('a CONNECT request that is reset ends only its own connection', async () => {
  const service = await startService(await migratedDatabase('sqlite'))
  for (let count = 0; count < 20; count++) {
    const socket = connect(service.port, '127.0.0.1')
    socket.on('error', () => {})
    await once(socket, 'connect')
    socket.write('CONNECT x:1 HTTP/1.1\r\nHost: localhost\r\n\r\n')
    socket.resetAndDestroy()
  }
  expect((await fetch(service.url)).status).toBe(200)
  expect(await service.stop()).toBe(0)
})

it('a CONNECT request that is held open is closed by the service', async () => {
  const service = await startService(await migratedDatabase('sqlite'))
  const socket = connect({ port: service.port, host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', () => {})
  socket.write('CONNECT x:1 HTTP/1.1\r\nHost: localhost\r\n\r\n')
  socket.resume()
  await once(socket, 'end')
  expect(await service.stop()).toBe(0)
})

it('dropped PostgreSQL connections fail requests but not the process', async () => {
  const databaseUrl = await migratedDatabase('postgres')
  const service = await startService(databaseUrl)
  const killer = new pg.Client({ connectionString: databaseUrl })
  await killer.connect()
  onTestFinished(() => killer.end())
  const kill = () =>
    killer.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    )
  const fields = { email: EMAIL, password: 'b4l0u' }
  const post = () =>
    fetch(`${service.url}/reset_password`, { method: 'POST', body: new URLSearchParams({ email: EMAIL }) })
  await fetch(`${service.url}/users`, { method: 'POST', body: new URLSearchParams(fields) })
  const seen = new Set<number>()
  for (let round = 0; round < 6; round++) {
    const requests = Array.from({ length: 8 }, post)
    await kill()
    for (const response of await Promise.all(requests)) seen.add(response.status)
  }
  expect([...seen].filter((status) => ![200, 429, 503].includes(status))).toEqual([])
  await expect.poll(async () => (await fetch(`${service.url}/readyz`)).status).toBe(200)
  expect(await service.stop()).toBe(0)
})

it('while another process holds the SQLite lock, reads and the event loop continue and writes wait', async () => {
  const databaseUrl = await migratedDatabase('sqlite')
  const now = testClock()
  const auth = await freshAuth('sqlite', { databaseUrl, now })
  await auth.registerUser(EMAIL, 'b4l0u')
  const sessionToken = await auth.createSession(EMAIL)
  // By now a check of the session must record its last use.
  now.advance(120)

  const other = new DatabaseSync(filePath(databaseUrl))
  onTestFinished(() => other.close())
  other.exec('begin immediate')
  let turns = 0
  const turning = setInterval(() => turns++, 1)
  onTestFinished(() => clearInterval(turning))

  let isWritten = false
  const writing = auth.registerUser('rob@example.com', 'r0b').then(() => {
    isWritten = true
  })
  expect((await auth.getUserFromSessionId(sessionToken))?.email).toBe(EMAIL)
  while (turns < 30) await new Promise((resolve) => setImmediate(resolve))
  expect(isWritten).toBe(false)
  other.exec('commit')
  await writing
  expect(await auth.validLogin('rob@example.com', 'r0b')).toBe(true)
})

it('opening a database waits for another writer without blocking the event loop', async () => {
  const databaseUrl = await freshDatabase('sqlite')
  await (await openDatabase(databaseUrl)).destroy()
  const other = new DatabaseSync(filePath(databaseUrl))
  onTestFinished(() => other.close())
  other.exec('begin immediate')
  const opening = openDatabase(databaseUrl)
  let isOpen = false
  void opening.then(() => {
    isOpen = true
  })
  for (let turns = 0; turns < 30; turns++) await new Promise((resolve) => setTimeout(resolve, 1))
  expect(isOpen).toBe(false)
  other.exec('commit')
  await (await opening).destroy()
})

it('a process with many writes releases the SQLite lock to others in between', async () => {
  const databaseUrl = await migratedDatabase('sqlite')
  const auth = await freshAuth('sqlite', { databaseUrl, throttle: false })
  await auth.registerUser(EMAIL, 'b4l0u')
  const other = new DatabaseSync(filePath(databaseUrl))
  onTestFinished(() => other.close())
  other.exec('begin immediate')
  let written = 0
  const writing = Promise.all(
    Array.from({ length: 200 }, () => auth.createSession(EMAIL).then(() => written++)),
  )
  // Lets it notice the other writer.
  await new Promise((resolve) => setTimeout(resolve, 10))
  other.exec('commit')
  let before = -1
  while (before < 0) {
    try {
      other.exec('begin immediate; commit')
      if (written > 0) before = written
    } catch {}
    await new Promise((resolve) => setImmediate(resolve))
  }
  await writing
  expect(before).toBeLessThan(200)
})

it('a body with thousands of names is refused at the first unknown one', async () => {
  const auth = await freshAuth('sqlite')
  const names = Array.from({ length: 8_000 }, (_, index) => `n${index}`)
  const bodies = [
    { body: names.join('&'), headers: { 'content-type': 'application/x-www-form-urlencoded' } },
    {
      body: JSON.stringify(Object.fromEntries(names.map((name) => [name.slice(0, 4) + name, '']))).slice(
        0,
        64_000,
      ),
      headers: { 'content-type': 'application/json' },
    },
  ]
  const codes = []
  for (const request of bodies) {
    const answer = (await (await send(auth, 'POST', '/users', request)).json()) as { code: string }
    codes.push(answer.code)
  }
  expect(codes).toEqual(['unknown_field', 'malformed_body'])
})

onBothEngines('a reset token', (engine) => {
  it('does not survive a concurrent disabling of the account', async () => {
    const auth = await freshAuth(engine)
    const { id } = await auth.registerUser(EMAIL, 'b4l0u')
    const [asked] = await Promise.allSettled([
      auth.account.createResetToken({ email: EMAIL }),
      auth.users.disable(id),
    ])
    // In either order, no valid token is left.
    if (asked.status === 'fulfilled') {
      await expect(auth.updatePassword(asked.value.resetToken, 'new')).rejects.toMatchObject({
        code: 'invalid_reset_token',
      })
    } else {
      expect(asked.reason).toMatchObject({ code: 'unknown_email' })
    }
    await auth.users.enable(id)
    expect(await auth.validLogin(EMAIL, 'b4l0u')).toBe(true)
    expect((await auth.db.findUserBy({ id })).resetToken).toBeNull()
  })
})

it('concurrent changes to one account never deadlock', async () => {
  const databaseUrl = await migratedDatabase('postgres')
  const [one, two] = [
    await freshAuth('postgres', { databaseUrl, throttle: false }),
    await createAuth({ databaseUrl, hasher: CHEAP_HASHER, throttle: false }),
  ]
  onTestFinished(() => two.close())
  const { id } = await one.registerUser(EMAIL, 'b4l0u')
  // Expected refusals of late requests. A deadlock would be `unavailable`.
  const TOO_LATE = [
    'invalid_reset_token',
    'unknown_email',
    'unauthenticated',
    'invalid_credentials',
    'password_compromised',
    'not_found',
  ]
  const failures: unknown[] = []
  for (let round = 0; round < 25; round++) {
    await one.users.enable(id)
    const password = `start${round}`
    await two.updatePassword(await two.getResetPasswordToken(EMAIL), password)
    const open = async () => (await one.createSession(EMAIL)) ?? expect.unreachable()
    const sessions = [await open(), await open(), await open(), await open()] as const
    const { resetToken } = await two.account.createResetToken({ email: EMAIL })
    const results = await Promise.allSettled([
      one.sessions.signOut({ sessionToken: sessions[0] }),
      two.account.resetPassword({ resetToken, newPassword: `reset${round}` }),
      one.destroySession(id),
      two.sessions.signOut({ sessionToken: sessions[1] }),
      two.account.createResetToken({ email: EMAIL }),
      one.account.changePassword(
        { currentPassword: password, newPassword: `new${round}` },
        { sessionToken: sessions[2] },
      ),
      two.signIn.reauthenticate({ password }, { sessionToken: sessions[3] }),
      one.sessions.endOthers({ sessionToken: sessions[3] }),
      two.sessions.end({ id: sessions[1].slice(0, 36) }, { sessionToken: sessions[2] }),
      one.signIn.withPassword({ email: EMAIL, password }),
      two.users.markPasswordCompromised(id),
      two.users.confirmEmail(id),
      one.users.disable(id),
    ])
    for (const result of results) {
      if (result.status === 'fulfilled') continue
      const { code } = result.reason as { code?: string }
      if (code === undefined || !TOO_LATE.includes(code)) failures.push(result.reason)
    }
  }
  expect(failures).toEqual([])
})

it('two accounts that request each other’s address concurrently never deadlock', async () => {
  const auth = await freshAuth('postgres', {
    throttle: false,
    baseUrl: 'https://auth.example.com',
    mailer: { send: async () => {}, close() {} },
  })
  const [bob, rob] = [EMAIL, 'rob@example.com']
  for (const email of [bob, rob]) await auth.registerUser(email, 'b4l0u')
  const [bobs, robs] = [await auth.createSession(bob), await auth.createSession(rob)]
  const asked = await Promise.allSettled(
    Array.from({ length: 6 }, (_, index) =>
      index % 2
        ? auth.account.changeEmail({ email: rob }, { sessionToken: bobs })
        : auth.account.changeEmail({ email: bob }, { sessionToken: robs }),
    ),
  )
  expect(asked.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))).toEqual([])
})

it('SIGTERM to npm start stops the service gracefully', async () => {
  const databaseUrl = await migratedDatabase('sqlite')
  const { PATH = '', HOME = '' } = process.env
  const npm = spawn('npm', ['start'], {
    cwd: ROOT,
    env: { PATH, HOME, PORT: '0', DATABASE_URL: databaseUrl },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const ended = once(npm, 'close')
  const lines: string[] = []
  for await (const line of createInterface({ input: npm.stdout })) {
    lines.push(line)
    if (line.includes('"listening"')) npm.kill('SIGTERM')
  }
  expect(await ended).toEqual([0, null])
  expect(lines.at(-1)).toContain('"stopped"')
})

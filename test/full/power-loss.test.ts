/**
 * A power failure at any moment loses nothing that the service has answered, and leaves no half transaction. A service runs
 * under a shim that records what is written, synced and answered. Then the recording is cut off at many places, what was not
 * synced is dropped in several ways, and SQLite opens what is left.
 */
import { mkdirSync, rmSync, statSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'
import { startProgram, startService } from '../support/service.ts'
import { temporaryFolder } from '../support/system.ts'
import { Disk, FATES, type Fate, type Recorded, randomFrom, startRecording } from './power-loss/recording.ts'

const { DatabaseSync } = process.getBuiltinModule('node:sqlite')

const SERVICE = fileURLToPath(new URL('power-loss/service.ts', import.meta.url))
const CLIENTS = 8
const LIVES_OF_ONE = Number(process.env.POWER_LOSS_LIVES ?? 40)
/** Moments at which the power fails. At each of them, every fate is tried. */
const MOMENTS = Number(process.env.POWER_LOSS_MOMENTS ?? 120)

interface Answer {
  readonly status: number
  readonly cookie: string
  readonly body: string
}

/** One client, on one connection. */
function connect(port: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  onTestFinished(() => agent.destroy())
  return async (
    method: string,
    path: string,
    fields: Readonly<Record<string, string>>,
    cookie = '',
  ): Promise<Answer> => {
    const body = String(new URLSearchParams(fields))
    const { promise, resolve, reject } = Promise.withResolvers<Answer>()
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': body.length,
      ...(cookie !== '' && { cookie }),
    }
    const asked = request({ host: '127.0.0.1', port, method, path, agent, headers }, (response) => {
      const [set = ''] = response.headers['set-cookie'] ?? []
      const answer = { status: response.statusCode ?? 0, cookie: set.split(';')[0] ?? '' }
      text(response).then((body) => resolve({ ...answer, body }), reject)
    })
    asked.on('error', reject)
    asked.end(body)
    return promise
  }
}

/** Registers, signs in twice, signs out once, and resets the password. Each step is answered before the next one. */
async function live(ask: ReturnType<typeof connect>, email: string): Promise<void> {
  const done = (answer: Answer, status = 200) => {
    expect(answer).toMatchObject({ status })
    return answer
  }
  const password = 'before'
  done(await ask('POST', '/users', { email, password }))
  const { cookie } = done(await ask('POST', '/sessions', { email, password }))
  done(await ask('POST', '/sessions', { email, password }))
  done(await ask('DELETE', '/sessions', {}, cookie), 302)
  const { reset_token } = JSON.parse(done(await ask('POST', '/reset_password', { email })).body)
  done(await ask('PUT', '/reset_password', { email, reset_token, new_password: 'after' }))
}

/** What was answered to one user. */
interface Ledger {
  /** How many steps of {@link live} were answered. */
  steps: number
  readonly sessions: string[]
  token: string
}

/** Reads the answers in their order. */
function createLedger() {
  const users = new Map<string, Ledger>()
  const emails = new Map<string, string>()
  return {
    users,
    note({ pid, file, data }: Recorded): void {
      const answer = String(data)
      const connection = `${pid} ${file}`
      const email = /"email":"([^"]+)"/.exec(answer)?.[1] ?? emails.get(connection) ?? ''
      emails.set(connection, email)
      const user = users.get(email) ?? { steps: 0, sessions: [], token: '' }
      users.set(email, user)
      user.steps++
      const session = /^set-cookie: session_id=([0-9a-f-]{36})\./im.exec(answer)?.[1]
      if (session !== undefined) user.sessions.push(session)
      user.token ||= /"reset_token":"([0-9a-f-]{36})\./.exec(answer)?.[1] ?? ''
    },
  }
}

type Row = Readonly<Record<string, unknown>>

/** @returns What is wrong with a database after a power failure. */
function faultsOf(path: string, users: ReadonlyMap<string, Ledger>): string[] {
  const faults: string[] = []
  const database = new DatabaseSync(path)
  try {
    const all = (sql: string) => database.prepare(sql).all() as Row[]
    const check = all('pragma integrity_check')
    if (check.length !== 1 || check[0]?.integrity_check !== 'ok') return [JSON.stringify(check)]
    if (all("select 1 from sqlite_master where name = 'users'").length === 0)
      return [...users.keys()].map((email) => `${email}: there are no tables`)
    const grouped = (sql: string) => Map.groupBy(all(sql), ({ user_id }) => user_id)
    const sessions = grouped('select id, user_id from sessions')
    const tokens = grouped('select id, user_id from tokens')
    const audit = grouped("select user_id, action from audit where outcome = 'success'")
    const rows = new Map(
      all('select id, normalized_email as email, hashed_password as hash from users').map((row) => [
        row.email,
        row,
      ]),
    )
    for (const [email, { steps, sessions: answered, token }] of users) {
      const fault = (what: string) => faults.push(`${email} after ${steps} steps: ${what}`)
      const row = rows.get(email)
      if (row === undefined) {
        fault('the account is missing')
        continue
      }
      const ids = (sessions.get(row.id) ?? []).map(({ id }) => id)
      const [first = '', second = ''] = answered
      if (steps === 2 && !ids.includes(first)) fault('the session is missing')
      if (steps >= 3 && !ids.includes(second)) fault('the second session is missing')
      if (steps >= 4 && ids.includes(first)) fault('the ended session is back')
      const hasToken = (tokens.get(row.id) ?? []).some(({ id }) => id === token)
      const isReset = row.hash === 'hash of after'
      if (steps === 5 && !hasToken && !isReset) fault('the reset token is missing')
      if (steps >= 6 && (hasToken || !isReset)) fault('the reset is undone')
    }
    // Rows of one transaction, whether or not it was answered.
    const known = new Set([...rows.values()].map(({ id }) => id))
    for (const id of audit.keys()) if (!known.has(id)) faults.push(`audit of a missing account: ${id}`)
    for (const { id, email, hash } of rows.values()) {
      const count = (action: string) =>
        (audit.get(id) ?? []).filter((record) => record.action === action).length
      const begun = (sessions.get(id)?.length ?? 0) + count('logout')
      const halves: Readonly<Record<string, boolean>> = {
        registration: count('register') !== 1,
        session: count('login') !== begun,
        reset: count('reset_password') !== (hash === 'hash of after' ? 1 : 0),
      }
      for (const [what, isHalf] of Object.entries(halves)) if (isHalf) faults.push(`${email}: half a ${what}`)
    }
  } catch (error) {
    faults.push(String(error))
  } finally {
    database.close()
  }
  return faults
}

/** Chooses moments: some anywhere, and some around what is rare, such as checkpoints and the start of a log. */
function chooseMoments(records: readonly Recorded[], random: () => number): ReadonlySet<number> {
  const moments = new Set<number>([records.length])
  const wal = logOf(records)
  const rare = records.flatMap((act, at) => {
    const { type, file } = act
    const isCheckpoint = file !== wal && (type === 'write' || type === 'sync begin' || type === 'sync end')
    return startsLog(act, wal) || isCheckpoint || type === 'create' || type === 'unlink' ? [at] : []
  })
  const any = (count: number) => Math.floor(random() * count)
  while (moments.size < Math.min(MOMENTS, records.length)) {
    moments.add(any(records.length))
    moments.add(Math.min(records.length, (rare[any(rare.length)] ?? 0) + any(12)))
  }
  return moments
}

function logOf(records: readonly Recorded[]): number | undefined {
  return records.find(({ type, data }) => type === 'create' && String(data).endsWith('-wal'))?.file
}

function startsLog({ type, file, offset }: Recorded, wal: number | undefined): boolean {
  return type === 'write' && file === wal && offset === 0
}

interface Outcome {
  readonly states: number
  readonly answers: number
  /** How often a log was copied into the file, and how often it was started over. */
  readonly checkpoints: number
  readonly restarts: number
  readonly faults: readonly string[]
}

function failAtMoments(records: readonly Recorded[], folder: string, scratch: string): Outcome {
  const random = randomFrom(records.length)
  const moments = chooseMoments(records, random)
  const disk = new Disk(folder, statSync(folder).ino)
  const ledger = createLedger()
  const found = { states: 0, answers: 0, checkpoints: 0, restarts: 0, faults: [] as string[] }
  const target = join(scratch, 'after')
  const wal = logOf(records)
  for (let at = 0; at <= records.length; at++) {
    if (moments.has(at)) {
      for (const fate of FATES) {
        found.states++
        mkdirSync(target)
        disk.crash(fate satisfies Fate, random, target)
        const what = `${at} of ${records.length}, ${fate}`
        found.faults.push(
          ...faultsOf(join(target, 'test.db'), ledger.users).map((fault) => `${what}: ${fault}`),
        )
        rmSync(target, { recursive: true })
      }
    }
    const act = records[at]
    if (act === undefined) break
    disk.apply(act, at)
    if (act.type === 'answer') {
      ledger.note(act)
      found.answers++
    }
    // SQLite does so at the end of a complete checkpoint, and with the first write of a log.
    if (found.answers > 0 && act.type === 'truncate') found.checkpoints++
    if (found.answers > 0 && startsLog(act, wal)) found.restarts++
  }
  return found
}

it.each([1, 2])(
  'a power failure loses nothing that %d process(es) answered',
  { timeout: 1_800_000 },
  async (processes) => {
    const folder = temporaryFolder()
    const scratch = temporaryFolder()
    const recording = startRecording(folder, scratch)
    const service = startProgram([SERVICE, `sqlite:${join(folder, 'test.db')}`, String(processes)], {
      env: recording.env,
    })
    const port = Number(await service.line(() => true))
    const lives = async (client: number) => {
      const ask = connect(port)
      for (let count = 0; count < LIVES_OF_ONE; count++)
        await live(ask, `user-${client}-${count}@example.com`)
    }
    await Promise.all(Array.from({ length: CLIENTS }, (_, client) => lives(client)))
    await service.stop('SIGKILL')
    const { faults, ...found } = failAtMoments(recording.read(), folder, scratch)
    console.log(JSON.stringify({ processes, ...found, faults: faults.length }))
    expect(faults.slice(0, 10)).toEqual([])
    expect(found.checkpoints).toBeGreaterThan(1)
    expect(found.restarts).toBeGreaterThan(1)
  },
)

it('the service ends when a sync fails, and has answered nothing that is not on the disk', async () => {
  const folder = temporaryFolder()
  const recording = startRecording(folder, temporaryFolder())
  const databaseUrl = `sqlite:${join(folder, 'test.db')}`
  const service = await startService(databaseUrl, { env: recording.env })
  const register = (email: string) => connect(service.port)('POST', '/users', { email, password: 'b4l0u' })
  expect(await register('bob@example.com')).toMatchObject({ status: 200 })
  recording.failSyncs()
  await expect(register('rob@example.com')).rejects.toMatchObject({ code: 'ECONNRESET' })
  const { sync, reason } = await service.logged(({ level }) => level === 'error')
  expect({ sync, reason }).toMatchObject({ sync: 'EIO', reason: { code: 'not_durable' } })
  expect(await service.stop('SIGCONT')).toBe(1)
  expect(service.log().filter(({ level }) => level === 'error')).toHaveLength(1)
  const again = await startService(databaseUrl)
  const signIn = { email: 'bob@example.com', password: 'b4l0u' }
  expect(await connect(again.port)('POST', '/sessions', signIn)).toMatchObject({ status: 200 })
})

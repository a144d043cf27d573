import { expect, it, onTestFinished } from 'vitest'
import { freshAuth, onBothEngines, testClock } from '../../../test/support/engines.ts'
import { openDatabase } from '../../db/index.ts'

const EMAIL = 'bob@example.com'
/** What a clean-up says where there is nothing to do. */
const NOTHING = {
  ...{ sessions: 0, tokens: 0, throttles: 0, accounts: 0, mails: 0 },
  ...{ auditRecords: 0, auditOrigins: 0 },
}
const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

async function bobsAuth(engine: 'sqlite' | 'postgres', options = {}) {
  const auth = await freshAuth(engine, options)
  const user = await auth.registerUser(EMAIL, 'b4l0u')
  const session = async () => (await auth.createSession(EMAIL)) ?? expect.unreachable()
  return { auth, user, session }
}

onBothEngines('sessions', (engine) => {
  it('a session is `<uuid>.<secret>`; users.session_id names the newest and opens nothing [SES-03, CX-02, CX-04]', async () => {
    const { auth, user, session } = await bobsAuth(engine)
    const [first, second] = [await session(), await session()]
    expect(second).toMatch(/^[0-9a-f-]{36}\.[A-Za-z0-9_-]{43}$/)
    const { sessionToken } = await auth.db.findUserBy({ id: user.id })
    expect(sessionToken).toMatch(UUID_V7)
    expect(sessionToken).toBe(second.slice(0, 36))
    for (const value of [first, second]) expect((await auth.getUserFromSessionId(value))?.id).toBe(user.id)
    for (const value of [sessionToken, `${sessionToken}.`, `${sessionToken}.${'A'.repeat(43)}`]) {
      expect(await auth.getUserFromSessionId(value)).toBeNull()
    }
  })

  it('nothing but the exact value opens a session [SES-01]', async () => {
    const { auth, session } = await bobsAuth(engine)
    const [value, other] = [await session(), await session()]
    const [id, secret] = value.split('.') as [string, string]
    const [otherId, otherSecret] = other.split('.') as [string, string]
    const wrong = [
      '',
      null,
      undefined,
      id,
      secret,
      `.${secret}`,
      `${id}.${otherSecret}`,
      `${otherId}.${secret}`,
      `${value} `,
      ` ${value}`,
      `"${value}"`,
      value.toUpperCase(),
      encodeURIComponent(`${value}\n`),
      value.replace('.', '%2E'),
      `${value}.${secret}`,
      'x'.repeat(100_000),
    ]
    for (const sessionToken of wrong) {
      expect(await auth.getUserFromSessionId(sessionToken)).toBeNull()
      expect(await auth.sessions.signOut({ sessionToken })).toBe(false)
    }
    expect(await auth.getUserFromSessionId(value)).not.toBeNull()
  })

  it('createSession gives null for an address without an account', async () => {
    const { auth } = await bobsAuth(engine)
    expect(await auth.createSession('rob@example.com')).toBeNull()
    expect(await auth.createSession('no address')).toBeNull()
  })

  it('endSession ends one, destroySession all of the user', async () => {
    const { auth, user, session } = await bobsAuth(engine)
    const [first, second, third] = [await session(), await session(), await session()]
    expect(await auth.sessions.signOut({ sessionToken: first })).toBe(true)
    expect(await auth.sessions.signOut({ sessionToken: first })).toBe(false)
    expect(await auth.getUserFromSessionId(first)).toBeNull()
    expect(await auth.getUserFromSessionId(second)).not.toBeNull()
    await auth.destroySession(user.id)
    for (const value of [second, third]) expect(await auth.getUserFromSessionId(value)).toBeNull()
    expect((await auth.db.findUserBy({ id: user.id })).sessionToken).toBeNull()
    await auth.destroySession(4711)
  })

  it('a session lasts for its lifetime, used or not [CX-02]', async () => {
    const now = testClock()
    const { auth, session } = await bobsAuth(engine, { now, sessionLifetimeSeconds: 1_000 })
    const value = await session()
    for (let second = 0; second < 999; second += 111) {
      expect(await auth.getUserFromSessionId(value)).not.toBeNull()
      now.advance(111)
    }
    now.advance(1)
    expect(await auth.getUserFromSessionId(value)).toBeNull()
    expect(await auth.sessions.signOut({ sessionToken: value })).toBe(false)
  })

  it('an idle limit ends what is not used, and is moved by use', async () => {
    const now = testClock()
    const { auth, session } = await bobsAuth(engine, {
      now,
      sessionIdleSeconds: 100,
      sessionLifetimeSeconds: 10_000,
    })
    const [used, unused] = [await session(), await session()]
    now.advance(99)
    expect(await auth.getUserFromSessionId(used)).not.toBeNull()
    now.advance(99)
    expect(await auth.getUserFromSessionId(used)).not.toBeNull()
    expect(await auth.getUserFromSessionId(unused)).toBeNull()
    now.advance(100)
    expect(await auth.getUserFromSessionId(used)).toBeNull()
  })

  it('a session that is there beside a shut account opens nothing (CVE-2025-53942)', async () => {
    const { auth, user, session } = await bobsAuth(engine)
    const value = await session()
    // As if it had slipped in: shut by hand, without the end of the sessions that belongs to it.
    const db = await openDatabase(auth.options.databaseUrl)
    onTestFinished(() => db.destroy())
    await db.updateTable('users').set({ disabled_at: 1 }).where('id', '=', user.id).execute()
    expect(await auth.getUserFromSessionId(value)).toBeNull()
    expect(await auth.sessions.signOut({ sessionToken: value })).toBe(false)
  })

  it('a session that ended is gone on every other instance at its next call', async () => {
    const { auth: one, session } = await bobsAuth(engine)
    const two = await freshAuth(engine, { databaseUrl: one.options.databaseUrl })
    const value = await session()
    expect(await two.getUserFromSessionId(value)).not.toBeNull()
    await one.sessions.signOut({ sessionToken: value })
    expect(await two.getUserFromSessionId(value)).toBeNull()
  })

  it('the clean-up removes what has ended and nothing else', async () => {
    const now = testClock()
    const { auth, session } = await bobsAuth(engine, {
      now,
      sessionLifetimeSeconds: 100,
      resetTokenLifetimeSeconds: 100,
    })
    await session()
    await auth.getResetPasswordToken(EMAIL)
    await auth.validLogin(EMAIL, 'wrong')
    expect(await auth.deleteExpired()).toEqual(NOTHING)
    now.advance(100)
    expect(await auth.deleteExpired()).toEqual({ ...NOTHING, sessions: 1, tokens: 1 })
    expect(await auth.db.findUserBy({ email: EMAIL })).toMatchObject({ sessionId: null, resetToken: null })
    const live = await session()
    expect(await auth.deleteExpired()).toEqual(NOTHING)
    now.advance(99)
    expect(await auth.getUserFromSessionId(live)).not.toBeNull()
    now.advance(86_400)
    expect(await auth.deleteExpired()).toEqual({ ...NOTHING, sessions: 1, throttles: 2 })
  })

  it('the clean-up takes as many batches as it needs', async () => {
    const now = testClock()
    const { auth, session } = await bobsAuth(engine, { now, sessionLifetimeSeconds: 100 })
    await session()
    const db = await openDatabase(auth.options.databaseUrl)
    onTestFinished(() => db.destroy())
    const row = await db.selectFrom('sessions').selectAll().executeTakeFirstOrThrow()
    const others = Array.from({ length: 1_000 }, () => ({ ...row, id: auth.generateUuid() }))
    await db.insertInto('sessions').values(others).execute()
    now.advance(100)
    expect(await auth.deleteExpired()).toMatchObject({ sessions: 1_001 })
    expect(await db.selectFrom('sessions').select('id').execute()).toEqual([])
  })

  it('generateUuid gives a new UUID each time, in order of time', async () => {
    const { auth } = await bobsAuth(engine)
    const uuids = Array.from({ length: 1_000 }, () => auth.generateUuid())
    for (const uuid of uuids) expect(uuid).toMatch(UUID_V7)
    expect(new Set(uuids).size).toBe(uuids.length)
  })
})

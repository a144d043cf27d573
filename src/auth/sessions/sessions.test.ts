import { expect, it, onTestFinished } from 'vitest'
import { freshAuth, onEachEngine, testClock } from '../../../test/support/engines.ts'
import { openDatabase } from '../../db/index.ts'

const EMAIL = 'bob@example.com'
const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

async function bobsAuth(engine: 'sqlite' | 'postgres', options = {}) {
  const auth = await freshAuth(engine, options)
  const user = await auth.registerUser(EMAIL, 'b4l0u')
  const session = async () => (await auth.createSession(EMAIL)) ?? expect.unreachable()
  return { auth, user, session }
}

onEachEngine('sessions', (engine) => {
  it('have tokens of the form `<uuid>.<secret>`, and users.session_id alone grants no access [SES-03, CX-02, CX-04]', async () => {
    const { auth, user, session } = await bobsAuth(engine)
    const [first, second] = [await session(), await session()]
    expect(second).toMatch(/^[0-9a-f-]{36}\.[A-Za-z0-9_-]{43}$/)
    const { sessionId } = await auth.db.findUserBy({ id: user.id })
    expect(sessionId).toMatch(UUID_V7)
    expect(sessionId).toBe(second.slice(0, 36))
    for (const value of [first, second]) expect((await auth.getUserFromSessionId(value))?.id).toBe(user.id)
    for (const value of [sessionId, `${sessionId}.`, `${sessionId}.${'A'.repeat(43)}`]) {
      expect(await auth.getUserFromSessionId(value)).toBeNull()
    }
  })

  it('are found only by their exact token [SES-01]', async () => {
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

  it('are not created for an address without an account: createSession returns null', async () => {
    const { auth } = await bobsAuth(engine)
    expect(await auth.createSession('rob@example.com')).toBeNull()
    expect(await auth.createSession('no address')).toBeNull()
  })

  it('end one by one with signOut and all together with destroySession', async () => {
    const { auth, user, session } = await bobsAuth(engine)
    const [first, second, third] = [await session(), await session(), await session()]
    expect(await auth.sessions.signOut({ sessionToken: first })).toBe(true)
    expect(await auth.sessions.signOut({ sessionToken: first })).toBe(false)
    expect(await auth.getUserFromSessionId(first)).toBeNull()
    expect(await auth.getUserFromSessionId(second)).not.toBeNull()
    await auth.destroySession(user.id)
    for (const value of [second, third]) expect(await auth.getUserFromSessionId(value)).toBeNull()
    expect((await auth.db.findUserBy({ id: user.id })).sessionId).toBeNull()
    await auth.destroySession(4711)
  })

  it('expire after their lifetime, used or not [CX-02]', async () => {
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

  it('expire after the idle limit without use', async () => {
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

  it('grant no access to a disabled account (CVE-2025-53942)', async () => {
    const { auth, user, session } = await bobsAuth(engine)
    const value = await session()
    // Bypasses users.disable, which would also end the sessions.
    const db = await openDatabase(auth.options.databaseUrl)
    onTestFinished(() => db.destroy())
    await db.updateTable('users').set({ disabled_at: 1 }).where('id', '=', user.id).execute()
    expect(await auth.getUserFromSessionId(value)).toBeNull()
    expect(await auth.sessions.signOut({ sessionToken: value })).toBe(false)
  })

  it('that end are rejected by every other instance at the next call', async () => {
    const { auth: one, session } = await bobsAuth(engine)
    const two = await freshAuth(engine, { databaseUrl: one.options.databaseUrl })
    const value = await session()
    expect(await two.getUserFromSessionId(value)).not.toBeNull()
    await one.sessions.signOut({ sessionToken: value })
    expect(await two.getUserFromSessionId(value)).toBeNull()
  })

  it('generateUuid returns a new version 7 UUID on each call', async () => {
    const { auth } = await bobsAuth(engine)
    const uuids = Array.from({ length: 1_000 }, () => auth.generateUuid())
    for (const uuid of uuids) expect(uuid).toMatch(UUID_V7)
    expect(new Set(uuids).size).toBe(uuids.length)
  })
})

/** One conformance suite for the store: what `auth` may rely on, whatever the engine. */
import { sql } from 'kysely'
import { expect, it, onTestFinished } from 'vitest'
import * as store from '../src/db/index.ts'
import { Conflict, InvalidRequestError, NoResultFound } from '../src/errors.ts'
import { sha256 } from '../src/lib/digest.ts'
import { uuidV7 } from '../src/lib/random.ts'
import type { User } from '../src/user.ts'
import { type EngineName, freshDatabase, onBothEngines } from './support/engines.ts'

const NOW = new Date('2026-11-21T12:00:00.123Z')
const LATER = new Date('2026-12-21T12:00:00Z')

async function openStore(engine: EngineName): Promise<store.Database> {
  const db = await store.openDatabase(await freshDatabase(engine))
  onTestFinished(() => db.destroy())
  return db
}

function sessionOf(user: User, changes: Partial<store.Session> = {}): store.Session {
  return {
    id: uuidV7(changes.createdAt ?? NOW),
    userId: user.id,
    secretHash: sha256('secret'),
    createdAt: NOW,
    authenticatedAt: NOW,
    lastSeenAt: NOW,
    idleExpiresAt: null,
    expiresAt: LATER,
    methods: ['pwd', 'otp'],
    level: 2,
    ip: '2001:db8::1',
    userAgent: 'curl/8',
    ...changes,
  }
}

/** Runs one step of the store in a transaction of its own. */
function inTx<Result>(db: store.Database, work: (tx: store.Tx) => Promise<Result>): Promise<Result> {
  return db.transaction().execute(work)
}

function tokenOf(user: User, changes: Partial<store.Token> = {}): store.Token {
  return {
    id: uuidV7(NOW),
    purpose: 'reset_password',
    userId: user.id,
    email: 'bob@example.com',
    secretHash: sha256('secret'),
    createdAt: NOW,
    expiresAt: LATER,
    ...changes,
  }
}

onBothEngines('users', (engine) => {
  it('a user that was added is found as it was given, to the millisecond', async () => {
    const db = await openStore(engine)
    const user = await store.addUser(db, '  Bob@Example.COM ', 'hash', NOW)
    expect(user).toEqual({
      id: expect.any(Number),
      email: 'Bob@Example.COM',
      hashedPassword: 'hash',
      sessionId: null,
      resetToken: null,
      createdAt: NOW,
      passwordVersion: 1,
      disabledAt: null,
    })
    expect(await store.findUserBy(db, { id: user.id })).toEqual(user)
    expect(await store.findUserBy(db, { email: 'bob@example.com' })).toEqual(user)
    expect(await store.findUserByEmail(db, 'BOB@example.com')).toEqual(user)
    expect(await store.findUserByEmail(db, 'rob@example.com')).toBeNull()
  })

  it('an address has one account, in whatever spelling', async () => {
    const db = await openStore(engine)
    await store.addUser(db, 'bob@bücher.example', 'hash')
    for (const spelling of ['bob@bücher.example', ' BOB@BÜCHER.example', 'bob@xn--bcher-kva.example']) {
      await expect(store.addUser(db, spelling, 'hash')).rejects.toThrow(Conflict)
    }
  })

  it('the constraint is the database’s own, not only ours [EML-02]', async () => {
    const db = await openStore(engine)
    await store.addUser(db, 'bob@example.com', 'hash')
    const twice = sql`insert into users (email, hashed_password, normalized_email, created_at, password_version)
      values ('x', 'y', 'bob@example.com', 0, 0)`
    await expect(twice.execute(db)).rejects.toThrow(/unique/i)
    const noHash = sql`insert into users (email, normalized_email, created_at, password_version) values ('x', 'x', 0, 0)`
    await expect(noHash.execute(db)).rejects.toThrow(/not.null/i)
    const nobody = sql`insert into tokens (id, purpose, user_id, email, secret_hash, created_at, expires_at)
      select ${sql.lit(uuidV7(NOW))}, 'reset_password', 4711, 'x', secret_hash, 0, 0 from sessions`
    const bob = await store.findUserBy(db, { id: 1 })
    await inTx(db, (tx) => store.addSession(tx, bob, sessionOf(bob)))
    await expect(nobody.execute(db)).rejects.toThrow(/foreign key/i)
  })

  it('an id is never given out twice', async () => {
    const db = await openStore(engine)
    const first = await store.addUser(db, 'a@example.com', 'hash')
    await store.deleteUser(db, first.id)
    const second = await store.addUser(db, 'b@example.com', 'hash')
    expect(second.id).toBeGreaterThan(first.id)
  })

  it('a look-up joins its criteria, and throws NoResultFound where nobody matches', async () => {
    const db = await openStore(engine)
    const bob = await store.addUser(db, 'bob@example.com', 'same hash')
    await store.addUser(db, 'rob@example.com', 'same hash')
    expect(await store.findUserBy(db, { hashedPassword: 'same hash' })).toEqual(bob)
    expect(
      (await store.findUserBy(db, { email: 'rob@example.com', hashedPassword: 'same hash' })).email,
    ).toBe('rob@example.com')
    await expect(store.findUserBy(db, { email: 'bob@example.com', hashedPassword: 'x' })).rejects.toThrow(
      NoResultFound,
    )
    await expect(store.findUserBy(db, { resetToken: 'x' })).rejects.toThrow(NoResultFound)
  })

  it.each([
    ['an unknown column', { no_email: 'x' }],
    ['a column of the table that is no attribute', { hashed_password: 'x' }],
    ['an inherited name', { constructor: 'x' }],
    ['null, which would match every account without a token', { resetToken: null }],
    ['undefined', { email: undefined }],
    ['a number where there is text', { email: 1 }],
    ['text where there is a number', { id: '1' }],
    ['an id beyond the column', { id: 2 ** 40 }],
    ['text with a zero byte', { email: 'a\0b' }],
    ['nothing', {}],
  ])('a look-up by %s is an InvalidRequestError', async (_name, criteria) => {
    const db = await openStore(engine)
    await store.addUser(db, 'bob@example.com', 'hash')
    await expect(store.findUserBy(db, criteria as store.UserCriteria)).rejects.toThrow(InvalidRequestError)
  })

  it('a change changes what it names', async () => {
    const db = await openStore(engine)
    const { id } = await store.addUser(db, 'bob@example.com', 'hash', NOW)
    await store.updateUser(db, id, { email: 'Rob@example.com', sessionId: 's', resetToken: 'r' })
    const user = await store.findUserBy(db, { email: 'rob@EXAMPLE.com' })
    expect(user).toMatchObject({
      email: 'Rob@example.com',
      sessionId: 's',
      resetToken: 'r',
      hashedPassword: 'hash',
    })
    expect(user.passwordVersion).toBe(1)
    await store.updateUser(db, id, { hashedPassword: 'new', sessionId: null, resetToken: null })
    expect(await store.findUserBy(db, { id })).toMatchObject({
      hashedPassword: 'new',
      passwordVersion: 2,
      sessionId: null,
      resetToken: null,
    })
  })

  it.each([
    ['an unknown attribute', { nickname: 'bob' }, InvalidRequestError],
    ['the id', { id: 7 }, InvalidRequestError],
    ['null where the column has none', { hashedPassword: null }, InvalidRequestError],
    ['undefined', { sessionId: undefined }, InvalidRequestError],
    ['the address of another', { email: 'ROB@example.com' }, Conflict],
  ])('a change of %s is refused and changes nothing', async (_name, changes, error) => {
    const db = await openStore(engine)
    const bob = await store.addUser(db, 'bob@example.com', 'hash')
    await store.addUser(db, 'rob@example.com', 'hash')
    await expect(
      store.updateUser(db, bob.id, { resetToken: 'x', ...changes } as store.UserChanges),
    ).rejects.toThrow(error)
    expect(await store.findUserBy(db, { id: bob.id })).toEqual(bob)
  })

  it('a change of nothing is an InvalidRequestError', async () => {
    const db = await openStore(engine)
    const { id } = await store.addUser(db, 'bob@example.com', 'hash')
    await expect(store.updateUser(db, id, {})).rejects.toThrow(InvalidRequestError)
  })

  it('a change of nobody throws NoResultFound', async () => {
    const db = await openStore(engine)
    await expect(store.updateUser(db, 4711, { resetToken: 'x' })).rejects.toThrow(NoResultFound)
  })

  it('a rehash gives way to a password that was changed meanwhile', async () => {
    const db = await openStore(engine)
    const bob = await store.addUser(db, 'bob@example.com', 'old', NOW)
    await store.updatePasswordHash(db, bob, 'old, rehashed')
    expect(await store.findUserBy(db, { id: bob.id })).toMatchObject({
      hashedPassword: 'old, rehashed',
      passwordVersion: 1,
    })
    await store.updateUser(db, bob.id, { hashedPassword: 'new' })
    await store.updatePasswordHash(db, bob, 'old, rehashed again')
    expect((await store.findUserBy(db, { id: bob.id })).hashedPassword).toBe('new')
  })

  it('users are listed by id, a page at a time', async () => {
    const db = await openStore(engine)
    for (const name of ['a', 'b', 'c']) await store.addUser(db, `${name}@example.com`, 'hash')
    const first = await store.listUsers(db, { afterId: 0, limit: 2 })
    const second = await store.listUsers(db, { afterId: first.at(-1)?.id ?? 0, limit: 2 })
    expect([...first, ...second].map((user) => user.email)).toEqual([
      'a@example.com',
      'b@example.com',
      'c@example.com',
    ])
  })

  it('deleting a user deletes their sessions and tokens, and nobody else’s', async () => {
    const db = await openStore(engine)
    const bob = await store.addUser(db, 'bob@example.com', 'hash', NOW)
    const rob = await store.addUser(db, 'rob@example.com', 'hash', NOW)
    const [session, token] = [sessionOf(bob), tokenOf(bob)]
    const kept = sessionOf(rob)
    await inTx(db, (tx) => store.addSession(tx, bob, session))
    await inTx(db, (tx) => store.addSession(tx, rob, kept))
    await inTx(db, (tx) => store.addToken(tx, token))
    expect(await store.deleteUser(db, bob.id)).toBe(true)
    expect(await store.findSession(db, session.id)).toBeNull()
    expect(await store.findToken(db, 'reset_password', token.id)).toBeNull()
    expect(await store.findSession(db, kept.id)).not.toBeNull()
    expect(await store.deleteUser(db, bob.id)).toBe(false)
  })
})

onBothEngines('sessions', (engine) => {
  it('a session that was added is found with its user, as it was given', async () => {
    const db = await openStore(engine)
    const bob = await store.addUser(db, 'bob@example.com', 'hash', NOW)
    const session = sessionOf(bob, { idleExpiresAt: LATER })
    expect(await inTx(db, (tx) => store.addSession(tx, bob, session))).toBe(true)
    const found = await store.findSession(db, session.id)
    expect(found?.user).toEqual({ ...bob, sessionId: session.id })
    const { id, userId, lastSeenAt, idleExpiresAt, expiresAt } = session
    expect(found?.session).toMatchObject({ id, userId, lastSeenAt, idleExpiresAt, expiresAt })
    expect(await db.selectFrom('sessions').selectAll().executeTakeFirst()).toMatchObject({
      created_at: NOW.getTime(),
      authenticated_at: NOW.getTime(),
      methods: 'pwd otp',
      level: 2,
      ip_address: '2001:db8::1',
      user_agent: 'curl/8',
    })
    expect(Buffer.from(found?.session.secretHash ?? [])).toEqual(Buffer.from(session.secretHash))
    expect(await store.findSession(db, uuidV7(NOW))).toBeNull()
  })

  it('users.session_id names the newest session, and the newest that is left', async () => {
    const db = await openStore(engine)
    const bob = await store.addUser(db, 'bob@example.com', 'hash', NOW)
    const newest = async () => (await store.findUserBy(db, { id: bob.id })).sessionId
    const sessions = [0, 1, 2].map((second) =>
      sessionOf(bob, { createdAt: new Date(NOW.getTime() + second * 1_000) }),
    )
    const [first, second, third] = sessions as [store.Session, store.Session, store.Session]
    for (const session of sessions) await inTx(db, (tx) => store.addSession(tx, bob, session))
    expect(await newest()).toBe(third.id)
    await inTx(db, (tx) => store.deleteSession(tx, first))
    expect(await newest()).toBe(third.id)
    await inTx(db, (tx) => store.deleteSession(tx, third))
    expect(await newest()).toBe(second.id)
    await inTx(db, (tx) => store.deleteSession(tx, second))
    expect(await newest()).toBeNull()
  })

  it('no session is added for an account that was shut or got another password since it was read', async () => {
    const db = await openStore(engine)
    const bob = await store.addUser(db, 'bob@example.com', 'hash', NOW)
    await store.disableUser(db, bob.id, NOW)
    expect(await inTx(db, (tx) => store.addSession(tx, bob, sessionOf(bob)))).toBe(false)
    await store.enableUser(db, bob.id)
    await store.updateUser(db, bob.id, { hashedPassword: 'new' })
    expect(await inTx(db, (tx) => store.addSession(tx, bob, sessionOf(bob)))).toBe(false)
    expect(await store.countSessionsOf(db, bob.id, NOW)).toBe(0)
    const again = await store.findUserBy(db, { id: bob.id })
    expect(again.sessionId).toBeNull()
    expect(await inTx(db, (tx) => store.addSession(tx, again, sessionOf(again)))).toBe(true)
  })

  it('all sessions of one user end together', async () => {
    const db = await openStore(engine)
    const bob = await store.addUser(db, 'bob@example.com', 'hash', NOW)
    const rob = await store.addUser(db, 'rob@example.com', 'hash', NOW)
    for (const user of [bob, bob, rob]) await inTx(db, (tx) => store.addSession(tx, user, sessionOf(user)))
    await inTx(db, (tx) => store.deleteSessionsOf(tx, bob.id))
    expect(await store.countSessionsOf(db, bob.id, NOW)).toBe(0)
    expect(await store.countSessionsOf(db, rob.id, NOW)).toBe(1)
    expect((await store.findUserBy(db, { id: bob.id })).sessionId).toBeNull()
  })

  it('only what is live is counted, only what is not is cleaned up', async () => {
    const db = await openStore(engine)
    const bob = await store.addUser(db, 'bob@example.com', 'hash', NOW)
    const before = new Date(NOW.getTime() - 1)
    const live = [sessionOf(bob), sessionOf(bob, { idleExpiresAt: LATER })]
    const dead = [
      sessionOf(bob, { expiresAt: NOW }),
      sessionOf(bob, { idleExpiresAt: NOW }),
      sessionOf(bob, { expiresAt: before }),
    ]
    for (const session of [...live, ...dead]) await inTx(db, (tx) => store.addSession(tx, bob, session))
    expect(await store.countSessionsOf(db, bob.id, NOW)).toBe(live.length)
    expect(await inTx(db, (tx) => store.deleteExpiredSessions(tx, NOW, 100))).toBe(dead.length)
    for (const session of live) expect(await store.findSession(db, session.id)).not.toBeNull()
  })

  it('a use moves the last use and the idle limit', async () => {
    const db = await openStore(engine)
    const bob = await store.addUser(db, 'bob@example.com', 'hash', NOW)
    const session = sessionOf(bob)
    await inTx(db, (tx) => store.addSession(tx, bob, session))
    await store.updateLastSeen(db, session.id, LATER, LATER)
    expect((await store.findSession(db, session.id))?.session).toMatchObject({
      lastSeenAt: LATER,
      idleExpiresAt: LATER,
    })
  })
})

onBothEngines('tokens', (engine) => {
  it('a token is found as it was given, for its purpose alone', async () => {
    const db = await openStore(engine)
    const bob = await store.addUser(db, 'bob@example.com', 'hash')
    const token = tokenOf(bob)
    await inTx(db, (tx) => store.addToken(tx, token))
    const found = await store.findToken(db, 'reset_password', token.id)
    expect({ ...found, secretHash: null }).toEqual({ ...token, secretHash: null })
    expect(await store.findToken(db, 'another purpose' as 'reset_password', token.id)).toBeNull()
  })

  it('no token is added for an account that was shut, or is gone', async () => {
    const db = await openStore(engine)
    const bob = await store.addUser(db, 'bob@example.com', 'hash')
    await store.disableUser(db, bob.id, NOW)
    expect(await inTx(db, (tx) => store.addToken(tx, tokenOf(bob)))).toBe(false)
    await store.deleteUser(db, bob.id)
    expect(await inTx(db, (tx) => store.addToken(tx, tokenOf(bob)))).toBe(false)
    expect(await db.selectFrom('tokens').selectAll().execute()).toEqual([])
  })

  it('a newer token takes the place of the older', async () => {
    const db = await openStore(engine)
    const bob = await store.addUser(db, 'bob@example.com', 'hash')
    const [older, newer] = [tokenOf(bob), tokenOf(bob, { secretHash: sha256('newer') })]
    await inTx(db, (tx) => store.addToken(tx, older))
    await inTx(db, (tx) => store.addToken(tx, newer))
    expect(await store.findToken(db, 'reset_password', older.id)).toBeNull()
    expect(await store.takeToken(db, older, NOW)).toBe(false)
    expect(await store.takeToken(db, newer, NOW)).toBe(true)
  })

  it('of twenty takers at once one takes the token [REC-06]', async () => {
    const db = await openStore(engine)
    const bob = await store.addUser(db, 'bob@example.com', 'hash')
    const token = tokenOf(bob)
    await inTx(db, (tx) => store.addToken(tx, token))
    const taken = await Promise.all(Array.from({ length: 20 }, () => store.takeToken(db, token, NOW)))
    expect(taken.filter(Boolean)).toHaveLength(1)
  })

  it('an expired token, or one with another secret, is not taken', async () => {
    const db = await openStore(engine)
    const bob = await store.addUser(db, 'bob@example.com', 'hash')
    const token = tokenOf(bob)
    await inTx(db, (tx) => store.addToken(tx, token))
    expect(await store.takeToken(db, token, token.expiresAt)).toBe(false)
    expect(await store.takeToken(db, { ...token, secretHash: sha256('other') }, NOW)).toBe(false)
    expect(await inTx(db, (tx) => store.deleteExpiredTokens(tx, NOW, 100))).toBe(0)
    expect(await inTx(db, (tx) => store.deleteExpiredTokens(tx, token.expiresAt, 100))).toBe(1)
  })

  it('a user’s tokens are voided together', async () => {
    const db = await openStore(engine)
    const bob = await store.addUser(db, 'bob@example.com', 'hash')
    const token = tokenOf(bob)
    await inTx(db, (tx) => store.addToken(tx, token))
    await inTx(db, (tx) => store.deleteTokensOf(tx, bob.id))
    expect(await store.takeToken(db, token, NOW)).toBe(false)
  })
})

onBothEngines('throttles', (engine) => {
  const SECOND = 1_000
  const policy: store.ThrottlePolicy = {
    freeAttempts: 3,
    firstWaitMs: SECOND,
    longestWaitMs: 4 * SECOND,
    forgetAfterMs: 60 * SECOND,
  }
  const after = (seconds: number) => new Date(NOW.getTime() + seconds * SECOND)

  it('attempts are free up to the limit, then each waits twice as long as the last, up to the longest wait', async () => {
    const db = await openStore(engine)
    let time = 0
    const waits: number[] = []
    for (let attempt = 1; attempt <= 8; attempt++) {
      expect(await store.takeAttempt(db, 'key', policy, after(time))).toMatchObject({ allowed: true })
      const next = await store.takeAttempt(db, 'key', { ...policy, freeAttempts: 1_000 }, after(time))
      if (next.allowed) {
        await store.refundAttempt(db, 'key', next)
        waits.push(0)
      } else {
        waits.push(next.retryAfterMs / SECOND)
        time += next.retryAfterMs / SECOND
      }
    }
    expect(waits).toEqual([0, 0, 1, 2, 4, 4, 4, 4])
  })

  it('an attempt that has to wait is told how long, and is not counted', async () => {
    const db = await openStore(engine)
    for (let attempt = 0; attempt < 3; attempt++) await store.takeAttempt(db, 'key', policy, NOW)
    for (let attempt = 0; attempt < 5; attempt++) {
      expect(await store.takeAttempt(db, 'key', policy, after(0.25))).toEqual({
        allowed: false,
        retryAfterMs: 750,
      })
    }
    expect(await store.takeAttempt(db, 'key', policy, after(1))).toEqual({
      allowed: true,
      blockedUntil: after(3).getTime(),
    })
  })

  it('of fifty attempts at once just the free ones get through', async () => {
    const db = await openStore(engine)
    const attempts = await Promise.all(
      Array.from({ length: 50 }, () => store.takeAttempt(db, 'key', policy, NOW)),
    )
    expect(attempts.filter((attempt) => attempt.allowed)).toHaveLength(policy.freeAttempts)
  })

  it('a refund takes back its own attempt and its own wait, not those of others', async () => {
    const db = await openStore(engine)
    const first = await store.takeAttempt(db, 'key', policy, NOW)
    await store.takeAttempt(db, 'key', policy, NOW)
    await store.takeAttempt(db, 'key', policy, NOW)
    if (!first.allowed) throw new Error('the first attempt is free')
    await store.refundAttempt(db, 'key', first)
    expect(await store.takeAttempt(db, 'key', policy, NOW)).toMatchObject({ allowed: false })
    const late = await store.takeAttempt(db, 'key', policy, after(1))
    if (!late.allowed) throw new Error('the wait is over')
    await store.refundAttempt(db, 'key', late)
    expect(await store.takeAttempt(db, 'key', policy, after(1))).toMatchObject({ allowed: true })
  })

  it('counters are apart, can be cleared, are forgotten when they rest, and cleaned up then', async () => {
    const db = await openStore(engine)
    for (let attempt = 0; attempt < 3; attempt++) await store.takeAttempt(db, 'key', policy, NOW)
    expect(await store.takeAttempt(db, 'other', policy, NOW)).toMatchObject({ allowed: true })
    await store.clearAttempts(db, 'key')
    expect(await store.takeAttempt(db, 'key', policy, NOW)).toEqual({ allowed: true, blockedUntil: 0 })
    await store.takeAttempt(db, 'key', policy, after(10))
    expect(await store.deleteExpiredThrottles(db, after(60))).toBe(1)
    for (let attempt = 0; attempt < 2; attempt++) {
      expect(await store.takeAttempt(db, 'key', policy, after(70))).toEqual({
        allowed: true,
        blockedUntil: 0,
      })
    }
  })
})

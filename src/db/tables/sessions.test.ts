import { expect, it } from 'vitest'
import { onBothEngines } from '../../../test/support/engines.ts'
import { inTx, LATER, NOW, openStore, sessionOf } from '../../../test/support/named-store.ts'
import { uuidV7 } from '../../lib/random.ts'
import type { User } from '../../model/user.ts'
import * as store from '../index.ts'

onBothEngines('sessions', (engine) => {
  it('finds an added session with its user and the same values', async () => {
    const db = await openStore(engine)
    const bob = await store.addUser(db, 'bob@example.com', 'hash', { createdAt: NOW })
    const session = sessionOf(bob, { idleExpiresAt: LATER })
    expect(await inTx(db, (tx) => store.addSession(tx, bob, session))).toBe(true)
    const found = await store.findSession(db, session.id)
    expect(found?.user).toEqual({ ...bob, sessionId: session.id })
    const { ip, userAgent, ...state } = session
    expect({ ...found?.session, secretHash: null }).toEqual({ ...state, secretHash: null })
    expect(await db.selectFrom('sessions').selectAll().executeTakeFirst()).toMatchObject({
      created_at: NOW.getTime(),
      authenticated_at: NOW.getTime(),
      amr: 'pwd otp',
      aal: 2,
      ip_address: ip,
      user_agent: userAgent,
      transport: 'cookie',
    })
    expect(Buffer.from(found?.session.secretHash ?? [])).toEqual(Buffer.from(session.secretHash))
    expect(await store.findSession(db, uuidV7(NOW))).toBeNull()
  })

  it('names the newest remaining session in users.session_id', async () => {
    const db = await openStore(engine)
    const bob = await store.addUser(db, 'bob@example.com', 'hash', { createdAt: NOW })
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

  it('adds no session if the account was disabled, marked as compromised, or got another password since it was read', async () => {
    const db = await openStore(engine)
    const bob = await store.addUser(db, 'bob@example.com', 'hash', { createdAt: NOW })
    await store.disableUser(db, bob.id, NOW)
    expect(await inTx(db, (tx) => store.addSession(tx, bob, sessionOf(bob)))).toBe(false)
    await store.enableUser(db, bob.id)
    await store.markPasswordCompromised(db, bob.id, NOW)
    expect(await inTx(db, (tx) => store.addSession(tx, bob, sessionOf(bob)))).toBe(false)
    await store.updateUser(db, bob.id, { hashedPassword: 'new' })
    expect(await inTx(db, (tx) => store.addSession(tx, bob, sessionOf(bob)))).toBe(false)
    expect(await store.countSessionsOf(db, bob.id, NOW)).toBe(0)
    const again = await store.findUserBy(db, { id: bob.id })
    expect(again.sessionId).toBeNull()
    expect(await inTx(db, (tx) => store.addSession(tx, again, sessionOf(again)))).toBe(true)
  })

  it('ends all sessions of one user', async () => {
    const db = await openStore(engine)
    const bob = await store.addUser(db, 'bob@example.com', 'hash', { createdAt: NOW })
    const rob = await store.addUser(db, 'rob@example.com', 'hash', { createdAt: NOW })
    for (const user of [bob, bob, rob]) await inTx(db, (tx) => store.addSession(tx, user, sessionOf(user)))
    await inTx(db, (tx) => store.deleteSessionsOf(tx, bob.id))
    expect(await store.countSessionsOf(db, bob.id, NOW)).toBe(0)
    expect(await store.countSessionsOf(db, rob.id, NOW)).toBe(1)
    expect((await store.findUserBy(db, { id: bob.id })).sessionId).toBeNull()
  })

  it('counts unexpired sessions and cleans up expired ones', async () => {
    const db = await openStore(engine)
    const bob = await store.addUser(db, 'bob@example.com', 'hash', { createdAt: NOW })
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

  it('records the last use and moves the idle limit', async () => {
    const db = await openStore(engine)
    const bob = await store.addUser(db, 'bob@example.com', 'hash', { createdAt: NOW })
    const session = sessionOf(bob)
    await inTx(db, (tx) => store.addSession(tx, bob, session))
    await store.updateLastSeen(db, session.id, { at: LATER, idleExpiresAt: LATER })
    expect((await store.findSession(db, session.id))?.session).toMatchObject({
      lastSeenAt: LATER,
      idleExpiresAt: LATER,
    })
  })
})

onBothEngines('the sessions of a user', (engine) => {
  const after = (seconds: number) => new Date(NOW.getTime() + seconds * 1_000)
  const begin = async () => {
    const db = await openStore(engine)
    const bob = await store.addUser(db, 'bob@example.com', 'hash', { createdAt: NOW })
    const rob = await store.addUser(db, 'rob@example.com', 'hash', { createdAt: NOW })
    const add = async (user: User, changes: Partial<store.Session> = {}) => {
      const session = sessionOf(user, changes)
      expect(await inTx(db, (tx) => store.addSession(tx, user, session))).toBe(true)
      return session
    }
    const left = async (user: User) =>
      (await db.selectFrom('sessions').select('id').where('user_id', '=', user.id).execute())
        .map(({ id }) => id)
        .sort()
    return { db, bob, rob, add, left }
  }

  it('are listed until they expire, most recently used first, without secrets', async () => {
    const { db, bob, rob, add } = await begin()
    const early = await add(bob, { lastSeenAt: after(1), idleExpiresAt: LATER, amr: [], aal: 0 })
    const late = await add(bob, {
      lastSeenAt: after(2),
      authenticatedAt: after(1),
      ip: null,
      userAgent: null,
    })
    await add(bob, { expiresAt: NOW })
    await add(bob, { idleExpiresAt: NOW })
    await add(rob)
    const summaryOf = ({ userId: _, secretHash: __, ...summary }: store.Session) => summary
    expect(await store.listSessionsOf(db, bob.id, NOW)).toEqual([late, early].map(summaryOf))
    expect(await store.listSessionsOf(db, bob.id, LATER)).toEqual([])
    expect(await store.listSessionsOf(db, rob.id + 1, NOW)).toEqual([])
  })

  it('are ended only by that user, and only once', async () => {
    const { db, bob, rob, add, left } = await begin()
    const { id } = await add(bob, { expiresAt: NOW })
    const end = (session: { id: string; userId: number }) =>
      inTx(db, (tx) => store.deleteSession(tx, session))
    expect(await end({ id, userId: rob.id })).toBe(false)
    expect(await end({ id: uuidV7(NOW), userId: bob.id })).toBe(false)
    expect(await left(bob)).toEqual([id])
    const ended = await Promise.all(Array.from({ length: 5 }, () => end({ id, userId: bob.id })))
    expect(ended.filter(Boolean)).toEqual([true])
    expect(await left(bob)).toEqual([])
  })

  it('end except for the kept one, and those of other users stay', async () => {
    const { db, bob, rob, add, left } = await begin()
    const kept = await add(bob)
    await add(bob)
    await add(bob, { expiresAt: NOW })
    const others = await add(rob)
    expect(await inTx(db, (tx) => store.deleteOtherSessions(tx, kept))).toBe(2)
    expect(await left(bob)).toEqual([kept.id])
    expect(await left(rob)).toEqual([others.id])
    // The newest remaining session is the kept one.
    expect((await store.findUserById(db, bob.id))?.sessionId).toBe(kept.id)
    expect((await store.findUserById(db, rob.id))?.sessionId).toBe(others.id)
    expect(await inTx(db, (tx) => store.deleteOtherSessions(tx, kept))).toBe(0)
  })

  it('are trimmed to the limit: the least recently used end, and the newest stays', async () => {
    const { db, bob, rob, add, left } = await begin()
    const sessions = []
    // The order of use differs from the order of creation.
    for (const seconds of [3, 1, 4, 2]) sessions.push(await add(bob, { lastSeenAt: after(seconds) }))
    const others = await add(rob, { lastSeenAt: after(0) })
    // The newest stays even if its last use is the oldest.
    const newest = await add(bob, { lastSeenAt: after(0) })
    const [third, , fourth] = sessions as [store.Session, store.Session, store.Session]
    const trim = (keep: number) => inTx(db, (tx) => store.trimSessions(tx, newest, keep))

    await trim(5)
    expect(await left(bob)).toHaveLength(5)
    await trim(3)
    expect(await left(bob)).toEqual([newest.id, third.id, fourth.id].sort())
    await trim(1)
    expect(await left(bob)).toEqual([newest.id])
    expect(await left(rob)).toEqual([others.id])
    expect((await store.findUserById(db, bob.id))?.sessionId).toBe(newest.id)
  })

  it('end for all users at once', async () => {
    const { db, bob, rob, add, left } = await begin()
    for (const user of [bob, bob, rob]) await add(user)
    expect(await inTx(db, (tx) => store.deleteEverySession(tx))).toBe(3)
    for (const user of [bob, rob]) {
      expect(await left(user)).toEqual([])
      expect((await store.findUserById(db, user.id))?.sessionId).toBeNull()
    }
    expect(await inTx(db, (tx) => store.deleteEverySession(tx))).toBe(0)
  })
})

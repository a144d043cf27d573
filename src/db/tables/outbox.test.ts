import { sql } from 'kysely'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { type EngineName, namedDatabase, onBothEngines } from '../../../test/support/engines.ts'
import {
  addMail,
  inTx,
  LATER,
  LEASE_SECONDS,
  LONGEST_WAIT_SECONDS,
  mailOf,
  NOW,
  openNamed,
  openStore,
  takeMail,
} from '../../../test/support/named-store.ts'
import { uuidV7 } from '../../lib/random.ts'
import * as store from '../index.ts'

/** Two instances with one database. */
async function openTwice(engine: EngineName) {
  const databaseUrl = await namedDatabase(engine)
  const [one, two] = await Promise.all([openNamed(engine, databaseUrl), openNamed(engine, databaseUrl)])
  onTestFinished(() => Promise.all([one.destroy(), two.destroy()]).then(() => {}))
  return { one, two }
}

/** Resolves when a transaction of this PostgreSQL database waits for a lock. */
function untilLocksAreAwaited(tx: store.Tx) {
  const waiting = sql`select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`
  const isAwaited = async () => (await waiting.execute(tx)).rows.length > 0
  return vi.waitUntil(isAwaited, { timeout: 50_000, interval: 5 })
}

onBothEngines('the outbox', (engine) => {
  const after = (seconds: number) => new Date(NOW.getTime() + seconds * 1_000)
  const withBob = async () => {
    const db = await openStore(engine)
    return { db, bob: await store.addUser(db, 'bob@example.com', 'hash', { createdAt: NOW }) }
  }

  it('gives a mail with the values it was enqueued with, and counts attempts', async () => {
    const { db, bob } = await withBob()
    const mail = mailOf({
      userId: bob.id,
      kind: 'new_device',
      locale: 'de',
      details: { ip: '2001:db8::1', device: null, failures: 7, text: '"\'\\\u2028é😀' },
    })
    await addMail(db, mail)
    expect(await store.countMail(db)).toBe(1)
    expect(await takeMail(db, NOW)).toEqual([{ ...mail, events: 1, attempts: 1 }])
    expect(await store.countMail(db)).toBe(1)
    expect(await takeMail(db, after(LEASE_SECONDS))).toEqual([{ ...mail, events: 1, attempts: 2 }])
    await store.deleteMail(db, mail.id)
    expect(await takeMail(db, after(2 * LEASE_SECONDS))).toEqual([])
    expect(await store.countMail(db)).toBe(0)
  })

  it('replaces queued mail of the same kind to the same user, and no other', async () => {
    const { db, bob } = await withBob()
    const rob = await store.addUser(db, 'rob@example.com', 'hash', { createdAt: NOW })
    const older = mailOf({ userId: bob.id, kind: 'verify_email' })
    const newer = mailOf({ userId: bob.id, kind: 'verify_email' })
    const others = [
      mailOf({ userId: bob.id, kind: 'reset_password' }),
      mailOf({ userId: rob.id, kind: 'verify_email' }),
      // Two without a user, as for requests that named an unknown address.
      mailOf({ kind: 'verify_email' }),
      mailOf({ kind: 'verify_email' }),
      mailOf({ kind: 'verify_email', email: 'gone@example.com' }),
    ]
    for (const mail of [older, ...others, newer]) await addMail(db, mail)
    const taken = await takeMail(db, NOW, { limit: 100 })
    expect(taken.map(({ id }) => id).sort()).toEqual([...others, newer].map(({ id }) => id).sort())
  })

  it('keeps several mails of the same kind to the same user if they do not replace each other', async () => {
    const { db, bob } = await withBob()
    const link = mailOf({ userId: bob.id, kind: 'new_device' })
    await addMail(db, link)
    const notices = [
      mailOf({ userId: bob.id, kind: 'new_device' }),
      mailOf({ userId: bob.id, kind: 'new_device' }),
    ]
    for (const mail of notices) await store.addMail(db, mail, { replaces: false })
    expect(await store.countMail(db)).toBe(3)
    const newer = mailOf({ userId: bob.id, kind: 'new_device' })
    await addMail(db, newer)
    expect((await takeMail(db, NOW)).map(({ id }) => id)).toEqual([newer.id])
  })

  it('gives only the newer mail after one was replaced while being sent', async () => {
    const { db, bob } = await withBob()
    await addMail(db, mailOf({ userId: bob.id }))
    const [inHand] = (await takeMail(db, NOW)) as [store.OutboxMail]
    const newer = mailOf({ userId: bob.id })
    await addMail(db, newer)
    await store.postponeMail(db, inHand, NOW)
    await store.deleteMail(db, inHand.id)
    expect((await takeMail(db, NOW)).map(({ id }) => id)).toEqual([newer.id])
  })

  it('gives the oldest due mail of a priority first, up to the limit, and each to one instance until its lease ends', async () => {
    const { db } = await withBob()
    const mails = [3, 1, 2].map((seconds) => mailOf({ createdAt: after(seconds), kind: `kind ${seconds}` }))
    for (const mail of mails) await addMail(db, mail)
    const kinds = async (seconds: number, limit?: number) =>
      (await takeMail(db, after(seconds), limit === undefined ? {} : { limit }))
        .map(({ kind }) => kind)
        .sort()
    expect(await kinds(0.999)).toEqual([])
    expect(await kinds(1)).toEqual(['kind 1'])
    expect(await kinds(10, 1)).toEqual(['kind 2'])
    expect(await kinds(10, 1)).toEqual(['kind 3'])
    expect(await kinds(10)).toEqual([])
    expect(await kinds(1 + LEASE_SECONDS - 0.001)).toEqual([])
    expect(await kinds(1 + LEASE_SECONDS)).toEqual(['kind 1'])
    expect(await kinds(10 + LEASE_SECONDS)).toEqual(['kind 2', 'kind 3'])
  })

  it('gives no mail of the second priority while mail of the first is due', async () => {
    const { db } = await withBob()
    const add = (kind: string, priority: store.Priority, seconds: number) =>
      addMail(db, mailOf({ kind, priority, createdAt: after(seconds) }))
    for (let older = 0; older < 5; older++) await add(`other ${older}`, 1, 0)
    await add('vital', 0, 2)
    await add('vital and later', 0, 9)
    const kinds = async (seconds: number) =>
      (await takeMail(db, after(seconds), { limit: 3 })).map(({ kind }) => kind)
    expect(await kinds(2)).toEqual(['vital'])
    expect(await kinds(2)).toHaveLength(3)
    expect(await kinds(9)).toEqual(['vital and later'])
    expect(await kinds(9)).toHaveLength(2)
    expect(await kinds(9)).toEqual([])
    // A mail that was postponed by a wrong clock is due as well.
    await add('vital and far', 0, 9 + LONGEST_WAIT_SECONDS + 1)
    await add('other', 1, 0)
    expect(await kinds(9)).toEqual(['vital and far'])
  })

  it('lets a mail cover further events until it is sent, each in one mail', async () => {
    const { db, bob } = await withBob()
    const rob = await store.addUser(db, 'rob@example.com', 'hash', { createdAt: NOW })
    const about = (events: number) => ({
      userId: bob.id,
      kind: 'new_device',
      email: bob.email,
      details: { events },
    })
    const extend = (order: ReturnType<typeof about>) =>
      inTx(db, (tx) => store.extendMail(tx, order, order.details))
    const find = (order: ReturnType<typeof about>) => inTx(db, (tx) => store.findMail(tx, order))
    expect(await find(about(1))).toBeNull()
    expect(await extend(about(1))).toBe(false)
    const mail = mailOf(about(1))
    await addMail(db, mail)
    for (const other of [{ userId: rob.id }, { kind: 'other' }, { email: 'old@example.com' }])
      for (const act of [extend, find]) expect(await act({ ...about(1), ...other })).toBeFalsy()
    expect(await find(about(1))).toMatchObject({ id: mail.id, events: 1, details: { events: 1 } })
    expect(await extend(about(2))).toBe(true)
    const [inHand] = (await takeMail(db, NOW)) as [store.OutboxMail]
    expect(inHand).toMatchObject({ id: mail.id, events: 2, details: { events: 2 } })

    // While it is being sent, and after another attempt.
    expect(await extend(about(3))).toBe(true)
    await store.postponeMail(db, inHand, NOW)
    const [again] = (await takeMail(db, NOW)) as [store.OutboxMail]
    expect(again).toMatchObject({ id: mail.id, events: 3, attempts: 2 })
    expect(await extend(about(4))).toBe(true)
    expect(await extend(about(5))).toBe(true)
    const rest = { id: uuidV7(NOW), createdAt: after(1), notBefore: after(60) }
    await inTx(db, (tx) => store.finishMail(tx, again, rest))
    expect(await takeMail(db, after(59.999))).toEqual([])
    const [last] = (await takeMail(db, after(60))) as [store.OutboxMail]
    expect(last).toEqual({ ...mail, ...about(5), id: rest.id, createdAt: after(1), events: 2, attempts: 1 })
    await inTx(db, (tx) => store.finishMail(tx, last, { ...rest, id: uuidV7(NOW) }))
    expect(await store.countMail(db)).toBe(0)
  })

  it('keeps a mail with an address when its account is deleted, without the user id', async () => {
    const { db, bob } = await withBob()
    const rob = await store.addUser(db, 'rob@example.com', 'hash', { createdAt: NOW })
    const ofBob = mailOf({ kind: 'password_changed', userId: bob.id, email: bob.email })
    const ofRob = mailOf({ kind: 'password_changed', userId: rob.id, email: rob.email })
    for (const mail of [ofBob, ofRob]) await addMail(db, mail)
    expect(await store.deleteUser(db, bob.id)).toBe(true)
    const taken = await takeMail(db, NOW)
    const byAddress = taken.sort((a, b) => String(a.email).localeCompare(String(b.email)))
    expect(byAddress).toMatchObject([{ ...ofBob, userId: null }, ofRob])
  })

  it('deletes mail enqueued before a time, up to the limit', async () => {
    const { db } = await withBob()
    const old = [1, 2, 3].map((seconds) => mailOf({ id: uuidV7(after(seconds)), kind: `kind ${seconds}` }))
    for (const mail of old) await addMail(db, mail)
    const forget = async (seconds: number, limit: number) =>
      (await inTx(db, (tx) => store.deleteMailBefore(tx, after(seconds), limit))).length
    expect(await forget(1, 10)).toBe(0)
    expect(await forget(3, 1)).toBe(1)
    expect(await forget(3, 10)).toBe(1)
    expect((await takeMail(db, after(10))).map(({ kind }) => kind)).toEqual(['kind 3'])
  })

  it('lists why attempts failed, the most frequent problem first', async () => {
    const { db } = await withBob()
    for (let mail = 0; mail < 5; mail++) await addMail(db, mailOf())
    expect(await store.listMailProblems(db)).toEqual([])
    const [one, two, three, four, five] = (await takeMail(db, NOW)) as store.OutboxMail[]
    for (const mail of [one, two]) if (mail) await store.postponeMail(db, mail, after(1), '550 no relay')
    if (three) await store.postponeMail(db, three, after(1), '421 busy')
    // A postponement without an error is not a problem, and a solved problem is not listed.
    if (four) await store.postponeMail(db, four, after(1))
    if (five) {
      await store.postponeMail(db, five, NOW, '550 no relay')
      const [again] = (await takeMail(db, NOW)) as [store.OutboxMail]
      await store.postponeMail(db, again, after(1))
    }
    expect(await store.listMailProblems(db)).toEqual([
      { problem: '550 no relay', mails: 2 },
      { problem: '421 busy', mails: 1 },
    ])
  })

  it('gives each mail to one of two concurrent instances', async () => {
    const { one, two } = await openTwice(engine)
    const mails = Array.from({ length: 40 }, () => mailOf())
    for (const mail of mails) await addMail(one, mail)
    const taken = await Promise.all(
      Array.from({ length: 20 }, (_, index) => takeMail(index % 2 ? two : one, NOW, { limit: 5 })),
    )
    const ids = taken.flat().map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    // Instances that competed for the same rows may have got fewer. The next call takes the rest.
    for (
      let more = await takeMail(one, NOW, { limit: 5 });
      more.length > 0;
      more = await takeMail(one, NOW, { limit: 5 })
    )
      ids.push(...more.map(({ id }) => id))
    expect(ids.sort()).toEqual(mails.map(({ id }) => id).sort())
  })

  it('gives nothing to an instance that asks while another one takes the mail', async () => {
    const { one, two } = await openTwice(engine)
    await addMail(one, mailOf())
    let asking: Promise<store.OutboxMail[]> | undefined
    const taken = await inTx(one, async (tx) => {
      const mails = await takeMail(tx, NOW)
      asking = takeMail(two, NOW)
      // On SQLite the lock covers the whole file, so the other instance waits.
      if (engine === 'postgres') await asking
      return mails
    })
    expect(taken).toHaveLength(1)
    expect(await asking).toEqual([])
  })

  it('lets only the instance that holds the lease postpone a mail', async () => {
    const { db } = await withBob()
    await addMail(db, mailOf())
    const [first] = (await takeMail(db, NOW)) as [store.OutboxMail]
    await store.postponeMail(db, first, after(60))
    expect(await takeMail(db, after(59.999))).toEqual([])
    const [second] = (await takeMail(db, after(60))) as [store.OutboxMail]
    expect(second).toEqual({ ...first, attempts: 2 })
    // An instance whose lease ran out cannot postpone it.
    await store.postponeMail(db, first, after(61))
    expect(await takeMail(db, after(61))).toEqual([])
    expect(await takeMail(db, after(60 + LEASE_SECONDS))).toHaveLength(1)
  })

  it('treats a wait longer than the longest as one by a wrong clock', async () => {
    const { db } = await withBob()
    await addMail(db, mailOf({ createdAt: after(LONGEST_WAIT_SECONDS) }))
    expect(await takeMail(db, NOW)).toEqual([])
    await addMail(db, mailOf({ createdAt: after(LONGEST_WAIT_SECONDS + 0.001) }))
    expect(await takeMail(db, NOW)).toHaveLength(1)
    // Now it is leased under this clock.
    expect(await takeMail(db, NOW)).toEqual([])
  })

  it('deletes only the given kinds of a user’s queued mail', async () => {
    const { db, bob } = await withBob()
    const rob = await store.addUser(db, 'rob@example.com', 'hash', { createdAt: NOW })
    const kept = [
      mailOf({ userId: bob.id, kind: 'new_device' }),
      mailOf({ userId: rob.id, kind: 'verify_email' }),
      mailOf({ email: 'bob@example.com', kind: 'verify_email' }),
    ]
    for (const kind of ['verify_email', 'reset_password']) await addMail(db, mailOf({ userId: bob.id, kind }))
    for (const mail of kept) await addMail(db, mail)
    await inTx(db, (tx) => store.deleteMailOf(tx, bob.id, ['verify_email', 'reset_password', 'other']))
    expect((await takeMail(db, NOW)).map(({ id }) => id).sort()).toEqual(kept.map(({ id }) => id).sort())
  })

  it('enqueues no mail for a user that does not exist', async () => {
    const { db, bob } = await withBob()
    await expect(addMail(db, mailOf({ userId: bob.id + 1 }))).rejects.toThrow(/foreign key/i)
    expect(await store.countMail(db)).toBe(0)
  })
})

describe('the outbox, on postgres', () => {
  it.each([
    ['sent', (db: store.Database) => takeMail(db, NOW)],
    ['given up', (db: store.Database) => inTx(db, (tx) => store.deleteMailBefore(tx, LATER, 100))],
  ])('does not deadlock if mail is %s while its account is deleted', async (_, take) => {
    const { one, two } = await openTwice('postgres')
    const bob = await store.addUser(one, 'bob@example.com', 'hash', { createdAt: NOW })
    const notice = mailOf({ userId: bob.id, kind: 'new_device', email: 'bob@example.com' })
    const linked = mailOf({ userId: bob.id, kind: 'reset_password' })
    for (const mail of [notice, linked]) await addMail(one, mail)
    let taking: Promise<store.OutboxMail[]> | undefined
    const isDeleted = await inTx(one, async (tx) => {
      await store.deleteMailOf(tx, bob.id, ['reset_password'])
      taking = take(two)
      // If it waited for the deleted row, it would hold the notice, which the foreign key is about to change.
      await Promise.race([taking, untilLocksAreAwaited(tx)])
      return store.deleteUser(tx, bob.id)
    })
    expect((await taking)?.map(({ id }) => id)).toEqual([notice.id])
    expect(isDeleted).toBe(true)
  })
})

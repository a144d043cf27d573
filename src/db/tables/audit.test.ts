import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { onBothEngines } from '../../../test/support/engines.ts'
import { inTx, NOW, openStore } from '../../../test/support/named-store.ts'
import { uuidV7 } from '../../lib/random.ts'
import * as store from '../index.ts'

onBothEngines('the audit', (engine) => {
  // The guards use the clock of the database, not that of the test.
  const KEPT = new Date('2100-01-01T00:00:00Z')
  const OVER = new Date('2020-01-01T00:00:00Z')
  const LONG_AGO = Date.parse('2019-06-01T12:00:00Z')

  /** The origin of a record can be removed at once, unless the test says otherwise. */
  const timesOf = (expiresAt: Date, originExpiresAt = new Date(LONG_AGO)) => ({ expiresAt, originExpiresAt })

  /** The record of the given second. */
  const lineOf = (second: number, changes: Partial<store.AuditRecord> = {}): store.AuditRecord => {
    const at = new Date(LONG_AGO + second * 1_000)
    return {
      id: uuidV7(at),
      at,
      instance: 'host:1',
      actor: 'anonymous',
      actorId: null,
      onBehalfOf: null,
      action: 'login',
      outcome: 'refused',
      reason: 'wrong_password',
      userId: 7,
      ip: '2001:db8::1',
      userAgent: 'curl/8',
      requestId: 'request',
      details: {},
      ...changes,
    }
  }
  const all = async (db: store.Database, query: store.AuditQuery = {}) =>
    asWritten(await store.listAuditRecords(db, query, { beforeId: null, limit: 100 }))
  const asWritten = (entries: readonly store.AuditEntry[]): store.AuditRecord[] =>
    entries.map(({ email: _, ...line }) => line)

  it('lists records with the values they were written with, newest first, in pages', async () => {
    const db = await openStore(engine)
    const full = lineOf(1, { details: { text: '"\'\\\u2028é😀', number: 1.5, yes: true } })
    const empty = lineOf(2, {
      actor: 'system',
      outcome: 'success',
      reason: null,
      userId: null,
      ip: null,
      userAgent: null,
      requestId: null,
    })
    const lines = [full, empty, ...[3, 4, 5].map((second) => lineOf(second))]
    for (const line of lines.toReversed()) await store.addAuditRecord(db, line, timesOf(KEPT))
    const newestFirst = lines.toReversed()
    expect(await all(db)).toEqual(newestFirst)
    const page = async (beforeId: string | null) =>
      asWritten(await store.listAuditRecords(db, {}, { beforeId, limit: 2 }))
    const [first, second] = [await page(null), await page(newestFirst[1]?.id ?? null)]
    expect([...first, ...second]).toEqual(newestFirst.slice(0, 4))
    expect(await page(newestFirst[3]?.id ?? null)).toEqual(newestFirst.slice(4))
    expect(await page(newestFirst[4]?.id ?? null)).toEqual([])
  })

  it('gives each record with the current address of its account', async () => {
    const db = await openStore(engine)
    const { id } = await store.addUser(db, 'bob@example.com', '!', { createdAt: NOW })
    const gone = await store.addUser(db, 'gone@example.com', '!', { createdAt: NOW })
    for (const [second, userId] of [id, gone.id, null, id].entries())
      await store.addAuditRecord(db, lineOf(second, { userId }), timesOf(KEPT))
    await store.updateUser(db, id, { email: 'robert@example.com' })
    await store.deleteUser(db, gone.id)
    const entries = await store.listAuditRecords(db, {}, { beforeId: null, limit: 100 })
    expect(entries.map(({ email }) => email)).toEqual([
      'robert@example.com',
      null,
      null,
      'robert@example.com',
    ])
  })

  it('filters records by account, action, time, and all together', async () => {
    const db = await openStore(engine)
    const lines = [
      lineOf(1),
      lineOf(2, { userId: 8 }),
      lineOf(3, { action: 'register' }),
      lineOf(4, { userId: null }),
      lineOf(5),
    ]
    for (const line of lines) await store.addAuditRecord(db, line, timesOf(KEPT))
    const seconds = async (query: store.AuditQuery) =>
      (await all(db, query)).map(({ at }) => (at.getTime() - LONG_AGO) / 1_000)
    const since = (second: number) => new Date(LONG_AGO + second * 1_000)
    expect(await seconds({ userId: 7 })).toEqual([5, 3, 1])
    expect(await seconds({ userId: 9 })).toEqual([])
    expect(await seconds({ action: 'register' })).toEqual([3])
    expect(await seconds({ since: since(3) })).toEqual([5, 4, 3])
    expect(await seconds({ since: new Date(since(3).getTime() + 1) })).toEqual([5, 4])
    expect(await seconds({ userId: 7, action: 'login', since: since(2) })).toEqual([5])
    expect(await seconds({ userId: undefined, action: undefined, since: undefined })).toHaveLength(5)
  })

  it('keeps records after their account is deleted', async () => {
    const db = await openStore(engine)
    const { id } = await store.addUser(db, 'bob@example.com', 'hash', { createdAt: NOW })
    const line = lineOf(1, { userId: id })
    await store.addAuditRecord(db, line, timesOf(KEPT))
    await store.deleteUser(db, id)
    expect(await all(db)).toEqual([line])
  })

  it.each([
    ['id', `'${uuidV7(NOW)}'`],
    ['at', '1'],
    ['instance', `'other'`],
    ['actor', `'system'`],
    ['action', `'logout'`],
    ['outcome', `'success'`],
    ['reason', 'null'],
    ['user_id', '8'],
    ['request_id', `'other'`],
    ['details', `'{"other":true}'`],
    ['expires_at', '1'],
    ['ip_address', `'192.0.2.1'`],
    ['user_agent', `'other'`],
    ['origin_expires_at', '1'],
    ['origin_expires_at', 'null'],
  ])(
    'makes the database refuse a change of %s, before and after the retention time',
    async (column, value) => {
      const db = await openStore(engine)
      const lines = [lineOf(1), lineOf(2, { ip: null, userAgent: null }), lineOf(3)]
      for (const [index, line] of lines.entries())
        await store.addAuditRecord(db, line, timesOf(index < 2 ? KEPT : OVER))
      const set = sql`${sql.ref(column)} = ${sql.raw(value)}`
      const isOrigin = column === 'ip_address' || column === 'user_agent'
      for (const { id } of lines) {
        const changes = [
          sql`update ${sql.table('audit')} set ${set} where id = ${id}`,
          // Also not together with a permitted change.
          ...(isOrigin
            ? []
            : [sql`update ${sql.table('audit')} set ip_address = null, ${set} where id = ${id}`]),
        ]
        for (const change of changes)
          await expect(change.execute(db)).rejects.toThrow('a line of the audit does not change')
      }
      expect(await all(db)).toEqual(lines.toReversed())
    },
  )

  it('makes the database keep IP address and user agent until their time is over, or the account is deleted', async () => {
    const db = await openStore(engine)
    const { id: userId } = await store.addUser(db, 'bob@example.com', 'hash', { createdAt: NOW })
    const FUTURE = new Date('2200-01-01T00:00:00Z')
    const [early, over, guest, gone] = [
      lineOf(1, { userId }),
      lineOf(2, { userId }),
      lineOf(3, { userId: null }),
      lineOf(4, { userId: 999 }),
    ]
    for (const line of [early, guest, gone]) await store.addAuditRecord(db, line, timesOf(KEPT, FUTURE))
    await store.addAuditRecord(db, over, timesOf(KEPT))
    const forgotten = { ip: null, userAgent: null }
    // PostgreSQL allows no record to lose only one of the two.
    const single = engine === 'sqlite' ? ['ip_address = null', 'user_agent = null'] : []
    for (const set of [...single, 'ip_address = null, user_agent = null'])
      for (const { id } of [early, guest])
        await expect(
          sql`update ${sql.table('audit')} set ${sql.raw(set)} where id = ${id}`.execute(db),
        ).rejects.toThrow('a line of the audit keeps its origin for its time')
    // The clean-up leaves them alone, even if our own clock is far ahead.
    expect(await inTx(db, (tx) => store.forgetAuditOrigins(tx, FUTURE, 100))).toBe(1)
    await inTx(db, (tx) => store.forgetAuditOriginsOf(tx, 999))
    expect(await all(db)).toEqual([{ ...gone, ...forgotten }, guest, { ...over, ...forgotten }, early])
    await store.deleteUser(db, userId)
    await inTx(db, (tx) => store.forgetAuditOriginsOf(tx, userId))
    expect((await all(db)).map(({ ip }) => ip)).toEqual([null, guest.ip, null, null])
  })

  it('keeps the IP address and user agent of a record of an older version for a day', async () => {
    const db = await openStore(engine)
    const { id: userId } = await store.addUser(db, 'bob@example.com', 'hash', { createdAt: NOW })
    const HOUR = 3_600_000
    const write = async (at: number) => {
      const id = uuidV7(new Date(at))
      await sql`insert into ${sql.table('audit')} (id, at, instance, actor, action, outcome, user_id, ip_address, details, expires_at)
        values (${id}, ${at}, 'host:1', 'user', 'login', 'success', ${userId}, '192.0.2.1', '{}', ${KEPT.getTime()})`.execute(
        db,
      )
      return id
    }
    // The clock of the database counts.
    const [fresh, old] = [await write(Date.now() - 23 * HOUR), await write(Date.now() - 25 * HOUR)]
    const forget = (id: string) =>
      sql`update ${sql.table('audit')} set ip_address = null where id = ${id}`.execute(db)
    await expect(forget(fresh)).rejects.toThrow('a line of the audit keeps its origin for its time')
    await forget(old)
    expect(await inTx(db, (tx) => store.forgetAuditOrigins(tx, KEPT, 100))).toBe(0)
  })

  it('makes the database refuse to delete a record before its time is over by its own clock', async () => {
    const db = await openStore(engine)
    const [kept, over] = [lineOf(1), lineOf(2)]
    await store.addAuditRecord(db, kept, timesOf(KEPT))
    await store.addAuditRecord(db, over, timesOf(OVER))
    const refused = 'a line of the audit is kept for its time'
    await expect(sql`delete from ${sql.table('audit')}`.execute(db)).rejects.toThrow(refused)
    await expect(sql`delete from ${sql.table('audit')} where id = ${kept.id}`.execute(db)).rejects.toThrow(
      refused,
    )
    if (engine === 'postgres')
      await expect(sql`truncate ${sql.table('audit')}`.execute(db)).rejects.toThrow(refused)
    expect(await all(db)).toEqual([over, kept])
    // Even if our own clock is far ahead.
    const clean = (now: Date) => inTx(db, (tx) => store.deleteExpiredAuditRecords(tx, now, 100))
    expect(await clean(new Date('2200-01-01T00:00:00Z'))).toBe(1)
    expect(await all(db)).toEqual([kept])
  })

  it('makes the database refuse to replace a record', async () => {
    const db = await openStore(engine)
    const line = lineOf(1)
    await store.addAuditRecord(db, line, timesOf(KEPT))
    await expect(store.addAuditRecord(db, { ...line, action: 'logout' }, timesOf(KEPT))).rejects.toThrow()
    const columns = sql`id, at, instance, actor, action, outcome, details, expires_at`
    const values = sql`${line.id}, 1, 'x', 'x', 'x', 'x', '{}', 1`
    const replacing =
      engine === 'sqlite'
        ? sql`insert or replace into ${sql.table('audit')} (${columns}) values (${values})`
        : sql`insert into ${sql.table('audit')} (${columns}) values (${values})
            on conflict (id) do update set action = excluded.action`
    await expect(replacing.execute(db)).rejects.toThrow('a line of the audit')
    expect(await all(db)).toEqual([line])
  })

  it('deletes expired records up to the limit, by our clock if it is behind', async () => {
    const db = await openStore(engine)
    for (const second of [1, 2, 3]) await store.addAuditRecord(db, lineOf(second), timesOf(OVER))
    const clean = (now: Date, limit: number) =>
      inTx(db, (tx) => store.deleteExpiredAuditRecords(tx, now, limit))
    expect(await clean(new Date(OVER.getTime() - 1), 100)).toBe(0)
    expect(await clean(OVER, 2)).toBe(2)
    expect(await clean(OVER, 2)).toBe(1)
    expect(await clean(OVER, 2)).toBe(0)
  })

  it('removes IP addresses and user agents before a time, up to the limit, or of one account', async () => {
    const db = await openStore(engine)
    const forgotten = { ip: null, userAgent: null }
    const lines = [
      lineOf(1),
      lineOf(2, { ip: null }),
      lineOf(3, { userAgent: null, userId: 8 }),
      lineOf(4, forgotten),
      lineOf(5),
      lineOf(6, { userId: 8 }),
    ]
    for (const line of lines) await store.addAuditRecord(db, line, timesOf(KEPT))
    const forget = (second: number, limit: number) =>
      inTx(db, (tx) => store.forgetAuditOrigins(tx, new Date(LONG_AGO + second * 1_000), limit))
    expect(await forget(1, 100)).toBe(0)
    expect(await forget(5, 2)).toBe(2)
    expect(await forget(5, 2)).toBe(1)
    expect(await forget(5, 2)).toBe(0)
    const after = lines.map((line, index) => (index < 4 ? { ...line, ...forgotten } : line))
    expect(await all(db)).toEqual(after.toReversed())
    await inTx(db, (tx) => store.forgetAuditOriginsOf(tx, 8))
    expect(await all(db)).toEqual(
      after.map((line) => (line.userId === 8 ? { ...line, ...forgotten } : line)).toReversed(),
    )
  })
})

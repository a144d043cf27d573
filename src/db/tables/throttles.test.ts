import { expect, it, onTestFinished } from 'vitest'
import { namedDatabase, onBothEngines } from '../../../test/support/engines.ts'
import { LATER, NOW, openNamed, openStore } from '../../../test/support/named-store.ts'
import * as store from '../index.ts'

onBothEngines('throttles', (engine) => {
  const SECOND = 1_000
  const policy: store.ThrottlePolicy = {
    freeAttempts: 3,
    firstWaitMs: SECOND,
    longestWaitMs: 4 * SECOND,
    forgetAfterMs: 60 * SECOND,
  }
  const after = (seconds: number) => new Date(NOW.getTime() + seconds * SECOND)

  it('allows free attempts, then doubles each wait up to the longest', async () => {
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

  it('tells a refused attempt how long to wait, and does not count it', async () => {
    const db = await openStore(engine)
    for (let attempt = 0; attempt < 3; attempt++) await store.takeAttempt(db, 'key', policy, NOW)
    for (let attempt = 0; attempt < 5; attempt++) {
      expect(await store.takeAttempt(db, 'key', policy, after(0.25))).toEqual({
        allowed: false,
        retryAfterMs: 750,
        isLocked: false,
      })
    }
    expect(await store.takeAttempt(db, 'key', policy, after(1))).toEqual({
      allowed: true,
      blockedUntil: after(3).getTime(),
      count: 4,
    })
  })

  it('allows exactly the free attempts out of fifty concurrent ones', async () => {
    const db = await openStore(engine)
    const attempts = await Promise.all(
      Array.from({ length: 50 }, () => store.takeAttempt(db, 'key', policy, NOW)),
    )
    expect(attempts.filter((attempt) => attempt.allowed)).toHaveLength(policy.freeAttempts)
  })

  it('refunds an attempt and its own wait, and keeps the waits of others', async () => {
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

  it('cleans up expired counters up to the limit, and keeps those that count again', async () => {
    const db = await openStore(engine)
    for (const key of ['one', 'two', 'three', 'four']) await store.takeAttempt(db, key, policy, NOW)
    await store.takeAttempt(db, 'four', policy, after(60))
    expect(await store.deleteExpiredThrottles(db, after(60), 2)).toBe(2)
    expect(await store.deleteExpiredThrottles(db, after(60), 2)).toBe(1)
    expect(await store.deleteExpiredThrottles(db, after(60), 2)).toBe(0)
    expect(await store.takeAttempt(db, 'four', policy, after(61))).toMatchObject({ count: 2 })
  })

  it('keeps counters apart, clears them, and lets them expire after a rest', async () => {
    const db = await openStore(engine)
    for (let attempt = 0; attempt < 3; attempt++) await store.takeAttempt(db, 'key', policy, NOW)
    expect(await store.takeAttempt(db, 'other', policy, NOW)).toMatchObject({ allowed: true })
    await store.clearAttempts(db, 'key')
    expect(await store.takeAttempt(db, 'key', policy, NOW)).toEqual({
      allowed: true,
      blockedUntil: 0,
      count: 1,
    })
    await store.takeAttempt(db, 'key', policy, after(10))
    expect(await store.deleteExpiredThrottles(db, after(60), 500)).toBe(1)
    for (let attempt = 0; attempt < 2; attempt++) {
      expect(await store.takeAttempt(db, 'key', policy, after(70))).toEqual({
        allowed: true,
        blockedUntil: 0,
        count: attempt + 1,
      })
    }
  })

  it('locks after the given number of attempts until the counter is cleared, however much time passes', async () => {
    const db = await openStore(engine)
    const locking = { ...policy, lockAfter: 5 }
    let time = 0
    for (let attempt = 1; attempt <= 5; attempt++) {
      expect(await store.takeAttempt(db, 'key', locking, after(time))).toMatchObject({
        allowed: true,
        count: attempt,
      })
      time += 4
    }
    for (const seconds of [time, 59, 3_600, 9 * 365 * 86_400]) {
      expect(await store.takeAttempt(db, 'key', locking, after(seconds))).toEqual({
        allowed: false,
        retryAfterMs: policy.longestWaitMs,
        isLocked: true,
      })
      expect(await store.deleteExpiredThrottles(db, after(seconds), 500)).toBe(0)
    }
    await store.clearAttempts(db, 'key')
    expect(await store.takeAttempt(db, 'key', locking, after(time))).toMatchObject({
      allowed: true,
      count: 1,
    })
  })

  it('allows no more of fifty concurrent attempts than the number that locks', async () => {
    const db = await openStore(engine)
    const locking = { ...policy, freeAttempts: 100, lockAfter: 7 }
    const attempts = await Promise.all(
      Array.from({ length: 50 }, () => store.takeAttempt(db, 'key', locking, NOW)),
    )
    expect(attempts.filter((attempt) => attempt.allowed)).toHaveLength(7)
  })

  it('unlocks when the attempt that locked is refunded', async () => {
    const db = await openStore(engine)
    const locking = { ...policy, freeAttempts: 100, lockAfter: 2 }
    await store.takeAttempt(db, 'key', locking, NOW)
    const last = await store.takeAttempt(db, 'key', locking, NOW)
    if (!last.allowed) throw new Error('the second attempt locks, and is made')
    expect(await store.takeAttempt(db, 'key', locking, NOW)).toMatchObject({ allowed: false })
    await store.refundAttempt(db, 'key', last)
    expect(await store.takeAttempt(db, 'key', locking, NOW)).toMatchObject({ allowed: true, count: 2 })
  })

  it.each([0, 1, 2, 3, 4, 5, 60, 3_600, 365 * 86_400])(
    'makes no attempt wait longer than the longest wait after the clock went back by %i seconds',
    async (seconds) => {
      const db = await openStore(engine)
      let time = 0
      for (let attempt = 0; attempt < 6; attempt++) {
        await store.takeAttempt(db, 'key', policy, after(time))
        time += 4
      }
      // The last one started the longest wait.
      const back = time - 4 - seconds
      const attempt = await store.takeAttempt(db, 'key', policy, after(back))
      if (attempt.allowed) return
      expect(attempt.retryAfterMs).toBeLessThanOrEqual(policy.longestWaitMs)
      const over = after(back + attempt.retryAfterMs / SECOND)
      expect(await store.takeAttempt(db, 'key', policy, over)).toMatchObject({ allowed: true })
    },
  )

  it('gives out exactly the given number of places to concurrent callers, until the window ends', async () => {
    const databaseUrl = await namedDatabase(engine)
    const instances = await Promise.all([openNamed(engine, databaseUrl), openNamed(engine, databaseUrl)])
    onTestFinished(() => Promise.all(instances.map((db) => db.destroy())).then(() => {}))
    const [db] = instances as [store.Database, store.Database]
    const take = (key: string, on = db) => store.takePlace(on, key, { places: 7, until: after(60) })
    const taken = await Promise.all(
      Array.from({ length: 40 }, (_, index) => take('hour 1', instances[index % 2])),
    )
    expect(taken.filter((count) => count !== null).sort()).toEqual([1, 2, 3, 4, 5, 6, 7])
    expect(await take('hour 1')).toBeNull()
    expect(await take('hour 2')).toBe(1)
    // A refunded place can be taken again.
    await store.refundAttempt(db, 'hour 1', { blockedUntil: 0 })
    expect(await take('hour 1')).toBe(7)
    expect(await take('hour 1')).toBeNull()
    // After a setting was lowered, more places may be taken than there are. Then none is left.
    expect(await store.takePlace(db, 'hour 1', { places: 3, until: after(60) })).toBeNull()
    expect(await store.deleteExpiredThrottles(db, after(59.999), 500)).toBe(0)
    expect(await store.deleteExpiredThrottles(db, after(60), 500)).toBe(2)
  })
})

onBothEngines('a pause', (engine) => {
  it('has its latest end until it is cleaned up', async () => {
    const db = await openStore(engine)
    expect(await store.findPauseEnd(db, 'pause')).toBeNull()
    for (const end of [LATER, NOW]) {
      await store.startPause(db, 'pause', end)
      expect(await store.findPauseEnd(db, 'pause')).toEqual(end)
      expect(await store.findPauseEnd(db, 'another')).toBeNull()
    }
    expect(await store.deleteExpiredThrottles(db, NOW, 500)).toBe(1)
    expect(await store.findPauseEnd(db, 'pause')).toBeNull()
  })
})

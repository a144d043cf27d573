import { expect, it } from 'vitest'
import { onBothEngines } from '../../../test/support/engines.ts'
import { inTx, NOW, ONE, openStore, THREE, tokenOf } from '../../../test/support/named-store.ts'
import { sha256 } from '../../lib/digest.ts'
import * as store from '../index.ts'

onBothEngines('tokens', (engine) => {
  it('finds a token with the same values, only for its purpose', async () => {
    const db = await openStore(engine)
    const bob = await store.addUser(db, 'bob@example.com', 'hash', { createdAt: NOW })
    const token = tokenOf(bob)
    await inTx(db, (tx) => store.addToken(tx, token, ONE))
    const found = await store.findToken(db, ['reset_password'], token.id)
    expect({ ...found, secretHash: null }).toEqual({ ...token, secretHash: null })
    expect(await store.findToken(db, ['another purpose' as 'reset_password'], token.id)).toBeNull()
  })

  it('adds no token if the account was disabled or deleted', async () => {
    const db = await openStore(engine)
    const bob = await store.addUser(db, 'bob@example.com', 'hash', { createdAt: NOW })
    await store.disableUser(db, bob.id, NOW)
    expect(await inTx(db, (tx) => store.addToken(tx, tokenOf(bob), ONE))).toEqual({ reason: 'gone' })
    await store.deleteUser(db, bob.id)
    expect(await inTx(db, (tx) => store.addToken(tx, tokenOf(bob), ONE))).toEqual({ reason: 'gone' })
    expect(await db.selectFrom('tokens').selectAll().execute()).toEqual([])
  })

  it('replaces the older token by the newer if a user may have one', async () => {
    const db = await openStore(engine)
    const bob = await store.addUser(db, 'bob@example.com', 'hash', { createdAt: NOW })
    const [older, newer] = [tokenOf(bob), tokenOf(bob, { secretHash: sha256('newer') })]
    await inTx(db, (tx) => store.addToken(tx, older, ONE))
    await inTx(db, (tx) => store.addToken(tx, newer, ONE))
    expect(await store.findToken(db, ['reset_password'], older.id)).toBeNull()
    expect(await store.takeToken(db, older, NOW)).toBe(false)
    expect(await store.takeToken(db, newer, NOW)).toBe(true)
  })

  it('keeps every earlier token of a purpose up to the limit, and refuses the next until one expires', async () => {
    const db = await openStore(engine)
    const bob = await store.addUser(db, 'bob@example.com', 'hash', { createdAt: NOW })
    const later = (seconds: number) => new Date(NOW.getTime() + seconds * 1_000)
    const tokens = [1, 2, 3].map((second) =>
      tokenOf(bob, { createdAt: later(second), expiresAt: later(60 + second) }),
    )
    const named = async () => (await store.findUserById(db, bob.id))?.resetToken
    for (const token of tokens) {
      expect(await inTx(db, (tx) => store.addToken(tx, token, THREE))).toBeNull()
      expect(await named()).toBe(token.id)
    }
    await inTx(db, (tx) => store.addToken(tx, tokenOf(bob, { purpose: 'confirm_email' }), THREE))
    const refused = tokenOf(bob, { createdAt: later(4) })
    expect(await inTx(db, (tx) => store.addToken(tx, refused, THREE))).toEqual({
      reason: 'full',
      until: later(61),
    })
    expect(await named()).toBe(tokens[2]?.id)
    for (const token of tokens) {
      const found = await store.findToken(db, ['reset_password'], token.id)
      expect({ ...found, secretHash: null }).toEqual({ ...token, secretHash: null })
      expect(await store.findToken(db, ['confirm_email', 'change_email'], token.id)).toBeNull()
    }
    const next = tokenOf(bob, { createdAt: later(61) })
    expect(await inTx(db, (tx) => store.addToken(tx, next, THREE))).toBeNull()
    const [expired, ...others] = tokens
    expect(await store.findToken(db, ['reset_password'], expired?.id ?? '')).toBeNull()
    for (const token of [...others, next]) expect(await store.takeToken(db, token, later(61))).toBe(true)
  })

  it('names the newest token that is left after one was voided', async () => {
    const db = await openStore(engine)
    const bob = await store.addUser(db, 'bob@example.com', 'hash', { createdAt: NOW })
    const tokens = [0, 1, 2].map((second) => tokenOf(bob, { createdAt: new Date(NOW.getTime() + second) }))
    for (const token of tokens) await inTx(db, (tx) => store.addToken(tx, token, THREE))
    const [first, second, third] = tokens as [store.Token, store.Token, store.Token]
    const named = async () => (await store.findUserById(db, bob.id))?.resetToken
    const voidToken = (token: store.Token) => inTx(db, (tx) => store.deleteToken(tx, token))
    await voidToken(first)
    expect(await named()).toBe(third.id)
    await voidToken(third)
    expect(await named()).toBe(second.id)
    await voidToken(second)
    expect(await named()).toBeNull()
  })

  it('lets exactly one of twenty concurrent callers take a token [REC-06]', async () => {
    const db = await openStore(engine)
    const bob = await store.addUser(db, 'bob@example.com', 'hash', { createdAt: NOW })
    const token = tokenOf(bob)
    await inTx(db, (tx) => store.addToken(tx, token, ONE))
    const taken = await Promise.all(Array.from({ length: 20 }, () => store.takeToken(db, token, NOW)))
    expect(taken.filter(Boolean)).toHaveLength(1)
  })

  it('does not take an expired token or one with another secret', async () => {
    const db = await openStore(engine)
    const bob = await store.addUser(db, 'bob@example.com', 'hash', { createdAt: NOW })
    const token = tokenOf(bob)
    await inTx(db, (tx) => store.addToken(tx, token, ONE))
    expect(await store.takeToken(db, token, token.expiresAt)).toBe(false)
    expect(await store.takeToken(db, { ...token, secretHash: sha256('other') }, NOW)).toBe(false)
    expect(await inTx(db, (tx) => store.deleteExpiredTokens(tx, NOW, 100))).toBe(0)
    expect(await inTx(db, (tx) => store.deleteExpiredTokens(tx, token.expiresAt, 100))).toBe(1)
  })

  it('voids all tokens of a user', async () => {
    const db = await openStore(engine)
    const bob = await store.addUser(db, 'bob@example.com', 'hash', { createdAt: NOW })
    const token = tokenOf(bob)
    await inTx(db, (tx) => store.addToken(tx, token, ONE))
    await inTx(db, (tx) => store.deleteTokensOf(tx, bob.id))
    expect(await store.takeToken(db, token, NOW)).toBe(false)
  })
})

onBothEngines('tokens of several purposes', (engine) => {
  const PURPOSES = ['reset_password', 'confirm_email', 'change_email'] as const
  const begin = async () => {
    const db = await openStore(engine)
    const bob = await store.addUser(db, 'bob@example.com', 'hash', { createdAt: NOW })
    const tokens = PURPOSES.map((purpose) => tokenOf(bob, { purpose, email: `${purpose}@example.com` }))
    for (const token of tokens) expect(await inTx(db, (tx) => store.addToken(tx, token, ONE))).toBeNull()
    return { db, bob, tokens: tokens as [store.Token, store.Token, store.Token] }
  }

  it('exist side by side, and each is found by its purpose', async () => {
    const { db, tokens } = await begin()
    for (const token of tokens) {
      for (const purposes of [PURPOSES, [token.purpose]]) {
        const found = await store.findToken(db, purposes, token.id)
        expect({ ...found, secretHash: null }).toEqual({ ...token, secretHash: null })
      }
      const others = PURPOSES.filter((purpose) => purpose !== token.purpose)
      expect(await store.findToken(db, others, token.id)).toBeNull()
    }
  })

  it('are taken only for their own purpose', async () => {
    const { db, tokens } = await begin()
    for (const token of tokens) {
      for (const purpose of PURPOSES.filter((other) => other !== token.purpose))
        expect(await store.takeToken(db, { ...token, purpose }, NOW)).toBe(false)
      expect(await store.takeToken(db, token, NOW)).toBe(true)
      expect(await store.takeToken(db, token, NOW)).toBe(false)
    }
  })

  it('are replaced by purpose, and only a reset token is named in the user’s row', async () => {
    const { db, bob, tokens } = await begin()
    const [reset, confirmation, change] = tokens
    const named = async () => (await store.findUserById(db, bob.id))?.resetToken
    expect(await named()).toBe(reset.id)
    const newer = tokenOf(bob, { purpose: 'confirm_email' })
    await inTx(db, (tx) => store.addToken(tx, newer, ONE))
    expect(await named()).toBe(reset.id)
    expect(await store.findToken(db, PURPOSES, confirmation.id)).toBeNull()
    for (const token of [reset, newer, change])
      expect(await store.findToken(db, PURPOSES, token.id)).not.toBeNull()
  })

  it('expire independently, and the user’s row names the remaining reset token', async () => {
    const { db, bob, tokens } = await begin()
    const [reset, confirmation, change] = tokens
    await inTx(db, (tx) => store.addToken(tx, { ...confirmation, expiresAt: NOW }, ONE))
    expect(await inTx(db, (tx) => store.deleteExpiredTokens(tx, NOW, 100))).toBe(1)
    expect((await store.findUserById(db, bob.id))?.resetToken).toBe(reset.id)
    for (const token of [reset, change]) expect(await store.findToken(db, PURPOSES, token.id)).not.toBeNull()
    await inTx(db, (tx) => store.deleteTokensOf(tx, bob.id))
    expect(await db.selectFrom('tokens').selectAll().execute()).toEqual([])
    expect((await store.findUserById(db, bob.id))?.resetToken).toBeNull()
  })
})

import { sql } from 'kysely'
import { expect, it } from 'vitest'
import { onBothEngines } from '../../../test/support/engines.ts'
import {
  addMail,
  inTx,
  LATER,
  mailOf,
  NOW,
  ONE,
  openStore,
  sessionOf,
  takeMail,
  tokenOf,
} from '../../../test/support/named-store.ts'
import { uuidV7 } from '../../lib/random.ts'
import { Conflict, InvalidRequestError, NoResultFound } from '../../model/errors.ts'
import type { User } from '../../model/user.ts'
import * as store from '../index.ts'

onBothEngines('users', (engine) => {
  it('finds an added user with the same values, to the millisecond', async () => {
    const db = await openStore(engine)
    const user = await store.addUser(db, '  Bob@Example.COM ', 'hash', { createdAt: NOW })
    expect(user).toEqual({
      id: expect.any(Number),
      email: 'Bob@Example.COM',
      hashedPassword: 'hash',
      sessionId: null,
      resetToken: null,
      createdAt: NOW,
      passwordVersion: 1,
      disabledAt: null,
      emailVerifiedAt: null,
      passwordCompromisedAt: null,
      locale: null,
      name: null,
      picture: null,
      metadataJson: null,
      secondFactorEnabledAt: null,
      secondFactorRequiredAt: null,
    })
    expect(await store.findUserBy(db, { id: user.id })).toEqual(user)
    expect(await store.findUserById(db, user.id)).toEqual(user)
    expect(await store.findUserById(db, user.id + 1)).toBeNull()
    expect(await store.findUserBy(db, { email: 'bob@example.com' })).toEqual(user)
    expect(await store.findUserByEmail(db, 'BOB@example.com')).toEqual(user)
    expect(await store.findUserByEmail(db, 'rob@example.com')).toBeNull()
  })

  it('allows one account per address, whatever its spelling', async () => {
    const db = await openStore(engine)
    await store.addUser(db, 'bob@bücher.example', 'hash', { createdAt: NOW })
    for (const spelling of ['bob@bücher.example', ' BOB@BÜCHER.example', 'bob@xn--bcher-kva.example']) {
      await expect(store.addUser(db, spelling, 'hash', { createdAt: NOW })).rejects.toThrow(Conflict)
    }
  })

  it('enforces unique addresses by a constraint of the database [EML-02]', async () => {
    const db = await openStore(engine)
    await store.addUser(db, 'bob@example.com', 'hash', { createdAt: NOW })
    const twice = sql`insert into ${sql.table('users')} (email, hashed_password, normalized_email, created_at, password_version)
      values ('x', 'y', 'bob@example.com', 0, 0)`
    await expect(twice.execute(db)).rejects.toThrow(/unique/i)
    const noHash = sql`insert into ${sql.table('users')} (email, normalized_email, created_at, password_version) values ('x', 'x', 0, 0)`
    await expect(noHash.execute(db)).rejects.toThrow(/not.null/i)
    const orphan = sql`insert into ${sql.table('tokens')} (id, purpose, user_id, email, secret_hash, created_at, expires_at)
      select ${sql.lit(uuidV7(NOW))}, 'reset_password', 4711, 'x', secret_hash, 0, 0 from ${sql.table('sessions')}`
    const bob = await store.findUserBy(db, { id: 1 })
    await inTx(db, (tx) => store.addSession(tx, bob, sessionOf(bob)))
    await expect(orphan.execute(db)).rejects.toThrow(/foreign key/i)
  })

  it('never reuses an id', async () => {
    const db = await openStore(engine)
    const first = await store.addUser(db, 'a@example.com', 'hash', { createdAt: NOW })
    await store.deleteUser(db, first.id)
    const second = await store.addUser(db, 'b@example.com', 'hash', { createdAt: NOW })
    expect(second.id).toBeGreaterThan(first.id)
  })

  it('finds a user by all criteria together, and throws NoResultFound if none matches', async () => {
    const db = await openStore(engine)
    const bob = await store.addUser(db, 'bob@example.com', 'same hash', { createdAt: NOW })
    await store.addUser(db, 'rob@example.com', 'same hash', { createdAt: NOW })
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
    ['a column that is not an attribute', { hashed_password: 'x' }],
    ['an inherited name', { constructor: 'x' }],
    ['null, which would match every account without a token', { resetToken: null }],
    ['undefined', { email: undefined }],
    ['a number for a text attribute', { email: 1 }],
    ['text for a numeric attribute', { id: '1' }],
    ['an id that is too large', { id: 2 ** 40 }],
    ['text with a zero byte', { email: 'a\0b' }],
    ['nothing', {}],
  ])('refuses to look up by %s with InvalidRequestError', async (_name, criteria) => {
    const db = await openStore(engine)
    await store.addUser(db, 'bob@example.com', 'hash', { createdAt: NOW })
    await expect(store.findUserBy(db, criteria as store.UserCriteria)).rejects.toThrow(InvalidRequestError)
  })

  it('changes only the given attributes', async () => {
    const db = await openStore(engine)
    const { id } = await store.addUser(db, 'bob@example.com', 'hash', { createdAt: NOW })
    await inTx(db, (tx) => store.confirmEmail(tx, id, 'bob@example.com', NOW))
    await store.markPasswordCompromised(db, id, NOW)
    await store.updateUser(db, id, { email: 'Rob@example.com', sessionId: 's', resetToken: 'r' })
    const user = await store.findUserBy(db, { email: 'rob@EXAMPLE.com' })
    expect(user).toMatchObject({
      email: 'Rob@example.com',
      sessionId: 's',
      resetToken: 'r',
      hashedPassword: 'hash',
      // The new address is unverified.
      emailVerifiedAt: null,
      passwordCompromisedAt: NOW,
    })
    expect(user.passwordVersion).toBe(1)
    await store.updateUser(db, id, { hashedPassword: 'new', sessionId: null, resetToken: null })
    expect(await store.findUserBy(db, { id })).toMatchObject({
      hashedPassword: 'new',
      passwordVersion: 2,
      sessionId: null,
      resetToken: null,
      passwordCompromisedAt: null,
    })
  })

  it('adds a user with the given confirmation state and language', async () => {
    const db = await openStore(engine)
    const bob = await store.addUser(db, 'bob@example.com', 'hash', {
      createdAt: NOW,
      emailVerifiedAt: LATER,
      locale: 'de',
    })
    expect(bob).toMatchObject({ createdAt: NOW, emailVerifiedAt: LATER, locale: 'de' })
    expect(await store.findUserById(db, bob.id)).toEqual(bob)
    await store.addUser(db, 'rob@example.com', 'hash', { createdAt: NOW, unconfirmedUntil: LATER })
    expect(
      await db.selectFrom('users').select(['email', 'unconfirmed_until']).orderBy('id').execute(),
    ).toEqual([
      { email: 'bob@example.com', unconfirmed_until: null },
      { email: 'rob@example.com', unconfirmed_until: LATER.getTime() },
    ])
  })

  it('changes only the given parts of a profile, and keeps private metadata out of the user', async () => {
    const db = await openStore(engine)
    const { id } = await store.addUser(db, 'bob@example.com', 'hash', { createdAt: NOW, name: 'Bob' })
    const rob = await store.addUser(db, 'rob@example.com', 'hash', { createdAt: NOW })
    const changes = {
      picture: 'https://example.com/bob.png',
      metadataJson: '{"plan":"pro"}',
      privateMetadataJson: '{"customer":"\\u0000"}',
    }
    const { privateMetadataJson, ...readable } = changes
    const changed = await store.updateProfile(db, id, changes)
    expect(changed).toMatchObject({ id, name: 'Bob', locale: null, ...readable })
    expect(Object.keys(changed ?? {})).not.toContain('privateMetadataJson')
    expect(await store.findUserById(db, id)).toEqual(changed)
    expect(await store.findPrivateMetadata(db, id)).toBe(privateMetadataJson)
    expect(await store.updateProfile(db, id, { picture: null })).toEqual({ ...changed, picture: null })
    expect(await store.findUserById(db, rob.id)).toEqual(rob)
    expect(await store.findPrivateMetadata(db, rob.id)).toBeNull()
    expect(await store.findPrivateMetadata(db, 99)).toBeUndefined()
    expect(await store.updateProfile(db, 99, { name: 'Nobody' })).toBeNull()
  })

  it('gives an account its confirmed address as spelled, and keeps the account', async () => {
    const db = await openStore(engine)
    const { id } = await store.addUser(db, 'bob@example.com', 'hash', {
      createdAt: NOW,
      unconfirmedUntil: LATER,
    })
    await inTx(db, (tx) => store.confirmEmail(tx, id, ' Robert@Bücher.example ', LATER))
    expect(await store.findUserByEmail(db, 'robert@xn--bcher-kva.example')).toMatchObject({
      id,
      email: 'Robert@Bücher.example',
      emailVerifiedAt: LATER,
    })
    expect(await store.findUserByEmail(db, 'bob@example.com')).toBeNull()
    expect(await inTx(db, (tx) => store.deleteUnconfirmedUsers(tx, LATER, 100))).toBe(0)
  })

  it('refuses to confirm an address of another account, and rolls the transaction back', async () => {
    const db = await openStore(engine)
    const bob = await store.addUser(db, 'bob@example.com', 'hash', { createdAt: NOW })
    const rob = await store.addUser(db, 'rob@example.com', 'hash', { createdAt: NOW })
    const confirming = inTx(db, async (tx) => {
      await store.markPasswordCompromised(tx, bob.id, NOW)
      await store.confirmEmail(tx, bob.id, 'ROB@example.com', NOW)
    })
    await expect(confirming).rejects.toThrow(Conflict)
    expect(await store.findUserById(db, bob.id)).toEqual(bob)
    expect(await store.findUserById(db, rob.id)).toEqual(rob)
  })

  it('marks a password as compromised once, and keeps the first time', async () => {
    const db = await openStore(engine)
    const { id } = await store.addUser(db, 'bob@example.com', 'hash', { createdAt: NOW })
    expect(await store.markPasswordCompromised(db, id, NOW)).toBe(true)
    expect(await store.markPasswordCompromised(db, id, LATER)).toBe(true)
    expect((await store.findUserById(db, id))?.passwordCompromisedAt).toEqual(NOW)
    expect(await store.markPasswordCompromised(db, id + 1, NOW)).toBe(false)
  })

  it('deletes only accounts not confirmed in time, with everything that is theirs, up to the limit', async () => {
    const db = await openStore(engine)
    const begin = (unconfirmedUntil: Date | null) => ({ createdAt: NOW, unconfirmedUntil })
    const stale = []
    for (const name of ['a', 'b', 'c'])
      stale.push(await store.addUser(db, `${name}@example.com`, 'hash', begin(NOW)))
    const [first] = stale as [User]
    const confirmed = await store.addUser(db, 'confirmed@example.com', 'hash', begin(NOW))
    await inTx(db, (tx) => store.confirmEmail(tx, confirmed.id, confirmed.email, NOW))
    const kept = [
      confirmed,
      await store.addUser(db, 'new@example.com', 'hash', begin(new Date(NOW.getTime() + 1))),
      await store.addUser(db, 'classic@example.com', 'hash', begin(null)),
    ]
    await inTx(db, (tx) => store.addSession(tx, first, sessionOf(first)))
    await inTx(db, (tx) => store.addToken(tx, tokenOf(first, { purpose: 'confirm_email' }), ONE))
    await addMail(db, mailOf({ userId: first.id }))

    const remove = (at: Date, limit: number) => inTx(db, (tx) => store.deleteUnconfirmedUsers(tx, at, limit))
    expect(await remove(new Date(NOW.getTime() - 1), 100)).toBe(0)
    expect(await remove(NOW, 2)).toBe(2)
    expect(await remove(NOW, 2)).toBe(1)
    expect(await remove(NOW, 2)).toBe(0)
    const left = await store.listUsers(db, { afterId: 0, limit: 100 })
    expect(left.map(({ id }) => id)).toEqual(kept.map(({ id }) => id))
    for (const table of ['sessions', 'tokens'] as const)
      expect(await db.selectFrom(table).selectAll().execute()).toEqual([])
    // The mail has lost its user. The sender will drop it.
    expect(await db.selectFrom('outbox').selectAll().execute()).toMatchObject([
      { user_id: null, email: null },
    ])
  })

  it('locks the account of an address only if it waits for confirmation', async () => {
    const db = await openStore(engine)
    const awaiting = { createdAt: NOW, unconfirmedUntil: LATER }
    const bob = await store.addUser(db, 'Bob@example.com', 'hash', awaiting)
    await store.addUser(db, 'rob@example.com', 'hash', awaiting)
    const confirmed = await store.addUser(db, 'confirmed@example.com', 'hash', awaiting)
    await inTx(db, (tx) => store.confirmEmail(tx, confirmed.id, confirmed.email, NOW))
    const classic = await store.addUser(db, 'classic@example.com', 'hash', { createdAt: NOW })
    const lock = (email: string) => inTx(db, (tx) => store.lockUnconfirmedUser(tx, email))
    expect(await lock(' bob@EXAMPLE.com')).toBe(bob.id)
    for (const email of [confirmed.email, classic.email, 'nobody@example.com'])
      expect(await lock(email)).toBeNull()
  })

  it('gives the current user when locking the row, or null', async () => {
    const db = await openStore(engine)
    const bob = await store.addUser(db, 'bob@example.com', 'hash', { createdAt: NOW })
    expect(await inTx(db, (tx) => store.lockUser(tx, bob.id))).toEqual(bob)
    await store.updateUser(db, bob.id, { hashedPassword: 'new' })
    expect(await inTx(db, (tx) => store.lockUser(tx, bob.id))).toMatchObject({ passwordVersion: 2 })
    expect(await inTx(db, (tx) => store.lockUser(tx, bob.id + 1))).toBeNull()
  })

  it.each([
    ['an unknown attribute', { nickname: 'bob' }, InvalidRequestError],
    ['the id', { id: 7 }, InvalidRequestError],
    ['a required attribute to null', { hashedPassword: null }, InvalidRequestError],
    ['an attribute to undefined', { sessionId: undefined }, InvalidRequestError],
    ['the address to that of another user', { email: 'ROB@example.com' }, Conflict],
  ])('refuses to change %s, and changes nothing', async (_name, changes, error) => {
    const db = await openStore(engine)
    const bob = await store.addUser(db, 'bob@example.com', 'hash', { createdAt: NOW })
    await store.addUser(db, 'rob@example.com', 'hash', { createdAt: NOW })
    await expect(
      store.updateUser(db, bob.id, { resetToken: 'x', ...changes } as store.UserChanges),
    ).rejects.toThrow(error)
    expect(await store.findUserBy(db, { id: bob.id })).toEqual(bob)
  })

  it('refuses a change without attributes with InvalidRequestError', async () => {
    const db = await openStore(engine)
    const { id } = await store.addUser(db, 'bob@example.com', 'hash', { createdAt: NOW })
    await expect(store.updateUser(db, id, {})).rejects.toThrow(InvalidRequestError)
  })

  it('throws NoResultFound for a change of an unknown user', async () => {
    const db = await openStore(engine)
    await expect(store.updateUser(db, 4711, { resetToken: 'x' })).rejects.toThrow(NoResultFound)
  })

  it('does not store a rehash over a password that has changed since', async () => {
    const db = await openStore(engine)
    const bob = await store.addUser(db, 'bob@example.com', 'old', { createdAt: NOW })
    await store.updatePasswordHash(db, bob, 'old, rehashed')
    expect(await store.findUserBy(db, { id: bob.id })).toMatchObject({
      hashedPassword: 'old, rehashed',
      passwordVersion: 1,
    })
    await store.updateUser(db, bob.id, { hashedPassword: 'new' })
    await store.updatePasswordHash(db, bob, 'old, rehashed again')
    expect((await store.findUserBy(db, { id: bob.id })).hashedPassword).toBe('new')
  })

  it('lists users by id in pages', async () => {
    const db = await openStore(engine)
    for (const name of ['a', 'b', 'c'])
      await store.addUser(db, `${name}@example.com`, 'hash', { createdAt: NOW })
    const first = await store.listUsers(db, { afterId: 0, limit: 2 })
    const second = await store.listUsers(db, { afterId: first.at(-1)?.id ?? 0, limit: 2 })
    expect([...first, ...second].map((user) => user.email)).toEqual([
      'a@example.com',
      'b@example.com',
      'c@example.com',
    ])
  })

  it('deletes sessions and tokens with their user, keeps mail without its user, and leaves other users alone', async () => {
    const db = await openStore(engine)
    const bob = await store.addUser(db, 'bob@example.com', 'hash', { createdAt: NOW })
    const rob = await store.addUser(db, 'rob@example.com', 'hash', { createdAt: NOW })
    const [session, token] = [sessionOf(bob), tokenOf(bob)]
    const kept = sessionOf(rob)
    await inTx(db, (tx) => store.addSession(tx, bob, session))
    await inTx(db, (tx) => store.addSession(tx, rob, kept))
    await inTx(db, (tx) => store.addToken(tx, token, ONE))
    await addMail(db, mailOf({ userId: bob.id }))
    await addMail(db, mailOf({ userId: rob.id }))
    expect(await store.deleteUser(db, bob.id)).toBe(true)
    const left = await takeMail(db, NOW)
    expect(new Set(left.map(({ userId }) => userId))).toEqual(new Set([rob.id, null]))
    expect(left.map(({ email }) => email)).toEqual([null, null])
    expect(await store.findSession(db, session.id)).toBeNull()
    expect(await store.findToken(db, ['reset_password'], token.id)).toBeNull()
    expect(await store.findSession(db, kept.id)).not.toBeNull()
    expect(await store.deleteUser(db, bob.id)).toBe(false)
  })
})

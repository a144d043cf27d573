/** What `auth` relies on in the store, on both databases. */
import { sql } from 'kysely'
import { expect, it, onTestFinished, vi } from 'vitest'
import * as store from '../../src/db/index.ts'
import { sha256 } from '../../src/lib/digest.ts'
import { uuidV7 } from '../../src/lib/random.ts'
import { Conflict, InvalidRequestError, NoResultFound } from '../../src/model/errors.ts'
import type { User } from '../../src/model/user.ts'
import { type EngineName, namedDatabase, onBothEngines } from '../support/engines.ts'
import { NAMED } from '../support/named.ts'

const NOW = new Date('2026-11-21T12:00:00.123Z')
const LATER = new Date('2026-12-21T12:00:00Z')

// All tests of the store use names of our own for the tables, so that a statement with a plain name fails. The tests of
// the service use the plain names.
function openNamed(engine: EngineName, databaseUrl: string): Promise<store.Database> {
  return store.openAsItIs(databaseUrl, { naming: NAMED[engine] })
}

async function openStore(engine: EngineName): Promise<store.Database> {
  const db = await openNamed(engine, await namedDatabase(engine))
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
    amr: ['pwd', 'otp'],
    aal: 2,
    ip: '2001:db8::1',
    userAgent: 'curl/8',
    transport: 'cookie',
    persistent: true,
    ...changes,
  }
}

/** Runs one function of the store in its own transaction. */
function inTx<Result>(db: store.Database, work: (tx: store.Tx) => Promise<Result>): Promise<Result> {
  return db.transaction().execute(work)
}

/** A new token replaces the earlier one for its purpose. */
const ONE = { max: 1 }
/** Up to three tokens for a purpose are outstanding. */
const THREE = { max: 3 }

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

/** A mail without a user or an address, unless the test gives them. */
function mailOf(changes: Partial<store.NewMail> = {}): store.NewMail {
  return {
    id: uuidV7(NOW),
    kind: 'verify_email',
    userId: null,
    email: null,
    locale: 'en',
    details: {},
    createdAt: NOW,
    priority: 1,
    ...changes,
  }
}

/** Enqueues a mail that replaces an older one, as a mail with a link does. */
function addMail(db: store.Database, mail: store.NewMail): Promise<void> {
  return store.addMail(db, mail, { replaces: true })
}

const LEASE_SECONDS = 300
const LONGEST_WAIT_SECONDS = 3_600

function takeMail(
  db: store.Database,
  now: Date,
  { limit = 100, notTo = [] }: Partial<store.MailSelection> = {},
): Promise<store.OutboxMail[]> {
  const lease = { leaseMs: LEASE_SECONDS * 1_000, longestWaitMs: LONGEST_WAIT_SECONDS * 1_000 }
  return store.takeDueMail(db, now, lease, { limit, notTo })
}

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
    const databaseUrl = await namedDatabase(engine)
    const instances = await Promise.all([openNamed(engine, databaseUrl), openNamed(engine, databaseUrl)])
    onTestFinished(() => Promise.all(instances.map((db) => db.destroy())).then(() => {}))
    const [db] = instances as [store.Database, store.Database]
    const mails = Array.from({ length: 40 }, () => mailOf())
    for (const mail of mails) await addMail(db, mail)
    const taken = await Promise.all(
      Array.from({ length: 20 }, (_, index) => takeMail(instances[index % 2] ?? db, NOW, { limit: 5 })),
    )
    const ids = taken.flat().map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    // Instances that competed for the same rows may have got fewer. The next call takes the rest.
    for (
      let more = await takeMail(db, NOW, { limit: 5 });
      more.length > 0;
      more = await takeMail(db, NOW, { limit: 5 })
    )
      ids.push(...more.map(({ id }) => id))
    expect(ids.sort()).toEqual(mails.map(({ id }) => id).sort())
  })

  it('gives nothing to an instance that waited for rows that another one has taken', async () => {
    const databaseUrl = await namedDatabase(engine)
    const [one, two] = await Promise.all([openNamed(engine, databaseUrl), openNamed(engine, databaseUrl)])
    onTestFinished(() => Promise.all([one.destroy(), two.destroy()]).then(() => {}))
    await addMail(one, mailOf())
    let waiting: Promise<store.OutboxMail[]> | undefined
    const taken = await inTx(one, async (tx) => {
      const mails = await takeMail(tx, NOW)
      waiting = takeMail(two, NOW)
      // On SQLite the lock covers the whole file.
      const isBlocked = async () =>
        engine === 'sqlite' ||
        (
          await sql`select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`.execute(
            tx,
          )
        ).rows.length > 0
      await vi.waitUntil(isBlocked, { timeout: 50_000, interval: 5 })
      return mails
    })
    expect(taken).toHaveLength(1)
    expect(await waiting).toEqual([])
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

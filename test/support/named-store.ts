/**
 * The store under names of our own for the tables, so that a statement with a plain name fails, and rows for it. The tests of
 * the service use the plain names.
 */
import { onTestFinished } from 'vitest'
import * as store from '../../src/db/index.ts'
import { sha256 } from '../../src/lib/digest.ts'
import { uuidV7 } from '../../src/lib/random.ts'
import type { User } from '../../src/model/user.ts'
import { type EngineName, namedDatabase } from './engines.ts'
import { NAMED } from './named.ts'

export const NOW = new Date('2026-11-21T12:00:00.123Z')
export const LATER = new Date('2026-12-21T12:00:00Z')

export function openNamed(engine: EngineName, databaseUrl: string): Promise<store.Database> {
  return store.openAsItIs(databaseUrl, { naming: NAMED[engine] })
}

export async function openStore(engine: EngineName): Promise<store.Database> {
  const db = await openNamed(engine, await namedDatabase(engine))
  onTestFinished(() => db.destroy())
  return db
}

export function sessionOf(user: User, changes: Partial<store.Session> = {}): store.Session {
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
export function inTx<Result>(db: store.Database, work: (tx: store.Tx) => Promise<Result>): Promise<Result> {
  return db.transaction().execute(work)
}

/** A new token replaces the earlier one for its purpose. */
export const ONE = { max: 1 }
/** Up to three tokens for a purpose are outstanding. */
export const THREE = { max: 3 }

export function tokenOf(user: User, changes: Partial<store.Token> = {}): store.Token {
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
export function mailOf(changes: Partial<store.NewMail> = {}): store.NewMail {
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
export function addMail(db: store.Database, mail: store.NewMail): Promise<void> {
  return store.addMail(db, mail, { replaces: true })
}

export const LEASE_SECONDS = 300
export const LONGEST_WAIT_SECONDS = 3_600

export function takeMail(
  db: store.Database,
  now: Date,
  { limit = 100, notTo = [] }: Partial<store.MailSelection> = {},
): Promise<store.OutboxMail[]> {
  const lease = { leaseMs: LEASE_SECONDS * 1_000, longestWaitMs: LONGEST_WAIT_SECONDS * 1_000 }
  return store.takeDueMail(db, now, lease, { limit, notTo })
}

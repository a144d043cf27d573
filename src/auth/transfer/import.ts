import * as store from '../../db/index.ts'
import { sha256 } from '../../lib/digest.ts'
import { Conflict } from '../../model/errors.ts'
import { normalizeEmail } from '../../model/user.ts'
import { allowsHttpPictures, checkMetadata } from '../account/profile-values.ts'
import { record } from '../audit/record.ts'
import { asOperator, type Caller, UNKNOWN_CALLER } from '../caller.ts'
import { type Context, inTransaction, type TxContext } from '../context.ts'
import type { FirebaseProject } from '../passwords/hashing/firebase.ts'
import { costOfNew } from '../passwords/hashing/index.ts'
import { forgetFailuresOfAll } from '../sign-in/throttle.ts'
import { findWrongKey } from './imported-factors.ts'
import { identityKey } from './imported-identities.ts'
import {
  type Fields,
  type ImportedUser,
  isSameUser,
  readImportedUser,
  writtenAccount,
} from './imported-user.ts'
import type { MovingFactors } from './moving-factors.ts'
import { addFactors, factorsOfAll } from './stored-factors.ts'

/** The fields of a user, or why they could not be read. Rejected items are returned unchanged. */
export type ImportItem = { readonly fields: Fields } | { readonly problem: string }

/** What {@link importUsers} takes besides the items. */
export interface ImportOptions {
  /**
   * Whether to only check, and change nothing. Keeps every address in memory, about 400 bytes each. Default `false`.
   */
  readonly dryRun?: boolean
  /** The hash parameters of the Firebase project, which hashes with a `salt` need. Default `null`. */
  readonly firebase?: FirebaseProject | null
}

/** The outcome of a batch. */
export interface ImportStep {
  readonly added: number
  /** Users who already exist with the same values. */
  readonly unchanged: number
  readonly rejected: readonly { readonly item: ImportItem; readonly problem: string }[]
}

/** Accounts per transaction. Bounds what a crash can lose and how long other writers wait. */
const BATCH = 1_000

/**
 * Imports accounts with their password hashes, passkeys, authenticator apps and identities, in transactions of 1,000. Never changes
 * an existing account. An item that cannot be added is returned with the reason, and the others are still added. Repeating an
 * interrupted import adds what is missing.
 *
 * @param items - `fields`: names and values as in docs/guide/move.md.
 * @returns The outcome of each batch. Nothing happens until it is iterated.
 */
export async function* importUsers(
  ctx: Context,
  items: AsyncIterable<ImportItem> | Iterable<ImportItem>,
  options: ImportOptions = {},
  caller: Caller = UNKNOWN_CALLER,
): AsyncGenerator<ImportStep> {
  const { dryRun = false, firebase = null } = options
  const operator = asOperator(caller)
  const now = ctx.now()
  // A hash that this service makes itself can always be imported again.
  const maxCost = Math.max(ctx.options.maxImportedHashCost, costOfNew(ctx.options))
  const allowsHttp = allowsHttpPictures(ctx.options)
  // The generated key of development mode is lost with the process.
  const canSeal = ctx.options.secretKey !== ''
  const details = { now, firebase, maxCost, allowsHttp, canSeal }
  const earlier = new EarlierLines()
  const total = { added: 0, unchanged: 0, rejected: 0 }
  for await (const batch of inBatches(items)) {
    const read: Read[] = []
    for (const item of batch) {
      const reading = 'problem' in item ? item : readImportedUser(item.fields, details)
      read.push({ item, reading: await withRightKeys(await withSchemas(ctx, reading)) })
    }
    const step = dryRun
      ? await decide(ctx, read, earlier, async () => {})
      : await retryingConflicts(() =>
          inTransaction(ctx, (tx) =>
            decide(tx, read, new EarlierLines(), (users) =>
              addAccounts(tx, users, { isFirst: total.added === 0, operator }),
            ),
          ),
        )
    total.added += step.added
    total.unchanged += step.unchanged
    total.rejected += step.rejected.length
    yield step
  }
  if (total.added > 0 && !dryRun)
    await record(ctx, { action: 'finish_import', userId: null, details: { ...total } }, operator)
}

/** The user with the metadata that the schemas of the application return. */
async function withSchemas({ metadataSchema }: Context, reading: Read['reading']): Promise<Read['reading']> {
  if ('problem' in reading) return reading
  const changes: { metadataJson?: string | null; privateMetadataJson?: string | null } = {}
  for (const [field, property, schema] of [
    ['metadata', 'metadataJson', metadataSchema.public],
    ['private_metadata', 'privateMetadataJson', metadataSchema.private],
  ] as const) {
    const json = reading.user[property]
    if (json === null || schema === undefined) continue
    const checked = await checkMetadata(JSON.parse(json), schema)
    if ('problem' in checked) return { problem: `${field}: ${checked.problem}` }
    changes[property] = checked.value
  }
  return { ...reading, user: { ...reading.user, ...changes } }
}

/** Refuses a passkey whose key could never verify a signature. */
async function withRightKeys(reading: Read['reading']): Promise<Read['reading']> {
  const problem = 'problem' in reading ? null : await findWrongKey(reading.factors)
  return problem === null ? reading : { problem }
}

async function* inBatches(
  items: AsyncIterable<ImportItem> | Iterable<ImportItem>,
): AsyncGenerator<ImportItem[]> {
  let batch: ImportItem[] = []
  for await (const item of items) {
    batch.push(item)
    if (batch.length < BATCH) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

/** The users that earlier items of a dry run, or of a batch, would add. */
class EarlierLines {
  readonly #users = new Map<string, string>()
  readonly #ids = new Set<number>()
  readonly #handles = new Set<string>()
  readonly #credentials = new Set<string>()
  readonly #identities = new Set<string>()

  /** Compares an account with earlier ones: `same`, or the value that both have. Remembers it if there is `none`. */
  meet(account: ImportedUser): 'none' | 'same' | keyof typeof REPEATED {
    const { user, factors } = account
    const email = normalizeEmail(user.email)
    const digest = Buffer.from(sha256(writtenAccount(account))).toString('base64')
    const before = this.#users.get(email)
    if (before !== undefined) return before === digest ? 'same' : 'email'
    if (user.id !== null && this.#ids.has(user.id)) return 'id'
    // An authenticator would replace the passkey of one account with that of the other (WebAuthn Level 3 §6.1).
    if (user.webauthnHandle !== null && this.#handles.has(user.webauthnHandle)) return 'handle'
    if (factors.passkeys.some(({ credentialId }) => this.#credentials.has(credentialId))) return 'passkey'
    if (factors.identities.some((identity) => this.#identities.has(identityKey(identity)))) return 'identity'
    this.#users.set(email, digest)
    if (user.id !== null) this.#ids.add(user.id)
    if (user.webauthnHandle !== null) this.#handles.add(user.webauthnHandle)
    for (const { credentialId } of factors.passkeys) this.#credentials.add(credentialId)
    for (const identity of factors.identities) this.#identities.add(identityKey(identity))
    return 'none'
  }
}

interface Read {
  readonly item: ImportItem
  readonly reading: ImportedUser | { readonly problem: string }
}

const EMAIL_TAKEN = 'email: another account has this address'

/** What an item has in common with an earlier one. */
const REPEATED = {
  email: 'email: an earlier line has this address with other values',
  id: 'id: another account has this id',
  handle: 'webauthn_handle: another account has this user handle',
  passkey: 'passkeys: another account has a passkey with this credential_id',
  identity: 'identities: another account has an identity with this issuer and subject',
} as const

/** Compares items with existing accounts and with each other, and passes the new accounts to `add`. */
async function decide(
  ctx: Context,
  items: readonly Read[],
  earlier: EarlierLines,
  add: (accounts: readonly ImportedUser[]) => Promise<void>,
): Promise<ImportStep> {
  const existing = await findExisting(ctx, items)
  const rejected: { item: ImportItem; problem: string }[] = []
  const added: ImportedUser[] = []
  let unchanged = 0
  for (const { item, reading } of items) {
    const outcome = 'problem' in reading ? reading : outcomeOf(reading, existing, earlier)
    if (outcome === 'added') added.push(reading as ImportedUser)
    else if (outcome === 'unchanged') unchanged++
    else rejected.push({ item, problem: outcome.problem })
  }
  await add(added)
  return { added: added.length, unchanged, rejected }
}

function outcomeOf(
  account: ImportedUser,
  { byEmail, ids, handles, credentials, identities }: Existing,
  earlier: EarlierLines,
): 'added' | 'unchanged' | { readonly problem: string } {
  const { user, factors } = account
  const owner = byEmail.get(normalizeEmail(user.email))
  if (owner !== undefined) return isSameUser(account, owner) ? 'unchanged' : { problem: EMAIL_TAKEN }
  if (user.id !== null && ids.has(user.id)) return { problem: REPEATED.id }
  if (user.webauthnHandle !== null && handles.has(user.webauthnHandle)) return { problem: REPEATED.handle }
  if (factors.passkeys.some(({ credentialId }) => credentials.has(credentialId)))
    return { problem: REPEATED.passkey }
  if (factors.identities.some((identity) => identities.has(identityKey(identity))))
    return { problem: REPEATED.identity }
  const before = earlier.meet(account)
  if (before === 'none') return 'added'
  return before === 'same' ? 'unchanged' : { problem: REPEATED[before] }
}

/** What the database already has of a batch. */
interface Existing {
  readonly byEmail: ReadonlyMap<string, { readonly user: store.MovingUser; readonly factors: MovingFactors }>
  readonly ids: ReadonlySet<number>
  /** User handles of WebAuthn. */
  readonly handles: ReadonlySet<string>
  /** Ids of credentials. */
  readonly credentials: ReadonlySet<string>
  /** Keys of identities. */
  readonly identities: ReadonlySet<string>
}

async function findExisting(ctx: Context, items: readonly Read[]): Promise<Existing> {
  const accounts = items.flatMap(({ reading }) => ('user' in reading ? [reading] : []))
  const users = await store.findUsersAmong(ctx.db, {
    emails: accounts.map(({ user }) => normalizeEmail(user.email)),
    ids: accounts.flatMap(({ user }) => user.id ?? []),
  })
  const ids = users.map(({ id }) => id)
  const factorsOf = await factorsOfAll(ctx, ids)
  const credentials = accounts.flatMap(({ factors }) =>
    factors.passkeys.map(({ credentialId }) => credentialId),
  )
  const identities = accounts.flatMap(({ factors }) => factors.identities)
  return {
    byEmail: new Map(
      users.map((user) => [normalizeEmail(user.email), { user, factors: factorsOf(user.id) }] as const),
    ),
    ids: new Set(ids),
    handles: new Set(
      await store.findHandlesAmong(
        ctx.db,
        accounts.flatMap(({ user }) => user.webauthnHandle ?? []),
      ),
    ),
    credentials: new Set(await store.findCredentialsAmong(ctx.db, credentials)),
    identities: new Set((await store.findIdentitiesAmong(ctx.db, identities)).map(identityKey)),
  }
}

async function addAccounts(
  tx: TxContext,
  accounts: readonly ImportedUser[],
  { isFirst, operator }: { isFirst: boolean; operator: Caller },
): Promise<void> {
  if (accounts.length === 0) return
  // Users with an id first, so that no generated id takes one of theirs.
  for (const hasId of [true, false]) {
    const group = accounts.filter(({ user }) => (user.id !== null) === hasId)
    const ids = await store.addUsers(
      tx.db,
      group.map(({ user }) => user),
    )
    await addFactors(
      tx,
      group.map(({ user, factors }) => ({ userId: idIn(ids, user.email), factors })),
    )
  }
  // Failures counted before the account existed must not count against it.
  await forgetFailuresOfAll(
    tx,
    accounts.map(({ user }) => user.email),
  )
  if (isFirst) await record(tx, { action: 'begin_import', userId: null }, operator)
}

function idIn(ids: ReadonlyMap<string, number>, email: string): number {
  const id = ids.get(normalizeEmail(email))
  if (id === undefined) throw new Error('the database did not return the id of a new user')
  return id
}

/** A concurrent registration may take an address between the look-up and the insert. The next look-up finds it. */
const TRIES_MAX = 10

async function retryingConflicts<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof Conflict) || tries === TRIES_MAX) throw error
    }
  }
}

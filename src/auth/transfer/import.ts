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
import { type Fields, type ImportedUser, isSameUser, readImportedUser } from './imported-user.ts'

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
 * Imports accounts with their password hashes, in transactions of 1,000. Never changes an existing account. An item
 * that cannot be added is returned with the reason, and the others are still added. Repeating an interrupted import
 * adds what is missing.
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
  const earlier = new EarlierLines()
  const total = { added: 0, unchanged: 0, rejected: 0 }
  for await (const batch of inBatches(items)) {
    const read: Read[] = []
    for (const item of batch)
      read.push({
        item,
        reading: await withSchemas(ctx, readItem(item, { now, firebase, maxCost, allowsHttp })),
      })
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

function readItem(item: ImportItem, details: Parameters<typeof readImportedUser>[1]): Read['reading'] {
  return 'problem' in item ? { problem: item.problem } : readImportedUser(item.fields, details)
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

  /**
   * Compares an item with the earlier ones: `same` user, same `email` or same `id`. Remembers it if there is `none`.
   */
  meet(email: string, user: store.MovingUser): 'none' | 'same' | 'email' | 'id' {
    const digest = Buffer.from(sha256(JSON.stringify(user))).toString('base64')
    const before = this.#users.get(email)
    if (before !== undefined) return before === digest ? 'same' : 'email'
    if (user.id !== null && this.#ids.has(user.id)) return 'id'
    this.#users.set(email, digest)
    if (user.id !== null) this.#ids.add(user.id)
    return 'none'
  }
}

interface Read {
  readonly item: ImportItem
  readonly reading: ImportedUser | { readonly problem: string }
}

const EMAIL_TAKEN = 'email: another account has this address'
const EMAIL_REPEATED = 'email: an earlier line has this address with other values'
const ID_TAKEN = 'id: another account has this id'

/** Compares items with existing accounts and with each other, and passes the new users to `add`. */
async function decide(
  ctx: Context,
  items: readonly Read[],
  earlier: EarlierLines,
  add: (users: readonly store.MovingUser[]) => Promise<void>,
): Promise<ImportStep> {
  const { byEmail, byId } = await findExisting(ctx, items)
  const rejected: { item: ImportItem; problem: string }[] = []
  const added: store.MovingUser[] = []
  let unchanged = 0
  for (const { item, reading } of items) {
    if ('problem' in reading) {
      rejected.push({ item, problem: reading.problem })
      continue
    }
    const { user } = reading
    const email = normalizeEmail(user.email)
    const existing = byEmail.get(email)
    if (existing !== undefined) {
      if (isSameUser(reading, existing)) unchanged++
      else rejected.push({ item, problem: EMAIL_TAKEN })
      continue
    }
    if (user.id !== null && byId.has(user.id)) {
      rejected.push({ item, problem: ID_TAKEN })
      continue
    }
    const before = earlier.meet(email, user)
    if (before === 'none') added.push(user)
    else if (before === 'same') unchanged++
    else rejected.push({ item, problem: before === 'email' ? EMAIL_REPEATED : ID_TAKEN })
  }
  await add(added)
  return { added: added.length, unchanged, rejected }
}

async function findExisting(ctx: Context, items: readonly Read[]) {
  const users = items.flatMap(({ reading }) => ('user' in reading ? [reading.user] : []))
  const existing = await store.findUsersAmong(ctx.db, {
    emails: users.map(({ email }) => normalizeEmail(email)),
    ids: users.flatMap(({ id }) => id ?? []),
  })
  return {
    byEmail: new Map(existing.map((user) => [normalizeEmail(user.email), user])),
    byId: new Set(existing.map(({ id }) => id)),
  }
}

async function addAccounts(
  tx: TxContext,
  users: readonly store.MovingUser[],
  { isFirst, operator }: { isFirst: boolean; operator: Caller },
): Promise<void> {
  if (users.length === 0) return
  // Users with an id first, so that no generated id takes one of theirs.
  for (const hasId of [true, false])
    await store.addUsers(
      tx.db,
      users.filter(({ id }) => (id !== null) === hasId),
    )
  // Failures counted before the account existed must not count against it.
  await forgetFailuresOfAll(
    tx,
    users.map(({ email }) => email),
  )
  if (isFirst) await record(tx, { action: 'begin_import', userId: null }, operator)
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

import * as store from '../../db/index.ts'
import { Conflict } from '../../errors.ts'
import { sha256 } from '../../lib/digest.ts'
import { normalizeEmail } from '../../user.ts'
import { record } from '../audit/record.ts'
import { asOperator, type Caller } from '../caller.ts'
import { type Context, inTransaction, type TxContext } from '../context.ts'
import type { FirebaseProject } from '../passwords/hashing/firebase.ts'
import { type Fields, type ImportedUser, readImportedUser } from './imported-user.ts'
import { forgetFailuresOfAll } from '../sign-in/throttle.ts'

/** What is imported: the fields of a user, or why there are none. What else an item has comes back with its step. */
export type ImportItem = { readonly fields: Fields } | { readonly problem: string }

/** How to import. */
export interface ImportOptions {
  /** Whether to look only, and change nothing. It remembers every address: some 400 bytes for each. */
  readonly dryRun?: boolean
  /** The hash parameters of the Firebase project that hashes with a `salt` beside them come from. */
  readonly firebase?: FirebaseProject | null
}

/** What became of some items. */
export interface ImportStep<Item> {
  readonly added: number
  /** They are there already, with all that was given the same. */
  readonly unchanged: number
  readonly rejected: readonly { readonly item: Item; readonly problem: string }[]
}

/** Accounts that are written for good at once: what a kill can cost, and how long others wait for the database. */
const BATCH = 1_000

/** Adds the accounts of another service. */
export async function* importUsers<Item extends ImportItem>(
  ctx: Context,
  items: AsyncIterable<Item> | Iterable<Item>,
  { dryRun = false, firebase = null }: ImportOptions,
  given: Caller,
): AsyncGenerator<ImportStep<Item>> {
  const caller = asOperator(given)
  const now = ctx.now()
  const earlier = new EarlierLines()
  const total = { added: 0, unchanged: 0, rejected: 0 }
  for await (const batch of inBatches(items)) {
    const read = batch.map((item) => ({ item, reading: readItem(item, { now, firebase }) }))
    const step = dryRun
      ? await decide(ctx, read, earlier, async () => {})
      : await untilNobodyInterferes(() =>
          inTransaction(ctx, (tx) =>
            decide(tx, read, new EarlierLines(), (users) =>
              addAccounts(tx, users, { isFirst: total.added === 0, caller }),
            ),
          ),
        )
    total.added += step.added
    total.unchanged += step.unchanged
    total.rejected += step.rejected.length
    yield step
  }
  if (total.added > 0 && !dryRun)
    await record(ctx, { action: 'finish_import', userId: null, details: { ...total } }, caller)
}

function readItem(
  item: ImportItem,
  details: Parameters<typeof readImportedUser>[1],
): Read<unknown>['reading'] {
  return 'problem' in item ? { problem: item.problem } : readImportedUser(item.fields, details)
}

async function* inBatches<Item>(items: AsyncIterable<Item> | Iterable<Item>): AsyncGenerator<Item[]> {
  let batch: Item[] = []
  for await (const item of items) {
    batch.push(item)
    if (batch.length < BATCH) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

/** Whom the lines before would have added, where nothing is written down. */
class EarlierLines {
  readonly #users = new Map<string, string>()
  readonly #ids = new Set<number>()

  /** What an earlier line is to this one; remembers it where there is none. */
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

interface Read<Item> {
  readonly item: Item
  readonly reading: ImportedUser | { readonly problem: string }
}

const EMAIL_TAKEN = 'email: another account has this address'
const EMAIL_REPEATED = 'email: an earlier line has this address, and is not the same'
const ID_TAKEN = 'id: another account has this number'

/** Holds items against the accounts that are there and against each other, and gives those that are new to `add`. */
async function decide<Item>(
  ctx: Context,
  items: readonly Read<Item>[],
  earlier: EarlierLines,
  add: (users: readonly store.MovingUser[]) => Promise<void>,
): Promise<ImportStep<Item>> {
  const { byEmail, byId } = await findExisting(ctx, items)
  const rejected: { item: Item; problem: string }[] = []
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
      if (reading.isSame(existing)) unchanged++
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

async function findExisting(ctx: Context, items: readonly Read<unknown>[]) {
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
  { isFirst, caller }: { isFirst: boolean; caller: Caller },
): Promise<void> {
  if (users.length === 0) return
  // Numbers that are brought along first, so that none of them is given to somebody else before.
  for (const hasId of [true, false])
    await store.addUsers(
      tx.db,
      users.filter(({ id }) => (id !== null) === hasId),
    )
  // What was guessed at before there was an account is none of its business.
  await forgetFailuresOfAll(
    tx,
    users.map(({ email }) => email),
  )
  if (isFirst) await record(tx, { action: 'begin_import', userId: null }, caller)
}

/** Somebody may register an address between the look-up and the insert: looked up again, it is seen. */
const TRIES_MAX = 10

async function untilNobodyInterferes<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof Conflict) || tries === TRIES_MAX) throw error
    }
  }
}

/** Table `pending_sign_ins`: sign-ins that wait for a second factor. */
import type { Selectable } from 'kysely'
import type { NextStep, SignInMethod } from '../../model/factors.ts'
import type { ProviderSession } from '../../model/providers.ts'
import type { Transport } from '../../model/transport.ts'
import { locking } from '../dialect.ts'
import type { Database, Schema, Tx } from './index.ts'
import { conversions, type ModelOf } from './model.ts'
import { deleteExpiredRows, USER_ID } from './rows.ts'
import type { Columns, RowOf, Table } from './table.ts'

const COLUMNS = {
  id: {
    type: 'uuid',
    about: 'The key, a UUID version 7',
    class: 'technical',
    protection: 'identifies the sign-in but gives no access',
    log: 'no',
  },
  secret_hash: {
    type: 'bytes',
    about: 'SHA-256 of the secret in the cookie `login`',
    class: 'secret',
    protection: 'SHA-256 of 256 random bits',
    log: 'no',
  },
  user_id: USER_ID,
  next: {
    type: 'text',
    about: 'What is missing: `second_factor`, or `enrol` if one must be set up first',
    class: 'technical',
    log: 'yes',
  },
  method: { type: 'text', about: 'How the sign-in began', class: 'technical', log: 'yes' },
  amr: {
    type: 'text',
    as: 'words',
    about: 'What the user has proven: RFC 8176 names, separated by spaces',
    class: 'technical',
    log: 'yes',
  },
  password_version: {
    type: 'integer',
    about: 'The version of the password at the time. Setting another password ends the sign-in',
    class: 'technical',
    log: 'no',
  },
  persistent: {
    type: 'integer',
    as: 'boolean',
    about: '1 if the user asked to stay signed in, else 0',
    class: 'technical',
    log: 'yes',
  },
  transport: {
    type: 'text',
    about: 'How the client will present the session token: `cookie` or `bearer`',
    class: 'technical',
    log: 'yes',
  },
  return_to: {
    type: 'text',
    nullable: true,
    about: 'Where the pages go after the sign-in',
    class: 'personal',
    log: 'no',
  },
  notice_id: {
    type: 'uuid',
    nullable: true,
    about: 'The mail that warns the owner if the sign-in is not finished',
    class: 'technical',
    log: 'no',
  },
  created_at: { type: 'time', about: 'When the first factor was proven', class: 'personal', log: 'no' },
  expires_at: { type: 'time', about: 'When it expires', class: 'technical', log: 'no' },
  provider_id: {
    type: 'text',
    nullable: true,
    about: 'The provider at which the sign-in began',
    class: 'technical',
    log: 'yes',
  },
  provider_sid: {
    type: 'text',
    nullable: true,
    about: 'The session at the provider',
    class: 'pseudonym',
    log: 'no',
  },
} as const satisfies Columns

export type PendingSignInsTable = RowOf<typeof COLUMNS>

export const pending_sign_ins = {
  columns: COLUMNS,
  key: 'id',
  retention:
    'A row stays until the sign-in is finished or canceled, until the password, the address or a factor changes, or until the next clean-up after its 10 minutes. An account has at most five.',
  exportedBy: [],
  afterAccount: 'gone',
  cleanUps: {
    pendingSignIns: {
      what: 'sign-ins that wait for a second factor',
      when: '10 minutes after the first factor',
      settings: [],
      deleteSome: (tx, { now }, limit) => deleteExpiredRows(tx, 'pending_sign_ins', now, limit),
    },
  },
} satisfies Table

type Pending = ModelOf<typeof COLUMNS, { next: NextStep; method: SignInMethod; transport: Transport }>

const { modelOf, rowOf } = conversions<typeof COLUMNS, Pending>(COLUMNS)

/** A sign-in that waits for a second factor. */
export type PendingSignIn = Omit<Pending, 'providerId' | 'providerSid'> & {
  /** The session at the provider where the sign-in began, or `null`. */
  readonly provider: ProviderSession | null
}

/** Adds a pending sign-in. The oldest ones of the user beyond `keep` are deleted. Lock the user first. */
export async function addPendingSignIn(tx: Tx, pending: PendingSignIn, keep: number): Promise<void> {
  const surplus = await tx
    .selectFrom('pending_sign_ins')
    .select('id')
    .where('user_id', '=', pending.userId)
    .orderBy('id', 'desc')
    .limit(1_000)
    .offset(keep - 1)
    .execute()
  if (surplus.length > 0)
    await tx
      .deleteFrom('pending_sign_ins')
      .where(
        'id',
        'in',
        surplus.map(({ id }) => id),
      )
      .execute()
  await tx
    .insertInto('pending_sign_ins')
    .values(
      rowOf({
        ...pending,
        providerId: pending.provider?.id ?? null,
        providerSid: pending.provider?.sid ?? null,
      }),
    )
    .execute()
}

/** The pending sign-in with this id, or `null`. The caller must check the secret, and whether it has expired. */
export async function findPendingSignIn(db: Database, id: string): Promise<PendingSignIn | null> {
  const row = await db.selectFrom('pending_sign_ins').selectAll().where('id', '=', id).executeTakeFirst()
  return row === undefined ? null : pendingOf(row)
}

/** The pending sign-ins of a user, the oldest first. Some may have expired. */
export async function listPendingSignIns(db: Database, userId: number): Promise<PendingSignIn[]> {
  const rows = await db
    .selectFrom('pending_sign_ins')
    .selectAll()
    .where('user_id', '=', userId)
    .orderBy('id')
    .execute()
  return rows.map(pendingOf)
}

/** Sets the notice that is due if a sign-in is not finished. */
export async function setPendingNotice(tx: Tx, id: string, noticeId: string | null): Promise<void> {
  await tx.updateTable('pending_sign_ins').set({ notice_id: noticeId }).where('id', '=', id).execute()
}

/** Takes a pending sign-in by deleting it. Of any number of concurrent callers, exactly one gets `true`. */
export async function takePendingSignIn(tx: Tx, id: string): Promise<boolean> {
  const { numDeletedRows } = await tx.deleteFrom('pending_sign_ins').where('id', '=', id).executeTakeFirst()
  return numDeletedRows > 0n
}

/** Deletes all pending sign-ins of a user. Lock the user first. */
export async function deletePendingSignInsOf(tx: Tx, userId: number): Promise<void> {
  const rows = tx.selectFrom('pending_sign_ins').select('id').where('user_id', '=', userId).orderBy('id')
  await tx.deleteFrom('pending_sign_ins').where('id', 'in', locking(tx, rows)).execute()
}

/** Deletes the pending sign-ins that a logout at a provider ends, chosen as by `listSessionsFrom`. */
export async function deletePendingSignInsFrom(
  tx: Tx,
  providerId: string,
  { sid, userId }: { readonly sid: string | null; readonly userId: number | null },
): Promise<void> {
  const rows = tx
    .selectFrom('pending_sign_ins')
    .select('id')
    .where('provider_id', '=', providerId)
    .where(({ eb, and, or }) =>
      or([
        ...(sid === null ? [] : [eb('provider_sid', '=', sid)]),
        ...(userId === null
          ? []
          : [and([eb('user_id', '=', userId), ...(sid === null ? [] : [eb('provider_sid', 'is', null)])])]),
      ]),
    )
    .orderBy('id')
  await tx.deleteFrom('pending_sign_ins').where('id', 'in', locking(tx, rows)).execute()
}

/** Deletes the pending sign-ins of all users. */
export async function deleteEveryPendingSignIn(tx: Tx): Promise<void> {
  await tx.deleteFrom('pending_sign_ins').execute()
}

function pendingOf(row: Selectable<Schema['pending_sign_ins']>): PendingSignIn {
  const { providerId: id, providerSid: sid, ...pending } = modelOf(row)
  return { ...pending, provider: id === null ? null : { id, sid } }
}

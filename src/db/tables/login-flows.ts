/** Table `login_flows`: sign-ins in progress at other providers. */
import type { FlowPurpose, Identification } from '../../model/providers.ts'
import type { Database, Tx } from './index.ts'
import { conversions, type ModelOf } from './model.ts'
import { deleteExpiredRows } from './rows.ts'
import type { Columns, RowOf, Table } from './table.ts'

const COLUMNS = {
  id: {
    type: 'uuid',
    about: 'The key, a UUID version 7',
    class: 'technical',
    protection: 'identifies the flow but gives no access',
    log: 'no',
  },
  secret_hash: {
    type: 'bytes',
    about:
      'SHA-256 of the secret in the cookie of the flow, from which state, nonce and PKCE verifier are derived',
    class: 'secret',
    protection: 'SHA-256 of 256 random bits',
    log: 'no',
  },
  provider_id: { type: 'text', about: 'The provider', class: 'technical', log: 'yes' },
  purpose: {
    type: 'text',
    about: 'What the flow is for: `sign_in`, `link` or `reauthenticate`',
    class: 'technical',
    log: 'yes',
  },
  user_id: {
    type: 'integer',
    nullable: true,
    about: 'The user who is signed in; null for a sign-in',
    class: 'pseudonym',
    protection: 'deleted with the user',
    log: 'yes',
  },
  session_id: {
    type: 'uuid',
    nullable: true,
    about: 'The session that began the flow; null for a sign-in',
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
  return_to: {
    type: 'text',
    nullable: true,
    about: 'Where the browser goes afterwards',
    class: 'personal',
    log: 'no',
  },
  used_at: {
    type: 'time',
    nullable: true,
    about: 'When the browser came back; null until then',
    class: 'technical',
    log: 'no',
  },
  identification: {
    type: 'json',
    nullable: true,
    about: 'Who the person is at the provider, until the next step is done',
    class: 'personal',
    log: 'no',
  },
  expires_at: { type: 'time', about: 'When the flow expires', class: 'technical', log: 'no' },
} as const satisfies Columns

export type LoginFlowsTable = RowOf<typeof COLUMNS>

export const login_flows = {
  columns: COLUMNS,
  key: 'id',
  retention: 'A row stays until its last step is done, or until the next clean-up after its 10 minutes.',
  exportedBy: [],
  afterAccount: 'gone',
  cleanUps: {
    loginFlows: {
      what: 'sign-ins at other providers',
      when: '10 minutes after they began',
      settings: [],
      deleteSome: (tx, { now }, limit) => deleteExpiredRows(tx, 'login_flows', now, limit),
    },
  },
} satisfies Table

/** A sign-in, a new connection or a re-authentication in progress at a provider. */
export type LoginFlow = ModelOf<
  typeof COLUMNS,
  { purpose: FlowPurpose; identification: Identification | null }
>

const { modelOf: flowOf, rowOf } = conversions<typeof COLUMNS, LoginFlow>(COLUMNS)

export async function addLoginFlow(
  db: Database,
  flow: Omit<LoginFlow, 'usedAt' | 'identification'>,
): Promise<void> {
  await db
    .insertInto('login_flows')
    .values(rowOf({ ...flow, usedAt: null, identification: null }))
    .execute()
}

/** The flow with this id, or `null`. The caller must check the secret, and whether it has expired. */
export async function findLoginFlow(db: Database, id: string): Promise<LoginFlow | null> {
  const row = await db.selectFrom('login_flows').selectAll().where('id', '=', id).executeTakeFirst()
  return row === undefined ? null : flowOf(row)
}

/** Marks a flow as used when the browser comes back. Of any number of concurrent callers, exactly one gets `true`. */
export async function useLoginFlow(db: Database, id: string, at: Date): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('login_flows')
    .set({ used_at: at.getTime() })
    .where('id', '=', id)
    .where('used_at', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** Stores who the person is, for the next step. */
export async function keepIdentification(
  db: Database,
  id: string,
  identification: Identification,
): Promise<void> {
  await db
    .updateTable('login_flows')
    .set({ identification: JSON.stringify(identification) })
    .where('id', '=', id)
    .execute()
}

/** Takes a flow by deleting it. Of any number of concurrent callers, exactly one gets `true`. */
export async function takeLoginFlow(tx: Tx, id: string): Promise<boolean> {
  const { numDeletedRows } = await tx.deleteFrom('login_flows').where('id', '=', id).executeTakeFirst()
  return numDeletedRows > 0n
}

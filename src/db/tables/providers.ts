/** Table `providers`: the identity providers that people can sign in with. */
import { isProviderId, type Linking, type PresetName } from '../../model/providers.ts'
import type { Database, Tx } from './index.ts'
import { conversions, type ModelOf } from './model.ts'
import { orConflict } from './rows.ts'
import type { Columns, RowOf, Table } from './table.ts'

const COLUMNS = {
  id: { type: 'text', about: 'The key, a slug such as `google`', class: 'technical', log: 'yes' },
  preset: {
    type: 'text',
    about: 'Which built-in rules apply to it, such as `google` or `oidc`',
    class: 'technical',
    log: 'yes',
  },
  name: { type: 'text', about: 'The name on its button', class: 'technical', log: 'yes' },
  issuer: { type: 'text', about: 'The issuer of its ID tokens, a URL', class: 'technical', log: 'yes' },
  client_id: {
    type: 'text',
    about: 'The client id that the provider gave to this service',
    class: 'technical',
    log: 'yes',
  },
  sealed_client_secret: {
    type: 'bytes',
    nullable: true,
    about: 'The client secret, or the signing key of Apple; null for a public client',
    class: 'secret',
    protection: 'AES-256-GCM with a key that is not in the database, bound to this row',
    sealed: 'provider client secret',
    log: 'no',
  },
  scopes: {
    type: 'text',
    as: 'words',
    about: 'The scopes to request, separated by spaces; empty for those of the preset',
    class: 'technical',
    log: 'yes',
  },
  tenants: {
    type: 'text',
    as: 'words',
    about: 'For Microsoft: the tenants whose users may sign in, separated by spaces; `*` for all',
    class: 'technical',
    log: 'yes',
  },
  creates_accounts: {
    type: 'integer',
    as: 'boolean',
    about: '1 if a new person gets an account, else 0',
    class: 'technical',
    log: 'yes',
  },
  linking: {
    type: 'text',
    about: 'What happens if an account already has the address: `ask` or `verified`',
    class: 'technical',
    log: 'yes',
  },
  trusts_email: {
    type: 'integer',
    as: 'boolean',
    about: '1 if its addresses always count as verified, else 0',
    class: 'technical',
    log: 'yes',
  },
  created_at: { type: 'time', about: 'When it was added', class: 'technical', log: 'yes' },
  disabled_at: {
    type: 'time',
    nullable: true,
    about: 'When it was disabled; null if it is not',
    class: 'technical',
    log: 'yes',
  },
} as const satisfies Columns

export type ProvidersTable = RowOf<typeof COLUMNS>

export const providers = {
  columns: COLUMNS,
  key: 'id',
  retention: 'A row stays until an operator removes the provider.',
  exportedBy: [],
  afterAccount: 'not about an account',
  cleanUps: {},
} satisfies Table

/** A provider of identities. */
export type Provider = ModelOf<typeof COLUMNS, { preset: PresetName; linking: Linking }>

const { modelOf: providerOf, rowOf } = conversions<typeof COLUMNS, Provider>(COLUMNS)

/** @throws {Conflict} A provider has this id. */
export async function addProvider(tx: Tx, provider: Provider): Promise<void> {
  const insert = tx.insertInto('providers').values(rowOf(provider))
  await orConflict('the provider exists', insert.execute())
}

/** Every provider, in the order in which they were added. */
export async function listProviders(db: Database): Promise<Provider[]> {
  const rows = await db.selectFrom('providers').selectAll().orderBy('created_at').orderBy('id').execute()
  return rows.map(providerOf)
}

/** The provider with this id, or `null`. The caller must check whether it is disabled. */
export async function findProvider(db: Database, id: string): Promise<Provider | null> {
  // No provider has another id, and PostgreSQL refuses text with a zero byte.
  if (!isProviderId(id)) return null
  const row = await db.selectFrom('providers').selectAll().where('id', '=', id).executeTakeFirst()
  return row === undefined ? null : providerOf(row)
}

/** Disables a provider, or enables it with `null`. `false` if there is none. */
export async function updateProviderState(tx: Tx, id: string, disabledAt: Date | null): Promise<boolean> {
  if (!isProviderId(id)) return false
  const { numUpdatedRows } = await tx
    .updateTable('providers')
    .set({ disabled_at: disabledAt?.getTime() ?? null })
    .where('id', '=', id)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** Replaces the sealed client secret of a provider. `false` if there is none. */
export async function updateClientSecret(tx: Tx, id: string, sealed: Uint8Array): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('providers')
    .set({ sealed_client_secret: sealed })
    .where('id', '=', id)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** Removes a provider. `false` if there is none. */
export async function deleteProvider(tx: Tx, id: string): Promise<boolean> {
  if (!isProviderId(id)) return false
  const { numDeletedRows } = await tx.deleteFrom('providers').where('id', '=', id).executeTakeFirst()
  return numDeletedRows > 0n
}

/** Table `ceremonies`: challenges for passkeys, each for one purpose and one browser. */
import type { CeremonyPurpose } from '../../model/factors.ts'
import type { Database } from './index.ts'
import { conversions, type ModelOf } from './model.ts'
import { deleteExpiredRows } from './rows.ts'
import type { Columns, RowOf, Table } from './table.ts'

const COLUMNS = {
  id: {
    type: 'uuid',
    about: 'The key, a UUID version 7',
    class: 'technical',
    protection: 'identifies the ceremony but gives no access',
    log: 'no',
  },
  challenge: {
    type: 'bytes',
    about: '32 random bytes that the passkey signs',
    class: 'technical',
    protection: 'useless without the passkey',
    log: 'no',
  },
  purpose: { type: 'text', about: 'What the passkey is used for', class: 'technical', log: 'yes' },
  user_id: {
    type: 'integer',
    nullable: true,
    about: 'The user; null for a sign-in, which begins without one',
    class: 'pseudonym',
    protection: 'deleted with the user',
    log: 'yes',
  },
  browser_hash: {
    type: 'bytes',
    about: 'SHA-256 of the token of the browser that asked',
    class: 'secret',
    protection: 'SHA-256 of 256 random bits',
    log: 'no',
  },
  expires_at: { type: 'time', about: 'When the ceremony expires', class: 'technical', log: 'no' },
} as const satisfies Columns

export type CeremoniesTable = RowOf<typeof COLUMNS>

export const ceremonies = {
  columns: COLUMNS,
  key: 'id',
  retention:
    'A row stays until the first answer, right or wrong, or until the next clean-up after its 5 minutes.',
  exportedBy: [],
  afterAccount: 'gone',
  cleanUps: {
    ceremonies: {
      what: 'challenges for passkeys',
      when: '5 minutes after they were asked for',
      settings: [],
      deleteSome: (tx, { now }, limit) => deleteExpiredRows(tx, 'ceremonies', now, limit),
    },
  },
} satisfies Table

/** A challenge for a passkey. */
export type Ceremony = ModelOf<typeof COLUMNS, { purpose: CeremonyPurpose }>

const { modelOf, rowOf } = conversions<typeof COLUMNS, Ceremony>(COLUMNS)

export async function addCeremony(db: Database, ceremony: Ceremony): Promise<void> {
  await db.insertInto('ceremonies').values(rowOf(ceremony)).execute()
}

/**
 * Takes the ceremony of a browser by deleting it. Of any number of concurrent callers, exactly one gets it.
 *
 * @returns `null` if this browser has no such ceremony. The caller must check purpose, user and expiry.
 */
export async function takeCeremony(
  db: Database,
  { id, browserHash }: Pick<Ceremony, 'id' | 'browserHash'>,
): Promise<Ceremony | null> {
  const row = await db
    .deleteFrom('ceremonies')
    .where('id', '=', id)
    .where('browser_hash', '=', browserHash)
    .returningAll()
    .executeTakeFirst()
  return row === undefined ? null : modelOf(row)
}

/** Table `provider_sessions`: the sessions that began at a provider, so that a logout there can end them. */
import type { ProviderSession } from '../../model/providers.ts'
import type { Database, Tx } from './index.ts'
import type { Columns, RowOf, Table } from './table.ts'

const COLUMNS = {
  session_id: { type: 'uuid', about: 'The session', class: 'technical', log: 'no' },
  provider_id: { type: 'text', about: 'The provider', class: 'technical', log: 'yes' },
  sid: {
    type: 'text',
    nullable: true,
    about: 'The id of the session there; null if the provider did not send one',
    class: 'pseudonym',
    log: 'no',
  },
} as const satisfies Columns

export type ProviderSessionsTable = RowOf<typeof COLUMNS>

export const provider_sessions = {
  columns: COLUMNS,
  key: 'session_id',
  retention: 'A row stays as long as its session.',
  exportedBy: [],
  afterAccount: 'gone',
  cleanUps: {},
} satisfies Table

/** Records that a session began at a provider. */
export async function addProviderSession(
  tx: Tx,
  sessionId: string,
  { id, sid }: ProviderSession,
): Promise<void> {
  await tx.insertInto('provider_sessions').values({ session_id: sessionId, provider_id: id, sid }).execute()
}

/** The session at the provider from which a session began. `null` if it did not begin at a provider. */
export async function findProviderSession(db: Database, sessionId: string): Promise<ProviderSession | null> {
  const row = await db
    .selectFrom('provider_sessions')
    .selectAll()
    .where('session_id', '=', sessionId)
    .executeTakeFirst()
  return row === undefined ? null : { id: row.provider_id, sid: row.sid }
}

/**
 * Lists the sessions that a logout at a provider ends: those with its `sid`, and those that the user began there without a
 * known `sid`. If the logout has no `sid`: all that the user began there.
 */
export async function listSessionsFrom(
  db: Database,
  providerId: string,
  { sid, userId }: { readonly sid: string | null; readonly userId: number | null },
): Promise<{ id: string; userId: number }[]> {
  const sessions = db
    .selectFrom('provider_sessions')
    .innerJoin('sessions', 'sessions.id', 'provider_sessions.session_id')
    .select(['sessions.id as id', 'sessions.user_id as userId'])
    .where('provider_sessions.provider_id', '=', providerId)
  const bySid =
    sid === null
      ? []
      : await sessions.where('provider_sessions.sid', '=', sid).orderBy('sessions.id').execute()
  if (userId === null) return bySid
  const ofUser = sessions.where('sessions.user_id', '=', userId).orderBy('sessions.id')
  const byUser = await (sid === null ? ofUser : ofUser.where('provider_sessions.sid', 'is', null)).execute()
  return [...bySid, ...byUser]
}

import type { Naming } from '../../src/db/naming.ts'

/** Names under which a statement with a plain name finds no table of ours. */
export const NAMED = {
  sqlite: { tablePrefix: 'p_', databaseSchema: '' },
  postgres: { tablePrefix: 'p_', databaseSchema: 'private' },
} as const satisfies Record<string, Naming>

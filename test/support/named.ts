import type { Naming } from '../../src/db/naming.ts'

/** A naming for our tables. Statements with plain names do not find them. */
export const NAMED = {
  sqlite: { tablePrefix: 'p_', databaseSchema: '' },
  postgres: { tablePrefix: 'p_', databaseSchema: 'private' },
} as const satisfies Record<string, Naming>

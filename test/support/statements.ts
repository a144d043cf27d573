/** Records the statements that a service sends to its database. */
import diagnostics from 'node:diagnostics_channel'
import pg from 'pg'
import { vi } from 'vitest'
import type { EngineName } from './engines.ts'

/** Runs `act`. @returns Every statement that this process sent to a database during it, in order. */
export function statementsDuring(engine: EngineName, act: () => Promise<unknown>): Promise<string[]> {
  return engine === 'sqlite' ? onSqlite(act) : onPostgres(act)
}

/** Node publishes each statement that SQLite runs. */
async function onSqlite(act: () => Promise<unknown>): Promise<string[]> {
  const sent: string[] = []
  const note = (message: unknown) => void sent.push((message as { sql: string }).sql)
  diagnostics.subscribe('sqlite.db.query', note)
  try {
    await act()
  } finally {
    diagnostics.unsubscribe('sqlite.db.query', note)
  }
  return sent
}

/** Every statement passes this method of the driver, even those of a pool. */
async function onPostgres(act: () => Promise<unknown>): Promise<string[]> {
  const spy = vi.spyOn(pg.Client.prototype, 'query')
  try {
    await act()
    const given = spy.mock.calls.map(([first]) => first as unknown as string | { readonly text: string })
    return given.map((statement) => (typeof statement === 'string' ? statement : statement.text))
  } finally {
    spy.mockRestore()
  }
}

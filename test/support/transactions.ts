/** Watches the statements that drivers send to databases. */
import pg from 'pg'
import { onTestFinished, vi } from 'vitest'

const { StatementSync } = process.getBuiltinModule('node:sqlite')

type Method = (this: object, ...values: unknown[]) => unknown

/**
 * Records every transaction that writes, until the test ends. A write outside of a transaction counts as one.
 *
 * @returns A growing list: for each transaction, the tables that it wrote to, in the order of its statements.
 */
export function watchTransactions(): string[][] {
  const transactions: string[][] = []
  const open = new Map<object, string[]>()
  const note = (connection: object, statement: string) => {
    if (statement.startsWith('begin') || statement.startsWith('start transaction')) open.set(connection, [])
    if (statement === 'commit' || statement === 'rollback') open.delete(connection)
    const table = /^(?:insert into|update|delete from) "(\w+)"/.exec(statement)?.[1]
    if (table === undefined) return
    const transaction = open.get(connection) ?? []
    if (transaction.push(table) === 1) transactions.push(transaction)
  }
  // SQLite has one connection that writes.
  for (const method of ['all', 'run'] as const)
    watch(StatementSync.prototype, method, (statement) =>
      note(StatementSync, (statement as { sourceSQL: string }).sourceSQL),
    )
  watch(pg.Client.prototype, 'query', (client, query) => note(client, textOf(query)))
  return transactions
}

function textOf(query: unknown): string {
  return typeof query === 'string' ? query : String((query as { text?: unknown }).text)
}

function watch(prototype: object, name: string, see: (on: object, first: unknown) => void): void {
  const spied = prototype as Record<string, Method>
  const original = spied[name] as Method
  const spy = vi.spyOn(spied, name).mockImplementation(function (this: object, ...values) {
    see(this, values[0])
    return original.apply(this, values)
  })
  onTestFinished(() => spy.mockRestore())
}

/**
 * A statement that reads the first row on a pipelined connection of `pg`. PostgreSQL parses it and describes its columns once
 * for each connection. Statements of `pg` ask for the description every time, which costs more than the row (decision 0036).
 */
import pg from 'pg'
import type { Values } from './prepared.ts'

/** A statement that many reads run with different values. */
export interface ReadStatement {
  readonly text: string
  /** The name under which a connection keeps it, or `''` if connections keep no statements. */
  readonly name: string
  readonly types: pg.CustomTypesConfig
  /** The last connection that was asked to keep it. */
  keptBy?: pg.Connection
  /** How to parse the columns of its answers. Unknown until `keptBy` has described them. */
  parsers?: Parsers | undefined
}

type Parsers = readonly ((text: string) => unknown)[]

/** Reads the first row, or `undefined`. Rejects with the errors of `pg`. */
export function readFirstRow(
  client: pg.Client,
  statement: ReadStatement,
  values: readonly unknown[],
): Promise<Values | undefined> {
  return new Promise((resolve, reject) => {
    client.query(
      new FirstRow(statement, values as string[], (error, row) => (error ? reject(error) : resolve(row))),
    )
  })
}

/** `pg` accepts only statements of this class on a pipelined connection. It has no types for their methods. */
const Query = pg.Query as unknown as new (text: string) => { submit(connection: pg.Connection): void }

/** The client calls these methods as the server's messages arrive, as it does for `pg-cursor`. */
class FirstRow extends Query {
  readonly statement: ReadStatement
  readonly values: string[]
  /** The client replaces it with a wrapper that adds the time-out. */
  callback: (error: Error | null, row?: Values) => void
  row: Values | undefined
  parsers: Parsers | undefined
  isKeeping = false

  constructor(statement: ReadStatement, values: string[], callback: FirstRow['callback']) {
    super(statement.text)
    this.statement = statement
    this.values = values
    this.callback = callback
  }

  override submit(connection: pg.Connection): void {
    const { statement, values } = this
    const { text, name } = statement
    let kept = ''
    if (name !== '' && statement.keptBy !== connection) {
      statement.keptBy = connection
      statement.parsers = undefined
      this.isKeeping = true
      kept = name
    } else if (statement.parsers !== undefined) {
      this.parsers = statement.parsers
      kept = name
    }
    // Until the server has described the named statement, each read sends the whole text.
    if (this.parsers === undefined) connection.parse({ name: kept, text, types: [] }, true)
    connection.bind({ statement: kept, values }, true)
    if (this.parsers === undefined) connection.describe({ type: 'P' }, true)
    connection.execute(null, true)
    connection.sync()
  }

  handleRowDescription({ fields }: { fields: readonly pg.FieldDef[] }): void {
    const { statement } = this
    this.parsers = fields.map(({ dataTypeID }) => statement.types.getTypeParser(dataTypeID, 'text'))
    if (this.isKeeping) statement.parsers = this.parsers
  }

  handleDataRow({ fields }: { fields: readonly (string | null)[] }): void {
    this.row ??= fields.map((text, column) => (text === null ? null : this.parsers?.[column]?.(text)))
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    this.callback(null, this.row)
  }

  handleError(error: Error): void {
    this.callback(error)
  }
}

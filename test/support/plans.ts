/** Reports the query plan of each statement that the service sends, to find full table scans. */
import { type AddressInfo, connect, createServer } from 'node:net'
import { onTestFinished } from 'vitest'
import { openStore, type Store } from '../../bench/growth/stores.ts'
import { filePath } from './engines.ts'
import { statementsDuring } from './statements.ts'

/** One statement as the database received it. */
interface Seen {
  readonly statement: string
  /** Tables that are read completely, directly or through an index. */
  readonly scans: readonly string[]
}

/** Records the statements that a database receives, with their plans. */
export interface Watch {
  /** The service must connect to this URL for its statements to be recorded. */
  readonly databaseUrl: string
  /** Runs `act` and returns the statements sent during it. */
  during(act: () => Promise<unknown>): Promise<Seen[]>
}

/** Watches a database until the test ends. */
export function watchPlans(store: Store): Promise<Watch> {
  return store.engine === 'sqlite' ? watchSqlite(store) : watchPostgres(store)
}

/**
 * Node publishes each statement with its values filled in. `explain query plan` then runs twice: on the database, which like that
 * of a service has never been analyzed, and on an analyzed copy.
 */
async function watchSqlite(store: Store): Promise<Watch> {
  const copyUrl = `${store.databaseUrl}.analyzed`
  await store.run(`vacuum into '${filePath(copyUrl)}'`)
  const copy = await openStore(copyUrl)
  onTestFinished(() => copy.close())
  await copy.run('analyze')
  const explain = async (statement: string) => {
    const ask = `explain query plan ${statement}`
    const plans = [...(await store.run(ask)), ...(await copy.run(ask))]
    return plans.flatMap(({ detail }) => /^SCAN (\w+)(?! VIRTUAL)\b/.exec(String(detail))?.[1] ?? [])
  }
  return {
    databaseUrl: store.databaseUrl,
    async during(act) {
      const statements = new Set(await statementsDuring('sqlite', act))
      const planned = [...statements].filter((statement) =>
        /^(?:select|insert|update|delete|with)\b/i.test(statement),
      )
      return Promise.all(planned.map(async (statement) => ({ statement, scans: await explain(statement) })))
    },
  }
}

interface PlanNode {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Index Cond'?: string
  readonly Plans?: readonly PlanNode[]
}

/**
 * PostgreSQL's module `auto_explain` sends the plan of each executed statement to the client, including statements that enforce
 * foreign keys. A relay reads these notices.
 */
async function watchPostgres(store: Store): Promise<Watch> {
  const { pathname, port, hostname } = new URL(store.databaseUrl)
  const database = pathname.slice(1)
  for (const [name, value] of [
    ['session_preload_libraries', 'auto_explain'],
    ['auto_explain.log_min_duration', '0'],
    ['auto_explain.log_level', 'notice'],
    ['auto_explain.log_format', 'json'],
    ['auto_explain.log_nested_statements', 'on'],
  ])
    await store.run(`alter database ${database} set ${name} = '${value}'`)

  let seen: Seen[] = []
  const listening = await relayTo(Number(port), hostname, (notice) => {
    const [, json] = /^duration: .* plan:\n(.*)/s.exec(notice) ?? []
    if (json === undefined) return
    const told = JSON.parse(json) as { 'Query Text': string; Plan: PlanNode }
    seen.push({ statement: told['Query Text'], scans: scansOf(told.Plan) })
  })
  const url = new URL(store.databaseUrl)
  url.port = String(listening)
  return {
    databaseUrl: url.href,
    async during(act) {
      seen = []
      await act()
      return seen
    },
  }
}

function scansOf(node: PlanNode): string[] {
  const { 'Node Type': type, 'Relation Name': table, 'Index Cond': condition } = node
  // A node without an index condition reads everything. For a bitmap scan, the parent node names the table.
  const isWhole = type === 'Seq Scan' || (/^(?:Bitmap )?Index/.test(type) && condition === undefined)
  const below = (node.Plans ?? []).flatMap(scansOf)
  return isWhole ? [table ?? type, ...below] : below
}

/** Starts a relay that reads the server's notices (PostgreSQL protocol 3.0). @returns Its port. */
async function relayTo(port: number, host: string, onNotice: (message: string) => void): Promise<number> {
  const server = createServer((client) => {
    const target = connect(port, host)
    for (const [from, to] of [[client, target] as const, [target, client] as const]) {
      // When either end closes, close the other.
      from.on('error', () => {}).on('close', () => to.destroy())
      from.setNoDelay()
    }
    client.pipe(target)
    let pending = Buffer.alloc(0)
    target.on('data', (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk])
      // A message is a letter, a length that includes its own four bytes, and the content.
      while (pending.length >= 5 && pending.length > pending.readInt32BE(1)) {
        const end = 1 + pending.readInt32BE(1)
        if (pending.toString('latin1', 0, 1) === 'N') onNotice(messageIn(pending.subarray(5, end)))
        pending = pending.subarray(end)
      }
      client.write(chunk)
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

/** The message of a notice. Each field is a letter and a text that ends with a zero byte. */
function messageIn(fields: Buffer): string {
  return (
    fields
      .toString()
      .split('\0')
      .find((field) => field.startsWith('M'))
      ?.slice(1) ?? ''
  )
}

/** What the engines really did for each statement that the service sent: whether a table was read as a whole. */
import diagnostics from 'node:diagnostics_channel'
import { type AddressInfo, connect, createServer } from 'node:net'
import { onTestFinished } from 'vitest'
import { openStore, type Store } from '../../bench/growth/stores.ts'

/** One statement, as it reached the engine. */
interface Seen {
  readonly statement: string
  /** Tables that are read from one end to the other, themselves or by an index. */
  readonly scans: readonly string[]
}

/** Looks at what a database is asked. */
export interface Watch {
  /** Where the service has to connect for its statements to be seen. */
  readonly databaseUrl: string
  /** What was sent while something was done. */
  during(act: () => Promise<unknown>): Promise<Seen[]>
}

/** Watches a database until the test ends. */
export function watchPlans(store: Store): Promise<Watch> {
  return store.engine === 'sqlite' ? watchSqlite(store) : watchPostgres(store)
}

/**
 * Node tells of each statement with its values in place, and its plan is asked for afterwards: as SQLite plans
 * where nobody has ever run `ANALYZE`, as in the service, and, in a copy, where somebody did.
 */
async function watchSqlite(store: Store): Promise<Watch> {
  const copyUrl = `${store.databaseUrl}.analyzed`
  await store.run(`vacuum into '${copyUrl.slice('sqlite:'.length)}'`)
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
      const statements = new Set<string>()
      const note = (message: unknown) => void statements.add((message as { sql: string }).sql)
      diagnostics.subscribe('sqlite.db.query', note)
      try {
        await act()
      } finally {
        diagnostics.unsubscribe('sqlite.db.query', note)
      }
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
 * PostgreSQL itself tells by which plan it ran each statement, also those that keep foreign keys: its module
 * `auto_explain` sends them to the client, and a relay reads along.
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
  // What has neither a condition nor an index has read everything; the table of a bitmap stands above it.
  const isWhole = type === 'Seq Scan' || (/^(?:Bitmap )?Index/.test(type) && condition === undefined)
  const below = (node.Plans ?? []).flatMap(scansOf)
  return isWhole ? [table ?? type, ...below] : below
}

/** A relay that reads the notices of the server (PostgreSQL's protocol 3.0). */
async function relayTo(port: number, host: string, onNotice: (message: string) => void): Promise<number> {
  const server = createServer((client) => {
    const target = connect(port, host)
    for (const [from, to] of [[client, target] as const, [target, client] as const]) {
      // Either end may go first; the other goes with it.
      from.on('error', () => {}).on('close', () => to.destroy())
      from.setNoDelay()
    }
    client.pipe(target)
    let pending = Buffer.alloc(0)
    target.on('data', (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk])
      // A letter, the length of what follows with its own four bytes, and then that.
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

/** Fields of a notice: a letter and text with a zero behind it. */
function messageIn(fields: Buffer): string {
  return (
    fields
      .toString()
      .split('\0')
      .find((field) => field.startsWith('M'))
      ?.slice(1) ?? ''
  )
}

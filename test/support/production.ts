/** Production mode on a fresh database, with mail in memory and a clock that the test controls. */
import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { expect, onTestFinished, vi } from 'vitest'
import type { Client } from '../../src/auth/caller.ts'
import type { Context } from '../../src/auth/context.ts'
import { openSending } from '../../src/auth/delivery/send.ts'
import { openHooks } from '../../src/auth/hooks.ts'
import { createPasswordPolicy } from '../../src/auth/passwords/policy/index.ts'
import { createSharedProviders } from '../../src/auth/providers/shared.ts'
import { forDialect, isSqlite } from '../../src/db/dialect.ts'
import { type Database, type GivenDatabase, openAsItIs, openDatabase } from '../../src/db/index.ts'
import type { Auth, CreateAuthOptions, Mail, Mailer, MailKind } from '../../src/index.ts'
import { createKeyring, parseSecretKeys } from '../../src/lib/keyring.ts'
import { openMailWriter } from '../../src/mail/application.ts'
import { resolveOptions } from '../../src/options/index.ts'
import {
  CHEAP_HASHER,
  type EngineName,
  freshAuth,
  migratedDatabase,
  type TestClock,
  testClock,
} from './engines.ts'

export const BASE_URL = 'https://auth.example.com'

/** Passwords that the policy of production mode accepts. */
export const PASSWORD = 'a tortoise under the lamp'
export const NEW_PASSWORD = 'seven green umbrellas'

/** A random key of 32 bytes, like that of `openssl rand -base64 32`. */
export function randomKey(): string {
  return randomBytes(32).toString('base64url')
}

/** A mail as a mailer receives it. */
export type ReceivedMail = Mail

/** A mailer that keeps its mail in memory. */
export interface MemoryMailer extends Mailer {
  /** Every accepted mail, oldest first. */
  readonly mails: readonly Mail[]
  /** Every decoy, which it dropped. */
  readonly discarded: readonly Mail[]
  /** How often it was closed. */
  readonly closed: number
}

/** @param deliver - Runs before a mail is kept. If it throws or rejects, sending fails with its error. */
export function memoryMailer(deliver: (mail: Mail) => Promise<void> | void = () => {}): MemoryMailer {
  const mails: Mail[] = []
  const discarded: Mail[] = []
  let closed = 0
  return {
    mails,
    discarded,
    get closed() {
      return closed
    },
    async send(mail) {
      await deliver(mail)
      mails.push(mail)
    },
    async discard(mail) {
      discarded.push(mail)
    },
    close() {
      closed++
    },
  }
}

/** The parts of a mailed link. */
export interface MailedLink {
  /** The URL without its fragment. */
  readonly page: string
  readonly email: string | null
  readonly token: string
}

/** The link in a mail. Fails the test if the mail has none. */
export function linkIn({ text }: Mail): MailedLink {
  const url = new URL(/^https?:\S+$/m.exec(text)?.[0] ?? expect.unreachable(`no link: ${text}`))
  const fragment = new URLSearchParams(url.hash.slice(1))
  return {
    page: `${url.origin}${url.pathname}${url.search}`,
    email: fragment.get('email'),
    token: fragment.get('token') ?? expect.unreachable(`no token: ${url.hash}`),
  }
}

/** A service in production mode, with access for inspection. */
export interface Production {
  readonly auth: Auth
  readonly now: TestClock
  /** Direct access to the tables, without the rules of the service. */
  readonly db: Database
  /** Waits until no mail is due. @returns The mail sent since the last call, ordered by address and kind. */
  newMails(): Promise<readonly Mail[]>
  /** Does the same, requires exactly one mail of this kind, and returns its link. */
  mailedLink(kind: MailKind): Promise<MailedLink>
}

/** Options with a clock and a mailer that the test can inspect. */
type ProductionOptions = CreateAuthOptions & { readonly now?: TestClock; readonly mailer?: MemoryMailer }

/** The options that production mode has no default for. The breach check is off, because it needs the internet. */
export function productionOptions(): CreateAuthOptions {
  return {
    mode: 'production',
    baseUrl: BASE_URL,
    secretKey: randomKey(),
    breachCheckUrl: 'off',
  }
}

/** Opens the service in production mode, with its mail in memory. */
export async function productionAuth(
  engine: EngineName,
  { now = testClock(), mailer = memoryMailer(), ...options }: ProductionOptions = {},
): Promise<Production> {
  const auth = await freshAuth(engine, { ...productionOptions(), ...options, now, mailer })
  const db = await openTables(options.database ?? auth.options.databaseUrl, auth.options)
  let seen = 0
  const newMails = async () => {
    await untilNoMailIsDue(db, now)
    // Mail leaves in parallel, so its order is not defined.
    const fresh = mailer.mails.slice(seen).sort((a, b) => placeOf(a).localeCompare(placeOf(b)))
    seen = mailer.mails.length
    return fresh
  }
  return {
    auth,
    now,
    db,
    newMails,
    async mailedLink(kind) {
      const [mail, ...others] = (await newMails()).filter((candidate) => candidate.kind === kind)
      expect(others).toEqual([])
      return linkIn(mail ?? expect.unreachable(`no mail of kind ${kind}`))
    },
  }
}

function placeOf({ to, kind }: Mail): string {
  return `${to} ${kind}`
}

/** Waits until every mail has left, except mail scheduled for a later time of the clock. */
function untilNoMailIsDue(db: Database, now: TestClock): Promise<void> {
  return until(async () => {
    const rows = await db.selectFrom('outbox').select(['attempts', 'next_attempt_at']).execute()
    return rows.every((row) => row.attempts === 0 && row.next_attempt_at > now().getTime())
  })
}

/** Sends the mail that is due, and waits until it is sent or has failed. */
export async function sendDueMail(ctx: Context, mailer: Mailer): Promise<void> {
  const sending = openSending(ctx, mailer, () => {})
  await sending.sendDue()
  await sending.idle()
}

/** Waits until the outbox is empty. */
export function untilNoMailWaits(auth: Pick<Auth, 'delivery'>): Promise<void> {
  return until(async () => (await auth.delivery.count()) === 0)
}

/** Waits for a condition. The long timeout only keeps a failing test from hanging. */
export function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  return vi.waitUntil(holds, { timeout: 50_000, interval: 5 }).then(() => {})
}

/** A context for calling use cases as plain functions. Mail is enqueued but never sent. */
export interface TestContext extends Context {
  readonly now: TestClock
}

/** The options of {@link productionContext}. */
interface ContextDetails extends Omit<CreateAuthOptions, 'now' | 'mailer' | 'logger'> {
  readonly now?: TestClock
  /** Called when mail is enqueued. */
  readonly onMail?: () => void
}

/** Creates a context of production mode, on a fresh database unless the options name one. */
export async function productionContext(
  engine: EngineName,
  {
    now = testClock(),
    hasher = CHEAP_HASHER,
    onMail = () => {},
    onAudit,
    hooks = {},
    mail = {},
    ...given
  }: ContextDetails = {},
): Promise<TestContext> {
  const databaseUrl = given.databaseUrl ?? (await migratedDatabase(engine))
  const options = resolveOptions({ ...productionOptions(), ...given, databaseUrl }, { hasMailer: true })
  const db = await openTables(databaseUrl)
  return {
    db,
    now,
    hasher,
    recoveryHasher: hasher,
    options,
    policy: createPasswordPolicy({ ...options, contextWords: [], breachCheckUrl: '' }, () => {}),
    metadataSchema: {},
    userFields: [],
    keys: createKeyring(parseSecretKeys(options.secretKey)),
    providers: createSharedProviders(options, now),
    hooks: openHooks(hooks, () => {}),
    mail: openMailWriter(mail, { httpsOnly: true, onFault: () => {} }),
    sendsMail: true,
    instance: 'test:1',
    onAudit: onAudit ?? (() => {}),
    onMail,
    afterCommit: (act) => act(),
  }
}

/**
 * Opens the tables directly, over separate connections if the source is a URL. They are closed when the test ends. For a URL, the
 * schema is not inspected, because on PostgreSQL that costs more than connecting.
 */
export async function openTables(
  source: string | GivenDatabase,
  { tablePrefix = '', databaseSchema = '' }: CreateAuthOptions = {},
): Promise<Database> {
  const naming = { tablePrefix, databaseSchema }
  const db = await (typeof source === 'string'
    ? openAsItIs(source, { naming })
    : openDatabase(source, { naming }))
  onTestFinished(() => db.destroy())
  return db
}

/** Every row of every table as JSON, with bytes in hexadecimal, to compare and to search for leaked values. */
export async function everyRow(db: Database): Promise<Record<string, unknown[]>> {
  const tables = await tableNames(db)
  const rows: Record<string, unknown[]> = {}
  for (const name of tables) {
    const found = await sql<Record<string, unknown>>`select * from ${sql.table(name)}`.execute(db)
    rows[name] = found.rows.map((row) => JSON.stringify(row, withBytesInHex)).sort()
  }
  return rows
}

/** All tables, even those of another version. Reading the catalog is much faster than Kysely's introspection. */
async function tableNames(db: Database): Promise<string[]> {
  const { rows } = await forDialect(db, {
    sqlite: sql<{
      name: string
    }>`select name from sqlite_schema where type = 'table' and name not like 'sqlite!_%' escape '!'`,
    postgres: sql<{ name: string }>`select tablename as name from pg_tables where schemaname = 'public'`,
  }).execute(db)
  return rows.map(({ name }) => name).toSorted()
}

function withBytesInHex(this: unknown, name: string, value: unknown): unknown {
  // `value` is already the result of `Buffer.toJSON`, so take the bytes from the object itself.
  const raw = (this as Record<string, unknown>)[name]
  return raw instanceof Uint8Array ? Buffer.from(raw).toString('hex') : value
}

/** Makes every change of one kind to a table fail. @returns A function that repairs the table. */
export async function breakTable(
  db: Database,
  table: string,
  change: 'insert' | 'update' | 'delete',
): Promise<() => Promise<void>> {
  const name = `test_breaks_${table}`
  const trigger = `create trigger ${name} before ${change} on ${table}`
  const run = async (statement: string) => void (await sql.raw(statement).execute(db))
  if (isSqlite(db)) {
    await run(`${trigger} begin select raise(abort, 'broken by the test'); end`)
    return () => run(`drop trigger ${name}`)
  }
  const body = "begin raise exception 'broken by the test'; end"
  await run(`create function ${name}() returns trigger language plpgsql as $$ ${body} $$`)
  await run(`${trigger} for each row execute function ${name}()`)
  return () => run(`drop function ${name} cascade`)
}

/** The value of a cookie that a response sets, or `undefined`. Fails the test if the attributes are wrong. */
export function cookieIn(response: Response, name: 'session_id' | 'device'): string | undefined {
  const cookie = response.headers.getSetCookie().find((value) => value.startsWith(`__Host-${name}=`))
  if (cookie === undefined) return undefined
  return (
    /^[^=]+=([^;]*); Path=\/; Max-Age=\d+; Expires=[^;]+ GMT; Secure; HttpOnly; SameSite=Lax$/.exec(
      cookie,
    )?.[1] ?? expect.unreachable(`wrong attributes: ${cookie}`)
  )
}

/** Everything in a response that a client can compare. Leaves out cookie values, times and ids, which always differ. */
export async function sightOf(response: Response): Promise<unknown> {
  const body = (await response.text()).replace(/"request_id":"[^"]*"/, '')
  const headers = [...response.headers].map(([name, value]) =>
    name === 'set-cookie'
      ? [name, value.replace(/=[^;]*/, '=').replace(/(?<=; Max-Age=[1-9]\d*; )Expires=[^;]*/, 'Expires=')]
      : [name, value],
  )
  return { status: response.status, headers, body }
}

/** The client of a request, as the audit log and the notices record it. */
export const CLIENT: Client = {
  ip: '192.0.2.7',
  userAgent: 'Mozilla/5.0 (test)',
  requestId: 'request-1',
}

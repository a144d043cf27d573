/**
 * Writes `test/fixtures/schemas/`: for each migration and dialect, an SQL script that recreates the database as the
 * version with this newest migration left it, with rows in every table. Existing files are only compared, because
 * released migrations are frozen. After adding a migration, run `npm run docs`, give its tables and columns rows below, and
 * run this script.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import type { DialectName } from '../src/db/dialect.ts'
import { MIGRATIONS } from '../src/db/migrations/index.ts'
import { TABLES } from '../src/db/tables/index.ts'
import type { Column, Table } from '../src/db/tables/table.ts'
import { sha256 } from '../src/lib/digest.ts'

const FOLDER = 'test/fixtures/schemas'
const NAMES = Object.keys(MIGRATIONS)

type Value = string | number | null | Uint8Array

const CREATED = Date.parse('2026-11-01T12:00:00Z')
const LATER = Date.parse('2036-11-01T12:00:00Z')
/** The password is `b4l0u`. */
const HASH = '$2b$04$8KpJBrFg5Ty/WbBB5Mmo0eG.XcrSLDWLUnZ7jPpSfd1K12.tf4/g2'
const SESSION = '019a3f5e-7c00-7000-8000-000000000001'
const TOKEN = '019a3f5e-7c00-7000-8000-000000000002'
/** The secret part of the session token and the reset token. */
const SECRET = 'A'.repeat(43)

/** The rows of a table at each version. */
interface Rows {
  /** The migration that created the table. */
  since: string
  columns: Record<string, Value>[]
  /** Columns that a later migration added, and which. */
  added?: Record<string, string>
  /** Other rows for the versions before a migration. */
  former?: { before: string; columns: Record<string, Value>[] }
}

const ROWS: Record<string, Rows> = {
  users: {
    since: '0001-users',
    columns: [
      {
        id: 1,
        email: 'Bob@example.com',
        hashed_password: HASH,
        session_id: SESSION,
        reset_token: TOKEN,
        normalized_email: 'bob@example.com',
        created_at: CREATED,
        password_version: 3,
        disabled_at: null,
        email_verified_at: CREATED,
        unconfirmed_until: null,
        password_compromised_at: null,
        locale: 'fr',
        name: "Bob l'Éponge",
        picture: 'https://example.com/bob.png',
        metadata: '{"plan":"pro"}',
        private_metadata: '{"customer":"cus_1"}',
        second_factor_enabled_at: null,
        second_factor_required_at: null,
        webauthn_handle: null,
      },
      {
        id: 7,
        email: "l'été@bücher.example",
        hashed_password: '!',
        session_id: null,
        reset_token: null,
        normalized_email: "l'été@xn--bcher-kva.example",
        created_at: CREATED + 1,
        password_version: 1,
        disabled_at: CREATED + 2,
        email_verified_at: null,
        unconfirmed_until: LATER,
        password_compromised_at: CREATED + 3,
        locale: null,
        name: null,
        picture: null,
        metadata: null,
        private_metadata: null,
        second_factor_enabled_at: CREATED,
        second_factor_required_at: CREATED,
        webauthn_handle: 'handle',
      },
    ],
    added: {
      email_verified_at: '0005-confirmation',
      unconfirmed_until: '0005-confirmation',
      password_compromised_at: '0005-confirmation',
      locale: '0005-confirmation',
      name: '0013-profile',
      picture: '0013-profile',
      metadata: '0013-profile',
      private_metadata: '0013-profile',
      second_factor_enabled_at: '0016-second-factors',
      second_factor_required_at: '0016-second-factors',
      webauthn_handle: '0016-second-factors',
    },
  },
  sessions: {
    since: '0002-sessions',
    columns: [
      {
        id: SESSION,
        user_id: 1,
        secret_hash: sha256(SECRET),
        created_at: CREATED,
        authenticated_at: CREATED,
        last_seen_at: CREATED + 60_000,
        idle_expires_at: LATER,
        expires_at: LATER,
        amr: 'pwd',
        aal: 1,
        ip_address: '192.0.2.1',
        user_agent: 'a "b" \\ c',
        transport: 'cookie',
        persistent: 1,
      },
    ],
    added: { transport: '0012-session-transport', persistent: '0015-session-persistence' },
    former: {
      before: '0010-session-amr-aal',
      columns: [
        {
          id: SESSION,
          user_id: 1,
          secret_hash: sha256(SECRET),
          created_at: CREATED,
          authenticated_at: CREATED,
          last_seen_at: CREATED + 60_000,
          idle_expires_at: LATER,
          expires_at: LATER,
          methods: 'pwd',
          level: 1,
          ip_address: '192.0.2.1',
          user_agent: 'a "b" \\ c',
        },
      ],
    },
  },
  tokens: {
    since: '0003-tokens',
    columns: [
      {
        id: TOKEN,
        purpose: 'reset_password',
        user_id: 1,
        email: 'bob@example.com',
        secret_hash: sha256(SECRET),
        created_at: CREATED,
        expires_at: LATER,
      },
    ],
  },
  provider_sessions: {
    since: '0017-providers',
    columns: [{ session_id: SESSION, provider_id: 'google', sid: 'sid-1' }],
  },
  throttles: {
    since: '0004-throttles',
    columns: [{ key: 'ab'.repeat(32), failures: 3, blocked_until: CREATED, expires_at: LATER }],
  },
  outbox: {
    since: '0006-outbox',
    columns: [
      {
        id: '019a3f5e-7c00-7000-8000-000000000003',
        kind: 'password_changed',
        user_id: 1,
        email: 'Bob@example.com',
        locale: 'fr',
        details: '{}',
        created_at: CREATED,
        attempts: 2,
        next_attempt_at: LATER,
        priority: 0,
        events: 1,
        problem: 'The message was not sent. 550 relay not permitted',
      },
      {
        id: '019a3f5e-7c00-7000-8000-000000000005',
        kind: 'new_device',
        user_id: null,
        email: 'gone@example.com',
        locale: 'en',
        details: '{"signIns":[{"ip":"192.0.2.1","device":null,"at":1793534400000}]}',
        created_at: CREATED,
        attempts: 0,
        next_attempt_at: LATER,
        priority: 1,
        events: 20,
        problem: null,
      },
    ],
    added: { priority: '0008-notices', events: '0008-notices', problem: '0008-notices' },
    former: {
      before: '0008-notices',
      columns: [
        {
          id: '019a3f5e-7c00-7000-8000-000000000003',
          kind: 'password_changed',
          user_id: 1,
          email: null,
          locale: 'fr',
          details: '{}',
          created_at: CREATED,
          attempts: 2,
          next_attempt_at: LATER,
        },
      ],
    },
  },
  audit: {
    since: '0007-audit',
    columns: [
      {
        id: '019a3f5e-7c00-7000-8000-000000000004',
        at: CREATED,
        instance: 'host:1',
        actor: 'user',
        action: 'login',
        outcome: 'success',
        reason: 'pwd',
        user_id: 1,
        ip_address: '192.0.2.1',
        user_agent: 'a "b" \\ c',
        request_id: 'r1',
        details: '{"device":"new","failures":0}',
        expires_at: LATER,
        actor_id: '1',
        on_behalf_of: null,
        origin_expires_at: LATER,
      },
    ],
    added: {
      actor_id: '0009-audit-actors',
      on_behalf_of: '0009-audit-actors',
      origin_expires_at: '0011-audit-origins',
    },
  },
}

/** Columns that a later migration added to a table without rows above, and which. */
const ADDED: Readonly<Record<string, Record<string, string>>> = {
  pending_sign_ins: { provider_id: '0017-providers', provider_sid: '0017-providers' },
}

/** A row with a value of the right type in every column, for a table without rows above. */
function sampleRow({ columns }: Table): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(columns).map(([name, { type }]) => [name, name === 'user_id' ? 1 : SAMPLES[type]]),
  )
}

const SAMPLES: Readonly<Record<Column['type'], Value>> = {
  integer: 1,
  text: 'text',
  uuid: '019a3f5e-7c00-7000-8000-000000000006',
  time: CREATED,
  count: 1,
  json: '{"plan":"pro"}',
  bytes: sha256('bytes'),
}

/** Kysely's own tables. */
const LEDGER = [
  'create table bienvenue_migrations (name varchar(255) not null primary key, timestamp varchar(255) not null)',
  'create table bienvenue_migrations_lock (id varchar(255) not null primary key, is_locked integer not null default 0)',
  "insert into bienvenue_migrations_lock (id, is_locked) values ('migration_lock', 0)",
]

/** Records the statements of a migration. There is no database: queries get no rows. */
async function statementsOf(dialect: DialectName, name: string): Promise<string[]> {
  const statements: string[] = []
  const db = new Kysely<unknown>({
    dialect: {
      createAdapter: () => (dialect === 'sqlite' ? new SqliteAdapter() : new PostgresAdapter()),
      createDriver: () => new DummyDriver(),
      createIntrospector: (of) =>
        dialect === 'sqlite' ? new SqliteIntrospector(of) : new PostgresIntrospector(of),
      createQueryCompiler: () =>
        dialect === 'sqlite' ? new SqliteQueryCompiler() : new PostgresQueryCompiler(),
    },
    log: ({ query }) => {
      if (!/^\s*select/i.test(query.sql)) statements.push(query.sql)
    },
  })
  await MIGRATIONS[name]?.up(db)
  return statements
}

function literal(dialect: DialectName, value: Value): string {
  if (value === null || typeof value === 'number') return String(value)
  if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`
  const hex = Buffer.from(value).toString('hex')
  return dialect === 'sqlite' ? `x'${hex}'` : `'\\x${hex}'`
}

/** The tables of {@link ROWS}, and every other table from the migration on that creates it. */
async function allRows(): Promise<Record<string, Rows>> {
  const rows = { ...ROWS }
  for (const name of NAMES) {
    const created = (await statementsOf('sqlite', name)).flatMap(
      (statement) => /^create table "(\w+)"/.exec(statement)?.[1] ?? [],
    )
    for (const table of created) {
      const registered = (TABLES as Readonly<Record<string, Table>>)[table]
      if (registered !== undefined)
        rows[table] ??= { since: name, columns: [sampleRow(registered)], added: ADDED[table] ?? {} }
    }
  }
  return rows
}

function insertsAt(rows: Record<string, Rows>, dialect: DialectName, version: string): string[] {
  return Object.entries(rows).flatMap(([table, { since, columns, added = {}, former }]) => {
    if (since > version) return []
    const records = former !== undefined && version < former.before ? former.columns : columns
    return records.map((row) => {
      const cells = Object.entries(row).filter(([column]) => (added[column] ?? '') <= version)
      const values = cells.map(([, value]) => literal(dialect, value))
      return `insert into ${table} (${cells.map(([column]) => column).join(', ')}) values (${values.join(', ')})`
    })
  })
}

mkdirSync(FOLDER, { recursive: true })
const rows = await allRows()
for (const dialect of ['sqlite', 'postgres'] as const) {
  for (const [index, version] of NAMES.entries()) {
    const file = `${FOLDER}/${version}.${dialect}.sql`
    const executed = NAMES.slice(0, index + 1)
    const migrated = await Promise.all(executed.map((name) => statementsOf(dialect, name)))
    const recorded = executed.map(
      (name, at) =>
        `insert into bienvenue_migrations (name, timestamp) values ('${name}', '2026-11-01T12:00:${String(at).padStart(2, '0')}.000Z')`,
    )
    // The rows below have ids up to 7.
    const counted = dialect === 'sqlite' ? [] : ["select setval(pg_get_serial_sequence('users', 'id'), 7)"]
    const statements = [
      ...LEDGER,
      ...migrated.flat(),
      ...recorded,
      ...insertsAt(rows, dialect, version),
      ...counted,
    ]
    const script = statements.map((statement) => `${statement};\n`).join('')
    if (!existsSync(file)) writeFileSync(file, script)
    else if (readFileSync(file, 'utf8') !== script)
      throw new Error(`${file}: a released migration no longer runs the statements that it was released with`)
  }
}

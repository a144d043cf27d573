/** What database URLs open, on real files and a real PostgreSQL. src/db/url.test.ts covers which URLs are refused. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished, vi } from 'vitest'
import { openAsItIs, openDatabase } from '../../src/db/index.ts'
import { prepared } from '../../src/db/prepared.ts'
import { POSTGRES_PARAMETERS } from '../../src/db/url.ts'
import { createAuth } from '../../src/index.ts'
import { OptionError } from '../../src/model/errors.ts'
import { certificateFor } from '../support/certificate.ts'
import { freshDatabase } from '../support/engines.ts'
import { runHere } from '../support/run-here.ts'
import { ROOT } from '../support/service.ts'
import { startPostgres } from '../support/start-postgres.ts'

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'bienvenue-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Runs a command in another working directory. */
function runIn(folder: string, args: readonly string[], databaseUrl: string) {
  return runHere(args, { cwd: folder, env: { DATABASE_URL: databaseUrl } })
}

describe('an SQLite URL', () => {
  it.each([
    ['sqlite:a.db', 'a.db'],
    ['sqlite:///a.db', 'a.db'],
    ['sqlite:///data/a.db', 'data/a.db'],
    ['sqlite:a%20b%3F%25.db', 'a b?%.db'],
    ['sqlite:file:a.db', 'file:a.db'],
    ['sqlite:x.db\r', 'x.db'],
    ['\ufeffsqlite:x.db \n', 'x.db'],
  ])('%j creates only the file %j in the working directory', async (url, name) => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, 'data'))
    expect(await runIn(folder, ['migrate'], url)).toMatchObject({ exitCode: 0, stderr: '' })
    const files = readdirSync(folder, { recursive: true }).filter((file) => file !== 'data')
    expect(files).toEqual([name])
  })

  it.each(['sqlite:/', 'sqlite:////'])('%sPATH is absolute', async (prefix) => {
    const folder = temporaryFolder()
    const auth = await createAuth({ databaseUrl: `${prefix}${folder.slice(1)}/a.db` })
    await auth.close()
    expect(readdirSync(folder)).toEqual(['a.db'])
  })

  it.each([
    'sqlite:x\u200b.db',
    'sqlite:a.db?mode=ro',
    'sqlite:a.db#x',
    'sqlite:a%.db',
    'sqlite://a.db',
    'sqlite:',
  ])('%j is refused by each command, which creates no file', async (url) => {
    const folder = temporaryFolder()
    for (const command of [
      ['serve'],
      ['migrate'],
      ['users', 'list'],
      ['backup', 'copy.db'],
      ['migrate', '--plan'],
    ])
      expect(await runIn(folder, command, url)).toMatchObject({
        exitCode: 2,
        stderr: expect.stringMatching(/^bienvenue: DATABASE_URL: [^\n]+\n$/),
      })
    expect(await runIn(folder, ['doctor'], url)).toMatchObject({ exitCode: 1, stderr: '' })
    expect(readdirSync(folder)).toEqual([])
  })

  it('is refused if the directory does not exist, naming it', async () => {
    const folder = temporaryFolder()
    for (const [url, missing] of [
      ['sqlite:///data/a.db', `${folder}/data`],
      [`sqlite:${folder}/no/where/a.db`, `${folder}/no/where`],
    ] as const) {
      const { exitCode, stderr } = await runIn(folder, ['migrate'], url)
      expect(exitCode).toBe(2)
      expect(stderr).toMatch(/^bienvenue: DATABASE_URL: cannot use sqlite:.*: there is no directory /)
      expect(stderr).toContain(missing)
      const doctor = await runIn(folder, ['doctor'], url)
      expect(doctor).toMatchObject({
        exitCode: 1,
        stdout: expect.stringContaining(`no directory ${missing}`),
      })
    }
    expect(readdirSync(folder)).toEqual([])
  })

  describe('that version 0.1 read as another file', () => {
    /** A URL, the file that 0.1 opened for it, and the URL of that file now. */
    const former = (folder: string) =>
      [
        [`sqlite:///${folder.slice(1)}/old.db`, `${folder}/old.db`, `sqlite:${folder}/old.db`],
        ['sqlite:a%20b.db', `${folder}/a%20b.db`, 'sqlite:a%2520b.db'],
      ] as const

    it('is refused if only that file exists, naming both spellings', async () => {
      const folder = temporaryFolder()
      for (const [url, file, spelling] of former(folder)) {
        writeFileSync(file, '')
        for (const command of [['serve'], ['migrate'], ['users', 'list'], ['backup', 'copy.db']]) {
          const { exitCode, stderr } = await runIn(folder, command, url)
          expect(exitCode).toBe(2)
          expect(stderr).toContain(`read it as ${spelling}, which exists: write that to use it, or sqlite:`)
        }
        const doctor = await runIn(folder, ['doctor'], url)
        expect(doctor).toMatchObject({ exitCode: 1, stdout: expect.stringContaining(spelling) })
        // The suggested spelling opens it.
        expect(await runIn(folder, ['migrate'], spelling)).toMatchObject({ exitCode: 0 })
      }
      expect(readdirSync(folder).sort()).toEqual(['a%20b.db', 'old.db'])
    })

    it('is opened if its file exists', async () => {
      const folder = temporaryFolder()
      writeFileSync(join(folder, 'a%20b.db'), 'the other file')
      writeFileSync(join(folder, 'a b.db'), '')
      expect(await runIn(folder, ['migrate'], 'sqlite:a%20b.db')).toMatchObject({ exitCode: 0 })
    })
  })

  it('in memory creates no file', async () => {
    const folder = temporaryFolder()
    for (const url of ['sqlite::memory:', 'sqlite://', 'sqlite:///:memory:'])
      expect(await runIn(folder, ['migrate'], url)).toMatchObject({ exitCode: 0, stderr: '' })
    expect(readdirSync(folder)).toEqual([])
  })
})

async function query(url: string, ...statements: readonly string[]): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    let rows: Record<string, unknown>[] = []
    for (const statement of statements) ({ rows } = await client.query(statement))
    return rows
  } finally {
    await client.end()
  }
}

/** What a connection of ours reports about itself. */
async function sessionOf(url: string) {
  const db = await openAsItIs(url)
  try {
    const { rows } = await sql<{
      user: string
      database: string
      application: string
      search_path: string
      socket: boolean
      tls: boolean
      client: string | null
      client_encoding: string
    }>`
      select current_user::text as user, current_database()::text as database,
        current_setting('application_name') as application, current_setting('search_path') as search_path,
        current_setting('client_encoding') as client_encoding,
        inet_client_addr() is null as socket, ssl as tls, client_dn as client
      from pg_stat_ssl where pid = pg_backend_pid()`.execute(db)
    return rows[0] ?? expect.unreachable()
  } finally {
    await db.destroy()
  }
}

/** The number of statements that a connection of ours keeps when it runs the read that counts them. */
async function keptStatements(url: string): Promise<unknown> {
  const count = prepared((db, value) =>
    db
      .selectFrom(sql<{ name: string }>`pg_prepared_statements`.as('kept'))
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('name', '!=', value),
  )
  const db = await openAsItIs(url)
  try {
    return (await count(db, ''))?.[0]
  } finally {
    await db.destroy()
  }
}

describe('a PostgreSQL URL', () => {
  const certificate = certificateFor('127.0.0.1')
  const other = certificateFor('127.0.0.1')
  let server: Awaited<ReturnType<typeof startPostgres>>
  let folder: string
  let port: string
  let sockets: string

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bienvenue-'))
    server = await startPostgres()
    port = new URL(server.url).port
    const [where] = await query(`${server.url}/postgres`, "select current_setting('data_directory') as data")
    // The server writes them, because only its own user may be able to read its key.
    const write = (name: string, pem: string) =>
      `copy (select unnest(array[${pem
        .trimEnd()
        .split('\n')
        .map((line) => `'${line}'`)}])) to program 'umask 077; cat > ${where?.data}/${name}'`
    await query(
      `${server.url}/postgres`,
      write('server.crt', certificate.cert),
      write('server.key', certificate.key),
      write('clients.crt', other.cert),
      "alter system set ssl_ca_file = 'clients.crt'",
      'alter system set ssl = on',
      'select pg_reload_conf()',
    )
    const [shown] = await query(`${server.url}/postgres`, 'show unix_socket_directories')
    sockets = String(shown?.unix_socket_directories)
    // The server reloads its settings with a delay.
    await vi.waitUntil(() => sessionOf(url('sslmode=no-verify')).catch(() => false), { timeout: 50_000 })
    const files = {
      'ca.pem': certificate.cert,
      'other.pem': other.cert,
      'client.pem': other.cert,
      'key.pem': other.key,
    }
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode: 0o600 })
  })
  afterAll(async () => {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const url = (parameters: string) => `${server.url}/postgres?${parameters}`
  const tls = async (parameters: string) => (await sessionOf(url(parameters))).tls

  /** Each parameter of a URL, and a check that it has an effect. */
  const SHOWN: Readonly<Record<string, () => Promise<void>>> = {
    host: async () => {
      const found = await sessionOf(
        `postgres://postgres:postgres@nowhere.invalid:${port}/postgres?host=${encodeURIComponent(sockets)}`,
      )
      expect(found).toMatchObject({ socket: true, user: 'postgres' })
    },
    port: async () => {
      expect(await sessionOf(`postgres://postgres:postgres@127.0.0.1:1/postgres?port=${port}`)).toMatchObject(
        {
          database: 'postgres',
        },
      )
    },
    user: async () => {
      expect(await sessionOf(`postgres://x:postgres@127.0.0.1:${port}/postgres?user=postgres`)).toMatchObject(
        {
          user: 'postgres',
        },
      )
    },
    password: async () => {
      expect(
        await sessionOf(`postgres://postgres:x@127.0.0.1:${port}/postgres?password=postgres`),
      ).toMatchObject({
        user: 'postgres',
      })
    },
    application_name: async () => {
      expect((await sessionOf(`${server.url}/postgres`)).application).toBe('bienvenue')
      expect((await sessionOf(url('application_name=accounts'))).application).toBe('accounts')
    },
    options: async () => {
      expect((await sessionOf(url('options=-csearch_path%3Dauth'))).search_path).toBe('auth')
      expect((await sessionOf(url('options=-c search_path=auth'))).search_path).toBe('auth')
    },
    sslmode: async () => {
      expect(await tls('sslmode=disable')).toBe(false)
      expect(await tls('sslmode=no-verify')).toBe(true)
      for (const mode of ['prefer', 'require', 'verify-ca', 'verify-full'])
        await expect(sessionOf(url(`sslmode=${mode}`)), mode).rejects.toThrow(/self-signed certificate/)
    },
    sslrootcert: async () => {
      expect(await tls(`sslmode=verify-full&sslrootcert=${folder}/ca.pem`)).toBe(true)
      await expect(sessionOf(url(`sslmode=verify-full&sslrootcert=${folder}/other.pem`))).rejects.toThrow(
        /self-signed certificate/,
      )
      await expect(sessionOf(url(`sslrootcert=${folder}/none.pem`))).rejects.toThrow(/ENOENT/)
    },
    sslcert: async () => {
      const { client } = await sessionOf(
        url(`sslmode=no-verify&sslcert=${folder}/client.pem&sslkey=${folder}/key.pem`),
      )
      expect(client).toBe('/CN=Test certificate')
      await expect(sessionOf(url(`sslcert=${folder}/none.pem`))).rejects.toThrow(/ENOENT/)
    },
    sslkey: async () => {
      await expect(sessionOf(url(`sslkey=${folder}/none.pem`))).rejects.toThrow(/ENOENT/)
    },
    sslnegotiation: async () => {
      expect(await tls('sslnegotiation=direct&sslmode=no-verify')).toBe(true)
      await expect(sessionOf(url('sslnegotiation=direct&sslmode=disable'))).rejects.toThrow(/requires SSL/)
    },
    uselibpqcompat: async () => {
      expect(await tls('uselibpqcompat=true&sslmode=require')).toBe(true)
      await expect(sessionOf(url('uselibpqcompat=true&sslmode=verify-full'))).rejects.toThrow(/self-signed/)
    },
    prepare: async () => {
      expect(await keptStatements(url('prepare=true'))).toBe(1)
      expect(await keptStatements(url('prepare=false'))).toBe(0)
    },
  }

  it.each(Object.keys(SHOWN))('applies %s', (name) => SHOWN[name]?.())

  it('accepts only parameters that are tested to have an effect', () => {
    expect(Object.keys(POSTGRES_PARAMETERS).toSorted()).toEqual(Object.keys(SHOWN).toSorted())
  })

  it('creates the tables in the schema that its options name', async () => {
    const database = await freshDatabase('postgres')
    await query(database, 'create schema auth')
    const auth = await createAuth({ databaseUrl: `${database}?options=-csearch_path%3Dauth` })
    onTestFinished(() => auth.close())
    await auth.registerUser('alice@example.com', 'b4l0u')
    expect(await query(database, 'select email from auth.users')).toEqual([{ email: 'alice@example.com' }])
    expect(await query(database, "select 1 from pg_tables where schemaname = 'public'")).toEqual([])
  })

  it('always uses UTF-8, whatever its options and database say', async () => {
    const database = await freshDatabase('postgres')
    await query(
      database,
      `alter database ${new URL(database).pathname.slice(1)} set client_encoding = 'LATIN1'`,
    )
    for (const parameters of ['', '?options=-cclient_encoding%3DLATIN1'])
      expect((await sessionOf(`${database}${parameters}`)).client_encoding).toBe('UTF8')
  })
})

describe.each(['SQL_ASCII', 'LATIN1'])('a PostgreSQL database with the encoding %s', (encoding) => {
  async function databaseOf(): Promise<string> {
    const administration = `${inject('postgresUrl')}/postgres`
    const name = `encoding_${encoding.toLowerCase()}`
    await query(
      administration,
      `create database ${name} encoding '${encoding}' locale 'C' template template0`,
    )
    onTestFinished(async () => void (await query(administration, `drop database ${name} with (force)`)))
    return `${inject('postgresUrl')}/${name}`
  }
  const says = new RegExp(
    `this database stores text as ${encoding}, and Bienvenue needs UTF8: create a new one with createdb --encoding=UTF8`,
  )

  it('is refused by createAuth and by each command, which changes nothing', async () => {
    const url = await databaseOf()
    await expect(createAuth({ databaseUrl: url })).rejects.toThrow(OptionError)
    for (const open of [
      () => openDatabase(url),
      () => openDatabase(url, { migrate: false }),
      () => openAsItIs(url),
    ])
      await expect(open()).rejects.toMatchObject({
        option: 'databaseUrl',
        message: expect.stringMatching(says),
      })
    const commands = [
      ['serve'],
      ['migrate'],
      ['migrate', '--plan'],
      ['adopt', '--plan'],
      ['users', 'list'],
      ['export'],
    ]
    for (const command of commands) {
      const { exitCode, stdout, stderr } = await runIn(ROOT, command, url)
      expect({ command, exitCode, stdout }).toEqual({ command, exitCode: 2, stdout: '' })
      expect(stderr).toMatch(says)
      expect(stderr.trimEnd()).not.toContain('\n')
    }
    const doctor = await runIn(ROOT, ['doctor'], url)
    expect(doctor).toMatchObject({ exitCode: 1, stdout: expect.stringMatching(says) })
    const file = join(temporaryFolder(), 'url')
    writeFileSync(file, url)
    const target = await runIn(ROOT, ['move', '--to-file', file], await migratedSqlite())
    expect(target).toMatchObject({ exitCode: 1, stderr: expect.stringMatching(says) })
    expect(await query(url, "select 1 from pg_tables where schemaname = 'public'")).toEqual([])
  })
})

async function migratedSqlite(): Promise<string> {
  const url = await freshDatabase('sqlite')
  await (await openDatabase(url)).destroy()
  return url
}

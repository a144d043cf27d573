/** Runs once before all tests. Builds `dist/`, which some tests use, and starts PostgreSQL with the databases that tests copy. */
import { accessSync, constants, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { build, isBuilt } from '../../scripts/build.ts'
import { openDatabase, TABLE_NAMES } from '../../src/db/index.ts'
import type { Naming } from '../../src/db/naming.ts'
import { NAMED } from './named.ts'
import { startPostgres } from './start-postgres.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** URL of the PostgreSQL server, without a database. Each test creates its own. */
    postgresUrl: string
    /** Databases with the current schema and no rows: a name on the server, and a file path. */
    templates: { readonly postgres: string; readonly sqlite: string }
    /** The same, with our tables named as in {@link NAMED}, and other tables under the plain names. */
    namedTemplates: { readonly postgres: string; readonly sqlite: string }
  }
}

/** The file system in memory on Linux. */
const IN_MEMORY = '/dev/shm'
const ROOM_BYTES = 2 * 1024 ** 3

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // Small test databases spend most of their time waiting for the disk.
  if (process.env.TMPDIR === undefined && isUsable(IN_MEMORY)) process.env.TMPDIR = IN_MEMORY
  // Tests start the built command, and the examples import the built library.
  if (!isBuilt()) await build()
  // `npm run mutants` runs Vitest often, and starts one server for all runs.
  const shared = process.env.BIENVENUE_TEST_POSTGRES
  const { url, stop } =
    shared === undefined ? await startPostgres() : { url: shared, stop: () => Promise.resolve() }
  const folder = mkdtempSync(join(tmpdir(), 'bienvenue-templates-'))
  const prefix = `bienvenue_test_${process.pid}`
  const plain = { postgres: `${prefix}_plain`, sqlite: join(folder, 'template.db') }
  const named = { postgres: `${prefix}_named`, sqlite: join(folder, 'named.db') }
  await onServer(url, async (client) => {
    for (const { postgres } of [plain, named]) await client.query(`create database ${postgres}`)
  })
  for (const databaseUrl of [`${url}/${plain.postgres}`, `sqlite:${plain.sqlite}`])
    await (await openDatabase(databaseUrl)).destroy()
  await createNamed(`${url}/${named.postgres}`, NAMED.postgres)
  await createNamed(`sqlite:${named.sqlite}`, NAMED.sqlite)
  project.provide('postgresUrl', url)
  project.provide('templates', plain)
  project.provide('namedTemplates', named)
  return async () => {
    rmSync(folder, { recursive: true, force: true })
    if (shared !== undefined) await onServer(url, (client) => dropDatabases(client, prefix))
    await stop()
  }
}

/** Deletes the databases whose names begin with a prefix: the templates and their copies. */
async function dropDatabases(client: pg.Client, prefix: string): Promise<void> {
  const { rows } = await client.query<{ datname: string }>(
    'select datname from pg_database where starts_with(datname, $1)',
    [`${prefix}_`],
  )
  for (const { datname } of rows) await client.query(`drop database ${datname} with (force)`)
}

async function createNamed(databaseUrl: string, naming: Naming): Promise<void> {
  const db = await openDatabase(databaseUrl, { naming })
  for (const table of TABLE_NAMES) await sql`create table ${sql.id(table)} (theirs text)`.execute(db)
  await db.destroy()
}

/** Whether the folder is writable and has enough room. In containers it often has only 64 MB. */
function isUsable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize > ROOM_BYTES
  } catch {
    return false
  }
}

async function onServer(server: string, act: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: `${server}/postgres` })
  await client.connect()
  await act(client)
  await client.end()
}

/** Runs once before all tests: the build that some of them use, a real PostgreSQL, and the databases that tests copy. */
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
    /** The same for {@link NAMED}, in which other tables have the plain names. */
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
  const postgres = `${prefix}_plain`
  const sqlite = join(folder, 'template.db')
  const [namedPostgres, namedSqlite] = [`${prefix}_named`, join(folder, 'named.db')]
  await createPostgres(url, postgres)
  await createPostgres(url, namedPostgres)
  for (const databaseUrl of [`${url}/${postgres}`, `sqlite:${sqlite}`])
    await (await openDatabase(databaseUrl)).destroy()
  await createNamed(`${url}/${namedPostgres}`, NAMED.postgres)
  await createNamed(`sqlite:${namedSqlite}`, NAMED.sqlite)
  project.provide('postgresUrl', url)
  project.provide('templates', { postgres, sqlite })
  project.provide('namedTemplates', { postgres: namedPostgres, sqlite: namedSqlite })
  return async () => {
    rmSync(folder, { recursive: true, force: true })
    if (shared !== undefined) await dropDatabases(url, prefix)
    await stop()
  }
}

/** Deletes the databases whose names begin with a prefix: the templates and their copies. */
async function dropDatabases(server: string, prefix: string): Promise<void> {
  const client = new pg.Client({ connectionString: `${server}/postgres` })
  await client.connect()
  const { rows } = await client.query<{ datname: string }>(
    'select datname from pg_database where starts_with(datname, $1)',
    [`${prefix}_`],
  )
  for (const { datname } of rows) await client.query(`drop database ${datname} with (force)`)
  await client.end()
}

async function createNamed(databaseUrl: string, naming: Naming): Promise<void> {
  const db = await openDatabase(databaseUrl, { naming })
  for (const table of TABLE_NAMES) await sql`create table ${sql.id(table)} (theirs text)`.execute(db)
  await db.destroy()
}

/** A container often gives 64 MB to it, which is too little. */
function isUsable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize > ROOM_BYTES
  } catch {
    return false
  }
}

async function createPostgres(server: string, name: string): Promise<void> {
  const client = new pg.Client({ connectionString: `${server}/postgres` })
  await client.connect()
  await client.query(`create database ${name}`)
  await client.end()
}

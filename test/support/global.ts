/** Runs once before all tests: builds the package, starts PostgreSQL, and creates the databases that tests copy. */
import {
  accessSync,
  constants,
  existsSync,
  globSync,
  mkdtempSync,
  rmSync,
  statfsSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { build } from '../../scripts/build.ts'
import { openDatabase } from '../../src/db/index.ts'
import { startPostgres } from './start-postgres.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** URL of the PostgreSQL server, without a database. Each test creates its own. */
    postgresUrl: string
    /** Databases with the current schema and no rows: a name on the server, and a file path. */
    templates: { readonly postgres: string; readonly sqlite: string }
  }
}

/** The file system in memory on Linux. */
const IN_MEMORY = '/dev/shm'
const ROOM_BYTES = 2 * 1024 ** 3

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // Small test databases spend most of their time waiting for the disk.
  if (process.env.TMPDIR === undefined && isUsable(IN_MEMORY)) process.env.TMPDIR = IN_MEMORY
  if (!isBuilt()) await build()
  const { url, stop } = await startPostgres()
  const folder = mkdtempSync(join(tmpdir(), 'bienvenue-templates-'))
  const postgres = 'bienvenue_template'
  const sqlite = join(folder, 'template.db')
  await createPostgres(url, postgres)
  for (const databaseUrl of [`${url}/${postgres}`, `sqlite:${sqlite}`])
    await (await openDatabase(databaseUrl)).destroy()
  project.provide('postgresUrl', url)
  project.provide('templates', { postgres, sqlite })
  return async () => {
    rmSync(folder, { recursive: true, force: true })
    await stop()
  }
}

/** Whether `dist/` is up to date: tests start the built command, and the examples import the built library. */
function isBuilt(): boolean {
  // The build writes this file last.
  const last = 'dist/cli/LICENSES'
  if (!existsSync(last)) return false
  const built = statSync(last).mtimeMs
  return globSync('src/**/*').every((path) => {
    const entry = statSync(path)
    return entry.isDirectory() || path.endsWith('.test.ts') || entry.mtimeMs < built
  })
}

/** Whether the folder is writable and large enough. Containers often limit `/dev/shm` to 64 MB. */
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

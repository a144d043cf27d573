/** A fresh database on either engine, and the service upon it: what most tests begin with. */
import { randomUUID } from 'node:crypto'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { describe, inject, onTestFinished } from 'vitest'
import { createHasher } from '../../src/auth/passwords/hashing/index.ts'
import { type Auth, type CreateAuthOptions, createAuth } from '../../src/index.ts'
import { temporaryFolder } from './system.ts'

export type EngineName = 'sqlite' | 'postgres'

/** Says the same of both engines. */
export function onBothEngines(name: string, suite: (engine: EngineName) => void): void {
  describe.each<EngineName>(['sqlite', 'postgres'])(`${name}, on %s`, suite)
}

/** The URL of an empty database. It is removed when the test ends. */
export async function freshDatabase(engine: EngineName): Promise<string> {
  return engine === 'sqlite' ? sqliteUrl(temporaryFile()) : createPostgres()
}

/** The URL of a database with the current schema and no rows. It is removed when the test ends. */
export async function migratedDatabase(engine: EngineName): Promise<string> {
  const templates = inject('templates')
  if (engine === 'postgres') return createPostgres(`template ${templates.postgres}`)
  const file = temporaryFile()
  copyFileSync(templates.sqlite, file)
  return sqliteUrl(file)
}

function sqliteUrl(file: string): string {
  return `sqlite:${file}`
}

function temporaryFile(): string {
  return join(temporaryFolder(), 'test.db')
}

async function createPostgres(from = ''): Promise<string> {
  const name = `test_${randomUUID().replaceAll('-', '')}`
  const server = administrator()
  // On a file system in memory, copying files takes half of the time that logging each page does.
  await server.query(`create database ${name} ${from} strategy file_copy`)
  onTestFinished(() => server.query(`drop database ${name} with (force)`).then(() => {}))
  return `${inject('postgresUrl')}/${name}`
}

let pool: pg.Pool | undefined

/** The server itself, over one connection for all tests of a worker: PostgreSQL starts a process for each connection. */
function administrator(): pg.Pool {
  pool ??= new pg.Pool({
    connectionString: `${inject('postgresUrl')}/postgres`,
    max: 1,
    idleTimeoutMillis: 0,
    allowExitOnIdle: true,
  }).on('error', () => {}) // The server stops after the tests.
  return pool
}

/** bcrypt at its cheapest: the same code, 4 rounds. */
export const CHEAP_HASHER = createHasher({ passwordHash: 'bcrypt', bcryptCost: 4 })

/** A clock that only the test moves. */
export interface TestClock {
  (): Date
  advance(seconds: number): void
}

export function testClock(start = '2026-11-21T12:00:00Z'): TestClock {
  let time = Date.parse(start)
  const clock = () => new Date(time)
  return Object.assign(clock, {
    advance(seconds: number) {
      time += seconds * 1_000
    },
  })
}

/** The service on a database of its own, closed with the test. Logs nothing unless the test gives a logger. */
export async function freshAuth(engine: EngineName, options: CreateAuthOptions = {}): Promise<Auth> {
  const auth = await createAuth({
    databaseUrl: options.databaseUrl ?? (await migratedDatabase(engine)),
    hasher: CHEAP_HASHER,
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    ...options,
  })
  onTestFinished(() => auth.close())
  return auth
}

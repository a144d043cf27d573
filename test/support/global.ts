/** Once before all tests: the build that some of them run, and a real PostgreSQL. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { TestProject } from 'vitest/node'
import { build } from '../../scripts/build.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The server; each test makes a database of its own on it. */
    postgresUrl: string
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (!existsSync('dist')) await build()
  const postgres = spawn(process.execPath, ['test/support/postgres.ts'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const ended = once(postgres, 'close')
  const url = await Promise.race([
    once(createInterface({ input: postgres.stdout }), 'line').then(([line]) => line as string),
    ended.then(() => Promise.reject(new Error('PostgreSQL did not start'))),
  ])
  project.provide('postgresUrl', url)
  return async () => {
    postgres.stdin.end()
    await ended
  }
}

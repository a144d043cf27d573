/** How the primary stops. test/service/workers.test.ts runs the service with several workers. */
import cluster from 'node:cluster'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { createLogger } from '../log.ts'
import { runWorkers } from './workers.ts'

/** Makes the cluster run this program as its workers until the test ends. */
function workersRun(program: string): void {
  const folder = mkdtempSync(join(tmpdir(), 'bienvenue-'))
  const exec = join(folder, 'worker.mjs')
  writeFileSync(exec, program)
  const before = { ...cluster.settings, schedulingPolicy: cluster.schedulingPolicy }
  cluster.setupPrimary({ exec, execArgv: [] })
  onTestFinished(() => {
    const { schedulingPolicy, exec = process.argv[1] ?? '', execArgv = process.execArgv } = before
    cluster.schedulingPolicy = schedulingPolicy
    cluster.setupPrimary({ exec, execArgv })
    rmSync(folder, { recursive: true })
  })
}

it('waits for a worker that has closed its channel and is about to end', async () => {
  workersRun(`import cluster from 'node:cluster'
    cluster.worker.send({ port: 1 }, () => cluster.worker.disconnect())
    setTimeout(() => {}, 500)`)
  const disconnected = once(cluster, 'disconnect')
  const ended = once(cluster, 'exit')
  const exitCode = await runWorkers(1, {
    log: createLogger('silent', 'stdout'),
    onListening: () => {},
    stopped: disconnected.then(() => {}),
  })
  expect(exitCode).toBe(0)
  expect(await ended).toMatchObject([{}, 0, null])
})

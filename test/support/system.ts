/** What the machine lends to a test, and gets back at its end: folders, and servers that are not ours. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** Registers what is to be done at the end: `onTestFinished`, or `afterAll` in a hook. What came last is done first. */
export type OnEnd = (end: () => Promise<void> | void) => void

/** An empty folder that goes away with the test. */
export function temporaryFolder(onEnd: OnEnd = onTestFinished): string {
  const folder = mkdtempSync(join(tmpdir(), 'bienvenue-'))
  onEnd(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A server that runs in the foreground until the test ends. */
export interface Daemon {
  readonly pid: number
  /** What it wrote to standard error so far. */
  log(): string
}

interface DaemonOptions {
  readonly program: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** What it says on standard error once its ports are open. */
  readonly ready: string
  readonly onEnd: OnEnd
}

/**
 * Starts a server and waits until it says that it is ready.
 *
 * @throws Where it ends before, with what it said.
 */
export async function startDaemon({ program, args, env, ready, onEnd }: DaemonOptions): Promise<Daemon> {
  const child = spawn(program, args, { env: env ?? {}, stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = new Promise((done) => child.once('close', done))
  onEnd(async () => {
    child.kill()
    await ended
  })
  let log = ''
  await new Promise<void>((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text
      if (log.includes(ready)) resolve()
    })
    child.once('error', reject)
    ended.then(() => reject(new Error(`${program} ended before it was ready:\n${log}`)))
  })
  return { pid: child.pid as number, log: () => log }
}

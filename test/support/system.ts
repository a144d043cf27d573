/** Resources that a test borrows from the machine and releases when it ends: folders, ports and third-party servers. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** Registers a clean-up: `onTestFinished`, or `afterAll` in a hook. The last one registered runs first. */
export type OnEnd = (end: () => Promise<void> | void) => void

/** Creates an empty folder. It is deleted when the test ends. */
export function temporaryFolder(onEnd: OnEnd = onTestFinished): string {
  const folder = mkdtempSync(join(tmpdir(), 'bienvenue-'))
  onEnd(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Serves HTTP on a free port of 127.0.0.1 until the test ends. @returns The URL, without a path. */
export async function serve(answer: RequestListener, onEnd: OnEnd = onTestFinished): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onEnd(async () => {
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A third-party server that runs until the test ends. */
export interface Daemon {
  readonly pid: number
  /** Its standard error so far. */
  log(): string
}

interface DaemonOptions {
  readonly program: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Text that appears on standard error once the ports are open. */
  readonly ready: string
  readonly onEnd: OnEnd
}

/**
 * Starts a server and waits until it is ready.
 *
 * @throws If it ends before it is ready. The message holds its log.
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

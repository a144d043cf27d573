/** Runs commands in the process of the test, which is many times faster than a process of their own. */
import { vi } from 'vitest'
import { run } from '../../src/cli/run.ts'

/** The result of a command. */
export interface Finished {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

interface Options {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

let last: Promise<unknown> = Promise.resolve()

/** Runs a command in this process, with its own environment and current folder. Commands run one after another. */
export function runHere(args: readonly string[], options: Options = {}): Promise<Finished> {
  const finished = last.then(() => runNow(args, options))
  last = finished.catch(() => {})
  return finished
}

async function runNow(args: readonly string[], { env = {}, cwd = '.' }: Options): Promise<Finished> {
  const before = { env: process.env, cwd: process.cwd(), listeners: listeners() }
  let [stdout, stderr] = ['', '']
  const writes = [
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      stdout += text
      return true
    }),
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      stderr += text
      return true
    }),
  ]
  process.env = { ...env }
  try {
    process.chdir(cwd)
    const exitCode = await run(args)
    return { exitCode, stdout, stderr }
  } finally {
    process.env = before.env
    process.chdir(before.cwd)
    for (const write of writes) write.mockRestore()
    for (const [event, listener] of listeners())
      if (!before.listeners.some(([, old]) => old === listener)) process.off(event, listener)
  }
}

/** What `serve` adds to its process for good. Here it would hide errors of later tests. */
const EVENTS = ['SIGTERM', 'SIGINT', 'uncaughtException', 'unhandledRejection'] as const

function listeners() {
  return EVENTS.flatMap((event) =>
    process.rawListeners(event).map((listener) => [event, listener as () => void] as const),
  )
}

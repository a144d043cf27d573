import type { OutputFile } from '../lib/output-file.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Runs `write`, and removes the unfinished file if it fails or a signal ends the process. */
export async function discardedOnFailure<Result>(
  output: OutputFile,
  write: () => Promise<Result>,
): Promise<Result> {
  const end = (signal: NodeJS.Signals) => {
    output.discard()
    for (const each of SIGNALS) process.off(each, end)
    process.kill(process.pid, signal)
  }
  for (const signal of SIGNALS) process.on(signal, end)
  try {
    return await write()
  } finally {
    output.discard()
    for (const signal of SIGNALS) process.off(signal, end)
  }
}

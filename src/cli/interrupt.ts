import type { OutputFile } from '../lib/output-file.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Runs what writes a file. If it fails, or a signal ends the process, the unfinished file is removed. */
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

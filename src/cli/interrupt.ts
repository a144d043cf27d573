import type { OutputFile } from '../lib/output-file.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Opens a file and writes it. Removes the unfinished file if `write` fails or a signal ends the process. Signals are
 * handled before the file exists, so that none can leave it behind.
 */
export async function discardedOnFailure<Result>(
  open: () => OutputFile,
  write: (output: OutputFile) => Promise<Result>,
): Promise<Result> {
  let output: OutputFile | undefined
  const end = (signal: NodeJS.Signals) => {
    output?.discard()
    for (const each of SIGNALS) process.off(each, end)
    process.kill(process.pid, signal)
  }
  for (const signal of SIGNALS) process.on(signal, end)
  try {
    output = open()
    return await write(output)
  } finally {
    output?.discard()
    for (const signal of SIGNALS) process.off(signal, end)
  }
}

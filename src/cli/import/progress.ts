import { grouped } from '../terminal.ts'

export interface Progress {
  readonly lines: number
  readonly rejected: number
  /** Bytes read so far. */
  readonly read: number
  /** Bytes of the whole file; `null` if unknown, as for a pipe. */
  readonly size: number | null
  readonly elapsedSeconds: number
}

const BAR_WIDTH = 16

/** The progress as one line: `[####…] 25 %  250,000 lines  12,500 per second  about 1 min left  3 rejected`. */
export function progressLine({ lines, rejected, read, size, elapsedSeconds }: Progress): string {
  const rate = elapsedSeconds > 0 ? lines / elapsedSeconds : 0
  const parts = [`${grouped(lines)} lines`, ...(rate > 0 ? [`${grouped(Math.round(rate))} per second`] : [])]
  if (size !== null && size > 0) {
    const share = Math.min(read / size, 1)
    const done = Math.floor(share * BAR_WIDTH)
    parts.unshift(`[${'#'.repeat(done)}${'.'.repeat(BAR_WIDTH - done)}] ${Math.floor(share * 100)} %`)
    if (share > 0 && share < 1 && rate > 0)
      parts.push(`about ${duration(elapsedSeconds * (1 / share - 1))} left`)
  }
  if (rejected > 0) parts.push(`${grouped(rejected)} rejected`)
  return parts.join('  ')
}

function duration(seconds: number): string {
  if (seconds < 100) return `${Math.ceil(seconds)} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 100 ? `${minutes} min` : `${Math.round(minutes / 60)} h`
}

export interface ProgressReport {
  show(progress: Omit<Progress, 'elapsedSeconds'>): void
  /** Clears the progress line, so that other output can follow. */
  end(): void
}

/** Without a terminal, progress is written once per this many lines. */
const LOG_EVERY = 100_000

/** Reports progress to `output`: a bar that is updated at a terminal, otherwise a line from time to time. */
export function startProgress(output: NodeJS.WriteStream): ProgressReport {
  const startedAt = performance.now()
  let logged = 0
  return {
    show(progress) {
      const text = progressLine({ ...progress, elapsedSeconds: (performance.now() - startedAt) / 1_000 })
      if (output.isTTY) {
        // Return to the start of the line, and erase the rest of a longer one.
        output.write(`\r${text.slice(0, output.columns - 1)}\u{1b}[K`)
      } else if (progress.lines - logged >= LOG_EVERY) {
        logged = progress.lines
        output.write(`${text}\n`)
      }
    },
    end() {
      if (output.isTTY) output.write('\r\u{1b}[K')
    },
  }
}

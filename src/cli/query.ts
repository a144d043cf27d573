/** Flags by which lists are narrowed down. */
import { UsageError } from './command.ts'

/** `--limit`: how many at most; 0 for all. */
export function limitOf(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new UsageError('--limit takes a whole number')
  return Number(text) || Number.POSITIVE_INFINITY
}

/** `--since`: a moment. */
export function sinceOf(text: string): Date {
  const time = new Date(text)
  if (!/^\d{4}-\d\d-\d\d/.test(text) || Number.isNaN(time.getTime()))
    throw new UsageError('--since takes a moment, as in 2026-11-21 or 2026-11-21T12:00:00Z')
  return time
}

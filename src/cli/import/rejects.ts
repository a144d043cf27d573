import { isUtf8 } from 'node:buffer'
import type { Line } from './lines.ts'

/** A line that was not taken: its number, the reason and its text, as a line of JSON. */
export function rejectedLine({
  line: { number, bytes },
  problem,
}: {
  readonly line: Line
  readonly problem: string
}): string {
  // What is not UTF-8 cannot be written in JSON as it is.
  const said = isUtf8(bytes) ? { text: bytes.toString() } : { base64: bytes.toString('base64') }
  return `${JSON.stringify({ line: number, problem, ...said })}\n`
}

import { isUtf8 } from 'node:buffer'
import { jsonLine } from '../terminal.ts'
import type { Line } from './lines.ts'

/** A rejected line as a line of JSON, with its number, the reason and its text. */
export function rejectedLine({
  line: { number, bytes },
  problem,
}: {
  readonly line: Line
  readonly problem: string
}): string {
  // JSON cannot hold bytes that are not UTF-8.
  const content = isUtf8(bytes) ? { text: bytes.toString() } : { base64: bytes.toString('base64') }
  return `${jsonLine({ line: number, problem, ...content })}\n`
}

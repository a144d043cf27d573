/** A line of a file, as bytes: it may not be valid UTF-8. */
export interface Line {
  /** Counted from 1. */
  readonly number: number
  /** Without the line break, and cut off at `LINE_MAX_BYTES`. */
  readonly bytes: Buffer
  /** The offset in the file after this line and its line break. */
  readonly end: number
  readonly isTooLong: boolean
  /** Whether the file ends with this line, without a line break. */
  readonly isLast: boolean
}

/** A user takes a few hundred bytes, and each passkey as many again. Longer lines, such as a file without line breaks, are not kept in memory. */
export const LINE_MAX_BYTES = 262_144

const LINE_BREAK = 0x0a

/** Splits a stream into lines, keeping one line in memory at a time. */
export async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Line> {
  let number = 1
  let end = 0
  let kept: Buffer[] = []
  let length = 0
  const keep = (bytes: Buffer) => {
    if (length <= LINE_MAX_BYTES) kept.push(bytes.subarray(0, LINE_MAX_BYTES + 1 - length))
    length += bytes.length
  }
  const take = (isLast: boolean): Line => {
    const bytes = Buffer.concat(kept).subarray(0, LINE_MAX_BYTES)
    const line = { number: number++, bytes, end, isTooLong: length > LINE_MAX_BYTES, isLast }
    kept = []
    length = 0
    return line
  }
  for await (const chunk of chunks) {
    let start = 0
    for (let at = chunk.indexOf(LINE_BREAK); at >= 0; at = chunk.indexOf(LINE_BREAK, start)) {
      keep(chunk.subarray(start, at))
      end += at + 1 - start
      start = at + 1
      yield take(false)
    }
    keep(chunk.subarray(start))
    end += chunk.length - start
  }
  if (length > 0) yield take(true)
}

/** The users of a file: what each line says, by the names of its fields, or why it says nothing. */
import { isUtf8 } from 'node:buffer'
import { UsageError } from '../command.ts'
import { LINE_MAX_BYTES, type Line } from './lines.ts'

/** A line of the file, with the user that it tells of, or with what is wrong. */
export type FileItem = { readonly line: Line } & Said
type Said = { readonly fields: Readonly<Record<string, unknown>> } | { readonly problem: string }

/** Which fields to read. */
interface FieldNames {
  /** Those that are left out. */
  readonly ignored: ReadonlySet<string>
  /** Those that a user has. */
  readonly known: readonly string[]
}

/** One JSON object a line; empty lines are none. */
export async function* jsonRecords(
  lines: AsyncIterable<Line>,
  { ignored }: FieldNames,
): AsyncGenerator<FileItem> {
  for await (const line of lines) {
    const text = textOf(line)
    if (typeof text !== 'string') yield { line, ...text }
    else if (text.trim() !== '') yield { line, ...fieldsOf(text, line, ignored) }
  }
}

function fieldsOf(text: string, { isLast }: Line, ignored: ReadonlySet<string>): Said {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { problem: isLast ? 'is no JSON; the file ends in the middle of it' : 'is no JSON' }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { problem: 'is no JSON object' }
  return { fields: without(Object.entries(value), ignored) }
}

/**
 * Comma-separated values (RFC 4180, but that a value ends with its line) under a line of headings.
 *
 * @throws {UsageError} The headings are not those of users: nothing can be read under them.
 */
export async function* csvRecords(
  lines: AsyncIterable<Line>,
  { ignored, known }: FieldNames,
): AsyncGenerator<FileItem> {
  let headings: readonly string[] | null = null
  for await (const line of lines) {
    const text = textOf(line)
    if (text === '' || text === '\r') continue
    const cells = typeof text === 'string' ? cellsOf(text.replace(/\r$/, '')) : text
    if (headings === null) headings = headingsOf(cells, known, ignored)
    else if ('problem' in cells) yield { line, ...cells }
    else if (cells.length !== headings.length)
      yield { line, problem: `has ${cells.length} values under ${headings.length} headings` }
    else
      yield {
        line,
        fields: without(
          headings.map((heading, index) => [heading, cells[index]]),
          ignored,
        ),
      }
  }
}

function headingsOf(
  cells: readonly string[] | { problem: string },
  known: readonly string[],
  ignored: ReadonlySet<string>,
): readonly string[] {
  if ('problem' in cells) throw new UsageError(`the line of headings ${cells.problem}`)
  const strange = cells.find((heading) => !known.includes(heading) && !ignored.has(heading))
  if (strange !== undefined)
    throw new UsageError(
      `the heading "${strange.slice(0, 64)}" is no field of a user; --ignore leaves it out`,
    )
  const repeated = cells.find((heading, index) => cells.indexOf(heading) < index)
  if (repeated !== undefined) throw new UsageError(`the heading "${repeated}" is there twice`)
  for (const needed of ['email', 'hashed_password'])
    if (!cells.includes(needed)) throw new UsageError(`there is no heading "${needed}"`)
  return cells
}

const QUOTED = /"([^"]*(?:""[^"]*)*)"(,|$)/y
const PLAIN = /([^",]*)(,|$)/y

function cellsOf(text: string): readonly string[] | { problem: string } {
  const cells: string[] = []
  for (let at = 0; ; ) {
    const form = text[at] === '"' ? QUOTED : PLAIN
    form.lastIndex = at
    const [whole = '', value = '', end] = form.exec(text) ?? []
    if (end === undefined) return { problem: 'has a quote that is not closed, or in the middle of a value' }
    cells.push(form === QUOTED ? value.replaceAll('""', '"') : value)
    if (end === '') return cells
    at += whole.length
  }
}

/** A line as text, or what is wrong with it. */
function textOf({ number, bytes, isTooLong, isLast }: Line): string | { problem: string } {
  if (isTooLong) return { problem: `is longer than ${LINE_MAX_BYTES} bytes` }
  if (!isUtf8(bytes))
    return { problem: isLast ? 'is no UTF-8; the file ends in the middle of it' : 'is no UTF-8' }
  const text = bytes.toString()
  // Some programs mark a file as UTF-8 by this.
  return number === 1 && text.startsWith('\ufeff') ? text.slice(1) : text
}

function without(entries: readonly (readonly [string, unknown])[], ignored: ReadonlySet<string>) {
  return Object.fromEntries(entries.filter(([name]) => !ignored.has(name)))
}

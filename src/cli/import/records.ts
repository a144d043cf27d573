/** Reads the users of a file: the fields of each line by name, or the reason why the line cannot be read. */

import { isUtf8 } from 'node:buffer'
import { jsonNames } from '../../lib/json-names.ts'
import { withoutTrailing } from '../../lib/without-trailing.ts'
import { UsageError } from '../command.ts'
import { LINE_MAX_BYTES, type Line } from './lines.ts'

/** A line of the file, with the fields of a user or with a problem. */
export type FileItem = { readonly line: Line } & Outcome
type Outcome = { readonly fields: Readonly<Record<string, unknown>> } | { readonly problem: string }

interface FieldNames {
  /** Fields to leave out. */
  readonly ignored: ReadonlySet<string>
  /** Fields that a user can have. */
  readonly known: readonly string[]
}

/**
 * Reads one JSON object per line. Blank lines are skipped.
 *
 * @throws {UsageError} The first line shows that the file has another format.
 */
export async function* jsonRecords(
  lines: AsyncIterable<Line>,
  { ignored }: FieldNames,
): AsyncGenerator<FileItem> {
  let isFirst = true
  for await (const line of lines) {
    const text = textOf(line)
    if (isFirst && !isBlank(text)) {
      refuseOtherShapes(line)
      isFirst = false
    }
    if (typeof text !== 'string') yield { line, ...text }
    else if (!isBlank(text)) yield { line, ...fieldsOf(text, line, ignored) }
  }
}

function refuseOtherShapes({ number, bytes }: Line): void {
  const start = startOf(bytes).trim()
  const remedy = (filter: string) =>
    `but import reads one object per line. Convert the file: jq -c '${filter}' FILE > users.ndjson`
  if (start.startsWith('[')) throw new UsageError(`Line ${number} starts a JSON array, ${remedy('.[]')}`)
  if (start === '{')
    throw new UsageError(`Line ${number} starts a JSON object that spans several lines, ${remedy('.')}`)
  if (/\b(?:email|hashed_password)\b/.test(start) && !/[{}:]/.test(start))
    throw new UsageError(
      `Line ${number} is not JSON. If it is the heading line of a CSV file, add --format csv`,
    )
}

function fieldsOf(text: string, { isLast }: Line, ignored: ReadonlySet<string>): Outcome {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    const isCutOff = isLast && endsEarly(text, error as SyntaxError)
    return { problem: isCutOff ? 'is not JSON; the file ends in the middle of the line' : 'is not JSON' }
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { problem: 'is not a JSON object' }
  const { names, repeatedInside, rounded } = jsonNames(text)
  const seen = new Set<string>()
  const repeated = names.find((name) => seen.size === seen.add(name).size) ?? repeatedInside
  if (repeated !== null) return { problem: `has the field ${repeated.slice(0, 64)} twice` }
  const inexact = [...rounded].find((name) => !ignored.has(name))
  if (inexact !== undefined)
    return { problem: `${inexact.slice(0, 64)}: has an integer that would be rounded; write it as text` }
  return { fields: without(Object.entries(value), ignored) }
}

/** Whether JSON is missing at the end of the text: V8 says at which position, or that the input ends. */
function endsEarly(text: string, { message }: SyntaxError): boolean {
  const [, position] = / at position (\d+)/.exec(message) ?? []
  return position === undefined ? /\bend of JSON input$/.test(message) : Number(position) === text.length
}

/** RFC 4180 uses commas. Excel writes semicolons where the comma is the decimal separator. Databases write tabs. */
const SEPARATORS = [',', ';', '\t'] as const
type Separator = (typeof SEPARATORS)[number]

/**
 * Reads comma-separated values (RFC 4180, but without line breaks inside values) under a heading line. Semicolons
 * and tabs are accepted as separators too.
 *
 * @throws {UsageError} The headings are not the fields of a user.
 */
export async function* csvRecords(
  lines: AsyncIterable<Line>,
  { ignored, known }: FieldNames,
): AsyncGenerator<FileItem> {
  let headings: readonly string[] | null = null
  let separator: Separator = ','
  for await (const line of lines) {
    const text = textOf(line)
    if (isBlank(text)) continue
    // A line that tells Excel the separator.
    if (headings === null && typeof text === 'string' && /^sep=.\r*$/i.test(text)) continue
    if (headings === null && typeof text === 'string') separator = separatorOf(text)
    const cells = typeof text === 'string' ? cellsOf(withoutTrailing(text, '\r'), separator) : text
    if (headings === null) headings = headingsOf(line, cells, { known, ignored })
    else if ('problem' in cells) yield { line, ...cells }
    else if (cells.length !== headings.length)
      yield { line, problem: `has ${cells.length} values for ${headings.length} headings` }
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

/** The separator that gives the most headings. */
function separatorOf(headings: string): Separator {
  const count = (separator: Separator) => {
    const cells = cellsOf(headings, separator)
    return 'problem' in cells ? 0 : cells.length
  }
  return SEPARATORS.reduce((best, next) => (count(next) > count(best) ? next : best))
}

function headingsOf(
  { number, bytes }: Line,
  cells: readonly string[] | { problem: string },
  names: FieldNames,
): readonly string[] {
  const refusal = (problem: string) => new UsageError(`Line ${number}: ${problem}`)
  if (/^\s*[[{]/.test(startOf(bytes))) throw refusal('this is JSON, not CSV; add --format json')
  if ('problem' in cells) throw refusal(`the heading line ${cells.problem}`)
  const problem = problemOf(cells, names)
  if (problem !== null) throw refusal(problem)
  return cells
}

function problemOf(headings: readonly string[], { known, ignored }: FieldNames): string | null {
  const unknown = headings.filter((heading) => !known.includes(heading) && !ignored.has(heading))
  // If no heading is known, the line may be that of a user, with a hash.
  const named = unknown.length < headings.length ? unknown : unknown.slice(0, 1)
  if (named.length > 0)
    return `not a field of a user: ${shown(named)}; rename it, or leave it out with --ignore`
  const repeated = headings.find((heading, index) => headings.indexOf(heading) < index)
  if (repeated !== undefined) return `the heading "${repeated}" appears twice; remove one of the columns`
  const missing = ['email', 'hashed_password'].find((needed) => !headings.includes(needed))
  return missing === undefined
    ? null
    : `the heading "${missing}" is missing; the first line must name the fields`
}

/** Names in quotes, as many as fit a message. */
function shown(names: readonly string[]): string {
  const list = names.slice(0, 20).map((name) => `"${name.slice(0, 64)}"`)
  return [...list, ...(names.length > list.length ? ['…'] : [])].join(', ')
}

/** Null without quotes, as PostgreSQL and MySQL write it to files, and the clients of MySQL and SQL Server. */
const NULLS: readonly string[] = [String.raw`\N`, 'NULL']
const QUOTED = /"([^"]*(?:""[^"]*)*)"/y
const PLAIN: Readonly<Record<Separator, RegExp>> = { ',': /[^",]*/y, ';': /[^";]*/y, '\t': /[^"\t]*/y }

function cellsOf(text: string, separator: Separator): readonly string[] | { problem: string } {
  const cells: string[] = []
  for (let at = 0; ; at++) {
    const isQuoted = text[at] === '"'
    const form = isQuoted ? QUOTED : PLAIN[separator]
    form.lastIndex = at
    const [whole = '', value] = form.exec(text) ?? []
    at += whole.length
    const isWhole = at === text.length || text[at] === separator
    if (!isWhole || (isQuoted && value === undefined))
      return {
        problem: 'has a quote that is not closed on this line, or one inside a value that is not doubled',
      }
    cells.push(value === undefined ? (NULLS.includes(whole) ? '' : whole) : value.replaceAll('""', '"'))
    if (at === text.length) return cells
  }
}

/** Other file formats by their first bytes, in hexadecimal, and how to convert them. */
const OTHER_FILES: readonly (readonly [begins: RegExp, kind: string, remedy: string])[] = [
  [/^(?:fffe|feff|00|..00)/, 'in UTF-16', 'iconv -f UTF-16 -t UTF-8 FILE > users.ndjson'],
  [/^1f8b/, 'compressed with gzip', 'gunzip -c FILE > users.ndjson'],
  [/^425a68/, 'compressed with bzip2', 'bunzip2 -c FILE > users.ndjson'],
  [/^fd377a585a00/, 'compressed with xz', 'xz -dc FILE > users.ndjson'],
  [/^28b52ffd/, 'compressed with zstd', 'zstd -dc FILE > users.ndjson'],
  [/^504b0304/, 'a ZIP archive or a spreadsheet', 'unpack it, or save the sheet as CSV in UTF-8'],
  [/^53514c69746520666f726d617420/, 'an SQLite database', 'sqlite3 -csv -header FILE "select …" > users.csv'],
]

/** The first line shows whether the file is text, and whether its lines end with LF. @throws {UsageError} */
function refuseOtherFiles(bytes: Buffer): void {
  const start = bytes.toString('hex', 0, 16)
  const other = OTHER_FILES.find(([begins]) => begins.test(start))
  if (other !== undefined) throw new UsageError(`Line 1: the file is ${other[1]}. Convert it: ${other[2]}`)
  if (/\r[^\r]/.test(bytes.toString('latin1')))
    throw new UsageError(
      String.raw`Line 1: the file ends its lines with CR only. Convert it: tr '\r' '\n' < FILE > users.ndjson`,
    )
}

/** Excel writes CSV in the encoding of Windows. */
const NOT_UTF8 = 'is not UTF-8. If the file is from Excel, convert it: iconv -f WINDOWS-1252 -t UTF-8'

/** A line as text, or the reason why it is not text. */
function textOf({ number, bytes, isTooLong }: Line): string | { problem: string } {
  if (number === 1) refuseOtherFiles(bytes)
  if (isTooLong) return { problem: `is longer than ${LINE_MAX_BYTES} bytes` }
  if (!isUtf8(bytes)) return { problem: NOT_UTF8 }
  const text = bytes.toString()
  return number === 1 ? withoutMark(text) : text
}

/** Enough of a line to recognize its format, even if the whole file is one line. */
function startOf(bytes: Buffer): string {
  return withoutMark(bytes.toString('utf8', 0, 1_024))
}

/** Some programs start a UTF-8 file with a byte order mark. */
function withoutMark(text: string): string {
  return text.startsWith('\ufeff') ? text.slice(1) : text
}

function isBlank(text: string | { problem: string }): boolean {
  return typeof text === 'string' && text.trim() === ''
}

function without(entries: readonly (readonly [string, unknown])[], ignored: ReadonlySet<string>) {
  return Object.fromEntries(entries.filter(([name]) => !ignored.has(name)))
}

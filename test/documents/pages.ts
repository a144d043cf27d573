/** The documents as tables, and the source as text: what the tests of this folder compare. */
import { globSync, readFileSync } from 'node:fs'
import { expect } from 'vitest'
import { SETTINGS } from '../../src/cli/settings.ts'
import type { Setting } from '../../src/options/index.ts'

/** A row by the names of its columns. */
export type Cells = Readonly<Record<string, string>>

export function read(path: string): string {
  return readFileSync(path, 'utf8')
}

/** The tables of a page, each under the last heading in front of it. */
export function tablesOf(path: string): Map<string, Cells[][]> {
  const tables = new Map<string, Cells[][]>()
  let heading = ''
  let columns: string[] | null = null
  for (const line of read(path).split('\n')) {
    const cells = /^\| ?(.*) ?\|$/
      .exec(line)?.[1]
      ?.split('|')
      .map((cell) => cell.trim())
    if (cells === undefined) {
      heading = /^#+ (.*)$/.exec(line)?.[1] ?? heading
      columns = null
    } else if (columns === null) {
      columns = cells
      tables.set(heading, [...(tables.get(heading) ?? []), []])
    } else if (!cells.every((cell) => /^-+$/.test(cell))) {
      expect(cells, line).toHaveLength(columns.length)
      const row = Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? '']))
      tables.get(heading)?.at(-1)?.push(row)
    }
  }
  return tables
}

/** The rows of the `nth` table under a heading. There has to be one. */
export function table(path: string, heading: string, nth = 0): Cells[] {
  const rows = tablesOf(path).get(heading)?.[nth] ?? []
  expect(rows, `${path}: ${heading}`).not.toEqual([])
  return rows
}

/** What stands in backticks. */
export function codes(cell = ''): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code)
}

/** The first of them, or nothing. */
export function code(cell: string | undefined): string {
  return codes(cell)[0] ?? ''
}

/** Without repetitions, in one order. */
export function sorted(texts: Iterable<string>): string[] {
  return [...new Set(texts)].sort()
}

/** The first number in a cell. */
export function numberIn(cell = ''): number {
  return Number(/[\d,]+/.exec(cell)?.[0].replaceAll(',', ''))
}

/** Every setting by its variable. */
export const SETTINGS_BY_ENV: ReadonlyMap<string, Setting> = new Map(
  Object.values(SETTINGS).map((row) => [row.env, row]),
)

/** The source without its tests and comments. */
export const SOURCES = globSync('src/**/*.ts')
  .filter((file) => !file.endsWith('.test.ts'))
  .map((file) => ({
    file: file.replaceAll('\\', '/'),
    text: read(file).replaceAll(/\/\*.*?\*\/|(?<=^|\s)\/\/.*?$/gms, ''),
  }))

/** The files in which something stands. */
export function filesWith(pattern: RegExp): string[] {
  return SOURCES.filter(({ text }) => pattern.test(text))
    .map(({ file }) => file)
    .sort()
}

export function sourceOf(path: string): string {
  return SOURCES.find(({ file }) => file === path)?.text ?? expect.unreachable(`no source ${path}`)
}

/** The words of a union type that stands on one line of a file. */
export function wordsOfType(path: string, name: string): string[] {
  const [, union = ''] = new RegExp(`^(?:export )?type ${name} = (.*)$`, 'm').exec(sourceOf(path)) ?? []
  const words = [...union.matchAll(/'(\w+)'/g)].map(([, word = '']) => word)
  expect(words, `${path}: ${name}`).not.toEqual([])
  return words.sort()
}

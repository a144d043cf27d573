/** Formats the measurements as tables. */
import { readFileSync, writeFileSync } from 'node:fs'
import type { Measured, Quartiles } from './measure.ts'
import type { EngineName } from './rows.ts'

/** The results on one database. */
export interface Result {
  readonly engine: EngineName
  readonly version: string
  readonly settings: string
  readonly rounds: number
  readonly measured: readonly Measured[]
  /** Bytes per row including its share of all indexes, on the largest size. */
  readonly bytesPerRow: Readonly<Record<'user' | 'session' | 'audit line', number>>
}

/** The results of a run. */
export interface Report {
  readonly date: string
  readonly machine: string
  readonly node: string
  readonly results: readonly Result[]
}

/** Tables in Markdown, which are also readable at a terminal. */
export function tablesOf({ date, machine, node, results }: Report): string {
  const head = `Measured on ${date}: ${machine}; Node ${node}.`
  return [head, ...results.flatMap(sectionsOf)].join('\n\n')
}

function sectionsOf({ engine, version, settings, rounds, measured, bytesPerRow }: Result): string[] {
  const smallest = measured[0]?.size
  const rows = measured.map(({ operation, size, microseconds, ratio, judged, goal }) => {
    const isJudged = size !== smallest && goal !== null
    return [
      operation,
      size.toLocaleString('en'),
      spelled(microseconds, (value) =>
        value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString('en'),
      ),
      size === smallest ? '' : spelled(ratio, (value) => value.toFixed(2)),
      isJudged ? spelled(judged, (value) => value.toFixed(2)) : '',
      isJudged ? `${judged[1] <= goal ? 'reached' : '**missed**'}: ${goal}` : '',
    ]
  })
  const bytes = Object.entries(bytesPerRow).map(([row, count]) => [row, String(Math.round(count))])
  return [
    `### ${engine === 'sqlite' ? 'SQLite' : 'PostgreSQL'} ${version}`,
    `Settings: ${settings}. Medians of ${rounds} rounds, with the middle half in parentheses.`,
    table(['Operation', 'Users and sessions', 'µs each', 'Relative to the smallest', 'Judged', 'Goal'], rows),
    table(['Each additional', 'Bytes, including its share of all indexes'], bytes),
  ]
}

function spelled([low, median, high]: Quartiles, spell: (value: number) => string): string {
  return `${spell(median)} (${spell(low)}–${spell(high)})`
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  return [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

const [BEGIN, END] = ['<!-- Measured: begin -->', '<!-- Measured: end -->']

/** Writes the tables into a page, between its two markers. */
export function writeInto(page: string, tables: string): void {
  const text = readFileSync(page, 'utf8')
  const [before, after] = [text.indexOf(BEGIN), text.indexOf(END)]
  if (before < 0 || after < before)
    throw new Error(`${page} has no markers for the measurements: ${BEGIN} and ${END}`)
  writeFileSync(page, `${text.slice(0, before + BEGIN.length)}\n\n${tables}\n\n${text.slice(after)}`)
}

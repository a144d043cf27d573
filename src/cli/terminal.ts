/** Input and output of commands. Results go to standard output, everything else to standard error. */
import { on, once } from 'node:events'
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { visibleJson } from '../lib/visible.ts'
import { type CommandInput, UsageError } from './command.ts'

/** Writes a line to standard output. Waits while its reader is slower. */
export async function print(line: string): Promise<void> {
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain')
}

/** A value as a line of JSON that cannot manipulate a terminal. */
export function jsonLine(value: unknown): string {
  return visibleJson(JSON.stringify(value))
}

/** Prints the result of a command: as JSON, or as a sentence. @returns The exit code of success. */
export async function printResult(json: boolean, value: unknown, sentence: string): Promise<0> {
  await print(json ? jsonLine(value) : sentence)
  return 0
}

export function isAtTerminal(): boolean {
  return process.stdout.isTTY === true
}

/** Writes a line to standard error if standard output is a terminal. */
export function hint(line: string): void {
  if (isAtTerminal()) process.stderr.write(`${line}\n`)
}

/** Rows as aligned columns. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** Columns are aligned in batches of this many rows, so that a long list is not held in memory. */
const ROWS_AT_ONCE = 500

/** Prints rows under headings: as aligned columns at a terminal, otherwise separated by tabs. */
export async function printRows(
  headings: readonly string[],
  rows: AsyncIterable<readonly string[]> | Iterable<readonly string[]>,
): Promise<void> {
  if (!isAtTerminal()) {
    await print(headings.join('\t'))
    for await (const row of rows) await print(row.join('\t'))
    return
  }
  let batch = [headings.map((heading) => heading.toUpperCase())]
  for await (const row of rows) {
    batch.push([...row])
    if (batch.length < ROWS_AT_ONCE) continue
    await print(table(batch))
    batch = []
  }
  if (batch.length > 0) await print(table(batch))
}

/** A number with thousands separators: `1,000`. */
export function grouped(number: number): string {
  return number.toLocaleString('en')
}

/** A number and its noun: `1 user`, `2 users`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`
}

/** A time in ISO 8601, or a dash. */
export function moment(time: Date | null): string {
  return time === null ? '-' : time.toISOString()
}

/**
 * Reads a new password: typed twice at a terminal without echo, or all of standard input without its last
 * line break. The command line is never a source, because every user of the machine can read it.
 *
 * @throws {UsageError} There is no terminal, nothing was typed, or the two passwords differ.
 */
export async function readNewPassword(fromStdin: boolean, minLength: number): Promise<string> {
  if (fromStdin) return (await text(process.stdin)).replace(/\r?\n$/, '')
  if (!canAsk())
    throw new UsageError(
      'There is no terminal. Add --send-link to mail a link that sets the password, or --password-stdin and pass the password on standard input.',
    )
  const limit = minLength > 1 ? ` (at least ${minLength} characters)` : ''
  const questions = [`Password${limit}: `, 'Repeat the password: ']
  const [password = '', repeated] = await ask(questions, { echo: false })
  if (password !== repeated) throw new UsageError('The passwords do not match. Try again.')
  return password
}

/** Whether a person can answer a question. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true
}

/** The flag of commands that ask for confirmation. */
export const YES = { yes: { type: 'boolean', help: 'Do not ask for confirmation' } } as const

/** Asks the person at the terminal to confirm, unless `--yes` was given. @throws {UsageError} There is no terminal. */
export async function confirmed({ yes }: CommandInput['flags'], question: string): Promise<boolean> {
  if (yes === true) return true
  if (!canAsk()) throw new UsageError('Add --yes to confirm without a terminal.')
  const [answer = ''] = await ask([`${question} [y/N] `], { echo: true })
  return /^y(?:es)?$/i.test(answer)
}

/** Asks one question after another. Lines that are pasted at once answer as many questions. */
async function ask(questions: readonly string[], { echo }: { echo: boolean }): Promise<string[]> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({
    input: process.stdin,
    output: echo ? process.stderr : nowhere,
    terminal: true,
  })
  lines.once('SIGINT', () => process.exit(130))
  // Ctrl-D closes the input without a line.
  const typed = on(lines, 'line', { close: ['close'] })
  const answers: string[] = []
  for (const question of questions) {
    process.stderr.write(question)
    const { done, value } = await typed.next()
    if (!echo || done) process.stderr.write('\n')
    if (done) throw new UsageError('No answer was given. Nothing was changed.')
    answers.push(value[0])
  }
  lines.close()
  return answers
}

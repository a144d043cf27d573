/** What a command says, to a person or to a script. Results go to standard output, all else to standard error. */
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { UsageError } from './command.ts'

/** Writes a line of result; waits where the reader is slower than we are. */
export async function print(line: string): Promise<void> {
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain')
}

/** Whether a person reads what is printed. */
export function isAtTerminal(): boolean {
  return process.stdout.isTTY === true
}

/** Writes a line beside the results, for the person at the terminal alone. */
export function hint(line: string): void {
  if (isAtTerminal()) process.stderr.write(`${line}\n`)
}

/** Rows under their headings, in columns. */
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

/** So many rows get their columns at once: what comes after them does not wait in memory. */
const ROWS_AT_ONCE = 500

/** Rows under their headings: in columns at a terminal, else with tabs between the cells. */
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

/** A number with its thousands apart. */
export function grouped(number: number): string {
  return number.toLocaleString('en')
}

/** A number, and what there are so many of. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`
}

/** A moment, or a dash. */
export function moment(time: Date | null): string {
  return time === null ? '-' : time.toISOString()
}

/**
 * A new password: typed twice at a terminal, unseen, or the whole of standard input less one line break.
 * Never from the command line, which every user of the machine can read.
 */
export async function readNewPassword(fromStdin: boolean, minLength: number): Promise<string> {
  if (fromStdin) return (await text(process.stdin)).replace(/\r?\n$/, '')
  if (!process.stdin.isTTY) throw new UsageError('give the password on standard input, with --password-stdin')
  const limit = minLength > 1 ? ` (at least ${minLength} characters)` : ''
  const password = await ask(`Password${limit}: `, { unseen: true })
  if (password !== (await ask('Once more: ', { unseen: true })))
    throw new UsageError('the two passwords differ')
  return password
}

/** Whether the person at the terminal says yes. @throws {UsageError} There is no terminal: the command needs `--yes`. */
export async function confirmed(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) throw new UsageError('Add --yes to confirm without a terminal.')
  return /^y(?:es)?$/i.test(await ask(`${question} [y/N] `, { unseen: false }))
}

async function ask(question: string, { unseen }: { unseen: boolean }): Promise<string> {
  process.stderr.write(question)
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({
    input: process.stdin,
    output: unseen ? nowhere : process.stderr,
    terminal: true,
  })
  lines.once('SIGINT', () => process.exit(130))
  const answered = once(lines, 'line') as Promise<[string]>
  // Ctrl-D closes without a line.
  const [answer] = await Promise.race([answered, once(lines, 'close').then(() => [undefined])])
  lines.close()
  if (unseen || answer === undefined) process.stderr.write('\n')
  if (answer === undefined) throw new UsageError('there was no answer')
  return answer
}

/** Runs commands in a terminal, with the program `script` of util-linux. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { onTestFinished } from 'vitest'
import { COMMAND, DEFAULTS, ROOT, spawnOptions } from './service.ts'

const SCRIPT = '/usr/bin/script'

/** Whether commands can run in a terminal. */
export const hasTerminal = existsSync(SCRIPT)

if (!hasTerminal) process.stderr.write('SKIPPED: commands at a terminal. They need script, of util-linux.\n')

/**
 * Runs a command of `bienvenue` in a terminal until it ends.
 *
 * @param answers - The lines that the user types, each after a question appears.
 * @returns The exit code and everything the terminal shows.
 */
export async function runAtTerminal(
  args: readonly string[],
  {
    env,
    answers = [],
    cwd = ROOT,
  }: { env: Readonly<Record<string, string>>; answers?: readonly string[]; cwd?: string },
): Promise<{ exitCode: number | null; shown: string }> {
  const command = [process.execPath, COMMAND, ...args].map((word) => `'${word}'`).join(' ')
  const child = spawn(SCRIPT, ['--quiet', '--return', '--command', command, '/dev/null'], {
    ...spawnOptions({ cwd, env: { ...DEFAULTS, ...env } }),
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const left = [...answers]
  let shown = ''
  let seen = 0
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    shown += chunk
    if (left.length === 0 || !/: |\[y\/N\] /.test(shown.slice(seen))) return
    seen = shown.length
    child.stdin.write(`${left.shift()}\n`)
  })
  const [exitCode] = (await once(child, 'close')) as [number | null]
  return { exitCode, shown: shown.replaceAll('\r\n', '\n') }
}

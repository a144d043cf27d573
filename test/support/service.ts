/** Real processes: the service and the commands, as users run them. */
import { type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** The built command. As one bundle it starts three times as fast as the 400 source files. */
export const COMMAND = join(ROOT, 'dist/cli/main.js')

/** Registers a clean-up, like `onTestFinished`. */
type OnEnd = (end: () => Promise<void>) => void

export interface ProcessOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly onEnd?: OnEnd
  /** A program that starts Node, such as `nice`, with its arguments. */
  readonly under?: readonly string[]
}

/** A Node process that runs until it is stopped. */
export interface RunningProcess {
  readonly pid: number
  /** Its standard output so far. */
  readonly lines: readonly string[]
  /** Waits for the first line that matches, also among earlier ones. Rejects if the process ends without it. */
  line(matches: (line: string) => boolean): Promise<string>
  /** Sends a signal and waits until the process ends. @returns The exit code, or `null` if the signal ended it. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
  /** The whole standard error. Resolves when the process has ended. */
  readonly stderr: Promise<string>
}

interface LogLine {
  readonly time: string
  readonly level: string
  readonly msg: string
  readonly [field: string]: unknown
}

/** A running service. */
export interface Service extends RunningProcess {
  readonly port: number
  /** On 127.0.0.1, regardless of the base URL of the service. */
  readonly url: string
  /** Every line of the log so far. Throws if a line is not JSON. */
  log(): LogLine[]
  /** Waits for the first log line that matches, also among earlier ones. */
  logged(matches: (line: LogLine) => boolean): Promise<LogLine>
}

/** Starts a Node program. It is killed when the test ends. */
export function startProgram(args: readonly string[], options: ProcessOptions = {}): RunningProcess {
  const { onEnd = onTestFinished, under = [] } = options
  const [program = '', ...words] = [...under, process.execPath, ...args]
  const child = spawn(program, words, { ...spawnOptions(options), stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = once(child, 'close').then(([code]) => code as number | null)
  onEnd(async () => {
    child.kill('SIGKILL')
    await ended
  })

  const lines: string[] = []
  let changed = Promise.withResolvers<void>()
  const output = createInterface({ input: child.stdout })
  output.on('line', (line) => {
    lines.push(line)
    changed.resolve()
    changed = Promise.withResolvers()
  })
  // Done when the process has ended and its output is read completely.
  const done = Promise.all([ended, once(output, 'close')]).then(([code]) => code)
  const stderr = text(child.stderr)

  return {
    pid: child.pid as number,
    lines,
    stderr,
    async line(matches) {
      for (;;) {
        const found = lines.find(matches)
        if (found !== undefined) return found
        const isOver = await Promise.race([changed.promise.then(() => false), done.then(() => true)])
        if (isOver && !lines.some(matches))
          throw new Error(`it ended without this line:\n${lines.join('\n')}\n${await stderr}`)
      }
    },
    stop(signal = 'SIGTERM') {
      child.kill(signal)
      return done
    },
  }
}

/** Starts the service on a free port and waits until it listens. */
export async function startService(
  databaseUrl: string,
  { env, command = COMMAND, ...options }: ProcessOptions & { readonly command?: string } = {},
): Promise<Service> {
  const process = startProgram([command, 'serve'], {
    ...options,
    env: { ...DEFAULTS, PORT: '0', DATABASE_URL: databaseUrl, ...env },
  })
  const isMessage = (text: string) => JSON.parse(text).msg === 'listening'
  const { url } = JSON.parse(await process.line(isMessage)) as { url: string }
  const port = Number(new URL(url).port)
  const parse = (line: string) => JSON.parse(line) as LogLine
  return {
    ...process,
    port,
    url: `http://127.0.0.1:${port}`,
    log: () => process.lines.map(parse),
    logged: async (matches) => parse(await process.line((line) => matches(parse(line)))),
  }
}

/** The result of a process. */
export interface Finished {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command of `bienvenue` until it ends. Standard input is `input` or empty, and never a terminal. */
export function runCli(
  args: readonly string[],
  { env, ...options }: ProcessOptions & { input?: string } = {},
): Promise<Finished> {
  return run(process.execPath, [COMMAND, ...args], { ...options, env: { ...DEFAULTS, ...env } })
}

/** Runs a program until it ends. */
export async function run(
  program: string,
  args: readonly string[],
  { input, ...options }: ProcessOptions & { input?: string } = {},
): Promise<Finished> {
  const { onEnd = onTestFinished } = options
  const child = spawn(program, args, { ...spawnOptions(options), stdio: 'pipe' })
  const ended = once(child, 'close')
  onEnd(async () => {
    child.kill('SIGKILL')
    await ended
  })
  // A program that ignores its input may end before the input is written.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const [stdout, stderr, [exitCode]] = await Promise.all([text(child.stdout), text(child.stderr), ended])
  return { exitCode: exitCode as number | null, stdout, stderr }
}

/** The cheapest hash that the settings allow, to save time. */
export const DEFAULTS = { BIENVENUE_BCRYPT_COST: '10' }

/**
 * A clean environment, so that variables of the machine cannot change a test. The compile cache halves the start time of a
 * process, and tests start hundreds.
 */
export function spawnOptions({ cwd = ROOT, env }: ProcessOptions): SpawnOptions {
  const { PATH = '', HOME = '' } = process.env
  return { cwd, env: { PATH, HOME, NODE_COMPILE_CACHE: `${ROOT}.cache/compile`, ...env } }
}

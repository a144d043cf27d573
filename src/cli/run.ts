/**
 * Reads the command line and the environment, runs one command, and turns an error into a line on standard
 * error and an exit code.
 *
 * @module
 */
import { parseArgs } from 'node:util'
import { findInvisible } from '../lib/invisible.ts'
import { OutputError } from '../lib/output-file.ts'
import { visible } from '../lib/visible.ts'
import { AuthError, MaintenanceError, OptionError } from '../model/errors.ts'
import { COMMON_FLAGS, type Command, type ExitCode, UsageError } from './command.ts'
import { commandsFor } from './commands/index.ts'
import { commandHelp, generalHelp, groupHelp, settingsHelp } from './help.ts'
import { assertNone, inVariables, readSettings, SETTING_FLAGS } from './settings.ts'
import { jsonLine, print } from './terminal.ts'
import { version } from './version.ts'

async function main(argv: readonly string[]): Promise<ExitCode> {
  const commands = await commandsFor(argv)
  if (argv.length === 0) {
    await print(generalHelp(commands))
    return 2
  }
  if (argv[0] === 'help' || isHelpFlag(argv[0])) return help(commands, argv.slice(1))
  if (argv[0] === '--version') {
    await print(version())
    return 0
  }
  const command = commands.findLast(({ name }) =>
    name.split(' ').every((word, index) => argv[index] === word),
  )
  if (command === undefined) return misunderstood(commands, argv)

  const { values: flags, positionals: args } = parse(command, argv.slice(command.name.split(' ').length))
  if (flags.help === true) return help(commands, command.name.split(' '))
  const wanted = command.takes?.split(' ').length ?? 0
  if (args.length !== wanted) {
    const counted = wanted === 1 ? 'one argument' : `${wanted} arguments`
    const takes = wanted === 0 ? 'no arguments' : `${counted}: ${command.takes}`
    const others = within(commands, command.name).filter((other) => other !== command)
    const choices = others.length === 0 ? '' : ` Other commands: ${namesOf(others)}.`
    throw misuse(`${command.name} takes ${takes}.${choices}`, command.name)
  }
  refuseInvisible(command, flags, args)
  const settings = readSettings(flags, process.env)
  if (!command.toleratesProblems) assertNone(settings.problems)
  return command.run({ args, flags, settings, json: flags.json === true })
}

async function misunderstood(commands: readonly Command[], argv: readonly string[]): Promise<ExitCode> {
  if (argv.some(isHelpFlag)) return help(commands, argv)
  const [name = '', ...words] = argv
  const group = within(commands, name)
  if (group.length === 0) throw misuse(`Unknown command "${name}".`)
  const word = words.find((text) => !text.startsWith('-'))
  const problem =
    word === undefined ? `"${name}" is a group of commands.` : `Unknown command "${name} ${word}".`
  throw misuse(`${problem} Commands: ${namesOf(group)}.`, name)
}

/**
 * An error that points to the help on a command or a group.
 *
 * @param words - The command or group; none for the general help.
 */
function misuse(problem: string, ...words: readonly string[]): UsageError {
  return new UsageError(`${problem} See: ${['bienvenue', ...words, '--help'].join(' ')}`)
}

/** Prints the general help, or the help on the settings, a group of commands or one command. */
async function help(commands: readonly Command[], words: readonly string[]): Promise<ExitCode> {
  const topic = words.filter((word) => !word.startsWith('-')).join(' ')
  const found = within(commands, topic)
  const command = found.find(({ name }) => name === topic)
  if (topic === '') await print(generalHelp(commands))
  else if (topic === 'settings') await print(settingsHelp())
  else if (command !== undefined) {
    const subcommands = found.filter((other) => other !== command)
    await print(commandHelp(command, subcommands))
  } else if (found.length > 0) await print(groupHelp(topic, found))
  else throw misuse(`There is no help on "${topic}".`)
  return 0
}

function isHelpFlag(word: string | undefined): boolean {
  return word === '--help' || word === '-h'
}

/** The command with this name, and its subcommands. */
function within(commands: readonly Command[], name: string | undefined): Command[] {
  return commands.filter((command) => command.name === name || command.name.startsWith(`${name} `))
}

function namesOf(commands: readonly Command[]): string {
  return commands.map(({ name }) => name).join(', ')
}

function parse(command: Command, argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: { ...SETTING_FLAGS, ...COMMON_FLAGS, ...command.flags },
      allowPositionals: true,
    }) as { values: Record<string, unknown>; positionals: string[] }
  } catch (error) {
    throw misuse(problemOf(error as Error), command.name)
  }
}

/** The first sentence of an error of `parseArgs`. The rest is advice that does not fit our commands. */
function problemOf({ message }: Error): string {
  const [problem = ''] = message.split(/\.(?:\s|$)|\n/, 1)
  const [, flag] = /^Option '(--[\w-]+)/.exec(problem) ?? []
  return flag !== undefined && /' argument (?:missing|is ambiguous)$/.test(problem)
    ? `${flag} needs a value.`
    : `${problem}.`
}

/**
 * Arguments that may contain any character: adopted or imported accounts can have any address, and the values of a profile
 * have checks of their own.
 */
const UNCHECKED = new Set([
  'EMAIL',
  'TO',
  '--user',
  '--name',
  '--picture',
  '--metadata',
  '--private-metadata',
])

/** Refuses invisible characters in arguments and flags, so that no file gets a name that its user cannot see. */
function refuseInvisible(command: Command, flags: Record<string, unknown>, args: readonly string[]): void {
  const words = command.takes?.split(' ') ?? []
  const given = [
    ...args.map((text, index) => [words[index] ?? '', text] as const),
    ...Object.keys(command.flags ?? {}).map((flag) => [`--${flag}`, flags[flag]] as const),
  ]
  for (const [name, text] of given) {
    const character = typeof text === 'string' && !UNCHECKED.has(name) ? findInvisible(text) : null
    if (character !== null)
      throw new UsageError(`${name} contains ${character}, an invisible character. Remove it.`)
  }
}

/** An error as one line per problem, never a stack trace, with its code and exit code. */
function explain(error: unknown): { lines: string[]; code: string; exitCode: ExitCode } {
  if (error instanceof UsageError || error instanceof OutputError)
    return { lines: [error.message], code: 'usage', exitCode: 2 }
  if (error instanceof OptionError) {
    const lines = error.problems.map(inVariables).map(({ setting, problem }) => `${setting}: ${problem}`)
    return { lines, code: 'setting', exitCode: 2 }
  }
  if (error instanceof AuthError) {
    const field = error.field === undefined ? '' : `${error.field}: `
    return { lines: [`${field}${error.message}`], code: error.code, exitCode: 1 }
  }
  if (error instanceof MaintenanceError) return { lines: [error.message], code: 'refused', exitCode: 1 }
  const message = error instanceof Error ? error.message : String(error)
  return { lines: [`Unexpected error: ${message}`], code: 'unexpected', exitCode: 1 }
}

// A reader that closes the pipe early, such as `| head`, is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0)
  throw error
})

/** Runs the command that `argv` names. Reports every error on standard error and never throws. */
export async function run(argv: readonly string[]): Promise<ExitCode> {
  try {
    return await main(argv)
  } catch (error) {
    const { lines, code, exitCode } = explain(error)
    const isJson = argv.includes('--json')
    for (const line of lines) {
      const message = visible(onOneLine(line))
      process.stderr.write(isJson ? `${jsonLine({ code, message })}\n` : `bienvenue: ${message}\n`)
    }
    return exitCode
  }
}

function onOneLine(text: string): string {
  const parts = text.split('\n').map((part) => part.trim())
  return parts.filter((part) => part !== '').join(' ')
}

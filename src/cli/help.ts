import type { Command } from './command.ts'
import { flagOf, SETTINGS } from './settings.ts'
import { table } from './terminal.ts'

const FURTHER_HELP = `Help on a command: bienvenue help COMMAND
Help on settings:  bienvenue help settings`

export function generalHelp(commands: readonly Command[]): string {
  return `bienvenue: a self-hosted user-authentication service

Usage: bienvenue COMMAND [ARGUMENT] [--flag value]

Commands:
${list(commands)}

Every command also takes --help, --json (output for scripts) and the settings.

${FURTHER_HELP}

Exit codes: 0 success; 1 refused or failed; 2 invalid command line or setting.`
}

/** The help on a group of commands, such as `users`. */
export function groupHelp(group: string, commands: readonly Command[]): string {
  return `Usage: bienvenue ${group} COMMAND [ARGUMENT] [--flag value]

Commands:
${list(commands)}

${FURTHER_HELP}`
}

/**
 * The help on one command.
 *
 * @param subcommands - Other commands whose names begin with the name of this one.
 */
export function commandHelp(command: Command, subcommands: readonly Command[] = []): string {
  const flags = Object.entries(command.flags ?? {}).map(([flag, { help }]) => [`--${flag}`, help])
  const others = subcommands.length === 0 ? '' : `Other commands:\n${list(subcommands)}\n\n`
  return `Usage: bienvenue ${usage(command)}

${command.summary}.

Flags:
${indent(table([...flags, ['--json', 'Print JSON, for scripts'], ['--help', 'Show this help']]))}

${others}Help on settings: bienvenue help settings`
}

export function settingsHelp(): string {
  const rows = Object.entries(SETTINGS).map(([name, row]) => [
    row.secret === 'whole' ? '' : `--${flagOf(name)}`,
    row.env,
    firstSentence(row.about),
  ])
  const secrets = Object.values(SETTINGS)
    .filter((row) => row.secret)
    .map((row) => row.env)
    .join(', ')
    .replace(/, ([^,]+)$/, ' or $1')
  return `Every command takes these settings, as flags or as environment variables. A flag takes precedence.

${indent(table(rows))}

To read ${secrets} from a file, add _FILE to the variable and set it to the path.
To see the values in force and where they come from, run: bienvenue doctor`
}

function list(commands: readonly Command[]): string {
  return indent(table(commands.map((command) => [usage(command), command.summary])))
}

function usage(command: Command): string {
  return command.takes === undefined ? command.name : `${command.name} ${command.takes}`
}

function firstSentence(about: string): string {
  return about.split('. ', 1)[0]?.replace(/\.$/, '') ?? about
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ')
}

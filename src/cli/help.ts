import type { Command } from './command.ts'
import { flagOf, SETTINGS } from './settings.ts'
import { table } from './terminal.ts'

/** What `bienvenue --help` says. */
export function generalHelp(commands: readonly Command[]): string {
  return `bienvenue: a self-hosted user-authentication service

Usage: bienvenue COMMAND [ARGUMENT] [--flag value]

Commands:
${list(commands)}

Every command takes --help, --json (answers for scripts) and the settings.
One command: bienvenue help COMMAND
Settings:    bienvenue help settings

Exit codes: 0 done; 1 refused or failed; 2 the command line or a setting is wrong.`
}

/** What help on a group of commands says, such as `users`. */
export function groupHelp(group: string, commands: readonly Command[]): string {
  return `Usage: bienvenue ${group} COMMAND [ARGUMENT] [--flag value]

Commands:
${list(commands)}

One command: bienvenue help COMMAND
Settings:    bienvenue help settings`
}

/** What help on one command says. `beside`: further commands whose names begin with its own. */
export function commandHelp(command: Command, beside: readonly Command[] = []): string {
  const flags = Object.entries(command.flags ?? {}).map(([flag, { help }]) => [`--${flag}`, help])
  const others = beside.length === 0 ? '' : `Other commands:\n${list(beside)}\n\n`
  return `Usage: bienvenue ${usage(command)}

${command.summary}.

Flags:
${indent(table([...flags, ['--json', 'Answer for scripts'], ['--help', 'Show this help']]))}

${others}Settings: bienvenue help settings`
}

/** What help on the settings says. */
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
  return `Settings: every command takes them, as a flag or as an environment variable. The flag wins.

${indent(table(rows))}

Add _FILE to the name of ${secrets} to read the value from a file.
What is in force, and from where: bienvenue doctor`
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

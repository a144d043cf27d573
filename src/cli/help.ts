import type { Command } from './command.ts'
import { flagOf, SETTINGS } from './settings.ts'
import { table } from './terminal.ts'

/** What `bienvenue --help` says. */
export function generalHelp(commands: readonly Command[]): string {
  return `bienvenue: a self-hosted user-authentication service

Usage: bienvenue COMMAND [ARGUMENT] [--flag value]

Commands:
${indent(table(commands.map((command) => [usage(command), command.summary])))}

Every command takes --help, --json (answers for scripts) and the settings. A setting is a flag or an
environment variable; the flag wins.

Settings:
${settingsHelp()}

Exit codes: 0 done; 1 refused or failed; 2 the command line or a setting is wrong.`
}

/** What `bienvenue COMMAND --help` says. */
export function commandHelp(command: Command): string {
  const flags = Object.entries(command.flags ?? {}).map(([flag, { help }]) => [`--${flag}`, help])
  return `Usage: bienvenue ${usage(command)}

${command.summary}.

Flags:
${indent(table([...flags, ['--json', 'Answer for scripts'], ['--help', 'Show this help']]))}

Settings:
${settingsHelp()}`
}

function usage(command: Command): string {
  return command.takes === undefined ? command.name : `${command.name} ${command.takes}`
}

function settingsHelp(): string {
  const rows = Object.entries(SETTINGS).map(([name, row]) => [
    `--${flagOf(name)}`,
    row.env,
    firstSentence(row.about),
  ])
  return indent(table(rows))
}

function firstSentence(about: string): string {
  return about.split('. ', 1)[0]?.replace(/\.$/, '') ?? about
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '  ')
}

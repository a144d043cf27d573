/** Generates docs/reference/options.md from the table of settings. */
import { flagOf, SETTINGS } from '../../src/cli/settings.ts'
import {
  defaultOf,
  type GivenOptions,
  inspectOptions,
  MODES,
  type Mode,
  OPTION_TABLE,
  type Setting,
} from '../../src/options/index.ts'
import { GENERATED, type Page, shown } from './page.ts'

export const options: Page = { path: 'docs/reference/options.md', write: optionsPage }

function optionsPage(): string {
  const secretVariables = Object.values(SETTINGS)
    .filter((row) => row.secret)
    .map((row) => `\`${row.env}\``)
    .join(', ')
    .replace(/, ([^,]+)$/, ' and $1')
  const rows = Object.entries(SETTINGS).map(([name, row]) => {
    const flag = row.secret === 'whole' ? '–' : `\`--${flagOf(name)}\``
    const option = Object.hasOwn(OPTION_TABLE, name) ? `\`${name}\`` : ''
    return `| \`${row.env}\` | ${flag} | ${option} | ${range(row.kind)} | ${MODES.map((mode) => shown(defaultOf(row, mode))).join(' | ')} | ${row.about} |`
  })
  return `${GENERATED}

# Settings

A setting is an environment variable of the service, a flag of every command, and (if the table names one) an option of
\`createAuth\`. A flag overrides a variable. An empty variable counts as not set. Spaces and invisible characters around a
value are ignored. Inside a value they are refused and named, such as \`U+200B\`, except in words and names. An invalid value
stops the start with one line that names the setting. \`bienvenue doctor\` shows each setting, where it comes from, and what the
mode refuses.

A mode is a set of defaults, and you can change each setting separately. A dash means that nothing is set.

## Secrets

${secretVariables} hold secrets. Each can be read from a file instead: add
\`_FILE\` to the variable's name, and set it to the path of a file that contains only the value, such as
\`BIENVENUE_SECRET_KEY_FILE=/run/secrets/bienvenue_key\`. Setting both is refused.

Every user of the machine can read the flags of a process. So \`BIENVENUE_SECRET_KEY\` has no flag, and the flags of the
other two accept no password.

## Every setting

| Variable | Flag | Option | Values | Classic | Development | Production | Meaning |
|---|---|---|---|---|---|---|---|
${rows.join('\n')}

\`createAuth\` also takes \`database\` (your own database instead of \`databaseUrl\`), \`mailer\` (your own mail transport
instead of \`smtpUrl\` and \`mailFrom\`), \`mail\` (your own links and templates), \`hooks\`, \`metadataSchema\` and \`userFields\`
(as values instead of a file), \`logger\`, \`onAudit\`, \`now\` (a clock) and \`hasher\` (for tests).

## What development mode refuses

Each of these stops the start with one line.

${refusals('development').join('\n')}

## What production mode refuses

${refusals('production').join('\n')}
`
}

/** Values that a mode refuses but classic mode accepts, with the refusal. Found by trying, so the page cannot be wrong. */
function refusals(mode: Mode): string[] {
  return Object.entries(OPTION_TABLE).flatMap(([name, row]: [string, Setting]) =>
    candidates(row).flatMap((value) => {
      const problemIn = (mode: Mode) =>
        inspectOptions({ mode, [name]: value } as GivenOptions).problems.find(({ option }) => option === name)
      const found = problemIn('classic') === undefined ? problemIn(mode) : undefined
      return found === undefined ? [] : [`- \`${row.env}\` ${spelled(value)}: ${found.problem}`]
    }),
  )
}

/** Values of a row that may be refused. For text, values that people are likely to try. */
function candidates({ kind, classic }: Setting): (string | number | boolean | undefined)[] {
  switch (kind.type) {
    case 'integer':
      return [classic as number]
    case 'choice':
      return [...kind.of]
    case 'switch':
      return [true, false]
    case 'text':
      return [
        undefined,
        'http://auth.example.com',
        'terminal:',
        'sqlite::memory:',
        'postgres://bienvenue@db.example.com/bienvenue',
      ]
  }
}

function spelled(value: string | number | boolean | undefined): string {
  return value === undefined ? 'not set' : shown(value)
}

function range(kind: Setting['kind']): string {
  switch (kind.type) {
    case 'integer':
      return `${kind.min} to ${kind.max}; ${kind.unit}`
    case 'choice':
      return kind.of.map((choice) => `\`${choice}\``).join(', ')
    case 'switch':
      return '`on`, `off`'
    case 'text':
      return 'text'
  }
}

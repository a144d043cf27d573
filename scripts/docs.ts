/**
 * Makes what is made from source: `docs/errors.md`, `docs/options.md`, parts of `docs/data.md`, and the comment above each
 * row of the settings table, which editors show. With `--check`, changes nothing and fails if something differs.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { flagOf, SETTINGS } from '../src/cli/settings.ts'
import { ERRORS } from '../src/errors.ts'
import {
  defaultOf,
  type GivenOptions,
  inspectOptions,
  MODES,
  type Mode,
  OPTION_TABLE,
  type Row,
} from '../src/options/index.ts'
import { dataPage } from './data-page.ts'

const NOTE = '<!-- Made from the source by `npm run docs`. Change it there. -->'

function errorsPage(): string {
  const rows = Object.entries(ERRORS).map(
    ([code, { status, message, cause }]) => `| \`${code}\` | ${status} | ${message} | ${cause} |`,
  )
  return `${NOTE}

# Errors

Every refusal over HTTP has one shape:

\`\`\`json
{ "message": "…", "code": "missing_field", "field": "email", "request_id": "…" }
\`\`\`

\`code\` is for programs and never changes. \`message\` is for people and may be reworded. \`field\` is present if one
field is invalid. \`request_id\` is also in the log, next to the reason. \`password_too_short\` adds \`min_length\`, the
minimum number of characters, and \`password_too_long\` adds \`max_bytes\`. Both numbers are also in \`message\`. One
answer is older than this shape and keeps its own: \`email_taken\` is only \`{"message":"email already registered"}\`.

Library callers get an \`AuthError\` with the same \`code\` (and \`field\`, \`retryAfterSeconds\`, \`minLength\`, \`maxBytes\`).

| Code | Status | Message | Cause |
|---|---|---|---|
${rows.join('\n')}
`
}

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
  return `${NOTE}

# Settings

A setting is an environment variable of the service, a flag of every command, and (except for the last five) an
option of \`createAuth\`. A flag takes precedence over a variable. An empty variable counts as not set. Blanks and
invisible characters around a value are ignored. Inside a value they are refused and named, such as \`U+200B\`, except
in words and names. An invalid value stops the start with one line that names the setting. \`bienvenue doctor\` shows
the values in force, where they come from, and which of them the mode refuses.

A mode sets the defaults. Every setting can still be changed. A dash means that nothing is set.

## Secrets

${secretVariables} hold secrets. Each can be read from a file instead: append \`_FILE\` to the
name of the variable, and set it to the path of a file that contains only the value, such as
\`BIENVENUE_SECRET_KEY_FILE=/run/secrets/bienvenue_key\`. Setting both is refused.

Every user of the machine can read the flags of a process. Therefore \`BIENVENUE_SECRET_KEY\` has no flag, and the flags
of the other two do not accept a password.

## Every setting

| Variable | Flag | Option | Values | Classic | Development | Production | Meaning |
|---|---|---|---|---|---|---|---|
${rows.join('\n')}

\`createAuth\` also takes \`now\` (a clock), \`hasher\` (for tests), \`mailer\` (your own mail transport, instead of
\`smtpUrl\` and \`mailFrom\`), \`logger\` and \`onAudit\`.

## What development mode refuses

Each of these values stops the start with one line.

${refusals('development').join('\n')}

## What production mode refuses

${refusals('production').join('\n')}
`
}

/** The values that a mode refuses and classic mode accepts, with the message. Found by trying, so the page is correct. */
function refusals(mode: Mode): string[] {
  return Object.entries(OPTION_TABLE).flatMap(([name, row]: [string, Row]) =>
    candidates(row).flatMap((value) => {
      const problemIn = (mode: Mode) =>
        inspectOptions({ mode, [name]: value } as GivenOptions).problems.find(({ option }) => option === name)
      const found = problemIn('classic') === undefined ? problemIn(mode) : undefined
      return found === undefined ? [] : [`- \`${row.env}\` ${spelled(value)}: ${found.problem}`]
    }),
  )
}

/** Values of a setting that may be refused. For text, values that people are likely to try. */
function candidates({ kind, classic }: Row): (string | number | boolean | undefined)[] {
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

function range(kind: Row['kind']): string {
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

function shown(value: string | number | boolean): string {
  const text = typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value)
  return text === '' ? '–' : `\`${text}\``
}

/** The source files of the settings table, with a generated comment above each row. */
function commentedTables(): Record<string, string> {
  const files = [...globSync('src/options/*.ts', { exclude: ['**/*.test.ts'] }), 'src/cli/settings.ts']
  return Object.fromEntries(files.map((file) => [file, commented(readFileSync(file, 'utf8'))]))
}

const ROW_START = /^(?: {2}\/\*\*[\s\S]*?\*\/\n)?( {2}(\w+): \{\n {4}env: )/gm

function commented(source: string): string {
  return source.replaceAll(ROW_START, (_, start: string, name: string) => {
    const row: Row = SETTINGS[name as keyof typeof SETTINGS]
    const lines = [...wrapped(row.about), '', ...wrapped(`${valuesOf(row)}${defaultsOf(row)}`)]
    return `  /**\n${lines.map((line) => `   * ${line}`.trimEnd()).join('\n')}\n   */\n${start}`
  })
}

function valuesOf({ kind }: Row): string {
  if (kind.type !== 'integer') return ''
  // A unit is a noun, or a note on the value 0.
  const separator = kind.unit.startsWith('0 ') ? '; ' : ' '
  return `${kind.min} to ${kind.max}${separator}${kind.unit}. `
}

/** Such as: Default: `1`, in development `8`, in production `15`. */
function defaultsOf(row: Row): string {
  const [classic = '', development = '', production = ''] = MODES.map((mode) => literal(defaultOf(row, mode)))
  if (row.env === 'BIENVENUE_MODE') return `Default: ${classic}.`
  const others =
    development === production && production !== classic
      ? [`in development and production ${production}`]
      : [
          ...(development === classic ? [] : [`in development ${development}`]),
          ...(production === classic ? [] : [`in production ${production}`]),
        ]
  return `Default: ${[classic, ...others].join(', ')}.`
}

/** A value as a JavaScript literal. */
function literal(value: string | number | boolean): string {
  return value === '' ? 'not set' : `\`${typeof value === 'string' ? `'${value}'` : value}\``
}

function wrapped(text: string): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const line = lines.at(-1)
    if (line === undefined || line.length + word.length > 105) lines.push(word)
    else lines[lines.length - 1] = `${line} ${word}`
  }
  return lines
}

const PAGES = {
  'docs/errors.md': errorsPage(),
  'docs/options.md': optionsPage(),
  'docs/data.md': dataPage(readFileSync('docs/data.md', 'utf8')),
  ...commentedTables(),
}
for (const [path, page] of Object.entries(PAGES)) {
  if (readFileSync(path, 'utf8') === page) continue
  if (!process.argv.includes('--check')) {
    writeFileSync(path, page)
  } else {
    process.stderr.write(`${path} differs from the source: run npm run docs\n`)
    process.exitCode = 1
  }
}

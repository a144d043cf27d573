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
  type Setting,
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

\`code\` is for programs and never changes; \`message\` is for people and may be reworded; \`field\` is there where
one field is at fault; \`request_id\` stands beside the reason in the log. \`password_too_short\` adds \`min_length\`, the
fewest characters, and \`password_too_long\` adds \`max_bytes\`; both numbers also stand in \`message\`. One answer is older
than this shape and keeps its own: \`email_taken\` says \`{"message":"email already registered"}\` and nothing else.

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
option of \`createAuth\`. A flag wins over a variable; an empty variable counts as not set. Blanks and invisible
characters around a value are ignored; inside a value they are refused and named, as in \`U+200B\`, except in words and
names. A value that a setting does not allow stops the start with one line that names the setting. \`bienvenue doctor\`
shows what is in force, where it comes from, and what the mode refuses.

A mode is a column of defaults; each row can be set alone. A dash means that nothing is set.

## Secrets

${secretVariables} hold secrets. Each can be read from a file instead: set the variable's name with
\`_FILE\` at its end to the path of a file that holds the value and nothing else, as in
\`BIENVENUE_SECRET_KEY_FILE=/run/secrets/bienvenue_key\`. Setting both is refused.

Every user of the machine can read the flags of a process. So \`BIENVENUE_SECRET_KEY\` has no flag, and the flags of the
other two take no password.

## Every setting

| Variable | Flag | Option | Values | Classic | Development | Production | Meaning |
|---|---|---|---|---|---|---|---|
${rows.join('\n')}

\`createAuth\` also takes \`now\` (a clock), \`hasher\` (for tests), \`mailer\` (a transport for mail of your own, in
place of \`smtpUrl\` and \`mailFrom\`), \`logger\` and \`onAudit\`.

## What development mode refuses

Each of these stops the start with one line.

${refusals('development').join('\n')}

## What production mode refuses

${refusals('production').join('\n')}
`
}

/** Values that a mode refuses and classic mode takes, with the refusal: found by trying, so that the page cannot lie. */
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

/** Values of a row that may be refused. Of text, those that somebody may well try. */
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

function shown(value: string | number | boolean): string {
  const text = typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value)
  return text === '' ? '–' : `\`${text}\``
}

/** The sources of the table, with the comment above each row made from the row. */
function commentedTables(): Record<string, string> {
  const files = [...globSync('src/options/*.ts', { exclude: ['**/*.test.ts'] }), 'src/cli/settings.ts']
  return Object.fromEntries(files.map((file) => [file, commented(readFileSync(file, 'utf8'))]))
}

const ROW_START = /^(?: {2}\/\*\*[\s\S]*?\*\/\n)?( {2}(\w+): \{\n {4}env: )/gm

function commented(source: string): string {
  return source.replaceAll(ROW_START, (_, start: string, name: string) => {
    const row: Setting = SETTINGS[name as keyof typeof SETTINGS]
    const lines = [...wrapped(row.about), '', ...wrapped(`${valuesOf(row)}${defaultsOf(row)}`)]
    return `  /**\n${lines.map((line) => `   * ${line}`.trimEnd()).join('\n')}\n   */\n${start}`
  })
}

function valuesOf({ kind }: Setting): string {
  return kind.type === 'integer' ? `${kind.min} to ${kind.max} ${kind.unit}. ` : ''
}

/** Such as: Default: `1`, in development `8`, in production `15`. */
function defaultsOf(row: Setting): string {
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

/** A value as a program writes it. */
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

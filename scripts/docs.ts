/**
 * Makes the pages that are made from source: `docs/errors.md`, `docs/options.md` and parts of `docs/data.md`.
 * With `--check`, changes nothing and fails where one differs.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { flagOf, SETTINGS } from '../src/cli/settings.ts'
import { ERRORS } from '../src/errors.ts'
import { type GivenOptions, inspectOptions, OPTION_TABLE, type Row } from '../src/options.ts'
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

Library callers get an \`AuthError\` with the same \`code\` (and \`status\`, \`field\`, \`retryAfterSeconds\`, \`minLength\`, \`maxBytes\`).

| Code | Status | Message | Cause |
|---|---|---|---|
${rows.join('\n')}
`
}

function optionsPage(): string {
  const rows = Object.entries(SETTINGS).map(([name, row]) => {
    const option = Object.hasOwn(OPTION_TABLE, name) ? `\`${name}\`` : ''
    return `| \`${row.env}\` | \`--${flagOf(name)}\` | ${option} | ${range(row.kind)} | ${shown(row.classic)} | ${shown(row.production)} | ${row.about} |`
  })
  return `${NOTE}

# Settings

A setting is an environment variable of the service, a flag of every command, and (but for the last five) an
option of \`createAuth\`. A flag wins over a variable; an empty variable is one that is not set. Blanks and invisible
characters around a value are ignored; inside a value they are refused and named, as in \`U+200B\`, except in words and
names. What a setting does not allow stops the start with one line that names it. \`bienvenue doctor\` shows what is in force, from where, and
what production mode refuses.

A mode is nothing but a column of defaults; each row can be set alone. A dash means that nothing is set.

| Variable | Flag | Option | Values | Classic | Production | Meaning |
|---|---|---|---|---|---|---|
${rows.join('\n')}

\`createAuth\` also takes \`now\` (a clock), \`hasher\` (for tests), \`mailer\` (a transport for mail of your own, in
place of \`smtpUrl\` and \`mailFrom\`), \`logger\` and \`onAudit\`.

## What production mode refuses

Each of these stops the start with one line.

${refusals().join('\n')}
`
}

/** Values that production refuses, with what it says of them: found by trying, so that the page cannot lie. */
function refusals(): string[] {
  return Object.entries(OPTION_TABLE).flatMap(([name, row]: [string, Row]) =>
    candidates(row).flatMap((value) => {
      const problemIn = (mode: 'classic' | 'production') =>
        inspectOptions({ mode, [name]: value } as GivenOptions).problems.find(({ option }) => option === name)
      // What no mode takes is no business of this list.
      const found = problemIn('classic') === undefined ? problemIn('production') : undefined
      return found === undefined ? [] : [`- \`${row.env}\` ${spelled(value)}: ${found.problem}`]
    }),
  )
}

/** Values of a row that may be refused. Of text, those that somebody may well try. */
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

const PAGES = {
  'docs/errors.md': errorsPage(),
  'docs/options.md': optionsPage(),
  'docs/data.md': dataPage(readFileSync('docs/data.md', 'utf8')),
}
for (const [path, page] of Object.entries(PAGES)) {
  if (!process.argv.includes('--check')) {
    writeFileSync(path, page)
  } else if (readFileSync(path, 'utf8') !== page) {
    process.stderr.write(`${path} differs from the source: run npm run docs\n`)
    process.exitCode = 1
  }
}

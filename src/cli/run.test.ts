/** The command line: help, and what is refused before a command runs. test/cli runs the command as a process. */
import { existsSync, readdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { describe, expect, it } from 'vitest'
import { EMAIL, expectDone, expectRefusal, SECRET } from '../../test/support/commands.ts'
import { filePath, freshDatabase } from '../../test/support/engines.ts'
import { runHere } from '../../test/support/run-here.ts'
import { flagOf, SETTINGS } from './settings.ts'

const COMMANDS = {
  serve: 'serve',
  migrate: 'migrate',
  adopt: 'adopt',
  doctor: 'doctor',
  'users add': 'users add EMAIL',
  'users list': 'users list',
  'users show': 'users show EMAIL',
  'users set': 'users set EMAIL',
  'users disable': 'users disable EMAIL',
  'users enable': 'users enable EMAIL',
  'users confirm': 'users confirm EMAIL',
  'users unlock': 'users unlock EMAIL',
  'users send-reset': 'users send-reset EMAIL',
  'users resend-confirmation': 'users resend-confirmation EMAIL',
  'users set-email': 'users set-email EMAIL NEW',
  'users compromise': 'users compromise EMAIL',
  'users delete': 'users delete EMAIL',
  'users require-factor': 'users require-factor EMAIL',
  'users revoke-factor': 'users revoke-factor EMAIL',
  'secrets reseal': 'secrets reseal',
  'providers add': 'providers add PRESET',
  'providers list': 'providers list',
  'providers check': 'providers check ID',
  'providers replace-secret': 'providers replace-secret ID',
  'providers disable': 'providers disable ID',
  'providers enable': 'providers enable ID',
  'providers remove': 'providers remove ID',
  sessions: 'sessions EMAIL',
  'sessions end': 'sessions end EMAIL',
  'sessions end-all': 'sessions end-all',
  import: 'import FILE',
  export: 'export',
  audit: 'audit',
  'mail test': 'mail test TO',
  'mail queue': 'mail queue',
  backup: 'backup FILE',
  restore: 'restore FILE',
  move: 'move',
  init: 'init',
}

describe('help', () => {
  it.each([['--help'], ['-h'], ['help']])(
    '%s lists every command and points to the help on settings',
    async (flag) => {
      const help = expectDone(await runHere([flag]))
      // The same without a command.
      expect(await runHere([])).toEqual({ exitCode: 2, stdout: help, stderr: '' })
      const listed = /^Commands:\n((?: {2}.*\n)+)/m.exec(help)?.[1] ?? ''
      const usages = listed
        .trimEnd()
        .split('\n')
        .map((line) => line.trim().split('  ', 1)[0])
      expect(usages.toSorted()).toEqual(Object.values(COMMANDS).toSorted())
      expect(help).toContain('bienvenue help settings')
      expect(help).not.toContain('--database-url')
    },
  )

  it.each(Object.entries(COMMANDS))(
    'on %s shows its usage and its own flags, and runs nothing',
    async (name, usage) => {
      const databaseUrl = await freshDatabase('sqlite')
      const env = { DATABASE_URL: databaseUrl }
      const help = expectDone(await runHere([...name.split(' '), '--help'], { env }))
      expect(help).toMatch(new RegExp(`^Usage: bienvenue ${usage}\n`))
      expect(help).toMatch(/^Help on settings: bienvenue help settings$/m)
      const settings = Object.entries(SETTINGS).flatMap(([setting, { env }]) => [
        `--${flagOf(setting)} `,
        env,
      ])
      expect(settings.filter((setting) => help.includes(`  ${setting} `))).toEqual([])
      expect(expectDone(await runHere(['help', ...name.split(' ')], { env }))).toBe(help)
      expect(existsSync(filePath(databaseUrl))).toBe(false)
    },
  )

  it.each(['users', 'sessions', 'mail'])(
    'on the group %s lists its commands and no others',
    async (group) => {
      const help = expectDone(await runHere([group, '--help']))
      for (const [name, usage] of Object.entries(COMMANDS)) {
        const isOther = name.startsWith(`${group} `)
        // A command with the name of the group is in the first line, not in the list.
        expect(help.includes(`  ${usage} `)).toBe(isOther)
      }
      expect(expectDone(await runHere(['help', group]))).toBe(help)
    },
  )

  it('on settings lists each with its flag and its variable', async () => {
    const lines = [
      ['help', 'settings'],
      ['settings', '--help'],
      ['--help', 'settings'],
    ]
    const shown: string[] = []
    for (const line of lines) shown.push(expectDone(await runHere(line)))
    const [help, ...others] = shown
    for (const [name, { env, secret }] of Object.entries(SETTINGS)) {
      // Every user of the machine can read a flag, so secrets have none.
      const flag = secret === 'whole' ? '' : `--${flagOf(name)}`
      expect(help).toMatch(new RegExp(`^  ${flag} +${env} +\\S`, 'm'))
    }
    expect(others).toEqual([help, help])
  })
})

describe('an invalid command line', () => {
  /** `help` is the command or group whose help the message points to, if any. */
  const lines: [line: string, says: RegExp, help?: string][] = [
    ['nonsense', /Unknown command "nonsense"\. See:/, ''],
    ['users', /"users" is a group of commands\. Commands: users add, users list/, 'users'],
    ['users nonsense', /Unknown command "users nonsense"\. Commands: users add, /, 'users'],
    ['serve --nonsense', /Unknown option '--nonsense'\. See:/, 'serve'],
    ['serve extra', /takes no arguments\./, 'serve'],
    ['serve --port', /--port needs a value\./, 'serve'],
    ['migrate --yes', /--yes/, 'migrate'],
    ['move', /Missing --to DATABASE_URL or --to-file FILE\./],
    ['move --to sqlite:b.db --to-file url', /Use either --to or --to-file, not both\./],
    [`move --to postgres://u:${SECRET}@h/db`, /read a password in --to\. .* --to-file FILE\./],
    [`move --to=postgres://h/db?password=${SECRET}`, /read a password in --to\. .* --to-file FILE\./],
    ['move --to-file /nowhere', /Cannot read \/nowhere: there is no such file\./],
    ['backup', /takes one argument: FILE/, 'backup'],
    ['restore x', /--yes/],
    ['adopt --keep bob', /--keep must be the id of an account\./],
    ['adopt --plan --keep 1', /either --plan or --keep, not both\./],
    ['users add', /takes one argument: EMAIL/, 'users add'],
    [`users add ${EMAIL} ${SECRET}`, /takes one argument: EMAIL/, 'users add'],
    [`users add ${EMAIL} --password=${SECRET}`, /--password/, 'users add'],
    [
      `users add ${EMAIL} --send-link --password-stdin`,
      /Use either --send-link or --password-stdin, not both\./,
    ],
    ['users list extra', /takes no arguments\./, 'users list'],
    ['users list --state asleep', /--state must be one of active, disabled, .*locked\./],
    ['users list --limit many', /--limit must be a whole number/],
    ['users list --after bob', /--after must be the id of a user\./],
    ['users list --since yesterday', /--since must be a date or a time/],
    ['users set-email a@example.com', /takes 2 arguments: EMAIL NEW/, 'users set-email'],
    ['help nonsense', /There is no help on "nonsense"\./, ''],
    ['nonsense --help', /There is no help on "nonsense"\./, ''],
    ['users show', /takes one argument: EMAIL/, 'users show'],
    ['users delete --yes', /takes one argument: EMAIL/, 'users delete'],
    ['sessions', /takes one argument: EMAIL\. Other commands: sessions end, sessions end-all\./, 'sessions'],
    ['sessions nonsense', /Commands: sessions EMAIL, sessions end EMAIL, sessions end-all\./],
    ['sessions end-all', /--yes/],
    ['mail nonsense', /Commands: mail test, mail queue\./, 'mail'],
    ['mail test', /takes one argument: TO/, 'mail test'],
    ['audit --limit x', /--limit must be a whole number/],
    ['audit --action nonsense', /--action must be one of .*login/],
    ['audit --since yesterday', /--since must be a date or a time/],
    ['audit --since 2026-13-01', /--since must be a date or a time/],
  ]

  it.each(lines)('(%s) gets one line of explanation and exit code 2', async (line, says, help) => {
    const env = { DATABASE_URL: 'sqlite::memory:' }
    const forPeople = await runHere(line.split(' '), { env })
    const forScripts = await runHere([...line.split(' '), '--json'], { env })
    expectRefusal(forPeople, 2, says)
    const named = help === undefined ? undefined : ['bienvenue', ...help.split(' ').filter(Boolean), '--help']
    expect(/ See: (.*--help)\n$/.exec(forPeople.stderr)?.[1]).toBe(named?.join(' '))
    expect(forScripts).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringMatching(/^[^\n]+\n$/) })
    expect(JSON.parse(forScripts.stderr)).toEqual({ code: 'usage', message: expect.stringMatching(says) })
  })
})

it.each([
  ['backup copy.db\r', 'FILE contains U+000D'],
  ['restore copy\u200b.db --yes', 'FILE contains U+200B'],
  ['import \ufeffusers.csv', 'FILE contains U+FEFF'],
  ['import users.csv --rejects rejects.ndjson\r', '--rejects contains U+000D'],
  ['import users.csv --format csv\u00a0', '--format contains U+00A0'],
  ['export --output users.ndjson\u2060', '--output contains U+2060'],
  ['move --to sqlite:b.db\r', '--to contains U+000D'],
  ['audit --limit 5\r', '--limit contains U+000D'],
])('%j is refused: the invisible character is named, and no file is created', async (line, problem) => {
  const databaseUrl = await freshDatabase('sqlite')
  const env = { DATABASE_URL: databaseUrl }
  const forScripts = await runHere([...line.split(' '), '--json'], { env })
  expect(JSON.parse(forScripts.stderr)).toEqual({ code: 'usage', message: expect.stringContaining(problem) })
  expectRefusal(
    await runHere(line.split(' '), { env }),
    2,
    new RegExp(`^bienvenue: ${problem.replaceAll('+', '\\+')}, an invisible character`),
  )
  expect(readdirSync(dirname(filePath(databaseUrl)))).toEqual([])
})

it('doctor lists the contacts that are missing', async () => {
  const missingWith = async (env: Record<string, string>) =>
    JSON.parse(
      (await runHere(['doctor', '--json'], { env: { DATABASE_URL: 'sqlite::memory:', ...env } })).stdout,
    ).missing
  expect(await missingWith({})).toEqual([
    expect.stringMatching(/^BIENVENUE_HELP_URL: /),
    expect.stringMatching(/^BIENVENUE_SUPPORT_CONTACT: /),
  ])
  expect(
    await missingWith({ BIENVENUE_HELP_URL: '/help', BIENVENUE_SUPPORT_CONTACT: 'help@example.com' }),
  ).toEqual([])
  const shown = await runHere(['doctor'], { env: { DATABASE_URL: 'sqlite::memory:' } })
  expect(shown.stdout).toMatch(/^Not set:\n {2}- BIENVENUE_HELP_URL: /m)
})

it('doctor lists the exceptions that the operator has made', async () => {
  const env = {
    DATABASE_URL: 'sqlite::memory:',
    BIENVENUE_TRUSTED_ORIGINS: 'https://app.example.com,https://shop.example.com',
    BIENVENUE_RETURN_ORIGINS: 'https://blog.example',
    BIENVENUE_COOKIE_DOMAIN: 'example.com',
    BASE_URL: 'https://auth.example.com',
  }
  const listed = await runHere(['doctor'], { env })
  expect(listed.stdout).toMatch(/^Exceptions/m)
  const { exceptions } = JSON.parse((await runHere(['doctor', '--json'], { env })).stdout)
  expect(exceptions).toEqual([
    expect.stringMatching(
      /^BIENVENUE_TRUSTED_ORIGINS: .*https:\/\/app\.example\.com, https:\/\/shop\.example\.com/,
    ),
    expect.stringMatching(/^BIENVENUE_RETURN_ORIGINS: .*https:\/\/blog\.example/),
    expect.stringMatching(/^BIENVENUE_COOKIE_DOMAIN: .*example\.com/),
  ])
  for (const line of exceptions) expect(listed.stdout).toContain(line)
  const none = await runHere(['doctor'], { env: { DATABASE_URL: 'sqlite::memory:' } })
  expect(none.stdout).not.toMatch(/^Exceptions/m)
})

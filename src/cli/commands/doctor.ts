import {
  assertCreatable,
  databaseExists,
  describeDatabase,
  healthOf,
  openDatabase,
  pendingMigrations,
} from '../../db/index.ts'
import { visible } from '../../lib/visible.ts'
import { describeSmtp, TERMINAL_MAIL } from '../../mail/settings.ts'
import { OptionError } from '../../model/errors.ts'
import { exceptionsOf, inspectOptions, missingIn, type Options } from '../../options/index.ts'
import type { Command } from '../command.ts'
import { schemaProblems } from '../metadata-schema.ts'
import { problemsOf } from '../serve-problems.ts'
import { SETTINGS, type Settings, variableOf } from '../settings.ts'
import { counted, jsonLine, print, table } from '../terminal.ts'
import { warningsOf } from '../warnings.ts'

interface Check {
  readonly name: string
  readonly ok: boolean
  readonly detail: string
}

export const doctor: Command = {
  name: 'doctor',
  summary: 'Show every setting and its source, warn of unsafe ones, and check the database',
  toleratesProblems: true,
  async run({ settings, json }) {
    const { options } = inspectOptions(settings.options)
    const problems = [...problemsOf(settings), ...(await schemaProblems(settings))]
    const refused = problems.map(({ option, problem }) => ({
      setting: variableOf(option),
      problem,
    }))
    const rows = describeSettings(settings, options)
    const unsafe = warningsOf(settings, options)
      .filter(({ setting }) => refused.every((other) => setting !== other.setting))
      .map(({ setting, reason }) => `${setting}: ${reason}`)
    const exceptions = exceptionsOf(options).map(({ option, reason }) => `${variableOf(option)}: ${reason}`)
    const missing = missingIn(options).map(({ option, reason }) => `${variableOf(option)}: ${reason}`)
    // Do not connect to a refused database URL: that could send the password in the clear.
    const isAccepted = refused.every(({ setting }) => setting !== SETTINGS.databaseUrl.env)
    const checks = isAccepted ? await checkDatabase(options) : []
    const well = refused.length === 0 && checks.every((check) => check.ok)

    if (json) {
      const unknown = settings.unknownVariables
      await print(jsonLine({ settings: rows, refused, unsafe, exceptions, missing, unknown, checks, well }))
    } else {
      await print(
        table([
          ['SETTING', 'VALUE', 'FROM'],
          ...rows.map((row) => [row.variable, String(row.value ?? '(invalid)'), row.source]),
        ]),
      )
      const isModeKnown = settings.problems.every(({ option }) => option !== 'mode')
      await printList(
        isModeKnown ? `serve refuses to start in ${options.mode} mode` : 'serve refuses to start',
        refused.map(({ setting, problem }) => `${setting}: ${problem}`),
      )
      await printList('Not fit for the internet', unsafe)
      await printList('Exceptions', exceptions)
      await printList('Not set', missing)
      for (const variable of settings.unknownVariables)
        await print(`\n${visible(variable)}: ignored (unknown setting)`)
      await print(
        `\n${checks.map(({ ok, name, detail }) => `${ok ? 'ok    ' : 'FAILED'}  ${name}: ${visible(detail)}`).join('\n')}`,
      )
    }
    return well ? 0 : 1
  },
}

async function printList(heading: string, lines: readonly string[]): Promise<void> {
  if (lines.length > 0) await print(`\n${heading}:\n${lines.map((line) => `  - ${line}`).join('\n')}`)
}

function describeSettings(settings: Settings, options: Options) {
  const values: Record<string, unknown> = { ...options, ...settings, ...shownSecrets(options) }
  const invalid = new Set(settings.problems.map(({ option }) => option))
  return Object.entries(SETTINGS).map(([name, { env }]) => ({
    variable: env,
    // Do not show the default in place of an invalid value: serve would not use it either.
    value: invalid.has(name) ? null : shownValue(values[name] as string | number | boolean),
    source: settings.sources[name as keyof Settings['sources']],
  }))
}

function shownValue(value: string | number | boolean): string | number {
  if (typeof value === 'boolean') return value ? 'on' : 'off'
  return value === '' ? '-' : value
}

/** The settings that hold a secret, without the secret. */
function shownSecrets({ databaseUrl, smtpUrl, secretKey }: Options): Record<string, string> {
  const keys = secretKey === '' ? 0 : secretKey.split(',').length
  return {
    databaseUrl: shownDatabase(databaseUrl),
    smtpUrl: smtpUrl === '' || smtpUrl === TERMINAL_MAIL ? smtpUrl : describeSmtp(smtpUrl),
    secretKey: keys === 0 ? '' : keys === 1 ? '1 key' : `${keys} keys`,
  }
}

function shownDatabase(databaseUrl: string): string {
  try {
    return describeDatabase(databaseUrl)
  } catch (error) {
    // Any part of an invalid URL could be the password.
    if (error instanceof OptionError) return '(invalid)'
    throw error
  }
}

async function checkDatabase(options: Options): Promise<Check[]> {
  const { databaseUrl } = options
  try {
    if (!databaseExists(databaseUrl)) {
      assertCreatable(databaseUrl)
      return [{ name: 'database', ok: true, detail: 'does not exist yet; serve or migrate creates it' }]
    }
    const db = await openDatabase(databaseUrl, { migrate: false, create: false, naming: options })
    try {
      const pending = await pendingMigrations(db)
      const { assertWritable, findDamage } = healthOf(db)
      const schema =
        pending.length === 0
          ? 'up to date'
          : `${counted(pending.length, 'migration')} to run with serve or migrate`
      const checks = [await check('database', 'readable and writable', assertWritable)]
      if (findDamage !== null)
        checks.push(
          await check('file', 'SQLite found no damage', () => {
            const [problem] = findDamage()
            if (problem !== undefined) throw new Error(problem)
          }),
        )
      return [...checks, { name: 'schema', ok: true, detail: schema }]
    } finally {
      await db.destroy()
    }
  } catch (error) {
    return [{ name: 'database', ok: false, detail: reasonOf(error) }]
  }
}

async function check(name: string, well: string, test: () => Promise<void> | void): Promise<Check> {
  try {
    await test()
    return { name, ok: true, detail: well }
  } catch (error) {
    return { name, ok: false, detail: reasonOf(error) }
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof OptionError) return error.problems.map(({ problem }) => problem).join(' ')
  return error instanceof Error ? error.message : String(error)
}

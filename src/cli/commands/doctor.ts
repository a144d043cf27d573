import { databaseExists, describeDatabase, openDatabase, pendingMigrations } from '../../db/index.ts'
import { OptionError } from '../../errors.ts'
import { type Options, resolveOptions, unsafeOptions } from '../../options.ts'
import type { Command } from '../command.ts'
import { SETTINGS, type Settings } from '../settings.ts'
import { print, table } from '../terminal.ts'

interface Check {
  readonly name: string
  readonly ok: boolean
  readonly detail: string
}

export const doctor: Command = {
  name: 'doctor',
  summary: 'Say what is set, from where, what is unsafe, and whether the database is well',
  async run({ settings, json }) {
    const options = resolveOptions(settings.options)
    const rows = describeSettings(settings, options)
    const unsafe = unsafeOptions(options).map(({ option, reason }) => `${SETTINGS[option].env}: ${reason}`)
    const checks = await checkDatabase(options)
    const well = checks.every((check) => check.ok)

    if (json) {
      await print(
        JSON.stringify({ settings: rows, unsafe, unknown: settings.unknownVariables, checks, well }),
      )
    } else {
      await print(
        table([
          ['SETTING', 'VALUE', 'FROM'],
          ...rows.map((row) => [row.variable, String(row.value), row.source]),
        ]),
      )
      await print(`\nNot fit for the internet:\n${unsafe.map((reason) => `  - ${reason}`).join('\n')}`)
      for (const variable of settings.unknownVariables)
        await print(`\n${variable}: ignored: there is no such setting`)
      await print(
        `\n${checks.map(({ ok, name, detail }) => `${ok ? 'ok    ' : 'FAILED'}  ${name}: ${detail}`).join('\n')}`,
      )
    }
    return well ? 0 : 1
  },
}

function describeSettings(settings: Settings, options: Options) {
  const values: Record<string, unknown> = {
    ...options,
    ...settings,
    databaseUrl: describeDatabase(options.databaseUrl),
  }
  return Object.entries(SETTINGS).map(([name, { env, kind }]) => {
    const value = values[name]
    return {
      variable: env,
      value: kind.type === 'switch' ? (value === true ? 'on' : 'off') : (value as string | number),
      source: settings.sources[name as keyof Settings['sources']],
    }
  })
}

async function checkDatabase({ databaseUrl }: Options): Promise<Check[]> {
  if (!databaseExists(databaseUrl)) {
    return [{ name: 'database', ok: true, detail: 'not there yet; serve or migrate makes it' }]
  }
  try {
    const db = await openDatabase(databaseUrl, { migrate: false })
    try {
      const pending = await pendingMigrations(db)
      const schema =
        pending.length === 0 ? 'up to date' : `${pending.length} migrations to run; serve or migrate does it`
      return [
        { name: 'database', ok: true, detail: 'can be reached and written' },
        { name: 'schema', ok: true, detail: schema },
      ]
    } finally {
      await db.destroy()
    }
  } catch (error) {
    return [
      { name: 'database', ok: false, detail: error instanceof OptionError ? error.problem : String(error) },
    ]
  }
}

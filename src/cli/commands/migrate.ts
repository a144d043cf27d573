import { databaseExists, MIGRATION_NAMES, openDatabase, pendingMigrations } from '../../db/index.ts'
import { type Options, resolveOptions } from '../../options/index.ts'
import type { Command } from '../command.ts'
import { jsonLine, print } from '../terminal.ts'

export const migrate: Command = {
  name: 'migrate',
  summary: 'Bring the database schema up to date (serve does this too)',
  flags: { plan: { type: 'boolean', help: 'Show what would run, without changing anything' } },
  async run({ settings, flags, json }) {
    const options = resolveOptions(settings.options)
    const isPlan = flags.plan === true
    const names = await (isPlan ? plan(options) : migrateNow(options))
    if (json) await print(jsonLine(isPlan ? { pending: names } : { migrated: names }))
    else if (names.length === 0) await print('The database schema is up to date.')
    else for (const name of names) await print(`${isPlan ? 'would run' : 'ran'} ${name}`)
    return 0
  },
}

async function plan(options: Options): Promise<readonly string[]> {
  if (!databaseExists(options.databaseUrl)) return MIGRATION_NAMES
  const db = await openDatabase(options.databaseUrl, { migrate: false, create: false, naming: options })
  try {
    return await pendingMigrations(db)
  } finally {
    await db.destroy()
  }
}

async function migrateNow(options: Options): Promise<readonly string[]> {
  let ran: readonly string[] = []
  const db = await openDatabase(options.databaseUrl, {
    naming: options,
    onMigrated: (names) => {
      ran = names
    },
  })
  await db.destroy()
  return ran
}

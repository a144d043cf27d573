import { migrations, openDatabase, migrate as runMigrations } from '../../db/index.ts'
import { resolveOptions } from '../../options.ts'
import type { Command } from '../command.ts'
import { print } from '../terminal.ts'

export const migrate: Command = {
  name: 'migrate',
  summary: 'Bring the schema of the database up to date (serve does it too)',
  flags: { plan: { type: 'boolean', help: 'Show what would run, and change nothing' } },
  async run({ settings, flags, json }) {
    const { databaseUrl } = resolveOptions(settings.options)
    const db = await openDatabase(databaseUrl, { migrate: false })
    try {
      const plan = flags.plan === true
      const names = plan
        ? (await migrations(db)).filter(({ executedAt }) => executedAt === null).map(({ name }) => name)
        : await runMigrations(db)
      if (json) await print(JSON.stringify(plan ? { pending: names } : { migrated: names }))
      else if (names.length === 0) await print('The schema is up to date.')
      else for (const name of names) await print(`${plan ? 'would run' : 'ran'} ${name}`)
      return 0
    } finally {
      await db.destroy()
    }
  },
}

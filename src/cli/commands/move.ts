import { moveDatabase } from '../../db/index.ts'
import { resolveOptions } from '../../options/index.ts'
import { type Command, UsageError } from '../command.ts'
import { jsonLine, print, table } from '../terminal.ts'

export const move: Command = {
  name: 'move',
  summary:
    'Copy all tables to an empty database (SQLite or PostgreSQL) and verify the copy; stop the service first',
  flags: {
    to: { type: 'string', help: 'The target, in the form of DATABASE_URL: sqlite:PATH or postgres://…' },
    'without-extra-columns': {
      type: 'boolean',
      help: 'Do not copy columns of an adopted table that Bienvenue does not know',
    },
  },
  async run({ settings, flags, json }) {
    const { databaseUrl } = resolveOptions(settings.options)
    const { to } = flags
    if (typeof to !== 'string') throw new UsageError('Missing --to DATABASE_URL.')
    const moved = await moveDatabase({
      from: databaseUrl,
      to,
      withoutExtraColumns: flags['without-extra-columns'] === true,
    })
    if (json) await print(jsonLine({ moved }))
    else {
      await print(
        table([
          ['TABLE', 'ROWS', 'CHECKSUM'],
          ...moved.map(({ table: name, rows, checksum }) => [name, String(rows), checksum.slice(0, 16)]),
        ]),
      )
      await print('All rows match. Start the service with the new DATABASE_URL.')
    }
    return 0
  },
}

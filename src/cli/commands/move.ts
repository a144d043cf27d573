import { moveDatabase } from '../../db/index.ts'
import { resolveOptions } from '../../options/index.ts'
import { type Command, UsageError } from '../command.ts'
import { print, table } from '../terminal.ts'

export const move: Command = {
  name: 'move',
  summary:
    'Copy all tables to an empty database, of the other engine too, and compare them; stop the service first',
  flags: {
    to: { type: 'string', help: 'Where to: sqlite:PATH or postgres://…, as DATABASE_URL' },
    'without-extra-columns': {
      type: 'boolean',
      help: 'Leave columns of an adopted table behind that Bienvenue does not know',
    },
  },
  async run({ settings, flags, json }) {
    const { databaseUrl } = resolveOptions(settings.options)
    const { to } = flags
    if (typeof to !== 'string') throw new UsageError('say where to, with --to')
    const moved = await moveDatabase({
      from: databaseUrl,
      to,
      withoutExtraColumns: flags['without-extra-columns'] === true,
    })
    if (json) await print(JSON.stringify({ moved }))
    else {
      await print(
        table([
          ['TABLE', 'ROWS', 'CHECKSUM, HERE AND THERE'],
          ...moved.map(({ table: name, rows, checksum }) => [name, String(rows), checksum.slice(0, 16)]),
        ]),
      )
      await print('Every row is the same in both. Start the service with the new DATABASE_URL.')
    }
    return 0
  },
}

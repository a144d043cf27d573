import { moveDatabase } from '../../db/index.ts'
import { visible } from '../../lib/visible.ts'
import { OPTION_TABLE, readValue, resolveOptions } from '../../options/index.ts'
import { type Command, UsageError } from '../command.ts'
import { readGivenFile } from '../given-file.ts'
import { hasPassword } from '../secrets.ts'
import { jsonLine, print, table } from '../terminal.ts'
import { isExposed } from '../warnings.ts'

export const move: Command = {
  name: 'move',
  summary:
    'Copy all tables to an empty database (SQLite or PostgreSQL) and verify the copy; stop the service first',
  flags: {
    to: {
      type: 'string',
      help: 'The target, in the form of DATABASE_URL, without a password: sqlite:PATH or postgres://…',
    },
    'to-file': { type: 'string', help: 'The file with the target, which may contain a password' },
    'to-table-prefix': {
      type: 'string',
      help: "The table prefix in the target ('' for none). Default: BIENVENUE_TABLE_PREFIX",
    },
    'to-database-schema': {
      type: 'string',
      help: "The PostgreSQL schema in the target ('' for none). Default: BIENVENUE_DATABASE_SCHEMA",
    },
    'without-extra-columns': {
      type: 'boolean',
      help: 'Do not copy columns of an adopted table that Bienvenue does not know',
    },
  },
  async run({ settings, flags, json }) {
    const options = resolveOptions(settings.options)
    const { 'to-table-prefix': tablePrefix, 'to-database-schema': databaseSchema } = flags
    const to = targetOf(flags as Partial<Record<string, string>>)
    const moved = await moveDatabase({
      from: options.databaseUrl,
      to,
      naming: options,
      toNaming: {
        ...(typeof tablePrefix === 'string' && { tablePrefix }),
        ...(typeof databaseSchema === 'string' && { databaseSchema }),
      },
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
      await print(
        tablePrefix === undefined && databaseSchema === undefined
          ? 'All rows match. Start the service with the new DATABASE_URL.'
          : 'All rows match. Start the service with the new DATABASE_URL, and the new prefix or schema.',
      )
    }
    return 0
  },
}

/** @throws {UsageError} There is not exactly one target, or its password is on the command line. */
function targetOf({ to, 'to-file': file }: Partial<Record<string, string>>): string {
  if (to !== undefined && file !== undefined) throw new UsageError('Use either --to or --to-file, not both.')
  if (file !== undefined) return readTarget(file)
  if (to === undefined) throw new UsageError('Missing --to DATABASE_URL or --to-file FILE.')
  if (hasPassword(to))
    throw new UsageError(
      'Every user of this machine can read a password in --to. Write the URL to a file, and name it with --to-file FILE.',
    )
  return to
}

function readTarget(file: string): string {
  if (isExposed(file))
    process.stderr.write(`Every user of this machine can access ${visible(file)}. Run chmod o= on it.\n`)
  return readValue('--to-file', OPTION_TABLE.databaseUrl, readGivenFile(file)) as string
}

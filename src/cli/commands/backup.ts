import { openAuthService } from '../../auth/index.ts'
import { type BackupContents, backUpDatabase, describeDatabase, restoreDatabase } from '../../db/index.ts'
import { isStandardOutput } from '../../lib/output-file.ts'
import { visible } from '../../lib/visible.ts'
import { resolveOptions } from '../../options/index.ts'
import { type Command, UsageError } from '../command.ts'
import { operator } from '../operator.ts'
import { confirmed, counted, jsonLine, print, printResult, YES } from '../terminal.ts'
import { assertDatabaseExists } from '../with-service.ts'

export const backup: Command = {
  name: 'backup',
  summary: 'Write a verified copy of an SQLite database to a file, even while it is in use',
  takes: 'FILE',
  flags: { force: { type: 'boolean', help: 'Replace the file if it exists' } },
  async run({ args, flags, settings, json }) {
    const [file = ''] = args
    if (isStandardOutput(file))
      throw new UsageError('A backup cannot be written to standard output. Name a file.')
    const options = resolveOptions(settings.options)
    const { databaseUrl } = options
    assertDatabaseExists(databaseUrl, ' to back up')
    const contents = await backUpDatabase(databaseUrl, file, {
      replace: flags.force === true,
      naming: options,
    })
    return printResult(
      json,
      { file, ...onWire(contents) },
      `Wrote and verified ${visible(file)}: ${words(contents)}.`,
    )
  },
}

export const restore: Command = {
  name: 'restore',
  summary: 'Replace an SQLite database with a backup and end all sessions; stop the service first',
  takes: 'FILE',
  flags: {
    'keep-sessions': {
      type: 'boolean',
      help: 'Keep the sessions and tokens of the backup valid, including those that have ended since',
    },
    ...YES,
  },
  async run({ args, flags, settings, json }) {
    const [file = ''] = args
    const options = resolveOptions(settings.options)
    const { databaseUrl, tablePrefix } = options
    const others = tablePrefix === '' ? '' : ', with the tables of other programs in it,'
    const question = `Replace ${describeDatabase(databaseUrl)}${others} with ${visible(file)}?`
    if (!(await confirmed(flags, question))) return 1
    const keepSessions = flags['keep-sessions'] === true
    const done = await restoreDatabase(databaseUrl, file, options, async (copyUrl) => {
      const auth = await openAuthService({ ...settings.options, databaseUrl: copyUrl })
      try {
        await auth.transfer.finishRestore({ keepSessions }, operator())
      } finally {
        await auth.close()
      }
    })
    if (json) {
      await print(jsonLine({ file, ...onWire(done), replaced: done.replaced, kept_sessions: keepSessions }))
      return 0
    }
    await print(`Restored ${visible(file)}: ${words(done)}.`)
    if (done.replaced !== null) await print(`The previous database is kept as ${visible(done.replaced)}.`)
    await print(
      keepSessions
        ? 'The sessions of the backup are valid again.'
        : 'All sessions have ended. Everyone must sign in again.',
    )
    return 0
  },
}

function onWire({ users, sessions, auditRecords }: BackupContents) {
  return { users, sessions, audit_records: auditRecords }
}

function words({ users, sessions, auditRecords }: BackupContents): string {
  return `${counted(users, 'user')}, ${counted(sessions, 'session')}, ${counted(auditRecords, 'audit entry', 'audit entries')}`
}

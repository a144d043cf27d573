import { createWriteStream } from 'node:fs'
import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { AuthService } from '../../auth/index.ts'
import { filesInUse } from '../../db/index.ts'
import {
  assertNotInUse,
  isStandardOutput,
  OutputError,
  type OutputFile,
  openOutput,
} from '../../lib/output-file.ts'
import { AuthError } from '../../model/errors.ts'
import { resolveOptions } from '../../options/index.ts'
import type { Command } from '../command.ts'
import { discardedOnFailure } from '../interrupt.ts'
import { operator } from '../operator.ts'
import { SETTINGS } from '../settings.ts'
import { counted, jsonLine, printResult } from '../terminal.ts'
import { withService } from '../with-service.ts'

export const exportUsers: Command = {
  name: 'export',
  summary: 'Write all users as JSON, one per line, in the format that import reads',
  flags: {
    output: {
      type: 'string',
      help: 'The file to write, readable only by its owner; without it, or with -, standard output',
    },
    force: { type: 'boolean', help: 'Replace the file if it exists' },
    'with-hashes': {
      type: 'boolean',
      help: 'Include the password hashes, which import needs, and the secrets of authenticator apps in plain text',
    },
  },
  async run(input) {
    const { output: target = '-' } = input.flags as { output?: string }
    const withHashes = input.flags['with-hashes'] === true
    const inUse = filesInUse(resolveOptions(input.settings.options).databaseUrl)
    if (isStandardOutput(target)) {
      assertNotInUse(1, inUse)
      return withService(input, async (auth) => {
        warnOfHashes(withHashes)
        await writeUsers(auth, withHashes, process.stdout)
        return 0
      })
    }
    const open = () => openOutput(target, { inUse, replace: input.flags.force === true, mayStream: true })
    return discardedOnFailure(open, (output) =>
      withService(input, async (auth) => {
        warnOfHashes(withHashes)
        const count = await writeFile(target, output, (stream) => writeUsers(auth, withHashes, stream))
        return printResult(input.json, { exported: count }, `Wrote ${counted(count, 'user')} to ${target}.`)
      }),
    )
  },
}

function warnOfHashes(withHashes: boolean): void {
  if (withHashes)
    process.stderr.write(
      'The export contains all password hashes, and the secrets of authenticator apps in plain text. Protect it, and delete it when you are done.\n',
    )
}

/** @returns The number of users written. */
async function writeUsers(auth: AuthService, withHashes: boolean, output: Writable): Promise<number> {
  let [count, unopened] = [0, 0]
  async function* lines() {
    for await (const user of auth.transfer.exportUsers({ withHashes }, operator())) {
      count++
      if (withHashes && user.totp_confirmed_at !== null && user.totp_secret === null) unopened++
      yield `${jsonLine(user)}\n`
    }
  }
  // Standard output stays open for the rest of the process.
  await pipeline(lines, output, { end: output !== process.stdout })
  if (unopened > 0)
    process.stderr.write(
      `${counted(unopened, 'secret of an authenticator app', 'secrets of authenticator apps')} could not be opened, so import will refuse these lines. Add the missing key to ${SETTINGS.secretKey.env} and export again.\n`,
    )
  return count
}

async function writeFile(
  target: string,
  output: OutputFile,
  write: (stream: Writable) => Promise<number>,
): Promise<number> {
  try {
    const count = await write(createWriteStream(target, { fd: output.fd, autoClose: false }))
    output.publish()
    return count
  } catch (error) {
    if (error instanceof AuthError || error instanceof OutputError || !(error instanceof Error)) throw error
    throw new OutputError(`Cannot write ${target}: ${error.message}`, { cause: error })
  }
}

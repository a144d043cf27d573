import { createWriteStream, lstatSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Engine } from '../../auth/index.ts'
import { AuthError } from '../../errors.ts'
import { type Command, UsageError } from '../command.ts'
import { counted, print } from '../terminal.ts'
import { withEngine } from './users.ts'

export const exportUsers: Command = {
  name: 'export',
  summary: 'Write all users, one a line as JSON, for import to take',
  flags: {
    output: {
      type: 'string',
      help: 'A file to write to, which nobody else can read; standard output without it',
    },
    force: { type: 'boolean', help: 'Replace the file where it is there' },
    'with-hashes': { type: 'boolean', help: 'Write the hashes of the passwords too: import needs them' },
  },
  async run(input) {
    const { output } = input.flags as { output?: string }
    const withHashes = input.flags['with-hashes'] === true
    if (output !== undefined) assertFree(output, { force: input.flags.force === true })
    return withEngine(input, async (engine) => {
      if (withHashes)
        process.stderr.write('It holds the hashes of all passwords: keep it as you keep the database.\n')
      if (output === undefined) {
        await writeUsers(engine, withHashes, process.stdout)
        return 0
      }
      const count = await writeFile(output, (stream) => writeUsers(engine, withHashes, stream))
      await print(
        input.json ? JSON.stringify({ exported: count }) : `Wrote ${counted(count, 'user')} to ${output}.`,
      )
      return 0
    })
  },
}

function assertFree(output: string, { force }: { force: boolean }): void {
  const stat = lstatSync(output, { throwIfNoEntry: false })
  if (stat === undefined) return
  if (!stat.isFile()) throw new UsageError(`${output} is no file that could be replaced`)
  if (!force) throw new UsageError(`${output} is there already; --force replaces it`)
}

/** @returns How many there were. */
async function writeUsers(engine: Engine, withHashes: boolean, output: Writable): Promise<number> {
  let count = 0
  async function* lines() {
    for await (const user of engine.exportUsers({ withHashes })) {
      count++
      yield `${JSON.stringify(user)}\n`
    }
  }
  // Standard output stays open for whoever else has something to say.
  await pipeline(lines, output, { end: output !== process.stdout })
  return count
}

/** Writes a file that is there whole or not at all. */
async function writeFile(path: string, write: (output: Writable) => Promise<number>): Promise<number> {
  const part = `${path}.part`
  try {
    await rm(part, { force: true })
    const count = await write(createWriteStream(part, { flags: 'wx', mode: 0o600, flush: true }))
    await rename(part, path)
    return count
  } catch (error) {
    await rm(part, { force: true })
    if (error instanceof AuthError || !(error instanceof Error)) throw error
    throw new UsageError(`cannot write ${path}: ${error.message}`)
  }
}

import { isUtf8 } from 'node:buffer'
import { type FileHandle, lstat, open, rm } from 'node:fs/promises'
import { UsageError } from '../command.ts'
import type { Line } from './lines.ts'

/** Where the lines go that were not taken, each with its number, the reason and what stood there. */
export interface Rejects {
  add(rejected: readonly { readonly line: Line; readonly problem: string }[]): Promise<void>
  /** Removes the file where nothing went into it. */
  close(): Promise<void>
}

/**
 * Makes the file, in place of the one of an earlier run: a run goes through the whole input. It holds hashes, so that
 * nobody else may read it.
 *
 * @throws {UsageError} It cannot be made.
 */
export async function openRejects(path: string): Promise<Rejects> {
  let file: FileHandle
  try {
    await removeFile(path)
    file = await open(path, 'wx', 0o600)
  } catch (error) {
    throw new UsageError(`cannot write ${path}: ${(error as Error).message}`)
  }
  let isEmpty = true
  return {
    async add(rejected) {
      if (rejected.length === 0) return
      isEmpty = false
      await file.appendFile(rejected.map((each) => `${JSON.stringify(entryOf(each))}\n`).join(''))
    },
    async close() {
      await file.close()
      if (isEmpty) await removeFile(path)
    },
  }
}

// Made anew, since one that is there could be readable by others. A device or a folder is nothing to remove.
async function removeFile(path: string): Promise<void> {
  const stat = await lstat(path).catch(() => null)
  if (stat?.isFile() === true) await rm(path)
}

function entryOf({ line: { number, bytes }, problem }: { line: Line; problem: string }) {
  // What is no text cannot stand in JSON as it was.
  const said = isUtf8(bytes) ? { text: bytes.toString() } : { base64: bytes.toString('base64') }
  return { line: number, problem, ...said }
}

import { readTextFile, UnreadableFile } from '../lib/setting-file.ts'
import { UsageError } from './command.ts'

/** The text of a file that the command line names. @throws {UsageError} The file cannot be read, or is not text. */
export function readGivenFile(path: string): string {
  try {
    return readTextFile(path)
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error
    throw new UsageError(`Cannot read ${path}: ${error.message}.`)
  }
}

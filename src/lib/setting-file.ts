/** Reads the files that settings and flags name. */
import { readFileSync, statSync } from 'node:fs'
import { trimInvisible } from './invisible.ts'

/** Keys, URLs, schemas and logos are shorter, so a longer file is the wrong file. */
export const TEXT_FILE_MAX_BYTES = 65_536

/** A file cannot be read. The message says why, such as `it is empty`. */
export class UnreadableFile extends Error {
  override readonly name = 'UnreadableFile'
}

/** @throws {UnreadableFile} The file cannot be read, is empty or too long, or is not UTF-8. */
export function readTextFile(path: string, maxBytes = TEXT_FILE_MAX_BYTES): string {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(readSmallFile(path, maxBytes))
  } catch (error) {
    if (error instanceof TypeError) throw new UnreadableFile('it is not UTF-8 text')
    throw error
  }
  if (trimInvisible(text) === '') throw new UnreadableFile('it is empty')
  return text
}

/**
 * Reads a file that a setting names.
 *
 * @throws {UnreadableFile} The file cannot be read, is not a regular file or is larger than `maxBytes`.
 */
export function readSmallFile(path: string, maxBytes = TEXT_FILE_MAX_BYTES): Buffer {
  try {
    const found = statSync(path)
    if (found.isDirectory()) throw new UnreadableFile('it is a directory')
    // Reading a pipe or a device might never end.
    if (!found.isFile()) throw new UnreadableFile('it is not a regular file')
    if (found.size > maxBytes) throw new UnreadableFile(`it is larger than ${maxBytes} bytes`)
    return readFileSync(path)
  } catch (error) {
    if (error instanceof UnreadableFile) throw error
    const { code = '', message } = error as NodeJS.ErrnoException
    throw new UnreadableFile(FILE_FAULTS[code] ?? message)
  }
}

const FILE_FAULTS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EACCES: 'this user is not allowed to read it',
}

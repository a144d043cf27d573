/** Where a secret may come from: a variable or a file, never the command line, which every user of the machine can read. */
import { readFileSync, statSync } from 'node:fs'
import { trimInvisible } from '../lib/invisible.ts'

/** Whether a URL contains a password. The PostgreSQL driver accepts one in either place. */
export function hasPassword(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && (url.password !== '' || url.searchParams.has('password'))
}

/** Keys and URLs are far shorter, so a longer file is the wrong file. */
export const SECRET_FILE_MAX_BYTES = 65_536

/** The file of a secret cannot be read. The message says why, such as `it is empty`. */
export class UnreadableSecret extends Error {
  override readonly name = 'UnreadableSecret'
}

/** @throws {UnreadableSecret} The file cannot be read, is empty or too long, or is not UTF-8. */
export function readSecretFile(path: string): string {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(readRegularFile(path))
  } catch (error) {
    if (error instanceof TypeError) throw new UnreadableSecret('it is not UTF-8 text')
    throw error
  }
  if (trimInvisible(text) === '') throw new UnreadableSecret('it is empty')
  return text
}

function readRegularFile(path: string): Buffer {
  try {
    const found = statSync(path)
    if (found.isDirectory()) throw new UnreadableSecret('it is a directory')
    // Reading a pipe or a device might never end.
    if (!found.isFile()) throw new UnreadableSecret('it is not a regular file')
    if (found.size > SECRET_FILE_MAX_BYTES)
      throw new UnreadableSecret(`it is larger than ${SECRET_FILE_MAX_BYTES} bytes`)
    return readFileSync(path)
  } catch (error) {
    if (error instanceof UnreadableSecret) throw error
    const { code = '', message } = error as NodeJS.ErrnoException
    throw new UnreadableSecret(FILE_FAULTS[code] ?? message)
  }
}

const FILE_FAULTS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EACCES: 'this user may not read it',
}

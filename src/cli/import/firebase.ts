import { readFile } from 'node:fs/promises'
import type { FirebaseProject } from '../../auth/index.ts'
import { UsageError } from '../command.ts'

/**
 * Reads the hash parameters of a Firebase project, in the format that its console shows. They come from a file
 * because the signer key is a secret, and every user of the machine can read a command line.
 *
 * @throws {UsageError} The file cannot be read, or a parameter is missing or invalid.
 */
export async function readFirebaseProject(path: string): Promise<FirebaseProject> {
  const text = await readFile(path, 'utf8').catch((error: Error) => {
    throw new UsageError(`Cannot read ${path}: ${error.message}`)
  })
  return parseFirebaseProject(text)
}

/** Parses `hash_config { algorithm: SCRYPT, base64_signer_key: …, … }`, or the same as JSON. @throws {UsageError} */
export function parseFirebaseProject(text: string): FirebaseProject {
  const values = new Map(
    [...text.matchAll(/(\w{1,32})"?\s{0,9}:\s*"?([^\s",}]*)/g)].map(([, name = '', value = '']) => [
      name,
      value,
    ]),
  )
  const value = (name: string, form: RegExp) => {
    const found = values.get(name)
    if (found === undefined || !form.test(found))
      throw new UsageError(
        `The Firebase hash parameters have no valid ${name}. In the Firebase console, copy the parameters again.`,
      )
    return found
  }
  value('algorithm', /^SCRYPT$/)
  return {
    signerKey: Buffer.from(value('base64_signer_key', /^[A-Za-z0-9+/]{43,172}={0,2}$/), 'base64'),
    saltSeparator: Buffer.from(value('base64_salt_separator', /^[A-Za-z0-9+/]{0,86}={0,2}$/), 'base64'),
    rounds: Number(value('rounds', /^[1-9]\d{0,2}$/)),
    memCost: Number(value('mem_cost', /^[1-9]\d?$/)),
  }
}

/**
 * The hashes of Firebase Authentication, for imported accounts. scrypt derives a key, and the hash is the signer key of
 * the project, encrypted with it in AES-256-CTR (https://github.com/firebase/scrypt).
 *
 * We store only the key stream: the hash XOR the signer key. It verifies the same password, and the database does not
 * contain the secret of another service (docs/decisions/0021-hashes-from-elsewhere.md).
 */

import { createCipheriv } from 'node:crypto'
import { equalInConstantTime } from '../../../lib/digest.ts'
import { withoutTrailing } from '../../../lib/without-trailing.ts'
import type { Reading } from './reading.ts'
import { deriveScrypt, problemOf, type ScryptCost, workOf } from './scrypt.ts'

/** The hash parameters of a Firebase project, as its console shows them. */
export interface FirebaseProject {
  readonly signerKey: Uint8Array
  readonly saltSeparator: Uint8Array
  /** The parameter r of scrypt. */
  readonly rounds: number
  /** `mem_cost` in the console: log2 of the parameter N of scrypt. */
  readonly memCost: number
}

const KEY_BYTES = 32
const BASE64 = /^[A-Za-z0-9+/_-]{2,172}={0,2}$/
const STORED =
  /^\$firebase-scrypt\$ln=(\d{1,3}),r=(\d{1,10}),p=1\$([A-Za-z0-9+/]{2,344})\$([A-Za-z0-9+/]{43,172})$/

/** Reads a Firebase hash in its stored form. */
export function readFirebase(storedHash: string): Reading | null {
  const match = STORED.exec(storedHash)
  if (match === null) return null
  const [logN, r] = match.slice(1, 3).map(Number) as [number, number]
  const [salt, stream] = match.slice(3).map((part) => Buffer.from(part, 'base64')) as [Buffer, Buffer]
  const cost: ScryptCost = { N: 2 ** logN, r, p: 1 }
  return (
    problemOf(cost) ?? {
      cost: workOf(cost),
      async verify(password) {
        const key = await deriveScrypt(password, salt, KEY_BYTES, cost)
        const cipher = createCipheriv('aes-256-ctr', key, Buffer.alloc(16))
        return equalInConstantTime(cipher.update(Buffer.alloc(stream.length)), stream)
      },
    }
  )
}

/**
 * Converts a Firebase hash to its stored form.
 *
 * @param hash - `passwordHash` of the account, in base64. It must have as many bytes as the signer key.
 * @param salt - `salt` of the account, in base64.
 * @returns `null` if the hash cannot be from this project.
 */
export function storedFirebase(project: FirebaseProject, hash: string, salt: string): string | null {
  if (!BASE64.test(hash) || !BASE64.test(salt)) return null
  const bytes = Buffer.from(hash, 'base64')
  const { signerKey, saltSeparator, rounds, memCost } = project
  if (bytes.length !== signerKey.length) return null
  const stream = bytes.map((byte, index) => byte ^ (signerKey[index] ?? 0))
  const wholeSalt = Buffer.concat([Buffer.from(salt, 'base64'), saltSeparator])
  return `$firebase-scrypt$ln=${memCost},r=${rounds},p=1$${plain(wholeSalt)}$${plain(Buffer.from(stream))}`
}

function plain(bytes: Buffer): string {
  return withoutTrailing(bytes.toString('base64'), '=')
}

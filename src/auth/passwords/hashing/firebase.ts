/**
 * The hashes of Firebase Authentication: scrypt makes a key, and the hash is the project's signer key in AES-256-CTR
 * under it (https://github.com/firebase/scrypt). Only verified, for accounts that came from there.
 *
 * A hash is kept without the signer key, in a form of our own: the key stream alone, which is the hash less the signer
 * key. It proves the same password, and the secret of another service stands in no row
 * (docs/decisions/0021-hashes-from-elsewhere.md).
 */
import { createCipheriv } from 'node:crypto'
import { equalInConstantTime } from '../../../lib/digest.ts'
import type { Reading } from './reading.ts'
import { deriveScrypt, problemOf, type ScryptCost, workOf } from './scrypt.ts'

/** The hash parameters of a Firebase project, as its console shows them. */
export interface FirebaseProject {
  readonly signerKey: Uint8Array
  readonly saltSeparator: Uint8Array
  /** `rounds`: the r of scrypt. */
  readonly rounds: number
  /** `mem_cost`: the log2 of the N of scrypt. */
  readonly memCost: number
}

const KEY_BYTES = 32
const BASE64 = /^[A-Za-z0-9+/_-]{2,172}={0,2}$/
const KEPT =
  /^\$firebase-scrypt\$ln=(\d{1,3}),r=(\d{1,10}),p=1\$([A-Za-z0-9+/]{2,344})\$([A-Za-z0-9+/]{43,172})$/

/** A hash of Firebase as it is kept here. */
export function readFirebase(storedHash: string): Reading | null {
  const match = KEPT.exec(storedHash)
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
 * A hash of Firebase in the form in which it is kept, or `null` where it is none of this project.
 *
 * @param hash - `passwordHash` of the account, base64 of as many bytes as the signer key has.
 * @param salt - `salt` of the account, base64.
 */
export function keptFirebase(project: FirebaseProject, hash: string, salt: string): string | null {
  if (!BASE64.test(hash) || !BASE64.test(salt)) return null
  const bytes = Buffer.from(hash, 'base64')
  const { signerKey, saltSeparator, rounds, memCost } = project
  if (bytes.length !== signerKey.length) return null
  const stream = bytes.map((byte, index) => byte ^ (signerKey[index] ?? 0))
  const wholeSalt = Buffer.concat([Buffer.from(salt, 'base64'), saltSeparator])
  return `$firebase-scrypt$ln=${memCost},r=${rounds},p=1$${plain(wholeSalt)}$${plain(Buffer.from(stream))}`
}

function plain(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '')
}

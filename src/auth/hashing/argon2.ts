/**
 * argon2id (RFC 9106), by `node:crypto`, in the PHC string format. Off the event loop. argon2i is verified too,
 * and either one also with the word in front that Django writes.
 */
import '../../lib/require-node.ts'

import { randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { equalInConstantTime } from '../../lib/digest.ts'
import { IMPOSSIBLE, type Reading, TOO_COSTLY } from './reading.ts'

// Not imported: require-node.ts says why.
const { argon2 } = process.getBuiltinModule('node:crypto')
const deriveKey = promisify(argon2)

/** OWASP Password Storage Cheat Sheet: 19 MiB, 2 passes, 1 lane. */
const MEMORY_KIB = 19_456
const PASSES = 2
const LANES = 1
const SALT_BYTES = 16
const TAG_BYTES = 32

/** Above these a hash would hold a thread for seconds, or the memory of the machine. */
const MAX_MEMORY_KIB = 262_144
const MAX_PASSES = 16
const MAX_LANES = 16

const PHC =
  /^(?:argon2)?\$(argon2id?)\$v=19\$m=(\d{1,10}),t=(\d{1,10}),p=(\d{1,10})\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/

/** An argon2 hash of version 1.3, with a tag of 16 bytes or more. */
export function readArgon2(storedHash: string): Reading | null {
  const match = PHC.exec(storedHash)
  if (match === null) return null
  const [memory, passes, parallelism] = match.slice(2, 5).map(Number) as [number, number, number]
  if (memory > MAX_MEMORY_KIB || passes > MAX_PASSES || parallelism > MAX_LANES) return TOO_COSTLY
  // RFC 9106 §3.1: at least 8 KiB for each lane.
  if (passes < 1 || parallelism < 1 || memory < 8 * parallelism) return IMPOSSIBLE
  const [nonce, tag] = match.slice(5).map((part) => Buffer.from(part, 'base64')) as [Buffer, Buffer]
  const algorithm = match[1] === 'argon2id' ? 'argon2id' : 'argon2i'
  return {
    async verify(password) {
      const parameters = { nonce, memory, passes, parallelism, tagLength: tag.length }
      return equalInConstantTime(await deriveKey(algorithm, { message: password, ...parameters }), tag)
    },
  }
}

/** Whether the hash has the form and the cost that new ones get. */
export function hasCurrentCost(storedHash: string): boolean {
  return storedHash.startsWith(`$argon2id$v=19$m=${MEMORY_KIB},t=${PASSES},p=${LANES}$`)
}

export async function hashArgon2id(password: string): Promise<string> {
  const nonce = randomBytes(SALT_BYTES)
  const tag = await deriveKey('argon2id', {
    message: password,
    nonce,
    memory: MEMORY_KIB,
    passes: PASSES,
    parallelism: LANES,
    tagLength: TAG_BYTES,
  })
  return encode(nonce, tag)
}

/** A hash that no password is known for. */
export function unknownArgon2id(): string {
  return encode(Buffer.alloc(SALT_BYTES), Buffer.alloc(TAG_BYTES))
}

function encode(nonce: Buffer, tag: Buffer): string {
  const [salt, hash] = [nonce, tag].map((bytes) => bytes.toString('base64').replace(/=+$/, ''))
  return `$argon2id$v=19$m=${MEMORY_KIB},t=${PASSES},p=${LANES}$${salt}$${hash}`
}

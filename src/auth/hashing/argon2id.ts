/** argon2id (RFC 9106), by `node:crypto`, in the PHC string format. Off the event loop. */
import { argon2, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { equalInConstantTime } from '../../lib/digest.ts'

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
  /^\$argon2id\$v=19\$m=([1-9]\d{0,6}),t=([1-9]\d?),p=([1-9]\d?)\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/

interface Argon2id {
  memory: number
  passes: number
  parallelism: number
  nonce: Buffer
  tag: Buffer
}

function parse(storedHash: string): Argon2id | null {
  const match = PHC.exec(storedHash)
  if (match === null) return null
  const [memory, passes, parallelism] = match.slice(1, 4).map(Number) as [number, number, number]
  // RFC 9106 §3.1: at least 8 KiB for each lane.
  if (memory > MAX_MEMORY_KIB || memory < 8 * parallelism) return null
  if (passes > MAX_PASSES || parallelism > MAX_LANES) return null
  const [nonce, tag] = match.slice(4).map((part) => Buffer.from(part, 'base64')) as [Buffer, Buffer]
  return { memory, passes, parallelism, nonce, tag }
}

/** Whether this is an argon2id hash that we verify. */
export function isArgon2id(storedHash: string): boolean {
  return parse(storedHash) !== null
}

/** Whether the hash has the cost that new ones get. */
export function hasCurrentCost(storedHash: string): boolean {
  const hash = parse(storedHash)
  return hash !== null && hash.memory === MEMORY_KIB && hash.passes === PASSES && hash.parallelism === LANES
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

export async function verifyArgon2id(password: string, storedHash: string): Promise<boolean> {
  const hash = parse(storedHash)
  if (hash === null) return false
  const { tag, ...parameters } = hash
  const candidate = await deriveKey('argon2id', { message: password, tagLength: tag.length, ...parameters })
  return equalInConstantTime(candidate, tag)
}

/** A hash that no password is known for. */
export function unknownArgon2id(): string {
  return encode(Buffer.alloc(SALT_BYTES), Buffer.alloc(TAG_BYTES))
}

function encode(nonce: Buffer, tag: Buffer): string {
  const [salt, hash] = [nonce, tag].map((bytes) => bytes.toString('base64').replace(/=+$/, ''))
  return `$argon2id$v=19$m=${MEMORY_KIB},t=${PASSES},p=${LANES}$${salt}$${hash}`
}

/**
 * argon2id (RFC 9106) in the PHC string format. `node:crypto` runs it off the event loop. argon2i is verified too, and
 * both also with the prefix that Django writes.
 */
import { withoutTrailing } from '../../../lib/without-trailing.ts'
import '../../../lib/require-node.ts'

import { randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { equalInConstantTime } from '../../../lib/digest.ts'
import { bytesOf, readPhc, wholeNumber } from './phc.ts'
import { IMPOSSIBLE, type Reading, tooCostly, type Unreadable } from './reading.ts'

// Not imported: require-node.ts says why.
const { argon2 } = process.getBuiltinModule('node:crypto')
const deriveKey = promisify(argon2)

/** What a new hash costs, with one lane. */
export interface Argon2idCost {
  readonly memoryKib: number
  readonly passes: number
}

/** OWASP Password Storage Cheat Sheet: the first choice with less than 46 MiB. */
export const PASSWORD_COST: Argon2idCost = { memoryKib: 19_456, passes: 2 }
/**
 * The choice of the same OWASP list with the least memory, which is also the fastest: 17 ms of a core, so ten codes take
 * 170 ms (Node 26, x86-64). A recovery code has 65 random bits, so a guess at the hash is hopeless at any cost in this
 * list. Below 112 bits, NIST SP 800-63B-4 §3.1.2.2 requires a password hash nevertheless.
 */
export const RECOVERY_CODE_COST: Argon2idCost = { memoryKib: 7_168, passes: 5 }
const LANES = 1
const SALT_BYTES = 16
const TAG_BYTES = 32

/** Limits for imported hashes. Beyond them, a hash would block a thread for seconds or use up the memory. */
export const MAX_MEMORY_KIB = 262_144
export const MAX_PASSES = 16
/** The lanes share the work. Go has at most this many, and Ory Kratos takes two for each core. */
export const MAX_LANES = 255
/** If there are several lanes, each pass starts four threads for each. This many starts cost as much as one of our hashes. */
const THREADS_PER_UNIT = 1_000

const VERSION = 0x13

interface Argon2 {
  readonly algorithm: 'argon2id' | 'argon2i'
  readonly memory: number
  readonly passes: number
  readonly parallelism: number
  /** The parameter `data`, which is hashed together with the password. */
  readonly associatedData: Buffer | null
  readonly nonce: Buffer
  readonly tag: Buffer
}

/** Reads an argon2 hash of version 1.3 (19) with a tag of at least 16 bytes. */
export function readArgon2(storedHash: string): Reading | null {
  const argon2 = parse(storedHash.replace(/^argon2(?=\$)/, ''))
  if (argon2 === null || 'problem' in argon2) return argon2
  const { algorithm, associatedData, tag, ...parts } = argon2
  return {
    cost: costOf(parts),
    async verify(password) {
      const parameters = { ...parts, ...(associatedData && { associatedData }), tagLength: tag.length }
      return equalInConstantTime(await deriveKey(algorithm, { message: password, ...parameters }), tag)
    },
  }
}

function costOf({ memory, passes, parallelism }: Pick<Argon2, 'memory' | 'passes' | 'parallelism'>): number {
  const threads = parallelism > 1 ? 4 * passes * parallelism : 0
  return (memory * passes) / (PASSWORD_COST.memoryKib * PASSWORD_COST.passes) + threads / THREADS_PER_UNIT
}

function parse(text: string): Argon2 | Unreadable | null {
  const phc = readPhc(text, /^argon2(?:id|i|d)$/, {
    required: ['m', 't', 'p'],
    optional: ['keyid', 'data'],
  })
  if (phc === null || 'problem' in phc) return phc
  if (phc.id.endsWith('2d')) return { problem: 'is argon2d, which is not supported' }
  // The reference implementation takes a hash without a version for version 1.0.
  if (phc.version !== VERSION)
    return { problem: 'is argon2 of a version other than 19, which is not supported' }
  if (phc.parameters.has('keyid'))
    return { problem: 'needs a secret key (parameter keyid), which is not supported' }
  const [memory, passes, parallelism] = ['m', 't', 'p'].map((name) =>
    wholeNumber(phc.parameters.get(name)),
  ) as [number, number, number]
  const associatedData = bytesOf(phc.parameters.get('data') ?? '')
  if (associatedData === null) return { problem: 'has a parameter data that is not base64' }
  const excess = tooCostly(
    ['a memory in KiB', memory, MAX_MEMORY_KIB],
    ['a number of passes', passes, MAX_PASSES],
    ['a number of lanes', parallelism, MAX_LANES],
  )
  if (excess !== null) return excess
  // RFC 9106 §3.1: at least 8 KiB per lane. The salt has at least 8 bytes.
  const isPossible = passes >= 1 && parallelism >= 1 && memory >= 8 * parallelism && phc.salt.length >= 8
  if (!isPossible) return IMPOSSIBLE
  return {
    algorithm: phc.id.endsWith('id') ? 'argon2id' : 'argon2i',
    memory,
    passes,
    parallelism,
    associatedData: associatedData.length > 0 ? associatedData : null,
    nonce: phc.salt,
    tag: phc.key,
  }
}

/** Whether the hash has the form and cost of a new one. */
export function hasCurrentCost(storedHash: string, { memoryKib, passes }: Argon2idCost): boolean {
  const argon2 = parse(storedHash)
  return (
    argon2 !== null &&
    !('problem' in argon2) &&
    argon2.algorithm === 'argon2id' &&
    argon2.memory === memoryKib &&
    argon2.passes === passes &&
    argon2.parallelism === LANES &&
    argon2.associatedData === null
  )
}

export async function hashArgon2id(password: string, cost: Argon2idCost): Promise<string> {
  const nonce = randomBytes(SALT_BYTES)
  const tag = await deriveKey('argon2id', {
    message: password,
    nonce,
    memory: cost.memoryKib,
    passes: cost.passes,
    parallelism: LANES,
    tagLength: TAG_BYTES,
  })
  return encode(cost, nonce, tag)
}

/** A valid hash whose password is unknown, to verify against for an unknown account. */
export function unknownArgon2id(cost: Argon2idCost): string {
  return encode(cost, Buffer.alloc(SALT_BYTES), Buffer.alloc(TAG_BYTES))
}

function encode({ memoryKib, passes }: Argon2idCost, nonce: Buffer, tag: Buffer): string {
  const [salt, hash] = [nonce, tag].map((bytes) => withoutTrailing(bytes.toString('base64'), '='))
  return `$argon2id$v=${VERSION}$m=${memoryKib},t=${passes},p=${LANES}$${salt}$${hash}`
}

/**
 * scrypt (RFC 7914), for imported accounts. `node:crypto` runs it off the event loop. Reads the PHC string format and
 * the formats of Werkzeug, Spring Security and better-auth.
 */
import { type BinaryLike, type ScryptOptions, scrypt } from 'node:crypto'
import { promisify } from 'node:util'
import { equalInConstantTime } from '../../../lib/digest.ts'
import { type PhcString, readPhc, wholeNumber } from './phc.ts'
import { IMPOSSIBLE, type Readable, type Reading, TOO_COSTLY } from './reading.ts'

const deriveKey = promisify<BinaryLike, BinaryLike, number, ScryptOptions, Buffer>(scrypt)

/** Beyond these, a hash would use up the memory or block a thread for seconds. OWASP recommends a quarter of them. */
export const MAX_MEMORY_KIB = 262_144
export const MAX_WORK = 4_194_304
/** The N·r·p that costs as much as one of our argon2id hashes. */
const WORK_PER_UNIT = 120_000

// The parameters are one hexadecimal number: log2(N), then r and p with two digits each.
const SPRING =
  /^(?:\$s0)?\$([1-9a-f]|1[0-9a-f])([0-9a-f]{2})([0-9a-f]{2})\$([A-Za-z0-9+/]{6,86}={0,2})\$([A-Za-z0-9+/]{22,86}={0,2})$/
const WERKZEUG = /^scrypt:(\d{1,10}):(\d{1,10}):(\d{1,10})\$([^$]{1,128})\$([0-9a-f]{128})$/
const BETTER_AUTH = /^([0-9a-f]{32}):([0-9a-f]{128})$/

/** The parameters of RFC 7914 §2. */
export interface ScryptCost {
  /** A power of two above 1. */
  readonly N: number
  readonly r: number
  readonly p: number
}

/** Reads an scrypt hash with a key of at least 16 bytes. */
export function readScrypt(storedHash: string): Reading | null {
  const phc = readPhc(storedHash, /^scrypt$/, { required: ['r', 'p'], optional: ['ln', 'n'] })
  if (phc !== null) return 'problem' in phc ? phc : ofPhc(phc)
  const spring = SPRING.exec(storedHash)
  if (spring !== null) {
    const [logN, r, p] = spring.slice(1, 4).map((digits) => Number.parseInt(digits, 16)) as [
      number,
      number,
      number,
    ]
    const [salt, key] = spring.slice(4).map((part) => Buffer.from(part, 'base64')) as [Buffer, Buffer]
    return problemOf({ N: 2 ** logN, r, p }) ?? verifying(salt, key, { N: 2 ** logN, r, p })
  }
  const werkzeug = WERKZEUG.exec(storedHash)
  if (werkzeug !== null) {
    const [N, r, p] = werkzeug.slice(1, 4).map(Number) as [number, number, number]
    const [salt = '', key = ''] = werkzeug.slice(4)
    return problemOf({ N, r, p }) ?? verifying(salt, Buffer.from(key, 'hex'), { N, r, p })
  }
  const [, salt, key] = BETTER_AUTH.exec(storedHash) ?? []
  if (salt === undefined || key === undefined) return null
  // better-auth uses the hexadecimal text itself as the salt, and normalises the password to NFKC.
  const { cost, verify } = verifying(salt, Buffer.from(key, 'hex'), { N: 16_384, r: 16, p: 1 })
  return { cost, verify: (password) => verify(password.normalize('NFKC')) }
}

function ofPhc({ parameters, salt, key }: PhcString): Reading {
  // AdonisJS writes N. All others write log2(N).
  const [n, logN] = [parameters.get('n'), parameters.get('ln')]
  if (n !== undefined && logN !== undefined) return { problem: 'has both of the parameters n and ln' }
  if (n === undefined && logN === undefined) return { problem: 'lacks the parameter ln' }
  const N = n === undefined ? 2 ** wholeNumber(logN) : wholeNumber(n)
  const cost = { N, r: wholeNumber(parameters.get('r')), p: wholeNumber(parameters.get('p')) }
  return problemOf(cost) ?? verifying(salt, key, cost)
}

/** Why a hash of this cost cannot be verified, or `null`. */
export function problemOf({ N, r, p }: ScryptCost): Reading | null {
  if ((N * r) / 8 > MAX_MEMORY_KIB || N * r * p > MAX_WORK) return TOO_COSTLY
  return N >= 2 && Number.isInteger(Math.log2(N)) && r >= 1 && p >= 1 ? null : IMPOSSIBLE
}

/** The work of a hash of this cost, as in {@link Reading}. */
export function workOf({ N, r, p }: ScryptCost): number {
  return (N * r * p) / WORK_PER_UNIT
}

/** Runs scrypt. {@link problemOf} must have found no problem with the cost. */
export function deriveScrypt(
  password: string,
  salt: string | Uint8Array,
  length: number,
  cost: ScryptCost,
): Promise<Buffer> {
  // scrypt needs slightly more memory than its table, whose size is limited above.
  return deriveKey(password, salt, length, { ...cost, maxmem: 2 * MAX_MEMORY_KIB * 1_024 })
}

function verifying(salt: string | Uint8Array, key: Buffer, cost: ScryptCost): Readable {
  return {
    cost: workOf(cost),
    verify: async (password: string) =>
      equalInConstantTime(await deriveScrypt(password, salt, key.length, cost), key),
  }
}

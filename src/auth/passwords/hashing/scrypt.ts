/**
 * scrypt (RFC 7914), by `node:crypto`, off the event loop: only verified, for accounts that came from elsewhere.
 * In the PHC string format, and as Werkzeug, Spring Security and better-auth write it.
 */
import { type BinaryLike, type ScryptOptions, scrypt } from 'node:crypto'
import { promisify } from 'node:util'
import { equalInConstantTime } from '../../../lib/digest.ts'
import { type PhcString, readPhc, wholeNumber } from './phc.ts'
import { IMPOSSIBLE, type Readable, type Reading, TOO_COSTLY } from './reading.ts'

const deriveKey = promisify<BinaryLike, BinaryLike, number, ScryptOptions, Buffer>(scrypt)

/** Above these a hash would hold the memory of the machine, or a thread for seconds: four times what OWASP asks for. */
const MAX_MEMORY_KIB = 262_144
const MAX_WORK = 4_194_304
/** The N·r·p that costs as much as one of our argon2id hashes. */
const WORK_PER_UNIT = 120_000

// One number in hexadecimal digits: log2(N), and r and p in two digits each.
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

/** An scrypt hash with a key of 16 bytes or more. */
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
  // Its salt is the text of the digits, and it takes a password in one of its Unicode forms.
  const { cost, verify } = verifying(salt, Buffer.from(key, 'hex'), { N: 16_384, r: 16, p: 1 })
  return { cost, verify: (password) => verify(password.normalize('NFKC')) }
}

function ofPhc({ parameters, salt, key }: PhcString): Reading {
  // AdonisJS writes N itself, all others its log2.
  const [n, logN] = [parameters.get('n'), parameters.get('ln')]
  if (n !== undefined && logN !== undefined) return { problem: 'has both of the parameters n and ln' }
  if (n === undefined && logN === undefined) return { problem: 'lacks the parameter ln' }
  const N = n === undefined ? 2 ** wholeNumber(logN) : wholeNumber(n)
  const cost = { N, r: wholeNumber(parameters.get('r')), p: wholeNumber(parameters.get('p')) }
  return problemOf(cost) ?? verifying(salt, key, cost)
}

/** Why a hash of this cost is never run, or `null` where it is. */
export function problemOf({ N, r, p }: ScryptCost): Reading | null {
  if ((N * r) / 8 > MAX_MEMORY_KIB || N * r * p > MAX_WORK) return TOO_COSTLY
  return N >= 2 && Number.isInteger(Math.log2(N)) && r >= 1 && p >= 1 ? null : IMPOSSIBLE
}

/** The work of a hash of this cost, as in {@link Reading}. */
export function workOf({ N, r, p }: ScryptCost): number {
  return (N * r * p) / WORK_PER_UNIT
}

/** What scrypt makes of a password. The cost has to be one without a problem. */
export function deriveScrypt(
  password: string,
  salt: string | Uint8Array,
  length: number,
  cost: ScryptCost,
): Promise<Buffer> {
  // Beside its table scrypt needs a little more; the bound on it was looked at before.
  return deriveKey(password, salt, length, { ...cost, maxmem: 2 * MAX_MEMORY_KIB * 1_024 })
}

function verifying(salt: string | Uint8Array, key: Buffer, cost: ScryptCost): Readable {
  return {
    cost: workOf(cost),
    verify: async (password: string) =>
      equalInConstantTime(await deriveScrypt(password, salt, key.length, cost), key),
  }
}

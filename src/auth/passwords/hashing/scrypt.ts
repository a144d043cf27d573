/**
 * scrypt (RFC 7914), for imported accounts. `node:crypto` runs it off the event loop. Reads the PHC string format and
 * the formats of Werkzeug, Django, Spring Security, better-auth, Lucia and programs that call `scrypt` of Node.
 */
import { type BinaryLike, type ScryptOptions, scrypt } from 'node:crypto'
import { promisify } from 'node:util'
import { equalInConstantTime } from '../../../lib/digest.ts'
import { type PhcString, readPhc, wholeNumber } from './phc.ts'
import { IMPOSSIBLE, type Readable, type Reading, tooCostly, type Unreadable } from './reading.ts'

const deriveKey = promisify<BinaryLike, BinaryLike, number, ScryptOptions, Buffer>(scrypt)

/** Beyond these, a hash would use up the memory or block a thread for seconds. OWASP recommends a quarter of them. */
export const MAX_MEMORY_KIB = 262_144
export const MAX_WORK = 4_194_304
/** scrypt needs slightly more memory than its table, unless r or p is very large. */
const MAX_TOTAL_KIB = 2 * MAX_MEMORY_KIB
/** No N has a larger logarithm, and nobody used a smaller N. */
const LOG_N_END = 64
/** The N·r·p that costs as much as one of our argon2id hashes. */
const WORK_PER_UNIT = 120_000

// The parameters are one hexadecimal number: log2(N), then r and p with two digits each.
const SPRING =
  /^(?:\$s0)?\$([1-9a-f]|1[0-9a-f])([0-9a-f]{2})([0-9a-f]{2})\$([A-Za-z0-9+/]{6,86}={0,2})\$([A-Za-z0-9+/]{22,86}={0,2})$/
const WERKZEUG = /^scrypt:(\d{1,10}):(\d{1,10}):(\d{1,10})\$([^$]{1,128})\$([0-9a-f]{128})$/
const DJANGO = /^scrypt\$(\d{1,10})\$([^$]{1,128})\$(\d{1,10})\$(\d{1,10})\$([A-Za-z0-9+/]{86}==)$/
// Lucia 1 and 2 have a salt of 16 letters and digits; without their prefix, r was 8.
const HEX = /^(s2:)?([0-9a-f]{32}|[0-9a-z]{16}):([0-9a-f]{128})$/

// Many programs join what Node gives them, in either order. The salt has 8 or 16 bytes.
const NODE = /^([0-9a-f]{128})\.([0-9a-f]{16}(?:[0-9a-f]{16})?)$/
const NODE_COST: ScryptCost = { N: 16_384, r: 8, p: 1 }

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
  const django = DJANGO.exec(storedHash)
  if (django !== null) {
    const [, N, text = '', r, p, tag = ''] = django
    const cost = { N: Number(N), r: Number(r), p: Number(p) }
    return problemOf(cost) ?? verifying(text, Buffer.from(tag, 'base64'), cost)
  }
  const [, nodeKey, nodeSalt = ''] = NODE.exec(storedHash) ?? []
  if (nodeKey !== undefined) return verifying(nodeSalt, Buffer.from(nodeKey, 'hex'), NODE_COST)
  const [, prefix, salt, key] = HEX.exec(storedHash) ?? []
  if (salt === undefined || key === undefined) return null
  return ofHex(salt, Buffer.from(key, 'hex'), prefix !== undefined)
}

/** The text itself is the salt. better-auth and Lucia normalise the password to NFKC; only Lucia says that it made the hash. */
function ofHex(salt: string, key: Buffer, isOfLucia: boolean): Readable {
  const normalizing = verifying(salt, key, { ...NODE_COST, r: salt.length === 16 && !isOfLucia ? 8 : 16 })
  const node = verifying(salt, key, NODE_COST)
  return {
    cost: normalizing.cost + (isOfLucia ? 0 : node.cost),
    verify: async (password) =>
      (await normalizing.verify(password.normalize('NFKC'))) || (!isOfLucia && (await node.verify(password))),
  }
}

function ofPhc({ parameters, salt, key }: PhcString): Reading {
  // AdonisJS writes N as n, and Ory Kratos as ln. All others write log2(N), which is small.
  const [n, logN] = [parameters.get('n'), parameters.get('ln')]
  if (n !== undefined && logN !== undefined) return { problem: 'has both of the parameters n and ln' }
  if (n === undefined && logN === undefined) return { problem: 'lacks the parameter ln' }
  const given = wholeNumber(n ?? logN)
  const N = n === undefined && given < LOG_N_END ? 2 ** given : given
  const cost = { N, r: wholeNumber(parameters.get('r')), p: wholeNumber(parameters.get('p')) }
  return problemOf(cost) ?? verifying(salt, key, cost)
}

/** Why a hash of this cost cannot be verified, or `null`. */
export function problemOf({ N, r, p }: ScryptCost): Unreadable | null {
  const excess = tooCostly(
    ['a memory in KiB', (N * r) / 8, MAX_MEMORY_KIB],
    ['a work (N·r·p)', N * r * p, MAX_WORK],
    // OpenSSL refuses more.
    ['a memory with its blocks in KiB', (r * (N + p + 2)) / 8, MAX_TOTAL_KIB],
  )
  if (excess !== null) return excess
  // RFC 7914 §2 limits N to 2^(128·r/8).
  const log2 = Math.log2(N)
  return N >= 2 && Number.isInteger(log2) && log2 < 16 * r && r >= 1 && p >= 1 ? null : IMPOSSIBLE
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
  return deriveKey(password, salt, length, { ...cost, maxmem: MAX_TOTAL_KIB * 1_024 })
}

function verifying(salt: string | Uint8Array, key: Buffer, cost: ScryptCost): Readable {
  return {
    cost: workOf(cost),
    verify: async (password: string) =>
      equalInConstantTime(await deriveScrypt(password, salt, key.length, cost), key),
  }
}

/**
 * bcrypt. `@node-rs/bcrypt` is prebuilt and runs it off the event loop. It takes 4 MB, so it is loaded with the first
 * hash. The forms of Django and WordPress and the PHC string of AdonisJS are verified too.
 */
import { createHmac } from 'node:crypto'
import { sha256 } from '../../../lib/digest.ts'
import { type PhcString, readPhc } from './phc.ts'
import { IMPOSSIBLE, type Reading, tooCostly } from './reading.ts'

/**
 * bcrypt ignores further bytes, and everything after a zero byte. In 2024, Okta accepted wrong passwords because of
 * this.
 */
export const MAX_BYTES = 72
/** The minimum of the algorithm. */
const MIN_COST = 4
/** Beyond this, a hash would block a thread for many seconds. */
export const MAX_COST = 16

/** The rounds that cost as much as one of our argon2id hashes. */
const ROUNDS_PER_UNIT = 680

const FORM = /^(bcrypt\$|bcrypt_sha256\$|\$wp)?\$2[aby]\$(\d\d)\$([./A-Za-z0-9]{53})$/

/** Whether bcrypt would use the whole password. */
export function fitsBcrypt(password: string): boolean {
  return Buffer.byteLength(password) <= MAX_BYTES && !password.includes('\0')
}

/** Reads a bcrypt hash in any of its forms. */
export function readBcrypt(storedHash: string): Reading | null {
  const [, wrapping, cost, rest] = FORM.exec(storedHash) ?? []
  if (rest === undefined) {
    const phc = readPhc(storedHash, /^bcrypt$/, { required: ['r'] })
    return phc === null || 'problem' in phc ? phc : readBcrypt(ofPhc(phc))
  }
  const excess = tooCostly(['a cost', Number(cost), MAX_COST])
  if (excess !== null) return excess
  if (Number(cost) < MIN_COST) return IMPOSSIBLE
  // $2a$, $2b$ and $2y$ are the same algorithm.
  const plain = `$2b$${cost}$${rest}`
  const work = costOfRounds(Number(cost))
  if (wrapping === 'bcrypt_sha256$')
    return { cost: work, verify: (password) => matches(Buffer.from(sha256(password)).toString('hex'), plain) }
  if (wrapping === '$wp')
    return { cost: work, verify: (password) => verifyWordPress(trimmed(password), plain) }
  return { cost: work, verify: (password) => verifyFitting(password, plain) }
}

/** The work of a hash of this cost, as in {@link Reading}. */
export function costOfRounds(log2: number): number {
  return 2 ** log2 / ROUNDS_PER_UNIT
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const BCRYPT_BASE64 = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** Converts the PHC string of AdonisJS, which has the letter of the version as a character code (`$v=98$r=10`). */
function ofPhc({ version, parameters, salt, key }: PhcString): string {
  const [saltText, keyText] = [salt, key].map((bytes) =>
    bytes
      .toString('base64')
      .replaceAll('=', '')
      .replaceAll(/./g, (digit) => BCRYPT_BASE64[BASE64.indexOf(digit)] ?? ''),
  )
  const cost = String(parameters.get('r')).padStart(2, '0')
  return `$2${String.fromCharCode(version ?? 0)}$${cost}$${saltText}${keyText}`
}

/** What `trim` of PHP removes. WordPress trims a password before it hashes it, and what is typed at the sign-in. */
const PHP_SPACE = ' \t\n\r\0\v'

function trimmed(password: string): string {
  let [start, end] = [0, password.length]
  while (start < end && PHP_SPACE.includes(password.charAt(start))) start++
  while (start < end && PHP_SPACE.includes(password.charAt(end - 1))) end--
  return password.slice(start, end)
}

/**
 * WordPress hashes what is typed in its forms with a backslash before each quote and backslash. `wp core install` and some plugins
 * hash it as it is.
 */
async function verifyWordPress(password: string, plain: string): Promise<boolean> {
  const slashed = password.replaceAll(/['"\\]/g, String.raw`\$&`)
  for (const form of new Set([slashed, password]))
    if (await matches(createHmac('sha384', 'wp-sha384').update(form).digest('base64'), plain)) return true
  return false
}

async function verifyFitting(password: string, plain: string): Promise<boolean> {
  if (fitsBcrypt(password)) return matches(password, plain)
  // Such a password was never hashed with bcrypt. Do the same work, so that timing does not reveal the kind of hash.
  await matches('', plain)
  return false
}

async function matches(password: string, plain: string): Promise<boolean> {
  const { verify } = await import('@node-rs/bcrypt')
  return verify(password, plain)
}

/** The cost of a bcrypt hash, or `null` if it is wrapped or of another kind. */
export function bcryptCost(storedHash: string): number | null {
  const [, wrapping, cost] = FORM.exec(storedHash) ?? []
  return cost === undefined || wrapping !== undefined ? null : Number(cost)
}

export async function hashBcrypt(password: string, cost: number): Promise<string> {
  const { hash } = await import('@node-rs/bcrypt')
  return hash(password, cost)
}

/**
 * Loads the package and makes the cheapest hash. A service that makes bcrypt hashes must not start without it.
 *
 * @throws {Error} It is not installed for this platform.
 */
export async function loadBcrypt(): Promise<void> {
  await hashBcrypt('', MIN_COST)
}

/** A valid hash of this cost whose password is unknown, to verify against for an unknown account. */
export function unknownBcrypt(cost: number): string {
  return `$2b$${String(cost).padStart(2, '0')}$${'.'.repeat(53)}`
}

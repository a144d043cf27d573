/**
 * bcrypt, by `@node-rs/bcrypt`: prebuilt, off the event loop. Also verified are the two forms of it that Django
 * writes, the PHC string of AdonisJS, and what crypt_blowfish wrote before 2011 (`$2x$`).
 */
import { hash, verify } from '@node-rs/bcrypt'
import { sha256 } from '../../lib/digest.ts'
import { type PhcString, readPhc } from './phc.ts'
import { IMPOSSIBLE, type Reading, TOO_COSTLY } from './reading.ts'

/** More bytes than these bcrypt does not see (Okta, October 2024), and a zero byte ends its sight too. */
const MAX_BYTES = 72
/** The least that the algorithm allows. */
const MIN_COST = 4
/** Above this a hash, ours or imported, would hold a thread for minutes. */
const MAX_COST = 16

const FORM = /^(bcrypt\$|bcrypt_sha256\$)?\$2([abxy])\$(\d\d)\$([./A-Za-z0-9]{53})$/

/** Whether bcrypt would take the whole password into account. */
export function fitsBcrypt(password: string): boolean {
  return Buffer.byteLength(password) <= MAX_BYTES && !password.includes('\0')
}

/** A bcrypt hash in any of its forms. */
export function readBcrypt(storedHash: string): Reading | null {
  const [, wrapping, version, cost, rest] = FORM.exec(storedHash) ?? []
  if (rest === undefined) {
    const phc = readPhc(storedHash, /^bcrypt$/, { required: ['r'] })
    return phc === null || 'problem' in phc ? phc : readBcrypt(ofPhc(phc))
  }
  if (Number(cost) > MAX_COST) return TOO_COSTLY
  if (Number(cost) < MIN_COST) return IMPOSSIBLE
  // The other letters name one algorithm.
  const plain = `$2b$${cost}$${rest}`
  if (wrapping === 'bcrypt_sha256$') return { verify: (password) => verify(hexOf(sha256(password)), plain) }
  if (version === 'x') return { verify: (password) => verifyFitting(password, plain, withExtendedSigns) }
  return { verify: (password) => verifyFitting(password, plain) }
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const BCRYPT_BASE64 = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** AdonisJS writes bcrypt as a PHC string, with the letter of its version as a character code (`$v=98$r=10`). */
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

async function verifyFitting(
  password: string,
  plain: string,
  prepare: (password: string) => string | Uint8Array = (same) => same,
): Promise<boolean> {
  if (fitsBcrypt(password)) return verify(prepare(password), plain)
  // Such a password was never hashed with bcrypt. The work is done all the same, so that the time does not
  // tell which kind of hash an account has.
  await verify('', plain)
  return false
}

/**
 * The key that makes bcrypt do what crypt_blowfish did by mistake until 1.1 (CVE-2011-2483): it took the bytes of a
 * password for signed numbers, so that each one above 127 set all those in front of it, in its word of four, to 255.
 */
function withExtendedSigns(password: string): Uint8Array {
  const bytes = Buffer.from(`${password}\0`)
  // bcrypt itself goes on from the beginning where the key ends, until it has these.
  const key = Buffer.alloc(MAX_BYTES, bytes)
  for (let word = 0; word < MAX_BYTES; word += 4) {
    const last = key.subarray(word, word + 4).findLastIndex((byte) => byte > 127)
    if (last > 0) key.fill(255, word, word + last)
  }
  return key
}

/** The cost of a hash as we write it, or `null` where it is another. */
export function bcryptCost(storedHash: string): number | null {
  const [, wrapping, version, cost] = FORM.exec(storedHash) ?? []
  return cost === undefined || wrapping !== undefined || version === 'x' ? null : Number(cost)
}

export function hashBcrypt(password: string, cost: number): Promise<string> {
  return hash(password, cost)
}

/** A hash that no password is known for, at this cost. */
export function unknownBcrypt(cost: number): string {
  return `$2b$${String(cost).padStart(2, '0')}$${'.'.repeat(53)}`
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

/**
 * bcrypt, by `@node-rs/bcrypt`: prebuilt, off the event loop. The two forms that Django writes and the PHC string of
 * AdonisJS are verified too.
 */
import { hash, verify } from '@node-rs/bcrypt'
import { sha256 } from '../../../lib/digest.ts'
import { type PhcString, readPhc } from './phc.ts'
import { IMPOSSIBLE, type Reading, TOO_COSTLY } from './reading.ts'

/** More bytes than these bcrypt does not see (Okta, October 2024), and a zero byte ends its sight too. */
const MAX_BYTES = 72
/** The least that the algorithm allows. */
const MIN_COST = 4
/** Above this a hash, ours or imported, would hold a thread for minutes. */
const MAX_COST = 16

/** The rounds that cost as much as one of our argon2id hashes. */
const ROUNDS_PER_UNIT = 680

const FORM = /^(bcrypt\$|bcrypt_sha256\$)?\$2[aby]\$(\d\d)\$([./A-Za-z0-9]{53})$/

/** Whether bcrypt would take the whole password into account. */
export function fitsBcrypt(password: string): boolean {
  return Buffer.byteLength(password) <= MAX_BYTES && !password.includes('\0')
}

/** A bcrypt hash in any of its forms. */
export function readBcrypt(storedHash: string): Reading | null {
  const [, wrapping, cost, rest] = FORM.exec(storedHash) ?? []
  if (rest === undefined) {
    const phc = readPhc(storedHash, /^bcrypt$/, { required: ['r'] })
    return phc === null || 'problem' in phc ? phc : readBcrypt(ofPhc(phc))
  }
  if (Number(cost) > MAX_COST) return TOO_COSTLY
  if (Number(cost) < MIN_COST) return IMPOSSIBLE
  // The letters name one algorithm.
  const plain = `$2b$${cost}$${rest}`
  const work = costOfRounds(Number(cost))
  if (wrapping === 'bcrypt_sha256$')
    return { cost: work, verify: (password) => verify(hexOf(sha256(password)), plain) }
  return { cost: work, verify: (password) => verifyFitting(password, plain) }
}

/** The work of a hash of this cost, as in {@link Reading}. */
export function costOfRounds(log2: number): number {
  return 2 ** log2 / ROUNDS_PER_UNIT
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

async function verifyFitting(password: string, plain: string): Promise<boolean> {
  if (fitsBcrypt(password)) return verify(password, plain)
  // Such a password was never hashed with bcrypt. The work is done all the same, so that the time does not
  // tell which kind of hash an account has.
  await verify('', plain)
  return false
}

/** The cost of a hash as we write it, or `null` where it is another. */
export function bcryptCost(storedHash: string): number | null {
  const [, wrapping, cost] = FORM.exec(storedHash) ?? []
  return cost === undefined || wrapping !== undefined ? null : Number(cost)
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

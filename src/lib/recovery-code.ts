/**
 * Recovery codes: one digit for the position in the set, and 13 symbols of Crockford's base32, which has no letters that
 * look like digits: https://www.crockford.com/base32.html
 */
import { randomBytes } from 'node:crypto'

const SYMBOLS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
/** 65 random bits. */
const RANDOM_SYMBOLS = 13
const CODE = /^[0-9][0-9A-HJKMNP-TV-Z]{13}$/

/** How many codes a set has: one for each position digit. */
export const RECOVERY_CODES = 10

/** A code that was typed. */
export interface RecoveryCode {
  /** Its place in the set: 0 to 9. */
  readonly position: number
  /** The canonical form, with the position, as {@link newRecoveryCode} returns it. This is what is hashed. */
  readonly code: string
}

/**
 * Creates a code with 65 random bits, such as `37KQ2M9XTPA4B1`.
 *
 * @param position - Its place in the set: 0 to 9.
 */
export function newRecoveryCode(position: number): string {
  // 32 divides 256, so every symbol is equally likely.
  const symbols = Array.from(randomBytes(RANDOM_SYMBOLS), (byte) => SYMBOLS.charAt(byte % SYMBOLS.length))
  return `${position}${symbols.join('')}`
}

/** How a code is shown, such as `37KQ2M9-XTPA4B1`. */
export function formatRecoveryCode(code: string): string {
  return `${code.slice(0, 7)}-${code.slice(7)}`
}

/**
 * Parses a code as people type it. Ignores case, spaces and hyphens, accepts full-width characters, and reads O as 0 and
 * I and L as 1.
 *
 * @returns `null` for text that cannot be a code.
 */
export function parseRecoveryCode(text: string): RecoveryCode | null {
  const typed = text.normalize('NFKC').replaceAll(/[\s\p{Pd}]/gu, '')
  // Some letters outside of ASCII become ASCII in upper case.
  if (!/^[0-9A-Za-z]*$/.test(typed)) return null
  const code = typed.toUpperCase().replaceAll('O', '0').replaceAll(/[IL]/g, '1')
  return CODE.test(code) ? { position: Number(code[0]), code } : null
}

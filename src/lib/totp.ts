/**
 * One-time codes of authenticator apps: HOTP (RFC 4226) and TOTP (RFC 6238) with SHA-1, six digits and steps of 30
 * seconds. Most apps ignore other parameters, and show wrong codes for them.
 */
import { createHmac, randomBytes } from 'node:crypto'
import { encodeBase32 } from './base32.ts'
import { equalInConstantTime } from './digest.ts'

const DIGITS = 6
export const STEP_SECONDS = 30
/** RFC 4226 §4 recommends 160 bits. */
const SECRET_BYTES = 20

/** Creates 160 random bits. */
export function newTotpSecret(): Uint8Array {
  return randomBytes(SECRET_BYTES)
}

/** The number of the time step: the whole 30 seconds since 1970. */
export function totpStep(time: Date): number {
  return Math.floor(time.getTime() / (STEP_SECONDS * 1_000))
}

/** The six digits of a time step. */
export function totpCode(secret: Uint8Array, step: number): string {
  const counter = Buffer.alloc(8)
  counter.writeBigInt64BE(BigInt(step))
  const mac = createHmac('sha1', secret).update(counter).digest()
  // RFC 4226 §5.3: the low four bits of the last byte select four bytes, of which the first bit is dropped.
  const truncated = mac.readUInt32BE(mac.readUInt8(mac.length - 1) & 0x0f) & 0x7fffffff
  return String(truncated % 10 ** DIGITS).padStart(DIGITS, '0')
}

/**
 * Finds the time step of a code. Computes and compares the codes of all allowed steps, so the time does not depend on
 * the code.
 *
 * A code is valid in its whole step, so the caller must refuse a step that is not later than the last one used.
 *
 * @param code - Six digits, as from {@link parseTotpCode}.
 * @param driftSteps - How many steps the clock of the app may be ahead or behind. 0 or more.
 * @returns The step. If two steps have the same code, the later one, so that the code cannot be used again. `null` if
 *   no allowed step has this code.
 */
export function matchTotp(secret: Uint8Array, code: string, now: Date, driftSteps: number): number | null {
  const given = Buffer.from(code)
  const current = totpStep(now)
  let matching: number | null = null
  for (let step = current - driftSteps; step <= current + driftSteps; step++) {
    const isEqual = equalInConstantTime(Buffer.from(totpCode(secret, step)), given)
    matching = isEqual ? step : matching
  }
  return matching
}

/**
 * Parses a code as people type it. Ignores spaces and hyphens, and accepts full-width digits.
 *
 * @returns Six ASCII digits. `null` for any other text.
 */
export function parseTotpCode(text: string): string | null {
  const code = text.normalize('NFKC').replaceAll(/[\s\p{Pd}]/gu, '')
  return /^[0-9]{6}$/.test(code) ? code : null
}

/** What an authenticator app shows, and the secret that it stores. */
export interface TotpEnrolment {
  /** The name of the service. */
  readonly issuer: string
  /** The name of the account, such as its email address. */
  readonly account: string
  readonly secret: Uint8Array
}

/** Keeps the QR code small enough to scan. Apps show even less of a long name. */
const MAX_NAME_LENGTH = 60

/**
 * The address that enrols an authenticator app, as a link or as a QR code.
 *
 * Its form is described at https://github.com/google/google-authenticator/wiki/Key-Uri-Format. Names longer than 60
 * characters are shortened, and colons in them become spaces, because apps split the label at a colon.
 */
export function otpauthUri({ issuer, account, secret }: TotpEnrolment): string {
  const service = nameInUri(issuer)
  const parameters = [
    `secret=${encodeBase32(secret)}`,
    `issuer=${service}`,
    'algorithm=SHA1',
    `digits=${DIGITS}`,
    `period=${STEP_SECONDS}`,
  ]
  return `otpauth://totp/${service}:${nameInUri(account)}?${parameters.join('&')}`
}

function nameInUri(name: string): string {
  const characters = [...name.toWellFormed().replaceAll(':', ' ')]
  const isShort = characters.length <= MAX_NAME_LENGTH
  return encodeURIComponent(
    isShort ? characters.join('') : `${characters.slice(0, MAX_NAME_LENGTH - 1).join('')}…`,
  )
}

/**
 * PBKDF2 (RFC 8018 §5.2) with HMAC of SHA-256 or SHA-512, by `node:crypto`, off the event loop: only verified, for
 * accounts that came from elsewhere. In the PHC string format, and as passlib, Django and Werkzeug write it.
 */
import { pbkdf2 } from 'node:crypto'
import { promisify } from 'node:util'
import { equalInConstantTime } from '../../lib/digest.ts'
import { IMPOSSIBLE, type Reading, TOO_COSTLY } from './reading.ts'

const deriveKey = promisify(pbkdf2)

/** Above this a hash would hold a thread for seconds: eight times what OWASP asks for. */
const MAX_ITERATIONS = 5_000_000

// passlib writes the number alone, and a full stop in the place of the plus sign.
const PHC =
  /^\$pbkdf2-(sha256|sha512)\$(?:i=)?(\d{1,10})(?:,l=(\d{1,3}))?\$([A-Za-z0-9+/.]{6,86})\$([A-Za-z0-9+/.]{22,86})$/
const DJANGO = /^pbkdf2_(sha256)\$(\d{1,10})\$([^$]{1,128})\$([A-Za-z0-9+/]{43}=)$/
const WERKZEUG = /^pbkdf2:(sha256|sha512):(\d{1,10})\$([^$]{1,128})\$((?:[0-9a-f]{64}){1,2})$/

/** A PBKDF2 hash with a key of 16 bytes or more. */
export function readPbkdf2(storedHash: string): Reading | null {
  const phc = PHC.exec(storedHash)
  if (phc !== null) {
    const [, digest, iterations, length, ...texts] = phc
    const [salt, key] = texts.map((text) => Buffer.from(text.replaceAll('.', '+'), 'base64')) as [
      Buffer,
      Buffer,
    ]
    if (length !== undefined && Number(length) !== key.length) return IMPOSSIBLE
    return reading(digest, Number(iterations), salt, key)
  }
  const [, digest, iterations, salt = '', key = ''] =
    DJANGO.exec(storedHash) ?? WERKZEUG.exec(storedHash) ?? []
  if (digest === undefined) return null
  return reading(digest, Number(iterations), salt, Buffer.from(key, key.endsWith('=') ? 'base64' : 'hex'))
}

function reading(
  digest: string | undefined,
  iterations: number,
  salt: string | Uint8Array,
  key: Buffer,
): Reading {
  if (iterations > MAX_ITERATIONS) return TOO_COSTLY
  if (iterations < 1) return IMPOSSIBLE
  const name = digest === 'sha256' ? 'sha256' : 'sha512'
  return {
    verify: async (password) =>
      equalInConstantTime(await deriveKey(password, salt, iterations, key.length, name), key),
  }
}

import { sha256 } from './digest.ts'
import { randomSecret, uuidV7 } from './random.ts'

/**
 * A bearer secret: `<uuid>.<secret>`. The UUID names a row and opens nothing; the secret, 256 random bits
 * in base64url, is known to its bearer alone. The row keeps `secretHash`.
 */
export interface Bearer {
  /** What the bearer carries, opaque to them: 80 characters. */
  readonly value: string
  readonly id: string
  /** SHA-256 of the secret's 43 characters. A plain hash is enough: 256 random bits cannot be guessed. */
  readonly secretHash: Uint8Array
}

const BEARER = /^([0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})\.([A-Za-z0-9_-]{43})$/

/** A new bearer secret whose UUID carries the given time. */
export function mintBearer(now: Date): Bearer {
  const id = uuidV7(now)
  const secret = randomSecret()
  return { value: `${id}.${secret}`, id, secretHash: sha256(secret) }
}

/** Reads what a client presents, or `null` where it has not exactly the form of {@link mintBearer}. */
export function parseBearer(value: string): Omit<Bearer, 'value'> | null {
  const match = BEARER.exec(value)
  if (match === null) return null
  const [, id = '', secret = ''] = match
  return { id, secretHash: sha256(secret) }
}

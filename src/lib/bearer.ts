import { sha256 } from './digest.ts'
import { randomSecret, uuidV7 } from './random.ts'

/**
 * A token of the form `<uuid>.<secret>`. The UUID identifies a row and is not a secret. The secret, 256 random bits in
 * base64url, is known only to the client; the row stores its hash.
 */
export interface Bearer {
  /** The token that the client gets. 80 characters, opaque to the client. */
  readonly value: string
  readonly id: string
  /** SHA-256 of the secret. A plain hash is enough, because 256 random bits cannot be guessed. */
  readonly secretHash: Uint8Array
}

const BEARER = /^([0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})\.([A-Za-z0-9_-]{43})$/

/** Creates a token whose UUID contains the given time. */
export function mintBearer(now: Date): Bearer {
  const id = uuidV7(now)
  const secret = randomSecret()
  return { value: `${id}.${secret}`, id, secretHash: sha256(secret) }
}

/** Parses the token of a client. `null` unless it has exactly the form that {@link mintBearer} creates. */
export function parseBearer(value: string): Omit<Bearer, 'value'> | null {
  const match = BEARER.exec(value)
  if (match === null) return null
  const [, id = '', secret = ''] = match
  return { id, secretHash: sha256(secret) }
}

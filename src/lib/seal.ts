/**
 * The form of sealed values: `key id | nonce | ciphertext | tag`, with AES-256-GCM (NIST SP 800-38D). The keyring has
 * the keys; see `Keyring.seal`.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'

const CIPHER = 'aes-256-gcm'
/** The bytes of a key id. */
export const KEY_ID_BYTES = 6
/** NIST SP 800-38D §8.2.2: a random nonce has 96 bits, and a key is good for 2^32 of them. */
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** Where a sealed value is stored. A value that was moved to another place does not open. */
export interface SealedPlace {
  readonly table: string
  readonly column: string
  /** The key of the row: an id, or a slug. */
  readonly row: number | string
}

/** Why a sealed value does not open: its key is not in the ring, or it was altered or moved to another place. */
export type Unopened = 'unknown_key' | 'altered'

export interface SealingKey {
  /** In base64url. */
  readonly id: string
  /** 256 bits. */
  readonly key: Uint8Array
}

export function sealWith({ id, key }: SealingKey, place: SealedPlace, plaintext: Uint8Array): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(associatedData(place))
  const ciphertext = [cipher.update(plaintext), cipher.final()]
  return Buffer.concat([Buffer.from(id, 'base64url'), nonce, ...ciphertext, cipher.getAuthTag()])
}

/** Opens a value that {@link sealWith} created with this key. `null` if it was altered or is from another place. */
export function openWith(key: Uint8Array, place: SealedPlace, sealed: Uint8Array): Uint8Array | null {
  const [nonceEnd, tagStart] = [KEY_ID_BYTES + NONCE_BYTES, sealed.length - TAG_BYTES]
  const nonce = sealed.subarray(KEY_ID_BYTES, nonceEnd)
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES })
  decipher.setAAD(associatedData(place))
  decipher.setAuthTag(sealed.subarray(tagStart))
  const plaintext = decipher.update(sealed.subarray(nonceEnd, tagStart))
  try {
    return Buffer.concat([plaintext, decipher.final()])
  } catch {
    return null
  }
}

/** The id of the key that sealed a value, without opening it. `null` if the value is too short to be sealed. */
export function sealedKeyId(sealed: Uint8Array): string | null {
  if (sealed.length < KEY_ID_BYTES + NONCE_BYTES + TAG_BYTES) return null
  return Buffer.from(sealed.subarray(0, KEY_ID_BYTES)).toString('base64url')
}

/** Unambiguous, because the names of tables and columns contain no slash. */
function associatedData({ table, column, row }: SealedPlace): Buffer {
  return Buffer.from(`${table}/${column}/${row}`)
}

import { createHmac, hkdfSync } from 'node:crypto'
import { equalInConstantTime } from './digest.ts'
import { KEY_ID_BYTES, openWith, type SealedPlace, sealedKeyId, sealWith, type Unopened } from './seal.ts'

/**
 * Signs text with HMAC-SHA256 (RFC 2104), and seals what is stored with AES-256-GCM. Created by {@link createKeyring}.
 */
export interface Keyring {
  /**
   * Signs with the first key.
   *
   * @param purpose - A constant for what the signature is used for. Each purpose has its own derived key, so a
   *   signature for one is not valid for another.
   * @param text - Well-formed Unicode of any length.
   * @returns `<key id>.<mac>`, 8 and 43 base64url characters.
   * @throws {TypeError} The text contains a lone surrogate. UTF-8 would encode all of them alike.
   */
  sign(purpose: string, text: string): string
  /** Whether any key of the ring created this signature for this purpose and text. Never throws. */
  verify(purpose: string, text: string, signature: string): boolean
  /** The ids of the keys, in their order. The first one signs and seals. */
  readonly keyIds: readonly string[]
  /**
   * Encrypts a value with the first key, for one place in the database.
   *
   * @param purpose - A constant for what the value is, such as `totp`. Each purpose has its own derived key.
   * @param plaintext - Bytes of any length. The sealed value is 34 bytes longer.
   */
  seal(purpose: string, place: SealedPlace, plaintext: Uint8Array): Uint8Array
  /**
   * Decrypts what `seal` returned for the same purpose and place. Never throws.
   *
   * @returns The plaintext, or why it cannot be opened. `unknown_key`: an operator removed the key too early, so answer
   *   `unavailable`. `altered`: the value was altered, moved or sealed for another purpose.
   */
  open(purpose: string, place: SealedPlace, sealed: Uint8Array): Uint8Array | Unopened
}

const KEY_BYTES = 32
/** The length of {@link KEY_ID_BYTES} in base64url. */
const KEY_ID_LENGTH = 8

/**
 * Parses keys of at least 32 bytes, separated by commas, each in base64url or base64, with or without padding.
 * Surrounding whitespace is ignored.
 *
 * @throws {TypeError} A key is not base64, is too short, is the same as another, or is not random (see `isSample`). The
 *   message has its position, never the key.
 */
export function parseSecretKeys(text: string): readonly Uint8Array[] {
  const keys: Uint8Array[] = []
  const entries = text.split(',').map((entry) => entry.trim())
  for (const [index, entry] of entries.entries()) {
    const refusal = (why: string) => new TypeError(`key ${index + 1} of ${entries.length} ${why}`)
    const key = decodeBase64(entry)
    if (key === null) throw refusal('is not base64url or base64')
    if (key.length < KEY_BYTES)
      throw refusal(`is too short: ${key.length} bytes, at least ${KEY_BYTES} are required`)
    if (isSample(key)) throw refusal('is a sample, not random bytes')
    const twin = keys.findIndex((other) => equalInConstantTime(key, other))
    if (twin >= 0) throw refusal(`is the same as key ${twin + 1}`)
    keys.push(key)
  }
  return keys
}

function decodeBase64(written: string): Uint8Array | null {
  const unpadded = written.replace(/={1,2}$/, '')
  if (unpadded !== written && written.length % 4 !== 0) return null
  const bytes = Buffer.from(unpadded, 'base64url')
  // Node skips characters that are not base64, so the text is valid only if encoding reproduces it.
  const url = unpadded.replaceAll('+', '-').replaceAll('/', '_')
  return bytes.toString('base64url') === url ? bytes : null
}

/** 32 random bytes have 30 different values on average, and fewer than 16 once in 10^16 keys. */
const MIN_VARIETY = 16

/**
 * Whether a key was typed rather than generated: it has few different bytes (`AAAA…`, a repeated word), few different
 * steps between them (0, 1, 2…), or is readable text.
 */
function isSample(key: Uint8Array): boolean {
  const steps = key.map((byte, index) => byte - (key[index - 1] ?? 0))
  return (
    new Set(key).size < MIN_VARIETY ||
    new Set(steps).size < MIN_VARIETY ||
    // 32 random bytes are all printable once in 6 × 10^13 keys.
    key.every((byte) => byte >= 0x20 && byte <= 0x7e)
  )
}

/**
 * Creates a keyring from the keys of {@link parseSecretKeys}. The first key signs, all of them verify. To rotate, put a
 * new key in front, and remove the old one when everything that it signed has expired.
 *
 * Key ids and the key of each purpose are derived with HKDF-SHA256 (RFC 5869) without a salt, so none of them reveals
 * the key or another derived key.
 *
 * @throws {TypeError} There is no key.
 */
export function createKeyring(keys: readonly Uint8Array[]): Keyring {
  const ring = keys.map(createSecretKey)
  const [first] = ring
  if (first === undefined) throw new TypeError('a keyring requires at least one key')
  const keysById = new Map(ring.map((key) => [key.id, key]))
  return {
    sign(purpose, text) {
      if (!text.isWellFormed()) throw new TypeError('only well-formed Unicode can be signed')
      return first.sign(purpose, text)
    },
    verify(purpose, text, signature) {
      const key = keysById.get(signature.slice(0, KEY_ID_LENGTH))
      if (key === undefined || !text.isWellFormed()) return false
      // Compared as text, because decoding would ignore the two spare bits of base64url.
      return equalInConstantTime(Buffer.from(key.sign(purpose, text)), Buffer.from(signature))
    },
    keyIds: ring.map(({ id }) => id),
    seal: (purpose, place, plaintext) =>
      sealWith({ id: first.id, key: first.sealingKey(purpose) }, place, plaintext),
    open(purpose, place, sealed) {
      const id = sealedKeyId(sealed)
      if (id === null) return 'altered'
      const key = keysById.get(id)
      if (key === undefined) return 'unknown_key'
      return openWith(key.sealingKey(purpose), place, sealed) ?? 'altered'
    },
  }
}

function createSecretKey(secret: Uint8Array) {
  const id = derive(secret, 'key id', KEY_ID_BYTES).toString('base64url')
  const keysByUse = new Map<string, Buffer>()
  const keyFor = (use: string) => {
    const known = keysByUse.get(use)
    if (known !== undefined) return known
    const derived = derive(secret, use, KEY_BYTES)
    keysByUse.set(use, derived)
    return derived
  }
  return {
    id,
    sign(purpose: string, text: string) {
      const mac = createHmac('sha256', keyFor(`sign ${purpose}`)).update(text, 'utf8')
      return `${id}.${mac.digest('base64url')}`
    },
    sealingKey: (purpose: string) => keyFor(`seal ${purpose}`),
  }
}

/**
 * Derives a secret for one use from a random secret: 256 bits, as 43 base64url characters. It reveals neither the original
 * nor the secrets for other uses.
 */
export function deriveSecret(secret: string, use: string): string {
  return derive(Buffer.from(secret, 'utf8'), use, KEY_BYTES).toString('base64url')
}

function derive(key: Uint8Array, info: string, length: number): Buffer {
  return Buffer.from(hkdfSync('sha256', key, '', `bienvenue ${info}`, length))
}

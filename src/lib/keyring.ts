import { createHmac, hkdfSync } from 'node:crypto'
import { equalInConstantTime } from './digest.ts'

/** Signatures with named keys (HMAC-SHA256, RFC 2104), made by {@link createKeyring}. */
export interface Keyring {
  /**
   * Signs with the first key.
   *
   * @param purpose - What the signature is good for, a constant of the code: each has keys of its own, so that no
   *   signature made for one is taken for another.
   * @param text - Well-formed Unicode of any length.
   * @returns `<key id>.<mac>`, 8 and 43 base64url characters.
   * @throws TypeError where the text has half a surrogate pair, which UTF-8 cannot tell from another.
   */
  sign(purpose: string, text: string): string
  /** Whether any key of the ring made this signature, for this purpose and text. Never throws. */
  verify(purpose: string, text: string, signature: string): boolean
}

const KEY_BYTES = 32
const KEY_ID_BYTES = 6
/** What {@link KEY_ID_BYTES} are in base64url. */
const KEY_ID_LENGTH = 8

/**
 * Reads keys of 32 bytes or more with commas between them, each in base64url or base64, with or without padding.
 * Blanks around them do not count.
 *
 * @throws TypeError which says what is wrong with which key, and never the key: not base64, too short, the same as
 *   another, or a sample rather than random bytes (see `isSample`).
 */
export function parseSecretKeys(text: string): readonly Uint8Array[] {
  const keys: Uint8Array[] = []
  const entries = text.split(',').map((entry) => entry.trim())
  for (const [index, entry] of entries.entries()) {
    const refusal = (why: string) => new TypeError(`key ${index + 1} of ${entries.length} ${why}`)
    const key = decodeBase64(entry)
    if (key === null) throw refusal('is not base64url or base64')
    if (key.length < KEY_BYTES)
      throw refusal(`is too short: ${key.length} bytes, where ${KEY_BYTES} are needed`)
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
  // Node reads around what is not base64: only where all of it comes out again, all of it was.
  const url = unpadded.replaceAll('+', '-').replaceAll('/', '_')
  return bytes.toString('base64url') === url ? bytes : null
}

/** 32 random bytes have 30 different values on average; fewer than 16 once in 10^16 keys. */
const MIN_VARIETY = 16

/**
 * Whether a key was typed rather than drawn: few different bytes (`AAAA…`, a repeated word), few different steps between
 * them (0, 1, 2…), or readable text.
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
 * A ring of keys, from {@link parseSecretKeys}: the first signs, all of them verify. To rotate, put a new key in
 * front, and drop the old one when what it signed has expired.
 *
 * Key ids and the keys of the purposes are derived (HKDF-SHA256, RFC 5869, no salt): neither tells anything of the
 * key, nor of one another.
 *
 * @throws TypeError where there is no key.
 */
export function createKeyring(keys: readonly Uint8Array[]): Keyring {
  const signers = keys.map(createSigner)
  const [first] = signers
  if (first === undefined) throw new TypeError('a keyring needs a key')
  const signersById = new Map(signers.map((signer) => [signer.id, signer]))
  return {
    sign(purpose, text) {
      if (!text.isWellFormed()) throw new TypeError('only well-formed Unicode can be signed')
      return first.sign(purpose, text)
    },
    verify(purpose, text, signature) {
      const signer = signersById.get(signature.slice(0, KEY_ID_LENGTH))
      if (signer === undefined || !text.isWellFormed()) return false
      // As text: decoding base64url first would let its two spare bits be anything.
      return equalInConstantTime(Buffer.from(signer.sign(purpose, text)), Buffer.from(signature))
    },
  }
}

function createSigner(key: Uint8Array) {
  const id = derive(key, 'key id', KEY_ID_BYTES).toString('base64url')
  const keysByPurpose = new Map<string, Buffer>()
  const keyFor = (purpose: string) => {
    const known = keysByPurpose.get(purpose)
    if (known !== undefined) return known
    const derived = derive(key, `sign ${purpose}`, KEY_BYTES)
    keysByPurpose.set(purpose, derived)
    return derived
  }
  return {
    id,
    sign: (purpose: string, text: string) =>
      `${id}.${createHmac('sha256', keyFor(purpose)).update(text, 'utf8').digest('base64url')}`,
  }
}

function derive(key: Uint8Array, info: string, length: number): Buffer {
  return Buffer.from(hkdfSync('sha256', key, '', `bienvenue ${info}`, length))
}

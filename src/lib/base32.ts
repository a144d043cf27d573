const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
const BITS_PER_SYMBOL = 5
const BITS_PER_BYTE = 8

/** Encodes bytes in base32 (RFC 4648 §6): upper case, without padding. */
export function encodeBase32(bytes: Uint8Array): string {
  let text = ''
  let pending = 0
  let pendingBits = 0
  for (const byte of bytes) {
    pending = (pending << BITS_PER_BYTE) | byte
    pendingBits += BITS_PER_BYTE
    while (pendingBits >= BITS_PER_SYMBOL) {
      pendingBits -= BITS_PER_SYMBOL
      text += ALPHABET.charAt(pending >> pendingBits)
      pending &= (1 << pendingBits) - 1
    }
  }
  return pendingBits === 0 ? text : text + ALPHABET.charAt(pending << (BITS_PER_SYMBOL - pendingBits))
}

/**
 * Decodes base32 (RFC 4648 §6) as people type it. Ignores case, spaces, hyphens and padding at the end.
 *
 * @returns `null` if the text has other characters, a length that base32 never has, or spare bits that are set.
 */
export function decodeBase32(text: string): Uint8Array | null {
  const symbols = text.replaceAll(/[\s-]/g, '').replace(/(?<!=)={1,6}$/, '')
  if (!/^[A-Za-z2-7]*$/.test(symbols)) return null
  const bytes = new Uint8Array(Math.floor((symbols.length * BITS_PER_SYMBOL) / BITS_PER_BYTE))
  let length = 0
  let pending = 0
  let pendingBits = 0
  for (const symbol of symbols.toUpperCase()) {
    pending = (pending << BITS_PER_SYMBOL) | ALPHABET.indexOf(symbol)
    pendingBits += BITS_PER_SYMBOL
    if (pendingBits < BITS_PER_BYTE) continue
    pendingBits -= BITS_PER_BYTE
    bytes[length++] = pending >> pendingBits
    pending &= (1 << pendingBits) - 1
  }
  // A whole unused symbol, or spare bits that no encoder sets.
  return pendingBits < BITS_PER_SYMBOL && pending === 0 ? bytes : null
}

import './require-node.ts'

import { timingSafeEqual } from 'node:crypto'

// Not imported: require-node.ts says why.
const { hash } = process.getBuiltinModule('node:crypto')

/** SHA-256 (FIPS 180-4) of a text's UTF-8 bytes: 32 bytes. */
export function sha256(text: string): Uint8Array {
  return hash('sha256', text, 'buffer')
}

/** Whether two byte strings are equal, in a time that depends on their length alone. */
export function equalInConstantTime(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}

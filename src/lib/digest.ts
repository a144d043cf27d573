import './require-node.ts'

import { timingSafeEqual } from 'node:crypto'

// Not imported statically. See require-node.ts.
const { hash } = process.getBuiltinModule('node:crypto')

/** SHA-256 (FIPS 180-4) of bytes, or of a text in UTF-8: 32 bytes. */
export function sha256(data: string | Uint8Array): Uint8Array {
  return hash('sha256', data, 'buffer')
}

/** Whether two byte strings are equal. The time depends only on their lengths. */
export function equalInConstantTime(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}

import { randomBytes } from 'node:crypto'

/**
 * A time-ordered UUID, version 7 (RFC 9562 §5.7): 48 bits of Unix milliseconds, 74 random bits.
 * Node's own `crypto.randomUUIDv7` came with 26.1; this one also serves Node 24 and takes the clock of
 * its caller.
 */
export function uuidV7(now: Date): string {
  return uuidOf(now, randomBytes(16))
}

/** A new UUID in lower case, version 7: time-ordered (RFC 9562 §5.7). It is an identifier, not a secret. */
export function generateUuid(): string {
  return uuidV7(new Date())
}

/** No UUID that {@link uuidV7} gives from a moment on is less. Of a moment that none can carry: the nearest one. */
export function leastUuidV7(from: Date): string {
  const time = Math.min(Math.max(from.getTime(), 0), 2 ** 48 - 1)
  return uuidOf(new Date(time), Buffer.alloc(16))
}

function uuidOf(now: Date, bytes: Buffer): string {
  bytes.writeUIntBE(now.getTime(), 0, 6)
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6)
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8)
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** 256 random bits as 43 base64url characters. */
export function randomSecret(): string {
  return randomBytes(32).toString('base64url')
}

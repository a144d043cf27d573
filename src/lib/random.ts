import { randomBytes, randomInt } from 'node:crypto'

/** The millisecond and the counter of the last UUID. */
let last = { time: -1, count: 0 }

/**
 * Creates a UUID version 7 (RFC 9562 §5.7): 48 bits of Unix milliseconds, a counter of 12 bits and 62 random bits. UUIDs
 * that one process creates for one millisecond sort in the order of their creation, at least 2,048 in a row (§6.2,
 * method 1). Unlike `crypto.randomUUIDv7` of Node 26.1, it works on Node 24 and takes the time from the caller.
 */
export function uuidV7(now: Date): string {
  const time = now.getTime()
  const bytes = randomBytes(16)
  // A random start leaves room to count, and two processes rarely count alike.
  const count = time === last.time ? last.count + 1 : bytes.readUInt16BE(6) & 0x7ff
  last = { time, count }
  bytes.writeUInt16BE(count & 0xfff, 6)
  return uuidOf(now, bytes)
}

/** A new UUID in lower case, version 7: time-ordered (RFC 9562 §5.7). It is an identifier, not a secret. */
export function generateUuid(): string {
  return uuidV7(new Date())
}

/**
 * The smallest UUID that {@link uuidV7} can return for a time or later. A time outside the range of UUIDs is replaced by
 * the closest one in range.
 */
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

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Whether a text is a UUID of any version, in lower case. PostgreSQL fails if it compares a UUID with other text. */
export function isUuid(text: string): boolean {
  return UUID.test(text)
}

/** 256 random bits as 43 base64url characters. */
export function randomSecret(): string {
  return randomBytes(32).toString('base64url')
}

/** Random decimal digits, such as `04711815`. Every digit is equally likely. */
export function randomDigits(count: number): string {
  return Array.from({ length: count }, () => randomInt(10)).join('')
}

/** A random number, at least 0 and less than 1. */
export function randomFraction(): number {
  return randomInt(2 ** 32) / 2 ** 32
}

/** Malformed inputs: mutations of well-formed ones. The same seed gives the same inputs. */

/** Bytes that mean something to one of the parsers. */
const TOKENS = [
  '\0',
  '\r\n',
  '\r\n\r\n',
  '%00',
  '%',
  '%zz',
  '+',
  '&',
  '=',
  ';',
  ',',
  '"',
  '\\',
  '{',
  '}',
  '[',
  ']',
  ':',
  '__proto__',
  'constructor',
  '\u2028',
  '\ufeff',
  '\ud800',
  'İ',
  'ﬀ',
  '😀',
  '\u0301',
  '--',
  '$',
  '$argon2id$',
  '/',
  '//',
  '/../',
  '@',
  '127.0.0.1',
  '::1',
  '0x7f',
  '999999999999999999999',
  '-1',
  'NaN',
  '1e309',
  'null',
  'true',
  ' ',
  '\t',
  '*',
  '?',
  '#',
].map((token) => Buffer.from(token))

const LONGEST = 8_192

/** Random numbers from 0 to below 2^32 (mulberry32). Fast, and the same for the same seed. */
export function seeded(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

/** Changes an input in one to four places. */
export function mutate(input: Buffer, others: readonly Buffer[], random: (below: number) => number): Buffer {
  let bytes = Buffer.from(input)
  for (let count = random(4); count >= 0; count--) {
    const at = random(bytes.length + 1)
    const end = Math.min(bytes.length, at + random(16))
    const other = others[random(others.length)] ?? input
    const token = TOKENS[random(TOKENS.length)] ?? input
    switch (random(8)) {
      case 0:
        if (at < bytes.length) bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8))
        break
      case 1:
        if (at < bytes.length) bytes[at] = random(256)
        break
      case 2:
        bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)])
        break
      case 3:
      case 4:
        bytes = Buffer.concat([bytes.subarray(0, at), token, bytes.subarray(at)])
        break
      case 5:
        bytes = Buffer.concat([bytes.subarray(0, at), token, bytes.subarray(end)])
        break
      case 6:
        bytes = Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)])
        break
      default:
        bytes = Buffer.concat([bytes.subarray(0, at), other.subarray(random(other.length + 1))])
    }
    if (bytes.length > LONGEST) bytes = bytes.subarray(0, LONGEST)
  }
  return bytes
}

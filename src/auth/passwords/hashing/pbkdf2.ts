/**
 * PBKDF2 (RFC 8018 §5.2) with HMAC-SHA-256 or HMAC-SHA-512, for imported accounts. `node:crypto` runs it off the event
 * loop. Reads the PHC string format and the formats of passlib, OpenLDAP, Django, Werkzeug and ASP.NET Identity.
 */
import { pbkdf2 } from 'node:crypto'
import { promisify } from 'node:util'
import { equalInConstantTime } from '../../../lib/digest.ts'
import { bytesOf, MIN_KEY, type PhcString, readPhc, wholeNumber } from './phc.ts'
import { IMPOSSIBLE, type Reading, tooCostly } from './reading.ts'

const deriveKey = promisify(pbkdf2)

/** Beyond this, a hash would block a thread for seconds. OWASP recommends 600,000. Counted for each block of the key. */
export const MAX_ITERATIONS = 5_000_000
/** The iterations that cost as much as one of our argon2id hashes. SHA-256 is faster if the CPU has instructions for it. */
const ITERATIONS_PER_UNIT = 100_000

// passlib writes the number of iterations without a name, and a dot instead of the plus sign of base64. Its salts have up to 1,024
// bytes.
const PASSLIB = /^\$pbkdf2-(sha256|sha512)\$(\d{1,10})\$([A-Za-z0-9+/.]{0,1366})\$([A-Za-z0-9+/.]{22,86})$/
/** OpenLDAP writes the format of passlib with another prefix. */
const OPENLDAP = /^\{pbkdf2-(sha256|sha512)\}/i
const DJANGO = /^pbkdf2_(sha256)\$(\d{1,10})\$([^$]{1,128})\$([A-Za-z0-9+/]{43}=)$/
const WERKZEUG = /^pbkdf2:(sha256|sha512):(\d{1,10})\$([^$]{1,128})\$((?:[0-9a-f]{64}){1,2})$/

// ASP.NET Identity writes base64 of: 1, then a number for the digest (0 is SHA-1), the iterations and the length of the salt in four
// bytes each, the salt, and the key.
const ASP_NET = /^AQAAAA[EI][A-Za-z0-9+/]{52,400}={0,2}$/

/** Reads a PBKDF2 hash with a key of at least 16 bytes. */
export function readPbkdf2(storedHash: string): Reading | null {
  const text = storedHash.replace(OPENLDAP, (_, digest: string) => `$pbkdf2-${digest.toLowerCase()}$`)
  const phc = readPhc(text, /^pbkdf2-sha(?:256|512)$/, { required: ['i'], optional: ['l'] })
  if (phc !== null) return 'problem' in phc ? phc : ofPhc(phc)
  const passlib = PASSLIB.exec(text)
  if (passlib !== null) {
    const [, digest, iterations, ...texts] = passlib
    const [salt, key] = texts.map((text) => bytesOf(text.replaceAll('.', '+')))
    if (!salt || !key) return { problem: 'has a salt or a key that is not base64' }
    return reading(digest, Number(iterations), salt, key)
  }
  const bytes = ASP_NET.test(text) ? bytesOf(text) : null
  if (bytes !== null) return ofAspNet(text[6] === 'E' ? 'sha256' : 'sha512', bytes)
  const [, digest, iterations, salt = '', key = ''] =
    DJANGO.exec(storedHash) ?? WERKZEUG.exec(storedHash) ?? []
  if (digest === undefined) return null
  return reading(digest, Number(iterations), salt, Buffer.from(key, key.endsWith('=') ? 'base64' : 'hex'))
}

function ofPhc({ id, parameters, salt, key }: PhcString): Reading {
  const length = parameters.get('l')
  if (length !== undefined && wholeNumber(length) !== key.length) return IMPOSSIBLE
  return reading(id.endsWith('sha256') ? 'sha256' : 'sha512', wholeNumber(parameters.get('i')), salt, key)
}

function ofAspNet(digest: string, bytes: Buffer): Reading {
  const keyStart = 13 + bytes.readUInt32BE(9)
  const key = bytes.subarray(keyStart)
  if (key.length < MIN_KEY) return IMPOSSIBLE
  return reading(digest, bytes.readUInt32BE(5), bytes.subarray(13, keyStart), key)
}

function reading(
  digest: string | undefined,
  iterations: number,
  salt: string | Uint8Array,
  key: Buffer,
): Reading {
  const [name, blockBytes] = digest === 'sha256' ? (['sha256', 32] as const) : (['sha512', 64] as const)
  const work = iterations * Math.ceil(key.length / blockBytes)
  const excess = tooCostly(['a number of iterations', work, MAX_ITERATIONS])
  if (excess !== null) return excess
  if (!(iterations >= 1)) return IMPOSSIBLE
  return {
    cost: work / ITERATIONS_PER_UNIT,
    verify: async (password) =>
      equalInConstantTime(await deriveKey(password, salt, iterations, key.length, name), key),
  }
}

/** Recognizes unsupported hashes of other software, so that the error can name them. */
import type { Reading } from './reading.ts'

const KNOWN: readonly (readonly [form: RegExp, name: string])[] = [
  [/^\$2x\$/, 'bcrypt with the sign bug of crypt_blowfish before 2011 ($2x$)'],
  [/^\$5\$|^\$6\$/, 'crypt(3) with SHA-256 or SHA-512'],
  [/^\$1\$|^\$apr1\$/, 'crypt(3) with MD5'],
  [/^\$(?:y|gy|7)\$/, 'yescrypt or scrypt as crypt(3) writes it'],
  [/^\$[PHS]\$/, 'phpass'],
  [/^\{(?:noop|plain|clear(?:text)?)\}/i, 'a password in clear text'],
  [
    /^\{pbkdf2(?:@\w+)?\}[A-Za-z0-9+/=]+$/i,
    'PBKDF2 as Spring Security writes it, without its number of iterations',
  ],
  [/^\{pbkdf2\}(?:\$1|\d+)\$/i, 'PBKDF2 with SHA-1'],
  [
    /^\{(?!pbkdf2-sha(?:256|512)\})[\w.@+-]{2,40}\}/i,
    'a hash under a label of LDAP, Dovecot or Spring Security',
  ],
  [/^\$bcrypt-sha256\$/, 'bcrypt over SHA-256 as passlib writes it'],
  [/^pbkdf2_sha1\$|^\$pbkdf2\$|^pbkdf2:sha1:/, 'PBKDF2 with SHA-1'],
  [/^A(?:[A-P][A-Za-z0-9+/]{64}==|QAAAAA[A-Za-z0-9+/]{50,400}={0,2})$/, 'PBKDF2 with SHA-1'],
  [/^(?:unsalted_)?(?:md5|sha1|sha256)\$/, 'a digest as Django and Werkzeug write it'],
  [/^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{128})$/i, 'a bare digest'],
]

/** Reads a hash of a known but unsupported kind. */
export function readUnverifiable(storedHash: string): Reading | null {
  const known = KNOWN.find(([form]) => form.test(storedHash))
  return known === undefined ? null : { problem: `is ${known[1]}, which is not supported` }
}

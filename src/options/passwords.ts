import { isLoopback, withoutBrackets } from '../lib/network.ts'
import type { Row } from './row.ts'
import { parseHttpUrl } from './url.ts'

/** What ASVS 6.2.1 allows at the least, and NIST SP 800-63B-4 §3.1.1.2 for a password with a second factor. */
const LEAST_PASSWORD_LENGTH = 8
/** What NIST SP 800-63B-4 §3.1.1.2 asks of a password that is the only factor. */
const SOLE_PASSWORD_LENGTH = 15

export const PASSWORDS = {
  /**
   * How new passwords are hashed. Both are always verified, and a successful sign-in rehashes a password that
   * was stored otherwise. A password over 72 bytes, which bcrypt would cut, gets argon2id.
   *
   * Default: `'bcrypt'`, in development and production `'argon2id'`.
   */
  passwordHash: {
    env: 'BIENVENUE_PASSWORD_HASH',
    kind: { type: 'choice', of: ['bcrypt', 'argon2id'] },
    classic: 'bcrypt',
    production: 'argon2id',
    about:
      'How new passwords are hashed. Both are always verified, and a successful sign-in rehashes a password that was stored otherwise. A password over 72 bytes, which bcrypt would cut, gets argon2id.',
    refusedInProduction: (value: string) =>
      value === 'bcrypt' ? 'new passwords are hashed with argon2id; bcrypt is only verified' : null,
  },
  /**
   * The cost of new bcrypt hashes. Each step doubles the time of a sign-in.
   *
   * 10 to 16 log2 of the rounds. Default: `12`.
   */
  bcryptCost: {
    env: 'BIENVENUE_BCRYPT_COST',
    kind: { type: 'integer', min: 10, max: 16, unit: 'log2 of the rounds' },
    classic: 12,
    production: 12,
    about: 'The cost of new bcrypt hashes. Each step doubles the time of a sign-in.',
  },
  /**
   * The shortest new password. Existing passwords keep working. Production accepts 8 to 14 with a warning, and
   * refuses less.
   *
   * 1 to 64 Unicode code points. Default: `1`, in development `8`, in production `15`.
   */
  minPasswordLength: {
    env: 'BIENVENUE_MIN_PASSWORD_LENGTH',
    kind: { type: 'integer', min: 1, max: 64, unit: 'Unicode code points' },
    classic: 1,
    development: LEAST_PASSWORD_LENGTH,
    production: SOLE_PASSWORD_LENGTH,
    about:
      'The shortest new password. Existing passwords keep working. Production accepts 8 to 14 with a warning, and refuses less.',
    unsafe: (value: number) =>
      value < SOLE_PASSWORD_LENGTH
        ? `passwords of ${value} ${value === 1 ? 'character' : 'characters'} are accepted; NIST asks for ${SOLE_PASSWORD_LENGTH}`
        : null,
    tolerated: true,
    refusedInProduction: (value: number) =>
      value < LEAST_PASSWORD_LENGTH ? `has to be ${LEAST_PASSWORD_LENGTH} or more` : null,
  },
  /**
   * Whether new passwords are refused that are very common, or made of the address or the name of the service.
   *
   * Default: `false`, in development and production `true`.
   */
  passwordBlocklist: {
    env: 'BIENVENUE_PASSWORD_BLOCKLIST',
    kind: { type: 'switch' },
    classic: false,
    production: true,
    about:
      'Whether new passwords are refused that are very common, or made of the address or the name of the service.',
    unsafe: (value: boolean) => (value ? null : 'very common passwords are accepted'),
  },
  /**
   * More words that a new password may not be made of, separated by commas: the names of the product and its
   * company.
   *
   * Default: not set.
   */
  contextWords: {
    env: 'BIENVENUE_CONTEXT_WORDS',
    kind: { type: 'text' },
    classic: '',
    production: '',
    words: true,
    about:
      'More words that a new password may not be made of, separated by commas: the names of the product and its company.',
  },
  /**
   * The service that is asked whether a new password was seen in a breach, by the first 5 characters of its
   * hash. The value off asks none. While it does not answer, only the list of common passwords is used.
   *
   * Default: `'off'`, in development and production `'https://api.pwnedpasswords.com'`.
   */
  breachCheckUrl: {
    env: 'BIENVENUE_BREACH_CHECK_URL',
    kind: { type: 'text' },
    classic: 'off',
    production: 'https://api.pwnedpasswords.com',
    about:
      'The service that is asked whether a new password was seen in a breach, by the first 5 characters of its hash. The value off asks none. While it does not answer, only the list of common passwords is used.',
    parse: (text: string) => text === 'off' || parseHttpUrl('breachCheckUrl', text),
    refusedInProduction: (value: string) =>
      value.startsWith('http:') && !isLoopback(withoutBrackets(new URL(value).hostname))
        ? 'a service elsewhere is asked over https only'
        : null,
  },
} as const satisfies Record<string, Row>

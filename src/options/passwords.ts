import { isLoopback, withoutBrackets } from '../lib/network.ts'
import type { Setting } from './setting.ts'
import { parseHttpUrl } from './url.ts'

/** The minimum of ASVS 6.2.1, and of NIST SP 800-63B-4 §3.1.1.2 for a password with a second factor. */
export const ABSOLUTE_MIN_LENGTH = 8
/** The minimum of NIST SP 800-63B-4 §3.1.1.2 for a password that is the only factor. */
const SINGLE_FACTOR_MIN_LENGTH = 15

export const PASSWORDS = {
  passwordHash: {
    env: 'BIENVENUE_PASSWORD_HASH',
    kind: { type: 'choice', of: ['bcrypt', 'argon2id'] },
    classic: 'bcrypt',
    production: 'argon2id',
    about:
      'The algorithm for new password hashes. Existing hashes keep working, and a successful sign-in rehashes a password that was stored with another one. Passwords over 72 bytes, which bcrypt would truncate, always use argon2id.',
    refusedInProduction: (value: string) =>
      value === 'bcrypt' ? 'must be argon2id; existing bcrypt hashes keep working' : null,
  },
  bcryptCost: {
    env: 'BIENVENUE_BCRYPT_COST',
    kind: { type: 'integer', min: 10, max: 16, unit: 'log2 of the rounds' },
    classic: 12,
    about: 'The cost of new bcrypt hashes. Each step doubles the time of a sign-in.',
  },
  maxImportedHashCost: {
    env: 'BIENVENUE_MAX_IMPORTED_HASH_COST',
    // 16 accepts the defaults of all common software. Django 6.1 asks for the most: 1,500,000 iterations of PBKDF2 are 15.
    kind: {
      type: 'integer',
      min: 16,
      max: 128,
      unit: 'times the work of an argon2id hash of 19 MiB and 2 passes',
    },
    classic: 25,
    about:
      'The highest cost of a password hash that an import accepts. Verifying a hash of the default cost takes one core about a second. Existing accounts keep their hashes.',
  },
  minPasswordLength: {
    env: 'BIENVENUE_MIN_PASSWORD_LENGTH',
    kind: { type: 'integer', min: 1, max: 64, unit: 'Unicode code points' },
    classic: 1,
    development: ABSOLUTE_MIN_LENGTH,
    production: SINGLE_FACTOR_MIN_LENGTH,
    about:
      'The minimum length of new passwords. Existing passwords keep working. Production accepts 8 to 14 with a warning, and refuses less.',
    unsafe: (value: number) =>
      value < SINGLE_FACTOR_MIN_LENGTH
        ? `passwords of ${value} ${value === 1 ? 'character' : 'characters'} are accepted; NIST requires ${SINGLE_FACTOR_MIN_LENGTH}`
        : null,
    tolerated: true,
    refusedInProduction: (value: number) =>
      value < ABSOLUTE_MIN_LENGTH ? `must be ${ABSOLUTE_MIN_LENGTH} or more` : null,
  },
  passwordBlocklist: {
    env: 'BIENVENUE_PASSWORD_BLOCKLIST',
    kind: { type: 'switch' },
    classic: false,
    production: true,
    about:
      'Whether to refuse new passwords that are very common, or little more than the address or the name of the service.',
    unsafe: (value: boolean) => (value ? null : 'very common passwords are accepted'),
  },
  contextWords: {
    env: 'BIENVENUE_CONTEXT_WORDS',
    kind: { type: 'text' },
    classic: '',
    words: true,
    about:
      'More words that a new password must not mainly consist of, separated by commas, such as the names of the product and its company.',
  },
  breachCheckUrl: {
    env: 'BIENVENUE_BREACH_CHECK_URL',
    kind: { type: 'text' },
    classic: 'off',
    production: 'https://api.pwnedpasswords.com',
    about:
      'The service to ask whether a new password has appeared in a data breach. It gets only the first 5 characters of the hash. The value off disables the check. If the service does not answer, only the list of common passwords applies.',
    parse: (text: string) => text === 'off' || parseHttpUrl(text),
    refusedInProduction: (value: string) =>
      value.startsWith('http:') && !isLoopback(withoutBrackets(new URL(value).hostname))
        ? 'must begin with https:// unless the service is on this machine'
        : null,
  },
} as const satisfies Record<string, Setting>

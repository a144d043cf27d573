/**
 * The policy for new passwords: length, words that an attacker would try first, common passwords, and a breach service
 * if one is configured. `../password.ts` defines what a password is and its maximum length, and `../hashing/` hashes
 * it. `docs/security/passwords.md` describes the policy.
 *
 * @module
 */
import { AuthError } from '../../../model/errors.ts'
import { type BreachTuning, createBreachCheck, type OnBreachOutage } from './breaches.ts'
import { codePointsIn, fold } from './characters.ts'
import { isTooCommon } from './common.ts'
import { accountWords, isMostly, serviceWords } from './context-words.ts'

/** The settings of the policy. */
export interface PolicySettings {
  /** The minimum length of a new password, in Unicode code points. */
  readonly minPasswordLength: number
  /** Whether to refuse context words, common passwords, repetitions and runs. */
  readonly passwordBlocklist: boolean
  /** Further words that users or attackers associate with the service. */
  readonly contextWords: readonly string[]
  /** The public URL of the service, whose host name is a context word. Empty if it has none. */
  readonly baseUrl: string
  /** The base URL of a service with the range protocol of Pwned Passwords. Empty for none. */
  readonly breachCheckUrl: string
}

export interface PasswordPolicy {
  /**
   * Refuses a new password that the policy does not allow. Applies the cheap rules first and asks the breach service
   * last.
   *
   * @param password - Well-formed text of 1 to 1,024 bytes of UTF-8.
   * @param about - `field`: the parameter that the error names. `email`: the address of the account in any spelling, or
   *   `null` if there is none.
   * @throws {AuthError} The first of `password_too_short`, `password_guessable`, `password_too_common` and
   *   `password_breached` that applies.
   */
  check(password: string, about: { readonly field: string; readonly email: string | null }): Promise<void>
}

/**
 * Creates the policy.
 *
 * @param onOutage - Called once when the breach service stops answering, with the reason in `code`, and once with
 *   `null` when it answers again. Gets nothing of a password or its hash.
 * @param tuning - For tests: the clock and the timeout of the breach check.
 * @throws {OptionError} `breachCheckUrl` is not an http(s) URL, or has credentials, a query or a fragment.
 */
export function createPasswordPolicy(
  settings: PolicySettings,
  onOutage: OnBreachOutage,
  tuning: Partial<BreachTuning> = {},
): PasswordPolicy {
  const { minPasswordLength, passwordBlocklist, breachCheckUrl } = settings
  const publicWords = serviceWords(settings)
  const isBreached = breachCheckUrl === '' ? null : createBreachCheck(breachCheckUrl, onOutage, tuning)

  return {
    async check(password, { field, email }) {
      if (codePointsIn(password) < minPasswordLength)
        throw new AuthError('password_too_short', { field, minLength: minPasswordLength })
      if (passwordBlocklist) {
        const folded = fold(password)
        if (isMostly([...publicWords, ...accountWords(email)], folded))
          throw new AuthError('password_guessable', { field })
        if (await isTooCommon(folded, minPasswordLength))
          throw new AuthError('password_too_common', { field })
      }
      if (await isBreached?.(password)) throw new AuthError('password_breached', { field })
    },
  }
}

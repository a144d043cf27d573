/**
 * The policy for new passwords, one function for every way to set one: length, words that somebody would try
 * first, the commonest passwords, and a breach service where one is configured. What a password is at all,
 * and its longest form, is `passwords.ts`'s; how it is hashed, `hashing/`'s. `docs/security/passwords.md` is the manual.
 *
 * @module
 */
import { AuthError } from '../../../model/errors.ts'
import { type BreachTuning, createBreachCheck, type OnBreachOutage } from './breaches.ts'
import { codePointsIn, fold } from './characters.ts'
import { isTooCommon } from './common.ts'
import { accountWords, isMostly, serviceWords } from './context.ts'

/** What the operator decides. */
export interface PolicySettings {
  /** The fewest characters of a new password, in Unicode code points. */
  readonly minPasswordLength: number
  /** Whether context words, the list of common passwords, repetitions and runs are refused. */
  readonly passwordBlocklist: boolean
  /** More words that are no secret here. */
  readonly contextWords: readonly string[]
  /** Where the service is, whose host is no secret either. Empty where it has no address. */
  readonly baseUrl: string
  /** The base address of a service that speaks the range protocol of Pwned Passwords, or empty for none. */
  readonly breachCheckUrl: string
}

export interface PasswordPolicy {
  /**
   * Refuses a new password that the policy does not allow: the cheap rules first, the breach service last.
   *
   * @param password - Well-formed text of 1 to 1,024 bytes of UTF-8. Taken as it is.
   * @param about - `field` names the parameter in the error; `email` is the account's address, as it was
   *   entered or in its normal form, or `null` where there is none.
   * @throws {AuthError} `password_too_short`, `password_guessable`, `password_too_common` or
   *   `password_breached`, whichever comes first.
   */
  check(password: string, about: { readonly field: string; readonly email: string | null }): Promise<void>
}

/**
 * @param onOutage - Told once when the breach service stops answering, with the reason in `code` and nothing of a
 *   password or its hash, and once with `null` when it answers again.
 * @param tuning - For tests: the clock and the patience of the breach check.
 * @throws {OptionError} `breachCheckUrl` is no http(s) address, or has credentials, a query or a fragment.
 */
export function createPasswordPolicy(
  settings: PolicySettings,
  onOutage: OnBreachOutage,
  tuning: Partial<BreachTuning> = {},
): PasswordPolicy {
  const { minPasswordLength, passwordBlocklist, breachCheckUrl } = settings
  const ofService = serviceWords(settings)
  const isBreached = breachCheckUrl === '' ? null : createBreachCheck(breachCheckUrl, onOutage, tuning)

  return {
    async check(password, { field, email }) {
      if (codePointsIn(password) < minPasswordLength)
        throw new AuthError('password_too_short', { field, minLength: minPasswordLength })
      if (passwordBlocklist) {
        const folded = fold(password)
        if (isMostly([...ofService, ...accountWords(email)], folded))
          throw new AuthError('password_guessable', { field })
        if (await isTooCommon(folded, minPasswordLength))
          throw new AuthError('password_too_common', { field })
      }
      if (await isBreached?.(password)) throw new AuthError('password_breached', { field })
    },
  }
}

import { AuthError } from '../../model/errors.ts'
import { isEmailAddress } from '../../model/user.ts'

/**
 * Refuses what cannot be an address on a form that asks for mail: people who mistyped it must not wait. The answer does not depend on
 * accounts. The API answers as for an unknown address.
 *
 * @throws {AuthError} `invalid_field` with `field`. An empty address is left to the use case.
 */
export function assertMailbox(email: string): void {
  if (email !== '' && !isEmailAddress(email)) throw new AuthError('invalid_field', { field: 'email' })
}

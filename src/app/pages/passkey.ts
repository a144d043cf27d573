/** Passkeys in forms: the response of the authenticator is JSON in a hidden field. */
import { relyingPartyOf } from '../../lib/relying-party.ts'
import { AuthError } from '../../model/errors.ts'
import type { Options } from '../../options/index.ts'
import type { FormState, UnknownPasskey } from '../../pages/index.ts'

/** What `navigator.credentials` returned. @throws {AuthError} `missing_field` or `invalid_field`. */
export function credentialIn(text: string): unknown {
  if (text === '') throw new AuthError('missing_field', { field: 'credential' })
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new AuthError('invalid_field', { field: 'credential', cause: error })
  }
}

/** The passkey that was refused because no account has it, or `null`. The password manager may delete it. */
export function unknownPasskey({ refusal, values }: FormState, options: Options): UnknownPasskey | null {
  const rpId = relyingPartyOf(options)?.id
  const { credential } = values
  if (refusal?.code !== 'unknown_passkey' || rpId === undefined || credential === undefined) return null
  const { id } = credentialIn(credential) as { readonly id: string }
  return { rpId, credentialId: id }
}

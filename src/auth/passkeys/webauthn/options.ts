/** The options that a page passes to `navigator.credentials`, in the JSON form of WebAuthn Level 3. */

import { ALGORITHMS } from './algorithms.ts'
import { toBase64url } from './base64url.ts'

/** A passkey in the options for the browser. */
interface KnownPasskey {
  readonly credentialId: Uint8Array
  /** As stored at registration. They tell the browser where to look. */
  readonly transports: readonly string[]
}

/** A known passkey in JSON. */
interface CredentialDescriptor {
  type: 'public-key'
  id: string
  transports: string[]
}

/** `PublicKeyCredentialCreationOptionsJSON` of WebAuthn, as far as we use it. */
export interface PasskeyCreationOptions {
  rp: { id: string; name: string }
  user: { id: string; name: string; displayName: string }
  challenge: string
  pubKeyCredParams: { type: 'public-key'; alg: number }[]
  timeout: number
  excludeCredentials: CredentialDescriptor[]
  authenticatorSelection: {
    residentKey: 'required' | 'discouraged'
    requireResidentKey: boolean
    userVerification: 'required' | 'preferred'
    authenticatorAttachment?: 'cross-platform'
  }
  hints: 'security-key'[]
  attestation: 'none'
  extensions: { credProps: true }
}

/** `PublicKeyCredentialRequestOptionsJSON` of WebAuthn, as far as we use it. */
export interface PasskeyRequestOptions {
  challenge: string
  rpId: string
  timeout: number
  allowCredentials: CredentialDescriptor[]
  userVerification: 'required' | 'preferred'
}

/** How long the browser waits for the user: as long as the challenge is valid. */
const TIMEOUT_MS = 300_000

/**
 * The options to create a passkey.
 *
 * @param request.user - `handle`: 1 to 64 random bytes, the same for every passkey of the account. `name`: the email address.
 * @param request.kind - A `passkey` signs in on its own. A `security_key` is a second factor only.
 * @param request.exclude - The passkeys of the account. A device that has one of them creates no second one.
 */
export function registrationOptions(request: {
  readonly rp: { readonly id: string; readonly name: string }
  readonly user: { readonly handle: Uint8Array; readonly name: string }
  readonly challenge: Uint8Array
  readonly kind: 'passkey' | 'security_key'
  readonly exclude: readonly KnownPasskey[]
}): PasskeyCreationOptions {
  const { rp, user, challenge, kind, exclude } = request
  const isPasskey = kind === 'passkey'
  return {
    rp: { id: rp.id, name: rp.name },
    user: { id: toBase64url(user.handle), name: user.name, displayName: user.name },
    challenge: toBase64url(challenge),
    pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: 'public-key', alg })),
    timeout: TIMEOUT_MS,
    excludeCredentials: exclude.map(descriptorOf),
    authenticatorSelection: {
      residentKey: isPasskey ? 'required' : 'discouraged',
      requireResidentKey: isPasskey,
      userVerification: isPasskey ? 'required' : 'preferred',
      // For browsers that do not know hints (WebAuthn Level 3, section 5.8.7).
      ...(!isPasskey && { authenticatorAttachment: 'cross-platform' as const }),
    },
    hints: isPasskey ? [] : ['security-key'],
    attestation: 'none',
    extensions: { credProps: true },
  }
}

/**
 * The options to use a passkey.
 *
 * @param request.allow - The passkeys that are accepted. Empty: the user chooses among all passkeys of this site.
 */
export function assertionOptions(request: {
  readonly rpId: string
  readonly challenge: Uint8Array
  readonly allow: readonly KnownPasskey[]
  readonly userVerification: 'required' | 'preferred'
}): PasskeyRequestOptions {
  const { rpId, challenge, allow, userVerification } = request
  return {
    challenge: toBase64url(challenge),
    rpId,
    timeout: TIMEOUT_MS,
    allowCredentials: allow.map(descriptorOf),
    userVerification,
  }
}

function descriptorOf({ credentialId, transports }: KnownPasskey): CredentialDescriptor {
  return { type: 'public-key', id: toBase64url(credentialId), transports: [...transports] }
}

/** The checks that need no public key, and that both ceremonies share. WebAuthn Level 3, sections 7.1 and 7.2. */
import { equalInConstantTime, sha256 } from '../../../lib/digest.ts'
import { toBase64url } from './base64url.ts'
import type { AuthenticatorData } from './library.ts'
import { PasskeyRefusal } from './refusal.ts'

/** What the response to a ceremony must say. */
export interface Expected {
  /** The challenge of the ceremony. */
  readonly challenge: Uint8Array
  /** The origins of our pages, such as `https://auth.example.com`. Compared exactly. */
  readonly origins: readonly string[]
  readonly rpId: string
  /** Whether the authenticator must have verified the user, by PIN or biometrics. */
  readonly requireUserVerification: boolean
}

const UTF_8 = new TextDecoder('utf-8', { fatal: true })

/** @throws PasskeyRefusal */
export function checkClientData(
  bytes: Uint8Array,
  type: 'webauthn.create' | 'webauthn.get',
  { challenge, origins }: Expected,
): void {
  const clientData = parseClientData(bytes)
  if (clientData.type !== type) throw new PasskeyRefusal('wrong_type')
  if (clientData.challenge !== toBase64url(challenge)) throw new PasskeyRefusal('wrong_challenge')
  if (!origins.some((origin) => origin === clientData.origin)) throw new PasskeyRefusal('wrong_origin')
  // We never ask from within a frame. The library accepts `crossOrigin: true`.
  if ((clientData.crossOrigin ?? false) !== false || 'topOrigin' in clientData)
    throw new PasskeyRefusal('cross_origin')
}

function parseClientData(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  let clientData: unknown
  try {
    clientData = JSON.parse(UTF_8.decode(bytes))
  } catch (cause) {
    throw new PasskeyRefusal('malformed', { cause })
  }
  if (typeof clientData !== 'object' || clientData === null) throw new PasskeyRefusal('malformed')
  return clientData as Readonly<Record<string, unknown>>
}

/** @throws PasskeyRefusal */
export function checkAuthenticatorData(
  { rpIdHash, flags }: AuthenticatorData,
  { rpId, requireUserVerification }: Expected,
): void {
  if (!equalInConstantTime(rpIdHash, sha256(rpId))) throw new PasskeyRefusal('wrong_rp_id')
  if (!flags.up) throw new PasskeyRefusal('user_absent')
  if (requireUserVerification && !flags.uv) throw new PasskeyRefusal('user_unverified')
  if (flags.bs && !flags.be) throw new PasskeyRefusal('backup_state')
}

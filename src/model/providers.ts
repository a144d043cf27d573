/** The terms of sign-in with other providers that several layers use. */

/** The providers that are built in. `oidc` stands for any other OpenID Connect issuer. */
export const PRESETS = ['google', 'microsoft', 'apple', 'github', 'gitlab', 'oidc'] as const
export type PresetName = (typeof PRESETS)[number]

/**
 * What happens if an account has the address of a new identity: `ask` lets its owner sign in as usual, and then connect the
 * identity; `verified` connects it at once if both sides have verified the address.
 */
export const LINKING = ['ask', 'verified'] as const
export type Linking = (typeof LINKING)[number]

/** Why a person goes to a provider. */
export type FlowPurpose = 'sign_in' | 'link' | 'reauthenticate'

/** How long a person may take to come back from a provider. */
export const FLOW_LIFETIME_SECONDS = 600

/** The service uses these names in its own paths. */
const RESERVED_IDS: ReadonlySet<string> = new Set(['providers', 'continue'])

/** Whether a provider can have this id: a slug of at most 32 characters, which appears in paths. */
export function isProviderId(id: string): boolean {
  return (
    typeof id === 'string' &&
    /^[a-z][a-z\d]*(?:-[a-z\d]+)*$/.test(id) &&
    id.length <= 32 &&
    !RESERVED_IDS.has(id)
  )
}

/** An index entry of PostgreSQL holds 2,704 bytes, enough for this and a subject of 255 characters. */
const ISSUER_MAX_LENGTH = 512

/** Whether text can be an issuer: an absolute URL without user, query and fragment (OpenID Connect Core 1.0 §2). */
export function isIssuer(text: string): boolean {
  const url = URL.parse(text)
  return (
    url !== null &&
    text.length <= ISSUER_MAX_LENGTH &&
    /^https?:\/\/[^\s\\]+$/.test(text) &&
    [url.search, url.hash, url.username, url.password].every((part) => part === '')
  )
}

/** The identity of a person at a provider. */
export interface Identification {
  /** The issuer. Issuer and subject together are unique and never change. */
  readonly issuer: string
  readonly subject: string
  readonly email: string | null
  /** Whether the provider has verified the address, by the rules of its preset. */
  readonly emailVerified: boolean
  readonly name: string | null
  /** The id of the session at the provider, for a logout there. */
  readonly sid: string | null
}

/** A session at a provider, from which a session of ours began. */
export interface ProviderSession {
  /** The id of the provider. */
  readonly id: string
  /** The id of the session at the provider. `null` if the provider did not send one. */
  readonly sid: string | null
}

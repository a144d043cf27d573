/** What an ID token, a UserInfo response or another answer of a provider claims. Verified, but of any type. */
export type Claims = Readonly<Record<string, unknown>>

/** The settings of a provider that its preset reads. */
export interface PresetSettings {
  /** For `microsoft`: the ids of the tenants whose users may sign in, or `*` for all. */
  readonly tenants: readonly string[]
  /** Whether an address counts as verified if the provider does not say whether it is. */
  readonly trustsEmail: boolean
}

/** The rules in which a provider differs from others. */
export interface Preset {
  /** The name on its button. */
  readonly name: string
  /** Its issuer. `null` if it is different for each operator. */
  readonly issuer: string | null
  readonly protocol: 'oidc' | 'github'
  /** The scopes that the address and the name need. */
  readonly scopes: readonly string[]
  /** How it returns its answer. `null`: in the query of the callback. */
  readonly responseMode: 'form_post' | null
  /** Whether to ask for UserInfo if the ID token has no address. */
  readonly usesUserInfo: boolean
  /** Whether it promises to ask for the password again on request, and says when it did. */
  readonly reauthenticates: boolean
  /** The claim that never changes and is never assigned to another person. */
  subject(claims: Claims): unknown
  /** Whether the provider has verified the address in the claims. */
  isEmailVerified(email: string, claims: Claims, settings: PresetSettings): boolean
  /** Whether people of this tenant may sign in. `undefined` if the provider has no tenants. */
  readonly isTenantAllowed?: (claims: Claims, settings: PresetSettings) => boolean
  /** Whether every client has a secret. If not, public clients are allowed. */
  readonly needsSecret: boolean
  /** Checks the form of the client secret. `undefined` if any text is valid. @throws {TypeError} */
  readonly assertSecret?: (secret: string) => void
}

/** `email_verified` as most providers send it. Apple sends it as text, too. */
export function saysVerified({ email_verified: said }: Claims): boolean {
  return said === true || said === 'true'
}

/** Like {@link saysVerified}. If the provider says nothing, the operator decides. */
export function isVerifiedOrTrusted(_: string, claims: Claims, { trustsEmail }: PresetSettings): boolean {
  return saysVerified(claims) || (trustsEmail && claims.email_verified === undefined)
}

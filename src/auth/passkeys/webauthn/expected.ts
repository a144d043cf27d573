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

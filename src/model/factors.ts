/** The terms of second factors that several layers use. */

/** How a sign-in can begin. */
export type SignInMethod = 'password' | 'mail_code' | 'passkey' | 'provider'

/** What can follow the first factor. */
export const FACTORS = ['passkey', 'totp', 'recovery_code'] as const
export type Factor = (typeof FACTORS)[number]

/** What a signed-in user can re-authenticate with. */
export const STEP_UP_METHODS = ['passkey', 'totp', 'password', 'provider'] as const
export type StepUpMethod = (typeof STEP_UP_METHODS)[number]

/** The RFC 8176 names for a passkey: its key cannot leave the device (`hwk`), or may be synced (`swk`). */
export const PHISHING_RESISTANT: ReadonlySet<string> = new Set(['hwk', 'swk'])

/** What a sign-in waits for: proof of a second factor, or the set-up of one. */
export const NEXT_STEPS = ['second_factor', 'enrol'] as const
export type NextStep = (typeof NEXT_STEPS)[number]

/** What a passkey is used for. */
export const CEREMONY_PURPOSES = [
  'sign_in',
  'second_factor',
  'step_up',
  'add_passkey',
  'add_security_key',
] as const
export type CeremonyPurpose = (typeof CEREMONY_PURPOSES)[number]

/** How long a sign-in waits for a second factor. */
export const PENDING_LIFETIME_SECONDS = 600

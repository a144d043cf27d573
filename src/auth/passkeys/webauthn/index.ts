/**
 * Passkeys as WebAuthn defines them: the options for the browser, and the checks of what it returns. No database, no HTTP, no
 * settings. The library `@simplewebauthn/server` reads CBOR and verifies signatures; our own checks come before and after
 * ([decision 0033](../../../../docs/decisions/0033-passkeys.md)).
 *
 * @module
 */

export { ALGORITHMS, type PasskeyAlgorithm } from './algorithms.ts'
export {
  type AssertionInput,
  checkWithoutKey,
  readAssertion,
  type StoredKey,
  type VerifiedAssertion,
  verifyAssertion,
} from './assertion.ts'
export { fromBase64url, toBase64url } from './base64url.ts'
export type { Expected } from './checks.ts'
export { areTransports, CREDENTIAL_ID_MAX_BYTES } from './credential.ts'
export {
  assertionOptions,
  type PasskeyCreationOptions,
  type PasskeyRequestOptions,
  registrationOptions,
} from './options.ts'
export { isPublicKey } from './public-key.ts'
export { PasskeyRefusal, type PasskeyRefusalReason } from './refusal.ts'
export { type VerifiedRegistration, verifyRegistration } from './registration.ts'

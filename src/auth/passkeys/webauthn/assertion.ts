import { ES256 } from './algorithms.ts'
import { toBase64url } from './base64url.ts'
import { checkAuthenticatorData, checkClientData, type Expected } from './checks.ts'
import { type AssertionResponse, readAssertionResponse } from './credential.ts'
import { type AuthenticatorData, loadLibrary } from './library.ts'
import { algorithmOf } from './public-key.ts'
import { orRefuse, PasskeyRefusal } from './refusal.ts'

/** The part of a stored passkey that its check needs. */
export interface StoredKey {
  readonly credentialId: Uint8Array
  readonly publicKey: Uint8Array
}

/** What a passkey says about itself at this use. The caller compares it with what is stored. */
export interface VerifiedAssertion {
  readonly signCount: number
  /** Without it, the passkey counts as one factor only. */
  readonly userVerified: boolean
  readonly backupEligible: boolean
  readonly backedUp: boolean
}

/** The parsed JSON of the browser, and what it must say. */
export type AssertionInput = Expected & { readonly credential: unknown }

/**
 * Reads which passkey a response names, before any check, so that the caller can find its key.
 *
 * @returns `userHandle`: the account that the authenticator stored, `null` if it sent none.
 * @throws PasskeyRefusal `malformed`.
 */
export function readAssertion(credential: unknown): Pick<AssertionResponse, 'credentialId' | 'userHandle'> {
  const { credentialId, userHandle } = readAssertionResponse(credential)
  return { credentialId, userHandle }
}

/**
 * Checks everything that needs no public key. Only if this passes may the caller answer that the passkey is unknown.
 *
 * @throws PasskeyRefusal
 */
export async function checkWithoutKey(input: AssertionInput): Promise<void> {
  await checked(input)
}

/**
 * Checks the response of an authenticator that used a credential. The caller must compare the counter and the backup
 * eligibility with the stored ones, and the user handle with that of the account.
 *
 * @throws PasskeyRefusal
 */
export async function verifyAssertion({
  passkey,
  ...input
}: AssertionInput & { readonly passkey: StoredKey }): Promise<VerifiedAssertion> {
  const { response, data } = await checked(input)
  if (Buffer.compare(response.credentialId, passkey.credentialId) !== 0)
    throw new PasskeyRefusal('credential_id')
  const library = await loadLibrary()
  const algorithm = await algorithmOf(passkey.publicKey, library)
  if (algorithm === ES256 && !hasExactLength(response.signature)) throw new PasskeyRefusal('signature')

  const id = toBase64url(response.credentialId)
  const { verified } = await orRefuse('signature', () =>
    library.verifyAuthenticationResponse({
      response: {
        id,
        rawId: id,
        type: 'public-key',
        response: {
          clientDataJSON: toBase64url(response.clientDataJSON),
          authenticatorData: toBase64url(response.authenticatorData),
          signature: toBase64url(response.signature),
        },
        clientExtensionResults: {},
      },
      expectedChallenge: toBase64url(input.challenge),
      expectedOrigin: [...input.origins],
      expectedRPID: input.rpId,
      requireUserVerification: input.requireUserVerification,
      // The caller compares the counter: the library would throw without saying why.
      credential: { id, publicKey: new Uint8Array(passkey.publicKey), counter: 0 },
    }),
  )
  if (!verified) throw new PasskeyRefusal('signature')
  const { counter, flags } = data
  return { signCount: counter, userVerified: flags.uv, backupEligible: flags.be, backedUp: flags.bs }
}

async function checked({
  credential,
  ...expected
}: AssertionInput): Promise<{ response: AssertionResponse; data: AuthenticatorData }> {
  const response = readAssertionResponse(credential)
  checkClientData(response.clientDataJSON, 'webauthn.get', expected)
  const library = await loadLibrary()
  const data = await orRefuse('malformed', () =>
    library.parseAuthenticatorData(new Uint8Array(response.authenticatorData)),
  )
  checkAuthenticatorData(data, expected)
  return { response, data }
}

/**
 * Whether the first two bytes of an ES256 signature are those of a DER sequence of its length. The library's parser
 * ignores some of their bits, so that one signature would have several encodings.
 */
function hasExactLength(signature: Uint8Array): boolean {
  return signature[0] === 0x30 && signature[1] === signature.length - 2
}

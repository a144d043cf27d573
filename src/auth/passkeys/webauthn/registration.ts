import { ALGORITHMS, type PasskeyAlgorithm } from './algorithms.ts'
import { toBase64url } from './base64url.ts'
import { checkAuthenticatorData, checkClientData, type Expected } from './checks.ts'
import { readRegistrationResponse } from './credential.ts'
import { type AuthenticatorData, type Library, loadLibrary } from './library.ts'
import { algorithmOf } from './public-key.ts'
import { orRefuse, PasskeyRefusal } from './refusal.ts'

/** A new credential, as it is stored. */
export interface VerifiedRegistration {
  /** 1 to 1,023 bytes. The caller must refuse one that is registered already, for any account. */
  readonly credentialId: Uint8Array
  /** In COSE form. */
  readonly publicKey: Uint8Array
  readonly algorithm: PasskeyAlgorithm
  readonly signCount: number
  readonly userVerified: boolean
  readonly backupEligible: boolean
  readonly backedUp: boolean
  readonly transports: readonly string[]
  /** The model of the authenticator, as a UUID in lower case. All zero: unknown. */
  readonly aaguid: string
  /** Whether it can sign in on its own. `null`: the browser does not say. */
  readonly discoverable: boolean | null
}

/**
 * Checks the response of an authenticator that created a credential. The attestation is ignored.
 *
 * @param input.credential - The parsed JSON of the browser.
 * @throws PasskeyRefusal
 */
export async function verifyRegistration({
  credential,
  ...expected
}: Expected & { readonly credential: unknown }): Promise<VerifiedRegistration> {
  const response = readRegistrationResponse(credential)
  checkClientData(response.clientDataJSON, 'webauthn.create', expected)
  const library = await loadLibrary()
  const { data, attestationObject } = await orRefuse('malformed', () =>
    withoutAttestation(response.attestationObject, library),
  )
  checkAuthenticatorData(data, expected)
  const { credentialID, credentialPublicKey } = data
  // Sign-ins lack them, but a registration must have them.
  if (credentialID === undefined || credentialPublicKey === undefined) throw new PasskeyRefusal('malformed')
  if (Buffer.compare(credentialID, response.credentialId) !== 0) throw new PasskeyRefusal('credential_id')
  const algorithm = await algorithmOf(credentialPublicKey, library)

  const id = toBase64url(response.credentialId)
  const { registrationInfo } = await orRefuse('malformed', () =>
    library.verifyRegistrationResponse({
      response: {
        id,
        rawId: id,
        type: 'public-key',
        response: { clientDataJSON: toBase64url(response.clientDataJSON), attestationObject },
        clientExtensionResults: {},
      },
      expectedChallenge: toBase64url(expected.challenge),
      expectedOrigin: [...expected.origins],
      expectedRPID: expected.rpId,
      requireUserVerification: expected.requireUserVerification,
      supportedAlgorithmIDs: [...ALGORITHMS],
    }),
  )
  if (registrationInfo === undefined) throw new PasskeyRefusal('malformed')
  return {
    credentialId: response.credentialId,
    publicKey: registrationInfo.credential.publicKey,
    algorithm,
    signCount: data.counter,
    userVerified: data.flags.uv,
    backupEligible: data.flags.be,
    backedUp: data.flags.bs,
    transports: response.transports,
    aaguid: registrationInfo.aaguid,
    discoverable: response.discoverable,
  }
}

/**
 * Replaces the attestation with `none`. Otherwise the library would parse certificates that we did not request, and
 * fetch the revocation lists that they name.
 */
function withoutAttestation(
  bytes: Uint8Array,
  library: Library,
): { data: AuthenticatorData; attestationObject: string } {
  const authData = library.decodeAttestationObject(new Uint8Array(bytes)).get('authData')
  const data = library.parseAuthenticatorData(authData)
  const none = library.isoCBOR.encode(
    new Map<string, string | Uint8Array | Map<string, string>>([
      ['fmt', 'none'],
      ['attStmt', new Map<string, string>()],
      ['authData', authData],
    ]),
  )
  return { data, attestationObject: toBase64url(none) }
}

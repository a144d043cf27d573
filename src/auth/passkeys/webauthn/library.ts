/** Loads `@simplewebauthn/server` on first use, because it costs 145 ms and 28 MB. No other file imports it. */

/** The part of the library that we use. */
export type Library = Pick<
  typeof import('@simplewebauthn/server'),
  'verifyAuthenticationResponse' | 'verifyRegistrationResponse'
> &
  Pick<
    typeof import('@simplewebauthn/server/helpers'),
    'cose' | 'decodeAttestationObject' | 'isoCBOR' | 'parseAuthenticatorData'
  >

/** What the library reads from authenticator data. */
export type AuthenticatorData = ReturnType<Library['parseAuthenticatorData']>

export async function loadLibrary(): Promise<Library> {
  const [server, helpers] = await Promise.all([
    import('@simplewebauthn/server'),
    import('@simplewebauthn/server/helpers'),
  ])
  // Named one by one, so that a bundle leaves out the rest.
  const { verifyAuthenticationResponse, verifyRegistrationResponse } = server
  const { cose, decodeAttestationObject, isoCBOR, parseAuthenticatorData } = helpers
  return {
    verifyAuthenticationResponse,
    verifyRegistrationResponse,
    cose,
    decodeAttestationObject,
    isoCBOR,
    parseAuthenticatorData,
  }
}

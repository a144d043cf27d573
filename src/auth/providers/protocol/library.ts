/** Loads `openid-client` and `jose` on first use. No other file imports them. */

type Client = typeof import('openid-client')
type Jose = typeof import('jose')

/** The part of the libraries that we use. */
export type Library = Pick<
  Client,
  | 'allowInsecureRequests'
  | 'authorizationCodeGrant'
  | 'AuthorizationResponseError'
  | 'buildAuthorizationUrl'
  | 'calculatePKCECodeChallenge'
  | 'ClientSecretBasic'
  | 'ClientSecretPost'
  | 'clockSkew'
  | 'clockTolerance'
  | 'Configuration'
  | 'customFetch'
  | 'discovery'
  | 'fetchUserInfo'
  | 'None'
  | 'ResponseBodyError'
> &
  Pick<
    Jose,
    'compactVerify' | 'createRemoteJWKSet' | 'decodeJwt' | 'importPKCS8' | 'jwtVerify' | 'SignJWT'
  > & { readonly joseFetch: Jose['customFetch'] }

/** A provider and our client id, as `openid-client` knows them. */
export type Configuration = InstanceType<Client['Configuration']>
export type ClientAuth = import('openid-client').ClientAuth
export type Keys = ReturnType<Jose['createRemoteJWKSet']>

export async function loadLibrary(): Promise<Library> {
  const [client, jose] = await Promise.all([import('openid-client'), import('jose')])
  // Named one by one, so that a bundle leaves out the rest.
  return {
    allowInsecureRequests: client.allowInsecureRequests,
    authorizationCodeGrant: client.authorizationCodeGrant,
    AuthorizationResponseError: client.AuthorizationResponseError,
    buildAuthorizationUrl: client.buildAuthorizationUrl,
    calculatePKCECodeChallenge: client.calculatePKCECodeChallenge,
    ClientSecretBasic: client.ClientSecretBasic,
    ClientSecretPost: client.ClientSecretPost,
    clockSkew: client.clockSkew,
    clockTolerance: client.clockTolerance,
    Configuration: client.Configuration,
    customFetch: client.customFetch,
    discovery: client.discovery,
    fetchUserInfo: client.fetchUserInfo,
    None: client.None,
    ResponseBodyError: client.ResponseBodyError,
    compactVerify: jose.compactVerify,
    createRemoteJWKSet: jose.createRemoteJWKSet,
    decodeJwt: jose.decodeJwt,
    importPKCS8: jose.importPKCS8,
    joseFetch: jose.customFetch,
    jwtVerify: jose.jwtVerify,
    SignJWT: jose.SignJWT,
  }
}

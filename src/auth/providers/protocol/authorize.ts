import { presetOf } from '../presets/index.ts'
import { configure } from './configuration.ts'
import { type Library, loadLibrary } from './library.ts'
import { refusalOf } from './problem.ts'
import type { ProviderConfig, ProviderHttp } from './provider.ts'

/** What binds an answer of the provider to a browser. Redeeming the answer takes the same values. */
export interface AuthorizationRequest {
  /** Where the provider sends the person back to. Registered there, without a query. */
  readonly redirectUri: string
  readonly state: string
  readonly nonce: string
  /** 43 to 128 characters (RFC 7636 §4.1). */
  readonly codeVerifier: string
  /** Whether the person must authenticate again, even if the provider knows their browser. */
  readonly reauthenticate: boolean
}

/**
 * Where to send the browser of a person who wants to sign in with a provider.
 *
 * @throws {AuthError} `provider_failed`: the provider has no valid metadata.
 */
export async function authorizationUrl(
  http: ProviderHttp,
  provider: ProviderConfig,
  { redirectUri, state, nonce, codeVerifier, reauthenticate }: AuthorizationRequest,
): Promise<URL> {
  let library: Library | null = null
  try {
    library = await loadLibrary()
    const { protocol, responseMode, scopes } = presetOf(provider.preset)
    const isOidc = protocol === 'oidc'
    const wanted = provider.scopes.length > 0 ? provider.scopes : scopes
    return library.buildAuthorizationUrl(await configure(http, provider, library), {
      redirect_uri: redirectUri,
      scope: [...new Set([...(isOidc ? ['openid'] : []), ...wanted])].join(' '),
      state,
      code_challenge: await library.calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
      ...(isOidc && { nonce }),
      ...(responseMode !== null && { response_mode: responseMode }),
      ...(reauthenticate && { prompt: 'login', max_age: '0' }),
    })
  } catch (error) {
    throw refusalOf(error, library)
  }
}

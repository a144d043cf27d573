import type { Identification } from '../../../model/providers.ts'
import { EMAIL_MAX_LENGTH, isEmailAddress, isUnambiguousEmail } from '../../../model/user.ts'
import { presetOf } from '../presets/index.ts'
import type { Claims } from '../presets/preset.ts'
import type { AuthorizationRequest } from './authorize.ts'
import { CLOCK_TOLERANCE_SECONDS, configure } from './configuration.ts'
import { githubClaims } from './github.ts'
import { type Configuration, type Library, loadLibrary } from './library.ts'
import { metadataOf } from './metadata.ts'
import { ProviderProblem, refusalOf } from './problem.ts'
import type { ProviderConfig, ProviderHttp } from './provider.ts'
import { SUBJECT_MAX_LENGTH, textIn, verifySignature } from './tokens.ts'

const NAME_MAX_LENGTH = 200

/** The answer of a provider, with the values of the request that it answers. */
export interface AuthorizationAnswer extends AuthorizationRequest {
  /** The URL that the browser came back to. Only its query counts. */
  readonly callback: URL
  /** The fields that the browser posted instead. `null` if it did not. */
  readonly form: Readonly<Record<string, string>> | null
}

/**
 * Exchanges the code of an answer for tokens, verifies them, and says who the person is. No token leaves this function.
 *
 * @throws {AuthError} `provider_refused`: the provider answered with an error; `provider_failed`: anything else, such as a
 *   foreign state, an invalid code or ID token, or a provider that cannot be reached. The cause is a {@link ProviderProblem}.
 */
export async function redeem(
  http: ProviderHttp,
  provider: ProviderConfig,
  answer: AuthorizationAnswer,
): Promise<Identification> {
  let library: Library | null = null
  try {
    library = await loadLibrary()
    const configuration = await configure(http, provider, library)
    const isOidc = presetOf(provider.preset).protocol === 'oidc'
    if (answer.reauthenticate && !isOidc) throw new ProviderProblem('cannot reauthenticate')
    const tokens = await library.authorizationCodeGrant(configuration, answerUrl(answer), {
      expectedState: answer.state,
      pkceCodeVerifier: answer.codeVerifier,
      ...(isOidc && { expectedNonce: answer.nonce, idTokenExpected: true }),
      // With the clock tolerance, re-authentication may take a minute.
      ...(answer.reauthenticate && { maxAge: 0 }),
    })
    const { access_token: accessToken, id_token: idToken = '' } = tokens
    if (!isOidc)
      return identificationIn(provider, {
        ...(await githubClaims(http, provider, accessToken)),
        iss: provider.issuer,
      })
    await verifySignature(library, await metadataOf(http, provider, library), idToken)
    const claims: Claims = tokens.claims() ?? {}
    assertNotFuture(claims, http.now())
    // The library checks it only if there are several audiences (OpenID Connect Core 1.0 §3.1.3.7).
    if ((claims.azp ?? provider.clientId) !== provider.clientId) throw new ProviderProblem('azp')
    const more = await userInfo(library, configuration, provider, { accessToken, claims })
    return identificationIn(provider, { ...claims, ...more, ...appleName(provider, answer.form) })
  } catch (error) {
    throw refusalOf(error, library)
  }
}

/** The redirect URI with the parameters of the answer, as the library reads them. */
function answerUrl({ redirectUri, callback, form }: AuthorizationAnswer): URL {
  const url = new URL(redirectUri)
  url.search = form === null ? callback.search : new URLSearchParams(form).toString()
  return url
}

/** The library does not check this. A token from the future would outlive its expiry. */
function assertNotFuture({ iat, auth_time }: Claims, now: Date): void {
  const latest = now.getTime() / 1_000 + CLOCK_TOLERANCE_SECONDS
  if (Number(iat) > latest) throw new ProviderProblem('issued in the future iat')
  if (Number(auth_time ?? 0) > latest) throw new ProviderProblem('issued in the future auth_time')
}

/**
 * Asks UserInfo if the ID token has no address, or does not say whether it is verified. The library checks the subject of the answer
 * (OpenID Connect Core 1.0 §5.3.2).
 */
async function userInfo(
  library: Library,
  configuration: Configuration,
  { preset }: ProviderConfig,
  { accessToken, claims }: { accessToken: string; claims: Claims },
): Promise<Claims> {
  const { userinfo_endpoint: endpoint } = configuration.serverMetadata()
  const isComplete = typeof claims.email === 'string' && claims.email_verified !== undefined
  if (!presetOf(preset).usesUserInfo || isComplete || endpoint === undefined) return {}
  const answer: Claims = await library
    .fetchUserInfo(configuration, accessToken, String(claims.sub))
    .catch((error: unknown) => {
      if (typeof claims.email !== 'string') throw error
      // The ID token is enough. Its address is not verified.
      return {}
    })
  const { email = claims.email, email_verified, name } = answer
  return { email, email_verified, name: claims.name ?? name }
}

/** Apple sends the name only once, in the form that the browser posts, so the person can change it. */
function appleName({ preset }: ProviderConfig, form: AuthorizationAnswer['form']): Claims {
  if (preset !== 'apple' || form?.user === undefined) return {}
  try {
    const { firstName, lastName } = Object(Object(JSON.parse(form.user)).name)
    const parts = [firstName, lastName].filter((part) => typeof part === 'string' && part !== '')
    return { name: parts.join(' ') }
  } catch {
    return {}
  }
}

function identificationIn(provider: ProviderConfig, claims: Claims): Identification {
  const preset = presetOf(provider.preset)
  if (preset.isTenantAllowed?.(claims, provider) === false) throw new ProviderProblem('tenant tid')
  const subject = textIn(preset.subject(claims), SUBJECT_MAX_LENGTH)
  const issuer = textIn(claims.iss, Infinity)
  if (subject === null || issuer === null) throw new ProviderProblem('subject')
  const email = emailIn(claims)
  return {
    issuer,
    subject,
    email,
    emailVerified: email !== null && preset.isEmailVerified(email, claims, provider),
    name: textIn(claims.name, NAME_MAX_LENGTH),
    sid: textIn(claims.sid, SUBJECT_MAX_LENGTH),
  }
}

/** An address that no account can have counts as none. */
function emailIn({ email: value }: Claims): string | null {
  const email = textIn(value, EMAIL_MAX_LENGTH)
  return email !== null && isEmailAddress(email) && isUnambiguousEmail(email) ? email : null
}

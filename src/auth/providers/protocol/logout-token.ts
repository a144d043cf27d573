import { presetOf } from '../presets/index.ts'
import { CLOCK_TOLERANCE_SECONDS } from './configuration.ts'
import { type Library, loadLibrary } from './library.ts'
import { metadataOf } from './metadata.ts'
import { ProviderProblem, refusalOf } from './problem.ts'
import { type ProviderConfig, type ProviderHttp, tenantIssuer } from './provider.ts'
import { ALGORITHMS, assertType, SUBJECT_MAX_LENGTH, textIn } from './tokens.ts'

/** Older tokens are refused, so a `jti` must be remembered only this long, plus a minute for clocks that differ. */
export const LOGOUT_TOKEN_MAX_AGE_SECONDS = 300

const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout'

/**
 * Whom a provider has signed out. `subject` or `sid` is set, unless the preset takes the subject from another claim.
 */
export interface LogoutNotice {
  readonly issuer: string
  /** The subject of the identity. Without a `sid`, all of its sessions ended. */
  readonly subject: string | null
  /** The session at the provider that ended. */
  readonly sid: string | null
  /** Unique to the token. A second token with it is a replay, which the caller must refuse. */
  readonly jti: string
  readonly issuedAt: Date
}

/**
 * Verifies a logout token (OpenID Connect Back-Channel Logout 1.0 §2.6), except for replay.
 *
 * @throws {AuthError} `provider_failed`: the token is not for us, not of this provider, not a logout token or older than
 *   {@link LOGOUT_TOKEN_MAX_AGE_SECONDS}; or the keys of the provider cannot be fetched.
 */
export async function verifyLogoutToken(
  http: ProviderHttp,
  provider: ProviderConfig,
  token: string,
): Promise<LogoutNotice> {
  let library: Library | null = null
  try {
    library = await loadLibrary()
    const preset = presetOf(provider.preset)
    if (preset.protocol !== 'oidc') throw new ProviderProblem('no logout tokens')
    const { keys, metadata } = await metadataOf(http, provider, library)
    const { payload, protectedHeader } = await library.jwtVerify(token, keys, {
      algorithms: ALGORITHMS,
      audience: provider.clientId,
      issuer: tenantIssuer(metadata.issuer, library.decodeJwt(token).tid),
      currentDate: http.now(),
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      maxTokenAge: LOGOUT_TOKEN_MAX_AGE_SECONDS,
      requiredClaims: ['iat', 'jti'],
    })
    assertType(protectedHeader.typ, ['logout+jwt', 'jwt'])
    const { iss = '', sub, sid, jti, iat = 0, nonce, events } = payload
    // An ID token has a nonce and no event. It must not sign anyone out.
    if (nonce !== undefined) throw new ProviderProblem('logout token nonce')
    const event = Object(events)[LOGOUT_EVENT]
    if (typeof event !== 'object' || event === null) throw new ProviderProblem('logout token events')
    if (typeof jti !== 'string') throw new ProviderProblem('logout token jti')
    if (![sub, sid].every((value) => value === undefined || textIn(value, SUBJECT_MAX_LENGTH) !== null))
      throw new ProviderProblem('logout token subject')
    if (sub === undefined && sid === undefined) throw new ProviderProblem('logout token subject')
    // The subject of an identity may be another claim than `sub`.
    const subject = preset.subject(payload)
    return {
      issuer: iss,
      subject: textIn(subject, SUBJECT_MAX_LENGTH),
      sid: (sid as string | undefined) ?? null,
      jti,
      issuedAt: new Date(iat * 1_000),
    }
  } catch (error) {
    throw refusalOf(error, library)
  }
}

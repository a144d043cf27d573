/** The discovery document of a provider (OpenID Connect Discovery 1.0 §4). */
import { withoutTrailing } from '../../../lib/without-trailing.ts'
import type { Keys, Library } from './library.ts'
import { ProviderProblem } from './problem.ts'
import { type ProviderConfig, type ProviderHttp, TENANT } from './provider.ts'

/** A document is fetched again after an hour. */
const FRESH_MS = 3_600_000
/** If that fails, the old one stays valid for a day. */
const VALID_MS = 24 * FRESH_MS
/** After a failure, the next attempt waits for a minute. */
const PAUSE_MS = 60_000

/** What we read of a document. */
export interface ProviderMetadata {
  readonly issuer: string
  readonly authorization_endpoint: string
  readonly token_endpoint: string
  readonly jwks_uri: string
  readonly userinfo_endpoint?: string
  readonly token_endpoint_auth_methods_supported?: readonly unknown[]
}

export interface KeptDocument {
  readonly metadata: ProviderMetadata
  /** The signing keys. Fetched on first use, and again for an unknown one. */
  readonly keys: Keys
  readonly fetchedAt: number
  /** When to fetch it again. */
  askAgainAt: number
}

/**
 * The metadata of a provider. At most an hour old if the provider answers, and at most a day old otherwise.
 *
 * @throws {ProviderProblem} There is no valid document.
 */
export async function metadataOf(
  http: ProviderHttp,
  provider: ProviderConfig,
  library: Library,
): Promise<KeptDocument> {
  const { documents, now, fetch } = http
  const time = now().getTime()
  // The preset is part of the key, because only that of Microsoft accepts a document for all tenants.
  const key = `${provider.preset} ${provider.issuer}`
  const kept = documents.get(key)
  if (kept !== undefined && time < kept.askAgainAt) return kept
  try {
    const { metadata } = await fetchMetadata(http, provider)
    const keys = library.createRemoteJWKSet(new URL(metadata.jwks_uri), { [library.joseFetch]: fetch })
    const document = { metadata, keys, fetchedAt: time, askAgainAt: time + FRESH_MS }
    documents.set(key, document)
    return document
  } catch (error) {
    if (kept === undefined || time >= kept.fetchedAt + VALID_MS) throw error
    kept.askAgainAt = time + PAUSE_MS
    return kept
  }
}

/** Fetches the document. Returns it with the headers of the answer. @throws {ProviderProblem} It is not valid. */
export async function fetchMetadata(
  { fetch: outbound }: ProviderHttp,
  { preset, issuer }: ProviderConfig,
): Promise<{ metadata: ProviderMetadata; headers: Headers }> {
  const answer = await outbound(`${withoutTrailing(issuer, '/')}/.well-known/openid-configuration`, {
    headers: { accept: 'application/json' },
    redirect: 'manual',
  })
  if (answer.status !== 200) throw new ProviderProblem(`discovery status_${answer.status}`)
  const document: unknown = await answer.json().catch(() => null)
  if (!isDocument(document)) throw new ProviderProblem('discovery malformed')
  // Tokens of another issuer would otherwise be accepted (OpenID Connect Discovery 1.0 §4.3).
  const isOurs =
    document.issuer === issuer || (preset === 'microsoft' && document.issuer === entraIssuer(issuer))
  if (!isOurs) throw new ProviderProblem('discovery issuer')
  const endpoints = [document.authorization_endpoint, document.token_endpoint, document.jwks_uri]
  if (!endpoints.every((endpoint) => isEndpoint(endpoint, issuer)))
    throw new ProviderProblem('discovery endpoint')
  return { metadata: document, headers: answer.headers }
}

/** The tenant of personal Microsoft accounts. */
const PERSONAL_TENANT = '9188040d-6c67-4c5b-b112-36a304b66dad'

/** The issuer that Microsoft puts into a document for several tenants, or for personal accounts. */
function entraIssuer(issuer: string): string {
  return issuer
    .replace(/\/(?:common|organizations)(?=\/v2\.0$)/, `/${TENANT}`)
    .replace(/\/consumers(?=\/v2\.0$)/, `/${PERSONAL_TENANT}`)
}

function isDocument(document: unknown): document is ProviderMetadata {
  if (typeof document !== 'object' || document === null) return false
  const {
    issuer,
    authorization_endpoint,
    token_endpoint,
    jwks_uri,
    userinfo_endpoint = '',
  } = document as Readonly<Record<string, unknown>>
  return [issuer, authorization_endpoint, token_endpoint, jwks_uri, userinfo_endpoint].every(
    (value) => typeof value === 'string',
  )
}

/** Browsers follow one of them, so no other scheme may come in. Plain http is for issuers on this machine. */
function isEndpoint(endpoint: string, issuer: string): boolean {
  const protocol = URL.parse(endpoint)?.protocol
  return protocol === 'https:' || (protocol === 'http:' && issuer.startsWith('http:'))
}

import { presetOf } from '../presets/index.ts'
import { githubApi, githubMetadata } from './github.ts'
import { fetchMetadata } from './metadata.ts'
import { ProviderProblem, refusalOf } from './problem.ts'
import type { ProviderConfig, ProviderHttp } from './provider.ts'

/** What a provider says about itself now. */
export interface Discovered {
  /** As the provider writes it. Microsoft writes `{tenantid}` for the tenant. */
  readonly issuer: string
  readonly authorizationEndpoint: string
  readonly tokenEndpoint: string
  readonly userInfoEndpoint: string | null
  /** How many keys it publishes. `null` if it signs nothing. */
  readonly keyCount: number | null
  /** By how many seconds its clock is ahead of ours. `null` if it does not say. */
  readonly clockDifferenceSeconds: number | null
}

/**
 * Asks a provider for its metadata, for an operator. Neither reads nor fills the cache.
 *
 * @throws {AuthError} `provider_failed`: no answer, or not a valid one.
 */
export async function discover(http: ProviderHttp, provider: ProviderConfig): Promise<Discovered> {
  try {
    const isOidc = presetOf(provider.preset).protocol === 'oidc'
    const { metadata, headers } = isOidc
      ? await fetchMetadata(http, provider)
      : { metadata: githubMetadata(provider.issuer), headers: await githubHeaders(http, provider) }
    const date = Date.parse(headers.get('date') ?? '')
    return {
      issuer: metadata.issuer,
      authorizationEndpoint: metadata.authorization_endpoint,
      tokenEndpoint: metadata.token_endpoint,
      userInfoEndpoint: metadata.userinfo_endpoint ?? null,
      clockDifferenceSeconds: Number.isNaN(date) ? null : Math.round((date - http.now().getTime()) / 1_000),
      keyCount: isOidc ? await countKeys(http, metadata.jwks_uri) : null,
    }
  } catch (error) {
    throw refusalOf(error, null)
  }
}

async function githubHeaders({ fetch: outbound }: ProviderHttp, provider: ProviderConfig): Promise<Headers> {
  const { headers } = await outbound(`${githubApi(provider)}/zen`, { headers: { 'user-agent': 'bienvenue' } })
  return headers
}

async function countKeys({ fetch: outbound }: ProviderHttp, url: string): Promise<number> {
  const answer = await outbound(url, { headers: { accept: 'application/json' }, redirect: 'manual' })
  const document: unknown = await answer.json().catch(() => null)
  const { keys } = Object(document)
  if (answer.status !== 200 || !Array.isArray(keys)) throw new ProviderProblem('keys malformed')
  return keys.length
}

/** GitHub's own protocol: OAuth 2.0 with an API for the person, and no ID token. */
import type { Claims } from '../presets/preset.ts'
import type { ProviderMetadata } from './metadata.ts'
import { ProviderProblem } from './problem.ts'
import type { ProviderConfig, ProviderHttp } from './provider.ts'

/** The endpoints of github.com, or of a GitHub Enterprise Server. They are documented: there is no discovery. */
export function githubMetadata(issuer: string): ProviderMetadata {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/access_token`,
    jwks_uri: '',
    token_endpoint_auth_methods_supported: ['client_secret_post'],
  }
}

/** The address of the API. */
export function githubApi({ issuer }: ProviderConfig): string {
  const { origin, host } = new URL(issuer)
  return host === 'github.com' ? 'https://api.github.com' : `${origin}/api/v3`
}

const EMAILS = '/user/emails'

/** Who the owner of an access token is: `/user`, with `/user/emails` as `emails` and the primary one as `email`. */
export async function githubClaims(
  http: ProviderHttp,
  provider: ProviderConfig,
  accessToken: string,
): Promise<Claims> {
  const [user, emails] = await Promise.all(
    ['/user', EMAILS].map((path) => ask(http, provider, path, accessToken)),
  )
  if (typeof user !== 'object' || user === null || !Array.isArray(emails))
    throw new ProviderProblem('github malformed')
  const primary = emails.find((entry) => entry?.primary === true)
  return { ...user, emails, email: primary?.email }
}

async function ask(
  { fetch: outbound }: ProviderHttp,
  provider: ProviderConfig,
  path: string,
  accessToken: string,
): Promise<unknown> {
  const answer = await outbound(`${githubApi(provider)}${path}`, {
    headers: {
      accept: 'application/vnd.github+json',
      authorization: `Bearer ${accessToken}`,
      // GitHub refuses requests without one.
      'user-agent': 'bienvenue',
      'x-github-api-version': '2022-11-28',
    },
    redirect: 'manual',
  })
  // The operator has requested fewer scopes, so we may not read the addresses.
  if (path === EMAILS && [403, 404].includes(answer.status) && !isRateLimited(answer)) return []
  if (answer.status !== 200) throw new ProviderProblem(`github status_${answer.status}`)
  return answer.json().catch(() => null)
}

/** Whether GitHub answers 403 because of a rate limit, as its API documents it. */
function isRateLimited({ headers }: Response): boolean {
  return headers.has('retry-after') || headers.get('x-ratelimit-remaining') === '0'
}

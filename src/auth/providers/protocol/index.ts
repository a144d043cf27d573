/**
 * A client for OpenID Connect and OAuth: authorization requests, their answers, and logout tokens. No database and no
 * HTTP server. `openid-client` speaks the protocol, `jose` verifies signatures; every request goes through
 * `createOutbound`.
 *
 * @module
 */

export { authorizationUrl } from './authorize.ts'
export { CLOCK_TOLERANCE_SECONDS } from './configuration.ts'
export { type Discovered, discover } from './discover.ts'
export { LOGOUT_TOKEN_MAX_AGE_SECONDS, type LogoutNotice, verifyLogoutToken } from './logout-token.ts'
export { ProviderProblem } from './problem.ts'
export { createProviderHttp, type ProviderConfig, type ProviderHttp } from './provider.ts'
export { redeem } from './redeem.ts'

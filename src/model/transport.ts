/** How a client presents its session token: in our cookie, or as `Authorization: Bearer` (RFC 6750 §2.1). */
export const TRANSPORTS = ['cookie', 'bearer'] as const

/**
 * A session works only with the transport that it was created for. So a leaked cookie is not accepted as a bearer token, nor
 * the other way round.
 */
export type Transport = (typeof TRANSPORTS)[number]

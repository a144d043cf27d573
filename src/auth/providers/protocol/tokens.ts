/** What a signed token must be, whichever provider signed it (RFC 8725). */
import type { Library } from './library.ts'
import type { KeptDocument } from './metadata.ts'
import { ProviderProblem } from './problem.ts'

/** Signatures with keys that only the provider has. Never `none`, and never a shared secret. */
export const ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
]

/** OpenID Connect Core 1.0 §2. */
export const SUBJECT_MAX_LENGTH = 255

/** The provider may have replaced its keys a moment ago. A token need not name its key. */
const UNKNOWN_KEY: ReadonlySet<unknown> = new Set([
  'ERR_JWKS_NO_MATCHING_KEY',
  'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
])

/**
 * Verifies the signature with the keys that the provider publishes. Keys and addresses in the token itself (`jwk`, `jku`, `x5u`)
 * are not used. Fetches the keys again if none of them has signed the token, which must come from the provider itself: otherwise
 * anybody could cause these requests.
 *
 * @throws Errors of `jose`; {@link ProviderProblem}: the token is of another type than `JWT`.
 */
export async function verifySignature(
  library: Library,
  { keys }: KeptDocument,
  token: string,
): Promise<void> {
  const verify = () => library.compactVerify(token, keys, { algorithms: ALGORITHMS })
  const { protectedHeader } = await verify().catch(async (error: unknown) => {
    if (!UNKNOWN_KEY.has(Object(error).code)) throw error
    await keys.reload()
    return verify()
  })
  assertType(protectedHeader.typ, ['jwt'])
}

/** Refuses tokens for another use, which have another type (RFC 8725 §3.11). Many have none, which counts as `JWT`. */
export function assertType(type: unknown, allowed: readonly string[]): void {
  const name = String(type ?? 'JWT')
    .toLowerCase()
    .replace(/^application\//, '')
  if (!allowed.includes(name)) throw new ProviderProblem('token type')
}

/** Text of a provider that can be stored and has at most this many characters, otherwise `null`. */
export function textIn(value: unknown, maxLength: number): string | null {
  const isText = typeof value === 'string' && value !== '' && value.length <= maxLength
  // PostgreSQL stores no zero bytes.
  return isText && value.isWellFormed() && !value.includes('\0') ? value : null
}

/** What a signed token must be, whichever provider signed it (RFC 8725). */
import type { Library } from './library.ts'
import type { KeptDocument } from './metadata.ts'
import { ProviderProblem } from './problem.ts'

/** Signatures with keys that only the provider has. Never `none`, and never a shared secret. */
export const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA']

/**
 * Verifies the signature with the keys that the provider publishes. Keys and addresses in the token itself (`jwk`, `jku`, `x5u`)
 * are not used.
 *
 * @throws Errors of `jose`; {@link ProviderProblem}: the token is of another type than `JWT`.
 */
export async function verifySignature(
  library: Library,
  { keys }: KeptDocument,
  token: string,
): Promise<void> {
  const { protectedHeader } = await library.compactVerify(token, keys, { algorithms: ALGORITHMS })
  assertType(protectedHeader.typ, ['jwt'])
}

/** Refuses tokens for another use, which have another type (RFC 8725 §3.11). Many have none, which counts as `JWT`. */
export function assertType(type: unknown, allowed: readonly string[]): void {
  const name = String(type ?? 'JWT')
    .toLowerCase()
    .replace(/^application\//, '')
  if (!allowed.includes(name)) throw new ProviderProblem('token type')
}

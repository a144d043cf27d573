import { expect } from 'vitest'
import type { SignedIn, SignInResult } from '../../src/auth/index.ts'

/** The result of a sign-in that needs no further step. Fails the test otherwise. */
export function signedIn(result: SignInResult): SignedIn {
  return result.next === 'signed_in' ? result : expect.unreachable(`next: ${result.next}`)
}

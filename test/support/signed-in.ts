import { expect } from 'vitest'
import type { SignedIn, SignInResult } from '../../src/auth/index.ts'
import type { Auth } from '../../src/index.ts'
import { CLIENT, PASSWORD, type Production } from './production.ts'

/** The result of a sign-in that needs no further step. Fails the test otherwise. */
export function signedIn(result: SignInResult): SignedIn {
  return result.next === 'signed_in' ? result : expect.unreachable(`next: ${result.next}`)
}

/** Adds a confirmed account and signs in. @returns Its id, the session token and the device token. */
export async function signInNewUser({ auth, newMails }: Production, email = 'bob@example.com') {
  const { id } = await auth.users.create({ email, password: PASSWORD, confirmed: true })
  const { sessionToken, deviceToken } = signedIn(
    await auth.signIn.withPassword({ email, password: PASSWORD }, CLIENT),
  )
  await newMails()
  return { id, sessionToken, deviceToken: deviceToken ?? expect.unreachable('no device token') }
}

/** Starts another session of an account. */
export async function newSession(auth: Auth, email = 'bob@example.com'): Promise<string> {
  return (await auth.createSession(email)) ?? expect.unreachable('no account')
}

export async function isLive(auth: Auth, sessionToken: string): Promise<boolean> {
  return (await auth.getUserFromSessionId(sessionToken)) !== null
}

/** Session tokens that no session has. */
export const INVALID_TOKENS = [null, undefined, '', `01978f7e-0000-7000-8000-000000000000.${'A'.repeat(43)}`]

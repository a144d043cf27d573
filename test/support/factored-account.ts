/** An account with every kind of second factor, set up as a user does it. */
import { expect } from 'vitest'
import type { AwaitedSignIn, PasskeyInfo, SignInResult } from '../../src/index.ts'
import { decodeBase32 } from '../../src/lib/base32.ts'
import { totpCode, totpStep } from '../../src/lib/totp.ts'
import type { SoftwareAuthenticator } from './authenticator.ts'
import type { EngineName } from './engines.ts'
import { addPasskey, addTotp, PASSKEY_BROWSER, passkeyAnswer } from './factors.ts'
import { CLIENT, PASSWORD, type Production, productionAuth } from './production.ts'
import { signedIn } from './signed-in.ts'

interface OwnedPasskey {
  readonly authenticator: SoftwareAuthenticator
  readonly passkey: PasskeyInfo
}

/** Bob, with an authenticator app, two passkeys and recovery codes. */
export interface Factored extends Production {
  readonly id: number
  readonly email: string
  /** A session with two factors. */
  readonly sessionToken: string
  /** The secret of the app, in base32. */
  readonly secret: string
  readonly recoveryCodes: readonly string[]
  readonly passkeys: readonly [OwnedPasskey, OwnedPasskey]
}

export async function accountWithFactors(
  engine: EngineName,
  options: Parameters<typeof productionAuth>[1] = {},
): Promise<Factored> {
  const production = await productionAuth(engine, options)
  const { auth, now } = production
  const right = { email: 'bob@example.com', password: PASSWORD }
  const { id } = await auth.users.create({ ...right, confirmed: true })
  const begun = signedIn(await auth.signIn.withPassword(right, CLIENT))
  const weak = { sessionToken: begun.sessionToken }
  const { secret } = await auth.factors.startTotp(weak)
  const { recoveryCodes, sessionToken: strong } = await addTotp(auth, now, weak)
  now.advance(60)
  const first = await addPasskey(auth, { sessionToken: strong })
  now.advance(1)
  const { sessionToken, ...second } = await addPasskey(auth, { sessionToken: first.sessionToken })
  const passkeys = [first, second] as const
  now.advance(60)
  await production.newMails()
  return { ...production, id, email: right.email, sessionToken, secret, recoveryCodes, passkeys }
}

/** The code of an authenticator app. */
export function codeOf(secret: string, at: Date): string {
  return totpCode(decodeBase32(secret) ?? expect.unreachable(), totpStep(at))
}

/** Signs in with a passkey alone. */
export async function signInWithPasskey(
  { auth }: Pick<Production, 'auth'>,
  { authenticator }: OwnedPasskey,
): Promise<SignInResult> {
  const answer = await passkeyAnswer(auth, authenticator, 'sign_in')
  return auth.signIn.withPasskey(answer, { ...CLIENT, browserToken: PASSKEY_BROWSER })
}

/** Signs in with the password. Fails the test unless another step is needed. */
export async function beginSignIn({ auth, email }: Pick<Factored, 'auth' | 'email'>): Promise<AwaitedSignIn> {
  const result = await auth.signIn.withPassword({ email, password: PASSWORD }, CLIENT)
  return result.next === 'signed_in' ? expect.unreachable('is signed in') : result
}

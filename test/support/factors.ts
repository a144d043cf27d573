/** An account with every kind of second factor, set up as a user does it. */
import { expect } from 'vitest'
import type { AwaitedSignIn, PasskeyCreationOptions, PasskeyRequestOptions } from '../../src/index.ts'
import { decodeBase32 } from '../../src/lib/base32.ts'
import { totpCode, totpStep } from '../../src/lib/totp.ts'
import { SoftwareAuthenticator } from './authenticator.ts'
import type { EngineName } from './engines.ts'
import { BASE_URL, CLIENT, PASSWORD, type Production, productionAuth } from './production.ts'
import { signedIn } from './signed-in.ts'

const BROWSER = { ...CLIENT, browserToken: 'b'.repeat(43) }

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

interface OwnedPasskey {
  readonly id: string
  readonly device: SoftwareAuthenticator
}

export async function accountWithFactors(
  engine: EngineName,
  options: Parameters<typeof productionAuth>[1] = {},
): Promise<Factored> {
  const production = await productionAuth(engine, options)
  const { auth, now } = production
  const right = { email: 'bob@example.com', password: PASSWORD }
  const { id } = await auth.users.create({ ...right, confirmed: true })
  const { sessionToken: weak } = signedIn(await auth.signIn.withPassword(right, CLIENT))
  const { secret } = await auth.factors.startTotp({ sessionToken: weak })
  const first = { code: codeOf(secret, now()) }
  const { recoveryCodes } = await auth.factors.confirmTotp(first, { sessionToken: weak })
  now.advance(60)
  const totp = codeOf(secret, now())
  const { sessionToken } = await auth.signIn.reauthenticate({ totp }, { sessionToken: weak })
  const one = await addPasskey(production, sessionToken)
  now.advance(1)
  const passkeys = [one, await addPasskey(production, sessionToken)] as const
  now.advance(60)
  await production.newMails()
  return {
    ...production,
    id,
    email: right.email,
    sessionToken,
    secret,
    recoveryCodes: recoveryCodes ?? expect.unreachable(),
    passkeys,
  }
}

/** The code of an authenticator app. */
export function codeOf(secret: string, at: Date): string {
  return totpCode(decodeBase32(secret) ?? expect.unreachable(), totpStep(at))
}

async function addPasskey({ auth }: Production, sessionToken: string): Promise<OwnedPasskey> {
  const caller = { ...BROWSER, sessionToken }
  const { ceremony, options } = await auth.passkeys.startCeremony({ purpose: 'add_passkey' }, caller)
  const device = new SoftwareAuthenticator({ origin: BASE_URL })
  const credential = device.create(options as PasskeyCreationOptions)
  const { passkey } = await auth.passkeys.add({ ceremony, credential }, caller)
  return { id: passkey.id, device }
}

/** Signs in with a passkey alone. */
export async function signInWithPasskey({ auth }: Pick<Production, 'auth'>, device: SoftwareAuthenticator) {
  const { ceremony, options } = await auth.passkeys.startCeremony(
    { purpose: 'sign_in' },
    { ...BROWSER, sessionToken: null },
  )
  const credential = device.get(options as PasskeyRequestOptions)
  return auth.signIn.withPasskey({ ceremony, credential }, BROWSER)
}

/** Signs in with the password. Fails the test unless the sign-in waits for something. */
export async function beginSignIn({ auth, email }: Pick<Factored, 'auth' | 'email'>): Promise<AwaitedSignIn> {
  const result = await auth.signIn.withPassword({ email, password: PASSWORD }, CLIENT)
  return result.next === 'signed_in' ? expect.unreachable('is signed in') : result
}

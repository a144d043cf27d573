/** Second factors in tests: an authenticator app, and passkeys in software. */
import { expect } from 'vitest'
import type { AuthService, Enrolled, PasskeyInfo, SessionCaller } from '../../src/auth/index.ts'
import { decodeBase32 } from '../../src/lib/base32.ts'
import { totpCode, totpStep } from '../../src/lib/totp.ts'
import type { CeremonyPurpose } from '../../src/model/factors.ts'
import { SoftwareAuthenticator } from './authenticator.ts'

/** An authenticator app that is set up. */
export interface TestApp {
  /** Its code now, or that many steps of 30 seconds later. Each step can be used once. */
  codeAt(steps?: number): string
  /** The recovery codes that came with it. Empty if there were some already. */
  readonly recoveryCodes: readonly string[]
  /** The session that has the app. It replaces that of the caller. */
  readonly sessionToken: string
}

/** Reads the secret of an app that is being set up. */
export async function scanTotp(auth: AuthService, now: () => Date, caller: SessionCaller) {
  const { secret } = await auth.factors.startTotp(caller)
  const key = decodeBase32(secret) ?? expect.unreachable()
  return { codeAt: (steps = 0) => totpCode(key, totpStep(now()) + steps) }
}

/** Sets up an authenticator app. This uses its current code. */
export async function addTotp(auth: AuthService, now: () => Date, caller: SessionCaller): Promise<TestApp> {
  const { codeAt } = await scanTotp(auth, now, caller)
  const enrolled = await auth.factors.confirmTotp({ code: codeAt() }, caller)
  return { codeAt, recoveryCodes: enrolled.recoveryCodes ?? [], sessionToken: sessionAfter(enrolled) }
}

/** The session after a factor was set up. */
export function sessionAfter({ signedIn, renewed }: Enrolled): string {
  return (signedIn ?? renewed)?.sessionToken ?? expect.unreachable('no session')
}

/** The token of the browser in which the passkeys are used. */
export const PASSKEY_BROWSER = 'p'.repeat(43)

type Options = ConstructorParameters<typeof SoftwareAuthenticator>[0]

/** Adds a passkey of a software authenticator. The returned `sessionToken` replaces that of the caller. */
export async function addPasskey(
  auth: AuthService,
  caller: SessionCaller,
  options: Partial<Options> & { readonly purpose?: 'add_passkey' | 'add_security_key' } = {},
): Promise<{ authenticator: SoftwareAuthenticator; passkey: PasskeyInfo; sessionToken: string }> {
  const { purpose = 'add_passkey', ...more } = options
  const authenticator = new SoftwareAuthenticator({ origin: new URL(auth.options.baseUrl).origin, ...more })
  const inBrowser = { browserToken: PASSKEY_BROWSER, ...caller }
  const begun = await auth.passkeys.startCeremony({ purpose }, inBrowser)
  const { ceremony } = begun
  if (!('user' in begun.options)) return expect.unreachable()
  const credential = authenticator.create(begun.options)
  const added = await auth.passkeys.add({ ceremony, credential }, inBrowser)
  return { authenticator, passkey: added.passkey, sessionToken: sessionAfter(added) }
}

/** The response of a passkey to a new ceremony. */
export async function passkeyAnswer(
  auth: AuthService,
  authenticator: SoftwareAuthenticator,
  purpose: CeremonyPurpose,
  caller: Partial<SessionCaller> = {},
  changes: Parameters<SoftwareAuthenticator['get']>[1] = {},
) {
  const inBrowser = { browserToken: PASSKEY_BROWSER, sessionToken: null, ...caller }
  const { ceremony, options } = await auth.passkeys.startCeremony({ purpose }, inBrowser)
  if ('user' in options) return expect.unreachable()
  return { ceremony, credential: authenticator.get(options, changes) }
}

/** A chapter of the story: Fay's second factors, and what goes wrong with them. */
import { expect } from 'vitest'
import type { SessionCaller } from '../../src/auth/index.ts'
import { createKeyring, parseSecretKeys } from '../../src/lib/keyring.ts'
import { addPasskey, addTotp, PASSKEY_BROWSER, passkeyAnswer } from './factors.ts'
import { CLIENT, PASSWORD, type Production } from './production.ts'
import { signedIn } from './signed-in.ts'

export const FAY = 'fay.factor@example.com'

const RIGHT = { email: FAY, password: PASSWORD }
const BROWSER = { browserToken: PASSKEY_BROWSER, ...CLIENT }
const WRONG_CODE = '000000'

/** What a chapter of the story needs. */
export interface Chapter extends Production {
  keepSecret(value: string | undefined): void
  keepRows(): Promise<void>
}

export async function tellOfFactors({
  auth,
  now,
  newMails,
  db,
  keepSecret,
  keepRows,
  oldKey,
}: Chapter & {
  /** The key that was replaced. */
  readonly oldKey: string
}): Promise<void> {
  const { id } = await auth.users.create({ ...RIGHT, confirmed: true })
  const { sessionToken } = signedIn(await auth.signIn.withPassword(RIGHT, CLIENT))
  const session = { sessionToken, ...BROWSER }
  const { authenticator, passkey, sessionToken: withPasskey } = await addPasskey(auth, session)
  const renewed = await auth.signIn.reauthenticate(
    await passkeyAnswer(auth, authenticator, 'step_up', { ...session, sessionToken: withPasskey }),
    { ...session, sessionToken: withPasskey },
  )
  const strong = { ...session, sessionToken: renewed.sessionToken }
  const app = await addTotp(auth, now, strong)
  for (const code of app.recoveryCodes) keepSecret(code)
  now.advance(60)
  const withApp = { ...session, sessionToken: app.sessionToken }
  const again = await auth.signIn.reauthenticate({ totp: app.codeAt() }, withApp)
  await keepRows()
  await newMails()

  expect(await auth.validLogin(FAY, PASSWORD)).toBe(false)
  await waiting()
  await keepRows()

  // A copy of the passkey is used, then an unknown passkey. Then the passkey becomes synced.
  const stale = await passkeyAnswer(auth, authenticator, 'sign_in', BROWSER, { signCount: 1 })
  await refused(auth.signIn.withPasskey(stale, BROWSER))
  const stranger = await passkeyAnswer(auth, authenticator, 'sign_in', BROWSER)
  const id64 = Buffer.alloc(32, 9).toString('base64url')
  await refused(
    auth.signIn.withPasskey(
      { ...stranger, credential: { ...stranger.credential, id: id64, rawId: id64 } },
      BROWSER,
    ),
  )
  const synced = { flags: { be: true, bs: true }, signCount: 0 }
  await auth.signIn.withPasskey(await passkeyAnswer(auth, authenticator, 'sign_in', BROWSER, synced), BROWSER)
  await newMails()

  // Too many wrong codes disable the app: once while signing in, once while re-authenticating.
  const guesses = [
    async () => auth.signIn.withTotp({ code: WRONG_CODE }, { loginToken: await waiting(), ...CLIENT }),
    () => auth.signIn.reauthenticate({ totp: WRONG_CODE }, { ...BROWSER, sessionToken: again.sessionToken }),
  ]
  for (const guess of guesses) {
    await db.updateTable('totp').set({ failures: 99, disabled_at: null }).where('user_id', '=', id).execute()
    await refused(guess())
  }
  // The key is replaced.
  const place = { table: 'totp', column: 'pending_sealed_secret', row: id }
  const sealed = createKeyring(parseSecretKeys(oldKey)).seal('totp', place, Buffer.alloc(20, 7))
  await db.updateTable('totp').set({ pending_sealed_secret: sealed }).where('user_id', '=', id).execute()
  expect(await auth.secrets.reseal()).toMatchObject({ resealed: 1 })

  // She removes each factor.
  for (const act of [
    (caller: SessionCaller) => auth.factors.renewRecoveryCodes(caller),
    (caller: SessionCaller) => auth.factors.removeTotp(caller),
  ]) {
    const { sessionToken } = signedIn(
      await auth.signIn.withPasskey(
        await passkeyAnswer(auth, authenticator, 'sign_in', BROWSER, synced),
        BROWSER,
      ),
    )
    const caller = { ...BROWSER, sessionToken }
    const codes = await act(caller)
    if (codes !== undefined) {
      const spent = { code: codes[0] ?? '' }
      await auth.signIn.withRecoveryCode(spent, { loginToken: await waiting(), ...CLIENT })
    } else await auth.passkeys.remove({ id: passkey.id }, caller)
  }
  await auth.users.requireSecondFactor(id, { required: true })

  // An operator takes the recovery codes away.
  await auth.users.revokeFactors(id, { recoveryCodes: true })

  // The notices about unfinished sign-ins are sent.
  now.advance(2 * 3_600)
  await newMails()
  await auth.users.delete(id)

  async function waiting(): Promise<string> {
    const result = await auth.signIn.withPassword(RIGHT, CLIENT)
    if (result.next === 'signed_in') return expect.unreachable()
    keepSecret(result.loginToken)
    return result.loginToken
  }
}

function refused(promise: Promise<unknown>): Promise<void> {
  return expect(promise).rejects.toMatchObject({ code: expect.any(String) })
}

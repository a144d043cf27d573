/** What the attack tests share: a victim, an attacker, and short forms of responses. */
import { expect } from 'vitest'
import type { Database } from '../../src/db/index.ts'
import type { Account, Auth, CreateAuthOptions, Mail } from '../../src/index.ts'
import { CHEAP_HASHER, type EngineName, freshAuth, testClock } from '../support/engines.ts'
import {
  BASE_URL,
  cookieIn,
  NEW_PASSWORD,
  PASSWORD,
  type Production,
  randomKey,
  until,
  untilNoMailWaits,
} from '../support/production.ts'
import { type Send, send } from '../support/send.ts'

export const VICTIM = 'victim@example.com'
export const MALLORY = 'mallory@evil.example'
export const EVIL = 'evil.example'
export const OTHER = 'other@example.com'
export const NEW_ADDRESS = 'new@example.com'
/** The password that the attacker wants to set, or guesses. */
export const PWNED = 'whatever the attacker wants'

/** The highest limits that production mode allows, for tests that are not about limits. */
export const GENEROUS = {
  loginFailuresPerAccount: 100,
  loginFailuresPerIp: 100_000,
  resetRequestsPerAccount: 100,
  resetRequestsPerIp: 100_000,
  registrationsPerIp: 100_000,
  mailsPerMailbox: 1_000,
} as const satisfies CreateAuthOptions

/** A service with any options. */
export interface Plain {
  readonly auth: Auth
  /** Waits until the outbox is empty. @returns The mail sent since the last call. */
  mails(): Promise<readonly Mail[]>
}

/** Opens the service in production mode. Unlike `productionAuth`, the test can set another mode or base URL. */
export async function plainAuth(engine: EngineName, options: CreateAuthOptions = {}): Promise<Plain> {
  const mails: Mail[] = []
  const auth = await freshAuth(engine, {
    mode: 'production',
    baseUrl: BASE_URL,
    secretKey: randomKey(),
    breachCheckUrl: 'off',
    now: testClock(),
    ...(options.smtpUrl === undefined && {
      mailer: { send: async (mail) => void mails.push(mail), close() {} },
    }),
    ...options,
  })
  return {
    auth,
    async mails() {
      await untilNoMailWaits(auth)
      return mails.splice(0)
    },
  }
}

/** A token of the same form that differs in its last characters. */
export function otherToken(token: string): string {
  return `${token.slice(0, -2)}${token.endsWith('A') ? 'AE' : 'AA'}`
}

/** Adds an account with a confirmed address. */
export function addMember(auth: Auth, email = VICTIM, password = PASSWORD): Promise<Account> {
  return auth.users.create({ email, password, confirmed: true })
}

/** Signs in over HTTP. @returns The values of the cookies. */
export async function signIn(
  auth: Auth,
  email = VICTIM,
  { password = PASSWORD, ...request }: Send & { password?: string } = {},
): Promise<{ sessionToken: string; deviceToken: string }> {
  const answer = await send(auth, 'POST', '/sessions', { form: { email, password }, ...request })
  const [sessionToken, deviceToken] = [cookieIn(answer, 'session_id'), cookieIn(answer, 'device')]
  if (sessionToken === undefined || deviceToken === undefined)
    throw new Error(`not signed in: ${await outcome(answer)}`)
  return { sessionToken, deviceToken }
}

/** A response in short: `200`, or the status and code of a refusal, as in `401 invalid_credentials`. */
export async function outcome(answer: Response | Promise<Response>): Promise<string> {
  const { status, ok, headers, body } = await answer
  if (ok || body === null || headers.get('content-type')?.startsWith('application/json') !== true)
    return String(status)
  const { code, message } = (await new Response(body).json()) as Record<string, string>
  return `${status} ${code ?? message}`
}

/** How often each outcome occurred. */
export function tally(outcomes: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const each of outcomes) counts[each] = (counts[each] ?? 0) + 1
  return counts
}

/** Whether this is the current password of an account, even if signing in with it is refused. */
export async function isPasswordOf(auth: Auth, email: string, password: string): Promise<boolean> {
  const { hashedPassword } = await auth.db.findUserBy({ email })
  return CHEAP_HASHER.verify(password, hashedPassword)
}

/** The row of an account, to see whether anything in it changed. */
export function rowOf({ db }: Pick<Production, 'db'>, email: string): Promise<unknown> {
  return db.selectFrom('users').selectAll().where('email', '=', email).executeTakeFirst()
}

/**
 * Waits until no mail can leave within the current hour of the test clock. Mail over a limit is scheduled for the
 * next full hour, and merged notices for a later time. A mail that is being sent has a lease that ends sooner.
 */
export function untilMailIsSettled(db: Database): Promise<void> {
  return until(async () => {
    const rows = await db.selectFrom('outbox').select(['attempts', 'next_attempt_at']).execute()
    const [now, nextHour] = ['2026-11-21T12:00:00Z', '2026-11-21T13:00:00Z'].map(Date.parse)
    return rows.every(
      ({ attempts, next_attempt_at }) =>
        next_attempt_at === nextHour || (attempts === 0 && next_attempt_at > (now ?? 0)),
    )
  })
}

export const askReset = ({ auth }: Pick<Production, 'auth'>, email: string, ip?: string) =>
  send(auth, 'POST', '/reset_password', { form: { email }, ...(ip && { ip }) })

export const reset = (
  { auth }: Pick<Production, 'auth'>,
  email: string,
  token: string,
  password = NEW_PASSWORD,
) => send(auth, 'PUT', '/reset_password', { form: { email, reset_token: token, new_password: password } })

export const confirm = ({ auth }: Pick<Production, 'auth'>, token: string, password = PASSWORD) =>
  send(auth, 'POST', '/confirm_email', { json: { token, password } })

/** Requests a reset. @returns The token in the mailed link. */
export async function mailedReset(service: Production, email: string): Promise<string> {
  expect(await outcome(askReset(service, email))).toBe('200')
  return (await service.mailedLink('reset_password')).token
}

/** Requests another address for an account. @returns The token in the mailed link. */
export async function mailedChange(service: Production, email: string, newEmail: string): Promise<string> {
  const { sessionToken } = await signIn(service.auth, email)
  const answer = await send(service.auth, 'PUT', '/profile/email', {
    json: { email: newEmail },
    sessionToken,
  })
  expect(await outcome(answer)).toBe('200')
  return (await service.mailedLink('confirm_new_email')).token
}

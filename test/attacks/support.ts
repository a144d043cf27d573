/** What the attacks share: a victim, a stranger, and short words for what an answer was. */
import type { Database } from '../../src/db/index.ts'
import type { Account, Auth, CreateAuthOptions, Mail } from '../../src/index.ts'
import { CHEAP_HASHER, type EngineName, freshAuth, testClock } from '../support/engines.ts'
import {
  BASE_URL,
  cookieIn,
  PASSWORD,
  type Production,
  randomKey,
  until,
  untilNoMailWaits,
} from '../support/production.ts'
import { type Send, send } from '../support/send.ts'

export const VICTIM = 'victim@example.com'
export const MALLORY = 'mallory@evil.example'
/** What a stranger would have the victim's password be. */
export const PWNED = 'whatever the stranger wants'

/** For tests that are about something else than limits: as far as production allows. */
export const GENEROUS = {
  loginFailuresPerAccount: 100,
  loginFailuresPerIp: 100_000,
  resetRequestsPerAccount: 100,
  resetRequestsPerIp: 100_000,
  registrationsPerIp: 100_000,
  mailsPerMailbox: 1_000,
} as const satisfies CreateAuthOptions

/** The service with any options, and every mail it sent so far, whatever name it gives itself in it. */
export interface Plain {
  readonly auth: Auth
  mails(): Promise<readonly Mail[]>
}

/** Production mode but for what the test sets; unlike `productionAuth` also in another mode, or under another name. */
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

/** An account in good standing, whose address is confirmed. */
export function addMember(auth: Auth, email = VICTIM, password = PASSWORD): Promise<Account> {
  return auth.users.create({ email, password, confirmed: true })
}

/** Signs in over HTTP, and gives what the browser would keep. */
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

/** An answer in short: `200`, or the status and code of a refusal, as in `401 invalid_credentials`. */
export async function outcome(answer: Response | Promise<Response>): Promise<string> {
  const { status, ok, headers, body } = await answer
  if (ok || body === null || headers.get('content-type')?.startsWith('application/json') !== true)
    return String(status)
  const { code, message } = (await new Response(body).json()) as Record<string, string>
  return `${status} ${code ?? message}`
}

/** How often each outcome came. */
export function tally(outcomes: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const each of outcomes) counts[each] = (counts[each] ?? 0) + 1
  return counts
}

/** Whether this is the password of an account by now, whatever a login would say. */
export async function isPasswordOf(auth: Auth, email: string, password: string): Promise<boolean> {
  const { hashedPassword } = await auth.db.findUserBy({ email })
  return CHEAP_HASHER.verify(password, hashedPassword)
}

/** The row of an account, to see whether anything of it changed. */
export function rowOf({ db }: Pick<Production, 'db'>, email: string): Promise<unknown> {
  return db.selectFrom('users').selectAll().where('email', '=', email).executeTakeFirst()
}

/**
 * Until every mail that may leave within the hour has left: what is over its limit waits for the next one, and
 * what is merged for its time. (What is in hand is due sooner than the next hour.)
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

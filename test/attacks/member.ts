/** A member with second factors, and the steps of their sign-in over HTTP. */
import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import type { SoftwareAuthenticator } from '../support/authenticator.ts'
import type { EngineName } from '../support/engines.ts'
import { addPasskey, addTotp, PASSKEY_BROWSER, passkeyAnswer, type TestApp } from '../support/factors.ts'
import { PASSWORD, type Production, productionAuth } from '../support/production.ts'
import { type Send, send, sessionIn } from '../support/send.ts'
import { addMember, GENEROUS, outcome, VICTIM } from './support.ts'

/** A member, and what they have. */
export interface Member {
  readonly id: number
  readonly email: string
  readonly app: TestApp
  readonly authenticator: SoftwareAuthenticator
}

/** The factors of a member besides the password. Recovery codes take long to hash, so an unknown one is stored. */
interface Factors {
  readonly app?: boolean
  readonly passkey?: boolean
  readonly codes?: boolean
}

/** A service and the requests that a client makes. */
export interface Stage extends Production {
  /** One request from the browser in which passkeys are used. */
  ask(method: string, path: string, request?: Send): Promise<Response>
  /** The same, as a short text. */
  go(method: string, path: string, request?: Send): Promise<string>
  /** Signs in with the password. */
  enter(email?: string, request?: Send): Promise<Response>
  /** Does the same, and returns the token of the sign-in that waits. */
  wait(email?: string, request?: Send): Promise<string>
  /** Finishes a sign-in with a code of the app. */
  finish(code: string, loginToken: string | undefined, request?: Send): Promise<Response>
  member(has: Factors, email?: string): Promise<Member>
  /** A session with the given strength, fresh. */
  session(email?: string, amr?: string): Promise<string>
  /** The assertion of a passkey for a new ceremony, as the fields of a request. */
  assertion(
    authenticator: SoftwareAuthenticator,
    purpose: 'sign_in' | 'second_factor' | 'step_up',
    request?: Pick<Send, 'loginToken' | 'sessionToken'>,
    changes?: Parameters<SoftwareAuthenticator['get']>[1],
  ): ReturnType<typeof passkeyAnswer>
}

export async function stage(
  engine: EngineName,
  options: Parameters<typeof productionAuth>[1] = {},
): Promise<Stage> {
  const production = await productionAuth(engine, { ...GENEROUS, signInsPerAccount: 600, ...options })
  const { auth, db, now, newMails } = production
  const ask = (method: string, path: string, request: Send = {}) =>
    send(auth, method, path, { browserToken: PASSKEY_BROWSER, ...request })
  const enter = (email = VICTIM, request: Send = {}) =>
    ask('POST', '/sessions', { json: { email, password: PASSWORD }, ...request })

  async function session(email = VICTIM, amr = 'pwd'): Promise<string> {
    const sessionToken = (await auth.createSession(email)) ?? expect.unreachable()
    const [id = ''] = sessionToken.split('.')
    const aal = amr.endsWith('mfa') ? 2 : 1
    await db.updateTable('sessions').set({ aal, amr }).where('id', '=', id).execute()
    return sessionToken
  }

  return {
    ...production,
    ask,
    go: (method, path, request) => outcome(ask(method, path, request)),
    enter,
    async wait(email, request) {
      const answer = await enter(email, request)
      return loginIn(answer) ?? expect.unreachable(`does not wait: ${await outcome(answer)}`)
    },
    finish: (code, loginToken, request = {}) =>
      ask('POST', '/sessions/totp', { json: { code }, loginToken, ...request }),
    session,
    async member({ app = false, passkey = false, codes = false }, email = VICTIM) {
      const { id } = await addMember(auth, email)
      if ((app || passkey) && !codes) {
        const row = { id: randomUUID(), user_id: id, position: 0, code_hash: 'unknown', created_at: 1 }
        await db.insertInto('recovery_codes').values(row).execute()
      }
      const caller = { sessionToken: await session(email, 'hwk mfa') }
      const added = passkey ? await addPasskey(auth, caller) : undefined
      const testApp = app ? await addTotp(auth, now, added ?? caller) : undefined
      await db.deleteFrom('sessions').where('user_id', '=', id).execute()
      // The code that confirmed the app is used up.
      now.advance(60)
      await newMails()
      return {
        id,
        email,
        get app() {
          return testApp ?? expect.unreachable('no app')
        },
        get authenticator() {
          return added?.authenticator ?? expect.unreachable('no passkey')
        },
      }
    },
    assertion: (authenticator, purpose, request = {}, changes = {}) =>
      passkeyAnswer(auth, authenticator, purpose, request, changes),
  }
}

/** The token of a sign-in that waits, in the cookie that a response sets. */
export function loginIn(answer: Response): string | undefined {
  const cookie = answer.headers.getSetCookie().find((value) => value.startsWith('__Host-login='))
  if (cookie === undefined || cookie.startsWith('__Host-login=;')) return undefined
  return (
    /^__Host-login=([^;]+); Path=\/; Max-Age=600; Expires=[^;]+ GMT; Secure; HttpOnly; SameSite=Lax$/.exec(
      cookie,
    )?.[1] ?? expect.unreachable(`wrong attributes: ${cookie}`)
  )
}

/** Where a response leaves the client: `aal 1` or `aal 2` with a session, what the sign-in waits for, or the refusal. */
export async function whereabouts({ ask }: Stage, answer: Response): Promise<string> {
  const sessionToken = sessionIn(answer)
  const loginToken = loginIn(answer)
  if (sessionToken) {
    expect(loginToken).toBeUndefined()
    const current = await ask('GET', '/session', { sessionToken })
    const { session } = (await current.json()) as { session: { aal: number } | null }
    return session === null ? 'held back' : `aal ${session.aal}`
  }
  if (loginToken === undefined) return outcome(answer)
  const pending = await ask('GET', '/sessions/pending', { loginToken })
  const { next, methods } = (await pending.json()) as { next: string; methods: string[] }
  return [next, ...methods].join(' ')
}

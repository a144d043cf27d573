/** An account in good standing in production mode, and the requests that are made for it. */
import { expect } from 'vitest'
import type { EngineName } from '../support/engines.ts'
import { NEW_PASSWORD, PASSWORD, type Production, productionAuth } from '../support/production.ts'
import { type Send, send } from '../support/send.ts'
import { ALICE, BOB, NEW_ADDRESS, WRONG } from './story.ts'

/** Alice, signed in. */
export interface World extends Production {
  readonly userId: number
  readonly sessionToken: string
  /** What was written into the audit so far. */
  readonly actions: readonly string[]
  ask(method: string, path: string, request?: Send): Promise<Response>
  /** Another session of hers. */
  newSession(): Promise<string>
}

export async function worldOf(
  engine: EngineName,
  options: Parameters<typeof productionAuth>[1] = {},
): Promise<World> {
  const actions: string[] = []
  const onAudit = ({ action }: { action: string }) => void actions.push(action)
  const production = await productionAuth(engine, { publicApiDocs: true, ...options, onAudit })
  const { auth } = production
  const { id } = await auth.users.create({ email: ALICE, password: PASSWORD, confirmed: true })
  const newSession = async () => (await auth.createSession(ALICE)) ?? expect.unreachable()
  return {
    ...production,
    userId: id,
    sessionToken: await newSession(),
    actions,
    ask: (method, path, request) => send(auth, method, path, request),
    newSession,
  }
}

/** The code of a refusal, or the status of what went well. */
export async function outcome(answer: Response): Promise<string> {
  return answer.status < 400 ? String(answer.status) : ((await answer.json()) as { code: string }).code
}

/** A request, with the path where that has a parameter. */
export interface Good extends Send {
  readonly path?: string
}

const nothing = () => ({})

/** For each route a request of Alice that succeeds; of what needs a session, without it. */
export const GOOD: Readonly<Record<string, (world: World) => Promise<Good> | Good>> = {
  'GET /': nothing,
  'DELETE /': nothing,
  'POST /users': () => ({ json: { email: BOB, password: PASSWORD } }),
  'POST /sessions': () => ({ json: { email: ALICE, password: PASSWORD } }),
  'DELETE /sessions': nothing,
  'GET /profile': nothing,
  'POST /reset_password': () => ({ json: { email: ALICE } }),
  'PUT /reset_password': async ({ auth, mailedLink }) => {
    await auth.account.requestPasswordReset({ email: ALICE })
    const { token } = await mailedLink('reset_password')
    return { json: { email: ALICE, reset_token: token, new_password: NEW_PASSWORD } }
  },
  'POST /request_confirmation': () => ({ json: { email: ALICE } }),
  'POST /confirm_email': async ({ auth, mailedLink, sessionToken }) => {
    await auth.account.changeEmail({ email: NEW_ADDRESS }, { sessionToken })
    const { token } = await mailedLink('confirm_new_email')
    return { json: { token, password: PASSWORD } }
  },
  'GET /sessions': nothing,
  'DELETE /sessions/others': nothing,
  'DELETE /sessions/{id}': async ({ newSession }) => ({
    path: `/sessions/${(await newSession()).split('.')[0]}`,
  }),
  'POST /reauthenticate': () => ({ json: { password: PASSWORD } }),
  'PUT /profile/password': () => ({ json: { current_password: PASSWORD, new_password: NEW_PASSWORD } }),
  'PUT /profile/email': () => ({ json: { email: NEW_ADDRESS } }),
  'POST /profile/export': nothing,
  'DELETE /profile': nothing,
  'GET /confirm_email': nothing,
  'GET /reset_password': nothing,
  'GET /healthz': nothing,
  'GET /readyz': nothing,
  'GET /openapi.json': nothing,
}

const PROOFS = { password: ['password', 'current_password'], token: ['token', 'reset_token'] }

/** The same request with another password, or another token, than the right one. */
export function withWrong(proof: keyof typeof PROOFS, { json, ...request }: Good): Good {
  if (json === undefined) return request
  const fields = Object.entries(json).map(([name, value]) => [
    name,
    PROOFS[proof].includes(name) ? WRONG : value,
  ])
  return { ...request, json: Object.fromEntries(fields) }
}

/** An account in good standing in production mode, and the requests that operations accept for it. */
import { expect } from 'vitest'
import { z } from 'zod'
import * as fields from '../../src/api/fields.ts'
import type { Operation } from '../../src/api/index.ts'
import type { AuditRecord } from '../../src/auth/index.ts'
import type { EngineName } from './engines.ts'
import { NEW_PASSWORD, PASSWORD, type Production, productionAuth } from './production.ts'
import { type Send, send } from './send.ts'
import { ALICE, NEW_ADDRESS, WRONG } from './story.ts'

/** Alice, signed in. */
export interface World extends Production {
  readonly userId: number
  readonly sessionToken: string
  /** What the audit has so far. */
  readonly audit: readonly AuditRecord[]
  ask(method: string, path: string, request?: Send): Promise<Response>
  /** Starts another session of hers. */
  newSession(): Promise<string>
}

export async function worldOf(
  engine: EngineName,
  options: Parameters<typeof productionAuth>[1] = {},
): Promise<World> {
  const audit: AuditRecord[] = []
  const onAudit = (record: AuditRecord) => void audit.push(record)
  const production = await productionAuth(engine, { publicApiDocs: true, ...options, onAudit })
  const { auth } = production
  const { id } = await auth.users.create({ email: ALICE, password: PASSWORD, confirmed: true })
  const newSession = async () => (await auth.createSession(ALICE)) ?? expect.unreachable()
  return {
    ...production,
    userId: id,
    sessionToken: await newSession(),
    audit,
    ask: (method, path, request) => send(auth, method, path, request),
    newSession,
  }
}

/** The code of a refusal, or the status of a success. */
export async function outcome(answer: Response): Promise<string> {
  return answer.status < 400 ? String(answer.status) : ((await answer.json()) as { code: string }).code
}

/** What fills a field of an operation. Fields are known by their schema, so that a new operation needs nothing here. */
const VALUES = new Map<unknown, (world: World) => string | Promise<string>>([
  [fields.email, () => ALICE],
  [fields.password, () => PASSWORD],
  [fields.newPassword, () => NEW_PASSWORD],
  [fields.resetToken, resetToken],
  [fields.mailedToken, emailChangeToken],
  [fields.name, () => 'Alice Liddell'],
  [fields.picture, () => 'https://example.com/alice.png'],
  [fields.locale, () => 'fr'],
])

const SECRETS: readonly unknown[] = [fields.password, fields.resetToken, fields.mailedToken]

/**
 * Requests an email change and returns the token from the link. Meanwhile someone else has registered the address and not
 * confirmed it.
 */
export async function emailChangeToken({ auth, mailedLink, newMails, newSession }: World): Promise<string> {
  await auth.account.changeEmail({ email: NEW_ADDRESS }, { sessionToken: await newSession() })
  const { token } = await mailedLink('confirm_new_email')
  await auth.account.register({ email: NEW_ADDRESS, password: PASSWORD })
  await newMails()
  return token
}

/** Requests a password reset and returns the token from the link. */
export async function resetToken({ auth, mailedLink }: World): Promise<string> {
  await auth.account.requestPasswordReset({ email: ALICE })
  return (await mailedLink('reset_password')).token
}

/** Whether a field may be missing. */
export function isOptional(schema: unknown): boolean {
  return schema instanceof z.ZodOptional
}

/** A request for an operation. */
export interface Request extends Send {
  readonly path: string
}

/**
 * A request of Alice that an operation accepts, without a session.
 *
 * @param wrong - The schemas whose fields get a wrong value. Default: none.
 */
export async function requestFor(
  { id, path, params = {}, body }: Operation,
  world: World,
  wrong: readonly unknown[] = [],
): Promise<Request> {
  const json: Record<string, string> = {}
  for (const [name, schema] of Object.entries(body?.shape ?? {})) {
    const value = VALUES.get(schema)
    if (value !== undefined) json[name] = wrong.includes(schema) ? WRONG : await value(world)
    else if (!isOptional(schema)) expect.unreachable(`${id}: what is a good ${name}?`)
  }
  // A path names a session, which is not the one that acts.
  const [sessionId = ''] = 'id' in params ? (await world.newSession()).split('.') : []
  return { path: path.replace('{id}', sessionId), ...(body && { json }) }
}

/** The same with a wrong password. Tokens are right, so that it is the password that fails. */
export function withWrongPassword(operation: Operation, world: World): Promise<Request> {
  return requestFor(operation, world, [fields.password])
}

/** The same with a wrong password and wrong tokens. */
export function withWrongSecrets(operation: Operation, world: World): Promise<Request> {
  return requestFor(operation, world, SECRETS)
}

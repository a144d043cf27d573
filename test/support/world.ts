/** An account in good standing in production mode, and the requests that operations accept for it. */
import { expect } from 'vitest'
import { z } from 'zod'
import * as fields from '../../src/api/fields.ts'
import type { Operation } from '../../src/api/index.ts'
import * as pageFields from '../../src/api/pages/fields.ts'
import type { AuditRecord } from '../../src/auth/index.ts'
import type { EngineName } from './engines.ts'
import { NEW_PASSWORD, PASSWORD, type Production, productionAuth } from './production.ts'
import { fieldsFor, type Send, send } from './send.ts'
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

type Filler = (world: World, operation: Operation) => string | Promise<string>

/** What fills a field of an operation. Fields are known by their schema, so that a new operation needs nothing here. */
const VALUES = new Map<unknown, Filler>([
  [fields.email, () => ALICE],
  [fields.password, () => PASSWORD],
  [fields.newPassword, () => NEW_PASSWORD],
  [fields.resetToken, resetToken],
  [fields.mailedToken, emailChangeToken],
  [fields.mailedCode, mailedCode],
  [fields.passwordWithCode, () => PASSWORD],
  [pageFields.formPassword, () => PASSWORD],
  [pageFields.ownEmail, () => ALICE],
  [pageFields.sessionField, otherSession],
  [fields.name, () => 'Alice Liddell'],
  [fields.picture, () => 'https://example.com/alice.png'],
  [fields.locale, () => 'fr'],
])

/** Alice's browser. */
const BROWSER_TOKEN = 'b'.repeat(43)

const WRONG_CODE = '00000000'

/** What else is wrong than {@link WRONG}. A code can only be guessed by a browser that waits for one. */
const WRONG_VALUES = new Map<unknown, Filler>([
  [fields.mailedCode, (world, operation) => mailedCode(world, operation).then(() => WRONG_CODE)],
])

/** The fields for the password of the account. */
export const PASSWORDS: readonly unknown[] = [
  fields.password,
  fields.passwordWithCode,
  pageFields.formPassword,
]
const SECRETS: readonly unknown[] = [...PASSWORDS, fields.resetToken, fields.mailedToken, fields.mailedCode]

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

/** Asks for a code for an operation, in her browser. What it is for is what the operation records. */
async function mailedCode(world: World, { audit = [] }: Operation): Promise<string> {
  const { auth, newMails, userId, db } = world
  const browser = { browserToken: BROWSER_TOKEN }
  await newMails()
  if (audit.includes('change_email')) {
    // Left from an earlier code.
    await db
      .deleteFrom('users')
      .where('normalized_email', '=', NEW_ADDRESS)
      .where('id', '<>', userId)
      .execute()
    const sessionToken = (await auth.createSession(ALICE)) ?? (await auth.createSession(NEW_ADDRESS))
    await auth.account.changeEmail({ email: NEW_ADDRESS }, { ...browser, sessionToken })
  } else if (audit.includes('confirm_email')) {
    await db.updateTable('users').set({ email_verified_at: null }).where('id', '=', userId).execute()
    await auth.mailCodes.request({ purpose: 'confirm_email', email: ALICE }, browser)
  } else {
    await auth.mailCodes.request({ purpose: 'reset_password', email: ALICE }, browser)
  }
  const code = (await newMails()).map((mail) => mail.code).find(Boolean)
  // Meanwhile someone else registers the new address and does not confirm it.
  await auth.account.register({ email: NEW_ADDRESS, password: PASSWORD })
  await newMails()
  // A disabled account gets none.
  return code ?? WRONG_CODE
}

/** The id of another session of hers. */
async function otherSession({ newSession }: World): Promise<string> {
  return (await newSession()).split('.')[0] ?? ''
}

/** The name of the style sheet of the pages. */
async function assetName({ ask }: World): Promise<string> {
  const page = await ask('GET', '/sign_in', { headers: { accept: 'text/html' } })
  return /assets\/([^"]+\.css)/.exec(await page.text())?.[1] ?? expect.unreachable('no style sheet')
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
 * @param choice - Which value a required enumeration gets.
 */
export async function requestFor(
  operation: Operation,
  world: World,
  wrong: readonly unknown[] = [],
  choice = 0,
): Promise<Request> {
  const { id, path, params = {}, body } = operation
  const json: Record<string, string> = {}
  for (const [name, schema] of Object.entries(body?.shape ?? {})) {
    const value = VALUES.get(schema)
    if (schema instanceof z.ZodEnum) json[name] = String(schema.options[choice])
    else if (value !== undefined)
      json[name] = await (wrong.includes(schema) ? (WRONG_VALUES.get(schema) ?? (() => WRONG)) : value)(
        world,
        operation,
      )
    else if (!isOptional(schema)) expect.unreachable(`${id}: what is a good ${name}?`)
  }
  const sessionId = 'id' in params ? await otherSession(world) : ''
  const asset = 'name' in params ? await assetName(world) : ''
  return {
    path: path.replace('{id}', sessionId).replace('{name}', asset),
    browserToken: BROWSER_TOKEN,
    ...(body && fieldsFor(operation, json)),
  }
}

/** How many values a required enumeration of an operation has. */
export function choicesOf({ body }: Operation): number {
  const sizes = Object.values(body?.shape ?? {}).map((schema) =>
    schema instanceof z.ZodEnum ? schema.options.length : 1,
  )
  return Math.max(1, ...sizes)
}

/** The secrets of an operation that an attacker can guess, as lists of schemas. Without a secret, one empty list. */
export function guessesOf({ body }: Operation): readonly (readonly unknown[])[] {
  const shape: readonly unknown[] = Object.values(body?.shape ?? {})
  const guessed = [PASSWORDS, [fields.mailedCode]].filter((schemas) =>
    schemas.some((each) => shape.includes(each)),
  )
  return guessed.length === 0 ? [[]] : guessed
}

/** The same with a wrong password. Tokens are right, so that it is the password that fails. */
export function withWrongPassword(operation: Operation, world: World): Promise<Request> {
  return requestFor(operation, world, PASSWORDS)
}

/** The same with a wrong password and wrong tokens. */
export function withWrongSecrets(operation: Operation, world: World): Promise<Request> {
  return requestFor(operation, world, SECRETS)
}

/** An account in production mode, and the requests that operations accept for it. */
import { expect } from 'vitest'
import { z } from 'zod'
import * as fields from '../../src/api/fields.ts'
import type { Operation } from '../../src/api/index.ts'
import * as pageFields from '../../src/api/pages/fields.ts'
import type { AuditRecord } from '../../src/auth/index.ts'
import { SoftwareAuthenticator } from './authenticator.ts'
import type { EngineName } from './engines.ts'
import { addPasskey, addTotp, passkeyAnswer, scanTotp, type TestApp } from './factors.ts'
import { NEW_PASSWORD, PASSWORD, type Production, productionAuth } from './production.ts'
import { connectedIdentity, logoutToken, providerIn, returned, waitingFlow } from './provider-world.ts'
import { PROVIDER, REACHES_LOOPBACK } from './providers.ts'
import { fieldsFor, type Send, send } from './send.ts'
import { ALICE, NEW_ADDRESS, WRONG } from './story.ts'

/** Alice, signed in. */
export interface World extends Production {
  readonly userId: number
  /** The session for the requests. */
  sessionToken: string
  /** All audit records so far. */
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
  // Without these, some operations are not served.
  const everything = {
    publicApiDocs: true,
    passkeyOrigins: 'https://example.fr',
    outboundPrivate: REACHES_LOOPBACK,
  }
  const production = await productionAuth(engine, { ...everything, ...options, onAudit })
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

type Filler = (world: World, operation: Operation, choice: number) => unknown

/** A good value for each field whose example does not do, by its schema. */
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
  [pageFields.formName, () => 'Alice Liddell'],
  [pageFields.formLocale, () => 'fr'],
  [fields.picture, () => 'https://example.com/alice.png'],
  [fields.locale, () => 'fr'],
  [fields.stepUp.password, () => PASSWORD],
  [fields.stepUp.totp, async (world) => (await prepared(world)).app.codeAt(1)],
  [fields.totpCode, totpCodeFor],
  [fields.recoveryCode, async (world) => (await prepared(world)).app.recoveryCodes[0]],
  [fields.enabled, setSwitch],
  [fields.passkeyName, () => 'Phone'],
  [fields.ceremony, async (world, operation) => (await passkeyFor(world, operation)).ceremony],
  [fields.credential, async (world, operation) => (await passkeyFor(world, operation)).credential],
  [
    pageFields.credentialText,
    async (world, operation) => JSON.stringify((await passkeyFor(world, operation)).credential),
  ],
  [pageFields.passkeyField, async (world) => (await prepared(world)).passkeyId],
  [pageFields.identityField, connectedIdentity],
  [fields.providerField, () => PROVIDER],
  [fields.logoutToken, logoutToken],
  [fields.currentPassword, () => PASSWORD],
])

/** Alice's browser. */
const BROWSER_TOKEN = 'b'.repeat(43)

const WRONG_CODE = '00000000'

/** Wrong values of fields for which {@link WRONG} does not do. A code can be guessed only by a browser that waits for one. */
const WRONG_VALUES = new Map<unknown, Filler>([
  [fields.mailedCode, (world, operation) => mailedCode(world, operation).then(() => WRONG_CODE)],
  [fields.totpCode, (world, operation) => totpCodeFor(world, operation).then(() => '000000')],
  [fields.stepUp.totp, async (world) => prepared(world).then(() => '000000')],
  [fields.recoveryCode, async (world) => prepared(world).then(() => '0'.repeat(14))],
  [fields.credential, wrongCredential],
  [
    pageFields.credentialText,
    async (world, operation) => JSON.stringify(await wrongCredential(world, operation)),
  ],
])

/** The fields for the password of the account. */
export const PASSWORDS: readonly unknown[] = [
  fields.password,
  fields.currentPassword,
  fields.passwordWithCode,
  fields.stepUp.password,
  pageFields.formPassword,
]

/** An operation takes exactly one of these fields. The first is the default. */
const ALTERNATIVES: readonly unknown[] = [fields.stepUp.password, fields.stepUp.totp]
const SECRETS: readonly unknown[] = [
  ...PASSWORDS,
  fields.resetToken,
  fields.mailedToken,
  fields.mailedCode,
  fields.totpCode,
  fields.recoveryCode,
  fields.credential,
  pageFields.credentialText,
  fields.logoutToken,
]

/**
 * Requests an email change and returns the token from the link. Then someone else registers the address without confirming it.
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

/** Asks for a mailed code in her browser. Its purpose follows from the audit actions of the operation. */
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
  // Then someone else registers the new address without confirming it.
  await auth.account.register({ email: NEW_ADDRESS, password: PASSWORD })
  await newMails()
  // A disabled account gets none.
  return code ?? WRONG_CODE
}

/** Alice's second factors: an authenticator app with recovery codes, and a passkey. */
interface Prepared {
  readonly app: TestApp
  readonly authenticator: SoftwareAuthenticator
  readonly passkeyId: string
}

const PREPARED = new WeakMap<World, Promise<Prepared>>()

/** Gives Alice second factors, once. Her sessions count as started with them. */
function prepared(world: World): Promise<Prepared> {
  const known = PREPARED.get(world) ?? prepareOnce(world)
  PREPARED.set(world, known)
  return known
}

async function prepareOnce(world: World): Promise<Prepared> {
  const { auth, db, now, newSession, newMails } = world
  const sessions = await db.selectFrom('sessions').selectAll().execute()
  const caller = { sessionToken: await newSession(), browserToken: BROWSER_TOKEN }
  const { authenticator, passkey, sessionToken } = await addPasskey(auth, caller)
  await strengthenSessions(world)
  const app = await addTotp(auth, now, { sessionToken })
  // Adding a factor has ended the other sessions. Restore them.
  const insert = db.insertInto('sessions').values(sessions)
  if (sessions.length > 0) await insert.onConflict((conflict) => conflict.doNothing()).execute()
  await newMails()
  return { app, authenticator, passkeyId: passkey.id }
}

async function strengthenSessions({ db, userId }: World): Promise<void> {
  await db.updateTable('sessions').set({ aal: 2, amr: 'pwd hwk mfa' }).where('user_id', '=', userId).execute()
}

/** Operations that need second factors in the account. */
const NEEDS_FACTORS =
  /^(?:factors\.(?:remove|renew|set)|passkeys\.(?:re|start)|signIn\.(?:pending|with(?:Totp|Recovery|Passkey))|pages\.(?:(?:remove|rename|renew|set|prove|showSecond)|(?:signIn|stepUp)With))/
/** Operations of a sign-in that waits for a factor to be set up. */
const ENROLS = /^pages\.(?:enrol|showEnrol|startEnrol)/
/** Operations on an app that is being set up. */
const SETS_UP = /confirm(?:Totp|App)$|enrolApp$|show(?:Enrolment)?App$/

/** Brings the account into the state in which an operation succeeds. */
async function prepare(operation: Operation, world: World): Promise<void> {
  if (/show(?:Enrolment)?App$/.test(operation.id)) await totpCodeFor(world, operation)
  if (!NEEDS_FACTORS.test(operation.id)) return
  await prepared(world)
  await strengthenSessions(world)
  // What is removed is the last factor.
  if (/remove(?:Totp|App)$/.test(operation.id)) await world.db.deleteFrom('passkeys').execute()
  if (/remove(?:Passkey)?$/.test(operation.id)) await world.db.deleteFrom('totp').execute()
}

/** A request with the response of a passkey to another ceremony than the one it names. */
export async function withWrongPasskey(operation: Operation, world: World): Promise<Request> {
  const request = await requestFor(operation, world)
  const { authenticator } = await prepared(world)
  await strengthenSessions(world)
  const caller = { browserToken: BROWSER_TOKEN, sessionToken: world.sessionToken }
  const answers = [
    await passkeyAnswer(world.auth, authenticator, 'step_up', caller),
    await passkeyAnswer(world.auth, authenticator, 'step_up', caller),
  ] as const
  const json = { ceremony: answers[0].ceremony, credential: answers[1].credential }
  return { ...request, json }
}

/** The token of a pending sign-in of Alice. */
async function waitingToken(world: World, operation: Operation): Promise<string> {
  const { id } = operation
  const { auth, newMails, db, userId } = world
  const known = WAITING.get(world)
  if (known !== undefined && (await auth.signIn.pending({ loginToken: known }).catch(() => null)) !== null)
    return known
  if (ENROLS.test(id)) {
    for (const table of ['totp', 'passkeys', 'recovery_codes'] as const)
      await db.deleteFrom(table).where('user_id', '=', userId).execute()
    PREPARED.delete(world)
    await db.updateTable('users').set({ second_factor_required_at: 1 }).where('id', '=', userId).execute()
  }
  const result = await auth.signIn.withPassword({ email: ALICE, password: PASSWORD })
  await newMails()
  if (result.next === 'signed_in') {
    // An earlier operation has removed her factors.
    PREPARED.delete(world)
    await prepared(world)
    return waitingToken(world, operation)
  }
  WAITING.set(world, result.loginToken)
  return result.loginToken
}

const WAITING = new WeakMap<World, string>()

async function totpCodeFor(world: World, operation: Operation): Promise<string> {
  const { id } = operation
  if (!SETS_UP.test(id)) return (await prepared(world)).app.codeAt(1)
  const caller = ENROLS.test(id)
    ? { sessionToken: null, loginToken: await waitingToken(world, operation) }
    : { sessionToken: world.sessionToken }
  await strengthenSessions(world)
  // This fails if the session is not fresh.
  const app = await scanTotp(world.auth, world.now, caller).catch(() => null)
  return app?.codeAt() ?? '000000'
}

/** Puts the second factor in the opposite state. @returns The state that the operation sets. */
async function setSwitch({ db, userId, now }: World, _: Operation, choice: number): Promise<boolean> {
  const enabled = choice === 0 ? null : now().getTime()
  await db.updateTable('users').set({ second_factor_enabled_at: enabled }).where('id', '=', userId).execute()
  return choice === 0
}

interface PasskeyAnswer {
  readonly ceremony: string
  readonly credential: unknown
}
const ANSWERS = new WeakMap<World, PasskeyAnswer>()

/** The response of a passkey. Requests fill in the ceremony first and the credential next, so two calls return the same. */
async function passkeyFor(world: World, operation: Operation): Promise<PasskeyAnswer> {
  const known = ANSWERS.get(world)
  if (known !== undefined) {
    ANSWERS.delete(world)
    return known
  }
  const { auth, newSession } = world
  let answer: PasskeyAnswer
  const { id } = operation
  const inBrowser = { browserToken: BROWSER_TOKEN, sessionToken: null }
  if (/\.add|enrolPasskey$/.test(id)) {
    const caller = ENROLS.test(id)
      ? { ...inBrowser, loginToken: await waitingToken(world, operation) }
      : { ...inBrowser, sessionToken: await newSession() }
    await strengthenSessions(world)
    const { ceremony, options } = await auth.passkeys.startCeremony({ purpose: 'add_passkey' }, caller)
    if (!('user' in options)) return expect.unreachable()
    const fresh = new SoftwareAuthenticator({ origin: new URL(auth.options.baseUrl).origin })
    answer = { ceremony, credential: fresh.create(options) }
  } else {
    const { authenticator } = await prepared(world)
    if (id === 'pages.provePasskey') {
      const caller = { ...inBrowser, loginToken: await waitingToken(world, operation) }
      answer = await passkeyAnswer(auth, authenticator, 'second_factor', caller)
    } else if (id === 'pages.stepUpWithPasskey') {
      const caller = { ...inBrowser, sessionToken: world.sessionToken }
      answer = await passkeyAnswer(auth, authenticator, 'step_up', caller)
    } else answer = await passkeyAnswer(auth, authenticator, 'sign_in', inBrowser)
  }
  ANSWERS.set(world, answer)
  return answer
}

/** A credential that was made for another challenge. */
async function wrongCredential(world: World, operation: Operation): Promise<unknown> {
  // The first call returns the right credential, the second one that of another ceremony.
  await passkeyFor(world, operation)
  const { credential } = await passkeyFor(world, operation)
  ANSWERS.delete(world)
  return credential
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
 * @param choice - The index of the value for required enumerations.
 */
export async function requestFor(
  operation: Operation,
  world: World,
  wrong: readonly unknown[] = [],
  choice = 0,
): Promise<Request> {
  const { id, path, params = {}, body, access } = operation
  await prepare(operation, world)
  const alternative = ALTERNATIVES.find((schema) => wrong.includes(schema)) ?? ALTERNATIVES[0]
  const json: Record<string, unknown> = {}
  for (const [name, schema] of Object.entries(body?.shape ?? {})) {
    if (ALTERNATIVES.includes(schema) && schema !== alternative) continue
    if (schema === pageFields.flowField) continue
    const value = VALUES.get(schema) ?? exampleIn(schema)
    if (schema === pageFields.switchField) await setSwitch(world, operation, choice)
    if (schema instanceof z.ZodEnum) json[name] = String(schema.options[choice])
    else if (value !== undefined) {
      const fill = wrong.includes(schema) ? (WRONG_VALUES.get(schema) ?? (() => WRONG)) : value
      json[name] = await fill(world, operation, choice)
    } else if (!isOptional(schema)) expect.unreachable(`${id}: what is a good ${name}?`)
  }
  const rowId = 'id' in params ? await rowOf(operation, world) : ''
  const asset = 'name' in params ? await assetName(world) : ''
  const flow = await flowOf(operation, world)
  if (body?.shape.flow !== undefined) json.flow = flow?.token.split('.')[0]
  return {
    path: flow?.path ?? path.replace('{id}', rowId).replace('{name}', asset).replace('{provider}', PROVIDER),
    browserToken: BROWSER_TOKEN,
    ...(flow && { flowToken: flow.token }),
    ...(access === 'pending' && { loginToken: await waitingToken(world, operation) }),
    ...(body && fieldsFor(operation, json)),
  }
}

/** A field that no entry of {@link VALUES} fills can have its example. */
function exampleIn(schema: unknown): Filler | undefined {
  const example = schema instanceof z.ZodType ? schema.meta()?.example : undefined
  return typeof example === 'string' ? () => example : undefined
}

/** The id of a row that an operation is about. */
async function rowOf({ id }: Operation, world: World): Promise<string> {
  if (id.startsWith('passkeys.')) return (await prepared(world)).passkeyId
  return id.startsWith('identities.') ? connectedIdentity(world) : otherSession(world)
}

/** The sign-in flow that an operation continues, and the path of the callback. */
async function flowOf(
  { id, needs = [], body }: Operation,
  world: World,
): Promise<{ readonly token: string; readonly path?: string } | null> {
  if (!needs.includes('providers')) return null
  await providerIn(world)
  await connectedIdentity(world)
  if (id === 'pages.completeAtCallback') {
    const { path, flowToken } = await returned(world)
    return { token: flowToken, path }
  }
  if (body?.shape.flow !== undefined) return { token: await waitingFlow(world) }
  if (id !== 'pages.showContinue') return null
  const token = await waitingFlow(world)
  return { token, path: `/login/continue?flow=${token.split('.')[0]}` }
}

/** How many values a required enumeration of an operation has. */
export function choicesOf({ body }: Operation): number {
  const sizes = Object.values(body?.shape ?? {}).map((schema) =>
    schema instanceof z.ZodEnum ? schema.options.length : schema === fields.enabled ? 2 : 1,
  )
  return Math.max(1, ...sizes)
}

/** The secrets of an operation that an attacker can guess, as lists of schemas. */
export function guessesOf({ body }: Operation): readonly (readonly unknown[])[] {
  const shape: readonly unknown[] = Object.values(body?.shape ?? {})
  return [
    PASSWORDS,
    [fields.mailedCode],
    [fields.totpCode],
    [fields.stepUp.totp],
    [fields.recoveryCode],
    [fields.credential],
    [pageFields.credentialText],
  ].filter((schemas) => schemas.some((each) => shape.includes(each)))
}

/** A request with a wrong password. Its tokens are right, so that the password is what fails. */
export function withWrongPassword(operation: Operation, world: World): Promise<Request> {
  return requestFor(operation, world, PASSWORDS)
}

/** A request with a wrong password and wrong tokens. */
export function withWrongSecrets(operation: Operation, world: World): Promise<Request> {
  return requestFor(operation, world, SECRETS)
}

/** A run of production mode in which everything happens once, with what was logged, audited, mailed and stored. */
import { sql } from 'kysely'
import { expect } from 'vitest'
import type { AuditRecord } from '../../src/auth/index.ts'
import { addToken, replaceRecoveryCodes } from '../../src/db/index.ts'
import { type CreateAuthOptions, HookRefusal, MailError, MailRefused } from '../../src/index.ts'
import { cbor, SoftwareAuthenticator } from './authenticator.ts'
import { callByShape } from './by-shape.ts'
import type { EngineName } from './engines.ts'
import { type Chapter, FAY, tellOfFactors } from './factor-story.ts'
import {
  BASE_URL,
  CLIENT,
  cookieIn,
  linkIn,
  memoryMailer,
  NEW_PASSWORD,
  PASSWORD,
  type Production,
  productionAuth,
  type ReceivedMail,
  randomKey,
  until,
  untilNoMailWaits,
} from './production.ts'
import { GWEN, HANK, tellOfProviders } from './provider-story.ts'
import { REACHES_LOOPBACK } from './providers.ts'
import { type Send, send } from './send.ts'

export const ALICE = 'Alice.Liddell@wonderland.example'
export const NEW_ADDRESS = 'alice.hargreaves@wonderland.example'
export const BOB = 'bob.builder@example.com'
export const WRONG = 'not the right password'
/** The address that an operator gives Bob's account for a while. */
export const MOVED = 'bob.mason@example.com'
const CAROL = 'carol.keeper@example.com'
/** Imported from another service. */
const DAVE = 'dave.mover@example.com'
/** Gets an account from an operator, and sets the password with the mailed link. */
const ERIN = 'erin.newcomer@example.com'
/** On her account, every use case is called by its shape. */
const IVY = 'ivy.idle@example.com'
const STRANGER = 'somebody.else@example.com'
/** The application refuses this address. It also refuses Carol's sign-in. */
const UNINVITED = 'ursula.uninvited@example.com'
/** The mail server refuses mail to this address for good. */
const REFUSED = 'full.mailbox@example.com'
/** The mail server does not answer for this address. */
const UNREACHED = 'slow.server@example.com'
/** Every address of the story. */
export const ADDRESSES = [
  ALICE,
  NEW_ADDRESS,
  BOB,
  MOVED,
  CAROL,
  DAVE,
  ERIN,
  IVY,
  STRANGER,
  UNINVITED,
  REFUSED,
  UNREACHED,
  FAY,
  GWEN,
  HANK,
]

/** Dave's security key. */
const PASSKEY = {
  credential_id: 'ZGF2ZSdzIHNlY3VyaXR5IGtleQ',
  public_key: cbor(new SoftwareAuthenticator({ origin: BASE_URL }).publicKey()).toString('base64url'),
  algorithm: -7,
  discoverable: false,
  rp_id: 'auth.example.com',
  created_at: '2026-01-01T00:00:00Z',
}

interface LoggedLine {
  readonly level: string
  readonly msg: string
  readonly fields: Readonly<Record<string, unknown>>
}

interface Story {
  readonly log: LoggedLine[]
  readonly audit: AuditRecord[]
  readonly mails: ReceivedMail[]
  /** The rows at several moments, by table. */
  readonly rows: Map<string, Readonly<Record<string, unknown>>[]>
  /** Every password, token and key. */
  readonly secrets: string[]
  /** The bodies of all refusals. */
  readonly refusals: string[]
}

const stories = new Map<EngineName, Promise<Story>>()

/** The story on one engine. Call it inside a test. */
export function story(engine: EngineName): Promise<Story> {
  const told = stories.get(engine) ?? tellStory(engine)
  stories.set(engine, told)
  return told
}

/** Tells the story again. @param options - The database, if not a fresh one. */
export async function tellStory(
  engine: EngineName,
  options: Pick<CreateAuthOptions, 'database' | 'databaseUrl' | 'tablePrefix' | 'databaseSchema'> = {},
): Promise<Story> {
  const told: Story = { log: [], audit: [], mails: [], rows: new Map(), secrets: [], refusals: [] }
  const write = (level: string) => (fields: Record<string, unknown>, msg: string) =>
    void told.log.push({ level, msg, fields })
  const [newKey, oldKey] = [randomKey(), randomKey()]
  const mailer = memoryMailer(({ to }) => {
    if (to === REFUSED) throw new MailRefused('The mailbox is full.')
    if (to === UNREACHED) throw new MailError('The server is slow.')
  })
  const scene = await productionAuth(engine, {
    ...options,
    mailer,
    secretKey: `${newKey},${oldKey}`,
    outboundPrivate: REACHES_LOOPBACK,
    logger: { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') },
    onAudit: (line) => void told.audit.push(line),
    hooks: {
      beforeSignUp: ({ email }) => refuseIf(email === UNINVITED),
      beforeSignIn: ({ user }) => refuseIf(user.email === CAROL),
    },
  })
  const teller = tellerOf(scene, told)
  told.secrets.push(PASSWORD, NEW_PASSWORD, WRONG, newKey, oldKey)

  await register(teller)
  const { sessionToken } = await signIn(teller)
  await changeAddress(teller, sessionToken)
  await resetAndLeave(teller)
  await operate(teller)
  await callTheRest(teller)
  await tellOfFactors({ ...teller, oldKey })
  await tellOfProviders(teller)
  await runOutOfTime(teller)

  told.mails.push(...mailer.mails)
  for (const mail of mailer.mails) if (mail.text.includes('#')) teller.keepSecret(linkIn(mail).token)
  return told
}

function refuseIf(isRefused: boolean): void {
  if (isRefused) throw new HookRefusal('invitation_required', 'Ask for an invitation.')
}

interface Answered {
  readonly status: number
  readonly sessionToken: string | undefined
  readonly deviceToken: string | undefined
}

/** What the chapters below need. */
interface Teller extends Chapter {
  ask(method: string, path: string, request?: Send): Promise<Answered>
  login(email: string, password?: string, request?: Send): Promise<Answered>
  told: Story
}

function tellerOf(scene: Production, told: Story): Teller {
  const keepSecret = (value: string | undefined) => {
    if (value) told.secrets.push(value, value.slice(value.indexOf('.') + 1))
  }
  const ask: Teller['ask'] = async (method, path, request = {}) => {
    const headers = { 'user-agent': 'Mozilla/5.0 (the device of this story)', ...request.headers }
    const answer = await send(scene.auth, method, path, { ...request, ip: '192.0.2.7', headers })
    if (answer.status >= 400) told.refusals.push(await answer.text())
    const [sessionToken, deviceToken] = [cookieIn(answer, 'session_id'), cookieIn(answer, 'device')]
    keepSecret(sessionToken)
    keepSecret(deviceToken)
    return { status: answer.status, sessionToken, deviceToken }
  }
  return {
    ...scene,
    told,
    ask,
    keepSecret,
    login: (email, password = PASSWORD, request = {}) =>
      ask('POST', '/sessions', { json: { email, password }, ...request }),
    async keepRows() {
      for (const { name } of await scene.db.introspection.getTables()) {
        const found = await sql<Record<string, unknown>>`select * from ${sql.table(name)}`.execute(scene.db)
        told.rows.set(name, [...(told.rows.get(name) ?? []), ...found.rows])
      }
    },
  }
}

/** Alice registers, twice, and confirms her address at the second attempt. */
async function register({ ask, login, newMails, mailedLink, keepRows }: Teller): Promise<void> {
  const signUp = { json: { email: ALICE, password: PASSWORD }, headers: { 'accept-language': 'fr' } }
  for (let time = 0; time < 2; time++)
    expect(await ask('POST', '/users', signUp)).toMatchObject({ status: 200 })
  await ask('POST', '/users', { json: { email: UNINVITED, password: PASSWORD } })
  await login(ALICE)
  await newMails()
  await ask('POST', '/request_confirmation', { json: { email: ALICE } })
  const { token } = await mailedLink('verify_email')
  await ask('POST', '/confirm_email', { json: { token, password: WRONG } })
  await keepRows()
  await ask('POST', '/confirm_email', { json: { token, password: PASSWORD } })
}

/** She signs in on several devices, ends sessions, and changes her password. */
async function signIn({ ask, login, keepRows }: Teller): Promise<Answered> {
  await login(STRANGER)
  for (let failure = 0; failure < 5; failure++) await login(ALICE, WRONG)
  const { deviceToken } = await login(ALICE)
  const { sessionToken: second = '' } = await login(ALICE)
  const { sessionToken: third } = await login(ALICE, PASSWORD, { deviceToken })
  await keepRows()
  await ask('POST', '/reauthenticate', { json: { password: WRONG }, sessionToken: third })
  const json = { password: PASSWORD }
  const { sessionToken } = await ask('POST', '/reauthenticate', { json, sessionToken: third })
  await ask('DELETE', `/sessions/${second.split('.')[0]}`, { sessionToken })
  await ask('DELETE', '/sessions/others', { sessionToken })
  const change = { new_password: NEW_PASSWORD, current_password: WRONG }
  await ask('PUT', '/profile/password', { json: change, sessionToken })
  return ask('PUT', '/profile/password', { json: { ...change, current_password: PASSWORD }, sessionToken })
}

async function changeAddress(
  { ask, mailedLink, keepRows }: Teller,
  sessionToken: string | undefined,
): Promise<void> {
  await ask('PUT', '/profile/email', { json: { email: NEW_ADDRESS }, sessionToken })
  await keepRows()
  const { token } = await mailedLink('confirm_new_email')
  await ask('POST', '/confirm_email', { json: { token, password: NEW_PASSWORD } })
}

/** She resets her password, exports her data and deletes her account. */
async function resetAndLeave({ ask, login, newMails, mailedLink, keepRows }: Teller): Promise<void> {
  await ask('POST', '/reset_password', { json: { email: NEW_ADDRESS } })
  const { token } = await mailedLink('reset_password')
  await keepRows()
  const json = { email: NEW_ADDRESS, reset_token: token, new_password: PASSWORD }
  expect(await ask('PUT', '/reset_password', { json })).toMatchObject({ status: 200 })
  expect(await ask('PUT', '/reset_password', { json })).toMatchObject({ status: 403 })
  const { sessionToken: ended } = await login(NEW_ADDRESS)
  await ask('DELETE', '/sessions', { sessionToken: ended })
  const { sessionToken } = await login(NEW_ADDRESS)
  expect(await ask('POST', '/profile/export', { sessionToken })).toMatchObject({ status: 200 })
  expect(await ask('DELETE', '/profile', { sessionToken })).toMatchObject({ status: 200 })
  await newMails()
}

/** What operators and programs do, while a stranger guesses passwords. */
async function operate({
  auth,
  db,
  ask,
  login,
  newMails,
  mailedLink,
  keepRows,
  keepSecret,
}: Teller): Promise<void> {
  await auth.users.create({ email: CAROL, password: PASSWORD, confirmed: true })
  await login(CAROL)
  await auth.users.create({ email: ERIN, sendLink: true })
  const { token } = await mailedLink('set_password')
  await keepRows()
  const json = { email: ERIN, reset_token: token, new_password: PASSWORD }
  expect(await ask('PUT', '/reset_password', { json })).toMatchObject({ status: 200 })
  const { id } = await auth.registerUser(BOB, PASSWORD)
  await auth.users.sendConfirmation(id)
  await auth.users.confirmEmail(id)
  await auth.users.sendPasswordReset(id)
  await auth.users.setEmail(id, { email: MOVED })
  await newMails()
  await auth.users.setEmail(id, { email: MOVED, confirmed: true })
  await auth.users.setEmail(id, { email: BOB, confirmed: true })
  const notes = { note: 'what the program knows of him' }
  await auth.users.update(id, { name: 'Robert Builder', metadata: notes, privateMetadata: notes })
  keepSecret((await auth.createSession(BOB, CLIENT)) ?? undefined)
  await keepRows()
  await auth.destroySession(id)
  await auth.users.endEverySession()
  await auth.transfer.finishRestore({ keepSessions: false })
  await auth.users.disable(id)
  await login(BOB)
  await auth.users.enable(id)
  await auth.users.markPasswordCompromised(id)
  await login(BOB)
  await auth.users.unlock(id)
  for (let guess = 0; guess < 10; guess++) await login(STRANGER, WRONG)
  await auth.users.delete(id)
  const imported = {
    email: DAVE,
    hashed_password: '!',
    totp_secret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ',
    passkeys: [PASSKEY],
  }
  keepSecret(imported.totp_secret)
  await Array.fromAsync(auth.transfer.importUsers([{ fields: imported }, { fields: { email: DAVE } }]))
  await keepRows()
  const dave = (await auth.users.find(DAVE)) ?? expect.unreachable()
  const recoveryCode = { id: auth.generateUuid(), position: 0, codeHash: '$argon2id$of-a-recovery-code' }
  await db.transaction().execute((tx) => replaceRecoveryCodes(tx, dave.user.id, [recoveryCode], new Date(0)))
  for (const required of [true, false]) await auth.users.requireSecondFactor(dave.user.id, { required })
  await auth.users.revokeFactors(dave.user.id, { totp: true, passkeys: true, recoveryCodes: true })
  await Array.fromAsync(auth.transfer.exportUsers({ withHashes: true }))
}

/** Every use case of `account` and `users`, so that a new one is part of the story too. Most refuse a request of this shape. */
async function callTheRest({ auth, keepSecret, keepRows }: Teller): Promise<void> {
  const { id } = await auth.users.create({ email: IVY, password: PASSWORD, confirmed: true })
  const sessionToken = await auth.createSession(IVY)
  keepSecret(sessionToken ?? undefined)
  for (const topic of ['account', 'users'] as const) {
    for (const name of Object.keys(auth[topic]).filter((name) => name !== 'delete'))
      await callByShape(auth, `${topic}.${name}`, { id, sessionToken })?.catch?.(() => {})
  }
  await keepRows()
}

/** Mail that cannot be sent, and an account that is not confirmed in time. */
async function runOutOfTime({ auth, db, now, keepRows, told }: Teller): Promise<void> {
  // Let the waiting notices of new devices be sent.
  now.advance(600)
  await auth.account.register({ email: REFUSED, password: PASSWORD })
  // Carol has the maximum number of valid links, so the next mail with a link is given up.
  const { user } = (await auth.users.find(CAROL)) ?? expect.unreachable()
  await db.transaction().execute(async (tx) => {
    for (let link = 0; link < 20; link++) {
      const secretHash = Buffer.alloc(32, link)
      const token = {
        id: auth.generateUuid(),
        purpose: 'reset_password',
        userId: user.id,
        secretHash,
      } as const
      await addToken(
        tx,
        { ...token, email: CAROL, createdAt: now(), expiresAt: new Date(now().getTime() + 60_000) },
        { max: 20 },
      )
    }
  })
  await auth.users.sendPasswordReset(user.id)
  await untilNoMailWaits(auth)
  const sessionToken = await auth.createSession(CAROL)
  await auth.account.changeEmail({ email: UNREACHED }, { sessionToken })
  await until(() => told.log.some(({ fields }) => fields.message === 'The server is slow.'))
  await keepRows()
  now.advance(4 * 86_400)
  await untilNoMailWaits(auth)
  now.advance(4 * 86_400)
  await auth.deleteExpired()
}

/** No use case reads a whole table: each query plan on the way uses a key or a range of an index. */
import { expect, it, onTestFinished } from 'vitest'
import { fill } from '../../bench/growth/fill.ts'
import { CLOCK, emailOf, firstUuidAt } from '../../bench/growth/rows.ts'
import { openStore, type Store } from '../../bench/growth/stores.ts'
import {
  ACCOUNT_STATES,
  type AuthService,
  type Client,
  openAuthService,
  type StartedFlow,
} from '../../src/auth/index.ts'
import { type Schema, TABLES } from '../../src/db/index.ts'
import type { Column, Table } from '../../src/db/tables/table.ts'
import { MailError, MailRefused } from '../../src/index.ts'
import type { AuthOptions } from '../../src/options/index.ts'
import { cbor, SoftwareAuthenticator } from '../support/authenticator.ts'
import {
  CHEAP_HASHER,
  type EngineName,
  freshDatabase,
  onEachEngine,
  type TestClock,
  testClock,
} from '../support/engines.ts'
import { addPasskey, addTotp, PASSKEY_BROWSER, passkeyAnswer, scanTotp } from '../support/factors.ts'
import { FAKE_PERSON } from '../support/fake-provider.ts'
import { watchPlans } from '../support/plans.ts'
import {
  BASE_URL,
  CLIENT,
  linkIn,
  type MemoryMailer,
  memoryMailer,
  NEW_PASSWORD,
  PASSWORD,
  type ReceivedMail,
  randomKey,
  until,
} from '../support/production.ts'
import {
  addFakeProvider,
  comeBack,
  type KnownProvider,
  logoutTokenOf,
  PROVIDER,
  REACHES_LOOPBACK,
  type Return,
} from '../support/providers.ts'
import { signedIn } from '../support/signed-in.ts'

const SECRET_KEY = randomKey()
/** The number of users, sessions and audit records. With this many, a planner uses an index if there is one. */
const SIZE = 5_000
const DAY_SECONDS = 86_400

/** Members of the service that run no query. */
const SILENT = ['options', 'mailer', 'generateUuid', 'hashPassword', 'close']

const GROUPS = [
  'account',
  'audit',
  'db',
  'delivery',
  'factors',
  'identities',
  'mailCodes',
  'passkeys',
  'providers',
  'secrets',
  'sessions',
  'signIn',
  'transfer',
  'users',
] as const
type Group = (typeof GROUPS)[number]

type UseCase =
  | Exclude<keyof AuthService, Group | 'options' | 'mailer' | 'generateUuid' | 'hashPassword' | 'close'>
  | { [Name in Group]: `${Name}.${keyof AuthService[Name] & string}` }[Group]
type Drive = UseCase | (typeof BESIDE)[number]

/** Background work, and variants of use cases of which another variant may read a whole table. */
const BESIDE = [
  'sending mail',
  'users.list, beyond an id',
  'users.list, some',
  'audit.list, of a user',
  'audit.list, since',
  'db.findUserBy, indexed',
] as const

/** The tables that may be read as a whole, and why. */
const SCANS: Partial<Record<Drive, string>> = {
  // These change all rows.
  'users.endEverySession': 'sessions, users',
  'transfer.finishRestore': 'mail_codes, pending_sign_ins, sessions, tokens, users',
  // For operators. The table only holds queued mail.
  'delivery.count': 'outbox',
  'delivery.listProblems': 'outbox',
  // For operators. Reads in pages, in the order of the key.
  'audit.list': 'audit',
  'secrets.reseal': 'totp',
  // For operators. Counts the identities at each provider.
  'providers.list': 'identities',
  'providers.remove': 'identities',
  // For operators. PostgreSQL may scan for a filter without an index; SQLite goes along the key.
  'users.list, some': 'users',
  // By session_id, reset_token or hashed_password, which have no index. No use case of ours does that.
  'db.findUserBy': 'users',
}

/** SQLite deletes every mailed code without a scan, because nothing depends on them, and looks up the users of sessions by key. */
const ON_SQLITE = {
  'users.endEverySession': 'sessions',
  'transfer.finishRestore': 'pending_sign_ins, sessions, tokens, users',
}

/** PostgreSQL reads a small table, or an index of few rows, as a whole to find a list. Here few users have a user handle. */
const ON_POSTGRES = { 'transfer.importUsers': 'identities, users' }

/** A signed-in user. */
interface Person {
  readonly id: number
  readonly email: string
  readonly sessionToken: string
}

/** A service on filled tables, with helpers for the drives. */
interface Stage {
  readonly engine: AuthService
  /** The same service in classic mode, which sends no mail for registrations. */
  readonly classic: AuthService
  readonly now: TestClock
  /** Signs in another one of the users that the tables were filled with. */
  person(): Promise<Person>
  /** An address without an account. */
  stranger(): string
  /** A client with its own IP address. */
  client(): Client
  /** The addresses to which sending was attempted. */
  readonly attempts: readonly string[]
  /** Sends mail until there is one of this kind to an address, and returns its token. */
  mailedToken(to: string, kind: ReceivedMail['kind']): Promise<string>
  /** Sends due mail until the condition holds. */
  sendUntil(holds: () => boolean | Promise<boolean>): Promise<void>
}

async function refused(promise: Promise<unknown>): Promise<void> {
  await expect(promise).rejects.toThrow()
}

async function drain(items: AsyncIterable<unknown>): Promise<void> {
  for await (const item of items) expect(item).toBeDefined()
}

/** Runs each use case along all its paths through the database. */
const DRIVES: Readonly<Partial<Record<Drive, (stage: Stage) => Promise<unknown>>>> = {
  async registerUser({ engine, person, stranger }) {
    await engine.registerUser(stranger(), PASSWORD)
    await engine.users.create({ email: stranger(), password: PASSWORD, confirmed: true })
    await refused(engine.registerUser((await person()).email, PASSWORD))
  },
  async 'account.register'({ client, engine, classic, person, stranger }) {
    for (const auth of [engine, classic])
      await auth.account.register({ email: stranger(), password: PASSWORD }, client())
    const { email } = await person()
    await engine.account.register({ email, password: PASSWORD })
    await refused(classic.account.register({ email, password: PASSWORD }))
  },
  async 'account.requestConfirmation'({ client, engine, person, stranger }) {
    const email = stranger()
    await engine.registerUser(email, PASSWORD)
    for (const address of [email, stranger(), (await person()).email])
      await engine.account.requestConfirmation({ email: address }, client())
  },
  async 'account.confirmEmail'({ client, engine, person, stranger, mailedToken }) {
    const email = stranger()
    await engine.registerUser(email, PASSWORD)
    const token = await mailedToken(email, 'verify_email')
    await refused(engine.account.confirmEmail({ token, password: NEW_PASSWORD }))
    await engine.account.confirmEmail({ token, password: PASSWORD }, client())
    const { sessionToken } = await person()
    const [newEmail] = [stranger()]
    await engine.account.changeEmail({ email: newEmail }, { sessionToken })
    const change = await mailedToken(newEmail, 'confirm_new_email')
    // An unconfirmed registration of the same address since then is replaced.
    await engine.registerUser(newEmail, PASSWORD)
    await engine.account.confirmEmail({ token: change, password: PASSWORD })
  },
  async 'account.update'({ client, engine, person }) {
    const { sessionToken } = await person()
    await engine.account.update({ name: 'Robert' }, { sessionToken, ...client() })
  },
  async 'account.changeEmail'({ client, engine, person, stranger }) {
    const { sessionToken } = await person()
    for (const email of [stranger(), (await person()).email])
      await engine.account.changeEmail({ email }, { sessionToken, ...client() })
  },
  async validLogin({ engine, person, stranger }) {
    const { email } = await person()
    expect(await engine.validLogin(email, PASSWORD)).toBe(true)
    expect(await engine.validLogin(email, NEW_PASSWORD)).toBe(false)
    expect(await engine.validLogin(stranger(), PASSWORD)).toBe(false)
  },
  async 'signIn.withPassword'({ client, engine, person, stranger }) {
    const { email, sessionToken } = await person()
    const { deviceToken } = await engine.signIn.withPassword(
      { email, password: PASSWORD },
      { sessionToken, ...client() },
    )
    await engine.signIn.withPassword(
      { email, password: PASSWORD },
      { deviceToken: deviceToken ?? expect.unreachable() },
    )
    await refused(engine.signIn.withPassword({ email: stranger(), password: PASSWORD }, client()))
    // Fails up to the limit and signs in, which sends a notice; then fails beyond the limit.
    const guessed = (await person()).email
    const { loginFailuresPerAccount } = engine.options
    for (let attempt = 0; attempt < loginFailuresPerAccount - 1; attempt++)
      await refused(engine.signIn.withPassword({ email: guessed, password: NEW_PASSWORD }, client()))
    await engine.signIn.withPassword({ email: guessed, password: PASSWORD })
    for (let attempt = 0; attempt <= loginFailuresPerAccount; attempt++)
      await refused(engine.signIn.withPassword({ email: guessed, password: NEW_PASSWORD }, client()))
    const unconfirmed = stranger()
    await engine.registerUser(unconfirmed, PASSWORD)
    await refused(engine.signIn.withPassword({ email: unconfirmed, password: PASSWORD }))
    const { sessionsPerUser } = engine.options
    const eager = (await person()).email
    for (let count = 0; count <= sessionsPerUser; count++)
      await engine.signIn.withPassword({ email: eager, password: PASSWORD })
  },
  async 'signIn.pending'(stage) {
    const { engine, begin } = await member(stage)
    expect(await engine.signIn.pending(await begin())).toMatchObject({ next: 'second_factor' })
  },
  async 'signIn.cancel'(stage) {
    const { engine, begin } = await member(stage)
    // The oldest ones are deleted.
    for (let count = 0; count < 6; count++) await begin()
    expect(await engine.signIn.cancel(await begin())).toBe(true)
  },
  async 'signIn.withTotp'(stage) {
    const { engine, begin, app } = await member(stage)
    await refused(engine.signIn.withTotp({ code: '000000' }, await begin()))
    await engine.signIn.withTotp({ code: app.codeAt() }, await begin())
  },
  async 'signIn.withRecoveryCode'(stage) {
    const { engine, begin, app } = await member(stage)
    await refused(engine.signIn.withRecoveryCode({ code: '0'.repeat(14) }, await begin()))
    await engine.signIn.withRecoveryCode({ code: app.recoveryCodes[0] ?? '' }, await begin())
  },
  async 'signIn.withPasskey'(stage) {
    const { engine, begin, authenticator } = await member(stage)
    for (const purpose of ['sign_in', 'second_factor'] as const) {
      const caller = { ...(await begin()), browserToken: PASSKEY_BROWSER }
      await engine.signIn.withPasskey(await passkeyAnswer(engine, authenticator, purpose, caller), caller)
    }
  },
  async 'factors.setSecondFactor'(stage) {
    const { engine, session } = await member(stage)
    for (const enabled of [false, true]) await engine.factors.setSecondFactor({ enabled }, session)
  },
  async 'factors.confirmTotp'(stage) {
    const { engine, session, now } = { ...stage, ...(await member(stage)) }
    const { codeAt } = await scanTotp(engine, now, session)
    await engine.factors.confirmTotp({ code: codeAt() }, session)
  },
  async 'factors.removeTotp'(stage) {
    const { engine, session } = await member(stage)
    await engine.factors.removeTotp(session)
  },
  async 'factors.renewRecoveryCodes'(stage) {
    const { engine, session } = await member(stage)
    await engine.factors.renewRecoveryCodes(session)
  },
  async 'passkeys.startCeremony'(stage) {
    const { engine, session } = await member(stage)
    const caller = { ...session, ...stage.client(), browserToken: PASSKEY_BROWSER }
    for (const purpose of ['sign_in', 'step_up', 'add_passkey'] as const)
      await engine.passkeys.startCeremony({ purpose }, caller)
  },
  async 'passkeys.add'(stage) {
    const { engine, session } = await member(stage)
    await addPasskey(engine, session)
  },
  async 'passkeys.rename'(stage) {
    const { engine, session, passkeyId: id } = await member(stage)
    await engine.passkeys.rename({ id, name: 'Phone' }, session)
  },
  async 'passkeys.remove'(stage) {
    const { engine, session, passkeyId: id } = await member(stage)
    await engine.passkeys.remove({ id }, session)
  },
  async 'mailCodes.request'({ engine, person, stranger, client }) {
    const caller = { browserToken: PASSKEY_BROWSER, ...client() }
    for (const email of [(await person()).email, stranger()])
      await engine.mailCodes.request({ purpose: 'reset_password', email }, caller)
  },
  async 'mailCodes.confirmEmail'({ engine, client }) {
    const request = { code: '00000000', password: PASSWORD }
    await refused(engine.mailCodes.confirmEmail(request, { browserToken: 'c'.repeat(43), ...client() }))
  },
  async 'mailCodes.resetPassword'({ engine, person, client }) {
    const caller = { browserToken: PASSKEY_BROWSER, ...client() }
    await engine.mailCodes.request({ purpose: 'reset_password', email: (await person()).email }, caller)
    await refused(engine.mailCodes.resetPassword({ code: '00000000', newPassword: NEW_PASSWORD }, caller))
  },
  async 'mailCodes.changeEmail'({ engine, person, stranger }) {
    const caller = { sessionToken: (await person()).sessionToken, browserToken: PASSKEY_BROWSER }
    await engine.account.changeEmail({ email: stranger() }, caller)
    await refused(engine.mailCodes.changeEmail({ code: '00000000' }, caller))
  },
  async 'sessions.verify'({ engine, person }) {
    const { sessionToken } = await person()
    await engine.sessions.verify({ fresh: true, aal: 'strongest' }, { sessionToken })
  },
  async createSession({ client, engine, person, stranger }) {
    expect(await engine.createSession((await person()).email, client())).not.toBeNull()
    expect(await engine.createSession(stranger())).toBeNull()
  },
  async getUserFromSessionId({ engine, now, person }) {
    const { id, sessionToken } = await person()
    expect(await engine.getUserFromSessionId(sessionToken)).toMatchObject({ id })
    now.advance(120)
    expect(await engine.getUserFromSessionId(sessionToken)).toMatchObject({ id })
    expect(await engine.getUserFromSessionId(`${engine.generateUuid()}.${'a'.repeat(43)}`)).toBeNull()
  },
  async 'account.get'({ engine, person }) {
    const { id, sessionToken } = await person()
    expect(await engine.account.get({ sessionToken })).toMatchObject({ id })
  },
  async 'sessions.current'({ engine, person }) {
    const { id, sessionToken } = await person()
    expect(await engine.sessions.current({ sessionToken })).toMatchObject({ user: { id } })
  },
  async 'sessions.create'({ engine, person }) {
    expect(await engine.sessions.create({ email: (await person()).email })).not.toBeNull()
  },
  async 'signIn.verifyPassword'({ engine, person }) {
    expect(await engine.signIn.verifyPassword({ email: (await person()).email, password: PASSWORD })).toBe(
      true,
    )
  },
  async 'users.create'({ engine, stranger }) {
    await engine.users.create({ email: stranger(), password: PASSWORD, confirmed: true })
  },
  async 'users.update'({ engine, person }) {
    const { id } = await person()
    await engine.users.update(id, { metadata: { plan: 'pro' }, privateMetadata: { customer: 'cus_1' } })
  },
  async 'users.endSessions'({ engine, person }) {
    await engine.users.endSessions((await person()).id)
  },
  async 'sessions.signOut'({ client, engine, person }) {
    const { sessionToken } = await person()
    expect(await engine.sessions.signOut({ ...client(), sessionToken })).toBe(true)
    expect(await engine.sessions.signOut({ sessionToken })).toBe(false)
  },
  async 'sessions.list'({ engine, person }) {
    const { sessionToken } = await person()
    expect(await engine.sessions.list({ sessionToken })).toHaveLength(2)
  },
  async 'sessions.end'({ client, engine, person }) {
    const { sessionToken } = await person()
    const other = (await engine.sessions.list({ sessionToken })).find(({ current }) => !current)
    await engine.sessions.end({ id: other?.id ?? expect.unreachable() }, { sessionToken, ...client() })
    await refused(engine.sessions.end({ id: engine.generateUuid() }, { sessionToken }))
  },
  async 'sessions.endOthers'({ client, engine, person }) {
    const { sessionToken } = await person()
    expect(await engine.sessions.endOthers({ sessionToken, ...client() })).toBe(1)
  },
  async 'signIn.reauthenticate'({ client, engine, person }) {
    const { sessionToken } = await person()
    await refused(engine.signIn.reauthenticate({ password: NEW_PASSWORD }, { sessionToken, ...client() }))
    await engine.signIn.reauthenticate({ password: PASSWORD }, { sessionToken, ...client() })
  },
  async 'account.changePassword'({ client, engine, person }) {
    const { sessionToken } = await person()
    const passwords = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD }
    await refused(
      engine.account.changePassword({ ...passwords, currentPassword: NEW_PASSWORD }, { sessionToken }),
    )
    await engine.account.changePassword(passwords, { sessionToken, ...client() })
  },
  async 'account.export'({ client, engine, person }) {
    const { audit } = await engine.account.export({
      sessionToken: (await person()).sessionToken,
      ...client(),
    })
    expect(audit.length).toBeGreaterThan(1)
  },
  async 'account.delete'({ client, engine, person }) {
    await engine.account.delete({ sessionToken: (await person()).sessionToken, ...client() })
  },
  async destroySession({ engine, person }) {
    await engine.destroySession((await person()).id)
  },
  async 'account.createResetToken'({ client, engine, person, stranger }) {
    await engine.account.createResetToken({ email: (await person()).email }, client())
    await refused(engine.account.createResetToken({ email: stranger() }))
  },
  async 'account.requestPasswordReset'({ client, engine, person, stranger }) {
    for (const email of [(await person()).email, stranger()])
      await engine.account.requestPasswordReset({ email }, client())
  },
  async getResetPasswordToken({ engine, person }) {
    await engine.getResetPasswordToken((await person()).email)
  },
  async 'account.resetPassword'({ client, engine, classic, person }) {
    const { id, email } = await person()
    await engine.users.markPasswordCompromised(id)
    const { resetToken } = await engine.account.createResetToken({ email })
    await refused(engine.account.resetPassword({ resetToken, newPassword: PASSWORD }))
    await engine.account.resetPassword({ resetToken, newPassword: NEW_PASSWORD, email }, client())
    await refused(engine.account.resetPassword({ resetToken, newPassword: NEW_PASSWORD }))
    const another = await classic.getResetPasswordToken((await person()).email)
    await classic.account.resetPassword({ resetToken: another, newPassword: NEW_PASSWORD })
  },
  async updatePassword({ engine, person }) {
    await engine.updatePassword(await engine.getResetPasswordToken((await person()).email), NEW_PASSWORD)
  },
  async 'users.find'({ engine, person, stranger }) {
    expect(await engine.users.find((await person()).email)).toMatchObject({ liveSessions: 2 })
    expect(await engine.users.find(stranger())).toBeNull()
  },
  'users.list': ({ engine }) => drain(engine.users.list()),
  'users.list, beyond an id': ({ engine }) => drain(engine.users.list({ afterId: SIZE / 2 })),
  async 'users.list, some'({ engine, now }) {
    await drain(engine.users.list({ email: 'user1', since: now(), afterId: 1 }))
    for (const state of ACCOUNT_STATES) await drain(engine.users.list({ state }))
  },
  async 'users.listSessions'({ engine, person }) {
    expect(await engine.users.listSessions((await person()).id)).toHaveLength(2)
  },
  async 'users.revokeFactors'({ engine, person }) {
    const { id } = await person()
    expect(await engine.users.revokeFactors(id, { totp: true, passkeys: true, recoveryCodes: true })).toBe(
      false,
    )
    const owner = await person()
    const { passkey } = await addPasskey(engine, owner)
    expect(await engine.users.revokeFactors(owner.id, { passkeys: [passkey.id] })).toBe(true)
  },
  async 'users.requireSecondFactor'({ engine, person }) {
    const { id } = await person()
    for (const required of [true, false])
      expect(await engine.users.requireSecondFactor(id, { required })).toBe(true)
  },
  'transfer.exportUsers': ({ engine }) => drain(engine.transfer.exportUsers({ withHashes: true })),
  async 'transfer.importUsers'({ engine, person, stranger }) {
    const lines = [
      { email: stranger() },
      { email: stranger(), id: 2_000_000 },
      { email: (await person()).email },
      {
        email: stranger(),
        totp_secret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ',
        passkeys: [
          {
            credential_id: 'aW1wb3J0ZWQ',
            public_key: cbor(new SoftwareAuthenticator({ origin: BASE_URL }).publicKey()).toString(
              'base64url',
            ),
            algorithm: -7,
            discoverable: false,
            rp_id: 'auth.example.com',
            created_at: '2026-01-01T00:00:00Z',
          },
        ],
      },
    ]
    await drain(
      engine.transfer.importUsers(lines.map((line) => ({ fields: { ...line, hashed_password: '!' } }))),
    )
  },
  async 'users.disable'({ engine, person }) {
    const { id } = await person()
    expect(await engine.users.disable(id)).toBe(true)
    expect(await engine.users.enable(id)).toBe(true)
  },
  async 'users.enable'({ engine, person }) {
    expect(await engine.users.enable((await person()).id)).toBe(true)
  },
  async 'users.delete'({ engine, person }) {
    expect(await engine.users.delete((await person()).id)).toBe(true)
  },
  async 'users.confirmEmail'({ engine, person }) {
    expect(await engine.users.confirmEmail((await person()).id)).toBe(true)
  },
  async 'users.markPasswordCompromised'({ engine, person }) {
    expect(await engine.users.markPasswordCompromised((await person()).id)).toBe(true)
  },
  async 'users.unlock'({ engine, person }) {
    expect(await engine.users.unlock((await person()).id)).toBe(true)
  },
  async 'users.sendPasswordReset'({ engine, person }) {
    expect(await engine.users.sendPasswordReset((await person()).id)).toBe(true)
  },
  async 'users.sendConfirmation'({ engine, person, stranger }) {
    const { id } = await engine.registerUser(stranger(), PASSWORD)
    expect(await engine.users.sendConfirmation(id)).toBe(true)
    expect(await engine.users.sendConfirmation((await person()).id)).toBe(false)
  },
  async 'users.setEmail'({ engine, person, stranger }) {
    const { id } = await person()
    const taken = (await person()).email
    expect(await engine.users.setEmail(id, { email: stranger() })).toBe(true)
    expect(await engine.users.setEmail(id, { email: stranger(), confirmed: true })).toBe(true)
    await refused(engine.users.setEmail(id, { email: taken }))
    await refused(engine.users.setEmail(id, { email: taken, confirmed: true }))
  },
  async 'audit.list'({ engine }) {
    await drain(engine.audit.list())
    await drain(engine.audit.list({ action: 'logout' }))
  },
  async 'audit.list, of a user'({ engine, person }) {
    await drain(engine.audit.list({ userId: (await person()).id }))
  },
  async 'audit.list, since'({ engine, now }) {
    await drain(engine.audit.list({ action: 'logout', since: now() }))
  },
  async 'delivery.count'({ engine }) {
    expect(await engine.delivery.count()).toBeGreaterThan(SIZE - 1)
  },
  async 'delivery.listProblems'({ engine }) {
    await engine.delivery.listProblems()
  },
  async deleteExpired({ engine }) {
    const removed = await engine.deleteExpired()
    for (const what of ['sessions', 'tokens', 'throttles', 'accounts', 'mails', 'auditRecords'] as const)
      expect(removed[what], what).toBeGreaterThan(0)
  },
  async isReady({ engine }) {
    expect(await engine.isReady()).toBe(true)
  },
  async 'db.addUser'({ engine, stranger }) {
    await engine.db.addUser(stranger(), '!')
  },
  async 'db.findUserBy'({ engine }) {
    await refused(engine.db.findUserBy({ sessionId: 'x' }))
  },
  async 'db.findUserBy, indexed'({ engine, person }) {
    const { id, email } = await person()
    await engine.db.findUserBy({ id })
    await engine.db.findUserBy({ email, sessionId: 'x' }).catch(() => {})
  },
  async 'db.updateUser'({ engine, person, stranger }) {
    await engine.db.updateUser((await person()).id, { email: stranger(), resetToken: null })
  },
  async 'providers.add'({ engine }) {
    await engine.providers.add({ preset: 'google', clientId: 'x', clientSecret: 'y' })
  },
  async 'providers.replaceSecret'({ engine }) {
    expect(await engine.providers.replaceSecret({ id: 'google', clientSecret: 'z' })).toBe(true)
  },
  async 'providers.disable'({ engine }) {
    expect(await engine.providers.disable('google')).toBe(true)
  },
  async 'providers.enable'({ engine }) {
    expect(await engine.providers.enable('google')).toBe(true)
  },
  async 'providers.remove'({ engine }) {
    expect(await engine.providers.remove('google')).toBe(0)
  },
  async 'providers.check'(stage) {
    await visitor(stage)
    // It does not use the clock of the test.
    expect(await stage.engine.providers.check(PROVIDER)).toMatchObject({ problem: 'clock' })
  },
  async 'providers.startSignIn'(stage) {
    await visitor(stage)
  },
  async 'providers.completeSignIn'(stage) {
    const { engine } = stage
    // A new account, a known one, a taken address, and one that is not verified.
    const newcomer = { sub: 'newcomer', email: stage.stranger() }
    for (const person of [newcomer, newcomer])
      expect((await visitor(stage, person).then(come)).next).toBe('signed_in')
    const { email, sessionToken } = await stage.person()
    expect((await visitor(stage, { sub: 'taken', email }).then(come)).next).toBe('account_exists')
    const hidden = { sub: 'hidden', email_verified: false }
    expect((await visitor(stage, hidden).then(come)).next).toBe('address_required')
    // Her own identity, with which she also re-authenticates.
    await linked(stage, sessionToken, 'hers')
    const proven = await engine.providers.startReauthentication({ provider: PROVIDER }, { sessionToken })
    expect((await visitor(stage, { sub: 'hers' }, proven).then((to) => come(to, sessionToken))).next).toBe(
      'reauthenticated',
    )

    function come({ parameters, flowToken }: Return, sessionToken: string | null = null) {
      return engine.providers.completeSignIn({ provider: PROVIDER, parameters }, { sessionToken, flowToken })
    }
  },
  async 'providers.startReauthentication'(stage) {
    const { sessionToken } = await stage.person()
    await linked(stage, sessionToken, 'again')
    await stage.engine.providers.startReauthentication({ provider: PROVIDER }, { sessionToken })
  },
  async 'providers.waiting'(stage) {
    const caller = await waitingVisitor(stage, { sub: 'waits', email_verified: false })
    expect(await stage.engine.providers.waiting(caller)).toMatchObject({ next: 'address_required' })
  },
  async 'providers.connect'(stage) {
    const { email, sessionToken } = await stage.person()
    const caller = await waitingVisitor(stage, { sub: 'connects', email })
    await stage.engine.providers.connect({ ...caller, sessionToken })
  },
  async 'providers.enterAddress'(stage) {
    const caller = await waitingVisitor(stage, { sub: 'enters', email_verified: false })
    for (const email of [stage.stranger(), (await stage.person()).email])
      await stage.engine.providers.enterAddress({ email }, { ...caller, browserToken: PASSKEY_BROWSER })
  },
  async 'providers.endSessionsFrom'(stage) {
    const { engine, now } = stage
    const { parameters, flowToken } = await visitor(stage, { sub: 'leaves', email: stage.stranger() })
    await engine.providers.completeSignIn(
      { provider: PROVIDER, parameters },
      { sessionToken: null, flowToken },
    )
    const fake = (await PROVIDERS.get(engine)) ?? expect.unreachable()
    for (const whose of [{ sub: 'leaves' }, { sid: 'session-of-leaves' }]) {
      const logoutToken = await logoutTokenOf(fake, now, { jti: JSON.stringify(whose), ...whose })
      await engine.providers.endSessionsFrom({ provider: PROVIDER, logoutToken })
    }
  },
  async 'identities.link'(stage) {
    await linked(stage, (await stage.person()).sessionToken, 'links')
  },
  async 'identities.unlink'(stage) {
    const { engine } = stage
    const { sessionToken } = await stage.person()
    await linked(stage, sessionToken, 'unlinks')
    const [identity] = await engine.identities.list({ sessionToken })
    await engine.identities.unlink({ id: identity?.id ?? '' }, { sessionToken })
  },
  async 'sending mail'({ engine, attempts, sendUntil, stranger }) {
    // One is sent, one is given up, one is postponed.
    for (const name of ['good', 'full', 'slow']) {
      const email = `${name}.${stranger()}`
      await engine.registerUser(email, PASSWORD)
      await sendUntil(() => attempts.includes(email))
    }
  },
  async 'users.endEverySession'({ engine }) {
    expect(await engine.users.endEverySession()).toBeGreaterThan(SIZE / 2)
  },
  async 'secrets.reseal'({ engine }) {
    await engine.secrets.reseal()
  },
  async 'transfer.finishRestore'({ engine }) {
    await engine.transfer.finishRestore({ keepSessions: false })
  },
}

/** Creates sessions, tokens, accounts and records that expired long ago, for the clean-up. */
async function liveLongAgo(engine: AuthService, now: TestClock): Promise<void> {
  now.advance(-40 * DAY_SECONDS)
  for (let n = 0; n < 5; n++) {
    await engine.createSession(emailOf(n))
    await engine.account.createResetToken({ email: emailOf(n) })
    await engine.registerUser(`old.${emailOf(n)}`, PASSWORD)
  }
  now.advance(40 * DAY_SECONDS)
}

/** Tables that are filled otherwise, and `providers`, which stays small. */
const FILLED = [
  'users',
  'sessions',
  'audit',
  'throttles',
  'tokens',
  'outbox',
  'providers',
] satisfies (keyof Schema)[]

/** An expression for a column. Texts and bytes differ in each row, for unique constraints. */
function expressionFor(type: Column['type'], engine: EngineName): string {
  const isSqlite = engine === 'sqlite'
  return {
    uuid: 'id',
    text: isSqlite ? 'id' : 'id::text',
    bytes: isSqlite ? 'cast(id as blob)' : 'uuid_send(id)',
    json: `'{}'`,
    time: String(CLOCK + DAY_SECONDS * 1_000),
    integer: '1',
    count: '1',
  }[type]
}

/** Adds counters, tokens and postponed mail for all users, and a row to each other table for half of them. */
async function fillOthers(store: Store): Promise<void> {
  await store.run(
    `insert into throttles select normalized_email, 1, 0, ${CLOCK + DAY_SECONDS * 1_000} from users`,
  )
  await store.run(`insert into tokens
    select id, 'change_email', user_id, 'x@example.com', secret_hash, created_at, ${CLOCK + DAY_SECONDS * 1_000} from sessions`)
  for (const [name, { columns }] of Object.entries<Table>(TABLES)) {
    if ((FILLED as readonly string[]).includes(name)) continue
    const values = Object.entries(columns).map(([column, { type, nullable }]) => {
      if (column === 'user_id') return 'user_id'
      if (column === 'session_id') return 'id'
      return nullable ? 'null' : expressionFor(type, store.engine)
    })
    // Not for those who are called later as a person.
    await store.run(`insert into ${name} (${Object.keys(columns).join(', ')})
      select ${values.join(', ')} from sessions where user_id > ${SIZE / 2}`)
  }
  // Enqueued just now, except for some stale mail.
  const now = `'${firstUuidAt(CLOCK).slice(0, 13)}'`
  const id = store.engine === 'sqlite' ? `${now} || substr(id, 14)` : `(${now} || substr(id::text, 14))::uuid`
  await store.run(`insert into outbox
    select case when user_id % 100 = 0 then id else ${id} end, 'verify_email', user_id, null, 'en', '{}', created_at, 1, ${CLOCK + 1_200_000}, 1, 1, 'later' from sessions`)
}

/** A person with second factors, and a session that was started with them. */
async function member({ engine, now, person }: Stage) {
  const { email, sessionToken } = await person()
  const app = await addTotp(engine, now, { sessionToken })
  const renewed = await engine.signIn.reauthenticate({ totp: app.codeAt(1) }, app)
  const { authenticator, passkey, ...session } = await addPasskey(engine, renewed)
  now.advance(60)
  const begin = async () => {
    const result = await engine.signIn.withPassword({ email, password: PASSWORD })
    return result.next === 'signed_in' ? expect.unreachable() : { loginToken: result.loginToken }
  }
  return { engine, app, authenticator, passkeyId: passkey.id, session, begin }
}

const PROVIDERS = new WeakMap<AuthService, Promise<KnownProvider>>()

/** A person who comes back from the provider: to sign in, unless another purpose is given. */
async function visitor(
  { engine, now }: Stage,
  person: Partial<KnownProvider['person']> = {},
  started?: StartedFlow,
): Promise<Return> {
  const known = PROVIDERS.get(engine) ?? addFakeProvider(engine, now)
  PROVIDERS.set(engine, known)
  const fake = await known
  fake.person = { ...FAKE_PERSON, ...person }
  return comeBack(fake, started ?? (await engine.providers.startSignIn({ provider: PROVIDER })))
}

/** Connects a user to a person at the provider. */
async function linked(stage: Stage, sessionToken: string, sub: string): Promise<void> {
  const { engine } = stage
  // The provider must exist first.
  await visitor(stage)
  const started = await engine.identities.link({ provider: PROVIDER }, { sessionToken })
  const { parameters, flowToken } = await visitor(stage, { sub }, started)
  await engine.providers.completeSignIn({ provider: PROVIDER, parameters }, { sessionToken, flowToken })
}

/** A person who came back from the provider and must complete another step. */
async function waitingVisitor(stage: Stage, person: Partial<KnownProvider['person']>) {
  const { parameters, flowToken } = await visitor(stage, person)
  const caller = { sessionToken: null, flowToken }
  const { next } = await stage.engine.providers.completeSignIn({ provider: PROVIDER, parameters }, caller)
  expect(next).toMatch(/^(?:account_exists|address_required)$/)
  return caller
}

/** What only one of the {@link DRIVES} needs. */
function stageOn(
  engine: AuthService,
  others: Pick<Stage, 'attempts' | 'classic' | 'now'> & {
    mailer: MemoryMailer
    openWorker: () => Promise<AuthService>
  },
): Stage {
  const { mailer, openWorker, ...rest } = others
  let people = 100
  let strangers = 0
  const sendUntil: Stage['sendUntil'] = async (holds) => {
    const worker = await openWorker()
    await until(holds)
    await worker.close()
  }
  return {
    engine,
    ...rest,
    sendUntil,
    async person() {
      const email = emailOf(people++)
      const { id } = await engine.db.findUserBy({ email })
      await engine.db.updateUser(id, { hashedPassword: await CHEAP_HASHER.hash(PASSWORD) })
      return {
        id,
        email,
        sessionToken: signedIn(await engine.signIn.withPassword({ email, password: PASSWORD })).sessionToken,
      }
    },
    stranger: () => `stranger${strangers++}@example.org`,
    client: () => ({ ...CLIENT, ip: `192.0.2.${strangers++}` }),
    async mailedToken(to, kind) {
      const sent = () => mailer.mails.find((mail) => mail.to === to && mail.kind === kind)
      await sendUntil(() => sent() !== undefined)
      return linkIn(sent() ?? expect.unreachable()).token
    },
  }
}

/** Whether a table grows with use. Catalogues, the lists of migrations and providers, and the rows of a statement (`10-ROW VALUES`) do not. */
const grows = (table: string) => !/^(?:pg_|sqlite_|bienvenue_|providers$|\d+$)/.test(table)

/**
 * Calls a use case that has no drive of its own as most of its topic are called: with the id of a user in `users`, else
 * with a session.
 */
function driveByShape(name: string): (stage: Stage) => Promise<unknown> {
  const [group = '', useCase = ''] = name.split('.')
  return async ({ engine, person }) => {
    const { id, sessionToken } = await person()
    const topic = engine[group as Group] as Readonly<
      Record<string, (...input: unknown[]) => Promise<unknown>>
    >
    return group === 'users' ? topic[useCase]?.(id, ANY_REQUEST) : topic[useCase]?.({ sessionToken })
  }
}

/** A request in which every field is a text. */
const ANY_REQUEST: unknown = new Proxy({}, { get: () => 'text' })

/** The names of all use cases. */
function useCasesOf(engine: AuthService): string[] {
  const grouped = GROUPS.flatMap((group) => Object.keys(engine[group]).map((name) => `${group}.${name}`))
  const others = Object.keys(engine).filter((name) => ![...SILENT, ...GROUPS].includes(name))
  return [...others, ...grouped]
}

onEachEngine('query plans', (name) => {
  it('of all use cases and of sending mail scan no table, except those listed here', async () => {
    const store = await openStore(await freshDatabase(name))
    onTestFinished(() => store.close())
    await fill(store, SIZE, () => {})
    await fillOthers(store)
    const watch = await watchPlans(store)
    const now = testClock(new Date(CLOCK).toISOString())
    const attempts: string[] = []
    const mailer = memoryMailer(({ to }) => {
      attempts.push(to)
      if (to.startsWith('full')) throw new MailRefused('The mailbox is full.')
      if (to.startsWith('slow')) throw new MailError('The server is slow.')
    })
    const open = async (options: AuthOptions, sendsMail = false) => {
      const engine = await openAuthService(
        {
          databaseUrl: watch.databaseUrl,
          mode: 'production',
          baseUrl: BASE_URL,
          secretKey: SECRET_KEY,
          outboundPrivate: REACHES_LOOPBACK,
          breachCheckUrl: 'off',
          sessionsPerUser: 3,
          hasher: CHEAP_HASHER,
          now,
          mailer,
          ...options,
        },
        { sendsMail },
      )
      return engine
    }
    const engine = await open({ ipRetentionDays: 20 })
    onTestFinished(() => engine.close())
    const classic = await open({ mode: 'classic', emailVerification: false })
    onTestFinished(() => classic.close())
    const past = await open({ auditRetentionDays: 30, ipRetentionDays: 1 })
    await liveLongAgo(past, now)
    await past.close()
    await store.settle()
    for (const beside of BESIDE) expect(Object.keys(DRIVES)).toContain(beside)

    const stage = stageOn(engine, { attempts, classic, now, mailer, openWorker: () => open({}, true) })
    const scans: Record<string, string> = {}
    const others = useCasesOf(engine).filter((name) => !Object.hasOwn(DRIVES, name))
    // Those that end every session come last.
    const drives = { ...Object.fromEntries(others.map((name) => [name, driveByShape(name)])), ...DRIVES }
    for (const [useCase, drive] of Object.entries(drives)) {
      const seen = await watch.during(() => drive(stage))
      expect(seen.length, useCase).toBeGreaterThan(0)
      const scanned = new Set(seen.flatMap((one) => one.scans).filter(grows))
      if (scanned.size > 0) scans[useCase] = [...scanned].sort().join(', ')
    }
    const { 'users.list, some': _, ...everywhere } = SCANS
    expect(scans).toEqual(name === 'sqlite' ? { ...everywhere, ...ON_SQLITE } : { ...SCANS, ...ON_POSTGRES })
  })
})

it('SQLite has an index for each foreign key, so that deleting a row scans no table', async () => {
  const store = await openStore(await freshDatabase('sqlite'))
  onTestFinished(() => store.close())
  await fill(store, 1, () => {})
  const keys = `select child.name as "table", key."from" as "column"
    from sqlite_master as child, pragma_foreign_key_list(child.name) as key`
  const indexed = `select 1 from pragma_index_list(child.name) as list, pragma_index_info(list.name) as part
    where part.seqno = 0 and part.name = key."from"`
  expect(await store.run(keys)).toContainEqual({ table: 'sessions', column: 'user_id' })
  expect(await store.run(`${keys} where not exists (${indexed})`)).toEqual([])
})

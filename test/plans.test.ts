/**
 * No use case reads a table as a whole, however many rows it has: whatever the engine is asked on the way, each
 * plan goes by a key or by a range of an index.
 */
import { expect, it, onTestFinished } from 'vitest'
import { fill } from '../bench/growth/fill.ts'
import { CLOCK, emailOf, firstUuidAt } from '../bench/growth/rows.ts'
import { openStore, type Store } from '../bench/growth/stores.ts'
import { ACCOUNT_STATES, type AuthService, type Client, openAuthService } from '../src/auth/index.ts'
import { MailError, MailRefused } from '../src/index.ts'
import type { AuthOptions } from '../src/options/index.ts'
import { CHEAP_HASHER, freshDatabase, onBothEngines, type TestClock, testClock } from './support/engines.ts'
import { watchPlans } from './support/plans.ts'
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
} from './support/production.ts'

const SECRET_KEY = randomKey()
/** So many users, sessions and lines of the audit: a planner that has the choice takes an index. */
const SIZE = 5_000
const DAY_SECONDS = 86_400

/** Members of the engine that ask the database nothing. */
const SILENT = ['options', 'mailer', 'generateUuid', 'hashPassword', 'close']

type UseCase = Exclude<
  keyof AuthService,
  'options' | 'mailer' | 'generateUuid' | 'hashPassword' | 'close' | 'db'
>
type Drive = UseCase | `db.${keyof AuthService['db']}` | (typeof BESIDE)[number]

/** What is done beside the use cases, or by one of them where another way of it may read everything. */
const BESIDE = [
  'sending mail',
  'listUsers, beyond an id',
  'listUsers, some',
  'listAudit, of a user',
  'listAudit, since',
  'db.findUserBy, indexed',
] as const

/** What may be read as a whole, and why. */
const SCANS: Partial<Record<Drive, string>> = {
  // All of them are its business.
  endEverySession: 'sessions, users',
  finishRestore: 'sessions, tokens, users',
  // The operator's: the mail that waits, which is not the users'.
  countMail: 'outbox',
  listMailProblems: 'outbox',
  // The operator's: a page at a time, along the key.
  listAudit: 'audit',
  // The operator's: PostgreSQL may read all to find some by what has no index. SQLite goes along the key.
  'listUsers, some': 'users',
  // By what has no index, as no use case of ours looks: session_id, reset_token, hashed_password.
  'db.findUserBy': 'users',
}

/** Somebody who is signed in. */
interface Person {
  readonly id: number
  readonly email: string
  readonly sessionToken: string
}

/** A service on full tables, and people in it. */
interface Stage {
  readonly engine: Engine
  /** The same service with classic answers: nobody gets mail. */
  readonly classic: Engine
  readonly now: TestClock
  /** Another one of those who were there from the beginning. */
  person(): Promise<Person>
  /** An address that nobody has. */
  stranger(): string
  /** Who asks, from an address of their own. */
  client(): Client
  /** To whom mail was tried to be sent. */
  readonly attempts: readonly string[]
  /** Lets mail go out until there is one of this kind to an address; gives the token in it. */
  mailedToken(to: string, kind: ReceivedMail['kind']): Promise<string>
  /** Sends what is due until this holds. */
  sendUntil(holds: () => boolean | Promise<boolean>): Promise<void>
}

async function refused(promise: Promise<unknown>): Promise<void> {
  await expect(promise).rejects.toThrow()
}

async function drain(items: AsyncIterable<unknown>): Promise<void> {
  for await (const item of items) expect(item).toBeDefined()
}

/** Each use case on every way that it can take through the database. */
const DRIVES: Readonly<Record<Drive, (stage: Stage) => Promise<unknown>>> = {
  async registerUser({ engine, person, stranger }) {
    await engine.registerUser(stranger(), PASSWORD)
    await engine.users.create({ email: stranger(), password: PASSWORD, confirmed: true })
    await refused(engine.registerUser((await person()).email, PASSWORD))
  },
  async signUp({ client, engine, classic, person, stranger }) {
    for (const auth of [engine, classic])
      await auth.account.register({ email: stranger(), password: PASSWORD }, client())
    const { email } = await person()
    await engine.account.register({ email, password: PASSWORD })
    await refused(classic.account.register({ email, password: PASSWORD }))
  },
  async requestConfirmation({ client, engine, person, stranger }) {
    const email = stranger()
    await engine.registerUser(email, PASSWORD)
    for (const address of [email, stranger(), (await person()).email])
      await engine.account.requestConfirmation({ email: address }, client())
  },
  async confirmEmail({ client, engine, person, stranger, mailedToken }) {
    const email = stranger()
    await engine.registerUser(email, PASSWORD)
    const token = await mailedToken(email, 'verify_email')
    await refused(engine.account.confirmEmail({ token, password: NEW_PASSWORD }))
    await engine.account.confirmEmail({ token, password: PASSWORD }, client())
    const { sessionToken } = await person()
    const [newEmail] = [stranger()]
    await engine.account.changeEmail({ email: newEmail }, { sessionToken })
    const change = await mailedToken(newEmail, 'confirm_new_email')
    // Whoever registered the address meanwhile gives way.
    await engine.registerUser(newEmail, PASSWORD)
    await engine.account.confirmEmail({ token: change, password: PASSWORD })
  },
  async requestEmailChange({ client, engine, person, stranger }) {
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
  async logIn({ client, engine, person, stranger }) {
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
    // To the limit, and beyond it; right at last, of which its owner is told.
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
  async endSession({ client, engine, person }) {
    const { sessionToken } = await person()
    expect(await engine.sessions.signOut({ ...client(), sessionToken })).toBe(true)
    expect(await engine.sessions.signOut({ sessionToken })).toBe(false)
  },
  async listOwnSessions({ engine, person }) {
    const { sessionToken } = await person()
    expect(await engine.sessions.list({ sessionToken })).toHaveLength(2)
  },
  async endOwnSession({ client, engine, person }) {
    const { sessionToken } = await person()
    const other = (await engine.sessions.list({ sessionToken })).find(({ current }) => !current)
    await engine.sessions.end({ id: other?.id ?? expect.unreachable() }, { sessionToken, ...client() })
    await refused(engine.sessions.end({ id: engine.generateUuid() }, { sessionToken }))
  },
  async endOtherSessions({ client, engine, person }) {
    const { sessionToken } = await person()
    expect(await engine.sessions.endOthers({ sessionToken, ...client() })).toBe(1)
  },
  async reauthenticate({ client, engine, person }) {
    const { sessionToken } = await person()
    await refused(engine.signIn.reauthenticate({ password: NEW_PASSWORD }, { sessionToken, ...client() }))
    await engine.signIn.reauthenticate({ password: PASSWORD }, { sessionToken, ...client() })
  },
  async changePassword({ client, engine, person }) {
    const { sessionToken } = await person()
    const passwords = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD }
    await refused(
      engine.account.changePassword({ ...passwords, currentPassword: NEW_PASSWORD }, { sessionToken }),
    )
    await engine.account.changePassword(passwords, { sessionToken, ...client() })
  },
  async exportAccount({ client, engine, person }) {
    const { audit } = await engine.account.export({
      sessionToken: (await person()).sessionToken,
      ...client(),
    })
    expect(audit.length).toBeGreaterThan(1)
  },
  async deleteAccount({ client, engine, person }) {
    await engine.account.delete({ sessionToken: (await person()).sessionToken, ...client() })
  },
  async destroySession({ engine, person }) {
    await engine.destroySession((await person()).id)
  },
  async requestPasswordReset({ client, engine, person, stranger }) {
    await engine.account.createResetToken({ email: (await person()).email }, client())
    await refused(engine.account.createResetToken({ email: stranger() }))
  },
  async sendPasswordReset({ client, engine, person, stranger }) {
    for (const email of [(await person()).email, stranger()])
      await engine.account.requestPasswordReset({ email }, client())
  },
  async getResetPasswordToken({ engine, person }) {
    await engine.getResetPasswordToken((await person()).email)
  },
  async resetPassword({ client, engine, classic, person }) {
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
  async describeUser({ engine, person, stranger }) {
    expect(await engine.users.find((await person()).email)).toMatchObject({ liveSessions: 2 })
    expect(await engine.users.find(stranger())).toBeNull()
  },
  listUsers: ({ engine }) => drain(engine.users.list()),
  'listUsers, beyond an id': ({ engine }) => drain(engine.users.list({ afterId: SIZE / 2 })),
  async 'listUsers, some'({ engine, now }) {
    await drain(engine.users.list({ email: 'user1', since: now(), afterId: 1 }))
    for (const state of ACCOUNT_STATES) await drain(engine.users.list({ state }))
  },
  async listSessionsOfUser({ engine, person }) {
    expect(await engine.users.listSessions((await person()).id)).toHaveLength(2)
  },
  exportUsers: ({ engine }) => drain(engine.transfer.exportUsers({ withHashes: true })),
  async importUsers({ engine, person, stranger }) {
    const lines = [
      { email: stranger() },
      { email: stranger(), id: 2_000_000 },
      { email: (await person()).email },
    ]
    await drain(
      engine.transfer.importUsers(lines.map((line) => ({ fields: { ...line, hashed_password: '!' } }))),
    )
  },
  async disableUser({ engine, person }) {
    const { id } = await person()
    expect(await engine.users.disable(id)).toBe(true)
    expect(await engine.users.enable(id)).toBe(true)
  },
  async enableUser({ engine, person }) {
    expect(await engine.users.enable((await person()).id)).toBe(true)
  },
  async deleteUser({ engine, person }) {
    expect(await engine.users.delete((await person()).id)).toBe(true)
  },
  async confirmUser({ engine, person }) {
    expect(await engine.users.confirmEmail((await person()).id)).toBe(true)
  },
  async markPasswordCompromised({ engine, person }) {
    expect(await engine.users.markPasswordCompromised((await person()).id)).toBe(true)
  },
  async unlockUser({ engine, person }) {
    expect(await engine.users.unlock((await person()).id)).toBe(true)
  },
  async sendUserReset({ engine, person }) {
    expect(await engine.users.sendPasswordReset((await person()).id)).toBe(true)
  },
  async resendConfirmation({ engine, person, stranger }) {
    const { id } = await engine.registerUser(stranger(), PASSWORD)
    expect(await engine.users.sendConfirmation(id)).toBe(true)
    expect(await engine.users.sendConfirmation((await person()).id)).toBe(false)
  },
  async setUserEmail({ engine, person, stranger }) {
    const { id } = await person()
    const taken = (await person()).email
    expect(await engine.users.setEmail(id, { email: stranger() })).toBe(true)
    expect(await engine.users.setEmail(id, { email: stranger(), confirmed: true })).toBe(true)
    await refused(engine.users.setEmail(id, { email: taken }))
    await refused(engine.users.setEmail(id, { email: taken, confirmed: true }))
  },
  async listAudit({ engine }) {
    await drain(engine.audit.list())
    await drain(engine.audit.list({ action: 'logout' }))
  },
  async 'listAudit, of a user'({ engine, person }) {
    await drain(engine.audit.list({ userId: (await person()).id }))
  },
  async 'listAudit, since'({ engine, now }) {
    await drain(engine.audit.list({ action: 'logout', since: now() }))
  },
  async countMail({ engine }) {
    expect(await engine.delivery.count()).toBeGreaterThan(SIZE - 1)
  },
  async listMailProblems({ engine }) {
    await engine.delivery.listProblems()
  },
  async deleteExpired({ engine }) {
    const removed = await engine.deleteExpired()
    for (const [what, count] of Object.entries(removed)) expect(count, what).toBeGreaterThan(0)
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
  async 'sending mail'({ engine, attempts, sendUntil, stranger }) {
    // One is in other hands, one is given up, one waits.
    for (const name of ['good', 'full', 'slow']) {
      const email = `${name}.${stranger()}`
      await engine.registerUser(email, PASSWORD)
      await sendUntil(() => attempts.includes(email))
    }
  },
  async endEverySession({ engine }) {
    expect(await engine.users.endEverySession()).toBeGreaterThan(SIZE / 2)
  },
  async finishRestore({ engine }) {
    await engine.transfer.finishRestore({ keepSessions: false })
  },
}

/** What there is to clean up: it began and ended long ago. */
async function liveLongAgo(engine: AuthService, now: TestClock): Promise<void> {
  now.advance(-40 * DAY_SECONDS)
  for (let n = 0; n < 5; n++) {
    await engine.createSession(emailOf(n))
    await engine.account.createResetToken({ email: emailOf(n) })
    await engine.registerUser(`old.${emailOf(n)}`, PASSWORD)
  }
  now.advance(40 * DAY_SECONDS)
}

/** Counters, tokens and mail of every user; all of the mail waits. */
async function fillOthers(store: Store): Promise<void> {
  await store.run(
    `insert into throttles select normalized_email, 1, 0, ${CLOCK + DAY_SECONDS * 1_000} from users`,
  )
  await store.run(`insert into tokens
    select id, 'change_email', user_id, 'x@example.com', secret_hash, created_at, ${CLOCK + DAY_SECONDS * 1_000} from sessions`)
  // Ordered just now, but for what is stale.
  const now = `'${firstUuidAt(CLOCK).slice(0, 13)}'`
  const id = store.engine === 'sqlite' ? `${now} || substr(id, 14)` : `(${now} || substr(id::text, 14))::uuid`
  await store.run(`insert into outbox
    select case when user_id % 100 = 0 then id else ${id} end, 'verify_email', user_id, null, 'en', '{}', created_at, 1, ${CLOCK + 1_200_000}, 1, 1, 'later' from sessions`)
}

/** One of {@link DRIVES} by itself finds its people here. */
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
        sessionToken: (await engine.signIn.withPassword({ email, password: PASSWORD })).sessionToken,
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

/** The catalogue of the database, and the list of migrations, are as long as they are. */
const grows = (table: string) => !/^(?:pg_|sqlite_|bienvenue_)/.test(table)

/** Every use case that an engine has. */
function useCasesOf(engine: AuthService): string[] {
  const ofStore = Object.keys(engine.db).map((name) => `db.${name}`)
  return [...Object.keys(engine).filter((name) => name !== 'db' && !SILENT.includes(name)), ...ofStore]
}

onBothEngines('no table is read as a whole', (name) => {
  it('by any use case, nor by what sends mail, but for what is named here', async () => {
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
    expect(Object.keys(DRIVES).sort()).toEqual([...useCasesOf(engine), ...BESIDE].sort())

    const stage = stageOn(engine, { attempts, classic, now, mailer, openWorker: () => open({}, true) })
    const scans: Record<string, string> = {}
    for (const [useCase, drive] of Object.entries(DRIVES)) {
      const seen = await watch.during(() => drive(stage))
      expect(seen.length, useCase).toBeGreaterThan(0)
      const scanned = new Set(seen.flatMap((one) => one.scans).filter(grows))
      if (scanned.size > 0) scans[useCase] = [...scanned].sort().join(', ')
    }
    const { 'listUsers, some': some, ...everywhere } = SCANS
    expect(scans).toEqual(name === 'sqlite' ? everywhere : { ...everywhere, 'listUsers, some': some })
  })
})

it('SQLite finds by an index what goes with a row that is deleted', async () => {
  const store = await openStore(await freshDatabase('sqlite'))
  onTestFinished(() => store.close())
  await fill(store, 1, () => {})
  const keys = `select child.name as "table", key."from" as "column"
    from sqlite_master as child, pragma_foreign_key_list(child.name) as key`
  const indexed = `select 1 from pragma_index_list(child.name) as list, pragma_index_info(list.name) as part
    where part.seqno = 0 and part.name = key."from"`
  expect(await store.run(keys)).toHaveLength(3)
  expect(await store.run(`${keys} where not exists (${indexed})`)).toEqual([])
})

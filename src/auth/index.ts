/**
 * What the service does: its use cases, without HTTP and without SQL. Each is a free function whose first
 * argument is the {@link Context}; `engine.ts` has their contracts, and this file binds them to one context.
 *
 * Owns the rules: who may do what, in which order, what ends when. Leaves rows to `db`, the wire to `app`,
 * the shape of a hash to `hashing/`.
 *
 * @module
 */
import { hostname } from 'node:os'
import * as store from '../db/index.ts'
import { AuthError } from '../errors.ts'
import { createKeyring, type Keyring, parseSecretKeys } from '../lib/keyring.ts'
import { randomSecret } from '../lib/random.ts'
import { MailError, type Mailer } from '../mail/index.ts'
import { TERMINAL_MAIL } from '../mail/settings.ts'
import { type AuthOptions, type Options, resolveOptions } from '../options/index.ts'
import { listAudit } from './audit/record.ts'
import type { Caller } from './caller.ts'
import { confirmEmail, requestConfirmation, requestEmailChange } from './account/confirmation.ts'
import type { Context } from './context.ts'
import type { Engine } from './engine.ts'
import { exportUsers } from './transfer/export.ts'
import { createHasher } from './passwords/hashing/index.ts'
import { withBoundedQueue } from './passwords/hashing/queue.ts'
import { importUsers } from './transfer/import.ts'
import { logIn, validLogin } from './sign-in/with-password.ts'
import { type MailWorker, startMailWorker } from './delivery/worker.ts'
import { deleteExpired } from './cleanup.ts'
import { resendConfirmation, sendUserReset, setUserEmail } from './users/address.ts'
import { changePassword, deleteAccount, exportAccount, reauthenticate } from './account/own-account.ts'
import { assertPassword } from './passwords/password.ts'
import { createPasswordPolicy } from './passwords/policy/index.ts'
import { registerUser, signUp } from './account/registration.ts'
import {
  getResetPasswordToken,
  requestPasswordReset,
  resetPassword,
  sendPasswordReset,
  updatePassword,
} from './account/password-reset.ts'
import { finishRestore } from './transfer/restore.ts'
import {
  createSession,
  destroySession,
  endEverySession,
  endOtherSessions,
  endOwnSession,
  endSession,
  generateUuid,
  getUserFromSessionId,
  listOwnSessions,
} from './sessions/sessions.ts'
import {
  confirmUser,
  deleteUser,
  describeUser,
  disableUser,
  enableUser,
  listSessionsOfUser,
  listUsers,
  markPasswordCompromised,
  unlockUser,
} from './users/users.ts'

export type { AuditEntry, AuditQuery, AuditRecord, MailProblem, SessionSummary } from '../db/index.ts'
export { ACCOUNT_STATES, type AccountState, type ListedUser } from './users/state.ts'
export { AUDIT_ACTIONS } from './audit/record.ts'
export type { Actor, Caller, Client } from './caller.ts'
export type { ConfirmationRequest, ConfirmEmailRequest, EmailChangeRequest } from './account/confirmation.ts'
export { DEVICE_LIFETIME_SECONDS } from './sign-in/devices.ts'
export type { Engine } from './engine.ts'
export type { ExportedUser } from './transfer/export.ts'
export type { FirebaseProject } from './passwords/hashing/firebase.ts'
export type { ImportItem, ImportOptions, ImportStep } from './transfer/import.ts'
export { USER_FIELDS } from './transfer/imported-user.ts'
export type { LogInRequest, LogInResult } from './sign-in/with-password.ts'
export type { SetEmailRequest } from './users/address.ts'
export type {
  AccountExport,
  ChangePasswordRequest,
  ReauthenticateRequest,
  RenewedSession,
} from './account/own-account.ts'
export type { RegisterDetails, SignUpRequest, SignUpResult } from './account/registration.ts'
export type { PasswordReset, PasswordResetRequest, ResetPasswordRequest } from './account/password-reset.ts'
export type { FinishedRestore, FinishRestoreRequest } from './transfer/restore.ts'
export type { EndOwnSessionRequest, SessionInfo } from './sessions/sessions.ts'
export type { UserDescription, UserQuery } from './users/users.ts'

/** What {@link openEngine} is told beside the options. */
export interface EngineDetails {
  /** Whether to bring the schema up to date. Default `true`. */
  readonly migrate?: boolean
  /** Whether to send the mail that waits in the outbox, from now until `close`. Default `false`. */
  readonly sendsMail?: boolean
  /** How many processes like this one share the machine: each hashes with its share of the cores. Default 1. */
  readonly processes?: number
  /** Told of what fails and belongs to no request: a lost connection, a mail that could not be sent. */
  readonly onFault?: (what: string, error: unknown, details?: Record<string, unknown>) => void
  /** Told when something that the service uses goes away or comes back. */
  readonly onChange?: (level: 'warn' | 'info', what: string, details?: Record<string, unknown>) => void
  /** Told of each line of the audit once it is written for good. */
  readonly onAudit?: (record: store.AuditRecord) => void
}

/**
 * Opens the database, brings its schema up to date and binds the use cases to it.
 *
 * @throws {OptionError} An option has no usable value, or the database cannot be used.
 */
export async function openEngine(
  { now, hasher, mailer: givenMailer, ...given }: AuthOptions,
  { onFault = () => {}, onChange = () => {}, onAudit = () => {}, ...details }: EngineDetails = {},
): Promise<Engine> {
  const options = resolveOptions(given, { hasMailer: givenMailer !== undefined })
  const mailer = givenMailer ?? (await openMailer(options))
  const db = await store.openDatabase(options.databaseUrl, {
    ...(details.migrate !== undefined && { migrate: details.migrate }),
    onError: (error) => onFault('the database dropped a connection', error),
  })
  let worker: MailWorker | undefined
  const ctx: Context = {
    db,
    options,
    now: now ?? (() => new Date()),
    hasher: withBoundedQueue(hasher ?? createHasher(options), details.processes),
    policy: createPasswordPolicy(
      {
        ...options,
        contextWords: options.contextWords.split(',').map((word) => word.trim()),
        breachCheckUrl: options.breachCheckUrl === 'off' ? '' : options.breachCheckUrl,
      },
      (cause) =>
        cause === null
          ? onChange('info', 'the breach service answers again')
          : onChange('warn', 'the breach service does not answer; passwords are not looked up', {
              reason: cause.code,
            }),
    ),
    keys: keyringFor(options),
    sendsMail: mailer !== null,
    instance: `${hostname()}:${process.pid}`,
    onAudit,
    onMail: () => worker?.wake(),
    afterCommit: (act) => act(),
  }
  if (mailer !== null && details.sendsMail === true) {
    worker = startMailWorker(ctx, mailer, (error, mail) => {
      if (mail === null) onFault('the outbox cannot be read', error)
      else {
        // What a mail error says names no address and holds no secret.
        const why = error instanceof MailError && { message: error.message }
        onFault('a mail was not sent', error, { mail: mail.id, attempts: mail.attempts, ...why })
      }
    })
  }
  const bind = binderOf(ctx)
  const withCaller = callerBinderOf(bind)
  return {
    options,
    generateUuid,
    hashPassword: bind(async ({ hasher }, password: string) => {
      assertPassword(password, 'password')
      return hasher.hash(password)
    }),
    registerUser: (email, password, details = {}, caller = NOBODY) =>
      asked(() => registerUser(ctx, email, password, details, caller)),
    signUp: withCaller(signUp),
    requestConfirmation: withCaller(requestConfirmation),
    confirmEmail: withCaller(confirmEmail),
    requestEmailChange: withCaller(requestEmailChange),
    validLogin: withCaller(validLogin),
    logIn: withCaller(logIn),
    createSession: withCaller(createSession),
    getUserFromSessionId: bind(getUserFromSessionId),
    endSession: withCaller(endSession),
    listOwnSessions: withCaller(listOwnSessions),
    endOwnSession: withCaller(endOwnSession),
    endOtherSessions: withCaller(endOtherSessions),
    endEverySession: withCaller(endEverySession),
    finishRestore: withCaller(finishRestore),
    destroySession: withCaller(destroySession),
    reauthenticate: withCaller(reauthenticate),
    changePassword: withCaller(changePassword),
    exportAccount: withCaller(exportAccount),
    deleteAccount: withCaller(deleteAccount),
    requestPasswordReset: withCaller(requestPasswordReset),
    sendPasswordReset: withCaller(sendPasswordReset),
    getResetPasswordToken: withCaller(getResetPasswordToken),
    resetPassword: withCaller(resetPassword),
    updatePassword: withCaller(updatePassword),
    describeUser: bind(describeUser),
    listUsers: (query) => translating(listUsers(ctx, query)),
    listSessionsOfUser: bind(listSessionsOfUser),
    importUsers: (items, options = {}, caller = NOBODY) =>
      translating(importUsers(ctx, items, options, caller)),
    exportUsers: (options = {}, caller = NOBODY) => translating(exportUsers(ctx, options, caller)),
    disableUser: withCaller(disableUser),
    enableUser: withCaller(enableUser),
    deleteUser: withCaller(deleteUser),
    confirmUser: withCaller(confirmUser),
    markPasswordCompromised: withCaller(markPasswordCompromised),
    unlockUser: withCaller(unlockUser),
    sendUserReset: withCaller(sendUserReset),
    resendConfirmation: withCaller(resendConfirmation),
    setUserEmail: withCaller(setUserEmail),
    listAudit: (query) => translating(listAudit(ctx, query)),
    mailer,
    countMail: bind(({ db }) => store.countMail(db)),
    listMailProblems: bind(({ db }) => store.listMailProblems(db)),
    deleteExpired: bind(deleteExpired),
    db: {
      addUser: bind(({ db, now }, email: string, hash: string) =>
        store.addUser(db, email, hash, { createdAt: now() }),
      ),
      findUserBy: bind(({ db }, criteria: store.UserCriteria) => store.findUserBy(db, criteria)),
      updateUser: bind(({ db }, id: number, changes: store.UserChanges) => store.updateUser(db, id, changes)),
    },
    isReady: bind(({ db }) =>
      store.isReady(db).catch((cause: unknown) => {
        throw new AuthError('unavailable', { cause })
      }),
    ),
    async close() {
      if (worker === undefined) mailer?.close()
      else await worker.stop()
      await db.destroy()
    },
  }
}

function keyringFor({ mode, secretKey }: Options): Keyring | null {
  if (secretKey !== '') return createKeyring(parseSecretKeys(secretKey))
  return mode === 'development' ? createKeyring([Buffer.from(randomSecret(), 'base64url')]) : null
}

// Loaded only where used, as the drivers are.
async function openMailer({ smtpUrl, mailFrom, baseUrl }: Options): Promise<Mailer | null> {
  if (smtpUrl === '') return null
  if (smtpUrl === TERMINAL_MAIL) {
    const { openTerminalMailer } = await import('../mail/terminal.ts')
    return openTerminalMailer((text) => void process.stderr.write(text))
  }
  return withFirstMail(async () => {
    const { openSmtp } = await import('../mail/smtp.ts')
    return openSmtp({ url: smtpUrl, from: mailFrom, helloName: URL.parse(baseUrl)?.hostname })
  })
}

/** A mailer that is opened with its first mail: the SMTP package costs tens of milliseconds, and memory. */
function withFirstMail(open: () => Promise<Mailer>): Mailer {
  let opened: Promise<Mailer> | undefined
  return {
    async send(mail) {
      opened ??= open()
      await (await opened).send(mail)
    },
    close: () => void opened?.then((mailer) => mailer.close()),
  }
}

function binderOf(ctx: Context) {
  return <Arguments extends unknown[], Result>(
    useCase: (ctx: Context, ...rest: Arguments) => Promise<Result>,
  ): ((...rest: Arguments) => Promise<Result>) =>
    (...rest) =>
      asked(() => useCase(ctx, ...rest))
}

/** Binds use cases whose last argument is the caller. A program that embeds the library may leave it out. */
function callerBinderOf(bind: ReturnType<typeof binderOf>) {
  return <Arguments extends unknown[], Result>(
    useCase: (ctx: Context, ...rest: [...Arguments, Caller]) => Promise<Result>,
  ): ((...rest: [...Arguments, caller?: Caller]) => Promise<Result>) => {
    const bound = bind(useCase)
    // The context, then its arguments, then the caller.
    const place = useCase.length - 2
    return async (...rest) => {
      const caller = rest[place] ?? NOBODY
      // A session token in its place, as in plain JavaScript, must not pass for a caller without a session.
      if (typeof caller !== 'object')
        throw new TypeError('the caller has to be an object, as in { sessionToken }')
      return bound(...(rest.slice(0, place) as Arguments), caller as Caller)
    }
  }
}

/** Nothing is known of who calls. */
const NOBODY: Caller = {}

async function asked<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    throw translated(error)
  }
}

async function* translating<Item>(items: AsyncGenerator<Item>): AsyncGenerator<Item> {
  try {
    yield* items
  } catch (error) {
    throw translated(error)
  }
}

/** A fault of the database gets its name here, once for every use case. */
function translated(error: unknown): unknown {
  return store.isUnavailable(error) ? new AuthError('unavailable', { cause: error }) : error
}

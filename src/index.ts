/**
 * Bienvenue as a library: the engine with every use case, and the HTTP service as one function.
 *
 * @module
 */
import './lib/require-node.ts'

import { readSessionCookie } from './app/cookies.ts'
import type { App } from './app/index.ts'
import { type AuditRecord, type Engine, openEngine } from './auth/index.ts'
import type { Logger } from './log.ts'
import type { AuthOptions } from './options/index.ts'
import { type Account, accountOf } from './user.ts'

export type { Incoming, IncomingBody } from './app/incoming.ts'
export type { Connection } from './app/index.ts'
export type { Rendered } from './app/responses.ts'
export type {
  AccountExport,
  AccountState,
  Actor,
  AuditEntry,
  AuditQuery,
  AuditRecord,
  Caller,
  ChangePasswordRequest,
  Client,
  ConfirmationRequest,
  ConfirmEmailRequest,
  EmailChangeRequest,
  EndOwnSessionRequest,
  ExportedUser,
  FinishedRestore,
  FinishRestoreRequest,
  FirebaseProject,
  ImportItem,
  ImportOptions,
  ImportStep,
  ListedUser,
  LogInRequest,
  LogInResult,
  MailProblem,
  PasswordReset,
  PasswordResetRequest,
  ReauthenticateRequest,
  RegisterDetails,
  RenewedSession,
  ResetPasswordRequest,
  SessionInfo,
  SessionSummary,
  SetEmailRequest,
  SignUpRequest,
  SignUpResult,
  UserDescription,
  UserQuery,
} from './auth/index.ts'
export { hashPassword } from './auth/passwords/password.ts'
export { generateUuid } from './auth/sessions/sessions.ts'
export {
  AuthError,
  Conflict,
  type ErrorCode,
  InvalidRequestError,
  NoResultFound,
  OptionError,
  type OptionProblem,
} from './errors.ts'
export type { Logger } from './log.ts'
export { type Mail, MailError, type Mailer, MailRefused } from './mail/index.ts'
export type { AuthOptions, Hasher, Options } from './options/index.ts'
export type { Account, User } from './user.ts'

/** The engine, and the service that speaks HTTP for it. */
export interface Auth extends Engine {
  /**
   * Answers a request of the HTTP contract; for any framework that knows `Request` and `Response`. Never
   * rejects. What it needs is loaded at the first call.
   *
   * @param connection - `ip`: the client's IP address, for the limits per IP address.
   */
  fetch: App['fetch']
  /** For adapters, as `bienvenue-auth/node`: the same for what is no `Request`. */
  answer: App['answer']
  /**
   * The user whose session a request bears, or `null`: for routes of your own.
   *
   * @param cookieHeader - The `Cookie` header of the request, as it came.
   */
  getUserFromCookie(cookieHeader: string | null | undefined): Promise<Account | null>
}

/** What {@link createAuth} takes: every option has a default. */
export interface CreateAuthOptions extends AuthOptions {
  /** Where {@link Auth.fetch} logs, and the engine what fails. Default: warnings and errors, as JSON lines on standard error. */
  logger?: Logger | undefined
  /** Told of each line of the audit once it is written for good: for a system of your own to collect them. */
  onAudit?: ((record: AuditRecord) => void) | undefined
}

/**
 * Opens the database (making and migrating it where needed) and gives everything the service can do.
 *
 * @throws {OptionError} An option has no usable value, or the database cannot be used. `option` names it.
 * @example
 * ```ts
 * const auth = await createAuth({ databaseUrl: 'sqlite:accounts.db' })
 * await auth.registerUser('bob@example.com', 'correct horse battery staple')
 * const { sessionId } = await auth.logIn({ email: 'bob@example.com', password: 'correct horse battery staple' })
 * const user = await auth.getUserFromSessionId(sessionId)
 * await auth.close()
 * ```
 */
export async function createAuth({ logger, onAudit, ...options }: CreateAuthOptions = {}): Promise<Auth> {
  const engine = await openEngine(options, {
    sendsMail: true,
    onFault: (what, error, details) => void logFault(logger, what, error, details),
    onChange: (level, what, details = {}) => void logChange(logger, level, what, details),
    ...(onAudit && { onAudit }),
  })
  let app: Promise<App> | undefined
  const loaded = () => {
    app ??= loadApp(engine, logger)
    return app
  }
  return {
    ...engine,
    fetch: async (request, connection) => (await loaded()).fetch(request, connection),
    answer: async (incoming) => (await loaded()).answer(incoming),
    async getUserFromCookie(cookieHeader) {
      const user = await engine.getUserFromSessionId(readSessionCookie(cookieHeader, engine.options))
      return user && accountOf(user)
    },
  }
}

// HTTP, its schemas and the log cost a program that does not use them nothing.
async function loadApp(engine: Engine, logger: Logger | undefined): Promise<App> {
  const [{ createApp }, { createLogger }] = await Promise.all([import('./app/index.ts'), import('./log.ts')])
  return createApp(engine, logger ?? createLogger('warn', 'stderr'))
}

async function logFault(
  logger: Logger | undefined,
  what: string,
  error: unknown,
  details: Record<string, unknown> = {},
): Promise<void> {
  const { createLogger, describeError } = await import('./log.ts')
  const log = logger ?? createLogger('warn', 'stderr')
  log.error({ ...details, reason: describeError(error) }, what)
}

async function logChange(
  logger: Logger | undefined,
  level: 'warn' | 'info',
  what: string,
  details: Record<string, unknown>,
): Promise<void> {
  const log = logger ?? (await import('./log.ts')).createLogger('warn', 'stderr')
  log[level](details, what)
}

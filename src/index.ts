/**
 * Bienvenue as a library: every use case, and the HTTP service as one function.
 *
 * @module
 */
import './lib/require-node.ts'

import { readSessionCookie } from './app/cookies.ts'
import type { App } from './app/index.ts'
import { type AuditRecord, type AuthService, type Hooks, openAuthService } from './auth/index.ts'
import type { Logger } from './log.ts'
import type { Account } from './model/user.ts'
import type { AuthOptions } from './options/index.ts'

export type { Incoming, IncomingBody } from './app/incoming.ts'
export type { Connection } from './app/index.ts'
export type { Rendered } from './app/responses.ts'
export type * from './auth/index.ts'
export { hashPassword } from './auth/index.ts'
export { generateUuid } from './lib/random.ts'
export type { Logger } from './log.ts'
export { type Mail, MailError, type Mailer, MailRefused } from './mail/index.ts'
export {
  AuthError,
  Conflict,
  type ErrorCode,
  HookRefusal,
  InvalidRequestError,
  NoResultFound,
  OptionError,
  type OptionProblem,
} from './model/errors.ts'
export type { Account, User } from './model/user.ts'
export type { AuthOptions, Hasher, Options } from './options/index.ts'

/** Every use case, and the HTTP service as a function. */
export interface Auth extends AuthService {
  /**
   * Answers a request of the HTTP contract, for any framework that uses `Request` and `Response`. Never rejects. Its
   * code is loaded at the first call.
   *
   * @param connection - `ip`: the client's IP address, for the limits per IP address.
   */
  fetch: App['fetch']
  /** Like {@link Auth.fetch}, for adapters without a `Request`, such as `bienvenue-auth/node`. Never rejects. */
  answer: App['answer']
  /**
   * The user whose session token is in the cookies of a request, or `null`. For routes of your own.
   *
   * @param cookieHeader - The `Cookie` header of the request, as it was sent.
   */
  getUserFromCookie(cookieHeader: string | null | undefined): Promise<Account | null>
}

/** What {@link createAuth} takes. Every option has a default. */
export interface CreateAuthOptions extends AuthOptions {
  /** Receives the log. Default: warnings and errors, as JSON lines on standard error. */
  logger?: Logger | undefined
  /** Functions of the application that run at a registration or a sign-in. Default: none. */
  hooks?: Hooks | undefined
  /** Called for each audit record once it is committed, to collect records in a system of your own. */
  onAudit?: ((record: AuditRecord) => void) | undefined
}

/**
 * Opens the database and binds every use case to it. Creates and migrates the database if needed. Sends queued mail until
 * `close`, if there is a mailer.
 *
 * @throws {OptionError} An option is invalid, or the database cannot be used. `option` names the option.
 * @example
 * ```ts
 * const auth = await createAuth({ databaseUrl: 'sqlite:accounts.db' })
 * await auth.account.register({ email: 'bob@example.com', password: 'seven green umbrellas' })
 * const { sessionToken } = await auth.signIn.withPassword({ email: 'bob@example.com', password: 'seven green umbrellas' })
 * const current = await auth.sessions.current({ sessionToken })
 * await auth.close()
 * ```
 */
export async function createAuth({
  logger,
  onAudit,
  hooks,
  ...options
}: CreateAuthOptions = {}): Promise<Auth> {
  const service = await openAuthService(options, {
    sendsMail: true,
    onFault: (what, error, details) => void logFault(logger, what, error, details),
    onChange: (level, what, details = {}) => void logChange(logger, level, what, details),
    hooks,
    ...(onAudit && { onAudit }),
  })
  let app: Promise<App> | undefined
  const loaded = () => {
    app ??= loadApp(service, logger)
    return app
  }
  return {
    ...service,
    fetch: async (request, connection) => (await loaded()).fetch(request, connection),
    answer: async (incoming) => (await loaded()).answer(incoming),
    async getUserFromCookie(cookieHeader) {
      const sessionToken = readSessionCookie(cookieHeader, service.options)
      const current = await service.sessions.current({ sessionToken })
      return current?.user ?? null
    },
  }
}

// Loaded on first use, so that programs without HTTP do not load the routes, their schemas and the logger.
async function loadApp(service: AuthService, logger: Logger | undefined): Promise<App> {
  const [{ createApp }, { createLogger }] = await Promise.all([import('./app/index.ts'), import('./log.ts')])
  return createApp(service, logger ?? createLogger('warn', 'stderr'))
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

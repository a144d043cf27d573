/**
 * Bienvenue as a library: every use case, and the HTTP service as one function.
 *
 * @module
 */
import './lib/require-node.ts'

import { type Cookie, loginCookie } from './app/cookies.ts'
import { readClient, readCredentials } from './app/credentials.ts'
import type { App, Connection } from './app/index.ts'
import { headersOf, type RequestLike } from './app/request-headers.ts'
import { cookiesAfter, cookiesFor, type NewSession } from './app/signed-in.ts'
import { type Testing, testingOf } from './app/testing.ts'
import {
  type AuditRecord,
  type AuthService,
  type AwaitedSignIn,
  type CurrentSession,
  type Hooks,
  openAuthService,
  type SessionCaller,
} from './auth/index.ts'
import type { TypedTopics } from './auth/typed.ts'
import type { Logger } from './log.ts'
import type { MailOptions } from './mail/application.ts'
import type { AnyMetadata, MetadataTypes, StoredMetadata } from './model/standard-schema.ts'
import { type AuthOptions, assertDependencies } from './options/index.ts'

export type { Cookie, CookieAttributes } from './app/cookies.ts'
export type { Incoming, IncomingBody } from './app/incoming.ts'
export type { Connection } from './app/index.ts'
export type { RequestLike } from './app/request-headers.ts'
export type { Rendered } from './app/responses.ts'
export type { NewSession } from './app/signed-in.ts'
export type { Testing, TestSession } from './app/testing.ts'
export type * from './auth/index.ts'
export { hashPassword } from './auth/index.ts'
export type { GivenDatabase, PostgresPool } from './db/index.ts'
export { generateUuid } from './lib/random.ts'
export type { Logger } from './log.ts'
export type {
  LinkParts,
  MailLink,
  MailLinks,
  MailOptions,
  MailTemplate,
  MailTemplates,
  MailText,
  TemplateInput,
} from './mail/application.ts'
export {
  type Mail,
  type MailContent,
  type MailData,
  MailError,
  type Mailer,
  type MailKind,
  MailRefused,
  type SignIn,
} from './mail/index.ts'
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
export type { JsonObject, JsonValue } from './model/json.ts'
export type {
  AnyMetadata,
  MetadataSchemas,
  MetadataTypes,
  StandardSchema,
  StoredMetadata,
} from './model/standard-schema.ts'
export type { Transport } from './model/transport.ts'
export type { Account, User } from './model/user.ts'
export type { UserField, UserFields, UserFieldText, UserFieldValue } from './model/user-fields.ts'
export type { AuthOptions, Hasher, Options } from './options/index.ts'

/**
 * Every use case, and the HTTP service as a function. If the service has metadata schemas, name its type with
 * `typeof auth`.
 *
 * @typeParam Public - What the schema of `metadata` takes and returns.
 * @typeParam Private - The same for `privateMetadata`.
 */
export interface Auth<Public extends MetadataTypes = AnyMetadata, Private extends MetadataTypes = AnyMetadata>
  extends Omit<AuthService, keyof TypedTopics<Public, Private>>,
    TypedTopics<Public, Private> {
  /**
   * Answers a request of the HTTP contract, for any framework that uses `Request` and `Response`. Never rejects. The
   * first call loads the code of the HTTP service.
   *
   * @param connection - `ip`: the client's IP address, for the limits per IP address.
   */
  fetch: App['fetch']
  /** Like {@link Auth.fetch}, for adapters without a `Request`, such as `bienvenue-auth/node`. Never rejects. */
  answer: App['answer']
  /**
   * Finds the signed-in user and the session of a request to your own route. `null` if nobody is signed in. Reads the
   * session cookie or the bearer token, checks it in the database each time, and records that it was used. The result
   * contains no password hash and no token.
   *
   * It does not check the origin of a request. The session cookie is `SameSite=Lax`, so browsers do not send it with a
   * POST from another site.
   *
   * @param from - The request, its `Headers`, or Node's object of headers.
   * @throws {AuthError} `conflicting_credentials`: the request has both a session cookie and a bearer token; `unavailable`:
   *   the database does not answer.
   */
  getSession(from: RequestLike): Promise<CurrentSession<StoredMetadata<Public>> | null>
  /**
   * Reads the caller from a request to your own route: the tokens of our cookies, user agent and language. Pass it to a
   * call, such as `signIn.withPassword(fields, auth.callerOf(request, { ip }))`.
   *
   * @param connection - `ip`: the client's IP address, for the limits per IP address.
   * @throws {AuthError} `conflicting_credentials`: the request has both a session cookie and a bearer token.
   */
  callerOf(from: RequestLike, connection?: Connection): SessionCaller
  /** Our cookies, for your own routes that sign users in or out. */
  readonly cookies: Cookies
  /** Help for the tests of your application. */
  readonly testing: Testing<StoredMetadata<Public>>
}

/** Creates our cookies, for responses of any framework. */
export interface Cookies {
  /**
   * The cookies of a new session: the session cookie, and the device cookie if there is a device token. If the sign-in
   * still needs a second factor, the cookie `login` for the next step instead.
   *
   * @param started - What a step of `signIn`, `signIn.reauthenticate` or `account.changePassword` returned.
   * @throws {TypeError} The session is for a bearer token, which never goes into a cookie.
   */
  forSignIn(started: NewSession | AwaitedSignIn): Cookie[]
  /** The cookies that clear the session cookie, after `sessions.signOut` or `account.delete`. */
  forSignOut(): Cookie[]
}

/** What {@link createAuth} takes. Every option has a default. */
export interface CreateAuthOptions<
  Public extends MetadataTypes = AnyMetadata,
  Private extends MetadataTypes = AnyMetadata,
> extends AuthOptions<Public, Private> {
  /** Receives the log. Default: warnings and errors, as JSON lines on standard error. */
  logger?: Logger | undefined
  /** Functions of the application that run when a user registers or signs in. Default: none. */
  hooks?: Hooks<StoredMetadata<Public>> | undefined
  /** The application's own links and templates for mail. Default: those of the service. */
  mail?: MailOptions | undefined
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
export async function createAuth<
  Public extends MetadataTypes = AnyMetadata,
  Private extends MetadataTypes = AnyMetadata,
>(options?: CreateAuthOptions<Public, Private>): Promise<Auth<Public, Private>>
export async function createAuth({
  logger,
  onAudit,
  hooks,
  mail,
  ...options
}: CreateAuthOptions = {}): Promise<Auth> {
  const { now, hasher, mailer } = options
  assertDependencies({ now, hasher, mailer, logger, onAudit })
  const service = await openAuthService(options, {
    sendsMail: true,
    onFault: async (what, error, details = {}) => {
      const { describeError } = await import('./log.ts')
      ;(await loadLogger(logger)).error({ ...details, reason: describeError(error) }, what)
    },
    onChange: async (level, what, details = {}) => (await loadLogger(logger))[level](details, what),
    hooks,
    mail,
    ...(onAudit && { onAudit }),
  })
  let app: Promise<App> | undefined
  const loaded = () => {
    app ??= loadApp(service, logger)
    return app
  }
  const { logo, accent, texts } = service.options
  // The app reads these. Load it now, so that a mistake in one stops the start, not the first request.
  if (`${logo}${accent}${texts}` !== '')
    await loaded().catch(async (error) => {
      await service.close()
      throw error
    })
  return {
    ...service,
    fetch: async (request, connection) => (await loaded()).fetch(request, connection),
    answer: async (incoming) => (await loaded()).answer(incoming),
    async getSession(from) {
      return service.sessions.current(readCredentials({ header: headersOf(from) }, service.options))
    },
    callerOf: (from, connection = {}) => callerOf(service, from, connection),
    cookies: {
      forSignIn(started) {
        if (typeof (started?.sessionToken ?? started?.loginToken) !== 'string')
          throw new TypeError('expected what a step of the sign-in returned')
        if (started.transport === 'bearer') throw new TypeError('a session for a bearer token has no cookie')
        return started.sessionToken === null
          ? [loginCookie(started.loginToken, service.options)]
          : cookiesFor(started, service.options)
      },
      forSignOut: () => cookiesAfter(service.options),
    },
    testing: testingOf(service),
  }
}

function callerOf({ options }: AuthService, from: RequestLike, { ip }: Connection): SessionCaller {
  const request = { header: headersOf(from) }
  return { ...readCredentials(request, options), ip: ip ?? undefined, ...readClient(request, options) }
}

// Loaded on first use, so that programs without HTTP do not load the routes, their schemas and the logger.
async function loadApp(service: AuthService, logger: Logger | undefined): Promise<App> {
  const { createApp } = await import('./app/index.ts')
  return createApp(service, await loadLogger(logger))
}

async function loadLogger(logger: Logger | undefined): Promise<Logger> {
  return logger ?? (await import('./log.ts')).createLogger('warn', 'stderr')
}

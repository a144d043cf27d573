import { hostname } from 'node:os'
import * as store from '../db/index.ts'
import { createKeyring, type Keyring, parseSecretKeys } from '../lib/keyring.ts'
import { generateUuid, randomSecret } from '../lib/random.ts'
import { MailError, type Mailer } from '../mail/index.ts'
import { TERMINAL_MAIL } from '../mail/settings.ts'
import { AuthError } from '../model/errors.ts'
import { type AuthOptions, type Options, resolveOptions } from '../options/index.ts'
import * as account from './account/index.ts'
import * as audit from './audit/index.ts'
import * as classic from './classic.ts'
import * as classicStore from './classic-store.ts'
import * as cleanup from './cleanup.ts'
import type { Context } from './context.ts'
import * as delivery from './delivery/index.ts'
import { type MailWorker, startMailWorker } from './delivery/worker.ts'
import { costOfNew, createHasher } from './passwords/hashing/index.ts'
import { withBoundedQueue } from './passwords/hashing/queue.ts'
import { createPasswordPolicy } from './passwords/policy/index.ts'
import * as readiness from './readiness.ts'
import * as sessions from './sessions/index.ts'
import * as signIn from './sign-in/index.ts'
import * as transfer from './transfer/index.ts'
import * as users from './users/index.ts'

/** The topics of the library. Every function that a topic exports is a use case. */
const TOPICS = { account, audit, delivery, sessions, signIn, transfer, users } satisfies Record<
  string,
  UseCases
>

/** Use cases at the top level: the names of the exercise, and the upkeep of the service. */
const TOP_LEVEL = { ...classic, ...cleanup, ...readiness } satisfies UseCases

type UseCases = Record<string, (ctx: Context, ...rest: never[]) => Promise<unknown> | AsyncGenerator>

/** The functions of a module without their first parameter. */
type Bound<Module> = {
  readonly [Name in keyof Module]: Module[Name] extends (ctx: Context, ...rest: infer Rest) => infer Result
    ? (...rest: Rest) => Result
    : never
}

type BoundTopics = { readonly [Topic in keyof typeof TOPICS]: Bound<(typeof TOPICS)[Topic]> }

/**
 * Every use case, bound to one database, clock and set of options.
 *
 * Every call may also throw `AuthError` `unavailable`: the database does not answer. An **email** is an address of at most
 * 254 characters; case, Unicode form and spaces around it make no difference. A **password** is 1 to 1,024 bytes of UTF-8,
 * taken as it is: never trimmed, normalised or cut.
 */
export interface AuthService
  extends BoundTopics,
    Bound<typeof classic>,
    Bound<typeof cleanup>,
    Bound<typeof readiness> {
  /** Every option with the value in force. */
  readonly options: Options
  /** The transport for mail, or `null` if none is set. */
  readonly mailer: Mailer | null
  /** The store under the names of the exercise. It checks no rule: prefer the use cases. */
  readonly db: Bound<typeof classicStore>
  /** A new UUID in lower case, version 7: time-ordered (RFC 9562 §5.7). It is an identifier, not a secret. */
  generateUuid(): string
  /** Closes the database and stops sending mail. The service cannot be used afterwards. */
  close(): Promise<void>
}

/** What {@link openAuthService} takes beside the options. */
export interface ServiceDetails {
  /** Whether to bring the schema up to date. Default `true`. */
  readonly migrate?: boolean
  /** Whether to send the mail in the outbox until `close`. Default `false`. */
  readonly sendsMail?: boolean
  /** How many processes share the machine. Each hashes with its share of the cores. Default 1. */
  readonly processes?: number
  /** Called for a fault that belongs to no request, such as a lost connection or a mail that could not be sent. */
  readonly onFault?: (what: string, error: unknown, details?: Record<string, unknown>) => void
  /** Called when something that the service uses goes away or comes back. */
  readonly onChange?: (level: 'warn' | 'info', what: string, details?: Record<string, unknown>) => void
  /** Called for each audit record once it is committed. */
  readonly onAudit?: (record: store.AuditRecord) => void
}

/**
 * Opens the database, brings its schema up to date and binds the use cases to it.
 *
 * @throws {OptionError} An option has no usable value, or the database cannot be used.
 */
export async function openAuthService(
  { now, hasher, mailer: givenMailer, ...given }: AuthOptions,
  { onFault = () => {}, onChange = () => {}, onAudit = () => {}, ...details }: ServiceDetails = {},
): Promise<AuthService> {
  const options = resolveOptions(given, { hasMailer: givenMailer !== undefined })
  const mailer = givenMailer ?? (await openMailer(options))
  const db = await store.openDatabase(options.databaseUrl, {
    ...(details.migrate !== undefined && { migrate: details.migrate }),
    onError: (error) => onFault('the database dropped a connection', error),
    onNewerSchema: (migrations) =>
      onChange('warn', 'a newer version has migrated the database; this version works on it too', {
        migrations,
      }),
  })
  let worker: MailWorker | undefined
  const ctx: Context = {
    db,
    options,
    now: now ?? (() => new Date()),
    hasher: withBoundedQueue(hasher ?? createHasher(options), {
      costOfNew: costOfNew(options),
      processes: details.processes,
    }),
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
        // The message of a mail error contains no address and no secret.
        const why = error instanceof MailError && { message: error.message }
        onFault('a mail was not sent', error, { mail: mail.id, attempts: mail.attempts, ...why })
      }
    })
  }
  const topics = Object.fromEntries(
    Object.entries(TOPICS).map(([topic, useCases]) => [topic, bind(ctx, useCases)]),
  ) as BoundTopics
  return {
    ...topics,
    ...bind(ctx, TOP_LEVEL),
    db: bind(ctx, classicStore),
    options,
    mailer,
    generateUuid,
    async close() {
      if (worker === undefined) mailer?.close()
      else await worker.stop()
      await db.destroy()
    },
  }
}

function bind<Module extends UseCases>(ctx: Context, useCases: Module): Bound<Module> {
  return Object.fromEntries(
    Object.entries(useCases).map(([name, useCase]) => [
      name,
      (...rest: never[]) => {
        try {
          const result = useCase(ctx, ...rest)
          return result instanceof Promise
            ? result.catch((error: unknown) => Promise.reject(namingOutages(error)))
            : iterated(result)
        } catch (error) {
          return Promise.reject(error)
        }
      },
    ]),
  ) as Bound<Module>
}

async function* iterated<Item>(items: AsyncGenerator<Item>): AsyncGenerator<Item> {
  try {
    yield* items
  } catch (error) {
    throw namingOutages(error)
  }
}

/** Turns a fault of the database into `unavailable`, once for every use case. */
function namingOutages(error: unknown): unknown {
  return store.isUnavailable(error) ? new AuthError('unavailable', { cause: error }) : error
}

function keyringFor({ mode, secretKey }: Options): Keyring | null {
  if (secretKey !== '') return createKeyring(parseSecretKeys(secretKey))
  return mode === 'development' ? createKeyring([Buffer.from(randomSecret(), 'base64url')]) : null
}

// Mail packages are loaded only if mail is used.
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

/** A mailer that opens with its first mail, because loading the SMTP package takes tens of milliseconds, and memory. */
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

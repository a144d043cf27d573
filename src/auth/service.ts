import { hostname } from 'node:os'
import * as store from '../db/index.ts'
import { createKeyring, type Keyring, parseSecretKeys } from '../lib/keyring.ts'
import { generateUuid, randomSecret } from '../lib/random.ts'
import { type MailOptions, openMailWriter } from '../mail/application.ts'
import { type Branding, openBranding } from '../mail/branding.ts'
import { MailError, type Mailer } from '../mail/index.ts'
import type { OpenedUserField } from '../model/user-fields.ts'
import {
  type AuthOptions,
  assertMetadataSchemas,
  assertSignUpFits,
  generatesKey,
  type Options,
  openUserFields,
  resolveOptions,
} from '../options/index.ts'
import * as account from './account/index.ts'
import * as audit from './audit/index.ts'
import { type Bound, bind, type UseCases } from './bind.ts'
import { ABSENT } from './caller.ts'
import * as classic from './classic.ts'
import * as classicStore from './classic-store.ts'
import * as cleanup from './cleanup.ts'
import type { Context } from './context.ts'
import * as delivery from './delivery/index.ts'
import { openMailer } from './delivery/open-mailer.ts'
import type { OnMailFault } from './delivery/send.ts'
import { type MailWorker, startMailWorker } from './delivery/worker.ts'
import * as factors from './factors/index.ts'
import { type Hooks, openHooks } from './hooks.ts'
import * as identities from './identities/index.ts'
import * as mailCodes from './mail-codes/index.ts'
import * as passkeys from './passkeys/index.ts'
import { costOfNew, createHasher, loadBcrypt, RECOVERY_CODE_HASHING } from './passwords/hashing/index.ts'
import { createHashQueues } from './passwords/hashing/queue.ts'
import { createPasswordPolicy, type PasswordPolicy } from './passwords/policy/index.ts'
import * as providers from './providers/index.ts'
import { createSharedProviders } from './providers/shared.ts'
import * as readiness from './readiness.ts'
import * as secrets from './secrets/index.ts'
import * as sessions from './sessions/index.ts'
import * as signIn from './sign-in/index.ts'
import * as transfer from './transfer/index.ts'
import * as users from './users/index.ts'

/** The topics of the library. Every function that a topic exports is a use case. */
const TOPICS = {
  account,
  audit,
  delivery,
  factors,
  identities,
  mailCodes,
  passkeys,
  providers,
  secrets,
  sessions,
  signIn,
  transfer,
  users,
} satisfies Record<string, UseCases>

/** Use cases at the top level: the names of the exercise, the clean-up and the readiness check. */
const TOP_LEVEL = { ...classic, ...cleanup, ...readiness } satisfies UseCases

type BoundTopics = { readonly [Topic in keyof typeof TOPICS]: Bound<(typeof TOPICS)[Topic]> }

/**
 * Every use case, bound to one database, clock and set of options.
 *
 * - An `email` is an address of at most 254 characters. Case, Unicode form and surrounding spaces make no difference.
 * - A `password` is 1 to 1,024 bytes of UTF-8. It is never trimmed, normalized or truncated.
 * - Mail and notices are sent only if there is a mailer.
 * - Every call may also throw the `AuthError` `unavailable`: the database does not answer, or too many passwords wait
 *   to be hashed.
 */
export interface AuthService
  extends BoundTopics,
    Bound<typeof classic>,
    Bound<typeof cleanup>,
    Bound<typeof readiness> {
  /** Every option with its effective value. */
  readonly options: Options
  /** The option `userFields` with its defaults. */
  readonly userFields: readonly OpenedUserField[]
  /** The mailer, or `null` if mail is not configured. */
  readonly mailer: Mailer | null
  /** The store under the names of the exercise. It enforces no rules, so prefer the use cases. */
  readonly db: Bound<typeof classicStore>
  /**
   * Returns a new UUID in lower case, of the time-ordered version 7 (RFC 9562 §5.7). It is an identifier, not a secret.
   */
  generateUuid(): string
  /** Closes the database and stops sending mail. Calls afterwards reject with `unavailable`. */
  close(): Promise<void>
}

/** What {@link openAuthService} takes besides the options. */
export interface ServiceDetails {
  /** Whether to create and migrate the database. Default `true`. */
  readonly migrate?: boolean
  /** Whether to send queued mail until `close`. Default `false`. */
  readonly sendsMail?: boolean
  /** How many processes share the machine. Each hashes on its share of the cores. Default 1. */
  readonly processes?: number
  /** Called for a fault outside of a request, such as a lost connection or a mail that could not be sent. */
  readonly onFault?: (what: string, error: unknown, details?: Record<string, unknown>) => void
  /**
   * Called after `onFault` when commits can no longer be made durable. Every write is refused until the database is opened
   * again.
   */
  readonly onLost?: () => void
  /** Called when something that the service depends on fails or recovers. */
  readonly onChange?: (level: 'warn' | 'info', what: string, details?: Record<string, unknown>) => void
  /** Functions of the application. Default: none. */
  readonly hooks?: Hooks | undefined
  /** Links and templates of the application. Default: those of the service. */
  readonly mail?: MailOptions | undefined
  /** Called for each audit record once it is committed. */
  readonly onAudit?: (record: store.AuditRecord) => void
}

/**
 * Opens the database, migrates it, and binds the use cases to it.
 *
 * @throws {OptionError} An option has an invalid value, or the database cannot be used.
 */
export async function openAuthService(
  {
    now = () => new Date(),
    hasher,
    mailer: givenMailer,
    database,
    metadataSchema = {},
    userFields: givenFields = {},
    ...given
  }: AuthOptions,
  { onFault = () => {}, onChange = () => {}, onAudit = () => {}, ...details }: ServiceDetails = {},
): Promise<AuthService> {
  const options = Object.freeze(resolveOptions(given, { hasMailer: givenMailer !== undefined, database }))
  if (hasher === undefined && options.passwordHash === 'bcrypt') await loadBcrypt()
  const hooks = openHooks(details.hooks ?? {}, onFault)
  const mail = openMailWriter(details.mail ?? {}, {
    httpsOnly: options.mode === 'production',
    branding: brandingFor(options, { attachesImages: givenMailer === undefined }),
    onFault,
  })
  assertMetadataSchemas(metadataSchema)
  const userFields = openUserFields(givenFields)
  if (options.registration === 'open') await assertSignUpFits(userFields, metadataSchema.public)
  const mailer = givenMailer ?? (await openMailer(options))
  const db = await store.openDatabase(database ?? options.databaseUrl, {
    naming: options,
    ...(details.migrate !== undefined && { migrate: details.migrate }),
    onError: (error) => onFault('the database dropped a connection', error),
    onLost: (error) => {
      onFault('the database cannot be synced to the disk; no further write is accepted', error, {
        sync: error.reason,
      })
      details.onLost?.()
    },
    onNewerSchema: (migrations) =>
      onChange('warn', 'a newer version has migrated the database; this version works on it too', {
        migrations,
      }),
  })
  const queued = createHashQueues({ costOfNew: costOfNew(options), processes: details.processes })
  let worker: MailWorker | undefined
  const ctx: Context = {
    db,
    options,
    now,
    hasher: queued(hasher ?? createHasher(options)),
    recoveryHasher: queued(hasher ?? createHasher({ ...options, ...RECOVERY_CODE_HASHING })),
    policy: policyFor(options, onChange),
    metadataSchema,
    userFields,
    keys: keyringFor(options),
    providers: createSharedProviders(options, now),
    hooks,
    mail,
    sendsMail: mailer !== null,
    instance: `${hostname()}:${process.pid}`,
    onAudit,
    onMail: () => worker?.wake(),
    afterCommit: (act) => act(),
  }
  if (mailer !== null && details.sendsMail === true)
    worker = startMailWorker(ctx, mailer, mailFaults(onFault))
  const topics = Object.fromEntries(
    Object.entries(TOPICS).map(([topic, useCases]) => [topic, bind(ctx, useCases, ABSENT)]),
  ) as BoundTopics
  return {
    ...topics,
    ...bind(ctx, TOP_LEVEL, undefined),
    db: bind(ctx, classicStore, undefined),
    options,
    userFields,
    mailer,
    generateUuid,
    async close() {
      await hooks.idle()
      if (worker === undefined) mailer?.close()
      else await worker.stop()
      await db.destroy()
    },
  }
}

function policyFor(options: Options, onChange: NonNullable<ServiceDetails['onChange']>): PasswordPolicy {
  const settings = {
    ...options,
    contextWords: options.contextWords.split(',').map((word) => word.trim()),
    breachCheckUrl: options.breachCheckUrl === 'off' ? '' : options.breachCheckUrl,
  }
  return createPasswordPolicy(settings, (cause) =>
    cause === null
      ? onChange('info', 'the breach service answers again')
      : onChange('warn', 'the breach service does not answer; passwords are not looked up', {
          reason: cause.code,
        }),
  )
}

function mailFaults(onFault: NonNullable<ServiceDetails['onFault']>): OnMailFault {
  return (error, mail) => {
    if (mail === null) return onFault('the outbox cannot be read', error)
    // The message of a mail error contains no address and no secret. Its cause is an error of the application.
    const why = error instanceof MailError && { message: error.message }
    const reason = error instanceof MailError ? (error.cause ?? error) : error
    onFault('a mail was not sent', reason, { mail: mail.id, attempts: mail.attempts, ...why })
  }
}

/** Reads the branding files with the first mail. The mailer of an application may not attach images. */
function brandingFor(
  { accent, logo, texts }: Options,
  { attachesImages }: { readonly attachesImages: boolean },
): () => Branding {
  let opened: Branding | undefined
  return () => {
    opened ??= openBranding({ accent, logo: attachesImages ? logo : '', texts })
    return opened
  }
}

function keyringFor(options: Options): Keyring | null {
  if (generatesKey(options)) return createKeyring([Buffer.from(randomSecret(), 'base64url')])
  return options.secretKey === '' ? null : createKeyring(parseSecretKeys(options.secretKey))
}

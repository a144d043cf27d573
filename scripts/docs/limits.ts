/** Generates the tables of docs/security/limits.md. Each number is the constant that the service uses. */
import { BODY_MAX_BYTES, BOUNDARY_MAX_LENGTH, FIELD_NAME_MAX_LENGTH } from '../../src/app/body.ts'
import { LONG_URL_MAX_LENGTH, URL_MAX_LENGTH } from '../../src/app/guards.ts'
import { PARTS_MAX } from '../../src/app/multipart.ts'
import * as server from '../../src/app/server.ts'
import {
  AUDIT_RECORDS_MAX,
  EXPORTS_PER_HOUR,
  PROFILE_UPDATES_PER_HOUR,
} from '../../src/auth/account/limits.ts'
import * as profile from '../../src/auth/account/profile-values.ts'
import { CLIENT_TEXT_MAX_LENGTH } from '../../src/auth/audit/record.ts'
import { SIGN_INS_NAMED_MAX } from '../../src/auth/delivery/device-notice.ts'
import { MAIL_KINDS } from '../../src/auth/delivery/kinds.ts'
import * as sending from '../../src/auth/delivery/send.ts'
import * as mailWorker from '../../src/auth/delivery/worker.ts'
import * as argon2 from '../../src/auth/passwords/hashing/argon2.ts'
import * as bcrypt from '../../src/auth/passwords/hashing/bcrypt.ts'
import * as pbkdf2 from '../../src/auth/passwords/hashing/pbkdf2.ts'
import * as phc from '../../src/auth/passwords/hashing/phc.ts'
import {
  COSTLY_RUNNING_MAX,
  COSTLY_WAITING_MAX,
  WAITING_MAX,
} from '../../src/auth/passwords/hashing/queue.ts'
import * as scrypt from '../../src/auth/passwords/hashing/scrypt.ts'
import { PASSWORD_MAX_BYTES } from '../../src/auth/passwords/password.ts'
import * as breaches from '../../src/auth/passwords/policy/breaches.ts'
import { LAST_SEEN_STEP_SECONDS } from '../../src/auth/sessions/guards.ts'
import { DEVICE_LIFETIME_SECONDS } from '../../src/auth/sign-in/devices.ts'
import { TOKENS_PER_PURPOSE } from '../../src/auth/tokens.ts'
import { NAME_MAX_LENGTH } from '../../src/auth/transfer/field-values.ts'
import { REJECTS_SHOWN_MAX } from '../../src/cli/commands/import.ts'
import { LINE_MAX_BYTES } from '../../src/cli/import/lines.ts'
import { CLEAN_UP_EVERY_MS } from '../../src/cli/instance.ts'
import * as workers from '../../src/cli/workers.ts'
import { PROBE_EVERY_MS, PROBE_TIMEOUT_MS } from '../../src/db/health.ts'
import * as postgres from '../../src/db/postgres.ts'
import { BUSY_TIMEOUT_MS } from '../../src/db/sqlite/connection.ts'
import { TEXT_FILE_MAX_BYTES } from '../../src/lib/setting-file.ts'
import { APPLICATION_LIMIT_MS } from '../../src/lib/time-limit.ts'
import { WORDS_MAX_LENGTH } from '../../src/mail/compose.ts'
import { MAILS_AT_ONCE } from '../../src/mail/index.ts'
import * as smtp from '../../src/mail/smtp.ts'
import {
  APPLICATION_CODE_MAX_LENGTH,
  ERRORS,
  type ErrorCode,
  REFUSAL_MAX_LENGTH,
} from '../../src/model/errors.ts'
import { EMAIL_MAX_LENGTH, LOCAL_PART_MAX_OCTETS } from '../../src/model/user.ts'
import * as userFields from '../../src/options/user-fields.ts'
import { amount, code, duration, partsOf, size, table } from './page.ts'

type Row = readonly [what: string, limit: string, beyond: string]

const rows = (beyond: string, cells: readonly Row[]) => table(['What', 'Limit', beyond], cells)
const seconds = (value: number) => duration(value * 1_000)
const characters = (value: number) => amount(value, 'characters')
const refused = (error: ErrorCode) => `${ERRORS[error].status} ${code(error)}`

export const limits = partsOf('docs/security/limits.md', {
  requests: rows('Beyond it', [
    ['all headers', size(server.LIMITS.maxHeaderSize), refused('headers_too_large')],
    ['time for the headers', duration(server.LIMITS.headersTimeout), refused('request_timeout')],
    ['time for the whole request', duration(server.LIMITS.requestTimeout), refused('request_timeout')],
    ['an idle connection', duration(server.LIMITS.keepAliveTimeout), 'closed'],
    ['the URL', characters(URL_MAX_LENGTH), refused('uri_too_long')],
    ['the URL of a return from a provider', characters(LONG_URL_MAX_LENGTH), refused('uri_too_long')],
    ['a body', size(BODY_MAX_BYTES), refused('body_too_large')],
    ['the boundary of a multipart body', characters(BOUNDARY_MAX_LENGTH), refused('malformed_body')],
    ['a multipart body', amount(PARTS_MAX, 'parts'), refused('malformed_body')],
    ['a field name that an answer repeats', characters(FIELD_NAME_MAX_LENGTH), 'left out of the answer'],
    ['an idle connection when the service stops', duration(server.STOP_IDLE_MS), 'closed'],
    ['current requests when the service stops', duration(server.STOP_TIMEOUT_MS), 'cut off'],
    ['a worker that was told to stop', duration(workers.STOP_TIMEOUT_MS), 'killed'],
  ]),
  text: rows('Beyond it', [
    ['a new email address', characters(EMAIL_MAX_LENGTH), refused('invalid_email')],
    ['its local part', amount(LOCAL_PART_MAX_OCTETS, 'bytes'), refused('invalid_email')],
    ['a password', amount(PASSWORD_MAX_BYTES, 'bytes'), refused('password_too_long')],
    ['a name', characters(profile.NAME_MAX_LENGTH), refused('invalid_field')],
    ['the URL of a picture', characters(profile.PICTURE_MAX_LENGTH), refused('invalid_field')],
    ['metadata, and private metadata', size(profile.METADATA_MAX_BYTES), refused('invalid_field')],
    ['their depth', amount(profile.METADATA_MAX_DEPTH, 'levels'), refused('invalid_field')],
    [
      'a user field of text',
      `${characters(userFields.DEFAULT_MAX_LENGTH)}, or its \`maxLength\``,
      refused('invalid_field'),
    ],
    ['a `User-Agent` in a session or an audit record', characters(CLIENT_TEXT_MAX_LENGTH), 'cut'],
    ['a `User-Agent` in a mail', characters(WORDS_MAX_LENGTH), 'cut'],
    ['a notice of new devices', amount(SIGN_INS_NAMED_MAX, 'sign-ins'), 'the others are only counted'],
    ['the code of a refusal by a hook', characters(APPLICATION_CODE_MAX_LENGTH), 'the hook counts as failed'],
    ['its message', characters(REFUSAL_MAX_LENGTH), 'the hook counts as failed'],
    [
      'the file of a `NAME_FILE` setting, or of `BIENVENUE_METADATA_SCHEMA`',
      size(TEXT_FILE_MAX_BYTES),
      'the setting is refused',
    ],
  ]),
  hashing: rows('Beyond it', [
    ['hashes at once', 'one for each core', 'they wait'],
    ['hashes that wait', amount(WAITING_MAX, 'hashes'), refused('unavailable')],
    [
      'hashes at once that cost over four times a new one',
      `${COSTLY_RUNNING_MAX} hashes, at most half of the cores`,
      'they wait',
    ],
    [
      'such hashes that wait',
      `${COSTLY_WAITING_MAX} times the work of an argon2id hash`,
      refused('unavailable'),
    ],
    ['a password for bcrypt', amount(bcrypt.MAX_BYTES, 'bytes'), 'hashed with argon2id'],
    ['the cost of a stored bcrypt hash', String(bcrypt.MAX_COST), 'no password matches it'],
    ['a stored PHC string', characters(phc.MAX_LENGTH), 'no password matches it'],
    ['the memory of a stored argon2 hash', amount(argon2.MAX_MEMORY_KIB, 'KiB'), 'no password matches it'],
    ['its passes', String(argon2.MAX_PASSES), 'no password matches it'],
    ['its lanes', String(argon2.MAX_LANES), 'no password matches it'],
    [
      'the memory of a stored scrypt hash (128·N·r)',
      amount(scrypt.MAX_MEMORY_KIB, 'KiB'),
      'no password matches it',
    ],
    ['its work (N·r·p)', amount(scrypt.MAX_WORK, 'blocks'), 'no password matches it'],
    [
      'the iterations of a stored PBKDF2 hash',
      amount(pbkdf2.MAX_ITERATIONS, 'iterations'),
      'no password matches it',
    ],
  ]),
  dependencies: rows('Then', [
    ['PostgreSQL: connections of an instance', String(postgres.POOL_SIZE), 'requests wait for one'],
    [
      'PostgreSQL: to connect, and for a statement of a request',
      duration(postgres.TIMEOUT_MS),
      `${refused('unavailable')}; the next request tries again`,
    ],
    [
      'SQLite: the lock of another process',
      duration(BUSY_TIMEOUT_MS),
      `${refused('unavailable')}; the next request tries again`,
    ],
    ['`/readyz`: between two checks of the database', duration(PROBE_EVERY_MS), 'others get the last answer'],
    ['`/readyz`: for the database to answer', duration(PROBE_TIMEOUT_MS), refused('unavailable')],
    [
      'mail server: a message; a third of it to connect, and a third for the greeting',
      seconds(smtp.TIMEOUT_SECONDS),
      'the mail waits',
    ],
    ['mail server: an idle connection', seconds(smtp.IDLE_SECONDS), 'closed'],
    [
      'mail: sent at once, and connections to the mail server',
      amount(MAILS_AT_ONCE, 'mails'),
      'the others wait; the last free slot takes no mail to a slow domain',
    ],
    ['mail: time to send that makes its domain slow', duration(sending.SLOW_MS), ''],
    ['mail: first retry after a failure; the wait then doubles', duration(sending.FIRST_RETRY_MS), ''],
    ['mail: longest wait between retries', duration(sending.LONGEST_RETRY_MS), ''],
    ['mail: retried for', seconds(sending.MAIL_LIFETIME_SECONDS), 'given up, with an audit record'],
    [
      'mail: between two notices of new devices to an account',
      duration(MAIL_KINDS.new_device.pauseMs),
      'the sign-ins are reported together',
    ],
    [
      'mail: between two notices of sign-ins without the second factor to an account',
      duration(MAIL_KINDS.second_factor_failed.pauseMs),
      'only one is queued; the other sign-ins are not reported',
    ],
    ['mail: taken by an instance that died', duration(sending.LEASE_MS), 'another instance sends it'],
    ['mail: between two checks of the outbox', duration(mailWorker.POLL_MS), ''],
    ['mail: the same, while the database does not answer', duration(mailWorker.LONGEST_POLL_MS), ''],
    [
      'mail: being sent when the service stops',
      duration(mailWorker.STOP_TIMEOUT_MS),
      'the next start sends it',
    ],
    [
      'breach service: the whole request',
      duration(breaches.TIMEOUT_MS),
      'the list of common passwords replaces it',
    ],
    ['breach service: its answer', size(breaches.ANSWER_MAX_BYTES), 'the same'],
    ['breach service: failures in a row', String(breaches.FAILURES_MAX), 'it is not asked for a while'],
    ['breach service: the pause after that', duration(breaches.PAUSE_MS), 'one password tries it'],
    [
      'a hook of an embedding application',
      duration(APPLICATION_LIMIT_MS),
      `${refused('unavailable')}; logged only, if it runs after the commit`,
    ],
    [
      'its template, or its link, of a mail',
      duration(APPLICATION_LIMIT_MS),
      'the mail has the text of the service; a mail without its link waits',
    ],
  ]),
  accounts: rows('Beyond it', [
    ['sessions', '`BIENVENUE_SESSIONS_PER_USER`', 'the least recently used one ends'],
    [
      'tokens',
      `${TOKENS_PER_PURPOSE} for each purpose; 1 for a change of address, and for a reset without mail`,
      'a further mail is not sent; where the limit is 1, the new token replaces the older one',
    ],
    ['waiting mails with a link', '1 of each kind', 'the newer one replaces the older one'],
    [
      'changes of a profile by its user',
      `${PROFILE_UPDATES_PER_HOUR} in an hour`,
      refused('too_many_attempts'),
    ],
    ['exports of an account', `${EXPORTS_PER_HOUR} in an hour`, refused('too_many_attempts')],
    ['audit records in an export', amount(AUDIT_RECORDS_MAX, 'records'), 'the newest ones'],
    ['a device without a sign-in', seconds(DEVICE_LIFETIME_SECONDS), 'it is unknown'],
  ]),
  upkeep: rows('Then', [
    [
      'between two records of the use of a session',
      seconds(LAST_SEEN_STEP_SECONDS),
      'or a tenth of the idle limit',
    ],
    ['between two clean-ups', duration(CLEAN_UP_EVERY_MS), ''],
    ['before a worker that ended is replaced', duration(workers.FIRST_PAUSE_MS), 'the wait doubles'],
    ['the longest wait for that', duration(workers.LONGEST_PAUSE_MS), ''],
    ['import: a line of the file', size(LINE_MAX_BYTES), 'rejected; the import continues'],
    ['import: a field name in a reason', characters(NAME_MAX_LENGTH), 'cut'],
    ['import: rejected lines that the terminal shows', String(REJECTS_SHOWN_MAX), 'the file has all of them'],
  ]),
})

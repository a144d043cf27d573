import type {
  AuditEntry,
  AuditQuery,
  MailProblem,
  SessionSummary,
  UserChanges,
  UserCriteria,
} from '../db/index.ts'
import type { Mailer } from '../mail/index.ts'
import type { Options } from '../options/index.ts'
import type { Account, User } from '../user.ts'
import type { ListedUser } from './users/state.ts'
import type { Caller } from './caller.ts'
import type { ConfirmationRequest, ConfirmEmailRequest, EmailChangeRequest } from './account/confirmation.ts'
import type { ExportedUser } from './transfer/export.ts'
import type { ImportItem, ImportOptions, ImportStep } from './transfer/import.ts'
import type { LogInRequest, LogInResult } from './sign-in/with-password.ts'
import type { Removed } from './cleanup.ts'
import type { SetEmailRequest } from './users/address.ts'
import type {
  AccountExport,
  ChangePasswordRequest,
  ReauthenticateRequest,
  RenewedSession,
} from './account/own-account.ts'
import type { RegisterDetails, SignUpRequest, SignUpResult } from './account/registration.ts'
import type { PasswordReset, PasswordResetRequest, ResetPasswordRequest } from './account/password-reset.ts'
import type { FinishedRestore, FinishRestoreRequest } from './transfer/restore.ts'
import type { EndOwnSessionRequest, SessionInfo } from './sessions/sessions.ts'
import type { UserDescription, UserQuery } from './users/users.ts'

/**
 * Every use case, bound to one database, clock and set of options.
 *
 * Each may also throw `AuthError` `unavailable`: the database does not answer. An **email** is an address of
 * 254 characters at most; case, Unicode form and the spaces around it make no difference. A **password** is
 * 1 to 1,024 bytes of UTF-8, taken as it is: no trimming, no normalisation, never cut.
 */
export interface Engine {
  /** Every option with the value in force. */
  readonly options: Options

  /**
   * Hashes a password as the options say, with a random salt. A password that bcrypt would cut (over 72
   * bytes, or with a zero byte inside) is hashed with argon2id.
   *
   * @returns The hash with its algorithm, cost and salt in it: `$2b$12$…` or `$argon2id$v=19$…`.
   * @throws {AuthError} `missing_field`: empty; `password_too_long`; `invalid_field`: no well-formed Unicode.
   * @see {@link https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html OWASP}
   */
  hashPassword(password: string): Promise<string>

  /** A new UUID in lower case, version 7: time-ordered (RFC 9562 §5.7). It names things and opens nothing. */
  generateUuid(): string

  /**
   * Registers a user. Of several registrations of one address at once, one succeeds.
   *
   * @param email - Kept as entered, less the spaces around it.
   * @param password - `options.minPasswordLength` code points or more.
   * @param details - `confirmed`: the caller vouches for the address. Else, with `options.emailVerification`,
   *   a link is mailed, and nobody signs in before it is used.
   * @throws {AuthError} `email_taken`, with the message `User <email> already exists`; `invalid_email`;
   *   `password_too_short`, `password_too_long`, `password_too_common`, `password_guessable`,
   *   `password_breached`; `missing_field` or `invalid_field` with `field`.
   */
  registerUser(email: string, password: string, details?: RegisterDetails, caller?: Caller): Promise<User>

  /**
   * Registers people who ask for an account: {@link registerUser} behind its limits. With
   * `options.registrationAnswer` `uniform` a taken address gets the same answer after the same work, and its mailbox
   * a mail that says so (OWASP ASVS 6.3.8).
   *
   * @throws {AuthError} `registration_closed` if `options.registration` is `closed`, before anything else. As
   *   {@link registerUser}, but `email_taken` only if answers are `explicit`; `too_many_attempts` with
   *   `retryAfterSeconds`.
   */
  signUp(request: SignUpRequest, caller?: Caller): Promise<SignUpResult>

  /**
   * Mails the link that confirms the address of an account once more, where it awaits that. The answer is the
   * same for every address, and for text that is not an address.
   *
   * @throws {AuthError} `too_many_attempts` with `retryAfterSeconds`; `missing_field` or `invalid_field`.
   */
  requestConfirmation(request: ConfirmationRequest, caller?: Caller): Promise<void>

  /**
   * Confirms an address with the token of a mailed link and the password of the account: that of a new
   * account, or the new one that {@link requestEmailChange} asked for, which is the account's from now on; the
   * old one is told, and every outstanding token is void. Counts as a login attempt. It opens no session.
   *
   * @throws {AuthError} `invalid_confirmation_token`: unknown, used, replaced or expired, or the address is
   *   another account's by now; it never says which. `invalid_credentials`: the wrong password, the token is
   *   still good; `too_many_attempts` with `retryAfterSeconds`; `missing_field`, `invalid_field` or
   *   `password_too_long` with `field`.
   */
  confirmEmail(request: ConfirmEmailRequest, caller?: Caller): Promise<Account>

  /**
   * Mails a link to a new address for the account of a session, and a word to the present one. Nothing
   * changes before {@link confirmEmail}. Whether somebody has the new address only its mailbox learns.
   *
   * @throws {AuthError} `unauthenticated`; `reauthentication_required`; `too_many_attempts` with
   *   `retryAfterSeconds`; `invalid_email` or `missing_field`.
   */
  requestEmailChange(request: EmailChangeRequest, caller: Caller): Promise<void>

  /**
   * Whether this is the password of an account that is open. Counts as a login attempt of the account.
   *
   * @returns `false` also for an unknown address, and for what can be neither an address nor a password.
   * @throws {AuthError} `too_many_attempts` with `retryAfterSeconds`.
   */
  validLogin(email: string, password: string, caller?: Caller): Promise<boolean>

  /**
   * Signs a user in: every gate in order (throttle, password, state of the account, confirmed address, state
   * of the password), and a new session at the end. A right login renews a hash whose algorithm or cost is not
   * that of the options.
   *
   * @throws {AuthError} `invalid_credentials`: unknown or malformed address, wrong password, disabled account or
   *   unconfirmed address, after the same work and without telling which; `password_compromised`: the right
   *   password, which an operator has marked; `too_many_attempts` with `retryAfterSeconds`; `password_too_long`,
   *   `missing_field` or `invalid_field` with `field`.
   */
  logIn(request: LogInRequest, caller?: Caller): Promise<LogInResult>

  /**
   * Starts a session for the user with this address, beside those there are. The caller vouches for them:
   * {@link logIn} also finds out whether it is them.
   *
   * @returns What the user's client carries, opaque to it: 80 characters, `<uuid>.<secret>`. Only the
   *   secret's SHA-256 is stored. `null` where no account has the address, or it is disabled.
   */
  createSession(email: string, caller?: Caller): Promise<string | null>

  /**
   * The user of a session, or `null` where it is malformed, unknown, expired or ended, or the account is
   * disabled. Nothing is cached: an ended session is refused from the next call on, on every instance.
   *
   * The user has the password hash in it: send {@link Account}'s members to a client, not the whole.
   *
   * @param sessionId - What {@link createSession} or {@link logIn} gave, exactly.
   */
  getUserFromSessionId(sessionId: string | null | undefined): Promise<User | null>

  /**
   * Ends one session, from its own bearer.
   *
   * @returns `false` where there was no live session to end.
   */
  endSession(caller: Caller): Promise<boolean>

  /**
   * The live sessions of whoever bears one, the one used last first. Nothing in them opens anything.
   *
   * @throws {AuthError} `unauthenticated`.
   */
  listOwnSessions(caller: Caller): Promise<SessionInfo[]>

  /**
   * Ends one of the sessions of whoever bears one.
   *
   * @throws {AuthError} `unauthenticated`; `reauthentication_required`; `not_found`: no session of theirs has this id.
   */
  endOwnSession(request: EndOwnSessionRequest, caller: Caller): Promise<void>

  /**
   * Ends every session of a user but the one that asks.
   *
   * @returns How many there were.
   * @throws {AuthError} `unauthenticated`; `reauthentication_required`.
   */
  endOtherSessions(caller: Caller): Promise<number>

  /**
   * Types the password once more, for what is sensitive: the session is renewed, the old bearer opens nothing.
   * Counts as a login attempt.
   *
   * @throws {AuthError} `unauthenticated`; `invalid_credentials`; `too_many_attempts` with
   *   `retryAfterSeconds`; `missing_field`, `invalid_field` or `password_too_long` with `field`.
   */
  reauthenticate(request: ReauthenticateRequest, caller: Caller): Promise<RenewedSession>

  /**
   * Sets another password, by whoever bears a session and knows the present one. Every session and every
   * outstanding token of the account ends, and a new session takes the place of the one that asked. A wrong
   * present password changes nothing and counts as a failed login.
   *
   * @throws {AuthError} `unauthenticated`; `invalid_credentials`; what {@link registerUser} says of a new
   *   password; `too_many_attempts` with `retryAfterSeconds`.
   */
  changePassword(request: ChangePasswordRequest, caller: Caller): Promise<RenewedSession>

  /**
   * All that is stored about the account of a session, but what opens it: of the audit the newest 10,000 lines.
   *
   * @throws {AuthError} `unauthenticated`; `reauthentication_required`; `too_many_attempts`: more than 10 in an
   *   hour.
   */
  exportAccount(caller: Caller): Promise<AccountExport>

  /**
   * Removes the account of a session with all that is its own, for good. The audit keeps its lines under a
   * number that names nobody any more.
   *
   * @throws {AuthError} `unauthenticated`; `reauthentication_required`.
   */
  deleteAccount(caller: Caller): Promise<Account>

  /**
   * Ends every session of everybody.
   *
   * @returns How many there were.
   */
  endEverySession(caller?: Caller): Promise<number>

  /**
   * Ends what came back with a backup that was put in the place of the database, and writes it down: every
   * session and every token, also those that were ended or used since the backup.
   *
   * @param request - `keepSessions`: leave them open; for a copy of what nobody has used since.
   */
  finishRestore(request: FinishRestoreRequest, caller?: Caller): Promise<FinishedRestore>

  /** Ends every session of a user. (The classic exercise knows one for each user; {@link endSession} ends just one.) */
  destroySession(userId: number, caller?: Caller): Promise<void>

  /**
   * Makes a token that sets a new password once, for `options.resetTokenLifetimeSeconds` (default 3,600). An
   * earlier token of the account is void. Counts as a reset request of the account and of the IP address.
   *
   * @throws {AuthError} `unknown_email`: no account has the address, it is malformed, or the account is disabled;
   *   `too_many_attempts` with `retryAfterSeconds`; `missing_field` or `invalid_field`.
   */
  requestPasswordReset(request: PasswordResetRequest, caller?: Caller): Promise<PasswordReset>

  /**
   * Mails a link that sets a new password once, to the address of the account and to no other. The answer is
   * the same for every address, and for text that is not an address, after the same work; the token is made when
   * the mail leaves.
   *
   * @throws {AuthError} `too_many_attempts` with `retryAfterSeconds`; `missing_field` or `invalid_field`.
   */
  sendPasswordReset(request: PasswordResetRequest, caller?: Caller): Promise<void>

  /**
   * {@link requestPasswordReset} as the classic exercise spells it: the token alone.
   *
   * @throws {AuthError} As there; an unknown address is an error.
   */
  getResetPasswordToken(email: string, caller?: Caller): Promise<string>

  /**
   * Sets a new password with a reset token, in one transaction: the token is used up exactly when the password
   * changes. Of many uses at once, one wins. With `options.resetEndsSessions` (the default in production) every
   * session of that user ends with it.
   *
   * @returns Whose password it is now.
   * @throws {AuthError} `invalid_reset_token`: unknown, used, replaced or expired, or of another account; it
   *   never says which. What {@link registerUser} says of a new password, `missing_field` or `invalid_field` with
   *   `field`: the token is still good then.
   * @see {@link https://cheatsheetseries.owasp.org/cheatsheets/Forgot_Password_Cheat_Sheet.html OWASP}
   */
  resetPassword(request: ResetPasswordRequest, caller?: Caller): Promise<Account>

  /**
   * {@link resetPassword} as the classic exercise spells it: it follows `options.resetEndsSessions` too.
   *
   * @throws {AuthError} As there; an unknown token is an error.
   */
  updatePassword(resetToken: string, password: string, caller?: Caller): Promise<void>

  /** A user with their state and the number of their live sessions, or `null`. */
  describeUser(email: string): Promise<UserDescription | null>

  /**
   * Users by id, each with a state that says whether they can sign in, and if not, why. Read a page at a time: memory
   * stays flat however many there are.
   *
   * @param query - All that is given has to hold. `state`; `email`: a part of the address, in any spelling; `since`: the
   *   moment of registration; `afterId`: where an earlier list ended. Default: all users.
   */
  listUsers(query?: UserQuery): AsyncGenerator<ListedUser>

  /** The live sessions of a user, the one used last first. Nothing in them opens anything. */
  listSessionsOfUser(userId: number): Promise<SessionSummary[]>

  /**
   * Adds accounts that another service had, with the hashes of their passwords: 1,000 at a time are written for good,
   * however many there are. Whoever has an address already is never changed. What cannot be added is given back with
   * the reason, and does not stop the rest. Done again with the same items, it adds what is missing.
   *
   * @param items - `fields`: names and values as `docs/moving.md` has them; or `problem`: why there are none.
   * @param options - `dryRun`: change nothing. `firebase`: the project of hashes with a `salt`.
   * @returns What became of the items, 1,000 at a time: nothing is done before it is asked for.
   */
  importUsers<Item extends ImportItem>(
    items: AsyncIterable<Item> | Iterable<Item>,
    options?: ImportOptions,
    caller?: Caller,
  ): AsyncGenerator<ImportStep<Item>>

  /**
   * All users by id, as {@link importUsers} takes them, read a page at a time. Who was there when it began and is there
   * still comes once; who registers meanwhile comes once or not at all. Sessions and tokens stay behind.
   *
   * @param options - `withHashes`: the hashes of the passwords too. Default `false`.
   */
  exportUsers(options?: { withHashes?: boolean }, caller?: Caller): AsyncGenerator<ExportedUser>

  /** Shuts an account: nobody gets in, and its sessions and outstanding tokens end. `false`: no such user. */
  disableUser(userId: number, caller?: Caller): Promise<boolean>

  /** Opens a disabled account again. Its old sessions stay ended. `false`: no such user. */
  enableUser(userId: number, caller?: Caller): Promise<boolean>

  /** Removes an account with all that is its own, for good. `false`: no such user. */
  deleteUser(userId: number, caller?: Caller): Promise<boolean>

  /** Vouches for the address of an account, as its confirmation would. `false`: no such user. */
  confirmUser(userId: number, caller?: Caller): Promise<boolean>

  /** Lets a password open nothing until it is reset, and ends what it opened. `false`: no such user. */
  markPasswordCompromised(userId: number, caller?: Caller): Promise<boolean>

  /** Forgets the failed logins of an account, and opens what they locked. `false`: no such user. */
  unlockUser(userId: number, caller?: Caller): Promise<boolean>

  /**
   * Mails a link that sets a new password to the address of an account, as an operator. Counts against no limit.
   *
   * @returns `false`: no such user, or the account is disabled.
   * @throws {OptionError} `smtpUrl` or `baseUrl` is not set.
   */
  sendUserReset(userId: number, caller?: Caller): Promise<boolean>

  /**
   * Mails the link that confirms the address of an account once more, as an operator. Counts against no limit.
   *
   * @returns `false`: no such user, the account is disabled, or its address is confirmed already.
   * @throws {OptionError} `smtpUrl` or `baseUrl` is not set.
   */
  resendConfirmation(userId: number, caller?: Caller): Promise<boolean>

  /**
   * Gives an account another address, as an operator.
   *
   * Without `confirmed` nothing changes yet: the new address gets a link, the present one is told, and the change
   * happens in {@link confirmEmail}. With `confirmed` it happens at once: the address counts as confirmed, every
   * session and token of the account ends, and the old address is told where there is a mail server.
   *
   * @returns `false`: no such user, or without `confirmed` the account is disabled.
   * @throws {AuthError} `email_taken`; `invalid_email` or `missing_field`.
   * @throws {OptionError} Without `confirmed`: `smtpUrl` or `baseUrl` is not set.
   */
  setUserEmail(userId: number, request: SetEmailRequest, caller?: Caller): Promise<boolean>

  /** What happened, the newest first, read a page at a time. It holds no secret. */
  listAudit(query?: AuditQuery): AsyncGenerator<AuditEntry>

  /** The transport for mail, or `null` where none is set. */
  readonly mailer: Mailer | null

  /** How many mails wait to be sent. */
  countMail(): Promise<number>

  /** Why mail that was tried waits, the most frequent reason first. It names no address and holds no secret. */
  listMailProblems(): Promise<MailProblem[]>

  /**
   * Removes what has ended by itself: expired sessions, tokens and counters, accounts that nobody confirmed,
   * mail that was not sent in time, lines of the audit after their time. Nothing depends on it, since an expired row is refused wherever it is
   * met; it keeps the tables small. Any instance may run it any time; the service does so every hour.
   *
   * @returns How many rows went.
   */
  deleteExpired(): Promise<Removed>

  /** The store under the classic names. It checks no rule: prefer the use cases. */
  readonly db: ClassicStore

  /**
   * Whether the database has just the migrations of this version. It is asked once a second at most, for all callers.
   *
   * @throws {AuthError} `unavailable`: it gives no answer within a second, is read-only, or is damaged or replaced as
   *   far as SQLite has noticed. `GET /readyz` in docs/production.md has the details.
   */
  isReady(): Promise<boolean>

  /** Closes the database. The engine is of no use afterwards. */
  close(): Promise<void>
}

/** The three functions of the classic `db`. */
interface ClassicStore {
  /**
   * Adds a user.
   *
   * @param email - Kept as it is, less the spaces around it; unique in its normalised form.
   * @param hashedPassword - A hash of `hashPassword`, or `!` for an account without a password.
   * @throws {Conflict} The address is taken.
   */
  addUser(email: string, hashedPassword: string): Promise<User>

  /**
   * The user whose attributes all equal those given; the first by id where there are several. By `id` or `email`
   * it takes as long however many users there are; by anything else alone it reads all of them.
   *
   * @param criteria - `{ attribute: value, … }`, at least one; no value may be `null` or `undefined`.
   * @throws {NoResultFound} No such user.
   * @throws {InvalidRequestError} An unknown attribute, or a value that is not of its type.
   */
  findUserBy(criteria: UserCriteria): Promise<User>

  /**
   * Changes attributes of a user: all that are given, or none.
   *
   * @param changes - Attributes with their new values. `sessionId` and `resetToken` may be `null`.
   * @throws {InvalidRequestError} An unknown attribute, or a value that is not of its type.
   * @throws {NoResultFound} No such user.
   * @throws {Conflict} The new address is taken.
   */
  updateUser(userId: number, changes: UserChanges): Promise<void>
}

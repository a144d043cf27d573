/**
 * Composes and sends mail. The sentences are in `text/`. `auth/delivery/` decides when to send a mail and to whom; this folder
 * knows neither accounts nor the database.
 *
 * @module
 */
import type { MailTexts, MailWords } from '../text/index.ts'

/** The maximum number of mails that a process sends at the same time, and of its connections to the mail server. */
export const MAILS_AT_ONCE = 5

/** A sign-in to report to the owner of the account. */
export interface SignIn {
  readonly at: Date
  readonly ip: string | null
  /** The browser and system that the client claims, such as `Firefox, Windows`. `null` if unknown. */
  readonly device: string | null
}

/** The data of a mail with a link. */
interface LinkData {
  /** How long the link works, in whole seconds, 1 or more. */
  readonly lifetimeSeconds: number
}

/** The data of a mail about a new address. */
interface AddressData {
  /** The new address, masked: `a***@example.com`. */
  readonly newEmail: string
}

/** The data of a mail about a passkey. */
interface PasskeyData {
  /** The name that the user gave the passkey. */
  readonly name: string
}

/** The data of the mails with a link, by kind. */
interface LinkedData {
  /** To the address of a new account. */
  readonly verify_email: LinkData
  /** To an account's address that someone tried to register, or to use for another account. Its link resets the password. */
  readonly account_exists: LinkData
  readonly reset_password: LinkData
  /** To the address of an account that was created without a password. Its link sets one. */
  readonly set_password: LinkData
  /** To the address that an account will change to. */
  readonly confirm_new_email: LinkData
}

/** The data of the mails that need more than the name of the service, by kind. */
interface DetailedData extends LinkedData {
  /** To the current address of the account. */
  readonly email_change_requested: AddressData
  /** To the previous address of the account. */
  readonly email_changed: AddressData
  /** Sign-ins from new devices. `signIns` holds the most recent of `count`, at least one. */
  readonly new_device: { readonly count: number; readonly signIns: readonly SignIn[] }
  /** A sign-in after failed attempts, at least one. */
  readonly signed_in_after_failures: SignIn & { readonly failures: number }
  readonly passkey_added: PasskeyData
  readonly passkey_removed: PasskeyData
  /** A use of a passkey that may have been copied. */
  readonly passkey_refused: PasskeyData
  /** `name` is that of the provider. */
  readonly identity_connected: PasskeyData
  readonly identity_disconnected: PasskeyData
  /** A sign-in with the right password that was not finished with the second factor. `at` is when it began. */
  readonly second_factor_failed: SignIn
}

/** The mails whose text needs only the name of the service. */
type PlainKind = {
  [Kind in keyof MailTexts]: MailTexts[Kind] extends (service: string) => MailWords ? Kind : never
}[keyof MailTexts]

/** The kinds of mail. docs/security/email.md says when each is sent, and to whom. */
export type MailKind = keyof DetailedData | PlainKind

/** The kinds of mail with a link. */
export type LinkedKind = keyof LinkedData

/** The data of a kind of mail. */
export type MailData<Kind extends MailKind> = Kind extends keyof DetailedData
  ? DetailedData[Kind]
  : Readonly<Record<never, never>>

/** The content of a mail, for programs. A union over the kinds: after a check of `kind`, `data` has its type. */
export type MailContent<Kind extends MailKind = MailKind> = {
  readonly [Each in Kind]: {
    readonly kind: Each
    /** The link, which contains the token: a secret. `null` in a mail without a link. */
    readonly url: Each extends LinkedKind ? string : null
    /** The token in the link: a secret. `null` in a mail without a link. */
    readonly token: Each extends LinkedKind ? string : null
    /**
     * A secret of eight digits. It does what the link does, in the browser that asked for the mail. Show it as `1234 5678`.
     * `null` in a mail without a link, and if no browser waits for a code.
     */
    readonly code: Each extends LinkedKind ? string | null : null
    readonly data: MailData<Each>
  }
}[Kind]

/** An image that is part of a mail. */
export interface MailImage {
  /** The HTML refers to it as `cid:ID`. */
  readonly id: string
  readonly type: 'image/png'
  readonly bytes: Uint8Array
}

/** A composed message. */
export interface ComposedMail {
  /** A UUID. A retry has the same one, so that receivers can recognize duplicates. */
  readonly id: string
  /** Exactly one address, without a name. */
  readonly to: string
  readonly subject: string
  readonly text: string
  /** `null` if a template of the application returned none: the mail is plain text. */
  readonly html: string | null
  /** The images in the HTML. Only for our SMTP transport: a mailer of the application gets none. */
  readonly images?: readonly MailImage[]
  /** The BCP 47 tag of its language, for `Content-Language`. */
  readonly language: string
}

/**
 * A message that is ready to send. A mailer can send the composed message, or write its own from the kind, the link and the data.
 * It contains no password, hash or session token.
 */
export type Mail = ComposedMail & MailContent

/** A transport for mail. */
export interface Mailer {
  /**
   * Resolves once the transport has accepted the message. Any rejection means that it was not sent; a
   * {@link MailRefused} means that retrying cannot help.
   */
  send(mail: Mail): Promise<void>
  /**
   * Does the work of `send` up to the connection, then drops the message. The service calls it instead of `send` if a request
   * named an address without an account, so that the load of the process does not reveal that.
   */
  discard?(mail: Mail): Promise<void>
  /** Closes all connections. */
  close(): void
}

/** The mail was not sent. The error message is safe to log: it contains no addresses, credentials or content. */
export class MailError extends Error {
  override readonly name: string = 'MailError'
}

/** The recipient or the message was refused permanently, so retrying cannot help. */
export class MailRefused extends MailError {
  override readonly name = 'MailRefused'
}

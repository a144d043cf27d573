/**
 * Mail: composing messages and sending them. The sentences are in `text/`. `auth/delivery/` decides when to send a mail,
 * and to whom; this folder knows neither accounts nor the database.
 *
 * @module
 */

/** How many mails a process sends at the same time, and how many connections it has to the mail server. */
export const MAILS_AT_ONCE = 5

/** A message that is ready to send. */
export interface Mail {
  /** A UUID. A retry has the same one, so that receivers can recognize duplicates. */
  readonly id: string
  /** Exactly one address, without a name. */
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly html: string
  /** The BCP 47 tag of its language, for `Content-Language`. */
  readonly language: string
}

/** A transport for mail. */
export interface Mailer {
  /**
   * Resolves once the transport has accepted the message. Any rejection means that it was not sent; a
   * {@link MailRefused} means that retrying cannot help.
   */
  send(mail: Mail): Promise<void>
  /**
   * Does the work of `send` up to the connection, and drops the message. The service calls it in place of `send` when
   * a request named an address without an account, so that the load of the process does not reveal that.
   */
  discard?(mail: Mail): Promise<void>
  /** Closes all connections. */
  close(): void
}

/** A mail was not sent. The error message is safe to log: it has no addresses, credentials or content. */
export class MailError extends Error {
  override readonly name: string = 'MailError'
}

/** The recipient or the message was refused permanently, so retrying cannot help. */
export class MailRefused extends MailError {
  override readonly name = 'MailRefused'
}

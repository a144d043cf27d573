/**
 * Mail: what a message is, and the transports that carry one. Owns the wording (with `text.ts`) and the
 * protocol; knows nothing of accounts, of the database or of when a mail is due: that is `auth/outbox.ts`.
 *
 * @module
 */

/** A message, ready to be sent. */
export interface Mail {
  /** Names this message for good: a second try carries the same one, so that a receiver can tell. A UUID. */
  readonly id: string
  /** One address, nothing else. */
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly html: string
  /** The language of its words, as `Content-Language` has it. */
  readonly language: string
}

/** Carries mail. */
export interface Mailer {
  /**
   * Resolves once the message is in other hands. Rejects where it is not, for whatever reason: with a
   * {@link MailRefused} where another try is of no use.
   */
  send(mail: Mail): Promise<void>
  /** Lets go of every connection. */
  close(): void
}

/** A mail was not handed over. The message is fit for a log: it names no mailbox, no credentials, no content. */
export class MailError extends Error {
  override readonly name: string = 'MailError'
}

/** The same, for good: this recipient or this message will be refused however often it is tried. */
export class MailRefused extends MailError {
  override readonly name = 'MailRefused'
}

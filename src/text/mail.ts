/** What the mails of every language must say. */

/** The content of one mail, in order. */
export interface MailWords {
  readonly subject: string
  /** Paragraphs. In a mail with a link, the last one introduces the link. */
  readonly before: readonly string[]
  /** The label of the link's button. Required in a mail with a link. */
  readonly action?: string
  /** Lines that say when and where it happened. */
  readonly facts?: readonly string[]
  /** Paragraphs. */
  readonly after: readonly string[]
}

/** When and where someone signed in, formatted for the reader. `null` if unknown. */
export interface SignInWords {
  readonly time: string
  readonly device: string | null
  readonly ip: string | null
}

/**
 * The mails in one language. Parameters are formatted for the reader: `service` is the host name of the service,
 * `duration` a span of time such as "1 hour", `newEmail` a masked address.
 */
export interface MailTexts {
  /** The BCP 47 tag that formats dates, durations and numbers. */
  readonly formats: string
  readonly greeting: string
  /** Introduces the spelled-out link below its button. */
  readonly copyLink: string
  verifyEmail(service: string, duration: string): MailWords
  accountExists(service: string, duration: string): MailWords
  resetPassword(service: string, duration: string): MailWords
  confirmNewEmail(service: string, duration: string): MailWords
  emailChangeRequested(service: string, newEmail: string): MailWords
  emailChanged(service: string, newEmail: string): MailWords
  passwordChanged(service: string): MailWords
  /** `signIns` holds the most recent of `count` sign-ins, at least one. */
  newDevice(service: string, signIns: readonly SignInWords[], count: number): MailWords
  signedInAfterFailures(service: string, signIn: SignInWords, failures: number): MailWords
  accountDeleted(service: string): MailWords
  test(service: string): MailWords
}

export function onOneLine({ time, device, ip }: SignInWords): string {
  return [time, device, ip].filter((word) => word !== null).join(', ')
}

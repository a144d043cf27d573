/** The text of a mail, in order. */
export interface MailWords {
  readonly subject: string
  /** A short form of the subject, without the name of the service. Only in the HTML. */
  readonly heading: string
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

export function onOneLine({ time, device, ip }: SignInWords): string {
  return [time, device, ip].filter((word) => word !== null).join(', ')
}

/** One state of a page. */
export interface PanelWords {
  readonly heading: string
  readonly paragraphs: readonly string[]
}

/** A page that a mailed link opens and that asks for a password. */
export interface PasswordPageWords {
  readonly ask: PanelWords & {
    readonly label: string
    /** Below the field. Empty if there is none. */
    readonly hint: string
    readonly submit: string
    /** Replaces `submit` on the button until the response arrives. */
    readonly sending: string
  }
  readonly done: PanelWords
  /** The token is unknown, used, expired or replaced. */
  readonly invalidLink: PanelWords
  /** The link has no token. */
  readonly incomplete: PanelWords
  readonly noScript: string
  /** Problems with the password, by error code. */
  readonly passwordProblems: Readonly<Record<string, string>>
}

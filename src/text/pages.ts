/** The texts of the pages that mailed links open, which every language must have. */
import type { ErrorTexts } from './errors.ts'

/** One state of a page. */
export interface PanelWords {
  readonly heading: string
  readonly paragraphs: readonly string[]
}

/** A page that a mailed link opens and that asks for a password. */
export interface PasswordPageWords<
  Problems extends Readonly<Record<string, string>> = Record<string, string>,
> {
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
  readonly passwordProblems: Problems
}

/** The pages that mailed links open, in one language. */
export interface PageTexts {
  /** The label of the button that shows the password. */
  readonly reveal: string
  readonly resetPassword: PasswordPageWords<ErrorTexts['newPassword']>
  /** Replaces the paragraphs of `resetPassword` if a reset does not end the account's sessions. */
  readonly resetKeepsSessions: { readonly ask: readonly string[]; readonly done: readonly string[] }
  readonly confirmEmail: PasswordPageWords<ErrorTexts['currentPassword']>
  /** All other problems, by error code. */
  readonly problems: ErrorTexts['request']
}

import { html } from 'hono/html'
import { form, newPasswordField, passwordField, summary, usernameField } from '../form.ts'
import { ACCOUNT_PAGES, layOut, type Page } from '../layout.ts'
import type { Look } from '../look.ts'
import { type FormState, problemOf } from '../problems.ts'
import { notice, noticeOf } from './notice.ts'

/** What the page of the password depends on. */
export interface PasswordView {
  readonly form: FormState
  readonly email: string
  /** Whether the account has a password. Without one, this page sets the first. */
  readonly hasPassword: boolean
  /** What has just been done: a key of `account.password.done`. */
  readonly done: string | null
}

/** The page that changes the password. The current one is asked for here, so no step-up comes before. */
export function renderPassword(look: Look, { form: state, email, hasPassword, done }: PasswordView): Page {
  const { account, errors, shell } = look.texts
  const words = account.password
  const sentences = { password: errors.currentPassword, new_password: errors.newPassword }
  const problem = problemOf(state, sentences, look)
  const body = html`<h1>${words.heading}</h1>
${notice(noticeOf(words.done, done))}${summary(look, problem)}<p>${hasPassword ? words.explain : words.explainFirst}</p>
${form(
  look,
  { action: ACCOUNT_PAGES.password, submit: hasPassword ? words.submit : words.submitFirst },
  html`${usernameField(email)}${hasPassword && passwordField(look, { name: 'password', label: words.current }, problem)}${newPasswordField(look, { name: 'new_password', label: shell.newPassword }, problem)}`,
)}`
  const hasProblem = problem !== null
  return layOut(look, { title: words.heading, body, hasProblem, entry: 'password', scripts: ['more'] })
}

import { html } from 'hono/html'
import { form, newPasswordField, passwordField, summary, usernameField } from '../form.ts'
import { ACCOUNT_PAGES, layOut, type Page } from '../layout.ts'
import type { Look } from '../look.ts'
import { type FormState, problemOf } from '../problems.ts'
import { notice } from './notice.ts'

/** The data of the password page. */
export interface PasswordView {
  readonly form: FormState
  readonly email: string
  /** Whether the account has a password. If not, this page sets the first one. */
  readonly hasPassword: boolean
  /** What has just been done: a key of `account.password.done`. */
  readonly done: string | null
}

/** The page that changes the password. It asks for the current one, so it needs no step-up. */
export function renderPassword(look: Look, { form: state, email, hasPassword, done }: PasswordView): Page {
  const { account, errors, shell } = look.texts
  const words = account.password
  const sentences = { password: errors.currentPassword, new_password: errors.newPassword }
  const problem = problemOf(state, sentences, look)
  const body = html`<h1>${words.heading}</h1>
${notice(words.done, done)}${summary(look, problem)}<p>${hasPassword ? words.explain : words.explainFirst}</p>
${form(
  look,
  { action: ACCOUNT_PAGES.password, submit: hasPassword ? words.submit : words.submitFirst },
  html`${usernameField(email)}${hasPassword && passwordField(look, { name: 'password', label: words.current }, problem)}${newPasswordField(look, { name: 'new_password', label: shell.newPassword }, problem)}`,
)}`
  const hasProblem = problem !== null
  return layOut(look, { title: words.heading, body, hasProblem, entry: 'password', scripts: ['more'] })
}

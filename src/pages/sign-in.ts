import { html } from 'hono/html'
import { checkbox, emailField, form, linkTo, notice, passwordField, summary } from './form.ts'
import { icon } from './icons.ts'
import { layOut, type Page } from './layout.ts'
import type { Look } from './look.ts'
import { type FormState, problemOf } from './problems.ts'

/** What the sign-in page depends on. */
export interface SignInView {
  readonly form: FormState
  /** Where to go afterwards, checked. `null`: to the account. */
  readonly returnTo: string | null
  /** Whether the browser came back without the cookie of the session that just began. */
  readonly cookiesRefused: boolean
  /** Whether the password has just been reset. */
  readonly passwordChanged: boolean
}

/** The page that signs in: address and password together, so that password managers fill in both. */
export function renderSignIn(
  look: Look,
  { form: state, returnTo, cookiesRefused, passwordChanged }: SignInView,
): Page {
  const { signIn, shell } = look.texts
  const { form: whole } = signIn.problems
  const sentences = look.mustConfirm
    ? { ...signIn.problems, form: { ...whole, invalid_credentials: signIn.invalidOrUnconfirmed } }
    : signIn.problems
  const problem = cookiesRefused
    ? { field: null, text: signIn.cookiesRefused }
    : problemOf(state, sentences, look)
  const link = (path: string, label: string) => linkTo(look, { path, label, returnTo })
  const maybeUnconfirmed = look.mustConfirm && state.refusal?.code === 'invalid_credentials'
  const isTicked = state.refusal === null || state.values.remember === 'on'
  const body = html`${icon('key', 'icon')}
<h1>${signIn.heading}</h1>
${passwordChanged && notice(signIn.passwordChanged)}${summary(look, problem, maybeUnconfirmed && link('/sign_up/code', signIn.confirm))}${form(
  look,
  { action: '/sign_in', submit: signIn.submit, returnTo },
  html`${emailField({ name: 'email', label: shell.email, value: state.values.email }, problem)}${passwordField(look, { name: 'password', label: shell.password }, problem)}${checkbox({ name: 'remember', label: signIn.remember }, isTicked)}`,
)}
<ul class="more">
${look.canRecover && html`<li>${link('/recover', signIn.forgot)}</li>\n`}${look.canSignUp && html`<li>${signIn.noAccount} ${link('/sign_up', signIn.signUp)}</li>\n`}</ul>`
  return layOut(look, { title: signIn.heading, body, hasProblem: problem !== null })
}

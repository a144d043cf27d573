import { html } from 'hono/html'
import { checkbox, emailField, form, hidden, linkTo, notice, passwordField, summary } from './form.ts'
import { icon } from './icons.ts'
import { layOut, type Page } from './layout.ts'
import type { Look } from './look.ts'
import { passkeyForm, passkeyScripts, type UnknownPasskey, unknownSignal } from './passkey.ts'
import { type FormState, type Problem, problemOf } from './problems.ts'
import { divider, providerButtons } from './providers.ts'

/** The data of the sign-in page. */
export interface SignInView {
  readonly form: FormState
  /** Where to go afterwards, checked. `null`: to the account. */
  readonly returnTo: string | null
  /** Whether the browser came back without the cookie of the session that just began. */
  readonly cookiesRefused: boolean
  /** Whether the password has just been reset. */
  readonly passwordChanged: boolean
  /** Whether a pending sign-in has expired. */
  readonly expired: boolean
  readonly unknownPasskey: UnknownPasskey | null
}

/**
 * The page that signs in. Address and password are on one page, so that password managers fill in both. Their form is the first,
 * because it also works without script.
 */
export function renderSignIn(look: Look, view: SignInView): Page {
  const { form: state, returnTo, passwordChanged, unknownPasskey } = view
  const { signIn, shell, passkeys } = look.texts
  const hasProviders = look.providers.length > 0
  // The script omits it if the box is not ticked.
  const remember = { remember: 'on' }
  const problem = problemIn(look, view)
  const link = (path: string, label: string) => linkTo(look, { path, label, returnTo })
  const maybeUnconfirmed = look.mustConfirm && state.refusal?.code === 'invalid_credentials'
  const isTicked = state.refusal === null || state.values.remember === 'on'
  // The browser offers passkeys in these fields, too.
  const webauthn = look.hasPasskeys ? ' webauthn' : ''
  const body = html`${icon('key', 'icon')}
<h1>${signIn.heading}</h1>
${passwordChanged && notice(signIn.passwordChanged)}${summary(look, problem, maybeUnconfirmed && link('/sign_up/code', signIn.confirm))}${form(
  look,
  { action: '/sign_in', submit: signIn.submit, returnTo },
  html`${emailField({ name: 'email', label: shell.email, value: state.values.email }, problem, `username${webauthn}`)}${passwordField(look, { name: 'password', label: shell.password }, problem, `current-password${webauthn}`)}${checkbox({ name: 'remember', label: signIn.remember }, isTicked)}`,
)}
${hasProviders && divider(look)}${look.hasPasskeys && passkeyForm(look, { action: '/sign_in/passkey', purpose: 'sign_in', submit: passkeys.signIn, fields: remember, returnTo, autofills: true, style: 'second', ...(!hasProviders && { above: divider(look) }) })}${hasProviders && providerButtons(look, { action: '/sign_in/with', returnTo, fields: hidden(remember) })}
<ul class="more">
${look.canRecover && html`<li>${link('/recover', signIn.forgot)}</li>\n`}${look.canSignUp && html`<li>${signIn.noAccount} ${link('/sign_up', signIn.signUp)}</li>\n`}</ul>
${unknownSignal(unknownPasskey)}`
  const scripts = passkeyScripts(look.hasPasskeys, unknownPasskey)
  return layOut(look, { title: signIn.heading, body, hasProblem: problem !== null, scripts })
}

function problemIn(look: Look, { form: state, cookiesRefused, expired }: SignInView): Problem | null {
  const { signIn, passkeys, secondStep } = look.texts
  if (cookiesRefused) return { field: null, text: signIn.cookiesRefused }
  if (expired) return { field: null, text: secondStep.expired }
  // Only the passkey form sends this field.
  if ('ceremony' in state.values) return problemOf(state, { form: passkeys.problems.form }, look)
  const { form: whole } = signIn.problems
  const sentences = look.mustConfirm
    ? { ...signIn.problems, form: { ...whole, invalid_credentials: signIn.invalidOrUnconfirmed } }
    : signIn.problems
  return problemOf(state, sentences, look)
}

import { html } from 'hono/html'
import type { StepUpMethod } from '../model/factors.ts'
import { appCodeField, form, passwordField, summary, usernameField } from './form.ts'
import { icon } from './icons.ts'
import { layOut, type Markup, type Page } from './layout.ts'
import type { Look } from './look.ts'
import { passkeyForm, passkeyScripts, type UnknownPasskey, unknownSignal, withoutScript } from './passkey.ts'
import { type FormProblems, type FormState, problemOf } from './problems.ts'
import { providerButtons } from './providers.ts'
import { otherWays } from './second-step.ts'

/** The data of the page. */
export interface StepUpView {
  readonly form: FormState
  readonly returnTo: string | null
  readonly email: string
  /** The available methods. */
  readonly methods: readonly StepUpMethod[]
  /** The method to show, or `null` if there is none. */
  readonly method: StepUpMethod | null
  /** Whether a password is not enough. */
  readonly needsSecondFactor: boolean
  readonly unknownPasskey: UnknownPasskey | null
  /** The providers at which the user has an identity. */
  readonly providers: Look['providers']
}

/** The page on which a signed-in user proves again who they are, before another page shows its form. */
export function renderStepUp(look: Look, view: StepUpView): Page {
  const { stepUp: words } = look.texts
  const { form: state, method, returnTo, needsSecondFactor } = view
  const problem = problemOf(state, problemsFor(method, look), look)
  const query = {
    ...(needsSecondFactor && { second_factor: '' }),
    ...(returnTo !== null && { return_to: returnTo }),
  }
  const why = {
    password: words.why,
    totp: words.whyTotp,
    passkey: words.whyPasskey,
    provider: words.whyProvider,
  }
  const body = html`${icon(method === 'password' ? 'key' : 'shield', 'icon')}
<h1>${words.heading}</h1>
<p>${method === null ? words.none : why[method]}</p>
${summary(look, problem)}${method === null ? signOutForm(look, returnTo) : proof(look, view, method)}
${otherWays(look, { path: '/confirm', methods: view.methods, method, query })}
${needsSecondFactor && method !== null && html`<p class="more">${words.lost} <a href="${look.basePath}/sign_out">${words.signOut}</a></p>\n`}${unknownSignal(view.unknownPasskey)}`
  const scripts = passkeyScripts(method === 'passkey', view.unknownPasskey)
  return layOut(look, { title: words.heading, body, hasProblem: problem !== null, scripts })
}

/** Signs out and goes on to the sign-in page. */
function signOutForm(look: Look, returnTo: string | null): Markup {
  const query = returnTo === null ? '' : `?${new URLSearchParams({ return_to: returnTo })}`
  const signIn = `${look.basePath}/sign_in${query}`
  return form(look, { action: '/sign_out', submit: look.texts.stepUp.signOut, returnTo: signIn }, html``)
}

function problemsFor(method: StepUpMethod | null, { texts }: Look): FormProblems {
  if (method === 'password') return { password: texts.errors.currentPassword }
  if (method === 'totp') return { code: texts.secondStep.problems.code }
  return { form: texts.passkeys.problems.form }
}

function proof(
  look: Look,
  { form: state, returnTo, email, providers }: StepUpView,
  method: StepUpMethod,
): Markup {
  const { stepUp, shell, passkeys } = look.texts
  if (method === 'provider') return providerButtons(look, { action: '/confirm/with', returnTo, providers })
  if (method === 'passkey') {
    const action = '/confirm/passkey'
    return html`${withoutScript(look)}${passkeyForm(look, { action, purpose: 'step_up', submit: passkeys.use, returnTo })}`
  }
  const problem = problemOf(state, problemsFor(method, look), look)
  return method === 'totp'
    ? form(look, { action: '/confirm/totp', submit: stepUp.submit, returnTo }, appCodeField(look, problem))
    : form(
        look,
        { action: '/confirm', submit: stepUp.submit, returnTo },
        html`${usernameField(email)}${passwordField(look, { name: 'password', label: shell.password }, problem)}`,
      )
}

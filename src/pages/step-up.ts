import { html } from 'hono/html'
import type { StepUpMethod } from '../model/factors.ts'
import { appCodeField, form, passwordField, summary, usernameField } from './form.ts'
import { icon } from './icons.ts'
import { layOut, type Markup, type Page } from './layout.ts'
import type { Look } from './look.ts'
import { passkeyForm, type UnknownPasskey, unknownSignal, withoutScript } from './passkey.ts'
import { type FormProblems, type FormState, problemOf } from './problems.ts'
import { otherWays } from './second-step.ts'

/** What the page depends on. */
export interface StepUpView {
  readonly form: FormState
  readonly returnTo: string | null
  readonly email: string
  /** The ways there are. */
  readonly methods: readonly StepUpMethod[]
  /** The one to show, or `null` if there is none. */
  readonly method: StepUpMethod | null
  /** Whether a password is not enough. */
  readonly needsSecondFactor: boolean
  readonly unknownPasskey: UnknownPasskey | null
}

/** The page that asks a signed-in user who they are again, before another page shows its form. */
export function renderStepUp(look: Look, view: StepUpView): Page {
  const { stepUp: words } = look.texts
  const { form: state, method, returnTo, needsSecondFactor } = view
  const problem = problemOf(state, problemsFor(method, look), look)
  const query = {
    ...(needsSecondFactor && { second_factor: '' }),
    ...(returnTo !== null && { return_to: returnTo }),
  }
  const why = { password: words.why, totp: words.whyTotp, passkey: words.whyPasskey }
  const body = html`${icon(method === 'password' ? 'key' : 'shield', 'icon')}
<h1>${words.heading}</h1>
${method !== null && html`<p>${why[method]}</p>\n`}${summary(look, problem)}${method !== null && proof(look, view, method)}
${otherWays(look, { path: '/confirm', methods: view.methods, method, query })}
${needsSecondFactor && html`<p class="more">${words.lost} <a href="${look.basePath}/sign_out">${words.signOut}</a></p>\n`}${unknownSignal(view.unknownPasskey)}`
  const scripts = [
    ...(method === 'passkey' ? (['passkeys'] as const) : []),
    ...(view.unknownPasskey !== null ? (['signals'] as const) : []),
  ]
  return layOut(look, { title: words.heading, body, hasProblem: problem !== null, scripts })
}

function problemsFor(method: StepUpMethod | null, { texts }: Look): FormProblems {
  if (method === 'password') return { password: texts.errors.currentPassword }
  if (method === 'totp') return { code: texts.secondStep.problems.code }
  return { form: texts.passkeys.problems.form }
}

function proof(look: Look, { form: state, returnTo, email }: StepUpView, method: StepUpMethod): Markup {
  const { stepUp, shell, passkeys } = look.texts
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

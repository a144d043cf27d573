import { html } from 'hono/html'
import type { Factor, StepUpMethod } from '../model/factors.ts'
import { appCodeField, form, hidden, recoveryCodeField, summary } from './form.ts'
import { icon } from './icons.ts'
import { layOut, type Markup, type Page } from './layout.ts'
import type { Look } from './look.ts'
import { passkeyForm, passkeyScripts, type UnknownPasskey, unknownSignal, withoutScript } from './passkey.ts'
import { type FormState, type Problem, problemOf } from './problems.ts'
import { fill } from './words.ts'

/** A pending sign-in, as its pages show it. */
export interface WaitingSignIn {
  readonly id: string
  readonly email: string
  /** Where to go afterwards, checked. */
  readonly returnTo: string | null
}

/** The data of the page for the second factor. */
export interface SecondStepView {
  readonly form: FormState
  readonly signIn: WaitingSignIn
  /** The available methods, last used first. */
  readonly methods: readonly Factor[]
  /** The method to show, or `null` if there is none. */
  readonly method: Factor | null
  readonly unknownPasskey: UnknownPasskey | null
}

/** The page for the second factor of a sign-in. */
export function renderSecondStep(look: Look, view: SecondStepView): Page {
  const { form: state, signIn, method } = view
  const { secondStep: words } = look.texts
  const problem = problemIn(state, method, look)
  const body = html`${icon('shield', 'icon')}
<h1>${words.heading}</h1>
<p>${fill(words.signingIn, { email: signIn.email })}</p>
${summary(look, problem)}<p>${method === null ? words.none : words.ask[method]}</p>
${method !== null && proof(look, view, method)}${otherWays(look, { path: '/sign_in/factor', methods: view.methods, method })}
${cancelForm(look, signIn)}${unknownSignal(view.unknownPasskey)}`
  const scripts = passkeyScripts(method === 'passkey', view.unknownPasskey)
  return layOut(look, { title: words.heading, body, hasProblem: problem !== null, scripts })
}

function problemIn(state: FormState, method: Factor | null, look: Look): Problem | null {
  const { passkeys, secondStep } = look.texts
  if (method === 'passkey' || method === null) return problemOf(state, { form: passkeys.problems.form }, look)
  // `form` comes first: if the form belongs to another sign-in, no field is wrong.
  const form = { ...secondStep.problems.form, invalid_field: secondStep.otherSignIn }
  if (method === 'totp') return problemOf(state, { form, code: secondStep.problems.code }, look)
  // The use case calls every code `code`.
  const problem = problemOf(state, { form, code: secondStep.problems.recovery_code }, look)
  return problem && { ...problem, field: problem.field && 'recovery_code' }
}

function proof(look: Look, { form: state, signIn }: SecondStepView, method: Factor): Markup {
  const { secondStep: words, passkeys } = look.texts
  const fields = waitingFields(signIn)
  const { returnTo } = signIn
  if (method === 'passkey') {
    const action = '/sign_in/factor/passkey'
    return html`${withoutScript(look)}${passkeyForm(look, { action, purpose: 'second_factor', submit: passkeys.use, fields, returnTo })}`
  }
  const problem = problemIn(state, method, look)
  return method === 'totp'
    ? form(
        look,
        { action: '/sign_in/factor', submit: words.submit, returnTo },
        html`${appCodeField(look, problem)}${hidden(fields)}`,
      )
    : form(
        look,
        { action: '/sign_in/factor/recovery_code', submit: words.submit, returnTo },
        html`${recoveryCodeField(look, problem)}${hidden(fields)}`,
      )
}

/** The fields of every form of a pending sign-in: its id, and the address to fill in if it has expired. */
export function waitingFields({ id, email }: WaitingSignIn): Record<string, string> {
  return { pending: id, email }
}

/** Links to the other methods, for a page that shows one of several. */
export function otherWays<Method extends Factor | StepUpMethod>(
  look: Look,
  {
    path,
    methods,
    method,
    query = {},
  }: {
    readonly path: string
    readonly methods: readonly Method[]
    readonly method: Method | null
    readonly query?: Readonly<Record<string, string>>
  },
): Markup {
  const { other, otherWays: heading } = look.texts.secondStep
  const others = methods.filter((each) => each !== method)
  if (others.length === 0) return html``
  return html`<h2>${heading}</h2>
<ul>${others.map((each) => html`<li class="way"><a href="${look.basePath}${path}?${new URLSearchParams({ ...query, method: each })}">${other[each]}</a></li>`)}</ul>`
}

/** The form that cancels a pending sign-in. */
export function cancelForm(look: Look, { returnTo }: WaitingSignIn): Markup {
  const { cancel } = look.texts.secondStep
  return html`${form(look, { action: '/sign_in/cancel', submit: cancel, returnTo, style: 'second' }, html``)}
`
}

import { html } from 'hono/html'
import { emailField, form, hidden, summary } from './form.ts'
import { icon } from './icons.ts'
import { layOut, type Page } from './layout.ts'
import type { Look } from './look.ts'
import { type FormState, problemOf } from './problems.ts'
import { fill } from './words.ts'

/** The data of the page. */
export interface ContinueView {
  readonly form: FormState
  /** The identity that waits. */
  readonly waiting: {
    readonly next: 'account_exists' | 'address_required'
    readonly flow: string
    readonly provider: { readonly name: string }
    readonly email: string | null
  }
  /** Where the browser goes afterwards, checked. */
  readonly returnTo: string | null
  /** The address of the account that is signed in, or `null`. */
  readonly signedInAs: string | null
}

/**
 * The page after a sign-in at a provider with an identity that has no account yet. It offers to connect the identity to the
 * signed-in account, says that the address already has an account, or asks for an address.
 */
export function renderContinue(look: Look, view: ContinueView): Page {
  const { waiting, signedInAs } = view
  if (signedInAs !== null) return askWhetherToConnect(look, view, signedInAs)
  return waiting.next === 'account_exists' ? sayThatItExists(look, view) : askForAddress(look, view)
}

function askWhetherToConnect(
  look: Look,
  { form: state, waiting, returnTo }: ContinueView,
  account: string,
): Page {
  const { connect: words, problems } = look.texts.providers
  const { name } = waiting.provider
  const about = { provider: name, account, email: waiting.email ?? '' }
  const problem = problemOf(state, problems, look)
  const submit = fill(words.submit, about)
  const explain = waiting.email === null ? words.explainWithoutEmail : words.explain
  const body = html`${icon('key', 'icon')}
<h1>${fill(words.heading, about)}</h1>
<p>${fill(explain, about)}</p>
${summary(look, problem)}${form(look, { action: '/login/continue', submit }, hidden({ flow: waiting.flow }))}
<ul class="more"><li><a href="${returnTo ?? `${look.basePath}/account`}">${words.cancel}</a></li></ul>`
  return layOut(look, { title: fill(words.heading, about), body, hasProblem: problem !== null })
}

function sayThatItExists(look: Look, { waiting }: ContinueView): Page {
  const { exists: words } = look.texts.providers
  const about = { provider: waiting.provider.name, email: waiting.email ?? '' }
  const back = `${look.basePath}/login/continue?${new URLSearchParams({ flow: waiting.flow })}`
  const signIn = `${look.basePath}/sign_in?${new URLSearchParams({ return_to: back })}`
  const body = html`${icon('key', 'icon')}
<h1>${words.heading}</h1>
<p>${fill(words.explain, about)}</p>
<p><a class="submit" href="${signIn}">${words.signIn}</a></p>`
  return layOut(look, { title: words.heading, body })
}

function askForAddress(look: Look, { form: state, waiting }: ContinueView): Page {
  const { address: words, problems } = look.texts.providers
  const problem = problemOf(state, problems, look)
  const field = {
    name: 'email',
    label: look.texts.shell.email,
    value: state.values.email ?? waiting.email ?? '',
  }
  const body = html`${icon('key', 'icon')}
<h1>${words.heading}</h1>
<p>${fill(words.explain, { provider: waiting.provider.name })}</p>
${summary(look, problem)}${form(
  look,
  { action: '/login/continue/address', submit: words.submit },
  html`${emailField(field, problem, 'email')}${hidden({ flow: waiting.flow })}`,
)}`
  return layOut(look, { title: words.heading, body, hasProblem: problem !== null })
}

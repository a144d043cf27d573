import { html } from 'hono/html'
import { appCodeField, form, hidden, summary } from './form.ts'
import type { Markup } from './layout.ts'
import type { Look } from './look.ts'
import { type FormState, type Problem, problemOf } from './problems.ts'

/** The data that sets up an authenticator app. */
export interface AppSetup {
  /** In base32. */
  readonly secret: string
  readonly uri: string
  /** An SVG element of one path. */
  readonly qr: string
}

/** The problem of a form that confirms an app. */
export function setupProblem(state: FormState, look: Look): Problem | null {
  const { problems } = look.texts.appSetup
  // `form` comes first: if the form belongs to another sign-in, no field is wrong.
  const whole = { ...problems.form, invalid_field: look.texts.secondStep.otherSignIn }
  return problemOf(state, { form: whole, code: problems.code }, look)
}

/** How to set up an app, and the form that confirms it. */
export function appSetup(
  look: Look,
  {
    setup,
    problem,
    action,
    fields = {},
    returnTo = null,
    replaces = false,
  }: {
    readonly setup: AppSetup
    readonly problem: Problem | null
    readonly action: string
    readonly fields?: Readonly<Record<string, string>>
    readonly returnTo?: string | null
    /** Whether the new app replaces another. */
    readonly replaces?: boolean
  },
): Markup {
  const { appSetup: words } = look.texts
  return html`${summary(look, problem)}<p>${words.scan}</p>
${qrCode(setup.qr, words.qrName)}
<p>${words.key}</p>
<p class="key" translate="no"><code>${setup.secret.replaceAll(/.{4}(?=.)/g, '$& ')}</code></p>
<p class="way"><a href="${setup.uri}">${words.open}</a></p>
${replaces && html`<p>${words.replaces}</p>\n`}<p>${words.enter}</p>
${form(look, { action, submit: words.submit, returnTo }, html`${appCodeField(look, problem)}${hidden(fields)}`)}
`
}

/** Rebuilds the drawing in an element with an accessible name, so that its size and path are escaped like every value. */
function qrCode(svg: string, name: string): Markup {
  const [, size] = /viewBox="0 0 (\d+) /.exec(svg) ?? []
  const [, path] = / d="([^"]*)"/.exec(svg) ?? []
  return html`<svg class="qr" role="img" aria-label="${name}" viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h${size}v${size}H0z"/><path fill="#000" d="${path}"/></svg>`
}

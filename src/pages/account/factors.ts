import { html } from 'hono/html'
import { type AppSetup, appSetup, setupProblem } from '../app-setup.ts'
import { form, hidden, summary } from '../form.ts'
import { ACCOUNT_PAGES, layOut, type Markup, type Page } from '../layout.ts'
import type { Look } from '../look.ts'
import { type FormState, problemOf } from '../problems.ts'
import { dayIn } from '../times.ts'
import { fill } from '../words.ts'
import { notice } from './notice.ts'

/** The part of an account's factors that the page shows. */
export interface OwnFactors {
  readonly totp: { readonly confirmedAt: Date; readonly disabledAt: Date | null } | null
  readonly passkeys: readonly unknown[]
  readonly recoveryCodes: number
  readonly secondFactorEnabled: boolean
  readonly policy: 'off' | 'optional' | 'required' | 'passkey'
}

/** The data of the second factor page. */
export interface FactorsView {
  readonly form: FormState
  readonly factors: OwnFactors
  /** What has just been done: a key of `ownFactors.done`. */
  readonly done: string | null
}

/** The page of the second factor, the authenticator app and the recovery codes. */
export function renderFactors(look: Look, view: FactorsView): Page {
  const { form: state, factors, done } = view
  const { ownFactors: words } = look.texts
  const problem = problemOf(state, words.problems, look)
  const body = html`<h1>${words.heading}</h1>
${notice(words.done, done)}${summary(look, problem)}<p>${words.explain}</p>
${switchPart(look, view)}${(look.hasTotp || factors.totp !== null) && appPart(look, view)}${look.hasPasskeys && passkeyPart(look, factors)}${hasAny(factors) && codesPart(look, view)}`
  return layOut(look, {
    title: words.heading,
    body,
    hasProblem: problem !== null,
    entry: 'factors',
    scripts: ['more'],
  })
}

function hasAny({ totp, passkeys }: OwnFactors): boolean {
  return totp !== null || passkeys.length > 0
}

function switchPart(look: Look, { factors }: FactorsView): Markup {
  const { ownFactors: words } = look.texts
  const { secondFactorEnabled, policy } = factors
  if (policy === 'off') return html`<p>${words.policyOff}</p>\n`
  const isRequired = policy === 'required' || policy === 'passkey'
  if (isRequired && hasAny(factors)) return html`<p>${words.required}</p>\n`
  const set = (enabled: 'on' | 'off', submit: string, style?: 'quiet') =>
    html`${form(look, { action: ACCOUNT_PAGES.factors, submit, ...(style && { style }) }, hidden({ enabled }))}\n`
  if (secondFactorEnabled) return html`<p>${words.on}</p>\n${set('off', words.turnOff, 'quiet')}`
  return html`<p>${words.off}</p>
${hasAny(factors) ? set('on', words.turnOn) : html`<p>${words.none}</p>\n`}`
}

function appPart(look: Look, { factors: { totp } }: FactorsView): Markup {
  const { ownFactors: words } = look.texts
  const setUp = (submit: string) =>
    look.hasTotp &&
    html`${form(look, { action: `${ACCOUNT_PAGES.factors}/app/start`, submit, style: 'quiet' }, html``)}\n`
  if (totp === null)
    return html`<h2>${words.appHeading}</h2>
<p>${words.appNone}</p>
${setUp(words.setUp)}`
  return html`<h2>${words.appHeading}</h2>
${totp.disabledAt !== null && html`<p class="problem">${words.appDisabled}</p>\n`}<dl><dt>${words.appSince}</dt><dd>${dayIn(look.locale, totp.confirmedAt)}</dd></dl>
${setUp(words.replace)}${form(look, { action: `${ACCOUNT_PAGES.factors}/app/remove`, submit: words.removeApp, style: 'quiet' }, html``)}
`
}

function passkeyPart(look: Look, { passkeys }: OwnFactors): Markup {
  const { ownFactors: words } = look.texts
  return html`<h2>${words.passkeysHeading}</h2>
<p>${fill(words.passkeys, { count: passkeys.length })}</p>
<p class="way"><a href="${look.basePath}${ACCOUNT_PAGES.passkeys}">${words.managePasskeys}</a></p>
`
}

function codesPart(look: Look, { factors: { recoveryCodes: count } }: FactorsView): Markup {
  const { ownFactors: words, recoveryCodes } = look.texts
  return html`<h2>${words.codesHeading}</h2>
<p>${words.codesExplain}</p>
<p>${fill(recoveryCodes.left, { count })}</p>
${count > 0 && html`<p>${words.renewExplain}</p>\n`}${form(look, { action: `${ACCOUNT_PAGES.factors}/recovery_codes`, submit: words.renew, style: 'quiet' }, html``)}
`
}

/** The page that sets up an authenticator app for a signed-in user. */
export function renderFactorsApp(
  look: Look,
  {
    form: state,
    setup,
    replaces,
  }: {
    readonly form: FormState
    readonly setup: AppSetup
    readonly replaces: boolean
  },
): Page {
  const { appSetup: words, shell } = look.texts
  const problem = setupProblem(state, look)
  const action = `${ACCOUNT_PAGES.factors}/app`
  const body = html`<h1>${words.heading}</h1>
${appSetup(look, { setup, problem, action, replaces })}<ul class="more"><li><a href="${look.basePath}${ACCOUNT_PAGES.factors}">${shell.back}</a></li></ul>`
  return layOut(look, { title: words.heading, body, hasProblem: problem !== null, entry: 'factors' })
}

import { html } from 'hono/html'
import type { Contract, FieldsOf } from '../api/index.ts'
import type { ErrorCode } from '../model/errors.ts'
import type { PanelWords, PasswordPageWords } from '../text/index.ts'
import { type IconName, icon } from './icons.ts'
import { layOut, type Markup, type Page } from './layout.ts'
import type { Look } from './look.ts'

type Links = readonly (readonly [path: string, label: string])[]

/** A page that a mailed link opens. It asks for a password and sends it with the token from the link. */
interface PasswordPage<Given extends Contract> {
  readonly words: PasswordPageWords
  readonly icon: IconName
  /** The operation that the form calls. */
  readonly operation: Given
  /** The field of the operation for the token. */
  readonly tokenField: keyof FieldsOf<Given> & string
  /** The field of the operation for the password. */
  readonly passwordField: keyof FieldsOf<Given> & string
  /** Whether the link also contains the account's address, for the field `email`. */
  readonly hasEmail: boolean
  readonly autocomplete: 'new-password' | 'current-password'
  /** The refusal that shows the `invalidLink` panel. */
  readonly invalidLink: ErrorCode
  /** The pages that take the code of the same mail, as path and label. */
  readonly codePages: Links
  /** The pages that send another link. */
  readonly resendPages: Links
}

/**
 * Renders the page: a panel for each state, hidden until `browser/link-page.js` shows it, and a template with the
 * sentences for refusals.
 */
export function layOutPasswordPage<Given extends Contract>(page: PasswordPage<Given>, look: Look): Page {
  const { words, codePages, resendPages } = page
  const { behindLink } = look.texts
  const signIn = ['/sign_in', behindLink.signIn] as const
  const onward = links(look, [signIn, ...resendPages])
  const body = html`${panel('ask', words.ask, icon(page.icon, 'icon'), form(page, look))}
${panel('done', words.done, icon('tick', 'icon good'), links(look, [signIn]))}
${panel(page.invalidLink, words.invalidLink, icon('exclamation', 'icon bad'), onward)}
${panel('incomplete', words.incomplete, icon('exclamation', 'icon bad'), onward)}
<noscript>
${icon(page.icon, 'icon')}
<h1>${words.ask.heading}</h1>
<p>${words.noScript}</p>
${look.hasPages && look.hasCodes && codePages.length > 0 && html`<p>${behindLink.useCode}</p>\n${links(look, codePages)}`}</noscript>
<p id="host" translate="no"></p>
<template id="problems">
${Object.entries(words.passwordProblems).map(([code, text]) => html`<p data-code="${code}" data-about="password">${text}</p>\n`)}
${Object.entries(look.texts.problems).map(([code, text]) => html`<p data-code="${code}">${text}</p>\n`)}
</template>`
  return layOut(look, { title: words.ask.heading, body, behindLink: true })
}

function links({ basePath, hasPages }: Look, pages: Links): Markup {
  if (!hasPages) return html``
  return html`<ul class="more">${pages.map(([path, label]) => html`<li><a href="${basePath}${path}">${label}</a></li>`)}</ul>
`
}

function panel(name: string, { heading, paragraphs }: PanelWords, drawing: Markup, more: Markup) {
  return html`<section data-panel="${name}" hidden>
${drawing}
<h1 tabindex="-1">${heading}</h1>
${paragraphs.map((text) => html`<p>${text}</p>\n`)}${more}</section>`
}

/**
 * The fields have the names that the operation expects. `method="post"` keeps the password out of the URL if the form
 * is ever submitted without the script.
 */
function form<Given extends Contract>(page: PasswordPage<Given>, { texts, basePath }: Look) {
  const { operation, tokenField, passwordField, autocomplete } = page
  const { label, hint, submit, sending } = page.words.ask
  const { reveal } = texts
  return html`<form method="post" novalidate data-method="${operation.method}" data-url="${basePath}${operation.path}" data-token-field="${tokenField}">
${page.hasEmail && username}
<label for="password">${label}</label>
<div class="field secret">
<input id="password" name="${passwordField}" type="password" autocomplete="${autocomplete}" required autocapitalize="none" autocorrect="off" spellcheck="false" aria-describedby="problem${hint && ' hint'}">
<button id="reveal" class="reveal" type="button" aria-pressed="false" aria-controls="password" aria-label="${reveal}" title="${reveal}">${icon('eye', '')}</button>
</div>
<p id="problem" role="alert" aria-live="assertive"></p>
${hint && html`<p id="hint">${hint}</p>`}
<button id="send" class="submit" type="submit" data-ready="${submit}" data-sending="${sending}">${submit}</button>
</form>
`
}

/** For password managers, which save the password under this address. Users see it in `#account`. */
const username = html`<p id="account" translate="no"></p>
<input id="username" class="unseen" name="email" type="text" autocomplete="username" readonly tabindex="-1" aria-hidden="true">`

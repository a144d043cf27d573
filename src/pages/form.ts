/** The parts of forms. A form works without script; `browser/page.js` adds to it. */
import { html } from 'hono/html'
import { icon } from './icons.ts'
import type { Markup } from './layout.ts'
import type { Look } from './look.ts'
import type { FormState, Problem } from './problems.ts'

/** A form of a page. */
interface Form {
  /** The path within the service. */
  readonly action: string
  readonly submit: string
  readonly returnTo?: string | null
  /**
   * Further classes of the button: `danger` deletes something, `quiet` is one of many, `second` is less prominent than the
   * form above it.
   */
  readonly style?: 'danger' | 'quiet' | 'second'
  /** The accessible name of the button, if `submit` alone is not clear. Contains `submit`. */
  readonly label?: string
  /** The answer is a file, so the page stays. */
  readonly isDownload?: true
}

/**
 * A form that posts to a page. It has `novalidate`, because otherwise browsers refuse to send a form with a wrong field, and our
 * summary of errors never appears.
 */
export function form(
  { basePath, texts }: Look,
  { action, submit, returnTo, style, label, isDownload }: Form,
  fields: Markup,
): Markup {
  const working = isDownload ? null : html` data-working="${texts.shell.working}"`
  return html`<form method="post" action="${basePath}${action}" novalidate${isDownload && html` data-download`}>
${fields}${returnTo && html`<input type="hidden" name="return_to" value="${returnTo}">\n`}<button class="${style === 'quiet' ? style : html`submit ${style}`}" type="submit"${label && html` aria-label="${label}"`}${working}>${submit}</button>
</form>`
}

/** A field of a form. */
interface Field {
  readonly name: string
  readonly label: string
  readonly hint?: string
  readonly value?: string | undefined
}

/** Ties a field to its problem and its hint. */
function described({ name, hint }: Field, problem: Problem | null): Markup {
  const isWrong = problem?.field === name
  const ids = [...(isWrong ? [`${name}-problem`] : []), ...(hint ? [`${name}-hint`] : [])]
  return html`${ids.length > 0 && html` aria-describedby="${ids.join(' ')}"`}${isWrong && html` aria-invalid="true"`}`
}

function around(field: Field, problem: Problem | null, input: Markup): Markup {
  const { name, label, hint } = field
  return html`<div class="field">
<label for="${name}">${label}</label>
${hint && html`<p class="hint" id="${name}-hint">${hint}</p>\n`}${problem?.field === name && html`<p class="problem" id="${name}-problem">${problem.text}</p>\n`}${input}
</div>
`
}

/** An email address. By default, password managers fill it in as the username. */
export function emailField(field: Field, problem: Problem | null, autocomplete = 'username'): Markup {
  const { name, value = '' } = field
  return around(
    field,
    problem,
    html`<input id="${name}" name="${name}" type="email" value="${value}" autocomplete="${autocomplete}" required autocapitalize="none" autocorrect="off" spellcheck="false"${described(field, problem)}>`,
  )
}

/** The password of the account. */
export function passwordField(
  look: Look,
  field: Field,
  problem: Problem | null,
  autocomplete = 'current-password',
): Markup {
  return around(field, problem, secretInput(look, field, problem, html` autocomplete="${autocomplete}"`))
}

/** A password input, with the button that shows the password. */
function secretInput(look: Look, field: Field, problem: Problem | null, attributes: Markup): Markup {
  const { name } = field
  return html`<div class="secret"><input id="${name}" name="${name}" type="password"${attributes} required autocapitalize="none" autocorrect="off" spellcheck="false"${described(field, problem)}>${reveal(look, field)}</div>`
}

/** The address of the account in an invisible field, so that password managers know whose password it is. */
export function usernameField(email: string): Markup {
  return html`<input class="unseen" type="text" value="${email}" autocomplete="username" readonly tabindex="-1" aria-hidden="true">
`
}

/**
 * The address that mail went to, for people and for password managers. After a redirect, the script reads it from the fragment.
 */
export function mailedTo({ values: { email = '' } }: FormState): Markup {
  return html`<p id="account" translate="no"${email === '' && html` hidden`}>${email || '\u00a0'}</p>
<input class="unseen" name="email" type="text" value="${email}" autocomplete="username" readonly tabindex="-1" aria-hidden="true">
`
}

/** A new password, with its rules above. */
export function newPasswordField(look: Look, field: Omit<Field, 'hint'>, problem: Problem | null): Markup {
  const { minPasswordLength, texts } = look
  const { passwordHint, passwordLength, passwordLongEnough } = texts.shell
  const rule = texts.errors.newPassword.password_too_short.replace('{min_length}', String(minPasswordLength))
  const withHint = { ...field, hint: minPasswordLength > 1 ? `${rule} ${passwordHint}` : passwordHint }
  const attributes = html` autocomplete="new-password" minlength="${minPasswordLength}" passwordrules="minlength: ${minPasswordLength};"`
  return around(
    withHint,
    problem,
    html`${secretInput(look, withHint, problem, attributes)}
<p class="count" role="status" data-length-of="${field.name}" data-min="${minPasswordLength}" data-text="${passwordLength}" data-enough="${passwordLongEnough}"></p>`,
  )
}

/** A mailed code. */
export function codeField(look: Look, problem: Problem | null): Markup {
  const { code, codeHint } = look.texts.shell
  return digitsField({ name: 'code', label: code, hint: codeHint }, problem)
}

/** A code of the authenticator app. */
export function appCodeField(look: Look, problem: Problem | null): Markup {
  const { code, codeHint } = look.texts.secondStep
  return digitsField({ name: 'code', label: code, hint: codeHint }, problem)
}

/** A recovery code. */
export function recoveryCodeField(look: Look, problem: Problem | null): Markup {
  const { recoveryCode, recoveryCodeHint } = look.texts.secondStep
  const field = { name: 'recovery_code', label: recoveryCode, hint: recoveryCodeHint }
  return around(
    field,
    problem,
    html`<input class="code" id="recovery_code" name="recovery_code" type="text" autocomplete="off" required autocapitalize="characters" autocorrect="off" spellcheck="false"${described(field, problem)}>`,
  )
}

function digitsField(field: Field, problem: Problem | null): Markup {
  return around(
    field,
    problem,
    html`<input class="code" id="code" name="code" type="text" inputmode="numeric" autocomplete="one-time-code" required autocapitalize="none" autocorrect="off" spellcheck="false"${described(field, problem)}>`,
  )
}

/** A required line of text. `id` differs from the name if several forms on the page have the field. */
export function textField(field: Field & { readonly id: string }, problem: Problem | null): Markup {
  const { id, name, value = '' } = field
  const own = { ...field, name: id }
  const ownProblem = problem?.field === name ? { ...problem, field: id } : null
  return around(
    own,
    ownProblem,
    html`<input id="${id}" name="${name}" type="text" dir="auto" value="${value}" required${described(own, ownProblem)}>`,
  )
}

/** A line of text, optional unless `isRequired`. */
export function inputField(
  field: Field & {
    readonly isRequired?: boolean
    readonly autocomplete?: string
    readonly inputmode?: string
  },
  problem: Problem | null,
): Markup {
  const { name, value = '', isRequired, autocomplete = 'off', inputmode } = field
  return around(
    field,
    problem,
    html`<input id="${name}" name="${name}" type="text" dir="auto" value="${value}" autocomplete="${autocomplete}"${inputmode && html` inputmode="${inputmode}"`}${isRequired && html` required`}${described(field, problem)}>`,
  )
}

/** A list to choose from. */
export function selectField(
  field: Field & { readonly isRequired?: boolean },
  options: readonly { readonly value: string; readonly label: string }[],
  problem: Problem | null,
): Markup {
  const { name, value: chosen, isRequired } = field
  return around(
    field,
    problem,
    html`<select id="${name}" name="${name}"${isRequired && html` required`}${described(field, problem)}>
${options.map(({ value, label }) => html`<option value="${value}"${value === chosen && html` selected`}>${label}</option>\n`)}</select>`,
  )
}

/** A checkbox that can be required and have a problem. */
export function boxField(
  field: Field & { readonly isRequired?: boolean },
  isTicked: boolean,
  problem: Problem | null,
): Markup {
  const { name, label, hint, isRequired } = field
  return html`<div class="field">
<div class="check"><input id="${name}" name="${name}" type="checkbox" value="on"${isTicked && html` checked`}${isRequired && html` required`}${described(field, problem)}><label for="${name}">${label}</label></div>
${hint && html`<p class="hint" id="${name}-hint">${hint}</p>\n`}${problem?.field === name && html`<p class="problem" id="${name}-problem">${problem.text}</p>\n`}</div>
`
}

/** Hidden fields. */
export function hidden(values: Readonly<Record<string, string>>): Markup {
  return html`${Object.entries(values).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">\n`)}`
}

/** A checkbox. */
export function checkbox({ name, label }: Field, isTicked: boolean): Markup {
  return html`<div class="check"><input id="${name}" name="${name}" type="checkbox" value="on"${isTicked && html` checked`}><label for="${name}">${label}</label></div>
`
}

/** The button that shows a password. Hidden without script. */
function reveal({ texts }: Look, { name }: Field): Markup {
  const { revealPassword } = texts.shell
  return html`<button class="reveal" type="button" hidden aria-pressed="false" aria-controls="${name}" aria-label="${revealPassword}" title="${revealPassword}">${icon('eye', '')}</button>`
}

/** A link to one of our pages that passes `return_to` on. */
export function linkTo(
  { basePath }: Look,
  { path, label, returnTo }: { path: string; label: string; returnTo: string | null },
): Markup {
  const query = returnTo === null ? '' : `?${new URLSearchParams({ return_to: returnTo })}`
  return html`<a href="${basePath}${path}${query}">${label}</a>`
}

/** Says what has just been done. */
export function notice(text: string): Markup {
  return html`<p class="done" role="status">${text}</p>
`
}

/**
 * Says what is wrong with a form, above it. Takes the focus and links to the field.
 *
 * @param help - A link to a page that may help. `false`: none.
 */
export function summary({ texts }: Look, problem: Problem | null, help: Markup | false = false): Markup {
  if (problem === null) return html``
  const { field, text } = problem
  return html`<div class="summary" role="alert" tabindex="-1" autofocus>
<p class="title">${texts.shell.problem}</p>
<p>${field === null ? text : html`<a href="#${field}">${text}</a>`}</p>
${help && html`<p>${help}</p>\n`}</div>
`
}

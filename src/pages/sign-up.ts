import { html } from 'hono/html'
import { emailField, form, hidden, linkTo, newPasswordField, summary } from './form.ts'
import { icon } from './icons.ts'
import { layOut, type Markup, type Page } from './layout.ts'
import type { Look } from './look.ts'
import { type FormState, problemOf } from './problems.ts'
import { divider, providerButtons } from './providers.ts'
import { userFieldInputs, userFieldProblems } from './user-fields.ts'

/** The page that creates an account. */
export function renderSignUp(
  look: Look,
  { form: state, returnTo }: { form: FormState; returnTo: string | null },
): Page {
  const { signUp, shell, errors } = look.texts
  const fields = look.userFields.filter((field) => field.signUp)
  const sentences = {
    ...signUp.problems,
    password: errors.newPassword,
    ...userFieldProblems(look, fields),
  }
  const problem = problemOf(state, sentences, look)
  const signIn = linkTo(look, { path: '/sign_in', label: signUp.signIn, returnTo })
  const body = html`${icon('key', 'icon')}
<h1>${signUp.heading}</h1>
${summary(look, problem)}${form(
  look,
  { action: '/sign_up', submit: signUp.submit, returnTo },
  html`${emailField({ name: 'email', label: shell.email, value: state.values.email }, problem)}${newPasswordField(look, { name: 'password', label: shell.password }, problem)}${userFieldInputs(look, fields, { form: state }, problem)}${conditions(look)}`,
)}
${look.providers.length > 0 && html`${divider(look)}${providerButtons(look, { action: '/sign_in/with', returnTo, fields: hidden({ remember: 'on' }) })}`}<ul class="more"><li>${signUp.haveAccount} ${signIn}</li></ul>`
  return layOut(look, { title: signUp.heading, body, hasProblem: problem !== null, scripts: ['more'] })
}

/** The terms and the privacy policy, as far as the operator has them. */
function conditions({ site: { links }, texts: { signUp } }: Look): Markup {
  return html`${links.terms && withLink(signUp.agreement, links.terms, signUp.terms)}${links.privacy && withLink(signUp.privacy, links.privacy, signUp.privacyPolicy)}`
}

/** A paragraph with a link in place of `{link}`. */
function withLink(sentence: string, url: string, label: string): Markup {
  const parts = sentence.split('{link}')
  return html`<p class="hint">${parts.map((part, index) => html`${index > 0 && html`<a href="${url}">${label}</a>`}${part}`)}</p>
`
}

import { html } from 'hono/html'
import { form, passwordField, summary, usernameField } from './form.ts'
import { icon } from './icons.ts'
import { layOut, type Page } from './layout.ts'
import type { Look } from './look.ts'
import { type FormState, problemOf } from './problems.ts'

/** The page that asks a signed-in user for the password again, before another page shows its form. */
export function renderStepUp(
  look: Look,
  { form: state, returnTo, email }: { form: FormState; returnTo: string | null; email: string },
): Page {
  const { stepUp, shell, errors } = look.texts
  const problem = problemOf(state, { password: errors.currentPassword }, look)
  const body = html`${icon('key', 'icon')}
<h1>${stepUp.heading}</h1>
<p>${stepUp.why}</p>
${summary(look, problem)}${form(
  look,
  { action: '/confirm', submit: stepUp.submit, returnTo },
  html`${usernameField(email)}${passwordField(look, { name: 'password', label: shell.password }, problem)}`,
)}`
  return layOut(look, { title: stepUp.heading, body, hasProblem: problem !== null })
}

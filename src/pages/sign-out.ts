import { html } from 'hono/html'
import { form, summary } from './form.ts'
import { icon } from './icons.ts'
import { layOut, type Page } from './layout.ts'
import type { Look } from './look.ts'
import { type FormState, problemOf } from './problems.ts'
import { fill } from './words.ts'

/** The page that asks whether to sign out. Opening it changes nothing. */
export function renderSignOut(
  look: Look,
  { form: state, returnTo }: { form: FormState; returnTo: string | null },
): Page {
  const { signOut } = look.texts
  if (look.user === null) {
    const body = html`${icon('tick', 'icon good')}
<h1>${signOut.notSignedIn}</h1>
<p><a href="${look.basePath}/sign_in">${signOut.signIn}</a></p>`
    return layOut(look, { title: signOut.notSignedIn, body })
  }
  const problem = problemOf(state, {}, look)
  // The header needs no button to sign out, because this page has one.
  const body = html`${icon('key', 'icon')}
<h1>${signOut.heading}</h1>
<p>${fill(signOut.asked, { email: look.user.email })}</p>
${summary(look, problem)}${form(look, { action: '/sign_out', submit: signOut.submit, returnTo }, html``)}
<ul class="more"><li><a href="${look.basePath}/account">${signOut.stay}</a></li></ul>`
  return layOut({ ...look, user: null }, { title: signOut.heading, body, hasProblem: problem !== null })
}

import { html } from 'hono/html'
import { type AuthError, ERRORS } from '../model/errors.ts'
import { linkTo } from './form.ts'
import { icon } from './icons.ts'
import { layOut, type Markup, type Page } from './layout.ts'
import type { Look } from './look.ts'
import { durationIn, fill } from './words.ts'

/**
 * The page for a navigation that was refused.
 *
 * @param details - `returnTo`: where the browser was going, checked.
 */
export function renderRefusal(
  look: Look,
  error: AuthError,
  { requestId, returnTo = null }: { readonly requestId: string; readonly returnTo?: string | null },
): Page {
  const { refusals } = look.texts
  const { heading, advice } = wordsFor(error, look)
  const { status } = ERRORS[error.code]
  const { retryAfterSeconds } = error
  const body = html`${icon('exclamation', 'icon bad')}
<h1>${heading}</h1>
<p>${retryAfterSeconds === undefined ? advice : fill(refusals.wait, { time: durationIn(look.locale, retryAfterSeconds) })}</p>
${status >= 500 && html`<p class="reference">${fill(refusals.reference, { id: requestId })}</p>\n`}<ul class="more"><li>${wayOut(error, look, returnTo)}</li></ul>`
  return layOut(look, { title: heading, body, hasProblem: true })
}

/** The page for a browser that sends the session cookie to the sign-in page, but not to the requested page. */
export function renderSignInAgain(look: Look, { returnTo }: { readonly returnTo: string }): Page {
  const { refusals, signIn } = look.texts
  const { heading, advice } = refusals.cookies_differ
  const body = html`${icon('exclamation', 'icon bad')}
<h1>${heading}</h1>
<p>${advice}</p>
<ul class="more"><li>${linkTo(look, { path: '/sign_in', label: signIn.heading, returnTo })}</li></ul>`
  return layOut(look, { title: heading, body, hasProblem: true })
}

/** Where to go from here. If the user is signed in, the sign-in page redirects to the account. */
function wayOut({ code }: AuthError, look: Look, returnTo: string | null): Markup {
  const { refusals, signIn, recovery } = look.texts
  switch (code) {
    case 'password_compromised':
      if (look.canRecover) return linkTo(look, { path: '/recover', label: recovery.heading, returnTo })
      break
    case 'provider_failed':
    case 'provider_refused':
    case 'login_flow_required':
    case 'sign_in_refused':
    case 'registration_closed':
      return linkTo(look, { path: '/sign_in', label: signIn.heading, returnTo })
  }
  return linkTo(look, { path: '/account', label: refusals.toAccount, returnTo: null })
}

function wordsFor({ code }: AuthError, { texts: { refusals } }: Look) {
  switch (code) {
    case 'not_found':
    case 'method_not_allowed':
    case 'unknown_host':
    case 'too_many_attempts':
    case 'unavailable':
    case 'provider_failed':
    case 'provider_refused':
    case 'login_flow_required':
    case 'sign_in_refused':
    case 'identity_taken':
    case 'registration_closed':
    case 'password_compromised':
      return refusals[code]
    case 'foreign_origin':
    case 'missing_origin':
      return refusals.foreign_origin
    case 'unauthenticated':
    case 'session_required':
      return refusals.unauthenticated
    default:
      return ERRORS[code].status >= 500 ? refusals.internal_error : refusals.bad_request
  }
}

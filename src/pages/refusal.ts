import { html } from 'hono/html'
import { type AuthError, ERRORS } from '../model/errors.ts'
import { icon } from './icons.ts'
import { layOut, type Page } from './layout.ts'
import type { Look } from './look.ts'
import { durationIn, fill } from './words.ts'

/** The page for a navigation that was refused. */
export function renderRefusal(look: Look, error: AuthError, requestId: string): Page {
  const { refusals } = look.texts
  const { heading, advice } = wordsFor(error, look)
  const { status } = ERRORS[error.code]
  const { retryAfterSeconds } = error
  const body = html`${icon('exclamation', 'icon bad')}
<h1>${heading}</h1>
<p>${retryAfterSeconds === undefined ? advice : fill(refusals.wait, { time: durationIn(look.locale, retryAfterSeconds) })}</p>
${status >= 500 && html`<p class="reference">${fill(refusals.reference, { id: requestId })}</p>\n`}<ul class="more"><li><a href="${look.basePath}/account">${refusals.toAccount}</a></li></ul>`
  return layOut(look, { title: heading, body, hasProblem: true })
}

function wordsFor({ code }: AuthError, { texts: { refusals } }: Look) {
  switch (code) {
    case 'not_found':
    case 'method_not_allowed':
    case 'unknown_host':
    case 'too_many_attempts':
    case 'unavailable':
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

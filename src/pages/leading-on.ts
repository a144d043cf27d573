import { html } from 'hono/html'
import { layOut, type Page } from './layout.ts'
import type { Look } from './look.ts'
import { fill } from './words.ts'

/**
 * The page that sends the browser on to a provider, at once and without script. It is not a redirect, because browsers apply
 * `form-action` to the redirects of a form, and the URL of the provider is not known when the form is shown.
 */
export function renderLeadingOn(
  look: Look,
  { name, url }: { readonly name: string; readonly url: string },
): Page {
  const { leadingOn: words } = look.texts.providers
  const provider = { provider: name }
  const body = html`<h1>${words.heading}</h1>
<p>${fill(words.explain, provider)}</p>
<p><a href="${url}">${fill(words.go, provider)}</a></p>`
  return layOut(look, { title: words.heading, body, leadsTo: url, isShownOnce: true })
}

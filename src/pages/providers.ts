import { html } from 'hono/html'
import { form } from './form.ts'
import type { Markup } from './layout.ts'
import type { Look } from './look.ts'
import { fill } from './words.ts'

/** The buttons that sign in at another provider. */
export function providerButtons(
  look: Look,
  {
    action,
    returnTo,
    fields = html``,
    providers = look.providers,
  }: {
    /** The path of their forms, without the id of the provider. */
    readonly action: string
    readonly returnTo: string | null
    readonly fields?: Markup
    readonly providers?: Look['providers']
  },
): Markup {
  const { continueWith } = look.texts.providers
  return html`<ul class="providers">
${providers.map(
  ({ id, name }) =>
    html`<li>${form(look, { action: `${action}/${id}`, submit: fill(continueWith, { provider: name }), returnTo, style: 'second' }, fields)}</li>\n`,
)}</ul>
`
}

/** Separates a form from its alternatives. */
export function divider({ texts }: Look): Markup {
  return html`<p class="or">${texts.passkeys.or}</p>
`
}

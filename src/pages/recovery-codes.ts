import { html } from 'hono/html'
import { icon } from './icons.ts'
import { type AccountEntry, layOut, type Markup, type Page } from './layout.ts'
import type { Look } from './look.ts'
import { fill } from './words.ts'

/** Where to go once the codes are saved: a path within the service. */
export interface Onward {
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
}

/** The page that shows a new set of recovery codes, once. */
export function renderRecoveryCodes(
  look: Look,
  {
    codes,
    onward,
    entry,
  }: { readonly codes: readonly string[]; readonly onward: Onward; readonly entry?: AccountEntry },
): Page {
  const { recoveryCodes: words } = look.texts
  const body = html`${entry === undefined && icon('shield', 'icon')}<h1>${words.heading}</h1>
<p>${words.explain}</p>
<p><b>${words.once}</b></p>
<ol class="codes" id="codes" translate="no">
${codes.map((code) => html`<li><code>${code}</code></li>\n`)}</ol>
${tools(look)}${link(look, onward, words.kept)}`
  return layOut(look, {
    title: words.heading,
    body,
    scripts: ['more'],
    isShownOnce: true,
    ...(entry && { entry }),
  })
}

/** The page after a sign-in with a recovery code. It shows the code that replaces the used one, once. */
export function renderNewRecoveryCode(
  look: Look,
  { code, left, onward }: { readonly code: string; readonly left: number; readonly onward: Onward },
): Page {
  const { recoveryCodes: words } = look.texts
  const body = html`${icon('shield', 'icon')}
<h1>${words.newHeading}</h1>
<p>${words.newExplain}</p>
<ol class="codes" id="codes" translate="no">
<li><code>${code}</code></li>
</ol>
${tools(look)}<p>${fill(words.left, { count: left })}</p>
${link(look, onward, words.newKept)}`
  return layOut(look, { title: words.newHeading, body, scripts: ['more'], isShownOnce: true })
}

/** Buttons that need script. Hidden without it. */
function tools({ texts: { recoveryCodes: words } }: Look): Markup {
  return html`<p class="tools" data-codes="codes" data-file="recovery-codes.txt" hidden>
<button class="quiet" type="button" data-act="copy" data-done="${words.copied}">${words.copy}</button>
<button class="quiet" type="button" data-act="print">${words.print}</button>
<button class="quiet" type="button" data-act="save">${words.save}</button>
</p>
`
}

function link({ basePath }: Look, { path, query = {} }: Onward, label: string): Markup {
  const search = new URLSearchParams(query).toString()
  return html`<p><a class="submit" href="${basePath}${path}${search && `?${search}`}">${label}</a></p>`
}

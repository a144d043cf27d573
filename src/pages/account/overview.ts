import { html } from 'hono/html'
import type { Account } from '../../model/user.ts'
import { ACCOUNT_PAGES, accountEntries, layOut, type Page } from '../layout.ts'
import type { Look } from '../look.ts'
import { dateIn } from '../words.ts'

/** The first page of the account. */
export function renderAccount(look: Look, { user }: { user: Account }): Page {
  const { navigation, overview } = look.texts.account
  const body = html`<h1>${overview.heading}</h1>
<dl class="facts">
<div><dt>${overview.email}</dt><dd>${user.email}</dd></div>
${user.name !== null && html`<div><dt>${overview.name}</dt><dd>${user.name}</dd></div>\n`}<div><dt>${overview.memberSince}</dt><dd>${dateIn(look.locale, user.createdAt)}</dd></div>
</dl>
<h2>${overview.manage}</h2>
<ul class="list">
${accountEntries(look).map((entry) => entry !== 'overview' && html`<li><a href="${look.basePath}${ACCOUNT_PAGES[entry]}">${navigation[entry]}</a><p>${overview.about[entry]}</p></li>\n`)}</ul>`
  return layOut(look, { title: overview.heading, body, entry: 'overview' })
}

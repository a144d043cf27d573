import { html } from 'hono/html'
import type { Account } from '../../model/user.ts'
import { icon } from '../icons.ts'
import { ACCOUNT_PAGES, accountEntries, layOut, type Page } from '../layout.ts'
import type { Look } from '../look.ts'
import { dayIn } from '../times.ts'

const ICONS = {
  email: 'envelope',
  password: 'key',
  sessions: 'device',
  activity: 'clock',
  data: 'file',
} as const

/** The first page of the account. */
export function renderAccount(look: Look, { user }: { user: Account }): Page {
  const { navigation, overview } = look.texts.account
  const body = html`<h1>${overview.heading}</h1>
<dl>
<dt>${overview.email}</dt><dd>${user.email}</dd>
${user.name !== null && html`<dt>${overview.name}</dt><dd>${user.name}</dd>\n`}<dt>${overview.memberSince}</dt><dd>${dayIn(look.locale, user.createdAt)}</dd>
</dl>
<h2>${overview.manage}</h2>
<ul class="list">
${accountEntries(look).map((entry) => entry !== 'overview' && html`<li>${icon(ICONS[entry], '')}<div><a href="${look.basePath}${ACCOUNT_PAGES[entry]}">${navigation[entry]}</a><p>${overview.about[entry]}</p></div></li>\n`)}</ul>`
  return layOut(look, { title: overview.heading, body, entry: 'overview' })
}

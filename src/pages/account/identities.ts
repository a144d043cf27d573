import { html } from 'hono/html'
import { form, hidden, summary } from '../form.ts'
import { icon } from '../icons.ts'
import { ACCOUNT_PAGES, layOut, type Markup, type Page } from '../layout.ts'
import type { Look } from '../look.ts'
import { type FormState, problemOf } from '../problems.ts'
import { dayIn } from '../times.ts'
import { fill } from '../words.ts'
import { notice } from './notice.ts'

/** An identity, as the page shows it. */
interface OwnIdentity {
  readonly id: string
  readonly provider: string
  readonly providerName: string
  readonly email: string | null
  readonly createdAt: Date
  readonly lastUsedAt: Date | null
}

/** The data of the page. */
export interface IdentitiesView {
  readonly form: FormState
  readonly identities: readonly OwnIdentity[]
  /** What has just been done: a key of `providers.own.done`. */
  readonly done: string | null
}

/** The page of the accounts at other providers: a card for each account, and for each provider that can be connected. */
export function renderIdentities(look: Look, { form: state, identities, done }: IdentitiesView): Page {
  const { own: words, problems } = look.texts.providers
  const problem = problemOf(state, { form: problems.form }, look)
  const connected = new Set(identities.map(({ provider }) => provider))
  const others = look.providers.filter(({ id }) => !connected.has(id))
  const body = html`<h1>${words.heading}</h1>
${notice(words.done, done)}${summary(look, problem)}<p>${words.explain}</p>
<ul class="list">
${identities.map((identity) => card(look, identity))}${others.map((provider) => offer(look, provider))}</ul>`
  return layOut(look, {
    title: words.heading,
    body,
    hasProblem: problem !== null,
    entry: 'identities',
    scripts: ['more'],
  })
}

function card(look: Look, identity: OwnIdentity): Markup {
  const { own: words } = look.texts.providers
  const { providerName: provider, email, createdAt, lastUsedAt } = identity
  const day = (sentence: string, time: Date) => {
    const [before = '', after = ''] = sentence.split('{date}')
    return html`<p><span>${before}${dayIn(look.locale, time)}${after}</span></p>
`
  }
  const label = fill(words.disconnectFrom, { provider })
  const submit = {
    action: `${ACCOUNT_PAGES.identities}/unlink`,
    submit: words.disconnect,
    label,
    style: 'quiet',
  } as const
  return html`<li>${icon('link', '')}<div>
<h2>${provider}</h2>
${email !== null && html`<p>${email}</p>\n`}${day(words.connectedOn, createdAt)}${lastUsedAt !== null && day(words.lastUsed, lastUsedAt)}</div>
${form(look, submit, hidden({ identity: identity.id }))}</li>
`
}

function offer(look: Look, { id, name }: { readonly id: string; readonly name: string }): Markup {
  const { own: words } = look.texts.providers
  const submit = {
    action: `${ACCOUNT_PAGES.identities}/link/${id}`,
    submit: words.connect,
    label: fill(words.connectTo, { provider: name }),
    style: 'quiet',
  } as const
  return html`<li>${icon('link', '')}<div>
<h2>${name}</h2>
<p>${words.notConnected}</p></div>
${form(look, submit, html``)}</li>
`
}

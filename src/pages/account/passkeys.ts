import { html } from 'hono/html'
import { form, hidden, summary, textField } from '../form.ts'
import { icon } from '../icons.ts'
import { ACCOUNT_PAGES, layOut, type Markup, type Page } from '../layout.ts'
import type { Look } from '../look.ts'
import { accountSignals, type KnownAccount, passkeyForm, withoutScript } from '../passkey.ts'
import { type FormState, type Problem, problemOf } from '../problems.ts'
import { dayIn } from '../times.ts'
import { fill } from '../words.ts'
import { notice } from './notice.ts'

/** A passkey, as the page shows it. */
interface OwnPasskey {
  readonly id: string
  readonly name: string
  readonly provider: string | null
  readonly discoverable: boolean
  readonly backedUp: boolean
  readonly usable: boolean
  readonly createdAt: Date
  readonly lastUsedAt: Date | null
}

/** The data of the passkeys page. */
export interface PasskeysView {
  readonly form: FormState
  readonly passkeys: readonly OwnPasskey[]
  /** What has just been done: a key of `ownPasskeys.done`. */
  readonly done: string | null
  /** For password managers. */
  readonly known: KnownAccount | null
}

/** The page of the passkeys: one card for each. */
export function renderPasskeys(look: Look, view: PasskeysView): Page {
  const { ownPasskeys: words, passkeys } = look.texts
  const { form: state, done, known } = view
  const problem = problemFor(look, view)
  const body = html`<h1>${words.heading}</h1>
${notice(words.done, done)}${summary(look, problem)}<p>${passkeys.explain}</p>
${view.passkeys.length === 0 ? html`<p>${words.none}</p>\n` : html`<ul class="list">\n${view.passkeys.map((passkey, index) => card(look, passkey, { index, state, problem }))}</ul>\n`}${addForms(look)}${accountSignals(known)}`
  return layOut(look, {
    title: words.heading,
    body,
    hasProblem: problem !== null,
    entry: 'passkeys',
    scripts: ['more', 'passkeys', 'signals'],
  })
}

function addForms(look: Look): Markup {
  const { ownPasskeys: words, passkeys } = look.texts
  const action = ACCOUNT_PAGES.passkeys
  return html`${withoutScript(look)}<div class="tools">${passkeyForm(look, { action, purpose: 'add_passkey', submit: passkeys.add })}${passkeyForm(look, { action, purpose: 'add_security_key', submit: passkeys.addKey, style: 'second', below: html`<p class="hint">${words.securityKey}</p>\n` })}</div>
`
}

/** The problem of the page. A problem with a name is shown at the field of its passkey. */
function problemFor(look: Look, { form: state, passkeys: all }: PasskeysView): Problem | null {
  const { ownPasskeys: words, passkeys } = look.texts
  const sentences = {
    name: words.problems.name,
    credential: passkeys.problems.form,
    form: { ...passkeys.problems.form, ...words.problems.form },
  }
  const isRename = 'passkey' in state.values && 'name' in state.values
  const problem = problemOf(state, isRename ? sentences : { form: sentences.form }, look)
  if (problem === null) return null
  const index = all.findIndex(({ id }) => id === state.values.passkey)
  return { ...problem, field: problem.field === 'name' && index >= 0 ? fieldOf(index) : null }
}

function fieldOf(index: number): string {
  return `name-${index}`
}

function card(
  look: Look,
  passkey: OwnPasskey,
  {
    index,
    state,
    problem,
  }: {
    readonly index: number
    readonly state: FormState
    readonly problem: Problem | null
  },
): Markup {
  const { ownPasskeys: words } = look.texts
  const { id, name, provider, createdAt, lastUsedAt } = passkey
  const isWrong = problem?.field === fieldOf(index)
  const field = {
    id: fieldOf(index),
    name: 'name',
    label: words.name,
    value: isWrong ? (state.values.name ?? '') : name,
  }
  const fields = hidden({ passkey: id })
  return html`<li>${icon('fingerprint', '')}<div>
<h2 translate="no"><bdi>${name}</bdi></h2>
<dl>
${provider !== null && html`<dt>${words.provider}</dt><dd>${provider}</dd>\n`}<dt>${words.kind}</dt><dd>${kindOf(look, passkey)}</dd>
<dt>${words.added}</dt><dd>${dayIn(look.locale, createdAt)}</dd>
<dt>${words.lastUsed}</dt><dd>${lastUsedAt === null ? words.never : dayIn(look.locale, lastUsedAt)}</dd>
</dl>
${!passkey.usable && html`<p class="problem">${words.unusable}</p>\n`}${renameForm()}</div>
${removeForm()}</li>
`

  function renameForm(): Markup {
    const submit = { action: `${ACCOUNT_PAGES.passkeys}/rename`, submit: words.save, style: 'quiet' } as const
    const input = textField(field, isWrong ? { field: 'name', text: problem.text } : null)
    return html`<details${isWrong && html` open`}><summary aria-label="${fill(words.renameNamed, { name })}">${words.rename}</summary>
${form(look, submit, html`${input}${fields}`)}
</details>`
  }

  function removeForm(): Markup {
    const label = fill(words.removeNamed, { name })
    const action = `${ACCOUNT_PAGES.passkeys}/remove`
    return form(look, { action, submit: words.remove, label, style: 'quiet' }, fields)
  }
}

function kindOf({ texts: { ownPasskeys: words } }: Look, { discoverable, backedUp }: OwnPasskey): string {
  if (!discoverable) return words.onlySecond
  return backedUp ? words.synced : words.oneDevice
}

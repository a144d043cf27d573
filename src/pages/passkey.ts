/** The forms that `browser/passkeys.js` fills in and sends, and what it tells password managers. */
import { html } from 'hono/html'
import type { CeremonyPurpose } from '../model/factors.ts'
import { hidden } from './form.ts'
import type { Markup } from './layout.ts'
import type { Look } from './look.ts'

/** A form that asks for a passkey. */
interface PasskeyForm {
  /** The path within the service that takes the answer. */
  readonly action: string
  readonly purpose: CeremonyPurpose
  readonly submit: string
  /** What the form sends besides the answer. */
  readonly fields?: Readonly<Record<string, string>>
  readonly returnTo?: string | null
  /** Also offer passkeys in the autofill of the field for the address. */
  readonly autofills?: true
  /** Less prominent than the form beside it. */
  readonly style?: 'second'
  /** What comes first. Without script it is hidden, too. */
  readonly above?: Markup
  /** What follows the button. Without script it is hidden, too. */
  readonly below?: Markup
}

/** A form that asks for a passkey. Without script it is hidden. */
export function passkeyForm({ basePath, texts }: Look, form: PasskeyForm): Markup {
  const { action, purpose, submit, fields = {}, returnTo, autofills, style, above, below } = form
  const { failed, known } = texts.passkeys
  const sent = { ceremony: '', credential: '', ...fields, ...(returnTo && { return_to: returnTo }) }
  return html`<form method="post" action="${basePath}${action}" data-passkey="${purpose}" data-ceremonies="${basePath}/ceremonies" data-failed="${failed}" data-known="${known}"${autofills && html` data-autofill`} hidden>
${above}${hidden(sent)}<p class="problem" role="alert"></p>
<button class="submit ${style}" type="button">${submit}</button>
${below}</form>
`
}

/** Says that passkeys need script. Nothing with script. */
export function withoutScript({ texts }: Look): Markup {
  return html`<noscript><p>${texts.passkeys.noScript}</p></noscript>
`
}

/** A passkey that this service does not know. */
export interface UnknownPasskey {
  readonly rpId: string
  readonly credentialId: string
}

/** Lets the password manager delete a passkey that nobody has. */
export function unknownSignal(unknown: UnknownPasskey | null): Markup {
  if (unknown === null) return html``
  return html`<div data-signal="unknown" data-rp-id="${unknown.rpId}" data-credentials="${unknown.credentialId}"></div>
`
}

/** What password managers should know about an account. */
export interface KnownAccount {
  readonly rpId: string
  readonly userHandle: string
  readonly email: string
  /** Every passkey of the account. */
  readonly credentialIds: readonly string[]
}

/** Lets password managers hide what was removed here, and show the present address. */
export function accountSignals(account: KnownAccount | null): Markup {
  if (account === null) return html``
  const { rpId, userHandle, email, credentialIds } = account
  return html`<div data-signal="accepted" data-rp-id="${rpId}" data-user="${userHandle}" data-credentials="${credentialIds.join(' ')}"></div>
<div data-signal="details" data-rp-id="${rpId}" data-user="${userHandle}" data-name="${email}"></div>
`
}

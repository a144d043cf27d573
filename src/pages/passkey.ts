/** The forms that `browser/passkeys.js` submits, and the signals that `browser/signals.js` sends to password managers. */
import { html } from 'hono/html'
import type { CeremonyPurpose } from '../model/factors.ts'
import { hidden } from './form.ts'
import type { Markup } from './layout.ts'
import type { Look } from './look.ts'

/** A form that asks for a passkey. */
interface PasskeyForm {
  /** The path within the service to which the form is sent. */
  readonly action: string
  readonly purpose: CeremonyPurpose
  readonly submit: string
  /** What the form sends besides the response of the authenticator. */
  readonly fields?: Readonly<Record<string, string>>
  readonly returnTo?: string | null
  /** Also offer passkeys in the autofill of the field for the address. */
  readonly autofills?: true
  /** Less prominent than the form beside it. */
  readonly style?: 'second'
  /** Shown first. Hidden without script, like the form. */
  readonly above?: Markup
  /** Shown below the button. Hidden without script, like the form. */
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

/** The scripts of a page that may ask for a passkey, or may have refused an unknown one. */
export function passkeyScripts(asks: boolean, unknown: UnknownPasskey | null) {
  return [...(asks ? (['passkeys'] as const) : []), ...(unknown === null ? [] : (['signals'] as const))]
}

/** Says that passkeys need JavaScript. Shown only without it. */
export function withoutScript({ texts }: Look): Markup {
  return html`<noscript><p>${texts.passkeys.noScript}</p></noscript>
`
}

/** A passkey that this service does not know. */
export interface UnknownPasskey {
  readonly rpId: string
  readonly credentialId: string
}

/** Lets the password manager delete a passkey that no account has. */
export function unknownSignal(unknown: UnknownPasskey | null): Markup {
  if (unknown === null) return html``
  return html`<div data-signal="unknown" data-rp-id="${unknown.rpId}" data-credentials="${unknown.credentialId}"></div>
`
}

/** The data about an account for password managers. */
export interface KnownAccount {
  readonly rpId: string
  readonly userHandle: string
  readonly email: string
  /** Every passkey of the account. */
  readonly credentialIds: readonly string[]
}

/** Lets password managers hide removed passkeys and show the current address. */
export function accountSignals(account: KnownAccount | null): Markup {
  if (account === null) return html``
  const { rpId, userHandle, email, credentialIds } = account
  return html`<div data-signal="accepted" data-rp-id="${rpId}" data-user="${userHandle}" data-credentials="${credentialIds.join(' ')}"></div>
<div data-signal="details" data-rp-id="${rpId}" data-user="${userHandle}" data-name="${email}"></div>
`
}

/** The notice of sign-ins from new devices. One notice can report several. */
import type * as store from '../../db/index.ts'
import { deviceName } from '../../lib/device-name.ts'
import type { SignIn } from '../../mail/index.ts'

/** A notice lists at most this many sign-ins, the latest ones. */
export const SIGN_INS_NAMED_MAX = 5

/** The sign-ins that a notice lists. A notice that version 0.2 enqueued has only one, directly in its details. */
export function signInsIn({ details, createdAt }: store.OutboxMail) {
  return Array.isArray(details.signIns) ? details.signIns : [{ ...details, at: createdAt.getTime() }]
}

export function signInOf(details: store.MailDetails): SignIn {
  return {
    at: new Date(Number(details.at)),
    ip: textIn(details.ip),
    device: deviceIn(textIn(details.device)),
  }
}

/** The browser and the system, such as `Firefox, Windows`. `null` if neither is known. */
function deviceIn(userAgent: string | null): string | null {
  const { browser, system } = deviceName(userAgent) ?? { browser: null, system: null }
  return [browser, system].filter((name) => name !== null).join(', ') || null
}

/** The value if it is text, else `null`. */
export function textIn(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

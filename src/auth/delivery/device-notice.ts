/** The notice of sign-ins from new devices, which reports several of them together. */
import type * as store from '../../db/index.ts'
import type { SignIn } from '../../mail/compose.ts'

/** An account gets at most one notice in this time. */
export const DEVICE_NOTICE_EVERY_MS = 10 * 60_000
/** A notice lists this many sign-ins with time and place, the latest ones. */
export const SIGN_INS_NAMED_MAX = 5

/** Names the pause between two notices to a user. */
export function deviceNoticePause(userId: number): string {
  return `new_device notices to ${userId}`
}

/** The sign-ins that a notice lists. A notice enqueued by version 0.2 has a single one, in the details themselves. */
export function signInsIn({ details, createdAt }: store.OutboxMail) {
  return Array.isArray(details.signIns) ? details.signIns : [{ ...details, at: createdAt.getTime() }]
}

export function signInOf(details: store.MailDetails): SignIn {
  return { at: new Date(Number(details.at)), ip: textIn(details.ip), device: textIn(details.device) }
}

/** A value of the details, if it is text. */
export function textIn(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

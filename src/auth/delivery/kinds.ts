/** The kinds of mail: what each carries, how urgent it is, and which quota it uses. */
import type { Message } from '../../mail/compose.ts'

export type MailKind = Message['kind']

/** Mail with a link that carries a token. */
export const LINKED_KINDS = ['verify_email', 'confirm_new_email', 'reset_password', 'account_exists'] as const
export type LinkedKind = (typeof LINKED_KINDS)[number]

export function isLinked(kind: MailKind): kind is LinkedKind {
  return (LINKED_KINDS as readonly MailKind[]).includes(kind)
}

/** Notices that an account may have been taken over. They are sent before all other mail. */
const VITAL_KINDS = [
  'email_change_requested',
  'email_changed',
  'password_changed',
  'account_deleted',
] as const

export function isVital(kind: MailKind): boolean {
  return (VITAL_KINDS as readonly MailKind[]).includes(kind)
}

/**
 * The quota that a kind of mail uses. Strangers can cause mail of the first two, so they must not use up the quota of
 * notices or of recovery. Each vital notice has a quota of its own, so that no other notice can crowd it out.
 */
export function quotaOf(kind: MailKind): string {
  if (kind === 'verify_email' || kind === 'account_exists' || kind === 'confirm_new_email')
    return 'registration'
  if (kind === 'reset_password') return 'recovery'
  return isVital(kind) ? kind : 'notice'
}

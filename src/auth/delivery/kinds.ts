/** The kinds of mail. `npm run docs` writes them into docs/security/email.md and docs/security/throttling.md. */
import type { TokenPurpose } from '../../db/index.ts'
import type { MailKind } from '../../mail/index.ts'

export type { MailKind } from '../../mail/index.ts'

/** After this many failures in a row, the owner gets a notice that a sign-in succeeded. */
export const NOTABLE_FAILURES = 5

const MINUTE_MS = 60_000

export interface KindOfMail {
  /** The recipient. */
  readonly to: string
  /** The token in the link, if it has one. */
  readonly link?: TokenPurpose
  /**
   * The quota that it uses. Strangers can cause mail of `registration` and `recovery`, so these must not use up the quota
   * of notices, or each other's. `own` is a quota of its own, and marks a vital notice: the account may have been taken
   * over. No other notice can crowd it out, and it is sent before all other mail.
   */
  readonly quota: 'registration' | 'recovery' | 'notice' | 'own'
  /** An account gets at most one in this time. Default: no limit. */
  readonly pauseMs?: number
  /** When it is sent. */
  readonly when: string
}

export const MAIL_KINDS = {
  verify_email: {
    to: "the account's address",
    link: 'confirm_email',
    quota: 'registration',
    when: 'an account was registered; a user or an operator requested it again; the right password was entered before the address was confirmed',
  },
  account_exists: {
    to: "the account's address",
    link: 'reset_password',
    quota: 'registration',
    when: 'someone tried to register the address, or to use it for another account',
  },
  reset_password: {
    to: "the account's address",
    link: 'reset_password',
    quota: 'recovery',
    when: 'a user or an operator requested a reset',
  },
  set_password: {
    to: "the account's address",
    link: 'reset_password',
    quota: 'registration',
    when: 'an operator or a program created an account without a password; in place of `verify_email` if the account has no password',
  },
  confirm_new_email: {
    to: 'the new address',
    link: 'change_email',
    quota: 'registration',
    when: 'the user or an operator requested a change to an address that no other account has',
  },
  email_change_requested: {
    to: "the account's address",
    quota: 'own',
    when: 'at the same time, whether or not the new address is taken',
  },
  email_changed: {
    to: 'the old address',
    quota: 'own',
    when: 'the new address was confirmed, by its mailbox or by an operator',
  },
  password_changed: {
    to: "the account's address",
    quota: 'own',
    when: 'the password was changed or reset',
  },
  new_device: {
    to: "the account's address",
    quota: 'notice',
    pauseMs: 10 * MINUTE_MS,
    when: 'a new device signed in (needs a secret key); several sign-ins share a notice',
  },
  signed_in_after_failures: {
    to: "the account's address",
    quota: 'notice',
    when: `a sign-in succeeded after ${NOTABLE_FAILURES} wrong passwords or more; replaces \`new_device\``,
  },
  passkey_added: {
    to: "the account's address",
    quota: 'own',
    when: 'a passkey was added',
  },
  passkey_removed: {
    to: "the account's address",
    quota: 'own',
    when: 'a passkey was removed',
  },
  passkey_refused: {
    to: "the account's address",
    quota: 'own',
    when: 'the counter of a device-bound passkey did not go up, so it may have been copied; the sign-in was refused',
  },
  identity_connected: {
    to: "the account's address",
    quota: 'own',
    when: 'an account at another provider was connected, or created this account',
  },
  identity_disconnected: {
    to: "the account's address",
    quota: 'own',
    when: 'an account at another provider was disconnected',
  },
  totp_added: {
    to: "the account's address",
    quota: 'own',
    when: 'an authenticator app was added or replaced',
  },
  totp_removed: {
    to: "the account's address",
    quota: 'own',
    when: 'the authenticator app was removed',
  },
  second_factor_disabled: {
    to: "the account's address",
    quota: 'own',
    when: 'the second factor was turned off',
  },
  recovery_codes_renewed: {
    to: "the account's address",
    quota: 'own',
    when: 'new recovery codes were created, which replace all earlier ones',
  },
  recovery_code_used: {
    to: "the account's address",
    quota: 'own',
    when: 'a sign-in used a recovery code in place of the second factor',
  },
  second_factor_failed: {
    to: "the account's address",
    quota: 'own',
    pauseMs: 60 * MINUTE_MS,
    when: 'a sign-in with the right password did not prove the second factor within 10 minutes; at most one an hour',
  },
  factors_revoked: {
    to: "the account's address",
    quota: 'own',
    when: 'an operator removed passkeys, the authenticator app or recovery codes of the account',
  },
  account_deleted: { to: 'the address it had', quota: 'own', when: 'the user deleted the account' },
  test: { to: 'the given address', quota: 'notice', when: '`bienvenue mail test`' },
} as const satisfies Record<MailKind, KindOfMail>

/** A newer version that runs beside this one may enqueue a kind that is not known here. */
const NOTICE: KindOfMail = { to: "the account's address", quota: 'notice', when: '' }

export function kindOfMail(kind: string): KindOfMail {
  return Object.hasOwn(MAIL_KINDS, kind) ? MAIL_KINDS[kind as keyof typeof MAIL_KINDS] : NOTICE
}

type Kinds = typeof MAIL_KINDS

/** Mail with a link that carries a token. */
export type LinkedKind = {
  [Kind in keyof Kinds]: Kinds[Kind] extends { link: string } ? Kind : never
}[keyof Kinds]

export function isLinked(kind: string): kind is LinkedKind {
  return kindOfMail(kind).link !== undefined
}

export const LINKED_KINDS: readonly LinkedKind[] = Object.keys(MAIL_KINDS).filter(isLinked)

/** Whether it warns that an account may have been taken over. */
export function isVital(kind: string): boolean {
  return kindOfMail(kind).quota === 'own'
}

/** The kinds with a pause after each notice to an account. */
export type PacedKind = {
  [Kind in keyof Kinds]: Kinds[Kind] extends { pauseMs: number } ? Kind : never
}[keyof Kinds]

export function isPaced(kind: string): kind is PacedKind {
  return kindOfMail(kind).pauseMs !== undefined
}

/** The name of the quota that a kind of mail uses. */
export function quotaOf(kind: string): string {
  const { quota } = kindOfMail(kind)
  return quota === 'own' ? kind : quota
}

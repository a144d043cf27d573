import type { Message } from '../../src/mail/compose.ts'
import type { SignIn } from '../../src/mail/index.ts'
import { MAIL } from '../../src/text/index.ts'

const LINK = 'https://auth.example.com/reset_password#email=alice%40example.com&token=019aa65e.A-_z'
export const WITH_LINK = { link: LINK, token: '019aa65e.A-_z', code: null, lifetimeSeconds: 3_600 }
export const SIGN_IN: SignIn = {
  at: new Date('2026-11-21T04:05:59Z'),
  ip: '192.0.2.7',
  device: 'Firefox 120.0 on Windows',
}

/** Messages with more data than the name of the service. */
const DETAILED = {
  verify_email: { kind: 'verify_email', ...WITH_LINK },
  account_exists: { kind: 'account_exists', ...WITH_LINK },
  reset_password: { kind: 'reset_password', ...WITH_LINK },
  set_password: { kind: 'set_password', ...WITH_LINK },
  confirm_new_email: { kind: 'confirm_new_email', ...WITH_LINK },
  email_change_requested: { kind: 'email_change_requested', newEmail: 'a***@example.org' },
  email_changed: { kind: 'email_changed', newEmail: 'a***@example.org' },
  new_device: { kind: 'new_device', count: 1, signIns: [SIGN_IN] },
  signed_in_after_failures: { kind: 'signed_in_after_failures', failures: 7, ...SIGN_IN },
  identity_connected: { kind: 'identity_connected', name: 'Google' },
  identity_disconnected: { kind: 'identity_disconnected', name: 'Google' },
  passkey_added: { kind: 'passkey_added', name: 'Alice’s phone' },
  passkey_removed: { kind: 'passkey_removed', name: 'Alice’s phone' },
  passkey_refused: { kind: 'passkey_refused', name: 'Alice’s phone' },
  second_factor_failed: { kind: 'second_factor_failed', ...SIGN_IN },
} as const satisfies Partial<Record<Message['kind'], Message>>

const PLAIN = Object.entries(MAIL.en)
  .filter(([kind, text]) => typeof text === 'function' && !Object.hasOwn(DETAILED, kind))
  .map(([kind]) => [kind, { kind }])

/** One message of each kind. New kinds that need only the name of the service are included automatically. */
export const MESSAGES = { ...Object.fromEntries(PLAIN), ...DETAILED } as {
  readonly [Kind in Message['kind']]: Message & { readonly kind: Kind }
}

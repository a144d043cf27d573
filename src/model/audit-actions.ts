/** One kind of audit record. `npm run docs` writes these into docs/security/audit.md. */
export interface AuditKind {
  readonly actor: 'user' | 'anonymous' | 'operator' | 'system'
  /** `success` if it is missing. */
  readonly outcome?: 'refused'
  /** Why it was refused, or how it was done. */
  readonly reason?: string
  /** The names of the details. */
  readonly details?: readonly string[]
  /** What happened. */
  readonly when: string
}

/** Every action that is audited, with each kind of record of it. */
export const AUDIT_ACTIONS = {
  register: [
    { actor: 'anonymous', when: 'Someone registered an account' },
    {
      actor: 'operator',
      when: 'An operator or a program created an account, as `bienvenue users add` does',
    },
    {
      actor: 'anonymous',
      outcome: 'refused',
      reason: 'email_taken',
      when: 'The address has an account. Recorded only if answers are uniform',
    },
    {
      actor: 'anonymous',
      outcome: 'refused',
      reason: 'refused_by_application',
      details: ['code', 'email'],
      when: 'The hook `beforeSignUp` of the embedding application refused. `code` is its own',
    },
  ],
  request_confirmation: [
    { actor: 'anonymous', when: 'Someone requested the confirmation mail for any address, known or not' },
    { actor: 'operator', when: 'An operator had the confirmation mail sent again' },
  ],
  confirm_email: [
    { actor: 'user', when: 'The address of a new account was confirmed with a mailed link or code' },
    { actor: 'operator', when: 'An operator vouched for the address' },
    {
      actor: 'anonymous',
      outcome: 'refused',
      reason: 'wrong_password',
      when: 'The link or the code was valid, but the password was wrong',
    },
    { actor: 'anonymous', outcome: 'refused', reason: 'wrong_code', when: 'The mailed code was wrong' },
  ],
  login: [
    {
      actor: 'user',
      reason: 'pwd',
      details: ['device', 'failures'],
      when: 'Someone signed in. `device` is `known` or `new`; `failures` counts the wrong passwords before',
    },
    {
      actor: 'user',
      reason: 'mail_code',
      details: ['device', 'failures'],
      when: 'Someone confirmed the address of a new account with a mailed code, which signed them in. The details are the same',
    },
    {
      actor: 'user',
      reason: 'totp',
      details: ['device', 'failures'],
      when: 'Someone finished a sign-in with a code of their authenticator app. `failures` counts the wrong codes before',
    },
    {
      actor: 'user',
      reason: 'recovery_code',
      details: ['device', 'failures'],
      when: 'Someone finished a sign-in with a recovery code. The details are the same',
    },
    {
      actor: 'user',
      reason: 'passkey',
      details: ['device', 'failures', 'passkey'],
      when: 'Someone signed in with a passkey, or finished a sign-in with it. `passkey` is its id',
    },
    {
      actor: 'user',
      reason: 'fed',
      details: ['device', 'failures', 'provider'],
      when: 'Someone signed in at another provider',
    },
    { actor: 'operator', reason: 'vouched', when: 'The embedding program started a session' },
    {
      actor: 'anonymous',
      outcome: 'refused',
      reason: 'unknown_email',
      details: ['email'],
      when: 'No account has the address',
    },
    { actor: 'anonymous', outcome: 'refused', reason: 'wrong_password', when: 'The password was wrong' },
    {
      actor: 'anonymous',
      outcome: 'refused',
      reason: 'disabled',
      when: 'The password was right, but the account is disabled',
    },
    {
      actor: 'anonymous',
      outcome: 'refused',
      reason: 'unconfirmed',
      when: 'The password was right, but the address is not confirmed',
    },
    {
      actor: 'anonymous',
      outcome: 'refused',
      reason: 'password_compromised',
      when: 'The password was right, but is marked as compromised',
    },
    {
      actor: 'anonymous',
      outcome: 'refused',
      reason: 'second_factor',
      when: '`validLogin` was called with the right password, but the account has or needs a second factor',
    },
    {
      actor: 'anonymous',
      outcome: 'refused',
      reason: 'refused_by_application',
      details: ['code', 'method'],
      when: 'The hook `beforeSignIn` of the embedding application refused. `code` is its own',
    },
  ],
  begin_sign_in: [
    {
      actor: 'user',
      reason: 'second_factor',
      when: 'The first factor was right, and the sign-in waits for the second one',
    },
    {
      actor: 'user',
      reason: 'enrol',
      when: 'The first factor was right, and the sign-in waits until the required second factor is set up',
    },
  ],
  prove_second_factor: [
    {
      actor: 'anonymous',
      outcome: 'refused',
      reason: 'wrong_code',
      when: 'The code was wrong or used already',
    },
    {
      actor: 'user',
      outcome: 'refused',
      reason: 'wrong_code',
      when: 'The same, by a user with a session who re-authenticated',
    },
    {
      actor: 'anonymous',
      outcome: 'refused',
      reason: 'totp_disabled',
      when: 'The code was wrong. This reached the limit of wrong codes in a row, so the authenticator app is now disabled',
    },
    {
      actor: 'user',
      outcome: 'refused',
      reason: 'totp_disabled',
      when: 'The same, by a user with a session who re-authenticated',
    },
  ],
  link_identity: [
    {
      actor: 'user',
      details: ['provider'],
      when: 'An account at another provider was connected, by its owner or when it created the account',
    },
    {
      actor: 'anonymous',
      details: ['provider'],
      when: 'Someone whose provider had not verified an address registered an account with it',
    },
  ],
  unlink_identity: [
    { actor: 'user', details: ['provider'], when: 'A user disconnected an account at another provider' },
  ],
  add_provider: [{ actor: 'operator', details: ['provider'], when: 'An operator added a provider' }],
  replace_provider_secret: [
    {
      actor: 'operator',
      details: ['provider'],
      when: 'An operator replaced the client secret of a provider',
    },
  ],
  disable_provider: [{ actor: 'operator', details: ['provider'], when: 'An operator disabled a provider' }],
  enable_provider: [{ actor: 'operator', details: ['provider'], when: 'An operator enabled a provider' }],
  remove_provider: [
    {
      actor: 'operator',
      details: ['identities', 'provider'],
      when: 'An operator removed a provider. `identities` counts the accounts that were disconnected from it',
    },
  ],
  logout_at_provider: [
    {
      actor: 'anonymous',
      details: ['ended', 'provider'],
      when: 'A provider reported that a user signed out there (back-channel logout). `ended` counts the sessions that this ended here',
    },
  ],
  add_factor: [
    { actor: 'user', reason: 'totp', when: 'A user set up an authenticator app' },
    {
      actor: 'user',
      reason: 'passkey',
      details: ['passkey'],
      when: 'A user added a passkey or security key',
    },
  ],
  remove_factor: [
    { actor: 'user', reason: 'totp', when: 'A user removed the authenticator app' },
    { actor: 'user', reason: 'passkey', details: ['passkey'], when: 'A user removed a passkey' },
    { actor: 'operator', reason: 'totp', when: 'An operator revoked the authenticator app of a user' },
    {
      actor: 'operator',
      reason: 'passkey',
      details: ['passkey'],
      when: 'An operator revoked a passkey of a user',
    },
    { actor: 'operator', reason: 'recovery_codes', when: 'An operator revoked the recovery codes of a user' },
  ],
  rename_passkey: [{ actor: 'user', details: ['passkey'], when: 'A user renamed a passkey' }],
  renew_recovery_codes: [{ actor: 'user', when: 'A user made new recovery codes' }],
  enable_second_factor: [{ actor: 'user', when: 'A user enabled the second factor' }],
  disable_second_factor: [
    { actor: 'user', when: 'A user disabled the second factor, or removed the last one' },
    { actor: 'operator', when: 'An operator revoked the last factor' },
  ],
  require_second_factor: [{ actor: 'operator', when: 'An operator required a second factor of a user' }],
  waive_second_factor: [
    { actor: 'operator', when: 'An operator no longer requires a second factor of a user' },
  ],
  use_passkey: [
    {
      actor: 'anonymous',
      outcome: 'refused',
      reason: 'passkey_check',
      details: ['check'],
      when: 'A check of a passkey failed. `check` names it',
    },
    {
      actor: 'user',
      outcome: 'refused',
      reason: 'passkey_check',
      details: ['check'],
      when: 'The same, by a user with a session',
    },
    {
      actor: 'anonymous',
      outcome: 'refused',
      reason: 'unknown_passkey',
      when: 'No account has the passkey',
    },
    {
      actor: 'anonymous',
      outcome: 'refused',
      reason: 'passkey_counter',
      details: ['passkey'],
      when: 'The counter of a device-bound passkey did not go up, so it may have been copied',
    },
    {
      actor: 'user',
      reason: 'backup_eligibility',
      details: ['passkey'],
      when: 'Whether a passkey may be synced has changed since its last use. It was accepted',
    },
  ],
  limit_reached: [
    {
      actor: 'anonymous',
      outcome: 'refused',
      details: ['email', 'limit', 'of'],
      when: 'The last free attempt of an `account` or an `address` was used. Later attempts are not recorded',
    },
    {
      actor: 'user',
      outcome: 'refused',
      details: ['email', 'limit', 'of'],
      when: 'The same, by a user with a session',
    },
  ],
  logout: [{ actor: 'user', when: 'A user signed out, or a sign-in replaced the session' }],
  end_session: [{ actor: 'user', when: 'A user ended one of their other sessions' }],
  end_other_sessions: [
    { actor: 'user', details: ['ended'], when: 'A user ended all of their other sessions' },
  ],
  end_all_sessions: [
    { actor: 'operator', when: 'An operator ended the sessions of one account' },
    { actor: 'operator', details: ['ended'], when: 'An operator ended the sessions of all accounts' },
  ],
  reauthenticate: [
    { actor: 'user', reason: 'password', when: 'A user confirmed their password' },
    { actor: 'user', reason: 'totp', when: 'A user entered a code of their authenticator app again' },
    { actor: 'user', reason: 'passkey', when: 'A user used a passkey again' },
    { actor: 'user', reason: 'provider', when: 'A user signed in at a provider again' },
    { actor: 'user', outcome: 'refused', reason: 'wrong_password', when: 'The password was wrong' },
  ],
  request_password_reset: [
    {
      actor: 'anonymous',
      when: 'Someone requested a password reset. If tokens are mailed, recorded for any address, known or not',
    },
    { actor: 'operator', when: 'An operator had the reset mail sent' },
  ],
  reset_password: [
    { actor: 'user', when: 'A reset token or a mailed code was used' },
    { actor: 'anonymous', outcome: 'refused', reason: 'wrong_code', when: 'The mailed code was wrong' },
  ],
  change_password: [
    { actor: 'user', when: 'A user changed their password' },
    { actor: 'user', outcome: 'refused', reason: 'wrong_password', when: 'The current password was wrong' },
  ],
  request_email_change: [
    { actor: 'user', when: 'A user requested a change of address' },
    { actor: 'operator', when: 'An operator requested a change of address, which its mailbox must confirm' },
  ],
  change_email: [
    { actor: 'user', when: 'The new address was confirmed, and the account has it now' },
    { actor: 'user', outcome: 'refused', reason: 'wrong_code', when: 'The mailed code was wrong' },
    { actor: 'operator', when: 'An operator vouched for a new address, and the account has it now' },
  ],
  update_profile: [
    { actor: 'user', details: ['fields'], when: 'A user changed their profile. `fields` names what changed' },
    {
      actor: 'operator',
      details: ['fields'],
      when: 'An operator or a program changed a profile or metadata',
    },
  ],
  export_account: [{ actor: 'user', when: 'A user exported their account' }],
  delete_account: [
    { actor: 'user', when: 'A user deleted their account' },
    { actor: 'operator', when: 'An operator deleted an account' },
    {
      actor: 'user',
      reason: 'address_confirmed',
      when: 'The account never confirmed its address, and another user did. `actorId` is the other user',
    },
    {
      actor: 'anonymous',
      reason: 'address_replaced',
      when: 'The account was created at a sign-in with a provider, never confirmed its address, and its user entered another address',
    },
  ],
  delete_unconfirmed_accounts: [
    {
      actor: 'system',
      details: ['removed'],
      when: 'The clean-up deleted accounts that were not confirmed in time',
    },
  ],
  disable_account: [{ actor: 'operator', when: 'An operator disabled an account' }],
  enable_account: [{ actor: 'operator', when: 'An operator enabled an account' }],
  unlock_account: [{ actor: 'operator', when: 'An operator cleared the failed sign-ins of an account' }],
  mark_password_compromised: [
    { actor: 'operator', when: 'An operator marked the password of an account as compromised' },
  ],
  begin_import: [{ actor: 'operator', when: 'The first accounts of an import were added' }],
  finish_import: [
    {
      actor: 'operator',
      details: ['added', 'rejected', 'unchanged'],
      when: 'An import that added accounts finished',
    },
  ],
  export_users: [
    {
      actor: 'operator',
      details: ['hashes'],
      when: 'All users were exported. `hashes` says whether with password hashes. Written before the first user is read',
    },
  ],
  give_up_mail: [
    {
      actor: 'system',
      outcome: 'refused',
      reason: 'refused',
      details: ['attempts', 'kind'],
      when: 'The mail server refused a mail for good',
    },
    {
      actor: 'system',
      outcome: 'refused',
      reason: 'expired',
      details: ['attempts', 'kind'],
      when: 'A mail could not be sent in time',
    },
    {
      actor: 'system',
      outcome: 'refused',
      reason: 'too_many_links',
      details: ['attempts', 'kind'],
      when: 'A mail with a link was not sent, because the account has the maximum number of valid links of its kind',
    },
  ],
  restore_database: [
    {
      actor: 'operator',
      details: ['sessions', 'tokens'],
      when: 'A backup replaced the database. The details count the sessions and tokens that were ended',
    },
  ],
  reseal_secrets: [
    {
      actor: 'operator',
      details: ['secrets'],
      when: 'Stored secrets were sealed again with the first key, as `bienvenue secrets reseal` does. The details count them; there is a record for each 500',
    },
  ],
} as const satisfies Record<string, readonly AuditKind[]>

export type AuditAction = keyof typeof AUDIT_ACTIONS

type Entries = (typeof AUDIT_ACTIONS)[AuditAction][number]

/** The reasons that a record may have. */
export type AuditReason = Extract<Entries, { reason: string }>['reason']

/** The names of all actions. */
export const AUDIT_ACTION_NAMES = Object.keys(AUDIT_ACTIONS) as AuditAction[]

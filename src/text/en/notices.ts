/** What happened to an account, as its owner reads it: the notices by mail, and the page of the activity. */
import { type MailWords, onOneLine, type SignInWords } from '../mail.ts'

const IT_WAS_YOU = 'If this was you, you do not need to do anything.'

/** @param first - Steps to take before changing the password. */
const changePassword = (service: string, ...first: string[]) =>
  `If this was not you, someone else has access to your account. Go to ${service} now, ${[...first, 'change your password'].join(', ')} and sign out all other devices.`

// A forged notice needs the reader to click, so a real one must not teach that.
const noLink = (service: string) =>
  `This email deliberately contains no links. Open ${service} in your browser the way you usually do.`

const advice = (service: string, ...first: string[]) => [
  IT_WAS_YOU,
  changePassword(service, ...first),
  noLink(service),
]

const factsOf = ({ time, device, ip }: SignInWords) => [
  `Time: ${time}`,
  ...(device === null ? [] : [`Device: ${device}`]),
  ...(ip === null ? [] : [`IP address: ${ip}`]),
]

const nameFact = (name: string) => (name === '' ? [] : [`Name: ${name}`])

/**
 * The mails without links, by kind. Each takes the host name of the service and its data, formatted for the reader: a masked
 * `newEmail`, the most recent `signIns` of `count`, or the `name` of a passkey, which can be empty.
 */
export const notices = {
  email_change_requested: (service: string, newEmail: string): MailWords => ({
    subject: `New email address requested for your account at ${service}`,
    heading: 'New email address requested',
    before: [
      `Someone, probably you, asked to change the email address of your account at ${service} to ${newEmail}. The change takes effect when the new address is confirmed.`,
    ],
    after: [
      IT_WAS_YOU,
      `${changePassword(service)} Changing your password also cancels this request.`,
      noLink(service),
    ],
  }),
  email_changed: (service: string, newEmail: string): MailWords => ({
    subject: `The email address of your account at ${service} was changed`,
    heading: 'Your email address was changed',
    before: [
      `The email address of your account at ${service} is now ${newEmail}. The address that received this email no longer belongs to the account.`,
    ],
    after: [
      IT_WAS_YOU,
      `If this was not you, someone else has taken over your account. Contact the people who run ${service} now. You can no longer reset the password with this address.`,
      noLink(service),
    ],
  }),
  password_changed: (service: string): MailWords => ({
    subject: `The password of your account at ${service} was changed`,
    heading: 'Your password was changed',
    before: [`The password of your account at ${service} was changed.`],
    after: [
      IT_WAS_YOU,
      `If this was not you, someone else has access to your account. Go to ${service} now, choose “forgot password”, set a new password and sign out all other devices.`,
      noLink(service),
    ],
  }),
  new_device: (service: string, signIns: readonly SignInWords[], count: number): MailWords => ({
    subject:
      count === 1
        ? `New device signed in to your account at ${service}`
        : `New devices signed in to your account at ${service}`,
    heading: count === 1 ? 'New device signed in' : 'New devices signed in',
    before: [
      count === 1
        ? `Someone signed in to your account at ${service} from a new device.`
        : `There were ${count} sign-ins to your account at ${service} from new devices. ${signIns.length < count ? 'The most recent were:' : 'They were:'}`,
    ],
    facts: count === 1 ? signIns.flatMap(factsOf) : signIns.map(onOneLine),
    after: advice(service),
  }),
  signed_in_after_failures: (service: string, signIn: SignInWords, failures: number): MailWords => ({
    subject: `Sign-in to your account at ${service} after failed attempts`,
    heading: 'Sign-in after failed attempts',
    before: [
      `Someone signed in to your account at ${service} after ${failures} failed ${failures === 1 ? 'attempt' : 'attempts'}.`,
    ],
    facts: factsOf(signIn),
    after: advice(service),
  }),
  passkey_added: (service: string, name: string): MailWords => ({
    subject: `A passkey was added to your account at ${service}`,
    heading: 'Passkey added',
    before: [`A passkey was added to your account at ${service}. It can now be used to sign in.`],
    facts: nameFact(name),
    after: advice(service, 'remove the passkey'),
  }),
  passkey_removed: (service: string, name: string): MailWords => ({
    subject: `A passkey was removed from your account at ${service}`,
    heading: 'Passkey removed',
    before: [`A passkey was removed from your account at ${service}. It can no longer be used to sign in.`],
    facts: nameFact(name),
    after: advice(service),
  }),
  passkey_refused: (service: string, name: string): MailWords => ({
    subject: `A passkey of your account at ${service} was refused`,
    heading: 'Passkey refused',
    before: [
      `A passkey of your account at ${service} was refused, because it may have been copied: its counter did not go up. Nobody was signed in with it. Remove this passkey, and add a new one.`,
    ],
    facts: nameFact(name),
    after: advice(service),
  }),
  identity_connected: (service: string, name: string): MailWords => ({
    subject: `Your account at ${service} was connected to another provider`,
    heading: 'Account connected',
    before: [
      `An account at another provider was connected to your account at ${service}. It can now be used to sign in.`,
    ],
    facts: [`Provider: ${name}`],
    after: advice(service, 'disconnect it'),
  }),
  identity_disconnected: (service: string, name: string): MailWords => ({
    subject: `Your account at ${service} was disconnected from another provider`,
    heading: 'Account disconnected',
    before: [
      `An account at another provider was disconnected from your account at ${service}. It can no longer be used to sign in.`,
    ],
    facts: [`Provider: ${name}`],
    after: advice(service),
  }),
  totp_added: (service: string): MailWords => ({
    subject: `An authenticator app was added to your account at ${service}`,
    heading: 'Authenticator app added',
    before: [
      `An authenticator app was added to your account at ${service}. When you sign in, you may be asked for a code from it.`,
    ],
    after: [
      IT_WAS_YOU,
      changePassword(service, 'remove the app from your account'),
      `If you can no longer sign in, contact the people who run ${service}.`,
      noLink(service),
    ],
  }),
  totp_removed: (service: string): MailWords => ({
    subject: `The authenticator app was removed from your account at ${service}`,
    heading: 'Authenticator app removed',
    before: [`The authenticator app was removed from your account at ${service}. Its codes no longer work.`],
    after: advice(service),
  }),
  second_factor_disabled: (service: string): MailWords => ({
    subject: `The second factor of your account at ${service} was turned off`,
    heading: 'Second factor turned off',
    before: [
      `The second factor of your account at ${service} was turned off. The password alone is now enough to sign in.`,
    ],
    after: advice(service, 'turn the second factor on again'),
  }),
  recovery_codes_renewed: (service: string): MailWords => ({
    subject: `New recovery codes for your account at ${service}`,
    heading: 'New recovery codes',
    before: [
      `Ten new recovery codes were created for your account at ${service}. Earlier ones no longer work.`,
    ],
    after: advice(service, 'create new recovery codes'),
  }),
  recovery_code_used: (service: string): MailWords => ({
    subject: `Sign-in to your account at ${service} with a recovery code`,
    heading: 'Sign-in with a recovery code',
    before: [
      `Someone signed in to your account at ${service} with a recovery code in place of the second factor. The code no longer works. A new one, shown after the sign-in, replaces it.`,
    ],
    after: advice(service, 'create new recovery codes'),
  }),
  second_factor_failed: (service: string, signIn: SignInWords): MailWords => ({
    subject: `Unfinished sign-in to your account at ${service}`,
    heading: 'Unfinished sign-in',
    before: [
      `Someone entered the password of your account at ${service}, but did not finish the sign-in with the second factor.`,
    ],
    facts: factsOf(signIn),
    after: [
      IT_WAS_YOU,
      `If this was not you, someone else knows your password. Go to ${service} now and change it.`,
      noLink(service),
    ],
  }),
  factors_revoked: (service: string): MailWords => ({
    subject: `Ways to sign in were removed from your account at ${service}`,
    heading: 'Ways to sign in removed',
    before: [
      `The people who run ${service} removed one or more ways to sign in from your account: passkeys, the authenticator app or recovery codes.`,
    ],
    after: [
      `If you asked for this, you do not need to do anything. Otherwise, contact the people who run ${service} now.`,
      noLink(service),
    ],
  }),
  account_deleted: (service: string): MailWords => ({
    subject: `Your account at ${service} was deleted`,
    heading: 'Your account was deleted',
    before: [`Your account at ${service} was deleted. It can no longer be used to sign in.`],
    after: [IT_WAS_YOU, `If this was not you, contact the people who run ${service} now.`, noLink(service)],
  }),
}

/** The activity of an account, by audit action. */
export const activity = {
  heading: 'Activity',
  explain: 'Recent activity in your account. If you do not recognize something, change your password.',
  older: 'Older activity',
  newer: 'Newer activity',
  /** An action without a sentence. */
  other: 'Other activity',
  /** By the user, or by someone without a session. */
  done: {
    register: 'Account created',
    request_confirmation: 'Confirmation email requested',
    confirm_email: 'Email address confirmed',
    login: 'Signed in',
    logout: 'Signed out',
    end_session: 'Signed out another device',
    end_other_sessions: 'Signed out all other devices',
    reauthenticate: 'Identity confirmed',
    request_password_reset: 'Password reset requested',
    reset_password: 'Password reset',
    change_password: 'Password changed',
    request_email_change: 'Email address change requested',
    change_email: 'Email address changed',
    update_profile: 'Profile changed',
    export_account: 'Data downloaded',
    begin_sign_in: 'Password entered, second factor requested',
    link_identity: 'Account at another provider connected',
    unlink_identity: 'Account at another provider disconnected',
    logout_at_provider: 'Signed out at another provider',
    add_factor: 'Second factor or passkey added',
    remove_factor: 'Second factor or passkey removed',
    rename_passkey: 'Passkey renamed',
    renew_recovery_codes: 'New recovery codes created',
    enable_second_factor: 'Second factor turned on',
    disable_second_factor: 'Second factor turned off',
    use_passkey: 'Passkey accepted, although its backup state has changed',
  },
  refused: {
    register: 'Someone tried to create an account with your email address',
    confirm_email: 'Failed attempt to confirm your email address',
    login: 'Failed attempt to sign in',
    limit_reached: 'Too many attempts. Further attempts were blocked for a while',
    reauthenticate: 'Failed attempt to confirm the password',
    reset_password: 'Failed attempt to reset the password',
    change_password: 'Failed attempt to change the password',
    change_email: 'Failed attempt to confirm a new email address',
    give_up_mail: 'An email to you could not be delivered',
    prove_second_factor: 'Wrong or already used code entered',
    use_passkey: 'A passkey was refused',
  },
  /** By the people who run the service, or by their program. */
  byOperator: {
    register: 'An administrator created your account',
    request_confirmation: 'An administrator sent the confirmation email again',
    confirm_email: 'An administrator confirmed your email address',
    login: 'Signed in through an application',
    end_all_sessions: 'An administrator signed you out on all devices',
    request_password_reset: 'An administrator sent you an email to reset your password',
    request_email_change: 'An administrator requested a new email address for your account',
    change_email: 'An administrator changed your email address',
    update_profile: 'An administrator changed your profile',
    disable_account: 'An administrator disabled your account',
    enable_account: 'An administrator enabled your account again',
    unlock_account: 'An administrator cleared the failed attempts to sign in',
    mark_password_compromised: 'An administrator marked your password as no longer safe',
    remove_factor: 'An administrator removed a second factor, passkey or recovery codes',
    disable_second_factor: 'An administrator turned the second factor off',
    require_second_factor: 'An administrator made a second factor mandatory for you',
    waive_second_factor: 'An administrator made the second factor optional for you',
  },
}

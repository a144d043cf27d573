import { type MailWords, onOneLine, type SignInWords } from '../mail.ts'

const IT_WAS_YOU = 'If this was you, you do not need to do anything.'
const IGNORE = 'If this was not you, ignore this email. Nothing happens unless you confirm the address.'

const expiry = (duration: string) => `The link works once and expires after ${duration}.`

/** @param first - Steps to take before changing the password. */
const changePassword = (service: string, ...first: string[]) =>
  `If this was not you, someone else has access to your account. Go to ${service} now, ${[...first, 'change your password'].join(', ')} and sign out all other devices.`

// A forged notice needs the reader to click, so a real one must not teach that.
const noLink = (service: string) =>
  `This email deliberately contains no links. Open ${service} in your browser the way you usually do.`

const factsOf = ({ time, device, ip }: SignInWords) => [
  `Time: ${time}`,
  ...(device === null ? [] : [`Device: ${device}`]),
  ...(ip === null ? [] : [`IP address: ${ip}`]),
]

const nameFact = (name: string) => (name === '' ? [] : [`Name: ${name}`])

/**
 * The mails, by kind. Each takes the host name of the service and its data, formatted for the reader: a `duration` such as
 * "1 hour", a masked `newEmail`, the most recent `signIns` of `count`, or the `name` of a passkey, which can be empty. The other
 * languages have the same form.
 */
export const mail = {
  /** The BCP 47 tag that formats dates, durations and numbers. */
  formats: 'en-GB' as string,
  greeting: 'Hello,',
  /** Ends every notice if the operator has named a contact, `{contact}`. */
  support: 'For help with your account, contact {contact}.',
  /** Introduces the spelled-out link below its button. */
  copyLink: 'If the button does not work, copy this link into your browser:',
  /** Introduces the code. */
  enterCode: 'Or enter this code where you requested it:',
  /** Below the code. `{duration}` stands for how long it works. */
  codeExpiry: 'It works only in that browser and expires after {duration}.',
  verify_email: (service: string, duration: string): MailWords => ({
    subject: `Confirm your email address for ${service}`,
    heading: 'Confirm your email address',
    before: [
      `Someone, probably you, used this address to create an account at ${service}. Confirm that the address is yours:`,
    ],
    action: 'Confirm address',
    after: [expiry(duration), IGNORE],
  }),
  account_exists: (service: string, duration: string): MailWords => ({
    subject: `You already have an account at ${service}`,
    heading: 'You already have an account',
    before: [
      `Someone tried to create an account at ${service} with this address, but you already have one.`,
      'If this was you, sign in with your password. If you have forgotten it, set a new one with this link:',
    ],
    action: 'Set a new password',
    after: [expiry(duration), 'If this was not you, ignore this email. Your account has not changed.'],
  }),
  reset_password: (service: string, duration: string): MailWords => ({
    subject: `Set a new password for ${service}`,
    heading: 'Set a new password',
    before: [
      `Someone, probably you, requested a new password for your account at ${service}. Set it with this link:`,
    ],
    action: 'Set a new password',
    after: [expiry(duration), 'If this was not you, ignore this email. Your password has not changed.'],
  }),
  set_password: (service: string, duration: string): MailWords => ({
    subject: `Set a password for your new account at ${service}`,
    heading: 'Set your password',
    before: [
      `An account at ${service} was created for you. Set a password with this link, so that you can sign in:`,
    ],
    action: 'Set a password',
    after: [
      `${expiry(duration)} After that, go to ${service} and choose “forgot password” to get a new link.`,
      'If you did not expect this, ignore this email. Nobody can sign in to the account until the password is set.',
    ],
  }),
  confirm_new_email: (service: string, duration: string): MailWords => ({
    subject: `Confirm your new email address for ${service}`,
    heading: 'Confirm your new email address',
    before: [
      `Someone, probably you, wants to use this address for an account at ${service}. Confirm that the address is yours:`,
    ],
    action: 'Confirm address',
    after: [expiry(duration), IGNORE],
  }),
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
    after: [IT_WAS_YOU, changePassword(service), noLink(service)],
  }),
  signed_in_after_failures: (service: string, signIn: SignInWords, failures: number): MailWords => ({
    subject: `Sign-in to your account at ${service} after failed attempts`,
    heading: 'Sign-in after failed attempts',
    before: [
      `Someone signed in to your account at ${service} after ${failures} failed ${failures === 1 ? 'attempt' : 'attempts'}.`,
    ],
    facts: factsOf(signIn),
    after: [IT_WAS_YOU, changePassword(service), noLink(service)],
  }),
  passkey_added: (service: string, name: string): MailWords => ({
    subject: `A passkey was added to your account at ${service}`,
    heading: 'Passkey added',
    before: [`A passkey was added to your account at ${service}. It can now be used to sign in.`],
    facts: nameFact(name),
    after: [IT_WAS_YOU, changePassword(service, 'remove the passkey'), noLink(service)],
  }),
  passkey_removed: (service: string, name: string): MailWords => ({
    subject: `A passkey was removed from your account at ${service}`,
    heading: 'Passkey removed',
    before: [`A passkey was removed from your account at ${service}. It can no longer be used to sign in.`],
    facts: nameFact(name),
    after: [IT_WAS_YOU, changePassword(service), noLink(service)],
  }),
  passkey_refused: (service: string, name: string): MailWords => ({
    subject: `A passkey of your account at ${service} was refused`,
    heading: 'Passkey refused',
    before: [
      `A passkey of your account at ${service} was refused, because it may have been copied: its counter did not go up. Nobody was signed in with it. Remove this passkey, and add a new one.`,
    ],
    facts: nameFact(name),
    after: [IT_WAS_YOU, changePassword(service), noLink(service)],
  }),
  identity_connected: (service: string, name: string): MailWords => ({
    subject: `Your account at ${service} was connected to another provider`,
    heading: 'Account connected',
    before: [
      `An account at another provider was connected to your account at ${service}. It can now be used to sign in.`,
    ],
    facts: [`Provider: ${name}`],
    after: [IT_WAS_YOU, changePassword(service, 'disconnect it'), noLink(service)],
  }),
  identity_disconnected: (service: string, name: string): MailWords => ({
    subject: `Your account at ${service} was disconnected from another provider`,
    heading: 'Account disconnected',
    before: [
      `An account at another provider was disconnected from your account at ${service}. It can no longer be used to sign in.`,
    ],
    facts: [`Provider: ${name}`],
    after: [IT_WAS_YOU, changePassword(service), noLink(service)],
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
    after: [IT_WAS_YOU, changePassword(service), noLink(service)],
  }),
  second_factor_disabled: (service: string): MailWords => ({
    subject: `The second factor of your account at ${service} was turned off`,
    heading: 'Second factor turned off',
    before: [
      `The second factor of your account at ${service} was turned off. The password alone is now enough to sign in.`,
    ],
    after: [IT_WAS_YOU, changePassword(service, 'turn the second factor on again'), noLink(service)],
  }),
  recovery_codes_renewed: (service: string): MailWords => ({
    subject: `New recovery codes for your account at ${service}`,
    heading: 'New recovery codes',
    before: [
      `Ten new recovery codes were created for your account at ${service}. Earlier ones no longer work.`,
    ],
    after: [IT_WAS_YOU, changePassword(service, 'create new recovery codes'), noLink(service)],
  }),
  recovery_code_used: (service: string): MailWords => ({
    subject: `Sign-in to your account at ${service} with a recovery code`,
    heading: 'Sign-in with a recovery code',
    before: [
      `Someone signed in to your account at ${service} with a recovery code in place of the second factor. The code no longer works. A new one, shown after the sign-in, replaces it.`,
    ],
    after: [IT_WAS_YOU, changePassword(service, 'create new recovery codes'), noLink(service)],
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
  test: (service: string): MailWords => ({
    subject: `Test email from ${service}`,
    heading: 'Test email',
    before: [`This is a test. If you can read it, ${service} can send email.`],
    after: ['You do not need to do anything.'],
  }),
}

import type { MailWords } from '../mail.ts'

const IGNORE = 'If this was not you, ignore this email. Nothing happens unless you confirm the address.'

const expiry = (duration: string) => `The link works once and expires after ${duration}.`

/**
 * What all mails share, the mails with links by kind, and the test. Each takes the host name of the service, and a `duration`
 * such as "1 hour".
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
  test: (service: string): MailWords => ({
    subject: `Test email from ${service}`,
    heading: 'Test email',
    before: [`This is a test. If you can read it, ${service} can send email.`],
    after: ['You do not need to do anything.'],
  }),
}

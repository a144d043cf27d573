/** The pages of the account. */
export const account = {
  navigation: {
    overview: 'Account',
    email: 'Email address',
    password: 'Password',
    sessions: 'Devices',
    activity: 'Activity',
    data: 'Your data',
  },
  overview: {
    heading: 'Your account',
    email: 'Email address',
    name: 'Name',
    memberSince: 'Member since',
    manage: 'What you can do here',
    /** One sentence about each page. */
    about: {
      email: 'Use another address to sign in and to get our mail.',
      password: 'Choose a new one, for example if others may know the old one.',
      sessions: 'See where you are signed in, and sign out elsewhere.',
      activity: 'See what happened with your account, and when.',
      data: 'Download what is stored about you, or delete your account.',
    },
  },
  email: {
    heading: 'Email address',
    current: 'You sign in with {email}.',
    explain: 'We send an email to the new address. Your address changes when you confirm it.',
    label: 'New email address',
    submit: 'Send email',
    change: 'Change the address',
    done: {
      changed: 'Your email address has been changed. From now on, sign in with the new one.',
      mailed: 'We have sent a link to the new address. Open it to confirm the change.',
    },
    problems: {
      email: {
        missing_field: 'Enter the new email address.',
        invalid_field: 'Enter a valid email address, such as name@example.com.',
        invalid_email: 'Enter a valid email address, such as name@example.com.',
      },
    },
  },
  emailCode: {
    heading: 'Confirm the new address',
    sent: 'We have sent an email to the new address. Enter the code from it here.',
    link: 'You can also open the link in the email. It works on your other devices too.',
    submit: 'Confirm address',
    again: 'No email? Check the spam folder, or send it again.',
    problems: {
      code: {
        missing_field: 'Enter the code from the email.',
        invalid_field: 'This code is wrong or has expired. Check it, or send a new email.',
        invalid_code: 'This code is wrong or has expired. Check it, or send a new email.',
      },
    },
  },
  password: {
    heading: 'Password',
    explain: 'A new password signs you out on all other devices.',
    current: 'Current password',
    submit: 'Change password',
    done: {
      changed: 'Your password has been changed. You have been signed out on all other devices.',
    },
  },
  sessions: {
    heading: 'Devices',
    explain:
      'You are signed in on these devices. If you do not recognize one, sign it out and change your password.',
    /** Marks the session of this page. */
    current: 'This device',
    firstUse: 'Signed in',
    lastUse: 'Last used',
    ip: 'IP address',
    end: 'Sign out',
    endNamed: 'Sign out {device}',
    endOthers: 'Sign out all other devices',
    only: 'You are not signed in on any other device.',
    stepUpFirst: 'To sign out other devices, confirm that it is you.',
    stepUp: 'Confirm',
    done: {
      ended: 'The device has been signed out.',
      already_ended: 'This device was already signed out.',
      others_ended: 'All other devices have been signed out.',
    },
  },
  /** What a session or an event is shown as. */
  device: {
    named: '{browser} on {system}',
    unknown: 'Unknown device',
  },
  data: {
    heading: 'Your data',
    exportHeading: 'Download your data',
    exportExplain:
      'A file in JSON format with your account, your devices and your activity. It contains no passwords. Keep it to yourself.',
    export: 'Download',
    deleteHeading: 'Delete your account',
    deleted:
      'This cannot be undone. We delete your email address, your password and your profile. You are signed out on all devices, and every link and code that we have mailed to you stops working.',
    kept: 'We keep a record of what happened with the account for up to {days} days, without your address, your IP addresses and your devices. Backups keep the rest until they are replaced.',
    confirmLabel: 'Your email address',
    confirmHint: 'Type {email} to confirm.',
    delete: 'Delete account',
    problems: {
      email: {
        missing_field: 'Type the email address of your account.',
        invalid_field: 'This is not the email address of your account.',
      },
      form: {
        too_many_attempts: 'You have downloaded your data several times. Try again in {time}.',
      },
    },
  },
  deleted: {
    heading: 'Your account has been deleted',
    explain: 'We have sent you a last email to confirm it. Thank you for having been with us.',
    explainWithoutMail: 'Thank you for having been with us.',
    signUp: 'Create a new account',
  },
}

/** The pages of the account. */
export const account = {
  navigation: {
    overview: 'Account',
    profile: 'Profile',
    email: 'Email address',
    password: 'Password',
    passkeys: 'Passkeys',
    factors: 'Second factor',
    identities: 'Connected accounts',
    sessions: 'Devices',
    activity: 'Activity',
    data: 'Your data',
  },
  overview: {
    heading: 'Your account',
    email: 'Email address',
    name: 'Name',
    memberSince: 'Account created',
    manage: 'Manage your account',
    /** One sentence about each page. */
    about: {
      profile: 'Change your name and other details about you.',
      email: 'Change the address that you sign in with and that we write to.',
      password: 'Choose a new password, for example if someone else may know yours.',
      passkeys: 'Sign in with your fingerprint, your face or a PIN in place of the password.',
      factors: 'Protect your account with an authenticator app, and save recovery codes.',
      identities: 'Sign in with an account that you have at another provider.',
      sessions: 'See where you are signed in, and sign out other devices.',
      activity: 'See what has happened in your account, and when.',
      data: 'Download a copy of your data, or delete your account.',
    },
    /** What makes the account safer. */
    missing: {
      heading: 'What is missing',
      offerHeading: 'Sign in without your password',
      offer: 'Add a passkey',
      decline: 'Not now',
      /** The accessible name of the button. Begins with `decline`. */
      declineNamed: 'Not now: ask again in 30 days',
      noSecondWay:
        'You have only one way in. If you lose it, you are locked out. Add a passkey, or set up an authenticator app.',
      addSecondWay: 'Add a second way',
      codesLeft: 'Recovery codes left: {count}',
      renewCodes: 'Create new codes',
    },
  },
  email: {
    heading: 'Email address',
    current: 'You sign in with {email}.',
    explain: 'We will send an email to the new address. Nothing changes until you confirm it.',
    label: 'New email address',
    submit: 'Send email',
    change: 'Change email address',
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
    sent: 'We have sent an email to the new address. Enter the code from it.',
    link: 'You can also open the link in the email on any device.',
    submit: 'Confirm address',
    again: 'No email? Check your spam folder, or send it again.',
    problems: {
      code: {
        missing_field: 'Enter the code from the email.',
        invalid_field: 'This code is wrong or has expired. Check it, or request a new one.',
        invalid_code: 'This code is wrong or has expired. Check it, or request a new one.',
      },
    },
  },
  password: {
    heading: 'Password',
    explain: 'Changing your password signs you out on all other devices.',
    explainFirst:
      'Your account has no password yet. With one, you can also sign in without another provider.',
    current: 'Current password',
    submit: 'Change password',
    submitFirst: 'Set password',
    done: {
      changed: 'Your password has been changed. You have been signed out on all other devices.',
    },
  },
  sessions: {
    heading: 'Devices',
    explain:
      'These devices are signed in to your account. If you do not recognize one, sign it out and change your password.',
    /** Marks the session of this page. */
    current: 'This device',
    firstUse: 'Signed in',
    lastUse: 'Last used',
    ip: 'IP address',
    end: 'Sign out',
    endNamed: 'Sign out {device}',
    endOthers: 'Sign out all other devices',
    newer: 'Previous devices',
    older: 'More devices',
    only: 'You are not signed in on any other device.',
    stepUpFirst: 'To sign out other devices, first confirm that it is you.',
    stepUp: 'Confirm',
    done: {
      ended: 'The device has been signed out.',
      already_ended: 'This device was already signed out.',
      others_ended: 'All other devices have been signed out.',
    },
    problems: {
      form: {
        missing_field: 'Choose the device that you want to sign out.',
        invalid_field: 'Choose the device that you want to sign out.',
      },
    },
  },
  /** The device of a session or an event. */
  device: {
    named: '{browser} on {system}',
    unknown: 'Unknown device',
  },
  data: {
    heading: 'Your data',
    exportHeading: 'Download your data',
    exportExplain:
      'A JSON file with your account, your devices and your activity. It contains no passwords, but keep it private.',
    export: 'Download',
    deleteHeading: 'Delete your account',
    deleted:
      'This cannot be undone. We will delete your email address, your password and your profile. You will be signed out on all devices, and every link and code that we have emailed to you will stop working.',
    kept: 'We will keep a record of your account’s activity for up to {time}, without your email address, IP addresses and devices. Backups keep your data until they are replaced.',
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
    explain: 'We have sent you one last email to confirm this. Thank you for being with us.',
    explainWithoutMail: 'Thank you for being with us.',
    signUp: 'Create a new account',
  },
}

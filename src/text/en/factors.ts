/** Shared by all pages with passkeys. */
export const passkeys = {
  explain:
    'A passkey signs you in with your fingerprint, your face or the PIN of your device. Nobody can guess it, and fake websites cannot steal it.',
  signIn: 'Sign in with a passkey',
  or: 'or',
  use: 'Use passkey',
  add: 'Add a passkey',
  addKey: 'Add a security key',
  failed: 'That did not work. Try again, or choose another way.',
  known: 'This device already has a passkey for your account.',
  noScript: 'Passkeys need JavaScript. Enable JavaScript, then reload the page.',
  problems: {
    form: {
      missing_field: 'Your device sent no answer. Try again.',
      invalid_field: 'Your device sent an answer that we cannot read. Try again.',
      invalid_passkey: 'This passkey was not accepted. Try again, or choose another way.',
      unknown_passkey:
        'This passkey does not belong to any account here. It may have been removed. Choose another way.',
      user_verification_required:
        'This key did not verify that it is you, so it can only be a second step. Sign in with your password first.',
      passkey_known: 'This passkey has already been added.',
      too_many_passkeys: 'Your account cannot have any more passkeys. Remove one first.',
      refused_by_application: 'This sign-in was refused. Contact the people who run this service.',
    },
  },
}

/** The page for the second factor of a sign-in. The page on which users prove again who they are shares some of it. */
export const secondStep = {
  heading: 'One more step',
  signingIn: 'You are signing in as {email}.',
  /** What to do, by method. */
  ask: {
    passkey: 'Use a passkey or a security key of your account.',
    totp: 'Enter the code that your authenticator app shows now.',
    recovery_code: 'Enter one of your recovery codes. It works once. A new one will replace it.',
  },
  none: 'None of your second factors can be used at the moment. Contact the people who run this service.',
  code: 'Code from the app',
  codeHint: 'Six digits, with or without a space.',
  recoveryCode: 'Recovery code',
  recoveryCodeHint: 'Two groups of seven characters, such as 37KQ2M9-XTPA4B1.',
  submit: 'Continue',
  otherWays: 'Another way',
  /** Links to the other methods. */
  other: {
    passkey: 'Use a passkey',
    totp: 'Use the authenticator app',
    recovery_code: 'Use a recovery code',
    password: 'Use the password',
    provider: 'Use another provider',
  },
  cancel: 'Cancel',
  expired: 'Your sign-in took too long and has expired. Sign in again.',
  otherSignIn: 'That form belonged to another sign-in. Continue with the current one below.',
  problems: {
    code: {
      missing_field: 'Enter the code that the app shows.',
      invalid_field: 'The code has six digits. Enter the one that the app shows now.',
      invalid_code: 'This code is wrong or has already been used. Wait for the next code and enter it.',
    },
    recovery_code: {
      missing_field: 'Enter a recovery code.',
      invalid_field: 'This is not a recovery code. Check it and enter the whole code.',
      invalid_code: 'This code is wrong or has already been used. Try another one.',
    },
    form: {
      refused_by_application: 'This sign-in was refused. Contact the people who run this service.',
    },
  },
}

/** The page that sets up the second factor that a sign-in requires. */
export const enrolment = {
  heading: 'Set up a second factor',
  why: 'Your account needs a second factor. With it, a stolen password is not enough to sign in. You only need to set it up once.',
  passkeyHeading: 'With a passkey',
  appHeading: 'With an authenticator app',
  appExplain: 'The app on your phone shows a code, which you enter when you sign in.',
  app: 'Set up an app',
  back: 'Choose another way',
}

/** Setting up an authenticator app. */
export const appSetup = {
  heading: 'Set up an authenticator app',
  scan: 'Scan this QR code with the authenticator app on your phone.',
  qrName: 'QR code with the key for the app',
  key: 'If you cannot scan it, type this key into the app:',
  open: 'Open in an app on this device',
  enter: 'Then enter the code that the app shows.',
  replaces: 'Your current app keeps working until you confirm the new one.',
  submit: 'Confirm',
  problems: {
    code: {
      missing_field: 'Enter the code that the app shows.',
      invalid_field: 'The code has six digits. Enter the one that the app shows now.',
      invalid_code:
        'This code is wrong. Check that the app has the key from this page and that your phone’s clock is right.',
    },
    form: {
      refused_by_application: 'This sign-in was refused. Contact the people who run this service.',
    },
  },
}

/** The pages that show recovery codes. */
export const recoveryCodes = {
  heading: 'Your recovery codes',
  explain:
    'With one of these codes you can sign in if you lose your second factor. Each works once. Keep them in a password manager, or on paper in a safe place.',
  once: 'They will not be shown again.',
  copy: 'Copy',
  copied: 'Copied',
  print: 'Print',
  save: 'Download',
  kept: 'I have saved them',
  newHeading: 'Your new recovery code',
  newExplain:
    'The code that you have just used no longer works. This one replaces it. Save it now: it will not be shown again.',
  left: 'Recovery codes left: {count}',
  newKept: 'I have saved it',
}

/** The page of the account with the passkeys. */
export const ownPasskeys = {
  heading: 'Passkeys',
  securityKey: 'A security key is used after your password. It does not sign you in on its own.',
  none: 'You have no passkeys yet.',
  provider: 'Saved in',
  kind: 'Type',
  synced: 'Synced to your other devices',
  oneDevice: 'On one device',
  onlySecond: 'Security key for the second step',
  added: 'Added',
  lastUsed: 'Last used',
  never: 'Never',
  unusable: 'This passkey belongs to another address of this service and does not work here.',
  rename: 'Rename',
  renameNamed: 'Rename {name}',
  name: 'Name',
  save: 'Save',
  remove: 'Remove',
  removeNamed: 'Remove {name}',
  done: {
    added: 'The passkey has been added.',
    renamed: 'The passkey has been renamed.',
    removed: 'The passkey has been removed.',
    already_removed: 'This passkey had already been removed.',
  },
  problems: {
    name: {
      missing_field: 'Enter a name for the passkey.',
      invalid_field: 'Use 1 to 64 visible characters.',
    },
    form: {
      last_way_in: 'This passkey is your only way to sign in. Set a password or add another passkey first.',
      last_factor: 'This is your last second factor, and your account must have one. Add another one first.',
    },
  },
}

/** The page of the account with the second factor. */
export const ownFactors = {
  heading: 'Second factor',
  explain: 'With a second factor, a stolen password is not enough to sign in.',
  on: 'The second factor is on: after your password, we ask for a code or a passkey.',
  off: 'The second factor is off: your password alone is enough to sign in.',
  policyOff: 'This service does not use second factors.',
  required: 'Your account must have a second factor, so you cannot turn it off.',
  turnOn: 'Turn on',
  turnOff: 'Turn off',
  none: 'To turn it on, set up an authenticator app or add a passkey.',
  appHeading: 'Authenticator app',
  appNone: 'No app is set up.',
  appSince: 'Set up on',
  appDisabled: 'This app has been turned off because of too many wrong codes. Set it up again.',
  setUp: 'Set up an app',
  replace: 'Set up a new app',
  removeApp: 'Remove the app',
  passkeysHeading: 'Passkeys',
  passkeys: 'Your passkeys: {count}',
  managePasskeys: 'Manage passkeys',
  codesHeading: 'Recovery codes',
  codesExplain: 'They let you in if you lose your second factor.',
  renew: 'Create new codes',
  renewExplain: 'New codes replace your current ones.',
  done: {
    on: 'The second factor is now on.',
    off: 'The second factor is now off.',
    renewed: 'You have new recovery codes. The old ones no longer work.',
    app_added: 'The authenticator app has been set up.',
    app_removed: 'The authenticator app has been removed.',
    app_already_removed: 'The authenticator app had already been removed.',
  },
  problems: {
    form: {
      no_second_factor: 'You have no second factor. Set up an authenticator app or add a passkey first.',
      last_factor: 'This is your last second factor, and your account must have one. Add another one first.',
    },
  },
}

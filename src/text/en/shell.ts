/** Around the content of every hosted page. */
export const shell = {
  skip: 'Skip to content',
  /** The title of a page with an error. */
  errorTitle: 'Error: {title}',
  problem: 'There is a problem',
  signOut: 'Sign out',
  signedInAs: 'Signed in as {email}',
  account: 'Account',
  back: 'Back',
  languages: 'Languages',
  help: 'Help',
  contact: 'Contact',
  terms: 'Terms',
  privacy: 'Privacy',
  imprint: 'Imprint',
  working: 'One moment…',
  revealPassword: 'Show password',
  /** Announced while a new password is typed. */
  passwordLength: '{count} of at least {min_length} characters',
  passwordLongEnough: 'Long enough',
  email: 'Email address',
  password: 'Password',
  newPassword: 'New password',
  passwordHint: 'Several unrelated words are easy to remember and hard to guess.',
  code: 'Code from the email',
  codeHint: 'Eight digits, with or without spaces.',
}

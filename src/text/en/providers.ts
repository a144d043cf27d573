/** Sign-in with an account at another provider. `{provider}` is its name. */
export const providers = {
  /** A button. The rules of the providers allow no other verb. */
  continueWith: 'Continue with {provider}',
  leadingOn: {
    heading: 'One moment',
    explain: 'You are being taken to {provider}.',
    go: 'Continue to {provider}',
  },
  /** The address of the identity already has an account. */
  exists: {
    heading: 'You already have an account',
    explain:
      'There is already an account with the address {email}. Sign in to it as usual. You can then connect {provider}.',
    signIn: 'Sign in',
  },
  connect: {
    heading: 'Connect {provider}?',
    explain:
      'You are signed in as {account}. If you connect your {provider} account ({email}), you can sign in with it from now on.',
    /** The address at the provider is not known. */
    explainWithoutEmail:
      'You are signed in as {account}. If you connect your {provider} account, you can sign in with it from now on.',
    submit: 'Connect {provider}',
    cancel: 'Not now',
  },
  address: {
    heading: 'Enter your email address',
    explain: 'We did not get a confirmed email address from {provider}. Enter the one for your new account.',
    submit: 'Create account',
  },
  problems: {
    email: {
      missing_field: 'Enter your email address.',
      invalid_email: 'Enter a valid email address, such as name@example.com.',
      email_taken:
        'There is already an account with this address. Sign in to it and connect the provider there.',
    },
    form: {
      identity_taken:
        'Your account at the other provider is already connected to a different account here. Sign in to that account and disconnect it first.',
      last_way_in: 'This is your only way to sign in. Set a password or add a passkey first.',
      registration_closed: 'New accounts cannot be created here.',
      refused_by_application: 'This request was refused. Contact the people who run this service.',
    },
  },
  own: {
    heading: 'Connected accounts',
    explain: 'You can sign in with an account that you have at another provider.',
    connectedOn: 'Connected on {date}',
    lastUsed: 'Last used on {date}',
    notConnected: 'Not connected',
    connect: 'Connect',
    /** The accessible names of the buttons. */
    connectTo: 'Connect {provider}',
    disconnect: 'Disconnect',
    disconnectFrom: 'Disconnect {provider}',
    done: {
      connected: 'The account is connected.',
      disconnected: 'The account is disconnected. You have been signed out on all other devices.',
      already_disconnected: 'This account was already disconnected.',
    },
  },
}

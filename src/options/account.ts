import { DAY, HOUR, type Setting } from './setting.ts'

/** Password reset, registration and email confirmation. */
export const ACCOUNT = {
  resetTokenDelivery: {
    env: 'BIENVENUE_RESET_TOKEN_DELIVERY',
    kind: { type: 'choice', of: ['response', 'mail'] },
    classic: 'response',
    production: 'mail',
    about:
      'How reset tokens are delivered. With response, anyone who asks gets a reset token for any account.',
    unsafe: (value: string) => (value === 'response' ? 'anyone can get a reset token for any account' : null),
  },
  resetEndsSessions: {
    env: 'BIENVENUE_RESET_ENDS_SESSIONS',
    kind: { type: 'switch' },
    classic: false,
    production: true,
    about:
      'Whether a password reset ends all sessions of the account. Clients of the teaching exercise expect their session to survive, but an attacker’s would survive too. Only classic mode can turn this off.',
    unsafe: (value: boolean) => (value ? null : 'an attacker’s sessions survive a password reset'),
    strict: true,
  },
  resetTokenLifetimeSeconds: {
    env: 'BIENVENUE_RESET_TOKEN_LIFETIME_SECONDS',
    kind: { type: 'integer', min: 60, max: DAY, unit: 'seconds' },
    classic: HOUR,
    about:
      'How long a reset token works. It works once. If it is mailed, the time starts when the mail is sent.',
  },
  registration: {
    env: 'BIENVENUE_REGISTRATION',
    kind: { type: 'choice', of: ['open', 'closed'] },
    classic: 'open',
    about:
      'Whether people can register. If closed, POST /users answers 403 registration_closed, and only operators can add accounts.',
  },
  registrationAnswer: {
    env: 'BIENVENUE_REGISTRATION_ANSWER',
    kind: { type: 'choice', of: ['explicit', 'uniform'] },
    classic: 'explicit',
    production: 'uniform',
    about:
      'How registration answers if the address is taken. Explicit reveals that the address has an account. Uniform answers as for a new address, and only the owner of the mailbox learns the difference.',
    unsafe: (value: string) =>
      value === 'explicit' ? 'registration reveals whether an address has an account' : null,
    tolerated: true,
  },
  emailVerification: {
    env: 'BIENVENUE_EMAIL_VERIFICATION',
    kind: { type: 'switch' },
    classic: false,
    production: true,
    about: 'Whether a new account must confirm its address, by a mailed link, before it can sign in.',
    unsafe: (value: boolean) => (value ? null : 'anyone can register an address that is not theirs'),
  },
  emailTokenLifetimeSeconds: {
    env: 'BIENVENUE_EMAIL_TOKEN_LIFETIME_SECONDS',
    kind: { type: 'integer', min: 60, max: DAY, unit: 'seconds' },
    classic: DAY,
    about: 'How long a confirmation link works. It works once, and the time starts when the mail is sent.',
  },
  unconfirmedAccountSeconds: {
    env: 'BIENVENUE_UNCONFIRMED_ACCOUNT_SECONDS',
    kind: { type: 'integer', min: DAY, max: 365 * DAY, unit: 'seconds' },
    classic: 7 * DAY,
    about: 'How long a new account is kept if its address is never confirmed.',
  },
} as const satisfies Record<string, Setting>

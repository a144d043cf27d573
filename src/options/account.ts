import { DAY, HOUR, type Row } from './row.ts'

/** Password reset, registration, and confirmation of addresses. */
export const ACCOUNT = {
  /**
   * How a reset token is delivered. In the response, it goes to anybody who asks.
   *
   * Default: `'response'`, in development and production `'mail'`.
   */
  resetTokenDelivery: {
    env: 'BIENVENUE_RESET_TOKEN_DELIVERY',
    kind: { type: 'choice', of: ['response', 'mail'] },
    classic: 'response',
    production: 'mail',
    about: 'How a reset token is delivered. In the response, it goes to anybody who asks.',
    unsafe: (value: string) =>
      value === 'response' ? 'reset tokens are returned to anybody who asks' : null,
  },
  /**
   * Whether a password reset ends the sessions of the account. Clients of the exercise expect theirs to stay,
   * but so would a thief’s. Only classic mode can turn this off.
   *
   * Default: `false`, in development and production `true`.
   */
  resetEndsSessions: {
    env: 'BIENVENUE_RESET_ENDS_SESSIONS',
    kind: { type: 'switch' },
    classic: false,
    production: true,
    about:
      'Whether a password reset ends the sessions of the account. Clients of the exercise expect theirs to stay, but so would a thief’s. Only classic mode can turn this off.',
    unsafe: (value: boolean) => (value ? null : 'a password reset leaves the sessions of a thief open'),
    strict: true,
  },
  /**
   * How long a reset token can be used. It works once; if it is mailed, the time counts from when the mail
   * leaves.
   *
   * 60 to 86400 seconds. Default: `3600`.
   */
  resetTokenLifetimeSeconds: {
    env: 'BIENVENUE_RESET_TOKEN_LIFETIME_SECONDS',
    kind: { type: 'integer', min: 60, max: DAY, unit: 'seconds' },
    classic: HOUR,
    production: HOUR,
    about:
      'How long a reset token can be used. It works once; if it is mailed, the time counts from when the mail leaves.',
  },
  /**
   * Whether people may register themselves. If closed, POST /users answers 403 registration_closed; operators
   * still add accounts.
   *
   * Default: `'open'`.
   */
  registration: {
    env: 'BIENVENUE_REGISTRATION',
    kind: { type: 'choice', of: ['open', 'closed'] },
    classic: 'open',
    production: 'open',
    about:
      'Whether people may register themselves. If closed, POST /users answers 403 registration_closed; operators still add accounts.',
  },
  /**
   * What registering a taken address answers. Explicit says that the address has an account. Uniform answers
   * as for a new address, and only the mailbox learns the difference.
   *
   * Default: `'explicit'`, in development and production `'uniform'`.
   */
  registrationAnswer: {
    env: 'BIENVENUE_REGISTRATION_ANSWER',
    kind: { type: 'choice', of: ['explicit', 'uniform'] },
    classic: 'explicit',
    production: 'uniform',
    about:
      'What registering a taken address answers. Explicit says that the address has an account. Uniform answers as for a new address, and only the mailbox learns the difference.',
    unsafe: (value: string) =>
      value === 'explicit' ? 'registration tells whether an address has an account' : null,
    tolerated: true,
  },
  /**
   * Whether a new account has to confirm its address, by a mailed link, before it can sign in.
   *
   * Default: `false`, in development and production `true`.
   */
  emailVerification: {
    env: 'BIENVENUE_EMAIL_VERIFICATION',
    kind: { type: 'switch' },
    classic: false,
    production: true,
    about: 'Whether a new account has to confirm its address, by a mailed link, before it can sign in.',
    unsafe: (value: boolean) => (value ? null : 'anybody can register an address that is not theirs'),
  },
  /**
   * How long the link that confirms an address can be used. It works once, and the time counts from when its
   * mail leaves.
   *
   * 60 to 86400 seconds. Default: `86400`.
   */
  emailTokenLifetimeSeconds: {
    env: 'BIENVENUE_EMAIL_TOKEN_LIFETIME_SECONDS',
    kind: { type: 'integer', min: 60, max: DAY, unit: 'seconds' },
    classic: DAY,
    production: DAY,
    about:
      'How long the link that confirms an address can be used. It works once, and the time counts from when its mail leaves.',
  },
  /**
   * How long a new account is kept if its address is never confirmed.
   *
   * 86400 to 31536000 seconds. Default: `604800`.
   */
  unconfirmedAccountSeconds: {
    env: 'BIENVENUE_UNCONFIRMED_ACCOUNT_SECONDS',
    kind: { type: 'integer', min: DAY, max: 365 * DAY, unit: 'seconds' },
    classic: 7 * DAY,
    production: 7 * DAY,
    about: 'How long a new account is kept if its address is never confirmed.',
  },
} as const satisfies Record<string, Row>

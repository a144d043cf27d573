const HOUR_MS = 60 * 60_000

/**
 * What is limited per account and per IP address: the options with the free attempts, and how long a counter without
 * attempts is kept. Every password check counts as `login`, so that no route bypasses the limits.
 */
export const THROTTLED = {
  login: {
    what: 'wrong passwords',
    account: 'loginFailuresPerAccount',
    ip: 'loginFailuresPerIp',
    forgetAfterMs: 24 * HOUR_MS,
  },
  reset_request: {
    what: 'reset requests',
    account: 'resetRequestsPerAccount',
    ip: 'resetRequestsPerIp',
    forgetAfterMs: HOUR_MS,
  },
  confirmation_request: {
    what: 'confirmation requests',
    account: 'resetRequestsPerAccount',
    ip: 'resetRequestsPerIp',
    forgetAfterMs: HOUR_MS,
  },
  registration: {
    what: 'registrations',
    account: 'resetRequestsPerAccount',
    ip: 'registrationsPerIp',
    forgetAfterMs: HOUR_MS,
  },
  mail_code: {
    what: 'wrong codes from mail',
    account: 'mailCodeFailuresPerAccount',
    ip: 'loginFailuresPerIp',
    forgetAfterMs: 24 * HOUR_MS,
  },
  totp: {
    what: 'wrong codes of an authenticator app',
    account: 'factorFailuresPerAccount',
    ip: 'loginFailuresPerIp',
    forgetAfterMs: 24 * HOUR_MS,
  },
  recovery_code: {
    what: 'wrong recovery codes',
    account: 'factorFailuresPerAccount',
    ip: 'loginFailuresPerIp',
    forgetAfterMs: 24 * HOUR_MS,
  },
  email_change: {
    what: 'email change requests',
    account: 'resetRequestsPerAccount',
    ip: 'resetRequestsPerIp',
    forgetAfterMs: HOUR_MS,
  },
} as const

export type Throttled = keyof typeof THROTTLED

/** The waits after the free attempts. Each is twice as long as the one before, up to the longest. */
export const WAITS = { firstMs: 1_000, longestMs: 15 * 60_000 } as const

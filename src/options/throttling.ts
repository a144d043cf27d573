import type { Setting } from './setting.ts'

export const THROTTLING = {
  throttle: {
    env: 'BIENVENUE_THROTTLE',
    kind: { type: 'switch' },
    classic: true,
    about: 'Whether to limit sign-ins and requests that send mail. Turn it off only for benchmarks.',
    unsafe: (value: boolean) => (value ? null : 'passwords can be guessed without limit'),
  },
  loginFailuresPerAccount: {
    env: 'BIENVENUE_LOGIN_FAILURES_PER_ACCOUNT',
    kind: { type: 'integer', min: 2, max: 100, unit: 'failures in a row' },
    classic: 20,
    development: 20,
    production: 10,
    about:
      'The number of wrong passwords for one account, from anywhere, after which each further attempt must wait.',
  },
  loginFailuresPerIp: {
    env: 'BIENVENUE_LOGIN_FAILURES_PER_IP',
    kind: { type: 'integer', min: 2, max: 100_000, unit: 'failures' },
    classic: 300,
    development: 300,
    production: 100,
    about:
      'The number of wrong passwords, and of wrong codes from mail, from one IP address (IPv6: /64 network; twice as many from a /56, four times from a /48), for any account, after which each further attempt must wait.',
  },
  loginFailuresUntilLock: {
    env: 'BIENVENUE_LOGIN_FAILURES_UNTIL_LOCK',
    kind: { type: 'integer', min: 0, max: 100, unit: 'failures in a row' },
    classic: 0,
    production: 100,
    about:
      'The number of wrong passwords in a row after which signing in from a new device requires a reset by mail. 0 means never.',
    refusedInProduction: (value: number) =>
      value === 0 ? 'must be 1 to 100; NIST requires a lock after at most 100 failures in a row' : null,
  },
  mailCodeFailuresPerAccount: {
    env: 'BIENVENUE_MAIL_CODE_FAILURES_PER_ACCOUNT',
    kind: { type: 'integer', min: 2, max: 10, unit: 'failures in a row' },
    classic: 5,
    about:
      'The number of wrong codes from mail for one address, after which each further attempt must wait and voids the code.',
  },
  signInsPerAccount: {
    env: 'BIENVENUE_SIGN_INS_PER_ACCOUNT',
    kind: { type: 'integer', min: 1, max: 100_000, unit: 'sign-ins in 10 minutes' },
    classic: 600,
    development: 600,
    production: 60,
    about:
      'The maximum number of sign-ins to one account with the right password in 10 minutes. Known devices have a separate count.',
  },
  signInsPerIp: {
    env: 'BIENVENUE_SIGN_INS_PER_IP',
    kind: { type: 'integer', min: 1, max: 100_000, unit: 'sign-ins in 10 minutes' },
    classic: 3_000,
    development: 3_000,
    production: 300,
    about:
      'The maximum number of sign-ins from one IP address (IPv6: /64 network; twice as many from a /56, four times from a /48) with the right password in 10 minutes. Known devices have a separate count.',
  },
  resetRequestsPerAccount: {
    env: 'BIENVENUE_RESET_REQUESTS_PER_ACCOUNT',
    kind: { type: 'integer', min: 2, max: 100, unit: 'requests' },
    classic: 20,
    development: 20,
    production: 5,
    about:
      'The number of resets, of confirmations and of registrations for one address after which each further one must wait.',
  },
  resetRequestsPerIp: {
    env: 'BIENVENUE_RESET_REQUESTS_PER_IP',
    kind: { type: 'integer', min: 2, max: 100_000, unit: 'requests' },
    classic: 300,
    development: 300,
    production: 50,
    about:
      'The number of resets and of confirmations requested from one IP address (IPv6: /64 network; twice as many from a /56, four times from a /48) after which each further one must wait.',
  },
  registrationsPerIp: {
    env: 'BIENVENUE_REGISTRATIONS_PER_IP',
    kind: { type: 'integer', min: 0, max: 100_000, unit: 'registrations' },
    classic: 0,
    development: 300,
    production: 50,
    about:
      'The number of registrations from one IP address (IPv6: /64 network; twice as many from a /56, four times from a /48) after which each further one must wait. 0 means no limit.',
    refusedInProduction: (value: number) =>
      value < 2 ? 'must be 2 or more; every registration hashes a password and sends mail' : null,
  },
} as const satisfies Record<string, Setting>

import { parseOrigins } from '../lib/origins.ts'
import { isRpId } from '../lib/relying-party.ts'
import { DAY, HOUR, hasHttpOrigin, type Setting } from './setting.ts'

/** Second factors and passkeys. */
export const FACTORS = {
  secondFactor: {
    env: 'BIENVENUE_SECOND_FACTOR',
    kind: { type: 'choice', of: ['off', 'optional', 'required', 'passkey'] },
    classic: 'optional',
    about:
      'Whether users sign in with a second factor: off, optional (each user decides), required (all users), or passkey (all users, with a passkey or security key, which phishing cannot steal). A user without a required factor can only set one up.',
    unsafe: (value: string) =>
      value === 'off' ? 'second factors are off, so a stolen password is enough to sign in' : null,
    tolerated: true,
  },
  passkeys: {
    env: 'BIENVENUE_PASSKEYS',
    kind: { type: 'switch' },
    classic: true,
    about:
      'Whether users can add passkeys. They need BASE_URL with a host name; an IP address has no passkeys.',
  },
  rpId: {
    env: 'BIENVENUE_RP_ID',
    kind: { type: 'text' },
    classic: '',
    about:
      'The host name that passkeys belong to: the host of BASE_URL, which is the default, or a parent domain of it, such as example.com. Passkeys stop working if it changes.',
    parse: parseRpId,
  },
  passkeyOrigins: {
    env: 'BIENVENUE_PASSKEY_ORIGINS',
    kind: { type: 'text' },
    classic: '',
    list: true,
    about:
      'Further origins whose pages may use the passkeys, separated by commas, such as https://example.fr. Each is compared exactly. Browsers ask /.well-known/webauthn for them.',
    parse: parseOrigins,
    refusedInProduction: hasHttpOrigin,
    exception: (value: string) =>
      value === '' ? null : `pages of ${value.replaceAll(',', ', ')} can ask for the passkeys of users`,
  },
  passkeyStorage: {
    env: 'BIENVENUE_PASSKEY_STORAGE',
    kind: { type: 'choice', of: ['any', 'device_bound'] },
    classic: 'any',
    about:
      'Which passkeys are accepted: any, or only device_bound ones, which cannot be copied to other devices. Most passkeys of phones and password managers can be copied.',
  },
  passkeysPerUser: {
    env: 'BIENVENUE_PASSKEYS_PER_USER',
    kind: { type: 'integer', min: 1, max: 100, unit: 'passkeys' },
    classic: 20,
    about: 'The maximum number of passkeys of an account.',
  },
  totpDriftSteps: {
    env: 'BIENVENUE_TOTP_DRIFT_STEPS',
    kind: { type: 'integer', min: 0, max: 1, unit: 'steps of 30 seconds' },
    classic: 1,
    about:
      'How far the clock of an authenticator app may be ahead or behind. 0 refuses codes that are a moment late.',
  },
  aal2LifetimeSeconds: {
    env: 'BIENVENUE_AAL2_LIFETIME_SECONDS',
    kind: { type: 'integer', min: 60, max: 30 * DAY, unit: 'seconds' },
    classic: DAY,
    about:
      'How long a session counts as signed in with two factors. After that it stays signed in, but sensitive actions ask for the second factor again.',
    exception: (value: number) =>
      value > DAY
        ? `sessions count as signed in with two factors for ${value} s; NIST SP 800-63B allows 86400`
        : null,
  },
  aal2IdleSeconds: {
    env: 'BIENVENUE_AAL2_IDLE_SECONDS',
    kind: { type: 'integer', min: 60, max: 30 * DAY, unit: 'seconds' },
    classic: HOUR,
    about:
      'How long a session that is not used counts as signed in with two factors. After that, sensitive actions ask for the second factor again.',
    exception: (value: number) =>
      value > HOUR
        ? `unused sessions count as signed in with two factors for ${value} s; NIST SP 800-63B allows 3600`
        : null,
  },
  factorFailuresPerAccount: {
    env: 'BIENVENUE_FACTOR_FAILURES_PER_ACCOUNT',
    kind: { type: 'integer', min: 2, max: 100, unit: 'failures in a row' },
    classic: 20,
    development: 20,
    production: 10,
    about:
      'The number of wrong codes for one account, from an authenticator app or from the recovery codes, after which each further attempt must wait. A right password does not reset it.',
  },
  factorFailuresUntilLock: {
    env: 'BIENVENUE_FACTOR_FAILURES_UNTIL_LOCK',
    kind: { type: 'integer', min: 0, max: 100, unit: 'failures in a row' },
    classic: 0,
    production: 100,
    about:
      'The number of wrong codes in a row after which an authenticator app is disabled until it is set up again. Time does not reset it. 0 means never.',
    refusedInProduction: (value: number) =>
      value === 0 ? 'must be 1 to 100; NIST requires it after at most 100 failures in a row' : null,
  },
} as const satisfies Record<string, Setting>

function parseRpId(text: string): void {
  if (!isRpId(text)) throw new TypeError('expected a host name in lower case, such as example.com')
}

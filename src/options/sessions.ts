import { DAY, HOUR, type Setting } from './setting.ts'

export const SESSIONS = {
  secureCookie: {
    env: 'BIENVENUE_SECURE_COOKIE',
    kind: { type: 'switch' },
    classic: false,
    development: false,
    production: true,
    about:
      'Whether the session cookie is Secure and named __Host-session_id. Browsers then require https. In development mode the default is on if BASE_URL begins with https.',
    unsafe: (value: boolean) => (value ? null : 'the session cookie is sent without encryption'),
  },
  cookieDomain: {
    env: 'BIENVENUE_COOKIE_DOMAIN',
    kind: { type: 'text' },
    classic: '',
    about:
      'A domain whose subdomains share the session cookie, such as example.com for app.example.com and auth.example.com. It must contain the host of BASE_URL. With BIENVENUE_SECURE_COOKIE the cookie is then named __Secure-session_id. Every subdomain gets the session tokens of users and can set the cookie, so use it only if you run all of them.',
    parse: parseCookieDomain,
    exception: (value: string) =>
      value === ''
        ? null
        : `every subdomain of ${value} gets the session tokens of its visitors, and can sign them in as somebody else`,
  },
  sessionLifetimeSeconds: {
    env: 'BIENVENUE_SESSION_LIFETIME_SECONDS',
    kind: { type: 'integer', min: 60, max: 365 * DAY, unit: 'seconds' },
    classic: 30 * DAY,
    about: 'How long a session lasts after sign-in, regardless of use.',
    refusedInProduction: (value: number) =>
      value > 30 * DAY ? 'must be at most 2592000 (30 days), the limit of NIST for a single factor' : null,
  },
  sessionIdleSeconds: {
    env: 'BIENVENUE_SESSION_IDLE_SECONDS',
    kind: { type: 'integer', min: 0, max: 365 * DAY, unit: 'seconds' },
    classic: 0,
    production: 7 * DAY,
    about: 'How long a session lasts without use. 0 disables this limit.',
  },
  sessionsPerUser: {
    env: 'BIENVENUE_SESSIONS_PER_USER',
    kind: { type: 'integer', min: 1, max: 10_000, unit: 'sessions' },
    classic: 1_000,
    production: 50,
    about: 'The maximum number of sessions of a user. A further sign-in ends the least recently used one.',
  },
  reauthenticationSeconds: {
    env: 'BIENVENUE_REAUTHENTICATION_SECONDS',
    kind: { type: 'integer', min: 30, max: HOUR, unit: 'seconds' },
    classic: 600,
    about:
      'How long after entering the password a user can change the address, or export or delete the account, without entering it again.',
  },
} as const satisfies Record<string, Setting>

/** Two labels or more: browsers refuse a cookie for a whole top-level domain. */
const DOMAIN = /^(?!.*\.\d+$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)+$/

function parseCookieDomain(text: string): void {
  if (!DOMAIN.test(text))
    throw new TypeError('expected a domain in lower case, without a leading dot, such as example.com')
}

import { parseAllowedHosts } from '../lib/allowed-hosts.ts'
import { parseSecretKeys } from '../lib/keyring.ts'
import { parseOrigins } from '../lib/origins.ts'
import { parseNetworks } from '../lib/proxies.ts'
import { hasHttpOrigin, isMissing, MODES, type Mode, type Setting } from './setting.ts'
import { parseHttpUrl } from './url.ts'

/**
 * The part of the internet that trusted proxies may cover. A client with a trusted address can forge any address, so a
 * list that contains addresses of strangers disables the limits per address. No operator owns a sixteenth of the internet.
 */
const LARGEST_PROXY_SHARE = 1 / 16

/** The service as a whole: its mode, address and key, and who can reach it. */
export const SERVICE = {
  mode: {
    env: 'BIENVENUE_MODE',
    kind: { type: 'choice', of: MODES },
    classic: 'classic',
    development: 'development',
    production: 'production',
    about:
      'The set of defaults. Classic follows the contract of the teaching exercise, on loopback only. Development behaves like production, on a developer’s machine. Production is for the internet, and refuses unsafe settings.',
  },
  baseUrl: {
    env: 'BASE_URL',
    kind: { type: 'text' },
    classic: '',
    about:
      'The address at which users reach the service, such as https://auth.example.com. Mailed links begin with it. Production answers only to its host. In development mode the default is the local address and port of the service.',
    parse: parseHttpUrl,
    refusedInProduction: (value: string) =>
      isMissing('set it to the address at which users reach the service, such as https://auth.example.com')(
        value,
      ) ?? (value.startsWith('https:') ? null : 'must begin with https://'),
  },
  allowedHosts: {
    env: 'BIENVENUE_ALLOWED_HOSTS',
    kind: { type: 'text' },
    classic: '',
    list: true,
    about:
      'More hosts to answer to, separated by commas, such as bienvenue.internal,auth:5000. Use it for backends that call the service by an internal name. An entry without a port matches any port. Browsers must still use BASE_URL.',
    parse: parseAllowedHosts,
  },
  trustedOrigins: {
    env: 'BIENVENUE_TRUSTED_ORIGINS',
    kind: { type: 'text' },
    classic: '',
    list: true,
    about:
      'Origins of other web applications whose scripts may call the service with a user’s cookies, separated by commas, such as https://app.example.com. Each is compared exactly, without wildcards. Browsers send the cookie only from the same site, so an application on another site must use bearer tokens.',
    parse: parseOrigins,
    refusedInProduction: hasHttpOrigin,
    exception: (value: string) =>
      value === ''
        ? null
        : `scripts of ${value.replaceAll(',', ', ')} can do whatever a signed-in user can do`,
  },
  secretKey: {
    env: 'BIENVENUE_SECRET_KEY',
    kind: { type: 'text' },
    classic: '',
    secret: 'whole',
    list: true,
    about:
      'A random key of at least 32 bytes in base64url, such as the output of openssl rand -base64 32. To rotate, separate several with commas: the first signs and seals, all verify and open. In development mode the default is a new key at each start: sessions survive a restart, device cookies and authenticator apps do not.',
    parse: parseSecretKeys,
    refusedInProduction: isMissing('create a key with openssl rand -base64 32'),
  },
  trustedProxies: {
    env: 'BIENVENUE_TRUSTED_PROXIES',
    kind: { type: 'text' },
    classic: '',
    list: true,
    about:
      'IP addresses and networks of the proxies in front of the service, separated by commas, such as 127.0.0.1,10.0.0.0/8. X-Forwarded-For counts only if it comes from one of them, and is read from the right. Production refuses a list that covers more than a sixteenth of the internet.',
    parse: (text: string) => {
      if (parseNetworks(text) === null)
        throw new TypeError(
          'expected IP addresses and networks separated by commas, such as 127.0.0.1,10.0.0.0/8',
        )
    },
    unsafe: (value: string) =>
      (parseNetworks(value)?.share ?? 0) > LARGEST_PROXY_SHARE
        ? 'covers a large part of the internet, so clients can forge their IP address; name only your own proxies'
        : null,
  },
  hstsSubdomains: {
    env: 'BIENVENUE_HSTS_SUBDOMAINS',
    kind: { type: 'switch' },
    classic: true,
    about:
      'Whether HSTS, which an https BASE_URL turns on, also covers subdomains. Turn it off on a shared domain.',
  },
  publicApiDocs: {
    env: 'BIENVENUE_PUBLIC_API_DOCS',
    kind: { type: 'switch' },
    classic: true,
    production: false,
    about: 'Whether GET /openapi.json is public.',
  },
} as const satisfies Record<string, Setting>

interface KeyOptions {
  readonly mode: Mode
  readonly secretKey: string
}

/** Whether the service generates a key when it starts. The key is lost when it stops. */
export function generatesKey({ mode, secretKey }: KeyOptions): boolean {
  return mode === 'development' && secretKey === ''
}

/** Whether there is a key, given or generated. */
export function hasKey(options: KeyOptions): boolean {
  return options.secretKey !== '' || generatesKey(options)
}

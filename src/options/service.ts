import { OptionError } from '../errors.ts'
import { parseAllowedHosts } from '../lib/allowed-hosts.ts'
import { parseSecretKeys } from '../lib/keyring.ts'
import { parseNetworks } from '../lib/proxies.ts'
import { isMissing, MODES, type Row } from './row.ts'
import { parseHttpUrl } from './url.ts'

/** The service as a whole: its mode, its address, its key, and who may reach it. */
export const SERVICE = {
  /**
   * The column of defaults. Classic follows the contract of the teaching exercise, on loopback only.
   * Development behaves like production on a developer’s machine. Production is for the internet, and refuses
   * settings that are unsafe there.
   *
   * Default: `'classic'`.
   */
  mode: {
    env: 'BIENVENUE_MODE',
    kind: { type: 'choice', of: MODES },
    classic: 'classic',
    development: 'development',
    production: 'production',
    about:
      'The column of defaults. Classic follows the contract of the teaching exercise, on loopback only. Development behaves like production on a developer’s machine. Production is for the internet, and refuses settings that are unsafe there.',
  },
  /**
   * The address at which users reach the service, such as https://auth.example.com. Mailed links begin with
   * it. Production answers to its host only. In development mode the default is the local address and port on
   * which the service listens.
   *
   * Default: not set.
   */
  baseUrl: {
    env: 'BASE_URL',
    kind: { type: 'text' },
    classic: '',
    production: '',
    about:
      'The address at which users reach the service, such as https://auth.example.com. Mailed links begin with it. Production answers to its host only. In development mode the default is the local address and port on which the service listens.',
    parse: (text: string) => parseHttpUrl('baseUrl', text),
    refusedInProduction: (value: string) =>
      isMissing('where users reach the service, as in https://auth.example.com')(value) ??
      (value.startsWith('https:') ? null : 'has to begin with https://'),
  },
  /**
   * More hosts to answer to, separated by commas, such as bienvenue.internal,auth:5000. For backends that call
   * the service by an internal name. Without a port, any port matches. Browsers still need the address of
   * BASE_URL.
   *
   * Default: not set.
   */
  allowedHosts: {
    env: 'BIENVENUE_ALLOWED_HOSTS',
    kind: { type: 'text' },
    classic: '',
    production: '',
    list: true,
    about:
      'More hosts to answer to, separated by commas, such as bienvenue.internal,auth:5000. For backends that call the service by an internal name. Without a port, any port matches. Browsers still need the address of BASE_URL.',
    parse: (text: string) => refusing('allowedHosts', () => parseAllowedHosts(text)),
  },
  /**
   * A random key of 32 bytes or more in base64url, made by openssl rand -base64 32. To rotate, separate
   * several with commas: the first signs, all verify. In development mode the default is a key made at each
   * start: sessions survive a restart, device cookies do not.
   *
   * Default: not set.
   */
  secretKey: {
    env: 'BIENVENUE_SECRET_KEY',
    kind: { type: 'text' },
    classic: '',
    production: '',
    secret: 'whole',
    list: true,
    about:
      'A random key of 32 bytes or more in base64url, made by openssl rand -base64 32. To rotate, separate several with commas: the first signs, all verify. In development mode the default is a key made at each start: sessions survive a restart, device cookies do not.',
    parse: (text: string) => refusing('secretKey', () => parseSecretKeys(text)),
    refusedInProduction: isMissing('openssl rand -base64 32 makes one'),
  },
  /**
   * Addresses and networks of the proxies in front, separated by commas, such as 127.0.0.1,10.0.0.0/8. Only
   * their X-Forwarded-For counts, read from the right.
   *
   * Default: not set.
   */
  trustedProxies: {
    env: 'BIENVENUE_TRUSTED_PROXIES',
    kind: { type: 'text' },
    classic: '',
    production: '',
    list: true,
    about:
      'Addresses and networks of the proxies in front, separated by commas, such as 127.0.0.1,10.0.0.0/8. Only their X-Forwarded-For counts, read from the right.',
    parse: (text: string) => {
      if (parseNetworks(text) === null)
        throw new OptionError('trustedProxies', 'expected addresses and networks with commas between them')
    },
  },
  /**
   * Whether HSTS, which an https BASE_URL turns on, covers the subdomains too. Turn it off on a domain that is
   * shared with others.
   *
   * Default: `true`.
   */
  hstsSubdomains: {
    env: 'BIENVENUE_HSTS_SUBDOMAINS',
    kind: { type: 'switch' },
    classic: true,
    production: true,
    about:
      'Whether HSTS, which an https BASE_URL turns on, covers the subdomains too. Turn it off on a domain that is shared with others.',
  },
  /**
   * Whether GET /openapi.json is public.
   *
   * Default: `true`, in development and production `false`.
   */
  publicApiDocs: {
    env: 'BIENVENUE_PUBLIC_API_DOCS',
    kind: { type: 'switch' },
    classic: true,
    production: false,
    about: 'Whether GET /openapi.json is public.',
  },
} as const satisfies Record<string, Row>

function refusing(option: string, parse: () => unknown): void {
  try {
    parse()
  } catch (error) {
    throw new OptionError(option, (error as Error).message)
  }
}

import { parseOutboundPrivate } from '../lib/outbound-private.ts'
import type { Setting } from './setting.ts'

/** This machine, for providers that run next to the service in development and tests. */
const LOOPBACK = 'localhost,127.0.0.0/8,::1'

/** Sign-in with other providers. */
export const PROVIDERS = {
  outboundPrivate: {
    env: 'BIENVENUE_OUTBOUND_PRIVATE',
    kind: { type: 'text' },
    classic: LOOPBACK,
    development: LOOPBACK,
    production: '',
    list: true,
    about:
      'Hosts and networks outside the public internet that the service may connect to, separated by commas, such as idp.internal,10.0.0.0/8. Name those of the sign-in providers that you have added. Plain http works on loopback only.',
    parse: parseOutboundPrivate,
    exception: (value: string) =>
      value === '' ? null : `requests to providers may reach ${value.replaceAll(',', ', ')}`,
  },
} as const satisfies Record<string, Setting>

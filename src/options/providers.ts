import { parseOutboundPrivate } from '../lib/outbound-private.ts'
import { refusing, type Setting } from './setting.ts'

/** This machine, for providers that run beside the service in development and tests. */
const LOOPBACK = 'localhost,127.0.0.0/8,::1'

/** Sign-in with other providers. */
export const PROVIDERS = {
  /**
   * Hosts and networks that the service may connect to although they are not on the public internet, separated
   * by commas, such as idp.internal,10.0.0.0/8. This is for providers of sign-in that an operator has added.
   * Plain http works on loopback only.
   *
   * Default: `'localhost,127.0.0.0/8,::1'`, in production not set.
   */
  outboundPrivate: {
    env: 'BIENVENUE_OUTBOUND_PRIVATE',
    kind: { type: 'text' },
    classic: LOOPBACK,
    development: LOOPBACK,
    production: '',
    list: true,
    about:
      'Hosts and networks that the service may connect to although they are not on the public internet, separated by commas, such as idp.internal,10.0.0.0/8. This is for providers of sign-in that an operator has added. Plain http works on loopback only.',
    parse: (text: string) => refusing('outboundPrivate', () => parseOutboundPrivate(text)),
    exception: (value: string) =>
      value === '' ? null : `requests to providers may reach ${value.replaceAll(',', ', ')}`,
  },
} as const satisfies Record<string, Setting>

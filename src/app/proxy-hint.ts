import type { Networks } from '../lib/proxies.ts'
import type { Logger } from '../log.ts'
import type { Incoming } from './incoming.ts'

/** The headers that proxies add: X-Forwarded-For by convention, Forwarded by RFC 7239. */
const FORWARDING = ['x-forwarded-for', 'forwarded']

/** Warns once about a proxy that is not trusted. Clients can send these headers too, so it is only a hint. */
export function createProxyHint(proxies: Networks | null, log: Logger): (incoming: Incoming) => void {
  let hasWarned = false
  return (incoming) => {
    if (hasWarned) return
    const header = FORWARDING.find((name) => incoming.header(name) !== null)
    if (header === undefined || incoming.peer === undefined || proxies?.has(incoming.peer)) return
    hasWarned = true
    log.warn(
      { setting: 'BIENVENUE_TRUSTED_PROXIES', header },
      'a request came through a proxy that is not trusted; if the proxy is yours, all its clients count as one IP address',
    )
  }
}

/** The URLs under which a service on this machine is reached. */
import { withoutBrackets } from '../lib/network.ts'

/** These addresses mean every address of this machine. */
export const UNSPECIFIED: ReadonlySet<string> = new Set(['0.0.0.0', '::'])

/** The URL of a service that listens on `host`. */
export function urlOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${withoutBrackets(host)}]` : host}:${port}`
}

/** The same, with a host name that a browser can open if the service listens on every address. */
export function localUrlOf(host: string, port: number): string {
  return urlOf(UNSPECIFIED.has(withoutBrackets(host)) ? 'localhost' : host, port)
}

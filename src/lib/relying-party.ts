import { isIP } from 'node:net'
import { withoutBrackets } from './network.ts'

/** The host that passkeys belong to, and the pages that may use them (WebAuthn Level 3 §4). */
export interface RelyingParty {
  /** The RP ID: a host name. */
  readonly id: string
  /** The exact origins whose pages may use the passkeys. The first is our own. */
  readonly origins: readonly string[]
}

/** What {@link relyingPartyOf} takes from the options. */
interface PasskeyOptions {
  readonly passkeys: boolean
  readonly baseUrl: string
  readonly rpId: string
  readonly passkeyOrigins: string
}

/** The relying party of the service. `null` without passkeys: they are off, or BASE_URL is missing or has an IP address. */
export function relyingPartyOf(options: PasskeyOptions): RelyingParty | null {
  const url = URL.parse(options.baseUrl)
  if (!options.passkeys || url === null || isIP(withoutBrackets(url.hostname)) !== 0) return null
  const related = options.passkeyOrigins === '' ? [] : options.passkeyOrigins.split(',')
  return { id: options.rpId || url.hostname, origins: [url.origin, ...related] }
}

const HOST_NAME =
  /^(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/

/** Whether a text can be an RP ID: a host name in lower case. */
export function isRpId(text: string): boolean {
  return HOST_NAME.test(text)
}

import { isIP } from 'node:net'

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
  if (!options.passkeys || url === null || isIP(url.hostname.replace(/^\[|\]$/g, '')) !== 0) return null
  const related = options.passkeyOrigins === '' ? [] : options.passkeyOrigins.split(',')
  return { id: options.rpId || url.hostname, origins: [url.origin, ...related] }
}

/** Reads the JSON of a credential, before any of its bytes are parsed. Members that we do not use are ignored. */
import { fromBase64url } from './base64url.ts'
import { PasskeyRefusal } from './refusal.ts'

/** The response to a registration, in bytes. */
export interface RegistrationResponse {
  readonly credentialId: Uint8Array
  readonly clientDataJSON: Uint8Array
  readonly attestationObject: Uint8Array
  readonly transports: readonly string[]
  /** Whether the credential is discoverable. `null`: the browser does not say. */
  readonly discoverable: boolean | null
}

/** The response to a sign-in, in bytes. */
export interface AssertionResponse {
  readonly credentialId: Uint8Array
  readonly clientDataJSON: Uint8Array
  readonly authenticatorData: Uint8Array
  readonly signature: Uint8Array
  readonly userHandle: Uint8Array | null
}

export const CREDENTIAL_ID_MAX_BYTES = 1_023

/**
 * The maximum size of each part, in bytes. WebAuthn limits the id and the handle. An attestation object with
 * certificates takes about 6 KB, an RS256 signature of 4,096 bits 512 bytes.
 */
const LIMITS = {
  id: CREDENTIAL_ID_MAX_BYTES,
  userHandle: 64,
  clientDataJSON: 4_096,
  attestationObject: 16_384,
  authenticatorData: 2_048,
  signature: 1_024,
} as const

const TRANSPORT = /^[a-z][a-z0-9-]{0,31}$/
const MAX_TRANSPORTS = 10

/** @throws PasskeyRefusal `malformed`. */
export function readRegistrationResponse(credential: unknown): RegistrationResponse {
  const { credentialId, response, clientExtensionResults } = readCredential(credential)
  return {
    credentialId,
    clientDataJSON: bytesOf(response, 'clientDataJSON'),
    attestationObject: bytesOf(response, 'attestationObject'),
    transports: transportsOf(response.transports),
    discoverable: discoverableOf(clientExtensionResults),
  }
}

/** @throws PasskeyRefusal `malformed`. */
export function readAssertionResponse(credential: unknown): AssertionResponse {
  const { credentialId, response } = readCredential(credential)
  return {
    credentialId,
    clientDataJSON: bytesOf(response, 'clientDataJSON'),
    authenticatorData: bytesOf(response, 'authenticatorData'),
    signature: bytesOf(response, 'signature'),
    // Security keys send none, and some password managers an empty one.
    userHandle: isAbsent(response.userHandle) ? null : bytesOf(response, 'userHandle'),
  }
}

function readCredential(credential: unknown) {
  const { id, rawId = id, type, response, clientExtensionResults } = membersOf(credential)
  if (type !== 'public-key' || rawId !== id) throw new PasskeyRefusal('malformed')
  return { credentialId: bytesOf({ id }, 'id'), response: membersOf(response), clientExtensionResults }
}

type Members = Readonly<Record<string, unknown>>

function membersOf(value: unknown): Members {
  if (typeof value !== 'object' || value === null) throw new PasskeyRefusal('malformed')
  return value as Members
}

const isAbsent = (value: unknown) => value === undefined || value === null || value === ''

function bytesOf(members: Members, name: keyof typeof LIMITS): Uint8Array {
  const text = members[name]
  if (typeof text !== 'string' || text === '' || text.length > Math.ceil((LIMITS[name] * 4) / 3))
    throw new PasskeyRefusal('malformed')
  const bytes = fromBase64url(text)
  if (bytes === null) throw new PasskeyRefusal('malformed')
  return bytes
}

/** Unknown transports are kept: new ones appear, and browsers expect them back. */
function transportsOf(value: unknown): readonly string[] {
  if (value === undefined || value === null) return []
  if (!areTransports(value)) throw new PasskeyRefusal('malformed')
  return [...new Set(value)]
}

/** Whether a value is a list of transports, known ones or not. */
export function areTransports(value: unknown): value is string[] {
  if (!Array.isArray(value) || value.length > MAX_TRANSPORTS) return false
  return value.every((item) => typeof item === 'string' && TRANSPORT.test(item))
}

/** Extension results are unsigned, and password managers send all kinds of them. An unexpected one is ignored. */
function discoverableOf(results: unknown): boolean | null {
  const rk = (results as { credProps?: { rk?: unknown } } | null | undefined)?.credProps?.rk
  return typeof rk === 'boolean' ? rk : null
}

/** Ceremonies to test the passkey checks: our own, and the test vectors of WebAuthn Level 3. */
import { readFileSync } from 'node:fs'
import {
  assertionOptions,
  PasskeyRefusal,
  registrationOptions,
  verifyAssertion,
  verifyRegistration,
} from '../../src/auth/passkeys/webauthn/index.ts'
import {
  type AssertionJson,
  type Changes,
  type RegistrationJson,
  SoftwareAuthenticator,
} from './authenticator.ts'

export const RP_ID = 'auth.example.com'
export const ORIGIN = 'https://auth.example.com'
export const CHALLENGE = Buffer.alloc(32, 7)
export const USER_HANDLE = Buffer.alloc(32, 9)

/** The expectations of both ceremonies, unless a test changes them. */
export const EXPECTED = {
  challenge: CHALLENGE,
  origins: [ORIGIN],
  rpId: RP_ID,
  requireUserVerification: true,
}

export const CREATION = registrationOptions({
  rp: { id: RP_ID, name: 'Example' },
  user: { handle: USER_HANDLE, name: 'bob@example.com' },
  challenge: CHALLENGE,
  kind: 'passkey',
  exclude: [],
})

export const REQUEST = assertionOptions({
  rpId: RP_ID,
  challenge: CHALLENGE,
  allow: [],
  userVerification: 'required',
})

type Options = Partial<ConstructorParameters<typeof SoftwareAuthenticator>[0]>

export function authenticator(options: Options = {}): SoftwareAuthenticator {
  return new SoftwareAuthenticator({ origin: ORIGIN, ...options })
}

/** Registers a new credential. */
export function register(
  changes: Changes = {},
  options: Options = {},
  expected: Partial<typeof EXPECTED> = {},
) {
  const credential = authenticator(options).create(CREATION, changes)
  return verifyRegistration({ ...EXPECTED, ...expected, credential })
}

/** A registered credential, and a function that signs in with it. */
export async function registered(options: Options = {}) {
  const device = authenticator(options)
  const credential = device.create(CREATION)
  const passkey = await verifyRegistration({ ...EXPECTED, credential, requireUserVerification: false })
  return {
    device,
    passkey,
    signIn: (changes: Changes = {}, expected: Partial<typeof EXPECTED> = {}) =>
      verifyAssertion({ ...EXPECTED, ...expected, passkey, credential: device.get(REQUEST, changes) }),
  }
}

/** The reason for a refusal, or `null`. Any other error fails the test. */
export async function reasonOf(attempt: Promise<unknown> | (() => unknown)): Promise<string | null> {
  try {
    await (typeof attempt === 'function' ? attempt() : attempt)
    return null
  } catch (error) {
    if (error instanceof PasskeyRefusal) return error.reason
    throw error
  }
}

/** A registration and a sign-in with the same credential, as a browser sends them. */
export interface Pair {
  readonly name: string
  readonly registration: RegistrationJson
  readonly authentication: AssertionJson
  readonly registrationExpected: typeof EXPECTED
  readonly authenticationExpected: typeof EXPECTED
}

interface VectorFile {
  readonly rpId: string
  readonly origin: string
  readonly vectors: readonly {
    readonly name: string
    readonly credentialId: string
    readonly registration: Readonly<Record<'challenge' | 'clientDataJSON' | 'attestationObject', string>>
    readonly authentication: Readonly<
      Record<'challenge' | 'clientDataJSON' | 'authenticatorData' | 'signature', string>
    >
  }[]
}

/** The 15 vectors of WebAuthn Level 3, each a registration and a sign-in with the same credential. */
export function vectorsOfWebAuthn(): Pair[] {
  const file = new URL('../fixtures/webauthn-vectors.json', import.meta.url)
  const { rpId, origin, vectors } = JSON.parse(readFileSync(file, 'utf8')) as VectorFile
  const bytes = (hex: string) => Buffer.from(hex, 'hex')
  const text = (hex: string) => bytes(hex).toString('base64url')
  const expected = (challenge: string) => ({
    challenge: bytes(challenge),
    origins: [origin],
    rpId,
    requireUserVerification: false,
  })
  return vectors.map(({ name, credentialId, registration, authentication }) => {
    const envelope = {
      id: text(credentialId),
      rawId: text(credentialId),
      type: 'public-key',
      authenticatorAttachment: 'platform',
      clientExtensionResults: {},
    } as const
    return {
      name,
      registration: {
        ...envelope,
        response: {
          clientDataJSON: text(registration.clientDataJSON),
          attestationObject: text(registration.attestationObject),
          transports: [],
        },
      },
      authentication: {
        ...envelope,
        response: {
          clientDataJSON: text(authentication.clientDataJSON),
          authenticatorData: text(authentication.authenticatorData),
          signature: text(authentication.signature),
        },
      },
      registrationExpected: expected(registration.challenge),
      authenticationExpected: expected(authentication.challenge),
    }
  })
}

/** Three authenticators of Chromium: synced with EdDSA, on a stick with EdDSA, and U2F with ES256. */
export function recordedInChromium(): Pair[] {
  const file = new URL('../fixtures/webauthn-chromium.json', import.meta.url)
  const { rpId, origin, ceremonies } = JSON.parse(readFileSync(file, 'utf8')) as {
    readonly rpId: string
    readonly origin: string
    readonly ceremonies: readonly (Pick<Pair, 'name' | 'registration' | 'authentication'> & {
      readonly challenge: string
      readonly requireUserVerification: boolean
    })[]
  }
  return ceremonies.map(({ challenge, requireUserVerification, ...pair }) => {
    const bytes = Buffer.from(challenge, 'base64url')
    const expected = { challenge: bytes, origins: [origin], rpId, requireUserVerification }
    return { ...pair, registrationExpected: expected, authenticationExpected: expected }
  })
}

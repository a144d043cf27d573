/**
 * An authenticator and its browser in software. Creates passkeys and signs with them, as WebAuthn Level 3 says. A test can change
 * any part before it is signed, so that exactly one thing is wrong.
 */
import {
  createHash,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  type SignKeyObjectInput,
  sign,
} from 'node:crypto'

/** A value that can be encoded. */
export type Cbor = number | string | boolean | Uint8Array | readonly Cbor[] | Map<number | string, Cbor>

/** Encodes a value in CBOR (RFC 8949). Lengths are at most 65,535. */
export function cbor(value: Cbor): Buffer {
  if (typeof value === 'boolean') return Buffer.from([value ? 0xf5 : 0xf4])
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value)
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)])
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.length), value])
  if (value instanceof Map)
    return Buffer.concat([head(5, value.size), ...[...value].flat(1).map((item) => cbor(item as Cbor))])
  return Buffer.concat([head(4, value.length), ...value.map(cbor)])
}

function head(major: number, argument: number): Buffer {
  const type = major << 5
  if (argument < 24) return Buffer.from([type | argument])
  if (argument < 256) return Buffer.from([type | 24, argument])
  return Buffer.from([type | 25, argument >> 8, argument & 0xff])
}

/** The algorithm of a key. The service does not accept ES384. */
type KeyKind = 'ES256' | 'EdDSA' | 'RS256' | 'ES384'

const COSE_NUMBER = { ES256: -7, EdDSA: -8, RS256: -257, ES384: -35 } as const

interface Flags {
  readonly up: boolean
  readonly uv: boolean
  readonly be: boolean
  readonly bs: boolean
  /** Whether the authenticator data says that it contains a credential. */
  readonly at: boolean
  /** Whether the authenticator data says that it contains extensions. */
  readonly ed: boolean
}

const FLAG_BITS: Readonly<Record<keyof Flags, number>> = {
  up: 0x01,
  uv: 0x04,
  be: 0x08,
  bs: 0x10,
  at: 0x40,
  ed: 0x80,
}

/** What to change. Changes are made before signing, except to the signature itself. */
export interface Changes {
  /** Members of the client data. `undefined` removes one. */
  readonly clientData?: Readonly<Record<string, unknown>>
  /** The client data as a whole. */
  readonly clientDataJSON?: string | Uint8Array
  readonly origin?: string
  /** The RP ID that is hashed into the authenticator data. */
  readonly rpId?: string
  readonly flags?: Partial<Flags>
  readonly signCount?: number
  /** The credential id in the authenticator data of a registration. */
  readonly credentialId?: Uint8Array
  /** The COSE public key, before it is encoded. */
  readonly publicKey?: (key: Map<number | string, Cbor>) => Map<number | string, Cbor>
  /** The end of the authenticator data, if the flag `ed` is set. */
  readonly extensions?: Uint8Array
  readonly authenticatorData?: (data: Buffer) => Uint8Array
  readonly attestation?: { readonly fmt: string; readonly attStmt: Map<string, Cbor> }
  readonly attestationObject?: (object: Buffer) => Uint8Array
  readonly signature?: (signature: Buffer) => Uint8Array
  readonly userHandle?: Uint8Array | null
}

/** The JSON of a credential, as a browser sends it. */
interface CredentialJson<Response> {
  id: string
  rawId: string
  type: 'public-key'
  response: Response
  authenticatorAttachment: 'platform' | 'cross-platform'
  clientExtensionResults: Record<string, unknown>
}

export type RegistrationJson = CredentialJson<{
  clientDataJSON: string
  attestationObject: string
  transports: string[]
}>

export type AssertionJson = CredentialJson<{
  clientDataJSON: string
  authenticatorData: string
  signature: string
  userHandle?: string
}>

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url')
const digest = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest()

/** One passkey. */
export class SoftwareAuthenticator {
  readonly credentialId: Uint8Array
  readonly aaguid: Uint8Array = Buffer.from('d548826e79b4db40a3d811116f7e8349', 'hex')
  readonly kind: KeyKind
  readonly #keys: { publicKey: KeyObject; privateKey: KeyObject }
  readonly #origin: string
  readonly #flags: Partial<Flags>
  #signCount = 0
  #userHandle: string | undefined

  /**
   * @param options.origin - The page that the browser shows.
   * @param options.flags - The flags of every response. By default the user is verified and the passkey is not synced.
   */
  constructor(options: {
    readonly origin: string
    readonly kind?: KeyKind
    readonly credentialId?: Uint8Array
    readonly flags?: Partial<Flags>
    readonly rsaBits?: number
  }) {
    this.#origin = options.origin
    this.kind = options.kind ?? 'ES256'
    this.credentialId = options.credentialId ?? randomBytes(32)
    this.#flags = { up: true, uv: true, ...options.flags }
    this.#keys = keysOf(this.kind, options.rsaBits ?? 2048)
  }

  /** Creates a credential for the options of a registration. Remembers the user handle. */
  create(
    options: {
      readonly challenge: string
      readonly rp: { readonly id: string }
      readonly user: { readonly id: string }
    },
    changes: Changes = {},
  ): RegistrationJson {
    this.#userHandle = options.user.id
    const clientDataJSON = this.#clientData('webauthn.create', options.challenge, changes)
    const id = changes.credentialId ?? this.credentialId
    const length = Buffer.alloc(2)
    length.writeUInt16BE(id.length)
    const key = this.publicKey()
    const credential = [this.aaguid, length, id, cbor(changes.publicKey?.(key) ?? key)]
    const authenticatorData = this.#authenticatorData(
      options.rp.id,
      { at: true },
      changes.flags?.at === false ? [] : credential,
      changes,
    )
    const { fmt = 'none', attStmt = new Map() } = changes.attestation ?? {}
    const object = cbor(
      new Map<string, Cbor>([
        ['fmt', fmt],
        ['attStmt', attStmt],
        ['authData', authenticatorData],
      ]),
    )
    return {
      ...this.#envelope(),
      response: {
        clientDataJSON: text(clientDataJSON),
        attestationObject: text(changes.attestationObject?.(object) ?? object),
        transports: ['internal', 'hybrid'],
      },
      clientExtensionResults: { credProps: { rk: true } },
    }
  }

  /** Signs the options of a sign-in. */
  get(options: { readonly challenge: string; readonly rpId: string }, changes: Changes = {}): AssertionJson {
    this.#signCount++
    const clientDataJSON = this.#clientData('webauthn.get', options.challenge, changes)
    const authenticatorData = this.#authenticatorData(options.rpId, {}, [], changes)
    const signature = this.#sign(Buffer.concat([authenticatorData, digest(clientDataJSON)]))
    const { userHandle = this.#userHandle && Buffer.from(this.#userHandle, 'base64url') } = changes
    return {
      ...this.#envelope(),
      response: {
        clientDataJSON: text(clientDataJSON),
        authenticatorData: text(authenticatorData),
        signature: text(changes.signature?.(signature) ?? signature),
        ...(userHandle && { userHandle: text(userHandle) }),
      },
      clientExtensionResults: {},
    }
  }

  /** The public key in COSE form (RFC 9053), before it is encoded. */
  publicKey(): Map<number | string, Cbor> {
    const { x = '', y = '', n = '', e = '' } = this.#keys.publicKey.export({ format: 'jwk' })
    const bytes = (value: string) => Buffer.from(value, 'base64url')
    const alg = COSE_NUMBER[this.kind]
    // In the order of the labels: 1 (kty), 3 (alg), -1, -2 and -3.
    const members: Record<KeyKind, Cbor[]> = {
      ES256: [2, alg, 1, bytes(x), bytes(y)],
      ES384: [2, alg, 2, bytes(x), bytes(y)],
      EdDSA: [1, alg, 6, bytes(x)],
      RS256: [3, alg, bytes(n), bytes(e)],
    }
    const labels = [1, 3, -1, -2, -3]
    return new Map(members[this.kind].map((member, index) => [labels[index] as number, member]))
  }

  #envelope() {
    const id = text(this.credentialId)
    return { id, rawId: id, type: 'public-key', authenticatorAttachment: 'platform' } as const
  }

  #clientData(type: string, challenge: string, { clientData, clientDataJSON, origin }: Changes): Buffer {
    if (clientDataJSON !== undefined) return Buffer.from(clientDataJSON as string)
    const members = { type, challenge, origin: origin ?? this.#origin, crossOrigin: false, ...clientData }
    return Buffer.from(JSON.stringify(members))
  }

  #authenticatorData(
    rpId: string,
    own: Partial<Flags>,
    parts: readonly Uint8Array[],
    changes: Changes,
  ): Buffer {
    const flags = { ...this.#flags, ...own, ...changes.flags }
    const bits = Object.entries(FLAG_BITS).map(([name, bit]) => (flags[name as keyof Flags] ? bit : 0))
    const count = Buffer.alloc(4)
    count.writeUInt32BE(changes.signCount ?? this.#signCount)
    const data = Buffer.concat([
      digest(changes.rpId ?? rpId),
      Buffer.from([bits.reduce((sum, bit) => sum + bit, 0)]),
      count,
      ...parts,
      changes.extensions ?? Buffer.alloc(0),
    ])
    return Buffer.from(changes.authenticatorData?.(data) ?? data)
  }

  #sign(data: Buffer): Buffer {
    const key: SignKeyObjectInput = { key: this.#keys.privateKey }
    return sign({ ES256: 'sha256', ES384: 'sha384', RS256: 'sha256', EdDSA: null }[this.kind], data, key)
  }
}

function keysOf(kind: KeyKind, rsaBits: number) {
  if (kind === 'RS256') return generateKeyPairSync('rsa', { modulusLength: rsaBits })
  if (kind === 'EdDSA') return generateKeyPairSync('ed25519')
  return generateKeyPairSync('ec', { namedCurve: kind === 'ES256' ? 'P-256' : 'P-384' })
}

import { generateKeyPairSync } from 'node:crypto'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type Cbor, type Changes, cbor } from '../../../../test/support/authenticator.ts'
import {
  authenticator,
  CHALLENGE,
  CREATION,
  EXPECTED,
  ORIGIN,
  reasonOf,
  register,
} from '../../../../test/support/passkeys.ts'
import { verifyRegistration } from './index.ts'

afterEach(() => void vi.unstubAllGlobals())

describe('a new passkey', () => {
  it.each(['ES256', 'EdDSA', 'RS256'] as const)('is accepted with a key for %s [PKY-07]', async (kind) => {
    const device = authenticator({ kind })
    const passkey = await verifyRegistration({ ...EXPECTED, credential: device.create(CREATION) })
    expect(passkey).toEqual({
      credentialId: new Uint8Array(device.credentialId),
      publicKey: new Uint8Array(cbor(device.publicKey())),
      algorithm: { ES256: -7, EdDSA: -8, RS256: -257 }[kind],
      signCount: 0,
      userVerified: true,
      backupEligible: false,
      backedUp: false,
      transports: ['internal', 'hybrid'],
      aaguid: 'd548826e-79b4-db40-a3d8-11116f7e8349',
      discoverable: true,
    })
  })

  it('is described as its authenticator describes it', async () => {
    const flags = { uv: false, be: true, bs: true }
    const expected = { requireUserVerification: false }
    expect(await register({ flags, signCount: 2 ** 32 - 1 }, {}, expected)).toMatchObject({
      signCount: 2 ** 32 - 1,
      userVerified: false,
      backupEligible: true,
      backedUp: true,
    })
  })

  it('is accepted from each listed origin', async () => {
    const origins = [ORIGIN, 'https://www.example.net']
    const origin = 'https://www.example.net'
    expect(await reasonOf(register({ origin }, {}, { origins }))).toBeNull()
  })

  it('may have extensions in its authenticator data', async () => {
    const extensions = cbor(new Map([['credProtect', 2]]))
    expect(await reasonOf(register({ flags: { ed: true }, extensions }))).toBeNull()
  })

  it('is accepted from browsers that add members to their client data', async () => {
    const clientData = {
      crossOrigin: undefined,
      other_keys_can_be_added_here: 'do not compare clientDataJSON against a template',
    }
    expect(await reasonOf(register({ clientData }))).toBeNull()
  })
})

describe('a registration is refused [PKY-02]', () => {
  it.each<[reason: string, what: string, changes: Changes]>([
    ['wrong_type', 'made for a sign-in', { clientData: { type: 'webauthn.get' } }],
    ['wrong_challenge', 'with another challenge', { clientData: { challenge: 'AAAA' } }],
    ['wrong_challenge', 'without a challenge', { clientData: { challenge: undefined } }],
    ['wrong_origin', 'without an origin', { clientData: { origin: undefined } }],
    ['wrong_origin', 'with a list of origins', { clientData: { origin: [ORIGIN] } }],
    ['cross_origin', 'made in a frame', { clientData: { crossOrigin: true } }],
    ['cross_origin', 'that names its frame', { clientData: { topOrigin: 'https://example.net' } }],
    ['cross_origin', 'that is vague about frames', { clientData: { crossOrigin: 'true' } }],
    ['wrong_rp_id', 'for another RP ID', { rpId: 'example.com' }],
    ['user_absent', 'without presence of the user', { flags: { up: false } }],
    ['user_unverified', 'without verification of the user', { flags: { uv: false } }],
    ['backup_state', 'backed up, but not eligible', { flags: { bs: true } }],
    ['credential_id', 'with the id of another credential', { credentialId: Buffer.alloc(32) }],
    ['malformed', 'without a credential', { flags: { at: false } }],
  ])('%s: %s', async (reason, _, changes) => {
    expect(await reasonOf(register(changes))).toBe(reason)
  })

  it.each([
    'https://auth.example.com.evil.test',
    'https://badauth.example.com',
    'https://auth.example.com:8443',
    'https://auth.example.com/',
    'https://AUTH.example.com',
    'http://auth.example.com',
    'https://example.com',
    'null',
    '',
    'android:apk-key-hash:2nr7SpkJM2vFXCRJrQlm4Jk3nVmE0vT0Z1sVHkZyRJU',
  ])('wrong_origin: %j', async (origin) => {
    expect(await reasonOf(register({ origin }))).toBe('wrong_origin')
  })

  it('wrong_origin: if no origin is listed', async () => {
    expect(await reasonOf(register({}, {}, { origins: [] }))).toBe('wrong_origin')
  })
})

describe('the key of a new passkey is refused [PKY-07]', () => {
  it('if its algorithm is not listed', async () => {
    expect(await reasonOf(register({}, { kind: 'ES384' }))).toBe('algorithm')
  })

  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'jwk' })
  const coordinate = (text = '') => Buffer.from(text, 'base64url')
  it.each<[what: string, kind: 'ES256' | 'EdDSA' | 'RS256', labels: [number, number | Uint8Array][]]>([
    [
      'ES384 under the number of ES256',
      'ES256',
      [
        [-1, 2],
        [-2, coordinate(p384.x)],
        [-3, coordinate(p384.y)],
      ],
    ],
    ['another curve of the same length', 'ES256', [[-1, 8]]],
    ['another type of key', 'ES256', [[1, 1]]],
    ['coordinates that are too short', 'ES256', [[-2, Buffer.alloc(31)]]],
    ['a compressed point', 'ES256', [[-3, 1]]],
    ['Ed25519 as another type of key', 'EdDSA', [[1, 2]]],
    ['X25519, which cannot sign', 'EdDSA', [[-1, 4]]],
    ['an Ed25519 key of another length', 'EdDSA', [[-2, Buffer.alloc(33, 1)]]],
    ['an elliptic key under the number of RS256', 'RS256', [[1, 2]]],
    ['an RSA modulus that takes long to use', 'RS256', [[-1, Buffer.alloc(513, 0xff)]]],
    ['an RSA exponent that takes long to use', 'RS256', [[-2, Buffer.alloc(5, 0xff)]]],
    ['RSA without an exponent', 'RS256', [[-2, Buffer.alloc(0)]]],
    ['RS1, which is RSA with SHA-1', 'RS256', [[3, -65_535]]],
    ['a number that is not an integer', 'ES256', [[3, Buffer.from('-7')]]],
  ])('if it is %s', async (_, kind, labels) => {
    const publicKey: Changes['publicKey'] = (key) => new Map([...key, ...labels])
    expect(await reasonOf(register({ publicKey }, { kind }))).toBe('algorithm')
  })

  it('if it is an RSA key of 1,024 bits', async () => {
    expect(await reasonOf(register({}, { kind: 'RS256', rsaBits: 1024 }))).toBe('algorithm')
  })
})

describe('an attestation', () => {
  // No certificate and no signature: reading them would fail.
  const attStmt = new Map<string, Cbor>([
    ['alg', -7],
    ['sig', Buffer.from('signature')],
    ['x5c', [Buffer.from('certificate')]],
  ])
  it.each(['packed', 'fido-u2f', 'android-key', 'android-safetynet', 'tpm', 'apple', 'new-in-2030'])(
    '%s is dropped unread [PKY-07]',
    async (fmt) => {
      vi.stubGlobal('fetch', () => expect.unreachable('nothing is fetched'))
      expect(await reasonOf(register({ attestation: { fmt, attStmt } }))).toBeNull()
    },
  )
})

describe('the JSON of a registration', () => {
  const good = () => authenticator().create(CREATION)
  const verify = (credential: unknown) => reasonOf(verifyRegistration({ ...EXPECTED, credential }))

  it('may have what other clients send', async () => {
    const { response, ...envelope } = good()
    // As `toJSON()` and @simplewebauthn/browser return it.
    const more = { publicKey: 'AAAA', publicKeyAlgorithm: -7, authenticatorData: 'AAAA' }
    expect(await verify({ ...envelope, response: { ...response, ...more }, somethingNew: {} })).toBeNull()
  })

  it('may lack what is not needed', async () => {
    const { id, type, response } = good()
    const { clientDataJSON, attestationObject } = response
    const credential = { id, type, response: { clientDataJSON, attestationObject } }
    expect(await verifyRegistration({ ...EXPECTED, credential })).toMatchObject({
      transports: [],
      discoverable: null,
    })
  })

  it.each<[discoverable: boolean | null, results: unknown]>([
    [true, { credProps: { rk: true } }],
    [false, { credProps: { rk: false, authenticatorDisplayName: 'x' } }],
    [null, { credProps: { rk: 'yes' } }],
    [null, { credProps: null }],
    [null, null],
    [null, 'none'],
  ])('is discoverable: %s, for the extension results %j', async (discoverable, clientExtensionResults) => {
    const credential = { ...good(), clientExtensionResults }
    expect(await verifyRegistration({ ...EXPECTED, credential })).toMatchObject({ discoverable })
  })

  it.each<[kept: string[] | null, transports: unknown]>([
    [
      ['usb', 'nfc', 'new-in-2030'],
      ['usb', 'nfc', 'usb', 'new-in-2030'],
    ],
    [[], null],
    [null, 'usb'],
    [null, [1]],
    [null, ['<script>']],
    [null, ['x'.repeat(33)]],
    [null, Array(11).fill('usb')],
  ])('keeps %j of the transports %j', async (kept, transports) => {
    const credential = good()
    const attempt = verifyRegistration({
      ...EXPECTED,
      credential: { ...credential, response: { ...credential.response, transports } },
    })
    if (kept === null) expect(await reasonOf(attempt)).toBe('malformed')
    else expect(await attempt).toMatchObject({ transports: kept })
  })

  it('may have an id of 1,023 bytes, and no more [PKY-08]', async () => {
    expect(await reasonOf(register({}, { credentialId: Buffer.alloc(1_023, 1) }))).toBeNull()
    expect(await reasonOf(register({}, { credentialId: Buffer.alloc(1_024, 1) }))).toBe('malformed')
  })

  it.each<[what: string, change: (credential: ReturnType<typeof good>) => unknown]>([
    ['null', () => null],
    ['text', (credential) => JSON.stringify(credential)],
    ['a list', (credential) => [credential]],
    ['another type', (credential) => ({ ...credential, type: 'password' })],
    ['no type', ({ type: _, ...rest }) => rest],
    ['no id', ({ id: _, ...rest }) => rest],
    ['two ids', (credential) => ({ ...credential, rawId: 'AAAA' })],
    ['a numeric id', (credential) => ({ ...credential, id: 1, rawId: 1 })],
    ['no response', ({ response: _, ...rest }) => rest],
    ['a response that is a list', (credential) => ({ ...credential, response: [] })],
    [
      'its members in the prototype',
      (credential) => JSON.parse(`{"__proto__":${JSON.stringify(credential)}}`),
    ],
  ])('is malformed with %s', async (_, change) => {
    expect(await verify(change(good()))).toBe('malformed')
  })

  it.each(['clientDataJSON', 'attestationObject'] as const)('is malformed with a bad %s', async (name) => {
    const credential = good()
    const text = credential.response[name]
    const values = [
      undefined,
      null,
      '',
      1,
      {},
      [text],
      `${text}=`,
      `${text} `,
      `${text}\n`,
      `+${text}`,
      'é',
      'A',
    ]
    for (const value of [...values, 'A'.repeat(60 * 1024)]) {
      const response = { ...credential.response, [name]: value }
      expect(await verify({ ...credential, response }), String(value).slice(0, 20)).toBe('malformed')
    }
  })

  it('is malformed with an attestation of more than 16 KiB', async () => {
    const attestation = (length: number) => ({
      fmt: 'packed',
      attStmt: new Map([['sig', Buffer.alloc(length)]]),
    })
    expect(await reasonOf(register({ attestation: attestation(16_000) }))).toBeNull()
    expect(await reasonOf(register({ attestation: attestation(16_384) }))).toBe('malformed')
  })

  it('is malformed with an id that is not canonical base64url', async () => {
    // One byte and four stray bits, which a lenient decoder drops.
    const credential = { ...good(), id: 'AB', rawId: 'AB' }
    expect(await verify(credential)).toBe('malformed')
  })
})

describe('client data', () => {
  it.each<[what: string, json: string | Uint8Array]>([
    ['that are no JSON', '{"type":"webauthn.create"'],
    ['that are text', '"webauthn.create"'],
    ['that are null', 'null'],
    ['that are not UTF-8', Buffer.from('{"type":"webauthn.create","x":"\xff"}', 'latin1')],
  ])('%s are malformed', async (_, clientDataJSON) => {
    expect(await reasonOf(register({ clientDataJSON }))).toBe('malformed')
  })

  it('are malformed if they are longer than 4 KiB', async () => {
    const type = 'webauthn.get'
    const json = JSON.stringify({ type })
    expect(await reasonOf(register({ clientDataJSON: json.padEnd(4_096) }))).toBe('wrong_type')
    expect(await reasonOf(register({ clientDataJSON: json.padEnd(4_097) }))).toBe('malformed')
  })

  it('that are a list are of the wrong type', async () => {
    expect(await reasonOf(register({ clientDataJSON: '[]' }))).toBe('wrong_type')
  })

  it('cannot hide a member in the prototype', async () => {
    const challenge = CHALLENGE.toString('base64url')
    const clientDataJSON = `{"__proto__":{"type":"webauthn.create","challenge":"${challenge}","origin":"${ORIGIN}"}}`
    expect(await reasonOf(register({ clientDataJSON }))).toBe('wrong_type')
  })
})

describe('CBOR of a registration is malformed', () => {
  const authData = Buffer.from('686175746844617461', 'hex')
  it.each<[what: string, object: Uint8Array]>([
    ['if it is empty data', Buffer.from([0xff])],
    ['if it is a number', cbor(1)],
    ['if it is a list', cbor([1, 2, 3])],
    ['if it has no authenticator data', cbor(new Map([['fmt', 'none']]))],
    ['if the authenticator data are text', cbor(new Map([['authData', 'x'.repeat(200)]]))],
    ['if the authenticator data are a number', cbor(new Map([['authData', 37]]))],
    ['if the authenticator data are short', cbor(new Map([['authData', Buffer.alloc(36)]]))],
    ['if it is nested 1,000 deep', Buffer.alloc(1_000, 0x81)],
    ['if it is nested as deep as the limit allows', Buffer.alloc(16_384, 0x81)],
    ['if maps are nested deep', Buffer.alloc(16_384, Buffer.from([0xa1, 0x01]))],
    ['if tags are nested deep', Buffer.alloc(16_384, 0xc1)],
    ['if a list has 2^32 items', Buffer.from('9b0000000100000000', 'hex')],
    ['if a map has 2^32 items', Buffer.from('bb0000000100000000', 'hex')],
    [
      'if a byte string has 2^32 bytes',
      Buffer.concat([Buffer.from([0xa1]), authData, Buffer.from('5b0000000100000000', 'hex')]),
    ],
    ['if a list has an indefinite length', Buffer.from('9f01ff', 'hex')],
    [
      'if a map has an indefinite length',
      Buffer.concat([Buffer.from([0xbf]), authData, Buffer.from('40ff', 'hex')]),
    ],
    [
      'if a byte string has an indefinite length',
      Buffer.concat([Buffer.from([0xa1]), authData, Buffer.from('5f4100ff', 'hex')]),
    ],
    [
      'if a key occurs twice',
      Buffer.concat([Buffer.from([0xa2]), authData, Buffer.from([0x40]), authData, Buffer.from([0x40])]),
    ],
  ])('%s', async (_, object) => {
    expect(await reasonOf(register({ attestationObject: () => object }))).toBe('malformed')
  })

  it.each<[what: string, changes: Changes]>([
    ['if bytes follow the credential', { extensions: Buffer.from([0xf6]) }],
    ['if extensions are missing', { flags: { ed: true } }],
    ['if extensions are not a map', { flags: { ed: true }, extensions: cbor(1) }],
    ['if extensions are nested deep', { flags: { ed: true }, extensions: Buffer.alloc(14_000, 0x81) }],
    ['if the credential ends early', { authenticatorData: (data) => data.subarray(0, 60) }],
    ['if the key ends early', { authenticatorData: (data) => data.subarray(0, -40) }],
  ])('%s', async (_, changes) => {
    expect(await reasonOf(register(changes))).toBe('malformed')
  })
})

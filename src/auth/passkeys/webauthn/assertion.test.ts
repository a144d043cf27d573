import { generateKeyPairSync } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Changes, cbor } from '../../../../test/support/authenticator.ts'
import {
  authenticator,
  CHALLENGE,
  EXPECTED,
  ORIGIN,
  REQUEST,
  RP_ID,
  reasonOf,
  registered,
  USER_HANDLE,
} from '../../../../test/support/passkeys.ts'
import { checkWithoutKey, readAssertion, verifyAssertion } from './index.ts'

type Registered = Awaited<ReturnType<typeof registered>>
let bob: Registered
beforeAll(async () => {
  bob = await registered()
})

/** An assertion without its key: the same checks, up to the signature. */
const withoutKey = (changes: Changes = {}, expected: Partial<typeof EXPECTED> = {}) =>
  reasonOf(checkWithoutKey({ ...EXPECTED, ...expected, credential: bob.device.get(REQUEST, changes) }))

describe('a sign-in with a passkey', () => {
  it.each(['ES256', 'EdDSA', 'RS256'] as const)('is accepted with a key for %s', async (kind) => {
    const { signIn } = await registered({ kind })
    expect(await signIn()).toEqual({
      signCount: 1,
      userVerified: true,
      backupEligible: false,
      backedUp: false,
    })
  })

  it('returns what the authenticator reports', async () => {
    const flags = { uv: false, be: true, bs: true }
    expect(await bob.signIn({ flags }, { requireUserVerification: false })).toMatchObject({
      userVerified: false,
      backupEligible: true,
      backedUp: true,
    })
  })

  it.each([0, 1, 2 ** 31, 2 ** 32 - 1])('leaves the counter %i to the caller', async (signCount) => {
    expect(await bob.signIn({ signCount })).toMatchObject({ signCount })
  })

  it('may have extensions in its authenticator data', async () => {
    const extensions = cbor(new Map([['appid', true]]))
    expect(await reasonOf(bob.signIn({ flags: { ed: true }, extensions }))).toBeNull()
  })
})

describe('a sign-in is refused, with and without the key [PKY-02]', () => {
  it.each<[reason: string, what: string, changes: Changes]>([
    ['wrong_type', 'made for a registration', { clientData: { type: 'webauthn.create' } }],
    ['wrong_type', 'made for a payment', { clientData: { type: 'payment.get' } }],
    ['wrong_challenge', 'with another challenge', { clientData: { challenge: 'AAAA' } }],
    [
      'wrong_challenge',
      'with a padded challenge',
      { clientData: { challenge: CHALLENGE.toString('base64') } },
    ],
    ['wrong_challenge', 'without a challenge', { clientData: { challenge: undefined } }],
    ['wrong_origin', 'without an origin', { clientData: { origin: undefined } }],
    ['cross_origin', 'made in a frame', { clientData: { crossOrigin: true } }],
    ['cross_origin', 'that names its frame', { clientData: { topOrigin: ORIGIN } }],
    ['cross_origin', 'that names no frame', { clientData: { topOrigin: null } }],
    ['wrong_rp_id', 'for another RP ID', { rpId: 'example.com' }],
    ['user_absent', 'without presence of the user', { flags: { up: false } }],
    ['user_unverified', 'without verification of the user', { flags: { uv: false } }],
    ['backup_state', 'backed up, but not eligible', { flags: { bs: true } }],
    ['malformed', 'with bytes after the authenticator data', { extensions: Buffer.from([0]) }],
    ['malformed', 'with extensions that are missing', { flags: { ed: true } }],
    ['malformed', 'with short authenticator data', { authenticatorData: (data) => data.subarray(0, 36) }],
  ])('%s: %s', async (reason, _, changes) => {
    expect(await reasonOf(bob.signIn(changes))).toBe(reason)
    expect(await withoutKey(changes)).toBe(reason)
  })

  it.each([
    'https://auth.example.com.evil.test',
    'https://badauth.example.com',
    'https://auth.example.com:8443',
    'https://auth.example.com/',
    'http://auth.example.com',
    'null',
    'android:apk-key-hash:2nr7SpkJM2vFXCRJrQlm4Jk3nVmE0vT0Z1sVHkZyRJU',
  ])('wrong_origin: %j', async (origin) => {
    expect(await reasonOf(bob.signIn({ origin }))).toBe('wrong_origin')
    expect(await withoutKey({ origin })).toBe('wrong_origin')
  })

  it('without the key, the signature is not checked', async () => {
    expect(await withoutKey()).toBeNull()
    expect(await withoutKey({ signature: () => Buffer.alloc(64) })).toBeNull()
  })
})

describe('a signature is refused [PKY-02]', () => {
  it('signature: of another passkey', async () => {
    const other = await registered()
    const publicKey = other.passkey.publicKey
    const passkey = { credentialId: bob.passkey.credentialId, publicKey }
    const credential = bob.device.get(REQUEST)
    expect(await reasonOf(verifyAssertion({ ...EXPECTED, credential, passkey }))).toBe('signature')
  })

  it('credential_id: of another passkey than was looked up', async () => {
    const passkey = { ...bob.passkey, credentialId: Buffer.alloc(32) }
    const credential = bob.device.get(REQUEST)
    expect(await reasonOf(verifyAssertion({ ...EXPECTED, credential, passkey }))).toBe('credential_id')
  })

  it.each<[what: string, signature: (signature: Buffer) => Uint8Array]>([
    ['cut short', (signature) => signature.subarray(0, -1)],
    ['with a byte after it', (signature) => Buffer.concat([signature, Buffer.from([0])])],
    ['of zeros', (signature) => Buffer.alloc(signature.length)],
    ['of zero numbers', () => Buffer.from('3006020100020100', 'hex')],
    ['that is not DER', () => Buffer.from('x')],
    ['nested deep', () => Buffer.alloc(1_024, 0x30)],
  ])('signature: %s', async (_, signature) => {
    for (const kind of ['ES256', 'EdDSA'] as const) {
      const { signIn } = kind === 'ES256' ? bob : await registered({ kind })
      expect(await reasonOf(signIn({ signature }))).toBe('signature')
    }
  })

  it.each([
    ['an algorithm that is not listed', () => cbor(authenticator({ kind: 'ES384' }).publicKey())],
    ['nothing', () => new Uint8Array()],
    ['no CBOR', () => Buffer.from([0xff])],
    ['a number', () => cbor(1)],
    ['text', () => cbor('key')],
    ['a list nested deep', () => Buffer.alloc(60_000, 0x81)],
  ])('algorithm: with a stored key of %s [PKY-07]', async (_, publicKey) => {
    const passkey = { ...bob.passkey, publicKey: publicKey() }
    const credential = bob.device.get(REQUEST)
    expect(await reasonOf(verifyAssertion({ ...EXPECTED, credential, passkey }))).toBe('algorithm')
  })

  it('signature: with a stored point that is not on its curve', async () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })
    const key = authenticator()
      .publicKey()
      .set(-2, Buffer.from(other.x ?? '', 'base64url'))
    const passkey = { ...bob.passkey, publicKey: cbor(key) }
    const credential = bob.device.get(REQUEST)
    expect(await reasonOf(verifyAssertion({ ...EXPECTED, credential, passkey }))).toBe('signature')
  })
})

describe('no byte of what is signed can be changed', () => {
  it.each(['clientDataJSON', 'authenticatorData', 'signature'] as const)('%s [PKY-02]', async (name) => {
    const credential = bob.device.get(REQUEST)
    const original = Buffer.from(credential.response[name], 'base64url')
    const seen = new Set<string | null>()
    for (let index = 0; index < original.length; index++) {
      for (const bit of [0x01, 0x80]) {
        const altered = Buffer.from(original)
        altered.writeUInt8(altered.readUInt8(index) ^ bit, index)
        const response = { ...credential.response, [name]: altered.toString('base64url') }
        const attempt = verifyAssertion({
          ...EXPECTED,
          requireUserVerification: false,
          credential: { ...credential, response },
          passkey: bob.passkey,
        })
        const reason = await reasonOf(attempt)
        expect(reason, `byte ${index}`).not.toBeNull()
        seen.add(reason)
      }
    }
    expect([...seen]).toContain('signature')
  })

  it('each bit of an ES256 signature [PKY-02]', async () => {
    const credential = bob.device.get(REQUEST)
    const original = Buffer.from(credential.response.signature, 'base64url')
    for (let bit = 0; bit < original.length * 8; bit++) {
      const altered = Buffer.from(original)
      altered.writeUInt8(altered.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
      const response = { ...credential.response, signature: altered.toString('base64url') }
      const attempt = verifyAssertion({
        ...EXPECTED,
        credential: { ...credential, response },
        passkey: bob.passkey,
      })
      expect(await reasonOf(attempt), `bit ${bit}`).toBe('signature')
    }
  })
})

describe('the JSON of a sign-in', () => {
  it('names the passkey and the account', () => {
    expect(readAssertion(bob.device.get(REQUEST))).toEqual({
      credentialId: new Uint8Array(bob.device.credentialId),
      userHandle: new Uint8Array(USER_HANDLE),
    })
  })

  it.each([undefined, null, ''])('may lack the account: %j', (userHandle) => {
    const credential = bob.device.get(REQUEST)
    const response = { ...credential.response, userHandle }
    expect(readAssertion({ ...credential, response }).userHandle).toBeNull()
  })

  it('may have what other clients send', async () => {
    const { response, ...envelope } = bob.device.get(REQUEST)
    const credential = { ...envelope, response: { ...response, somethingNew: 1 }, somethingElse: {} }
    const attempt = verifyAssertion({ ...EXPECTED, credential, passkey: bob.passkey })
    expect(await reasonOf(attempt)).toBeNull()
  })

  it.each(['clientDataJSON', 'authenticatorData', 'signature', 'userHandle'] as const)(
    'is malformed with a bad %s',
    async (name) => {
      const credential = bob.device.get(REQUEST)
      const text = credential.response[name] ?? ''
      const values: unknown[] = [
        1,
        {},
        [text],
        `${text}=`,
        `${text} `,
        `+${text}`,
        'é',
        'A',
        'A'.repeat(60 * 1024),
      ]
      if (name !== 'userHandle') values.push(undefined, null, '')
      for (const value of values) {
        const changed = { ...credential, response: { ...credential.response, [name]: value } }
        const what = String(value).slice(0, 20)
        expect(await reasonOf(() => readAssertion(changed)), what).toBe('malformed')
        const input = { ...EXPECTED, credential: changed }
        expect(await reasonOf(checkWithoutKey(input)), what).toBe('malformed')
        expect(await reasonOf(verifyAssertion({ ...input, passkey: bob.passkey })), what).toBe('malformed')
      }
    },
  )

  it.each([
    ['userHandle', 64],
    ['authenticatorData', 2_048],
    ['signature', 1_024],
  ] as const)('is malformed if %s is longer than %i bytes', async (name, limit) => {
    const credential = bob.device.get(REQUEST)
    const withBytes = (count: number) => ({
      ...credential,
      response: { ...credential.response, [name]: Buffer.alloc(count).toString('base64url') },
    })
    expect(await reasonOf(() => readAssertion(withBytes(limit)))).toBeNull()
    expect(await reasonOf(() => readAssertion(withBytes(limit + 1)))).toBe('malformed')
  })

  it('is malformed without a sign-in in it', async () => {
    expect(await reasonOf(() => readAssertion(undefined))).toBe('malformed')
    const { response, ...envelope } = bob.device.get(REQUEST)
    expect(await reasonOf(() => readAssertion(envelope))).toBe('malformed')
    expect(await reasonOf(() => readAssertion({ ...envelope, response: [response] }))).toBe('malformed')
  })
})

it('checks the origins and the host that the caller expects', async () => {
  const device = authenticator({ origin: 'https://www.example.net' })
  const credential = device.get({ ...REQUEST, rpId: 'example.net' })
  const expected = { ...EXPECTED, origins: [ORIGIN, 'https://www.example.net'] }
  expect(await reasonOf(checkWithoutKey({ ...expected, credential }))).toBe('wrong_rp_id')
  expect(await reasonOf(checkWithoutKey({ ...expected, rpId: 'example.net', credential }))).toBeNull()
  expect(await reasonOf(checkWithoutKey({ ...expected, rpId: RP_ID.toUpperCase(), credential }))).toBe(
    'wrong_rp_id',
  )
})

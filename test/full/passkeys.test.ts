/** Passkeys under mutated ceremonies and random input: refused for a reason, never with another error, and never slowly. */
import { beforeAll, describe, expect, it } from 'vitest'
import {
  checkWithoutKey,
  verifyAssertion,
  verifyRegistration,
} from '../../src/auth/passkeys/webauthn/index.ts'
import { cbor } from '../support/authenticator.ts'
import {
  CREATION,
  EXPECTED,
  REQUEST,
  reasonOf,
  recordedInChromium,
  register,
  registered,
  vectorsOfWebAuthn,
} from '../support/passkeys.ts'

type Json = Record<string, unknown>

/** A ceremony that is accepted as it is. */
interface Ceremony {
  readonly expected: typeof EXPECTED
  readonly credential: { readonly response: Json } & Json
  /** Of a sign-in. */
  readonly passkey?: { readonly credentialId: Uint8Array; readonly publicKey: Uint8Array }
}

/** Random numbers from 0 to `below - 1`, the same in every run (Park and Miller). */
function randomFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state * 48_271) % 0x7fffffff
    return Math.floor((state / 0x7fffffff) * below)
  }
}

const MAJOR_TYPES = [0x00, 0x20, 0x40, 0x60, 0x80, 0xa0, 0xc0, 0xe0]

/** Changes bytes as transmission errors, attackers and faulty authenticators would. */
function mutated(bytes: Buffer, random: (below: number) => number): Buffer {
  const at = random(bytes.length)
  const copy = Buffer.from(bytes)
  switch (random(7)) {
    case 0:
      copy.writeUInt8(copy.readUInt8(at) ^ (1 << random(8)), at)
      return copy
    case 1:
      copy.writeUInt8(random(256), at)
      return copy
    case 2:
      copy.writeUInt8((MAJOR_TYPES[random(8)] ?? 0) | random(32), at)
      return copy
    case 3:
      return copy.subarray(0, at)
    case 4:
      return Buffer.concat([copy.subarray(0, at), copy.subarray(at + 1 + random(8))])
    case 5:
      return Buffer.concat([
        copy.subarray(0, at),
        Buffer.alloc(1 + random(64), random(256)),
        copy.subarray(at),
      ])
    default:
      return Buffer.concat([copy.subarray(0, at), copy.subarray(random(bytes.length))])
  }
}

const STRANGE: readonly unknown[] = [
  null,
  undefined,
  '',
  0,
  true,
  [],
  {},
  'null',
  '\u0000',
  { __proto__: null },
]

function mutatedCeremony({ credential }: Ceremony, random: (below: number) => number): Json {
  const names = Object.keys(credential.response)
  const name = names[random(names.length)] ?? ''
  if (random(20) === 0) {
    const outer = Object.keys(credential)
    return { ...credential, [outer[random(outer.length)] ?? '']: STRANGE[random(STRANGE.length)] }
  }
  const value = credential.response[name]
  const change =
    typeof value !== 'string' || random(20) === 0
      ? STRANGE[random(STRANGE.length)]
      : mutated(Buffer.from(value, 'base64url'), random).toString('base64url')
  return { ...credential, response: { ...credential.response, [name]: change } }
}

const SIGNED = ['clientDataJSON', 'authenticatorData', 'signature']

let ceremonies: Ceremony[]
beforeAll(async () => {
  ceremonies = []
  for (const pair of [...vectorsOfWebAuthn(), ...recordedInChromium()]) {
    const { registration, registrationExpected, authentication, authenticationExpected } = pair
    const attempt = verifyRegistration({ ...registrationExpected, credential: registration })
    const passkey = await attempt.catch(() => null)
    if (passkey === null) continue
    ceremonies.push({ expected: registrationExpected, credential: { ...registration } })
    ceremonies.push({ expected: authenticationExpected, credential: { ...authentication }, passkey })
  }
  for (const kind of ['ES256', 'EdDSA', 'RS256'] as const) {
    const { device, passkey } = await registered({ kind })
    ceremonies.push({ expected: EXPECTED, credential: { ...device.create(CREATION) } })
    ceremonies.push({ expected: EXPECTED, credential: { ...device.get(REQUEST) }, passkey })
  }
})

it('10,000 mutations of ceremonies are refused, or change nothing that is signed', async () => {
  const random = randomFrom(20_261_126)
  const reasons = new Map<string | null, number>()
  for (let count = 0; count < 10_000; count++) {
    const ceremony = ceremonies[random(ceremonies.length)] ?? expect.unreachable()
    const credential = mutatedCeremony(ceremony, random)
    const { expected, passkey } = ceremony
    const reason = await reasonOf(
      passkey === undefined
        ? verifyRegistration({ ...expected, credential })
        : verifyAssertion({ ...expected, credential, passkey }),
    )
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
    if (reason !== null || passkey === undefined) continue
    for (const name of SIGNED)
      expect((credential.response as Json)[name], `${name} of mutation ${count}`).toBe(
        ceremony.credential.response[name],
      )
  }
  expect([...reasons.keys()]).toEqual(
    expect.arrayContaining([
      null,
      'malformed',
      'wrong_challenge',
      'wrong_rp_id',
      'user_absent',
      'algorithm',
      'signature',
    ]),
  )
})

it('20,000 random bodies are malformed or refused', async () => {
  const random = randomFrom(7)
  const NAMES = [
    'id',
    'rawId',
    'type',
    'response',
    'clientDataJSON',
    'authenticatorData',
    'signature',
    'attestationObject',
  ]
  const VALUES = [
    'public-key',
    'AAAA',
    Buffer.from('{"type":"webauthn.get"}').toString('base64url'),
    'A'.repeat(65_536),
  ]
  const valueAt = (depth: number): unknown => {
    const kind = random(depth > 4 ? 3 : 6)
    if (kind === 0) return VALUES[random(VALUES.length)]
    if (kind === 1) return STRANGE[random(STRANGE.length)]
    if (kind === 2)
      return Buffer.from(Array.from({ length: random(64) }, () => random(256))).toString('base64url')
    const entries = Array.from({ length: random(10) }, () => [
      NAMES[random(NAMES.length)],
      valueAt(depth + 1),
    ])
    return kind === 3 ? entries : Object.fromEntries(entries)
  }
  for (let count = 0; count < 20_000; count++) {
    const credential = valueAt(0)
    expect(await reasonOf(checkWithoutKey({ ...EXPECTED, credential }))).not.toBeNull()
    expect(await reasonOf(verifyRegistration({ ...EXPECTED, credential }))).not.toBeNull()
  }
})

describe('the slowest input that a client can send takes less than 5 ms', () => {
  it.each<[what: string, object: Uint8Array]>([
    ['lists nested as deep as fits', Buffer.alloc(16_384, 0x81)],
    ['maps nested as deep as fits', Buffer.alloc(16_384, Buffer.from([0xa1, 0x01]))],
    ['tags nested as deep as fits', Buffer.alloc(16_384, 0xc1)],
    ['a list of 2^32 items', Buffer.concat([Buffer.from('9b0000000100000000', 'hex'), Buffer.alloc(16_000)])],
    ['a list of empty maps', Buffer.concat([Buffer.from('993e80', 'hex'), Buffer.alloc(16_000, 0xa0)])],
    ['a map of numbers', cbor(new Map(Array.from({ length: 4_000 }, (_, index) => [index, 0])))],
    ['byte strings that claim 2^32 bytes', Buffer.alloc(16_384, Buffer.from('5b0000000100000000', 'hex'))],
  ])('%s', async (_, object) => {
    let least = Number.POSITIVE_INFINITY
    for (let run = 0; run < 10; run++) {
      const credential = { attestationObject: () => object }
      const started = performance.now()
      expect(await reasonOf(register(credential))).toBe('malformed')
      least = Math.min(least, performance.now() - started)
    }
    expect(least).toBeLessThan(5)
  })
})

/** The test vectors of WebAuthn Level 3, section 16, and what a browser has sent. */
import { expect, it } from 'vitest'
import { reasonOf, recordedInChromium, vectorsOfWebAuthn } from '../../../../test/support/passkeys.ts'
import { verifyAssertion, verifyRegistration } from './index.ts'

const VECTORS = vectorsOfWebAuthn()

/** Made in a frame, or with a key of an algorithm that is not listed. */
const REFUSED: Readonly<Record<string, string>> = {
  'ES256 Credential with "crossOrigin": true in clientDataJSON': 'cross_origin',
  'ES256 Credential with "topOrigin" in clientDataJSON': 'cross_origin',
  'Packed Attestation with ES384 Credential': 'algorithm',
  'Packed Attestation with ES512 Credential': 'algorithm',
  'Packed Attestation with Ed448 Credential': 'algorithm',
}

it('has 15 vectors', () => {
  expect(VECTORS).toHaveLength(15)
})

it.each(VECTORS.filter(({ name }) => !(name in REFUSED)))('accepts the vector: $name', async (vector) => {
  const passkey = await verifyRegistration({
    ...vector.registrationExpected,
    credential: vector.registration,
  })
  expect(Buffer.from(passkey.credentialId).toString('base64url')).toBe(vector.registration.id)
  const assertion = { ...vector.authenticationExpected, credential: vector.authentication }
  expect(await verifyAssertion({ ...assertion, passkey })).toMatchObject({ signCount: 0 })

  const [first = 0, ...rest] = vector.registrationExpected.challenge
  const otherChallenge = Buffer.from([first ^ 1, ...rest])
  expect(await reasonOf(verifyAssertion({ ...assertion, challenge: otherChallenge, passkey }))).toBe(
    'wrong_challenge',
  )
  const signature = Buffer.from(vector.authentication.response.signature, 'base64url')
  signature.writeUInt8(signature.readUInt8(signature.length - 1) ^ 1, signature.length - 1)
  const response = { ...vector.authentication.response, signature: signature.toString('base64url') }
  const altered = { ...vector.authentication, response }
  expect(await reasonOf(verifyAssertion({ ...assertion, credential: altered, passkey }))).toBe('signature')
})

it.each(VECTORS.filter(({ name }) => name in REFUSED))('refuses the vector: $name', async (vector) => {
  const reason = REFUSED[vector.name]
  expect(
    await reasonOf(verifyRegistration({ ...vector.registrationExpected, credential: vector.registration })),
  ).toBe(reason)
  if (reason !== 'cross_origin') return
  const passkey = {
    credentialId: Buffer.from(vector.authentication.id, 'base64url'),
    publicKey: Buffer.alloc(0),
  }
  expect(
    await reasonOf(
      verifyAssertion({ ...vector.authenticationExpected, credential: vector.authentication, passkey }),
    ),
  ).toBe(reason)
})

it.each(recordedInChromium())('accepts what Chromium sends: $name', async (pair) => {
  const passkey = await verifyRegistration({ ...pair.registrationExpected, credential: pair.registration })
  expect(passkey).toMatchObject({ discoverable: pair.name !== 'U2F', userVerified: pair.name !== 'U2F' })
  const input = { ...pair.authenticationExpected, credential: pair.authentication, passkey }
  expect(await verifyAssertion(input)).toMatchObject({
    signCount: 2,
    backedUp: pair.name === 'internal, synced',
  })
})

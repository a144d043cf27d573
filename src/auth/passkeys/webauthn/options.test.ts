import { expect, it } from 'vitest'
import { assertionOptions, registrationOptions } from './index.ts'

const REGISTRATION = {
  rp: { id: 'auth.example.com', name: 'Example' },
  user: { handle: new Uint8Array(32).fill(0xff), name: 'bob@example.com' },
  challenge: new Uint8Array([0xfb, 0xff]),
  exclude: [{ credentialId: new Uint8Array([1, 2, 3]), transports: ['usb'] }],
}

it('asks for a passkey that signs in on its own', () => {
  expect(registrationOptions({ ...REGISTRATION, kind: 'passkey' })).toEqual({
    rp: { id: 'auth.example.com', name: 'Example' },
    user: {
      id: `${'_'.repeat(42)}8`,
      name: 'bob@example.com',
      displayName: 'bob@example.com',
    },
    challenge: '-_8',
    pubKeyCredParams: [
      { type: 'public-key', alg: -8 },
      { type: 'public-key', alg: -7 },
      { type: 'public-key', alg: -257 },
    ],
    timeout: 300_000,
    excludeCredentials: [{ type: 'public-key', id: 'AQID', transports: ['usb'] }],
    authenticatorSelection: {
      residentKey: 'required',
      requireResidentKey: true,
      userVerification: 'required',
    },
    hints: [],
    attestation: 'none',
    extensions: { credProps: true },
  })
})

it('asks for a security key as a second factor', () => {
  expect(registrationOptions({ ...REGISTRATION, kind: 'security_key' })).toMatchObject({
    authenticatorSelection: {
      residentKey: 'discouraged',
      requireResidentKey: false,
      userVerification: 'preferred',
      authenticatorAttachment: 'cross-platform',
    },
    hints: ['security-key'],
  })
})

it('asks for any passkey of the site, or for one of an account', () => {
  const rpId = 'auth.example.com'
  const challenge = new Uint8Array([0xfb, 0xff])
  expect(assertionOptions({ rpId, challenge, allow: [], userVerification: 'required' })).toEqual({
    challenge: '-_8',
    rpId,
    timeout: 300_000,
    allowCredentials: [],
    userVerification: 'required',
  })
  const allow = REGISTRATION.exclude
  expect(
    assertionOptions({ rpId, challenge, allow, userVerification: 'preferred' }).allowCredentials,
  ).toEqual([{ type: 'public-key', id: 'AQID', transports: ['usb'] }])
})

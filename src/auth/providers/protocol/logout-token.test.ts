import { expect, it } from 'vitest'
import {
  FAKE_CLIENT,
  type FakeProviderKnobs,
  startFakeProvider,
} from '../../../../test/support/fake-provider.ts'
import { configFor, httpFor, refusalOf } from '../../../../test/support/provider-trip.ts'
import { verifyLogoutToken } from './index.ts'

type Json = Record<string, unknown>

const seconds = () => Math.floor(Date.now() / 1_000)
const EVENT = 'http://schemas.openid.net/event/backchannel-logout'

/** Sends a logout token that differs from a valid one. */
async function send(
  change: (claims: Json) => Json = (claims) => claims,
  header: Json = {},
  knobs: FakeProviderKnobs = {},
) {
  const fake = await startFakeProvider(knobs)
  const iat = seconds()
  const claims = {
    iss: fake.issuer,
    aud: FAKE_CLIENT.clientId,
    iat,
    exp: iat + 120,
    jti: 'token-1',
    sub: 'person-1',
    sid: 'session-1',
    events: { [EVENT]: {} },
  }
  const token = await fake.sign(change(claims), { typ: 'logout+jwt', ...header })
  return { fake, iat, notice: verifyLogoutToken(httpFor(), configFor(fake), token) }
}

it('returns who signed out at the provider', async () => {
  const { fake, iat, notice } = await send()
  expect(await notice).toEqual({
    issuer: fake.issuer,
    subject: 'person-1',
    sid: 'session-1',
    jti: 'token-1',
    issuedAt: new Date(iat * 1_000),
  })
})

it.each<[what: string, change: (claims: Json) => Json, notice: Json]>([
  ['a subject only', ({ sid, ...claims }) => claims, { subject: 'person-1', sid: null }],
  ['a session only', ({ sub, ...claims }) => claims, { subject: null, sid: 'session-1' }],
  ['no expiry, as older providers do', ({ exp, ...claims }) => claims, { jti: 'token-1' }],
])('accepts a token with %s', async (_, change, expected) => {
  const { notice } = await send(change)
  expect(await notice).toMatchObject(expected)
})

it('identifies people by the same claim as their identities', async () => {
  const { fake } = await send()
  const signed = async (claims: Json) =>
    fake.sign(
      {
        iss: fake.issuer,
        aud: FAKE_CLIENT.clientId,
        iat: seconds(),
        jti: 'token-2',
        sub: 'pairwise',
        events: { [EVENT]: {} },
        ...claims,
      },
      { typ: 'logout+jwt' },
    )
  const provider = configFor(fake, { preset: 'microsoft', tenants: ['*'] })
  const notice = async (claims: Json) => verifyLogoutToken(httpFor(), provider, await signed(claims))
  expect(await notice({ oid: 'person-1' })).toMatchObject({ subject: 'person-1', sid: null })
  expect(await notice({ sid: 'session-1' })).toMatchObject({ subject: null, sid: 'session-1' })
})

it('accepts a token of the general type', async () => {
  const { notice } = await send(undefined, { typ: 'JWT' })
  expect(await notice).toMatchObject({ jti: 'token-1' })
})

it.each<[what: string, change: (claims: Json) => Json, reason: string]>([
  ['without the event', ({ events, ...claims }) => claims, 'logout token events'],
  [
    'with another event',
    (c) => ({ ...c, events: { 'https://example.com/event': {} } }),
    'logout token events',
  ],
  [
    'with an event that is not an object',
    (c) => ({ ...c, events: { [EVENT]: true } }),
    'logout token events',
  ],
  ['with a nonce, like an ID token', (c) => ({ ...c, nonce: 'n' }), 'logout token nonce'],
  ['that is stale', (c) => ({ ...c, iat: seconds() - 400 }), 'ERR_JWT_EXPIRED iat'],
  ['that has expired', (c) => ({ ...c, exp: seconds() - 90 }), 'ERR_JWT_EXPIRED exp'],
  ['from the future', (c) => ({ ...c, iat: seconds() + 90 }), 'ERR_JWT_CLAIM_VALIDATION_FAILED iat'],
  ['without a time', ({ iat, ...c }) => c, 'ERR_JWT_CLAIM_VALIDATION_FAILED iat'],
  ['without an id', ({ jti, ...c }) => c, 'ERR_JWT_CLAIM_VALIDATION_FAILED jti'],
  ['with an id that is not text', (c) => ({ ...c, jti: 1 }), 'logout token jti'],
  ['for another client', (c) => ({ ...c, aud: 'other' }), 'ERR_JWT_CLAIM_VALIDATION_FAILED aud'],
  [
    'of another issuer',
    (c) => ({ ...c, iss: 'https://evil.example' }),
    'ERR_JWT_CLAIM_VALIDATION_FAILED iss',
  ],
  ['for nobody', ({ sub, sid, ...c }) => c, 'logout token subject'],
  ['with a subject that cannot be stored', (c) => ({ ...c, sub: 'a\0b' }), 'logout token subject'],
  ['with a session that is not text', (c) => ({ ...c, sid: 1 }), 'logout token subject'],
])('refuses a logout token %s [FED-08]', async (_, change, reason) => {
  const { notice } = await send(change)
  expect(await refusalOf(notice)).toEqual(['provider_failed', reason])
})

it.each<[what: string, header: Json, knobs: FakeProviderKnobs, reason: string]>([
  ['of another type', { typ: 'at+jwt' }, {}, 'token type'],
  ['without a signature', {}, { signature: 'none' }, 'ERR_JOSE_ALG_NOT_ALLOWED'],
  ['signed with the public key', {}, { signature: 'public key' }, 'ERR_JOSE_ALG_NOT_ALLOWED'],
  ['signed with another key', {}, { signature: 'other key' }, 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED'],
  ['of an unknown key', { kid: 'key-2' }, {}, 'ERR_JWKS_NO_MATCHING_KEY'],
])('refuses a logout token %s [FED-08] [CRY-06]', async (_, header, knobs, reason) => {
  const { notice } = await send(undefined, header, knobs)
  expect(await refusalOf(notice)).toEqual(['provider_failed', reason])
})

it('refuses text that is not a token, and any token of a provider without logout tokens', async () => {
  const fake = await startFakeProvider()
  const [code] = await refusalOf(verifyLogoutToken(httpFor(), configFor(fake), 'x'))
  expect(code).toBe('provider_failed')
  const github = configFor(fake, { preset: 'github', issuer: fake.githubIssuer })
  expect(await refusalOf(verifyLogoutToken(httpFor(), github, 'x'))).toEqual([
    'provider_failed',
    'no logout tokens',
  ])
})

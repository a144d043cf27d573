import { expect, it } from 'vitest'
import {
  FAKE_CLIENT,
  FAKE_PERSON,
  type FakeProviderKnobs,
  startFakeProvider,
} from '../../../../test/support/fake-provider.ts'
import { configFor, httpFor, refusalOf, TRIP, trip } from '../../../../test/support/provider-trip.ts'
import { authorizationUrl, redeem } from './index.ts'

const seconds = () => Math.floor(Date.now() / 1_000)
const MINUTE = 60

it('sends PKCE, state and nonce, and requests only the scopes in use [FED-07]', async () => {
  const fake = await startFakeProvider()
  const url = await authorizationUrl(httpFor(), configFor(fake), TRIP)
  expect(`${url.origin}${url.pathname}`).toBe(`${fake.origin}/authorize`)
  expect(Object.fromEntries(url.searchParams)).toEqual({
    client_id: FAKE_CLIENT.clientId,
    response_type: 'code',
    redirect_uri: TRIP.redirectUri,
    scope: 'openid email profile',
    state: TRIP.state,
    nonce: TRIP.nonce,
    code_challenge: expect.stringMatching(/^[\w-]{43}$/),
    code_challenge_method: 'S256',
  })
})

it('requests the scopes of the operator, and always an ID token', async () => {
  const fake = await startFakeProvider()
  const url = await authorizationUrl(httpFor(), configFor(fake, { scopes: ['email'] }), TRIP)
  expect(url.searchParams.get('scope')).toBe('openid email')
})

it('returns who the person is, and no token [FED-07]', async () => {
  const fake = await startFakeProvider({ claims: (claims) => ({ ...claims, sid: 'session-1' }) })
  expect(await trip(fake)).toEqual({
    issuer: fake.issuer,
    subject: FAKE_PERSON.sub,
    email: FAKE_PERSON.email,
    emailVerified: true,
    name: FAKE_PERSON.name,
    sid: 'session-1',
  })
})

it('authenticates with the method that the provider lists: basic, post, or none for a public client', async () => {
  const fake = await startFakeProvider()
  const plain = configFor(fake, { clientSecret: 'letters-and-digits-1' })
  await trip(fake, plain)
  expect(fake.tokenRequests[0]?.authorization).toMatch(/^Basic /)
  expect(fake.tokenRequests[0]?.form.get('client_secret')).toBe(null)

  fake.knobs = {
    document: (document) => ({ ...document, token_endpoint_auth_methods_supported: ['client_secret_post'] }),
  }
  await trip(fake)
  expect(fake.tokenRequests[1]?.authorization).toBe(undefined)
  expect(fake.tokenRequests[1]?.form.get('client_secret')).toBe(FAKE_CLIENT.clientSecret)

  await trip(fake, configFor(fake, { clientSecret: null }))
  expect(fake.tokenRequests[2]?.authorization).toBe(undefined)
  expect(Object.fromEntries(fake.tokenRequests[2]?.form ?? [])).toEqual({
    client_id: FAKE_CLIENT.clientId,
    grant_type: 'authorization_code',
    code: expect.any(String),
    code_verifier: TRIP.codeVerifier,
    redirect_uri: TRIP.redirectUri,
  })
})

it('sends a secret that Basic would have to encode in the body, if the provider accepts that', async () => {
  const fake = await startFakeProvider()
  await trip(fake)
  expect(fake.tokenRequests[0]?.authorization).toBe(undefined)
  expect(fake.tokenRequests[0]?.form.get('client_secret')).toBe(FAKE_CLIENT.clientSecret)
  fake.knobs.document = (document) => ({
    ...document,
    token_endpoint_auth_methods_supported: ['client_secret_basic'],
  })
  await trip(fake)
  expect(fake.tokenRequests[1]?.authorization).toMatch(/^Basic /)
})

it('reads an answer that the browser posted', async () => {
  const fake = await startFakeProvider()
  const http = httpFor()
  const callback = fake.authorize(await authorizationUrl(http, configFor(fake), TRIP))
  const form = Object.fromEntries(callback.searchParams)
  const posted = { ...TRIP, callback: new URL(TRIP.redirectUri), form }
  expect(await redeem(http, configFor(fake), posted)).toMatchObject({ subject: FAKE_PERSON.sub })
})

/** What each attack changes, and why it fails. */
const BAD_ID_TOKENS: readonly (readonly [what: string, knobs: FakeProviderKnobs, reason: string])[] = [
  ['without a signature', { signature: 'none' }, 'OAUTH_INVALID_RESPONSE'],
  ['signed with the public key as a shared secret', { signature: 'public key' }, 'OAUTH_INVALID_RESPONSE'],
  ['signed with another key', { signature: 'other key' }, 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED'],
  ['of an unknown key', { header: () => ({ kid: 'key-2' }) }, 'ERR_JWKS_NO_MATCHING_KEY'],
  ['of an odd key id', { header: () => ({ kid: '../../key-1' }) }, 'ERR_JWKS_NO_MATCHING_KEY'],
  [
    'with a key of its own elsewhere (jku, x5u)',
    {
      signature: 'other key',
      header: () => ({ jku: 'http://127.0.0.1:1/keys', x5u: 'http://127.0.0.1:1/x' }),
    },
    'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
  ],
  ['of another type', { header: () => ({ typ: 'logout+jwt' }) }, 'token type'],
  [
    'for another client',
    { claims: (c) => ({ ...c, aud: 'other' }) },
    'OAUTH_JWT_CLAIM_COMPARISON_FAILED aud',
  ],
  [
    'for a second client, without azp',
    { claims: (c) => ({ ...c, aud: [c.aud, 'other'] }) },
    'OAUTH_JWT_CLAIM_COMPARISON_FAILED aud',
  ],
  [
    'for a second client, which asked for it',
    { claims: (c) => ({ ...c, aud: [c.aud, 'other'], azp: 'other' }) },
    'OAUTH_JWT_CLAIM_COMPARISON_FAILED azp',
  ],
  ['that another client asked for', { claims: (c) => ({ ...c, azp: 'other' }) }, 'azp'],
  [
    'that has expired',
    { claims: (c) => ({ ...c, exp: seconds() - 2 * MINUTE }) },
    'OAUTH_JWT_TIMESTAMP_CHECK_FAILED exp',
  ],
  ['without an expiry', { claims: (c) => ({ ...c, exp: undefined }) }, 'OAUTH_INVALID_RESPONSE'],
  [
    'that is not valid yet',
    { claims: (c) => ({ ...c, nbf: seconds() + 2 * MINUTE }) },
    'OAUTH_JWT_TIMESTAMP_CHECK_FAILED nbf',
  ],
  [
    'issued in the future',
    { claims: (c) => ({ ...c, iat: seconds() + 2 * MINUTE }) },
    'issued in the future iat',
  ],
  [
    'of another issuer',
    { claims: (c) => ({ ...c, iss: 'https://accounts.google.com' }) },
    'OAUTH_JWT_CLAIM_COMPARISON_FAILED iss',
  ],
  [
    'of another sign-in',
    { claims: (c) => ({ ...c, nonce: 'other' }) },
    'OAUTH_JWT_CLAIM_COMPARISON_FAILED nonce',
  ],
  ['without a nonce', { claims: (c) => ({ ...c, nonce: undefined }) }, 'OAUTH_INVALID_RESPONSE'],
  ['without a subject', { claims: (c) => ({ ...c, sub: undefined }) }, 'OAUTH_INVALID_RESPONSE'],
  ['with an empty subject', { claims: (c) => ({ ...c, sub: '' }) }, 'subject'],
  ['with an endless subject', { claims: (c) => ({ ...c, sub: 'x'.repeat(256) }) }, 'subject'],
  ['with a subject that cannot be stored', { claims: (c) => ({ ...c, sub: 'a\0b' }) }, 'subject'],
]

it.each(BAD_ID_TOKENS)('refuses an ID token %s [FED-05] [CRY-06]', async (_, knobs, reason) => {
  expect(await refusalOf(trip(await startFakeProvider(knobs)))).toEqual(['provider_failed', reason])
})

it.each<[what: string, knobs: FakeProviderKnobs]>([
  ['for two clients, if we asked for it', { claims: (c) => ({ ...c, aud: [c.aud, 'other'], azp: c.aud }) }],
  ['that expired seconds ago, because clocks differ', { claims: (c) => ({ ...c, exp: seconds() - 30 }) }],
  ['from a clock that is seconds ahead', { claims: (c) => ({ ...c, iat: seconds() + 30 }) }],
  ['that says its type', { header: () => ({ typ: 'JWT' }) }],
  ['without a key id, if there is one key', { header: () => ({ kid: undefined }) }],
  [
    'with an algorithm that the provider does not list',
    { document: (d) => ({ ...d, id_token_signing_alg_values_supported: ['RS256'] }) },
  ],
])('accepts an ID token %s', async (_, knobs) => {
  expect(await trip(await startFakeProvider(knobs))).toMatchObject({ subject: FAKE_PERSON.sub })
})

it('reads the time from the clock of the service', async () => {
  const fake = await startFakeProvider()
  const http = httpFor(() => new Date(Date.now() + 600_000))
  expect(await refusalOf(trip(fake, undefined, { http }))).toEqual([
    'provider_failed',
    'OAUTH_JWT_TIMESTAMP_CHECK_FAILED exp',
  ])
})

it.each<[what: string, knobs: FakeProviderKnobs, refusal: [string, string]]>([
  [
    'of another issuer',
    { callback: (c) => ({ ...c, iss: 'https://evil.example' }) },
    ['provider_failed', 'OAUTH_INVALID_RESPONSE'],
  ],
  [
    'without the issuer that was promised',
    { callback: (c) => ({ ...c, iss: undefined }) },
    ['provider_failed', 'OAUTH_INVALID_RESPONSE'],
  ],
  [
    'with another state',
    { callback: (c) => ({ ...c, state: 'other' }) },
    ['provider_failed', 'OAUTH_INVALID_RESPONSE'],
  ],
  [
    'without a state',
    { callback: (c) => ({ ...c, state: undefined }) },
    ['provider_failed', 'OAUTH_INVALID_RESPONSE'],
  ],
  [
    'with an unknown code',
    { callback: (c) => ({ ...c, code: 'other' }) },
    ['provider_failed', 'invalid_grant'],
  ],
  [
    'with an error',
    { callback: ({ state, iss }) => ({ state, iss, error: 'access_denied' }) },
    ['provider_refused', 'access_denied'],
  ],
  [
    'with script as an error',
    { callback: ({ state, iss }) => ({ state, iss, error: '<script>alert(1)</script>' }) },
    ['provider_refused', 'unknown_error'],
  ],
  [
    'with an error and another state',
    { callback: ({ iss }) => ({ state: 'x', iss, error: 'access_denied' }) },
    ['provider_failed', 'OAUTH_INVALID_RESPONSE'],
  ],
  [
    'with a token',
    { callback: (c) => ({ ...c, id_token: 'x' }) },
    ['provider_failed', 'OAUTH_UNSUPPORTED_OPERATION'],
  ],
])('refuses an answer %s [FED-04]', async (_, knobs, refusal) => {
  expect(await refusalOf(trip(await startFakeProvider(knobs)))).toEqual(refusal)
})

it('refuses a code that another browser requested', async () => {
  const fake = await startFakeProvider()
  const http = httpFor()
  const callback = fake.authorize(await authorizationUrl(http, configFor(fake), TRIP))
  const mine = { ...TRIP, codeVerifier: 'x'.repeat(43), callback, form: null }
  expect(await refusalOf(redeem(http, configFor(fake), mine))).toEqual(['provider_failed', 'invalid_grant'])
})

it.each<[what: string, knobs: FakeProviderKnobs, reason: string]>([
  ['an error', { tokenStatus: 401, tokens: () => ({ error: 'invalid_client' }) }, 'invalid_client'],
  ['no ID token', { tokens: ({ id_token: _, ...body }) => body }, 'OAUTH_INVALID_RESPONSE'],
  ['no access token', { tokens: ({ access_token: _, ...body }) => body }, 'OAUTH_INVALID_RESPONSE'],
  [
    'something that is not a token',
    { tokens: (body) => ({ ...body, id_token: 'x' }) },
    'OAUTH_INVALID_RESPONSE',
  ],
  [
    'a page',
    { intercept: (request, response) => request.url === '/token' && !!response.end('<html>') },
    'OAUTH_RESPONSE_IS_NOT_JSON',
  ],
  [
    'a redirect',
    {
      intercept: (request, response) =>
        request.url === '/token' && !!response.writeHead(307, { location: '/' }).end(),
    },
    'redirect',
  ],
])('refuses %s of the token endpoint', async (_, knobs, reason) => {
  expect(await refusalOf(trip(await startFakeProvider(knobs)))).toEqual(['provider_failed', reason])
})

it('asks UserInfo for the address if the ID token has none, or does not say whether it is verified', async () => {
  const withoutEmail = ({ email, email_verified, name, ...claims }: Record<string, unknown>) => claims
  const fake = await startFakeProvider({ claims: withoutEmail })
  expect(await trip(fake)).toMatchObject({
    email: FAKE_PERSON.email,
    emailVerified: true,
    name: FAKE_PERSON.name,
  })

  // Whether the address is verified may be at UserInfo, too.
  const withoutVerified = ({ email_verified, ...claims }: Record<string, unknown>) => claims
  fake.knobs = { claims: withoutVerified }
  expect(await trip(fake)).toMatchObject({ email: FAKE_PERSON.email, emailVerified: true })
  fake.knobs = { claims: withoutVerified, userInfo: ({ sub }) => ({ sub }) }
  expect(await trip(fake)).toMatchObject({ email: FAKE_PERSON.email, emailVerified: false })
  // Nothing is taken from an answer about somebody else.
  fake.knobs = { claims: withoutVerified, userInfo: (claims) => ({ ...claims, sub: 'somebody-else' }) }
  expect(await trip(fake)).toMatchObject({ email: FAKE_PERSON.email, emailVerified: false })

  fake.knobs = { claims: withoutEmail, userInfo: (claims) => ({ ...claims, sub: 'somebody-else' }) }
  expect(await refusalOf(trip(fake))).toEqual(['provider_failed', expect.stringMatching(/^OAUTH_/)])

  const count = fake.requests.filter((request) => request.endsWith('/userinfo')).length
  fake.knobs = {}
  await trip(fake)
  expect(fake.requests.filter((request) => request.endsWith('/userinfo')).length).toBe(count)
})

it.each(['not an address', 'anna\0@example.org', 'ａnna@example.org'])(
  'takes an address that no account can have for none: %j',
  async (email) => {
    const fake = await startFakeProvider({ claims: (claims) => ({ ...claims, email }) })
    expect(await trip(fake)).toMatchObject({ email: null, emailVerified: false })
  },
)

it('re-authenticates: requests it, and requires an authentication time within a minute [FED-06]', async () => {
  const fake = await startFakeProvider()
  const again = { reauthenticate: true }
  const url = await authorizationUrl(httpFor(), configFor(fake), { ...TRIP, ...again })
  expect(url.searchParams.get('prompt')).toBe('login')
  expect(url.searchParams.get('max_age')).toBe('0')
  expect(await trip(fake, undefined, again)).toMatchObject({ subject: FAKE_PERSON.sub })

  fake.knobs = { claims: (c) => ({ ...c, auth_time: seconds() - 50 }) }
  expect(await trip(fake, undefined, again)).toMatchObject({ subject: FAKE_PERSON.sub })
  fake.knobs = { claims: (c) => ({ ...c, auth_time: seconds() - 90 }) }
  expect(await refusalOf(trip(fake, undefined, again))).toEqual([
    'provider_failed',
    'OAUTH_JWT_TIMESTAMP_CHECK_FAILED auth_time',
  ])
  fake.knobs = { claims: (c) => ({ ...c, auth_time: undefined }) }
  expect(await refusalOf(trip(fake, undefined, again))).toEqual(['provider_failed', 'OAUTH_INVALID_RESPONSE'])
  fake.knobs = { claims: (c) => ({ ...c, auth_time: seconds() + 90 }) }
  expect(await refusalOf(trip(fake, undefined, again))).toEqual([
    'provider_failed',
    'issued in the future auth_time',
  ])
})

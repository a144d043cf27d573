/** The protocol of the presets that differ in more than data, with answers as in their documentation. */
import { generateKeyPairSync } from 'node:crypto'
import { decodeProtectedHeader, importSPKI, jwtVerify } from 'jose'
import { expect, it } from 'vitest'
import apple from '../../../../test/fixtures/providers/apple.json' with { type: 'json' }
import github from '../../../../test/fixtures/providers/github.json' with { type: 'json' }
import microsoft from '../../../../test/fixtures/providers/microsoft.json' with { type: 'json' }
import { FAKE_CLIENT, startFakeProvider } from '../../../../test/support/fake-provider.ts'
import { configFor, httpFor, refusalOf, TRIP, trip } from '../../../../test/support/provider-trip.ts'
import { authorizationUrl, discover, redeem } from './index.ts'

const { tid, oid, email } = microsoft.claims
const OTHER_TENANT = '00000000-0000-0000-0000-000000000000'

/** Microsoft, for all tenants: its document has a template in place of the issuer. */
async function startMicrosoft(tokenTenant = tid, issuerTenant = tokenTenant) {
  const fake = await startFakeProvider({ path: '/common/v2.0' })
  fake.knobs = {
    ...fake.knobs,
    document: (document) => ({
      ...document,
      issuer: `${fake.origin}/{tenantid}/v2.0`,
      authorization_response_iss_parameter_supported: undefined,
    }),
    callback: ({ iss: _, ...parameters }) => parameters,
    claims: (claims) => ({
      ...microsoft.claims,
      ...claims,
      email,
      iss: `${fake.origin}/${issuerTenant}/v2.0`,
      tid: tokenTenant,
    }),
  }
  return fake
}

it('microsoft: takes the issuer of the tenant, and its id of the person', async () => {
  const fake = await startMicrosoft()
  const issuer = `${fake.origin}/${tid}/v2.0`
  for (const tenants of [[tid], ['*'], [OTHER_TENANT, tid]])
    expect(await trip(fake, configFor(fake, { preset: 'microsoft', tenants }))).toMatchObject({
      issuer,
      subject: oid,
      email,
      emailVerified: true,
    })
})

it('microsoft: accepts the document for personal accounts, which names their tenant', async () => {
  const fake = await startFakeProvider({ path: '/consumers/v2.0' })
  const issuer = `${fake.origin}/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0`
  fake.knobs.document = (document) => ({ ...document, issuer })
  expect(await discover(httpFor(), configFor(fake, { preset: 'microsoft' }))).toMatchObject({ issuer })
})

it('microsoft: refuses a tenant that is not listed, and a token of a tenant that names another one', async () => {
  const fake = await startMicrosoft(OTHER_TENANT)
  const config = configFor(fake, { preset: 'microsoft', tenants: [tid] })
  expect(await refusalOf(trip(fake, config))).toEqual(['provider_failed', 'tenant tid'])

  const lying = await startMicrosoft(tid, OTHER_TENANT)
  const trusting = configFor(lying, { preset: 'microsoft', tenants: [tid] })
  expect(await refusalOf(trip(lying, trusting))).toEqual([
    'provider_failed',
    'OAUTH_JWT_CLAIM_COMPARISON_FAILED iss',
  ])
})

it('apple: requests a posted answer, reads the name from it, and signs its own secret for 5 minutes', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  const fake = await startFakeProvider({
    document: (document) => ({ ...document, token_endpoint_auth_methods_supported: ['client_secret_post'] }),
    claims: ({ name: _, ...claims }) => ({ ...claims, sub: apple.claims.sub, email_verified: 'true' }),
  })
  const clientSecret = JSON.stringify({
    team_id: 'ABCDE12345',
    key_id: 'FGHIJ67890',
    private_key: privateKey,
  })
  const provider = configFor(fake, { preset: 'apple', clientSecret })
  const http = httpFor()
  const back = async (more: Record<string, string>) => {
    const url = await authorizationUrl(http, provider, TRIP)
    expect(url.searchParams.get('response_mode')).toBe('form_post')
    const form = { ...Object.fromEntries(fake.authorize(url).searchParams), ...more }
    return redeem(http, provider, { ...TRIP, callback: new URL(TRIP.redirectUri), form })
  }
  const person = { subject: apple.claims.sub, emailVerified: true }
  expect(await back({ user: apple.form.user })).toMatchObject({ ...person, name: 'Anna Bell' })
  for (const user of [
    '',
    '{',
    'null',
    '{"name":1}',
    '{"name":{"firstName":{}}}',
    '{"email":"eve@example.org"}',
  ])
    expect(await back({ user })).toMatchObject({ ...person, email: 'anna@example.org', name: null })

  const secret = fake.tokenRequests[0]?.form.get('client_secret') ?? ''
  expect(decodeProtectedHeader(secret)).toEqual({ alg: 'ES256', kid: 'FGHIJ67890' })
  const { payload } = await jwtVerify(secret, await importSPKI(publicKey, 'ES256'))
  expect(payload).toEqual({
    iss: 'ABCDE12345',
    sub: FAKE_CLIENT.clientId,
    aud: fake.issuer,
    iat: expect.any(Number),
    exp: (payload.iat ?? 0) + 300,
  })
})

it('apple: fails without a key that can sign', async () => {
  const fake = await startFakeProvider()
  const provider = configFor(fake, { preset: 'apple', clientSecret: 'x' })
  expect(await refusalOf(authorizationUrl(httpFor(), provider, TRIP))).toEqual([
    'provider_failed',
    'unexpected',
  ])
})

it('github: asks its API, with PKCE and without a nonce', async () => {
  const fake = await startFakeProvider({ github })
  const provider = configFor(fake, { preset: 'github', issuer: fake.githubIssuer })
  fake.knobs.callback = ({ iss: _, ...parameters }) => parameters
  const url = await authorizationUrl(httpFor(), provider, TRIP)
  expect(url.pathname).toBe('/login/oauth/authorize')
  expect(url.searchParams.get('scope')).toBe('read:user user:email')
  expect(url.searchParams.get('nonce')).toBe(null)
  expect(url.searchParams.get('code_challenge_method')).toBe('S256')
  expect(await trip(fake, provider)).toEqual({
    issuer: fake.githubIssuer,
    subject: '1',
    email: 'octocat@github.com',
    emailVerified: true,
    name: 'monalisa octocat',
    sid: null,
  })

  fake.knobs.callback = ({ state }) => ({ state, code: 'other' })
  expect(await refusalOf(trip(fake, provider))).toEqual(['provider_failed', expect.stringMatching(/^OAUTH_/)])
  fake.knobs.callback = ({ state, code }) => ({ state, code })
  fake.knobs.tokens = () => github.error
  expect(await refusalOf(trip(fake, provider))).toEqual(['provider_failed', expect.stringMatching(/^OAUTH_/)])
})

it.each([403, 404])('github: has no address if it may not be read (%i)', async (status) => {
  const fake = await startFakeProvider({
    github: { user: { id: 1 } },
    callback: ({ iss: _, ...parameters }) => parameters,
    intercept: (request, response) =>
      request.url === '/api/v3/user/emails' && !!response.writeHead(status).end('{"message":"Not Found"}'),
  })
  const provider = configFor(fake, { preset: 'github', issuer: fake.githubIssuer })
  expect(await trip(fake, provider)).toMatchObject({ subject: '1', email: null, emailVerified: false })
})

it.each<Record<string, string>>([{ 'retry-after': '60' }, { 'x-ratelimit-remaining': '0' }])(
  'github: refuses a sign-in during a rate limit: %j',
  async (headers) => {
    const fake = await startFakeProvider({
      github: { user: { id: 1 } },
      callback: ({ iss: _, ...parameters }) => parameters,
      intercept: (request, response) =>
        request.url === '/api/v3/user/emails' &&
        !!response.writeHead(403, headers).end('{"message":"limit"}'),
    })
    const provider = configFor(fake, { preset: 'github', issuer: fake.githubIssuer })
    expect(await refusalOf(trip(fake, provider))).toEqual(['provider_failed', 'github status_403'])
  },
)

it.each<[what: string, answers: { user?: Record<string, unknown>; emails?: unknown }, reason: string]>([
  ['no id', { user: { login: 'octocat' }, emails: [] }, 'subject'],
  ['an id that is text', { user: { id: '1' }, emails: [] }, 'subject'],
  ['no addresses', { user: { id: 1 }, emails: { message: 'Not found' } }, 'github malformed'],
])('github: refuses %s', async (_, answers, reason) => {
  const fake = await startFakeProvider({
    github: answers,
    callback: ({ iss: __, ...parameters }) => parameters,
  })
  const provider = configFor(fake, { preset: 'github', issuer: fake.githubIssuer })
  expect(await refusalOf(trip(fake, provider))).toEqual(['provider_failed', reason])
})

it('github: cannot re-authenticate, and has no keys', async () => {
  const fake = await startFakeProvider({ github, callback: ({ iss: _, ...parameters }) => parameters })
  const provider = configFor(fake, { preset: 'github', issuer: fake.githubIssuer })
  expect(await refusalOf(trip(fake, provider, { reauthenticate: true }))).toEqual([
    'provider_failed',
    'cannot reauthenticate',
  ])
  expect(await discover(httpFor(), provider)).toMatchObject({ issuer: fake.githubIssuer, keyCount: null })
})

/** What a provider publishes: its discovery document and keys. */
import { expect, it } from 'vitest'
import {
  FAKE_PERSON,
  type FakeProviderKnobs,
  startFakeProvider,
} from '../../../../test/support/fake-provider.ts'
import { configFor, httpFor, refusalOf, TRIP, trip } from '../../../../test/support/provider-trip.ts'
import { createOutbound } from '../../../lib/outbound.ts'
import { authorizationUrl, createProviderHttp, discover } from './index.ts'

const WELL_KNOWN = '/.well-known/openid-configuration'
const HOUR = 3_600_000

type Intercept = NonNullable<FakeProviderKnobs['intercept']>

/** Answers requests for one path. */
const at =
  (path: string, answer: (response: Parameters<Intercept>[1]) => void): Intercept =>
  (request, response) => {
    if (request.url !== path) return false
    answer(response)
    return true
  }

it.each<[what: string, knobs: FakeProviderKnobs, reason: string]>([
  [
    'of another issuer',
    { document: (d) => ({ ...d, issuer: 'https://accounts.google.com' }) },
    'discovery issuer',
  ],
  ['of the issuer with a slash', { document: (d) => ({ ...d, issuer: `${d.issuer}/` }) }, 'discovery issuer'],
  ['of any tenant', { document: (d) => ({ ...d, issuer: `${d.issuer}/{tenantid}` }) }, 'discovery issuer'],
  [
    'without a token endpoint',
    { document: (d) => ({ ...d, token_endpoint: undefined }) },
    'discovery malformed',
  ],
  ['without keys', { document: (d) => ({ ...d, jwks_uri: undefined }) }, 'discovery malformed'],
  [
    'with a script as its address',
    { document: (d) => ({ ...d, authorization_endpoint: 'javascript:alert(1)' }) },
    'discovery endpoint',
  ],
  ['that is a list', { intercept: at(WELL_KNOWN, (response) => response.end('[]')) }, 'discovery malformed'],
  [
    'that is not JSON',
    { intercept: at(WELL_KNOWN, (response) => response.end('<html>')) },
    'discovery malformed',
  ],
  [
    'that does not exist',
    { intercept: at(WELL_KNOWN, (response) => response.writeHead(404).end()) },
    'discovery status_404',
  ],
  [
    'elsewhere, by a redirect',
    { intercept: at(WELL_KNOWN, (response) => response.writeHead(302, { location: '/elsewhere' }).end()) },
    'redirect',
  ],
  [
    'of a gigabyte',
    { intercept: at(WELL_KNOWN, (response) => response.setHeader('content-length', 1e9).write('{')) },
    'too_large',
  ],
])('refuses a discovery document %s [FED-04] [FED-09]', async (_, knobs, reason) => {
  const fake = await startFakeProvider(knobs)
  const config = configFor(fake)
  expect(await refusalOf(authorizationUrl(httpFor(), config, TRIP))).toEqual(['provider_failed', reason])
  expect(await refusalOf(discover(httpFor(), config))).toEqual(['provider_failed', reason])
})

it('refuses a document and keys that arrive too slowly [FED-09]', async () => {
  const fake = await startFakeProvider()
  const http = createProviderHttp(createOutbound({ allowed: '127.0.0.1', timeoutMs: 300 }), () => new Date())
  fake.knobs = { intercept: at(WELL_KNOWN, (response) => response.write('{')) }
  expect(await refusalOf(authorizationUrl(http, configFor(fake), TRIP))).toEqual([
    'provider_failed',
    'timeout',
  ])
  fake.knobs = { intercept: at('/keys', (response) => response.write('{')) }
  expect(await refusalOf(trip(fake, undefined, { http }))).toEqual(['provider_failed', 'timeout'])
})

it.each([
  ['http://idp.example', 'not_https'],
  ['https://10.0.0.1', 'private_address'],
  ['https://169.254.169.254', 'private_address'],
])('contacts no issuer at %s [FED-09]', async (issuer, reason) => {
  const fake = await startFakeProvider()
  expect(await refusalOf(discover(httpFor(), configFor(fake, { issuer })))).toEqual([
    'provider_failed',
    reason,
  ])
})

it.each<[endpoint: string, url: string, reason: string]>([
  ['jwks_uri', 'https://10.0.0.1/keys', 'private_address'],
  ['jwks_uri', 'http://idp.example/keys', 'not_https'],
  ['token_endpoint', 'https://[::ffff:10.0.0.1]/token', 'private_address'],
])('does not follow its %s to %s [FED-09]', async (endpoint, url, reason) => {
  const fake = await startFakeProvider({ document: (d) => ({ ...d, [endpoint]: url }) })
  expect(await refusalOf(trip(fake))).toEqual(['provider_failed', reason])
})

it.each<[what: string, knobs: FakeProviderKnobs, reason: string]>([
  [
    'by a redirect',
    { intercept: at('/keys', (response) => response.writeHead(302, { location: '/' }).end()) },
    'redirect',
  ],
  [
    'of a gigabyte',
    { intercept: at('/keys', (response) => response.setHeader('content-length', 1e9).write('{')) },
    'too_large',
  ],
  ['that are no keys', { keys: () => ({ keys: 'none' }) }, 'ERR_JWKS_INVALID'],
  ['without one', { keys: () => ({ keys: [] }) }, 'ERR_JWKS_NO_MATCHING_KEY'],
  [
    'for encryption',
    { keys: ({ keys }) => ({ keys: (keys as object[]).map((key) => ({ ...key, use: 'enc' })) }) },
    'ERR_JWKS_NO_MATCHING_KEY',
  ],
])('refuses keys %s [FED-09] [CRY-06]', async (_, knobs, reason) => {
  expect(await refusalOf(trip(await startFakeProvider(knobs)))).toEqual(['provider_failed', reason])
})

it('keeps a document for an hour, and for a day if the provider fails', async () => {
  const fake = await startFakeProvider()
  let time = Date.now()
  const http = httpFor(() => new Date(time))
  const ask = () => authorizationUrl(http, configFor(fake), TRIP)
  const asked = () => fake.requests.filter((request) => request.endsWith(WELL_KNOWN)).length

  await ask()
  time += HOUR - 1
  await ask()
  expect(asked()).toBe(1)
  time += 1
  await ask()
  expect(asked()).toBe(2)

  fake.knobs = { document: (document) => ({ ...document, issuer: 'https://evil.example' }) }
  time += HOUR
  await ask()
  await ask()
  expect(asked()).toBe(3)
  time += 60_000
  await ask()
  expect(asked()).toBe(4)
  time += 23 * HOUR
  expect(await refusalOf(ask())).toEqual(['provider_failed', 'discovery issuer'])
})

it('shares no document between issuers or presets', async () => {
  const fake = await startFakeProvider({ path: '/common/v2.0' })
  const http = httpFor()
  fake.knobs.document = (document) => ({ ...document, issuer: `${fake.origin}/{tenantid}/v2.0` })
  await authorizationUrl(http, configFor(fake, { preset: 'microsoft', tenants: ['*'] }), TRIP)
  expect(await refusalOf(authorizationUrl(http, configFor(fake), TRIP))).toEqual([
    'provider_failed',
    'discovery issuer',
  ])
})

it('shows an operator what the provider publishes, and how far its clock is ahead', async () => {
  const fake = await startFakeProvider()
  const http = httpFor(() => new Date(Date.now() - 600_000))
  const { clockDifferenceSeconds, ...said } = await discover(http, configFor(fake))
  expect(said).toEqual({
    issuer: fake.issuer,
    authorizationEndpoint: `${fake.origin}/authorize`,
    tokenEndpoint: `${fake.origin}/token`,
    userInfoEndpoint: `${fake.origin}/userinfo`,
    keyCount: 1,
  })
  expect(Math.abs((clockDifferenceSeconds ?? 0) - 600)).toBeLessThan(60)
  expect(await trip(fake)).toMatchObject({ subject: FAKE_PERSON.sub })
})

/** A sign-in flow at a provider, without a browser. */
import { expect } from 'vitest'
import {
  authorizationUrl,
  createProviderHttp,
  type ProviderConfig,
  type ProviderHttp,
  redeem,
} from '../../src/auth/providers/protocol/index.ts'
import { createOutbound } from '../../src/lib/outbound.ts'
import { AuthError } from '../../src/model/errors.ts'
import type { Identification } from '../../src/model/providers.ts'
import { FAKE_CLIENT, type FakeProvider } from './fake-provider.ts'

export const TRIP = {
  redirectUri: 'http://localhost:5000/login/fake/callback',
  state: 'a-state-of-this-browser',
  nonce: 'a-nonce-of-this-browser',
  codeVerifier: 'a-code-verifier-of-this-browser-with-43-characters',
  reauthenticate: false,
}

export function httpFor(now: () => Date = () => new Date()): ProviderHttp {
  return createProviderHttp(createOutbound({ allowed: 'localhost,127.0.0.0/8,::1' }), now)
}

export function configFor(fake: FakeProvider, changes: Partial<ProviderConfig> = {}): ProviderConfig {
  return {
    id: 'fake',
    preset: 'oidc',
    issuer: fake.issuer,
    ...FAKE_CLIENT,
    scopes: [],
    tenants: [],
    trustsEmail: false,
    ...changes,
  }
}

/** Goes to the provider, agrees and comes back. */
export async function trip(
  fake: FakeProvider,
  provider: ProviderConfig = configFor(fake),
  { http = httpFor(), ...changes }: Partial<typeof TRIP> & { http?: ProviderHttp } = {},
): Promise<Identification> {
  const callback = fake.authorize(await authorizationUrl(http, provider, { ...TRIP, ...changes }))
  return redeem(http, provider, { ...TRIP, ...changes, callback, form: null })
}

/** The code of a refusal, and its reason for the log. */
export async function refusalOf(act: Promise<unknown>): Promise<[code: string, reason: unknown]> {
  const error = await act.then(
    () => expect.unreachable('nothing was refused'),
    (refusal: unknown) => refusal,
  )
  if (!(error instanceof AuthError)) throw error
  return [error.code, (error.cause as { code?: unknown } | undefined)?.code]
}

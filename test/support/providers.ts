/** A provider on loopback that is added to a service in production mode, and flows to it and back. */
import type { AddProviderRequest } from '../../src/auth/index.ts'
import type { Auth } from '../../src/index.ts'
import type { TestClock } from './engines.ts'
import { FAKE_CLIENT, FAKE_PERSON, type FakeProvider, startFakeProvider } from './fake-provider.ts'

/** The value of `outboundPrivate` that lets a service reach the provider. */
export const REACHES_LOOPBACK = '127.0.0.0/8'
export const PROVIDER = 'company'

export interface KnownProvider extends FakeProvider {
  /** Who signs in there. */
  person: typeof FAKE_PERSON
}

/** Starts a provider that uses the clock of the service, and adds it. */
export async function addFakeProvider(
  auth: Pick<Auth, 'providers'>,
  now: TestClock,
  changes: Partial<AddProviderRequest> = {},
): Promise<KnownProvider> {
  const fake = await startFakeProvider()
  const known: KnownProvider = Object.assign(fake, { person: FAKE_PERSON })
  fake.knobs.claims = (claims) => {
    const iat = Math.floor(now().getTime() / 1_000)
    const times = { iat, exp: iat + 300, ...('auth_time' in claims && { auth_time: iat }) }
    return { ...claims, ...known.person, sid: `session-of-${known.person.sub}`, ...times }
  }
  const { clientId, clientSecret } = FAKE_CLIENT
  const issuer = fake.issuer
  const provider = { preset: 'oidc', id: PROVIDER, name: 'Company', issuer, clientId, clientSecret } as const
  await auth.providers.add({ ...provider, ...changes })
  return known
}

/** What a browser brings back from a provider. */
export interface Return {
  /** The path of the callback, with its query. */
  readonly path: string
  readonly parameters: Readonly<Record<string, string>>
  readonly flowToken: string
}

/** The person agrees at the provider and comes back. */
export function comeBack(
  fake: FakeProvider,
  { redirectTo, flowToken }: { readonly redirectTo: string; readonly flowToken: string },
): Return {
  const { pathname, search, searchParams } = fake.authorize(new URL(redirectTo))
  return { path: pathname + search, parameters: Object.fromEntries(searchParams), flowToken }
}

/** A logout token of the provider. @param claims - Who has signed out: `sub` or `sid`; and a `jti`. */
export function logoutTokenOf(
  fake: FakeProvider,
  now: () => Date,
  claims: Readonly<Record<string, unknown>>,
): Promise<string> {
  const iat = Math.floor(now().getTime() / 1_000)
  const events = { 'http://schemas.openid.net/event/backchannel-logout': {} }
  const usual = { iss: fake.issuer, aud: FAKE_CLIENT.clientId, iat, exp: iat + 120, events }
  return fake.sign({ ...usual, ...claims }, { typ: 'logout+jwt' })
}

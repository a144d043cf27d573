/** Against `oidc-provider`, which is certified by the OpenID Foundation. */
import { expect, it } from 'vitest'
import { FAKE_CLIENT, FAKE_PERSON } from '../../../../test/support/fake-provider.ts'
import { httpFor, TRIP } from '../../../../test/support/provider-trip.ts'
import { startRealProvider } from '../../../../test/support/real-provider.ts'
import { authorizationUrl, discover, type ProviderConfig, redeem } from './index.ts'

/** What a browser does: follows redirects, and fills in the forms of the provider. */
async function browse(start: URL): Promise<URL> {
  const cookies = new Map<string, string>()
  let [url, body]: [URL, URLSearchParams | null] = [start, null]
  for (let steps = 0; steps < 12; steps++) {
    if (url.href.startsWith(TRIP.redirectUri)) return url
    const answer: Response = await fetch(url, {
      method: body === null ? 'GET' : 'POST',
      body,
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
    })
    for (const cookie of answer.headers.getSetCookie()) {
      const [pair = ''] = cookie.split(';')
      cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1))
    }
    const location = answer.headers.get('location')
    if (location !== null) {
      ;[url, body] = [new URL(location, url), null]
      continue
    }
    const page = await answer.text()
    const [, action = ''] = /<form[^>]*action="([^"]+)"/.exec(page) ?? []
    const [, prompt = ''] = /name="prompt" value="([^"]+)"/.exec(page) ?? []
    url = new URL(action, url)
    body = new URLSearchParams({
      prompt,
      ...(prompt === 'login' && { login: FAKE_PERSON.sub, password: 'x' }),
    })
  }
  return expect.unreachable(`the browser got lost at ${url}`)
}

it.each<[what: string, client: Record<string, unknown>, clientSecret: string | null]>([
  ['a confidential client', { client_secret: FAKE_CLIENT.clientSecret }, FAKE_CLIENT.clientSecret],
  ['a public client', { token_endpoint_auth_method: 'none' }, null],
])('signs in with %s, and again with re-authentication [FED-05]', async (_, client, clientSecret) => {
  const issuer = await startRealProvider({ ...client, redirect_uris: [TRIP.redirectUri] })
  const provider: ProviderConfig = {
    id: 'real',
    preset: 'oidc',
    issuer,
    clientId: FAKE_CLIENT.clientId,
    clientSecret,
    scopes: [],
    tenants: [],
    trustsEmail: false,
  }
  const http = httpFor()
  expect(await discover(http, provider)).toMatchObject({ issuer, keyCount: expect.any(Number) })
  for (const reauthenticate of [false, true]) {
    const callback = await browse(await authorizationUrl(http, provider, { ...TRIP, reauthenticate }))
    expect(await redeem(http, provider, { ...TRIP, callback, form: null, reauthenticate })).toMatchObject({
      issuer,
      subject: FAKE_PERSON.sub,
      email: FAKE_PERSON.email,
      emailVerified: true,
      name: FAKE_PERSON.name,
    })
  }
})

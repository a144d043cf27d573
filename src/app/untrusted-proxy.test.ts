import { expect, it } from 'vitest'
import { freshAuth } from '../../test/support/engines.ts'
import { createApp } from './index.ts'

const PROXY = '10.0.0.2'

/** Sends requests with these headers from a proxy, and returns the warnings. */
async function warningsAfter(
  requests: readonly Record<string, string>[],
  options: { peer?: string; trustedProxies?: string } = {},
) {
  const warnings: unknown[] = []
  const warn = (fields: Record<string, unknown>, message: string) =>
    void warnings.push({ ...fields, message })
  const ignore = () => {}
  const { peer = PROXY, ...given } = options
  const auth = await freshAuth('sqlite', given)
  const app = createApp(auth, { debug: ignore, info: ignore, warn, error: ignore })
  for (const headers of requests) {
    const request = new Request('http://localhost:5000/', { headers })
    expect((await app.fetch(request, { ip: peer })).status).toBe(200)
  }
  return warnings
}

const FORWARDED = { forwarded: 'for=192.0.2.1' }
const X_FORWARDED_FOR = { 'x-forwarded-for': '192.0.2.1' }

it.each([
  ['none is trusted', 'x-forwarded-for', X_FORWARDED_FOR, {}],
  ['none is trusted', 'forwarded', FORWARDED, {}],
  ['another is trusted', 'x-forwarded-for', X_FORWARDED_FOR, { trustedProxies: '10.0.0.1' }],
  ['another is trusted', 'forwarded', FORWARDED, { trustedProxies: '10.0.0.1' }],
])('warns once if a proxy sends its header and %s: %s %s', async (_, header, headers, options) => {
  const message =
    'a request came through a proxy that is not trusted; if the proxy is yours, all its clients count as one IP address'
  expect(await warningsAfter([{}, headers, headers, FORWARDED], options)).toEqual([
    { setting: 'BIENVENUE_TRUSTED_PROXIES', header, message },
  ])
})

it('does not warn without such a header, or if the proxy is trusted', async () => {
  expect(await warningsAfter([{}, {}])).toEqual([])
  const trusting = { trustedProxies: '10.0.0.0/8' }
  const own = { 'x-forwarded-for': PROXY }
  expect(await warningsAfter([X_FORWARDED_FOR, FORWARDED, own], trusting)).toEqual([])
})

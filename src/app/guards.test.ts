import { describe, expect, it } from 'vitest'
import { AuthError } from '../model/errors.ts'
import { createGuard, type GuardSettings } from './guards.ts'
import { incomingOf } from './web.ts'

const UNSAFE = ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']

const CLASSIC: GuardSettings = { mode: 'classic', baseUrl: '', allowedHosts: '', trustedOrigins: '' }

/** Details of a test request. It has no session cookie by default. */
interface Details {
  url?: string
  settings?: GuardSettings
  sessionToken?: string | null
  isHttp10?: boolean
}

/** Returns `passes` or the code of the refusal. */
function verdict(method: string, headers: Record<string, string>, details: Details = {}): string {
  const {
    url = 'http://localhost:5000/',
    settings = CLASSIC,
    sessionToken = null,
    isHttp10 = false,
  } = details
  const incoming = incomingOf(new Request(url, { method, headers }), undefined)
  // Over HTTP the target is a path; in a `Request` it is a whole URL.
  const target = isHttp10 ? new URL(url).pathname : incoming.target
  try {
    createGuard(settings)({ ...incoming, target, isHttp10 }, () => sessionToken !== null)
    return 'passes'
  } catch (error) {
    if (!(error instanceof AuthError)) throw error
    return error.code
  }
}

describe('the framing', () => {
  const plain: Record<string, string>[] = [
    {},
    { 'content-length': '0' },
    { 'content-length': '20' },
    { 'transfer-encoding': 'chunked' },
    { 'transfer-encoding': 'Chunked' },
  ]
  const doubtful: Record<string, string>[] = [
    { 'transfer-encoding': 'gzip, chunked' },
    { 'transfer-encoding': 'chunked, chunked' },
    { 'transfer-encoding': 'chunked, identity' },
    { 'transfer-encoding': 'identity' },
    { 'transfer-encoding': 'xchunked' },
    { 'transfer-encoding': 'chunked;q=1' },
    { 'transfer-encoding': '' },
    { 'transfer-encoding': 'chunked', 'content-length': '5' },
    { 'content-length': '5, 6' },
    { 'content-length': '5, 5' },
    { 'content-length': '+5' },
    { 'content-length': '-1' },
    { 'content-length': '0x5' },
    { 'content-length': '5 6' },
    { 'content-length': '' },
  ]

  it.each(plain)('of %j is plain', (headers) => {
    for (const method of ['GET', ...UNSAFE])
      expect(verdict(method, { host: 'localhost', ...headers })).toBe('passes')
  })

  it.each(doubtful)('of %j is refused for every method, whatever else is wrong', (headers) => {
    for (const method of ['GET', 'HEAD', ...UNSAFE]) {
      for (const host of ['localhost', 'evil.example'])
        expect(verdict(method, { host, ...headers })).toBe('malformed_request')
      expect(verdict(method, { host: 'localhost', origin: 'https://evil.example', ...headers })).toBe(
        'malformed_request',
      )
    }
  })

  it('of HTTP/1.0 has no transfer coding (RFC 9112 §6.1)', () => {
    const headers = { host: 'localhost', 'transfer-encoding': 'chunked' }
    expect(verdict('POST', headers, { isHttp10: true })).toBe('malformed_request')
  })
})

describe('the host', () => {
  it.each([
    'localhost',
    'localhost:5000',
    'LocalHost:5000',
    '127.0.0.1',
    '127.0.0.1:5000',
    '127.1.2.3:80',
    '0.0.0.0',
    '0.0.0.0:5000',
    '[::1]',
    '[::1]:5000',
    '[0:0:0:0:0:0:0:1]:5000',
    // RFC 3986 §3.2.3: `port = *DIGIT`.
    'localhost:',
    'LOCALHOST:',
    '127.0.0.1:',
    '0.0.0.0:',
    '[::1]:',
  ])('%s is accepted', (host) => {
    expect(verdict('GET', { host })).toBe('passes')
    expect(verdict('POST', { host })).toBe('passes')
  })

  it.each([
    'example.com',
    'example.com:5000',
    '127.0.0.1.evil.com',
    '127.0.0.1.evil.com:5000',
    'localhost.evil.com',
    'localhost.evil.com:5000',
    'evil-localhost',
    'localhost.',
    '127.1',
    '2130706433',
    '0x7f.0.0.1',
    '0177.0.0.1',
    '127.0.0.256',
    '0',
    '0.0.0.1',
    '10.0.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '[::]',
    '[::2]:5000',
    '[::ffff:10.0.0.1]',
    '[fe80::1]',
    '*',
    'example.com:',
    'localhost.evil.com:',
    '[::2]:',
  ])('%j is refused as unknown', (host) => {
    expect(verdict('GET', { host })).toBe('unknown_host')
    expect(verdict('POST', { host })).toBe('unknown_host')
  })

  it.each([
    '',
    ':',
    '::',
    ':5000',
    'localhost::',
    'localhost::5000',
    'localhost: ,',
    '[::1]::',
    'localhost:port',
    'localhost:5000:5000',
    'localhost:5000.evil.com',
    'localhost:123456',
    'localhost@evil.com',
    'evil.com@localhost',
    'localhost evil.com',
    'localhost/evil.com',
    'localhost#evil.com',
    'http://localhost',
    '::1',
    '[::1',
    '::1]',
    '[::1].evil.com',
    '[::1]evil.com:5000',
    '[::1%25lo]',
    'localhost, localhost',
    'localhost,evil.com',
  ])('%j is refused as malformed', (host) => {
    expect(verdict('GET', { host })).toBe('malformed_request')
    expect(verdict('POST', { host })).toBe('malformed_request')
  })

  it('must be known in both the Host header and an absolute target', () => {
    expect(verdict('GET', { host: 'evil.com' }, { url: 'http://localhost/' })).toBe('unknown_host')
    expect(verdict('GET', { host: 'localhost' }, { url: 'http://evil.com/' })).toBe('unknown_host')
    expect(verdict('GET', { host: 'localhost' }, { url: 'http://localhost.evil.com/' })).toBe('unknown_host')
    expect(verdict('GET', { host: 'localhost:5000' }, { url: 'http://127.0.0.1/' })).toBe('passes')
  })

  it('must be given only once (RFC 9112 §3.2)', () => {
    for (const host of ['localhost, localhost', 'localhost,evil.com']) {
      expect(verdict('GET', { host })).toBe('malformed_request')
    }
  })

  it('is taken from the URL if a library request has no Host header', () => {
    expect(verdict('GET', {}, { url: 'http://localhost:5000/' })).toBe('passes')
    expect(verdict('GET', {}, { url: 'http://[::1]/' })).toBe('passes')
    expect(verdict('GET', {}, { url: 'http://evil.com/' })).toBe('unknown_host')
    expect(verdict('GET', {}, { url: 'http://localhost.evil.com/' })).toBe('unknown_host')
  })

  it('may be missing in HTTP/1.0, which no browser uses', () => {
    for (const method of ['GET', 'POST', 'DELETE'])
      expect(verdict(method, {}, { isHttp10: true }), method).toBe('passes')
    expect(verdict('GET', { host: '' }, { isHttp10: true })).toBe('malformed_request')
    expect(verdict('GET', { host: 'evil.com' }, { isHttp10: true })).toBe('unknown_host')
    // Without a host no origin can match.
    for (const origin of ['http://localhost:5000', 'http://', 'http://null', 'null'])
      expect(verdict('POST', { origin }, { isHttp10: true }), origin).toBe('foreign_origin')
  })

  it.each(['/healthz', '/readyz', '/healthz?a=b'])('may be any for the probe %s', (path) => {
    const url = `http://localhost:5000${path}`
    for (const host of [
      '10.0.0.7:5000',
      'evil.com',
      'evil.com:',
      '[fd00::7]:5000',
      'bienvenue.default.svc',
    ]) {
      for (const method of ['GET', 'HEAD']) expect(verdict(method, { host }, { url }), host).toBe('passes')
    }
    expect(verdict('GET', {}, { url: `http://10.0.0.7:5000${path}` })).toBe('passes')
    expect(verdict('GET', {}, { url, isHttp10: true })).toBe('passes')
    for (const host of ['', 'evil.com, localhost', 'a b'])
      expect(verdict('GET', { host }, { url }), host).toBe('malformed_request')
  })

  it.each(['/', '/healthz/', '/healthz/x', '/Healthz', '//healthz', '/profile?/healthz'])(
    'must be known for %s',
    (path) => {
      expect(verdict('GET', { host: 'evil.com' }, { url: `http://localhost${path}` })).toBe('unknown_host')
    },
  )
})

/** Origin and Sec-Fetch-Site of a request to http://localhost:5000, with the verdict. */
const ORIGINS: readonly [origin: string | null, site: string | null, verdict: string][] = [
  [null, null, 'passes'],
  ['http://localhost:5000', null, 'passes'],
  ['https://localhost:5000', null, 'passes'],
  ['http://localhost:5000', 'same-origin', 'passes'],
  [null, 'same-origin', 'passes'],
  [null, 'none', 'passes'],
  // Sent by a form on a page with `Referrer-Policy: no-referrer`.
  ['null', 'same-origin', 'passes'],
  ['null', null, 'foreign_origin'],
  ['null', 'none', 'foreign_origin'],
  ['null', 'same-site', 'foreign_origin'],
  ['null', 'cross-site', 'foreign_origin'],
  ['null', '', 'foreign_origin'],
  ['null, null', 'same-origin', 'foreign_origin'],
  ['NULL', 'same-origin', 'foreign_origin'],
  ['', 'same-origin', 'foreign_origin'],
  ['', null, 'foreign_origin'],
  ['http://evil.com', null, 'foreign_origin'],
  ['http://evil.com', 'cross-site', 'foreign_origin'],
  ['http://localhost', null, 'foreign_origin'],
  ['http://localhost:5001', 'same-site', 'foreign_origin'],
  ['http://127.0.0.1:5000', null, 'foreign_origin'],
  ['http://localhost:5000.evil.com', null, 'foreign_origin'],
  ['http://localhost.evil.com:5000', null, 'foreign_origin'],
  ['http://localhost:5000/', null, 'foreign_origin'],
  ['http://localhost:5000, http://evil.com', null, 'foreign_origin'],
  ['ftp://localhost:5000', null, 'foreign_origin'],
  ['localhost:5000', null, 'foreign_origin'],
  // Either header is enough to refuse.
  ['http://evil.com', 'same-origin', 'foreign_origin'],
  ['http://localhost:5000', 'cross-site', 'foreign_origin'],
  [null, 'cross-site', 'foreign_origin'],
  [null, 'same-site', 'foreign_origin'],
  [null, '', 'foreign_origin'],
  [null, 'a-word-of-the-future', 'foreign_origin'],
]

describe('the origin', () => {
  it.each(ORIGINS)(
    '%j with Sec-Fetch-Site %j: an unsafe request %s [CX-06, API-08]',
    (origin, site, expected) => {
      const headers = {
        ...(origin !== null && { origin }),
        ...(site !== null && { 'sec-fetch-site': site }),
      }
      for (const method of UNSAFE) {
        expect(verdict(method, { host: 'localhost:5000', ...headers }), method).toBe(expected)
        expect(verdict(method, { host: 'LOCALHOST:5000', ...headers }), method).toBe(expected)
        // In classic mode a session makes no difference, because scripts send no origin.
        expect(verdict(method, { host: 'localhost:5000', ...headers }, { sessionToken: 'x' })).toBe(expected)
      }
      // Reads change nothing, and browsers do not share the answer with other origins.
      for (const method of ['GET', 'HEAD'])
        expect(verdict(method, { host: 'localhost:5000', ...headers })).toBe('passes')
    },
  )
})

describe('the URL', () => {
  const url = (length: number) => 'http://localhost/?'.padEnd(length, 'x')

  it('is accepted with 2,048 characters', () => {
    expect(verdict('GET', {}, { url: url(2_048) })).toBe('passes')
    expect(verdict('POST', {}, { url: url(2_048) })).toBe('passes')
  })

  it('is refused with more than 2,048 characters', () => {
    expect(verdict('GET', {}, { url: url(2_049) })).toBe('uri_too_long')
    expect(verdict('POST', {}, { url: url(2_049) })).toBe('uri_too_long')
  })

  it('may have 8,192 characters where a browser comes back from a provider, because of the code', () => {
    const callback = (length: number) => 'http://localhost/login/google/callback?code='.padEnd(length, 'x')
    expect(verdict('GET', {}, { url: callback(8_192) })).toBe('passes')
    expect(verdict('GET', {}, { url: callback(8_193) })).toBe('uri_too_long')
  })
})

describe('in production', () => {
  const HOST = 'auth.example.com'
  const PRODUCTION: GuardSettings = {
    mode: 'production',
    baseUrl: `https://${HOST}/auth`,
    allowedHosts: '',
    trustedOrigins: '',
  }
  // As forwarded by a proxy: plain HTTP with the public host name.
  const production = (method: string, headers: Record<string, string>, details: Details = {}) =>
    verdict(method, { host: HOST, ...headers }, { url: `http://${HOST}/`, settings: PRODUCTION, ...details })

  it.each([HOST, 'Auth.Example.COM', `${HOST}:443`, `${HOST}:`])('the host %s is accepted', (host) => {
    expect(production('GET', { host }, { url: `http://${host.toLowerCase()}/` })).toBe('passes')
    expect(production('POST', { host })).toBe('passes')
  })

  it.each([
    'localhost',
    'localhost:5000',
    '127.0.0.1',
    '[::1]',
    '0.0.0.0',
    'localhost:',
    `${HOST}:80`,
    `${HOST}:5000`,
    `${HOST}.`,
    `${HOST}.evil.com`,
    `evil.${HOST}`,
    `evil-${HOST}`,
    'example.com',
    'auth.example.co',
  ])('the host %j is refused as unknown', (host) => {
    expect(production('GET', { host })).toBe('unknown_host')
    expect(production('POST', { host })).toBe('unknown_host')
  })

  it.each(['', `${HOST}::`, `${HOST}/auth`, `evil.com@${HOST}`, `https://${HOST}`])(
    'the host %j is refused as malformed',
    (host) => {
      expect(production('GET', { host })).toBe('malformed_request')
      expect(production('POST', { host })).toBe('malformed_request')
    },
  )

  it('the host of an absolute target must match too', () => {
    for (const url of ['http://evil.com/', `http://${HOST}.evil.com/`, 'http://localhost:5000/'])
      expect(production('GET', {}, { url })).toBe('unknown_host')
    expect(production('GET', { host: `${HOST},evil.com` })).toBe('malformed_request')
  })

  it('the port of BASE_URL must match', () => {
    const settings = { ...PRODUCTION, baseUrl: `https://${HOST}:8443` }
    const ask = (host: string) => production('GET', { host }, { url: `http://${host}/`, settings })
    expect(ask(`${HOST}:8443`)).toBe('passes')
    for (const host of [HOST, `${HOST}:`, `${HOST}:443`, `${HOST}:8444`, `${HOST}:844`])
      expect(ask(host), host).toBe('unknown_host')
  })

  it('the host may be missing in HTTP/1.0, but a foreign origin is still refused', () => {
    const old = { settings: PRODUCTION, isHttp10: true }
    for (const method of ['GET', 'POST']) expect(verdict(method, {}, old)).toBe('passes')
    expect(verdict('POST', { origin: `https://${HOST}` }, old)).toBe('passes')
    for (const origin of ['https://evil.com', 'null', 'https://'])
      expect(verdict('POST', { origin }, old), origin).toBe('foreign_origin')
    expect(verdict('POST', {}, { ...old, sessionToken: 'x' })).toBe('missing_origin')
  })

  it.each(['/healthz', '/readyz'])('the host may be any for the probe %s', (path) => {
    const url = `http://10.0.0.7:5000${path}`
    expect(production('GET', { host: '10.0.0.7:5000' }, { url })).toBe('passes')
    expect(production('GET', { host: 'localhost' }, { url })).toBe('passes')
    expect(production('GET', { host: '' }, { url })).toBe('malformed_request')
  })

  it.each([
    [`https://${HOST}`, 'passes'],
    [`http://${HOST}`, 'foreign_origin'],
    [`https://${HOST}:443`, 'foreign_origin'],
    [`https://${HOST}:8443`, 'foreign_origin'],
    [`https://${HOST}/`, 'foreign_origin'],
    [`https://${HOST}/auth`, 'foreign_origin'],
    [`https://evil.${HOST}`, 'foreign_origin'],
    [`https://${HOST}.evil.com`, 'foreign_origin'],
    ['https://localhost', 'foreign_origin'],
    ['null', 'foreign_origin'],
    ['', 'foreign_origin'],
  ])('an unsafe request with the origin %j: %s [CX-06, API-08]', (origin, expected) => {
    for (const method of UNSAFE) {
      expect(production(method, { origin }), method).toBe(expected)
      expect(production(method, { origin }, { sessionToken: 'x' }), method).toBe(expected)
      expect(production(method, { origin, 'sec-fetch-site': 'cross-site' })).toBe('foreign_origin')
    }
    expect(production('GET', { origin }, { sessionToken: 'x' })).toBe('passes')
  })

  const FORMS = [
    'application/x-www-form-urlencoded',
    'Application/X-WWW-Form-Urlencoded; charset=utf-8',
    ' multipart/form-data; boundary=x',
    'text/plain',
    'text/plain;charset=UTF-8',
  ]
  it.each([...FORMS, null])(
    'a request of type %j without an origin is refused if it has a session [CX-06, API-08]',
    (type) => {
      const headers: Record<string, string> = type === null ? {} : { 'content-type': type }
      expect(production('POST', headers, { sessionToken: 'x' })).toBe('missing_origin')
      // The guard does not look up the session, so an invalid cookie counts too.
      expect(production('POST', headers, { sessionToken: '' })).toBe('missing_origin')
      expect(production('POST', headers)).toBe('passes')
      for (const mark of [
        { origin: `https://${HOST}` },
        { 'sec-fetch-site': 'same-origin' },
        { 'sec-fetch-site': 'none' },
        { origin: 'null', 'sec-fetch-site': 'same-origin' },
      ] as Record<string, string>[]) {
        expect(production('POST', { ...headers, ...mark }, { sessionToken: 'x' })).toBe('passes')
      }
      // A page cannot send these cross-site without a preflight.
      for (const method of ['PUT', 'DELETE', 'PATCH', 'GET'])
        expect(production(method, headers, { sessionToken: 'x' })).toBe('passes')
    },
  )

  it.each(['application/json', 'application/json; charset=utf-8'])(
    'a request of type %s passes, because a page needs a preflight to send it cross-site',
    (type) => {
      expect(production('POST', { 'content-type': type }, { sessionToken: 'x' })).toBe('passes')
    },
  )
})

describe('in development', () => {
  const DEVELOPMENT: GuardSettings = {
    mode: 'development',
    baseUrl: 'https://app.dev.example:8443',
    allowedHosts: '',
    trustedOrigins: '',
  }
  const development = (method: string, headers: Record<string, string>, details: Details = {}) =>
    verdict(method, { host: 'localhost:5000', ...headers }, { settings: DEVELOPMENT, ...details })

  it.each([
    'localhost',
    'localhost:5000',
    '127.0.0.1:5000',
    '[::1]:5000',
    '0.0.0.0:5000',
    'app.localhost:5000',
    'a.b.LOCALHOST',
    '10.0.0.1',
    '172.16.0.1:5000',
    '172.31.255.255',
    '192.168.1.20:5000',
    '169.254.1.1',
    '[fd00::7]:5000',
    '[fe80::1]',
    'app.dev.example:8443',
  ])('the host %s is accepted', (host) => {
    expect(development('GET', { host })).toBe('passes')
    expect(development('POST', { host })).toBe('passes')
  })

  it.each([
    'example.com',
    'app.dev.example',
    'localhost.example.com',
    'evillocalhost',
    '10.0.0.1.evil.com',
    '172.32.0.1',
    '192.169.0.1',
    '203.0.113.7',
    '8.8.8.8:5000',
    '[2001:db8::1]',
    'bienvenue',
  ])('the host %s is refused as unknown', (host) => {
    expect(development('GET', { host })).toBe('unknown_host')
    expect(development('POST', { host })).toBe('unknown_host')
  })

  it('an origin must be that of BASE_URL or of the request', () => {
    for (const origin of ['https://app.dev.example:8443', 'http://localhost:5000', 'https://localhost:5000'])
      expect(development('POST', { origin }), origin).toBe('passes')
    for (const origin of ['http://localhost:3000', 'http://127.0.0.1:5000', 'http://evil.com', 'null'])
      expect(development('POST', { origin }), origin).toBe('foreign_origin')
  })

  it('a form with a session must have an origin, as in production', () => {
    expect(development('POST', {}, { sessionToken: 'x' })).toBe('missing_origin')
    expect(development('POST', { origin: 'http://localhost:5000' }, { sessionToken: 'x' })).toBe('passes')
  })

  it('local hosts are accepted without a BASE_URL', () => {
    const settings = { ...DEVELOPMENT, baseUrl: '' }
    expect(development('GET', { host: '192.168.1.20' }, { settings })).toBe('passes')
    expect(development('GET', { host: 'app.dev.example:8443' }, { settings })).toBe('unknown_host')
    expect(development('POST', {}, { settings, sessionToken: 'x' })).toBe('missing_origin')
  })
})

describe('allowed hosts', () => {
  const allowedHosts = 'bienvenue,auth.internal:5000,203.0.113.7,[2001:db8::7]:5000'
  const MODES: GuardSettings[] = [
    { mode: 'classic', baseUrl: '', allowedHosts, trustedOrigins: '' },
    { mode: 'development', baseUrl: 'http://localhost:5000', allowedHosts, trustedOrigins: '' },
    { mode: 'production', baseUrl: 'https://auth.example.com', allowedHosts, trustedOrigins: '' },
  ]

  it.each(MODES)('are accepted in $mode mode, and no others', (settings) => {
    for (const host of [
      'bienvenue',
      'Bienvenue:5000',
      'bienvenue:80',
      'auth.internal:5000',
      '203.0.113.7:1',
      '[2001:db8::7]:5000',
    ]) {
      const url = `http://${host}/`
      expect(verdict('GET', { host }, { settings, url }), host).toBe('passes')
      expect(verdict('POST', { host }, { settings, url }), host).toBe('passes')
    }
    for (const host of [
      'bienvenue.evil.com',
      'evil.bienvenue',
      'auth.internal',
      'auth.internal:5001',
      '203.0.113.8',
      '[2001:db8::7]',
    ])
      expect(verdict('GET', { host }, { settings }), host).toBe('unknown_host')
  })

  it('add no allowed origin in production: it must still be that of BASE_URL', () => {
    const [, , settings] = MODES
    if (settings === undefined) expect.unreachable()
    const post = (origin: string) =>
      verdict('POST', { host: 'bienvenue', origin }, { settings, url: 'http://bienvenue/' })
    expect(post('http://bienvenue')).toBe('foreign_origin')
    expect(post('https://bienvenue')).toBe('foreign_origin')
    expect(post('https://auth.example.com')).toBe('passes')
  })
})

import { describe, expect, it } from 'vitest'
import { AuthError } from '../errors.ts'
import { guard } from './guards.ts'

const UNSAFE = ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']

/** `passes`, or the code of the refusal. */
function verdict(method: string, headers: Record<string, string>, url = 'http://localhost:5000/'): string {
  try {
    guard(new Request(url, { method, headers }))
    return 'passes'
  } catch (error) {
    if (!(error instanceof AuthError)) throw error
    return error.code
  }
}

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
  ])('%s is served', (host) => {
    expect(verdict('GET', { host })).toBe('passes')
    expect(verdict('POST', { host })).toBe('passes')
  })

  it.each([
    '',
    'example.com',
    'example.com:5000',
    '127.0.0.1.evil.com',
    '127.0.0.1.evil.com:5000',
    'localhost.evil.com',
    'localhost.evil.com:5000',
    'evil-localhost',
    'localhost.',
    'localhost:',
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
    '::1',
    '[::]',
    '[::2]:5000',
    '[::1',
    '::1]',
    '[::1].evil.com',
    '[::1]evil.com:5000',
    '[::1%25lo]',
    '[::ffff:10.0.0.1]',
    '[fe80::1]',
    '*',
  ])('%j is not', (host) => {
    expect(verdict('GET', { host })).toBe('unknown_host')
    expect(verdict('POST', { host })).toBe('unknown_host')
  })

  it('is that of the header, and that of the target where it has one of its own', () => {
    expect(verdict('GET', { host: 'evil.com' }, 'http://localhost/')).toBe('unknown_host')
    expect(verdict('GET', { host: 'localhost' }, 'http://evil.com/')).toBe('unknown_host')
    expect(verdict('GET', { host: 'localhost' }, 'http://localhost.evil.com/')).toBe('unknown_host')
    expect(verdict('GET', { host: 'localhost:5000' }, 'http://127.0.0.1/')).toBe('passes')
  })

  it('may come with no transfer coding but chunked', () => {
    expect(verdict('POST', { host: 'localhost', 'transfer-encoding': 'Chunked' })).toBe('passes')
    expect(verdict('POST', { host: 'localhost', 'transfer-encoding': 'gzip, chunked' })).toBe(
      'malformed_request',
    )
  })

  it('may be named once only (RFC 9112 §3.2)', () => {
    for (const host of ['localhost, localhost', 'localhost,evil.com']) {
      expect(verdict('GET', { host })).toBe('malformed_request')
    }
  })

  it('is that of the URL where a request of the library has no such header', () => {
    expect(verdict('GET', {}, 'http://localhost:5000/')).toBe('passes')
    expect(verdict('GET', {}, 'http://[::1]/')).toBe('passes')
    expect(verdict('GET', {}, 'http://evil.com/')).toBe('unknown_host')
    expect(verdict('GET', {}, 'http://localhost.evil.com/')).toBe('unknown_host')
  })
})

/** What a browser says about where a request comes from; the server is http://localhost:5000. */
const ORIGINS: readonly [origin: string | null, site: string | null, verdict: string][] = [
  [null, null, 'passes'],
  ['http://localhost:5000', null, 'passes'],
  ['https://localhost:5000', null, 'passes'],
  ['http://localhost:5000', 'same-origin', 'passes'],
  [null, 'same-origin', 'passes'],
  [null, 'none', 'passes'],
  ['null', null, 'foreign_origin'],
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
  // One of the two is enough to refuse.
  ['http://evil.com', 'same-origin', 'foreign_origin'],
  ['http://localhost:5000', 'cross-site', 'foreign_origin'],
  [null, 'cross-site', 'foreign_origin'],
  [null, 'same-site', 'foreign_origin'],
  [null, '', 'foreign_origin'],
  [null, 'a-word-of-the-future', 'foreign_origin'],
]

describe('the origin', () => {
  it.each(ORIGINS)('%j with Sec-Fetch-Site %j: an unsafe request %s [CX-06]', (origin, site, expected) => {
    const headers = {
      ...(origin !== null && { origin }),
      ...(site !== null && { 'sec-fetch-site': site }),
    }
    for (const method of UNSAFE) {
      expect(verdict(method, { host: 'localhost:5000', ...headers }), method).toBe(expected)
      expect(verdict(method, { host: 'LOCALHOST:5000', ...headers }), method).toBe(expected)
    }
    // Reading changes nothing, and its answer is not shared with other origins.
    for (const method of ['GET', 'HEAD'])
      expect(verdict(method, { host: 'localhost:5000', ...headers })).toBe('passes')
  })
})

describe('the address', () => {
  const url = (length: number) => 'http://localhost/?'.padEnd(length, 'x')

  it('may have 2,048 characters', () => {
    expect(verdict('GET', {}, url(2_048))).toBe('passes')
    expect(verdict('POST', {}, url(2_048))).toBe('passes')
  })

  it('may not have 2,049', () => {
    expect(verdict('GET', {}, url(2_049))).toBe('uri_too_long')
    expect(verdict('POST', {}, url(2_049))).toBe('uri_too_long')
  })
})

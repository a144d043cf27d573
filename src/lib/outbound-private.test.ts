import { expect, it } from 'vitest'
import { parseOutboundPrivate } from './outbound-private.ts'

const { hasHost, hasAddress } = parseOutboundPrivate('localhost, 10.0.0.0/8, idp.internal:8443, fd00::/8')

it.each([
  ['https://localhost', true],
  ['https://localhost:3000', true],
  ['https://idp.internal:8443/x', true],
  ['https://idp.internal', false],
  ['https://sub.localhost', false],
  ['https://localhost.example.com', false],
])('compares the host and the port of %s: %s', (url, isListed) => {
  expect(hasHost(new URL(url))).toBe(isListed)
})

it.each([
  ['10.1.2.3', true],
  ['::ffff:10.1.2.3', true],
  ['fd00::7', true],
  ['11.0.0.1', false],
  ['fe80::7', false],
])('contains %s: %s', (address, isListed) => {
  expect(hasAddress(address)).toBe(isListed)
})

it('knows the default ports', () => {
  const exceptions = parseOutboundPrivate('a.internal:443,b.internal:80')
  expect(exceptions.hasHost(new URL('https://a.internal'))).toBe(true)
  expect(exceptions.hasHost(new URL('http://b.internal'))).toBe(true)
  expect(exceptions.hasHost(new URL('https://b.internal'))).toBe(false)
})

it('makes no exception without entries', () => {
  const none = parseOutboundPrivate('')
  expect(none.hasHost(new URL('https://localhost'))).toBe(false)
  expect(none.hasAddress('127.0.0.1')).toBe(false)
})

it.each(['https://idp.internal', '*.internal', 'a,,b', '10.0.0.0/33', 'a b'])('refuses %j', (text) => {
  expect(() => parseOutboundPrivate(text)).toThrow(TypeError)
})

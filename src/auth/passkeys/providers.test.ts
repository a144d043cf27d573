import { expect, it } from 'vitest'
import { providerOf } from './providers.ts'

it.each([
  ['ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4', 'Google Password Manager'],
  ['50726f74-6f6e-5061-7373-50726f746f6e', 'Proton Pass'],
  ['00000000-0000-0000-0000-000000000000', null],
  ['12345678-1234-1234-1234-123456789abc', null],
  ['constructor', null],
])('names the provider of %s: %s', (aaguid, name) => {
  expect(providerOf(aaguid)).toBe(name)
})

/** The rules of each preset, with answers as in the documentation of the provider. */
import { describe, expect, it } from 'vitest'
import apple from '../../../../test/fixtures/providers/apple.json' with { type: 'json' }
import github from '../../../../test/fixtures/providers/github.json' with { type: 'json' }
import gitlab from '../../../../test/fixtures/providers/gitlab.json' with { type: 'json' }
import google from '../../../../test/fixtures/providers/google.json' with { type: 'json' }
import microsoft from '../../../../test/fixtures/providers/microsoft.json' with { type: 'json' }
import { PRESETS, type PresetName } from '../../../model/providers.ts'
import { readAppleKey } from './apple.ts'
import { presetOf } from './index.ts'
import type { Claims, PresetSettings } from './preset.ts'

const SETTINGS: PresetSettings = { tenants: [], trustsEmail: false }

function isVerified(name: PresetName, claims: Claims, settings: Partial<PresetSettings> = {}): boolean {
  return presetOf(name).isEmailVerified(String(claims.email), claims, { ...SETTINGS, ...settings })
}

it.each(PRESETS)('%s has a name, and an issuer without a slash at its end', (name) => {
  const { name: label, issuer } = presetOf(name)
  expect(label).not.toBe('')
  expect(issuer ?? 'https://a.example').toMatch(/^https:\/\/.*[^/]$/)
})

it.each([
  ['google', google.claims, google.claims.sub],
  ['microsoft', microsoft.claims, microsoft.claims.oid],
  ['apple', apple.claims, apple.claims.sub],
  ['github', github.user, '1'],
  ['gitlab', gitlab.claims, gitlab.claims.sub],
] as const)('%s: the subject never changes', (name, claims, subject) => {
  expect(presetOf(name).subject(claims)).toBe(subject)
  expect(presetOf(name).subject({})).toBe(undefined)
})

it.each([
  ['google', google.claims],
  ['microsoft', microsoft.claims],
  ['apple', apple.claims],
  ['gitlab', gitlab.claims],
] as const)('%s: the documented address is verified', (name, claims) => {
  expect(isVerified(name, claims)).toBe(true)
})

describe('google', () => {
  it.each([
    ['a Gmail address', { email: 'anna@gmail.com', hd: undefined }, true],
    ['an address of the Workspace, in other letters', { email: 'anna@Example.COM' }, true],
    ['an address of another domain than the Workspace', { email: 'anna@example.org' }, false],
    ['an address of another provider', { email: 'anna@example.com', hd: undefined }, false],
    ['a domain that ends like Gmail', { email: 'anna@evilgmail.com', hd: undefined }, false],
    ['an address that only begins with the domain', { email: 'anna@example.com@evil.example' }, false],
    ['an address that Google has not verified', { email_verified: false }, false],
  ])('verifies %s: %j %s', (_, changes, expected) => {
    expect(isVerified('google', { ...google.claims, ...changes })).toBe(expected)
  })
})

describe('microsoft', () => {
  it.each([
    [true, true],
    [1, true],
    ['1', true],
    ['true', true],
    [false, false],
    [0, false],
    ['0', false],
    ['false', false],
    [undefined, false],
    [['true'], false],
  ])('xms_edov %j verifies the address: %s', (xms_edov, expected) => {
    expect(isVerified('microsoft', { ...microsoft.claims, email_verified: true, xms_edov })).toBe(expected)
  })

  it.each<[tenants: string[], tid: unknown, isAllowed: boolean]>([
    [[microsoft.claims.tid], microsoft.claims.tid, true],
    [['*'], microsoft.claims.tid, true],
    [[microsoft.claims.tid], '00000000-0000-0000-0000-000000000000', false],
    [[microsoft.claims.tid], undefined, false],
    [['*'], undefined, false],
    [[], microsoft.claims.tid, false],
  ])('of the tenants %j, %s may sign in: %s', (tenants, tid, isAllowed) => {
    const { isTenantAllowed } = presetOf('microsoft')
    expect(isTenantAllowed?.({ ...microsoft.claims, tid }, { ...SETTINGS, tenants })).toBe(isAllowed)
  })
})

it.each(['apple', 'gitlab', 'oidc'] as const)('%s: only true and "true" verify an address', (name) => {
  for (const email_verified of [true, 'true'])
    expect(isVerified(name, { email: 'a@example.org', email_verified })).toBe(true)
  for (const email_verified of [false, 'false', 1, 'yes', null, ['true'], undefined])
    expect(isVerified(name, { email: 'a@example.org', email_verified })).toBe(false)
})

it.each([
  ['oidc', true],
  ['gitlab', true],
  ['google', false],
  ['microsoft', false],
  ['apple', false],
  ['github', false],
] as const)(
  '%s: the operator can trust addresses of which the provider says nothing: %s',
  (name, expected) => {
    const trusting = { trustsEmail: true, tenants: ['*'] }
    expect(isVerified(name, { email: 'anna@example.org' }, trusting)).toBe(expected)
    expect(isVerified(name, { email: 'anna@example.org', email_verified: false }, trusting)).toBe(false)
  },
)

it('github: an address is verified if it is the primary one and verified', () => {
  const claims = { ...github.user, emails: github.emails }
  expect(isVerified('github', { ...claims, email: 'octocat@github.com' })).toBe(true)
  expect(isVerified('github', { ...claims, email: 'old@github.com' })).toBe(false)
  expect(isVerified('github', { ...claims, email: 'public@github.com' })).toBe(false)
  const emails = [{ email: 'octocat@github.com', primary: true, verified: false }]
  expect(isVerified('github', { ...claims, emails, email: 'octocat@github.com' })).toBe(false)
  expect(isVerified('github', { email: 'octocat@github.com' })).toBe(false)
})

describe('the secret of Apple', () => {
  const key = {
    team_id: 'ABCDE12345',
    key_id: 'FGHIJ67890',
    private_key: '-----BEGIN PRIVATE KEY-----\nMIGT\n-----END PRIVATE KEY-----\n',
  }

  it('is JSON with the team, the id of the key, and the .p8 file', () => {
    expect(readAppleKey(JSON.stringify(key))).toEqual({
      teamId: key.team_id,
      keyId: key.key_id,
      privateKey: key.private_key,
    })
  })

  it.each([
    ['the .p8 file alone', key.private_key, /is not a JSON object/],
    ['JSON of another form', 'null', /team_id/],
    ['a team with other characters', JSON.stringify({ ...key, team_id: 'abcde12345' }), /team_id/],
    ['no id of the key', JSON.stringify({ ...key, key_id: undefined }), /key_id/],
    ['no key', JSON.stringify({ ...key, private_key: 'MIGT' }), /private_key/],
  ])('is refused if it is %s, with a message that does not show it', (_, secret, message) => {
    expect(() => presetOf('apple').assertSecret?.(secret)).toThrow(message)
    expect(() => presetOf('apple').assertSecret?.(secret)).not.toThrow(/MIGT/)
  })
})

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { CHARACTER } from '../../../../test/support/characters.ts'
import { AuthError } from '../../../model/errors.ts'
import { createPasswordPolicy, type PolicySettings } from './index.ts'

const SETTINGS: PolicySettings = {
  minPasswordLength: 15,
  passwordBlocklist: true,
  contextWords: ['Tintagel'],
  baseUrl: 'https://login.camelot.example',
  breachCheckUrl: '',
}

function policyWith(settings: Partial<PolicySettings> = {}) {
  return createPasswordPolicy({ ...SETTINGS, ...settings }, () => expect.unreachable())
}

function check(password: string, settings: Partial<PolicySettings> = {}, email: string | null = null) {
  return policyWith(settings).check(password, { field: 'newPassword', email })
}

const refused = (code: string) => ({ name: 'AuthError', code, field: 'newPassword' })

it('counts length in code points, not in bytes or UTF-16 units [PW-01, PW-04]', async () => {
  const faces = ['😀', '🦊', '🐙', '🌵', '🍋', '🚲', '🎺', '🧊', '🪁', '🧵', '🦉', '🍄', '🏔', '🛶', '🪐']
  await expect(check(faces.slice(0, 14).join(''))).rejects.toMatchObject(refused('password_too_short'))
  await expect(check(faces.join(''))).resolves.toBeUndefined()
  await expect(check('vierzehn Äpfel')).rejects.toMatchObject(refused('password_too_short'))
  await expect(check('fünfzehn Äpfel!')).resolves.toBeUndefined()
})

it('enforces the configured minimum length and states it in the refusal', async () => {
  for (const minPasswordLength of [8, 15, 20, 64]) {
    const password = 'Ωmega trout & seven umbrellas, a lamp: none of it rhymes with orange'
    const start = (length: number) => [...password].slice(0, length).join('')
    await expect(check(start(minPasswordLength - 1), { minPasswordLength })).rejects.toMatchObject({
      ...refused('password_too_short'),
      minLength: minPasswordLength,
      message: `Use at least ${minPasswordLength} characters.`,
    })
    await expect(check(start(minPasswordLength), { minPasswordLength })).resolves.toBeUndefined()
  }
})

it.each([
  'plum kettle orbit sandal',
  'plumkettleorbitsandal',
  'two herons and a late train',
  'MARBLE THUNDER PIANO FENCE',
  'le chat dort sous la pluie',
  'vier kleine Wolken im Schrank',
  'съешь ещё этих мягких булок',
  '正しい馬の電池とホチキスの針を数える',
  ' spaces before, within and after ',
  'no digits no capitals no signs',
  '7391 2846 0517 9362',
  'Zx4%qT9!mLw2@vBn',
  'tab\tand line\nand nul\0',
])('accepts %j [PW-04]', async (password) => {
  await expect(check(password, {}, 'arthur.pendragon@mail.example')).resolves.toBeUndefined()
})

it('requires no character class and forbids none: appending any text keeps a good password acceptable [PW-04]', async () => {
  const policy = policyWith()
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: CHARACTER, maxLength: 200 }), (text) =>
      policy.check(`plum kettle 42, ${text}`, { field: 'password', email: null }),
    ),
    { numRuns: 1_000 },
  )
})

it('accepts any password or refuses it with a code and the field', async () => {
  const words = ['bienvenue', 'camelot', 'arthur', 'aaaa', '1234', 'password', 'x', ' ', 'İ', 'ﬁ', 'e\u0301']
  const password = fc
    .oneof(
      fc.string({ unit: CHARACTER, minLength: 1, maxLength: 340 }),
      fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 90 }).map((pieces) => pieces.join('')),
    )
    .filter((text) => Buffer.byteLength(text) <= 1_024)
  const email = fc.option(fc.oneof(fc.emailAddress(), fc.string({ unit: CHARACTER, maxLength: 254 })))
  const policy = policyWith({ minPasswordLength: 8 })
  await fc.assert(
    fc.asyncProperty(password, email, async (text, address) => {
      const error: unknown = await policy.check(text, { field: 'password', email: address }).then(
        () => null,
        (reason) => reason,
      )
      if (error === null) return
      if (!(error instanceof AuthError)) throw error
      expect(error.field).toBe('password')
      expect(['password_too_short', 'password_guessable', 'password_too_common']).toContain(error.code)
    }),
    { numRuns: 1_000 },
  )
})

it.each([
  ['a'.repeat(1_024), 'password_guessable', `${'a'.repeat(64)}@${'a'.repeat(63)}.${'a'.repeat(63)}.example`],
  ['a'.repeat(1_024), 'password_too_common', null],
  ['0123456789'.repeat(102), 'password_too_common', null],
  [`${'a'.repeat(511)}b${'a'.repeat(512)}`, 'password_too_common', null],
])('refuses a long and monotonous password (%#)', async (password, code, email) => {
  await expect(check(password, {}, email)).rejects.toMatchObject(refused(code))
})

it('reports the first failure in the order length, context words, common passwords', async () => {
  const settings = { minPasswordLength: 8 }
  await expect(check('camelot', settings)).rejects.toMatchObject(refused('password_too_short'))
  await expect(check('camelotcamelot', settings)).rejects.toMatchObject(refused('password_guessable'))
  await expect(check('passwordpassword', settings)).rejects.toMatchObject(refused('password_too_common'))
})

it('checks only the length if the blocklist is off', async () => {
  const settings = { passwordBlocklist: false, minPasswordLength: 5 }
  await expect(check('1234', settings)).rejects.toMatchObject(refused('password_too_short'))
  for (const password of ['b4l0u', '12345', 'bienvenue', 'password', 'aaaaaaaa'])
    await expect(check(password, settings)).resolves.toBeUndefined()
})

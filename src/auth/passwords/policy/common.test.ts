import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { codePointsIn, fold } from './characters.ts'
import { commonPasswords, isTooCommon } from './common.ts'
import { createPasswordPolicy } from './index.ts'
import { isMostlyRuns, repeatedUnit } from './patterns.ts'

function check(password: string, minPasswordLength: number) {
  const settings = {
    minPasswordLength,
    passwordBlocklist: true,
    contextWords: [],
    baseUrl: '',
    breachCheckUrl: '',
  }
  return createPasswordPolicy(settings, () => expect.unreachable()).check(password, {
    field: 'password',
    email: null,
  })
}

const TOO_COMMON = { name: 'AuthError', code: 'password_too_common', field: 'password' }

describe('the list of common passwords', () => {
  it.each([8, 9, 10, 11, 12, 13, 14, 15])(
    'has at least 3,000 passwords of %i characters and more, all refused by the policy',
    async (floor) => {
      const list = [...(await commonPasswords())].filter((password) => codePointsIn(password) >= floor)
      expect(list.length).toBeGreaterThanOrEqual(3_000)
      const passed: string[] = []
      for (const password of list) {
        const code = await check(password, floor).then(
          () => 'passed',
          (error: { code: string }) => error.code,
        )
        if (code !== 'password_too_common') passed.push(password)
      }
      expect(passed).toEqual([])
    },
  )

  it('is case-folded, so that a password matches in any case', async () => {
    for (const password of await commonPasswords()) {
      expect(fold(password)).toBe(password)
      expect(codePointsIn(password)).toBeGreaterThanOrEqual(8)
    }
    for (const password of ['Passw0rd', 'PASSWORD1', 'iLoveYou', 'ILOVEYOUFOREVER', 'CristianoRonaldo'])
      await expect(check(password, 8)).rejects.toMatchObject(TOO_COMMON)
  })

  it.each([
    'stairwaytoheaven',
    '1qaz2wsx3edc4rfv',
    'QwertyUiopAsdfgh',
    'qwerasdfzxcv1234',
    'manchesterunited',
    'q1w2e3r4t5y6u7i8o9p0',
    'passwordstandard',
    '30secondstomars',
  ])('refuses %j with a minimum length of 15', async (password) => {
    await expect(check(password, 15)).rejects.toMatchObject(TOO_COMMON)
  })
})

describe('repetitions', () => {
  it.each([
    'aaaaaaaaaaaaaaa',
    'abcabcabcabcabc',
    'abcabcabcabcabcab',
    'passwordpassword',
    'PasswordpassworD',
    'tomorrow tomorrow',
    'hey you hey you hey you',
    '😀🦊😀🦊😀🦊😀🦊😀🦊😀🦊😀🦊😀',
    '                ',
    'Qx7!Qx7!Qx7!Qx7!',
  ])('refuses %j, because the repeated unit is too short', async (password) => {
    await expect(check(password, 15)).rejects.toMatchObject(TOO_COMMON)
  })

  it('accepts a repeated unit that would be accepted by itself', async () => {
    await expect(check('plum kettle 421 plum kettle 421', 15)).resolves.toBeUndefined()
    await expect(check('plumbago7plumbago7', 8)).resolves.toBeUndefined()
    await expect(check('plumbago7plumbago7', 15)).rejects.toMatchObject(TOO_COMMON)
  })

  it('refuses a repeated unit that is common or a run', async () => {
    for (const password of [
      'password password',
      'sunshinesunshine',
      'ghijklmn ghijklmn ghijklmn ghijklmn ghijklmn',
    ])
      await expect(check(password, 8)).rejects.toMatchObject(TOO_COMMON)
  })

  it('refuses a repeated unit shorter than eight, whatever the minimum length', async () => {
    await expect(check('plumpot', 1)).resolves.toBeUndefined()
    await expect(check('plumpotplumpot', 1)).rejects.toMatchObject(TOO_COMMON)
  })

  it.each([
    ['abcabcabcab', 'abc'],
    ['aaaa', 'a'],
    ['abab', 'ab'],
    ['abaab', 'aba'],
    ['hey you hey you', 'hey you '],
    ['😀🦊😀🦊😀', '😀🦊'],
    ['ab', null],
    ['abca', null],
    ['abcab', 'abc'],
    ['abcdab', null],
    ['aab', null],
  ])('finds the repeated unit of %j: %j', (text, unit) => {
    expect(repeatedUnit(text)).toBe(unit)
  })
})

describe('runs', () => {
  it.each([
    '123456789012345',
    '543210987654321',
    'abcdefghijklmnop',
    'zyxwvutsrqponmlk',
    'абвгдежзийклмнопрс',
    'aaaabbbbccccdddd',
    'abcdefgh87654321',
    'aaaaaaaaaaaaaa1',
    '123456789012abc',
    'x7$aaaaaaaaaaaa',
  ])('refuses %j', async (password) => {
    await expect(check(password, 15)).rejects.toMatchObject(TOO_COMMON)
  })

  it.each(['abcdefghijk2026', 'qwertyuiop plums', 'abc123abc456abc7', 'abcxyz123789qazp'])(
    'accepts %j, which is more than runs',
    async (password) => {
      await expect(check(password, 15)).resolves.toBeUndefined()
    },
  )

  it('counts four characters in a row as a run, and needs four characters outside of runs', () => {
    for (const text of ['abc', 'abcxyz', 'aaabbbccc', 'abcd7319', '7319dcba', 'ab', ''])
      expect(isMostlyRuns(text), text).toBe(false)
    for (const text of ['abcd', 'dcba', 'abcd731', 'a7aaaa1', 'aaaabcd', '8901', '1098'])
      expect(isMostlyRuns(text), text).toBe(true)
  })
})

const WORDS =
  'apple answer basket hijack copper defend studious first garden hollow island jungle kettle lantern mirror noon orange pepper quarter river silver tree understudy violin were window yellow zebra poppy redress'.split(
    ' ',
  )

it('accepts four different ordinary words with any separator', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.constantFrom(...WORDS), { minLength: 4, maxLength: 7 }),
      fc.constantFrom('', ' ', '-', '.'),
      async (words, between) => {
        expect(await isTooCommon(words.join(between), 15)).toBe(false)
      },
    ),
  )
})

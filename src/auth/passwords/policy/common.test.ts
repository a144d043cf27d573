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

describe('the list', () => {
  it.each([8, 9, 10, 11, 12, 13, 14, 15])(
    'has 3,000 passwords and more for a floor of %i, and the policy refuses each of them',
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

  it('is folded, so that every spelling of the cases is found', async () => {
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
  ])('has %j, which is long enough for a floor of 15', async (password) => {
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
  ])('%j is refused, for its unit is too short', async (password) => {
    await expect(check(password, 15)).rejects.toMatchObject(TOO_COMMON)
  })

  it('a unit that would do alone will do twice', async () => {
    await expect(check('plum kettle 421 plum kettle 421', 15)).resolves.toBeUndefined()
    await expect(check('plumbago7plumbago7', 8)).resolves.toBeUndefined()
    await expect(check('plumbago7plumbago7', 15)).rejects.toMatchObject(TOO_COMMON)
  })

  it('a unit that is common or a run is refused again and again', async () => {
    for (const password of [
      'password password',
      'sunshinesunshine',
      'ghijklmn ghijklmn ghijklmn ghijklmn ghijklmn',
    ])
      await expect(check(password, 8)).rejects.toMatchObject(TOO_COMMON)
  })

  it('no floor makes a unit of fewer than eight do', async () => {
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
  ])('the repeated unit of %j is %j', (text, unit) => {
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
  ])('%j is refused', async (password) => {
    await expect(check(password, 15)).rejects.toMatchObject(TOO_COMMON)
  })

  it.each(['abcdefghijk2026', 'qwertyuiop plums', 'abc123abc456abc7', 'abcxyz123789qazp'])(
    '%j has more to it than runs',
    async (password) => {
      await expect(check(password, 15)).resolves.toBeUndefined()
    },
  )

  it('three in a row are no run, four are; three characters beside runs do not count, four do', () => {
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

it('four different ordinary words pass, with or without anything between them', async () => {
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

import fc from 'fast-check'
import { expect, it } from 'vitest'
import { accountWords, isMostly, serviceWords } from './context-words.ts'
import { createPasswordPolicy } from './index.ts'

const EMAIL = 'Arthur.Pendragon+table_round@mail.Camelot-Castle.example'

function check(
  password: string,
  {
    email = null,
    baseUrl = '',
    contextWords = [],
  }: { email?: string | null; baseUrl?: string; contextWords?: string[] } = {},
) {
  const settings = {
    minPasswordLength: 8,
    passwordBlocklist: true,
    contextWords,
    baseUrl,
    breachCheckUrl: '',
  }
  return createPasswordPolicy(settings, () => expect.unreachable()).check(password, {
    field: 'password',
    email,
  })
}

const GUESSABLE = { name: 'AuthError', code: 'password_guessable', field: 'password' }

it.each([
  ['the email address', EMAIL],
  ['the email address in capitals', EMAIL.toUpperCase()],
  ['the local part', 'arthur.pendragon+table_round'],
  ['part of the local part and a year', 'pendragon1985'],
  ['two parts of the local part', 'tableARTHUR!'],
  ['the domain', 'mail.camelot-castle.example'],
  ['a label of the domain', 'Camelot-Castle2026!'],
  ['the same word twice with one character between', 'arthurxarthur'],
  ['a word and seven other characters', 'arthur1234567'],
])('refuses %s: %j', async (_, password) => {
  await expect(check(password, { email: EMAIL })).rejects.toMatchObject(GUESSABLE)
})

it.each([
  ['a word and eight other characters', 'arthur7q4&9z1w'],
  ['words of another account', 'lancelot & guinevere'],
  ['a word with a changed letter', 'pendr4gon'],
  ['the last label of the domain', 'example82'],
])('accepts %s: %j', async (_, password) => {
  await expect(check(password, { email: EMAIL })).resolves.toBeUndefined()
})

it('uses a short address as a whole, although its parts are too short to be words', async () => {
  expect(accountWords('al@ab.io')).toEqual(['al@ab.io', 'ab.io'])
  await expect(check('al@ab.io', { email: 'al@ab.io' })).rejects.toMatchObject(GUESSABLE)
  await expect(check('alabaster ioniser', { email: 'al@ab.io' })).resolves.toBeUndefined()
})

it('matches a domain in Punycode and in Unicode', async () => {
  for (const email of ['bob@bücherei.example', 'bob@xn--bcherei-n2a.example'])
    await expect(check('Bücherei-2026', { email })).rejects.toMatchObject(GUESSABLE)
  await expect(
    check('Bücherei-2026', { baseUrl: 'https://www.bücherei.example/login' }),
  ).rejects.toMatchObject(GUESSABLE)
})

it('refuses the service name, its host and the words that the operator configured [PW-07]', async () => {
  const service = {
    baseUrl: 'https://www.round-table.example:8443/auth',
    contextWords: [' Tintagel ', 'ltd'],
  }
  for (const password of ['Bienvenue123', 'round-table', 'www.round-table.example', 'tintagel7', 'TINTAGEL'])
    await expect(check(password, service)).rejects.toMatchObject(GUESSABLE)
  // Words of fewer than four characters are ignored.
  for (const password of ['ltd&ltd&82', 'www-www-www7'])
    await expect(check(password, service)).resolves.toBeUndefined()
})

it('works without an account and without a base URL', async () => {
  expect(accountWords(null)).toEqual([])
  expect(serviceWords({ baseUrl: '', contextWords: [] })).toEqual(['bienvenue'])
  await expect(check('arthur1234567')).resolves.toBeUndefined()
})

it('ignores case and Unicode normalization', async () => {
  const contextWords = ['Ve\u0301lo']
  for (const password of ['V\u00c9LO-2026', 've\u0301lo-2026'])
    await expect(check(password, { contextWords })).rejects.toMatchObject(GUESSABLE)
})

it('removes overlapping occurrences', async () => {
  await expect(check('ananananana-2468-p', { contextWords: ['anana'] })).rejects.toMatchObject(GUESSABLE)
  await expect(check('ananananana-2468-pq', { contextWords: ['anana'] })).resolves.toBeUndefined()
})

it('removes exactly the characters inside an occurrence of a word', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '😀'), maxLength: 24 })
  const words = fc.array(
    letters.filter((word) => [...word].length >= 4),
    { maxLength: 4 },
  )
  fc.assert(
    fc.property(letters, words, (password, some) => {
      const characters = [...password]
      const left = characters.filter(
        (_, at) =>
          !some.some((word) => {
            const { length } = [...word]
            return characters.some(
              (__, start) =>
                start <= at &&
                at < start + length &&
                characters.slice(start, start + length).join('') === word,
            )
          }),
      )
      expect(isMostly(some, password)).toBe(left.length < 8 && left.length < characters.length)
    }),
    { numRuns: 2_000 },
  )
})

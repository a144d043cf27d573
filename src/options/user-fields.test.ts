import { expect, it } from 'vitest'
import { openUserFields } from './user-fields.ts'

it('fills in the defaults', () => {
  expect(
    openUserFields({
      company: { label: 'Company', required: true },
      size: { label: { fr: 'Taille' }, choices: { small: 'Small' }, hint: 'How many are you?' },
      letters: { label: 'Letters\u00a0?', type: 'boolean', signUp: true },
    }),
  ).toEqual([
    {
      ...{ name: 'company', label: 'Company', hint: null, type: 'text', choices: [] },
      ...{ required: true, signUp: true, maxLength: 200 },
    },
    {
      ...{ name: 'size', label: { fr: 'Taille' }, hint: 'How many are you?', type: 'choice' },
      ...{ choices: [{ value: 'small', label: 'Small' }], required: false, signUp: false, maxLength: 200 },
    },
    {
      ...{ name: 'letters', label: 'Letters\u00a0?', hint: null, type: 'boolean', choices: [] },
      ...{ required: false, signUp: true, maxLength: 200 },
    },
  ])
  expect(openUserFields({})).toEqual([])
})

it('shows a required field at sign-up, whatever `signUp` says', () => {
  const [field] = openUserFields({ company: { label: 'Company', required: true, signUp: false } })
  expect(field?.signUp).toBe(true)
})

const label = 'Company'
it.each<[given: unknown, problem: string]>([
  [null, 'expected an object'],
  [[{ label }], 'expected an object'],
  [{ company: 'Company' }, 'company must be an object with a label'],
  [{ company: {} }, 'company must have a label'],
  [{ company: { label: '' } }, 'company must have a label'],
  [{ company: { label: 'Com\npany' } }, 'company must have a label'],
  [{ company: { label: '\ud800' } }, 'company must have a label'],
  [{ company: { label: {} } }, 'company must have a label'],
  [{ company: { label: { xx: 'Company' } } }, 'company must have a label'],
  [{ company: { label: { en: 7 } } }, 'company must have a label'],
  [{ company: { label: 'x'.repeat(301) } }, 'company must have a label'],
  [{ company: { label, hint: '' } }, 'company has a hint'],
  [{ company: { label, title: 'x' } }, 'company has a member "title"'],
  [{ company: { label, type: 'date' } }, 'company has a type that is not one of text, number, boolean'],
  [{ company: { label, required: 'yes' } }, 'company has a member required that is not true or false'],
  [{ company: { label, signUp: 1 } }, 'company has a member signUp that is not true or false'],
  [{ company: { label, maxLength: 0 } }, 'company has a maxLength'],
  [{ company: { label, maxLength: 2_001 } }, 'company has a maxLength'],
  [{ company: { label, maxLength: '80' } }, 'company has a maxLength'],
  [{ company: { label, type: 'number', maxLength: 2 } }, 'company is a number'],
  [{ company: { label, type: 'boolean', choices: { a: 'A' } } }, 'company is a boolean'],
  [{ company: { label, choices: {} } }, 'company must have choices'],
  [{ company: { label, choices: ['small'] } }, 'company must have choices'],
  [{ company: { label, choices: { '': 'None' } } }, 'company has a choice ""'],
  [{ company: { label, choices: { small: '' } } }, 'company has a choice "small"'],
  [JSON.parse('{"__proto__":{"label":"x"}}'), '"__proto__" is not a name'],
  [{ constructor: { label } }, '"constructor" is not a name'],
  [{ prototype: { label } }, '"prototype" is not a name'],
  [{ 'a.b': { label } }, '"a.b" is not a name'],
  [{ '': { label } }, '"" is not a name'],
  [{ ['x'.repeat(51)]: { label } }, 'is not a name'],
  [Object.fromEntries(Array.from({ length: 33 }, (_, n) => [`field${n}`, { label }])), 'more than 32'],
])('refuses %j', (given, problem) => {
  expect(() => openUserFields(given)).toThrow(
    expect.objectContaining({
      name: 'OptionError',
      option: 'userFields',
      message: expect.stringContaining(problem),
    }),
  )
})

import { describe, expect, it } from 'vitest'
import {
  DEVELOPMENT,
  PRODUCTION,
  problemsIn,
  refusedOptions,
  SETTINGS,
  TEXTS,
  type TextOption,
  WITH_MAIL,
} from '../../test/support/options.ts'
import {
  defaultOf,
  type GivenOptions,
  inspectOptions,
  MODES,
  type OptionName,
  resolveOptions,
  type Setting,
  unsafeOptions,
} from './index.ts'

/** Valid and invalid values of a setting. */
function valuesOf(name: OptionName, { kind, list }: Setting): { good: unknown[]; bad: unknown[] } {
  switch (kind.type) {
    case 'integer': {
      const { min, max } = kind
      const bad = [min - 1, max + 1, min + 0.5, -max, Number.NaN, Infinity, -Infinity, 2 ** 53, BigInt(min)]
      return { good: [min, min + 1, max], bad: [...bad, String(min), '', true, [min], {}] }
    }
    case 'choice':
      return {
        good: [...kind.of],
        bad: ['', 'other', kind.of[0]?.toUpperCase(), `${kind.of[0]} x`, 0, true, [...kind.of]],
      }
    case 'switch':
      return { good: [true, false], bad: ['on', 'off', 'true', '', 0, 1, []] }
    case 'text': {
      const { good, bad } = TEXTS[name as TextOption]
      return { good: [...good], bad: [...bad, '', 0, false, list ? ['a,b'] : ['x'], [1], {}] }
    }
  }
}

describe('resolveOptions', () => {
  /** Options with values that require another option. These have their own tests below. */
  const DEPENDENT: readonly string[] = [
    'mode',
    'databaseSchema',
    'smtpUrl',
    'resetTokenDelivery',
    'registrationAnswer',
    'emailVerification',
    'cookieDomain',
    'rpId',
    'secondFactor',
  ]

  /** Other options that some values need. */
  const NEEDS: Readonly<Record<string, GivenOptions>> = {
    emailVerification: { registrationAnswer: 'explicit' },
    cookieDomain: { baseUrl: 'https://auth.a.b-c.example.co.uk' },
    databaseSchema: { databaseUrl: 'postgres://localhost/a' },
    rpId: { baseUrl: 'https://auth.a.b-c.example.co.uk' },
    secondFactor: { baseUrl: 'https://auth.example.com' },
  }

  it.each(SETTINGS)('accepts valid values of %s, and uses the default for undefined', (name, row) => {
    const base = { ...WITH_MAIL, secretKey: PRODUCTION.secretKey }
    for (const value of valuesOf(name, row).good) {
      if (!DEPENDENT.includes(name)) expect(resolveOptions({ [name]: value })[name]).toBe(value)
      expect(resolveOptions({ ...base, ...NEEDS[name], [name]: value })[name]).toBe(value)
    }
    for (const mode of MODES) {
      const given = { ...PRODUCTION, mode, [name]: undefined }
      // In development mode it depends on the address. See the test below.
      if (name === 'secureCookie' && mode === 'development') continue
      expect(inspectOptions(given).options[name]).toBe(name === 'mode' ? 'classic' : defaultOf(row, mode))
    }
    expect(resolveOptions({ [name]: undefined })[name]).toBe(row.classic)
    // An empty default means not set, which cannot be given as a value.
    const isEmpty = row.classic === ''
    expect(refusedOptions(() => resolveOptions({ [name]: row.classic }))).toEqual(isEmpty ? [name] : null)
  })

  it('refuses a database schema on SQLite, and accepts it on PostgreSQL', () => {
    for (const databaseUrl of [undefined, 'sqlite:a.db', 'sqlite::memory:'])
      expect(refusedOptions(() => resolveOptions({ databaseUrl, databaseSchema: 'auth' }))).toEqual([
        'databaseSchema',
      ])
    const databaseUrl = 'postgresql://localhost/a'
    expect(resolveOptions({ databaseUrl, databaseSchema: 'auth' }).databaseSchema).toBe('auth')
  })

  it('takes a list as an array too', () => {
    const options = resolveOptions({
      trustedOrigins: ['https://a.example', ' https://b.example '],
      allowedHosts: [],
    })
    expect(options).toMatchObject({ trustedOrigins: 'https://a.example,https://b.example', allowedHosts: '' })
    expect(problemsIn(() => resolveOptions({ trustedOrigins: ['https://a.example', ''] }))).toEqual([
      { option: 'trustedOrigins', problem: expect.stringMatching(/^entry 2 of 2 is not an origin/) },
    ])
  })

  it.each([
    ['https://auth.example.com', 'example.com', true],
    ['https://example.com/auth', 'example.com', true],
    ['https://auth.example.com', 'auth.example.com', true],
    ['https://badexample.com', 'example.com', false],
    ['https://example.com', 'auth.example.com', false],
    ['https://127.0.0.1', 'example.com', false],
  ])('the service at %s can share its cookie with %s: %s', (baseUrl, cookieDomain, isAllowed) => {
    const given = { ...PRODUCTION, baseUrl, cookieDomain }
    expect(refusedOptions(() => resolveOptions(given))).toEqual(isAllowed ? null : ['cookieDomain'])
  })

  it('trusts only https origins in production', () => {
    const given = { ...PRODUCTION, trustedOrigins: 'https://a.example,http://b.example' }
    expect(problemsIn(() => resolveOptions(given))).toEqual([
      { option: 'trustedOrigins', problem: 'must begin with https://' },
    ])
  })

  it('trims invisible characters around text and refuses them inside, like the environment', () => {
    expect(resolveOptions({ databaseUrl: ' sqlite:a.db\r\n' }).databaseUrl).toBe('sqlite:a.db')
    expect(resolveOptions({ mode: 'classic\ufeff' as 'classic' }).mode).toBe('classic')
    expect(problemsIn(() => resolveOptions({ databaseUrl: 'sqlite:a\u2060.db' }))).toEqual([
      { option: 'databaseUrl', problem: 'contains U+2060, an invisible character; remove it' },
    ])
  })

  it.each(SETTINGS)('refuses values of %s that are out of range or have another type', (name, row) => {
    for (const value of [...valuesOf(name, row).bad, null, () => row.classic]) {
      expect(
        refusedOptions(() => resolveOptions({ [name]: value })),
        String(value),
      ).toEqual([name])
      // In production too, and not also reported as missing.
      expect(
        refusedOptions(() => resolveOptions({ ...PRODUCTION, [name]: value })),
        String(value),
      ).toEqual([name])
    }
  })

  it.each(['nope', 'Mode', 'database_url', '', 'constructor', 'toString', 'hasOwnProperty'])(
    'refuses the unknown option %j',
    (name) => {
      expect(refusedOptions(() => resolveOptions({ [name]: 'x' }))).toEqual([name])
      expect(refusedOptions(() => resolveOptions({ [name]: undefined }))).toEqual([name])
    },
  )

  it('refuses an option called __proto__', () => {
    expect(refusedOptions(() => resolveOptions(JSON.parse('{"__proto__":"x"}')))).toEqual(['__proto__'])
  })

  it('does not change its argument', () => {
    const given = Object.freeze({ bcryptCost: 10 })
    expect(resolveOptions(given)).not.toBe(given)
    expect(given).toEqual({ bcryptCost: 10 })
  })

  it('reports all problems at once: unknown names first, then in the order of the table', () => {
    const given = { nope: 1, throttle: 'maybe', bcryptCost: 9, mailFrom: 'nobody', nil: 2 }
    expect(refusedOptions(() => resolveOptions(given as object))).toEqual([
      'nope',
      'nil',
      'mailFrom',
      'bcryptCost',
      'throttle',
    ])
    expect(inspectOptions(given as object)).toEqual({
      options: resolveOptions({}),
      problems: problemsIn(() => resolveOptions(given as object)),
    })
  })

  it('reports no problems for valid options', () => {
    for (const given of [{}, WITH_MAIL, PRODUCTION]) {
      expect(inspectOptions(given)).toEqual({ options: resolveOptions(given), problems: [] })
    }
  })
})

describe('options that require mail', () => {
  const problems = (given: object, details = {}) =>
    inspectOptions(given, details).problems.map(({ option, problem }) => `${option}: ${problem}`)
  const { baseUrl, smtpUrl, mailFrom } = WITH_MAIL

  it.each([
    ['resetTokenDelivery', { resetTokenDelivery: 'mail' }],
    ['emailVerification', { emailVerification: true }],
  ])('%s requires a mail server and an address', (option, given) => {
    const server = `${option}: requires a mail server; set smtpUrl`
    const address = `${option}: requires an address for links in mail; set baseUrl`
    expect(problems(given)).toEqual([server, address])
    expect(problems({ ...given, baseUrl })).toEqual([server])
    expect(problems({ ...given, smtpUrl, mailFrom })).toEqual([address])
    expect(problems({ ...given, baseUrl, smtpUrl, mailFrom })).toEqual([])
    // A mailer that the caller passes counts as a mail server.
    expect(problems(given, { hasMailer: true })).toEqual([address])
    expect(problems({ ...given, baseUrl }, { hasMailer: true })).toEqual([])
  })

  it('a mail server requires a sender', () => {
    expect(problems({ smtpUrl })).toEqual([
      'mailFrom: is not set; set it to the sender of all mail, such as Example <no-reply@example.com>',
    ])
    expect(problems({ smtpUrl, mailFrom })).toEqual([])
  })

  it('a uniform registration answer requires email confirmation, in every mode', () => {
    const refusal = expect.stringMatching(
      /^registrationAnswer: uniform requires that emailVerification is on/,
    )
    expect(problems({ registrationAnswer: 'uniform' })).toEqual([refusal])
    expect(problems({ ...WITH_MAIL, registrationAnswer: 'uniform' })).toEqual([])
    for (const given of [DEVELOPMENT, PRODUCTION])
      expect(problems({ ...given, emailVerification: false })).toContainEqual(refusal)
  })
})

describe('passkeys', () => {
  const problemsOf = (given: GivenOptions) => inspectOptions(given).problems.map(({ option }) => option)
  const baseUrl = 'https://auth.example.com'

  it('belong to the host of the base URL, or to a parent of it with two labels or more', () => {
    for (const rpId of [undefined, 'auth.example.com', 'example.com'])
      expect(problemsOf({ baseUrl, rpId })).toEqual([])
    for (const rpId of ['com', 'other.example.com', 'example.com.evil.test', 'badauth.example.com'])
      expect(problemsOf({ baseUrl, rpId })).toEqual(['rpId'])
    expect(problemsOf({ rpId: 'example.com' })).toEqual(['rpId'])
  })

  it('are enabled if the policy requires a second factor', () => {
    for (const secondFactor of ['required', 'passkey'] as const) {
      expect(problemsOf({ baseUrl, secondFactor })).toEqual([])
      for (const given of [
        {},
        { baseUrl: 'https://192.0.2.1' },
        { baseUrl: 'https://[::1]' },
        { baseUrl, passkeys: false },
      ])
        expect(problemsOf({ ...given, secondFactor })).toEqual(['secondFactor'])
    }
  })

  it('allow passwords of 8 characters if all users need a second factor', () => {
    const reasons = (secondFactor: 'optional' | 'required') =>
      unsafeOptions(resolveOptions({ ...PRODUCTION, secondFactor, minPasswordLength: 8 }))
    expect(reasons('optional').map(({ option }) => option)).toEqual(['minPasswordLength'])
    expect(reasons('required')).toEqual([])
  })
})

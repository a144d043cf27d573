import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CHARACTER } from '../../test/support/characters.ts'
import { trimInvisible } from '../lib/invisible.ts'
import { OptionError, type OptionProblem } from '../model/errors.ts'
import {
  defaultOf,
  type GivenOptions,
  inspectOptions,
  MODES,
  OPTION_TABLE,
  type OptionName,
  readValue,
  resolveOptions,
  type Setting,
  unsafeOptions,
} from './index.ts'

const SETTINGS = Object.entries(OPTION_TABLE) as [OptionName, Setting][]
const DAY = 86_400

/** Like the output of `openssl rand -base64 32`. */
const randomKey = () => randomBytes(32).toString('base64')

/** Everything that mail requires, so that other options can have any value. */
const WITH_MAIL = {
  baseUrl: 'https://auth.example.com',
  smtpUrl: 'smtps://mail.example.com',
  mailFrom: 'no-reply@example.com',
  emailVerification: true,
}
/** Everything that production mode requires. */
const PRODUCTION = {
  mode: 'production',
  baseUrl: 'https://auth.example.com',
  secretKey: randomKey(),
  smtpUrl: 'smtps://mail.example.com',
  mailFrom: 'no-reply@example.com',
} as const
/** Everything that development mode requires of the library, which does not know its own address. */
const DEVELOPMENT = { mode: 'development', baseUrl: 'http://localhost:3000' } as const

/** The problems of the error, or `null` if nothing is thrown. */
function problemsIn(act: () => unknown): readonly OptionProblem[] | null {
  try {
    act()
    return null
  } catch (error) {
    if (!(error instanceof OptionError)) throw error
    const { option, problems, message } = error
    expect(message).toBe(problems.map((found) => `${found.option}: ${found.problem}`).join('\n'))
    expect(option).toBe(problems[0]?.option)
    return problems
  }
}

/** The options that the error names, or `null` if nothing is thrown. */
function refusedOptions(act: () => unknown): string[] | null {
  return problemsIn(act)?.map(({ option }) => option) ?? null
}

type TextOption = {
  [Name in OptionName]: (typeof OPTION_TABLE)[Name]['kind']['type'] extends 'text' ? Name : never
}[OptionName]

/** Valid and invalid text for a link of the pages. */
const LINKS = {
  good: ['https://example.com/terms?lang=en#top', '/terms', '/'],
  bad: [
    'terms',
    'http://example.com',
    'https:example.com',
    'https://u:p@example.com',
    '//example.com',
    '/\\example.com',
    '/\t/example.com',
    '/a b',
    'javascript:alert(1)',
    'data:text/html,x',
    ' ',
  ],
}

/** Valid and invalid text for each text setting. */
const TEXTS = {
  baseUrl: {
    good: ['https://auth.example.com', 'https://example.com/auth/', 'HTTPS://Example.com', 'https://[::1]:1'],
    bad: [
      'auth.example.com',
      'ftp://example.com',
      'https:example.com',
      'https://',
      'https://u@example.com',
      'https://u:p@example.com',
      'https://example.com?x',
      'https://example.com/?',
      'https://example.com#x',
      'https://example.com#',
      ' ',
    ],
  },
  secretKey: {
    good: [PRODUCTION.secretKey, `${PRODUCTION.secretKey},${randomKey()}`],
    bad: ['short', 'a'.repeat(64), PRODUCTION.secretKey.slice(4), `${PRODUCTION.secretKey},x`, ' ', ','],
  },
  smtpUrl: {
    good: ['smtp://localhost:25', 'smtps://user:pass@mail.example.com:465', 'smtp://[::1]'],
    bad: [
      'mail.example.com',
      'http://mail.example.com',
      'smtp://',
      'smtp://user@h',
      'smtp://h/x',
      'Terminal:',
      ' ',
    ],
  },
  mailFrom: {
    good: ['no-reply@example.com', 'Example <no-reply@example.com>'],
    bad: ['nobody', 'a@example.com, b@example.com', 'Example <>', 'Ex\nample <a@example.com>', ' '],
  },
  allowedHosts: {
    good: ['bienvenue', 'auth.internal:5000,10.0.0.7', '[fd00::7]:5000,my_service'],
    bad: ['http://auth.internal', 'auth.internal/x', '*.internal', 'a b', 'auth,', ' ', ','],
  },
  trustedOrigins: {
    good: [
      'https://app.example.com',
      'http://localhost:5173,https://xn--bcher-kva.example',
      'https://[::1]:8443',
    ],
    bad: [
      'app.example.com',
      'https://app.example.com/',
      'https://App.example.com',
      'https://app.example.com:443',
      'https://app.example.com/x',
      'https://*.example.com',
      'https://user@app.example.com',
      'https://bücher.example',
      'https://a.example,',
      'ftp://a.example',
      'null',
      '*',
      ' ',
      ',',
    ],
  },
  serviceName: {
    good: ['Example', 'Café Zoé & Söhne', 'x'.repeat(60), '👩‍🚀 Space'],
    bad: ['Two\nlines', 'x'.repeat(61), ' '],
  },
  logo: { good: ['logo.svg', '/srv/logo.png'], bad: [' ', 'a\u200b.png'] },
  accent: {
    good: ['#2f55d4', '#2F55D4'],
    bad: ['2f55d4', '#25d', '#2f55d', '#2f55d4ff', 'blue', '#2f55dg', ' '],
  },
  texts: { good: ['texts.json', '/srv/texts.json'], bad: [' ', 'a\u200b.json'] },
  termsUrl: LINKS,
  privacyUrl: LINKS,
  imprintUrl: LINKS,
  helpUrl: LINKS,
  returnOrigins: {
    good: ['https://app.example.com', 'https://a.example:8443,https://b.example'],
    bad: ['https://app.example.com/', 'https://app.example.com/x', 'https://*.example.com', 'null', ' ', ','],
  },
  languages: { good: ['en', 'fr,en'], bad: ['it', 'EN', 'en-GB', 'en,en', 'en,', ' ', ','] },
  supportContact: {
    good: ['help@example.com', 'https://example.com/help?topic=account'],
    bad: [
      'help',
      'mailto:help@example.com',
      'http://example.com/help',
      'https://u@example.com',
      'https:example.com',
      'javascript:alert(1)',
      ' ',
    ],
  },
  cookieDomain: {
    good: ['example.co.uk', 'a.b-c.example.co.uk'],
    bad: [
      '.example.com',
      'Example.com',
      'com',
      'localhost',
      '127.0.0.1',
      'example.com:80',
      'https://example.com',
      'a_b.c',
      ' ',
    ],
  },
  trustedProxies: {
    good: ['127.0.0.1', '10.0.0.0/8,::1,2001:db8::/32', '0.0.0.0/0'],
    bad: ['localhost', '10.0.0.0/33', '10.0.0', '127.0.0.1;10.0.0.1', ' '],
  },
  databaseUrl: { good: ['x', 'sqlite:a b.db'], bad: [' ', 'sqlite:a\u200b.db'] },
  tablePrefix: {
    good: ['a', 'auth_', `a${'_0'.repeat(14)}_`],
    bad: ['Auth_', '_auth', '1a', 'auth-', 'auth"', 'é_', 'auth.', 'sqlite_', `a${'_0'.repeat(15)}`, ' '],
  },
  databaseSchema: {
    good: ['auth', '_a1', 'user', 'a'.repeat(63)],
    bad: ['Auth', '1a', 'a-b', 'a"b', 'a.b', 'pg_auth', 'information_schema', 'a'.repeat(64), ' '],
  },
  contextWords: { good: ['x', 'Example,Example Ltd', 'Ex\u00a0ample'], bad: [' '] },
  rpId: {
    good: ['example.co.uk', 'auth.a.b-c.example.co.uk'],
    bad: [
      'Example.com',
      'https://example.com',
      'example.com:443',
      '.example.com',
      'example..com',
      'a_b.example',
      ' ',
    ],
  },
  passkeyOrigins: {
    good: ['https://example.fr', 'https://example.fr,https://example.de:8443'],
    bad: ['example.fr', 'https://example.fr/', 'https://*.example.fr', 'null', 'https://u:p@example.fr', ' '],
  },
  outboundPrivate: {
    good: ['localhost', 'idp.internal:8443,10.0.0.0/8,fd00::/8', '[fd00::7]:8443'],
    bad: ['https://idp.internal', '*.internal', '10.0.0.0/33', 'localhost,', 'a b', ' ', ','],
  },
  breachCheckUrl: {
    good: ['off', 'https://range.example.com', 'http://localhost:5000/x'],
    bad: [
      'on',
      'OFF',
      'range.example.com',
      'ftp://range.example.com',
      'https://u:p@example.com',
      'https://h?x',
      ' ',
    ],
  },
} as const satisfies Record<TextOption, { good: readonly string[]; bad: readonly string[] }>

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
  it('returns the classic defaults if nothing is set', () => {
    expect(resolveOptions({})).toMatchObject({
      mode: 'classic',
      baseUrl: '',
      allowedHosts: '',
      trustedOrigins: '',
      pages: true,
      serviceName: '',
      logo: '',
      accent: '',
      texts: '',
      termsUrl: '',
      privacyUrl: '',
      imprintUrl: '',
      helpUrl: '',
      returnOrigins: '',
      languages: '',
      supportContact: '',
      registration: 'open',
      secretKey: '',
      smtpUrl: '',
      mailFrom: '',
      trustedProxies: '',
      databaseUrl: 'sqlite:bienvenue.db',
      tablePrefix: '',
      databaseSchema: '',
      passwordHash: 'bcrypt',
      bcryptCost: 12,
      maxImportedHashCost: 25,
      minPasswordLength: 1,
      passwordBlocklist: false,
      contextWords: '',
      breachCheckUrl: 'off',
      resetTokenDelivery: 'response',
      resetEndsSessions: false,
      registrationAnswer: 'explicit',
      emailVerification: false,
      secureCookie: false,
      hstsSubdomains: true,
      publicApiDocs: true,
      cookieDomain: '',
      sessionLifetimeSeconds: 30 * DAY,
      sessionIdleSeconds: 0,
      sessionsPerUser: 1_000,
      reauthenticationSeconds: 600,
      secondFactor: 'optional',
      passkeys: true,
      rpId: '',
      passkeyOrigins: '',
      passkeyStorage: 'any',
      passkeysPerUser: 20,
      totpDriftSteps: 1,
      aal2LifetimeSeconds: DAY,
      aal2IdleSeconds: 3_600,
      factorFailuresPerAccount: 20,
      factorFailuresUntilLock: 0,
      outboundPrivate: 'localhost,127.0.0.0/8,::1',
      resetTokenLifetimeSeconds: 3_600,
      emailTokenLifetimeSeconds: DAY,
      unconfirmedAccountSeconds: 7 * DAY,
      throttle: true,
      mailCodeFailuresPerAccount: 5,
      loginFailuresPerAccount: 20,
      loginFailuresPerIp: 300,
      loginFailuresUntilLock: 0,
      signInsPerAccount: 600,
      signInsPerIp: 3_000,
      resetRequestsPerAccount: 20,
      resetRequestsPerIp: 300,
      registrationsPerIp: 0,
      mailsPerMailbox: 20,
      mailsPerHour: 1_000,
      auditRetentionDays: 365,
      ipRetentionDays: 90,
    })
  })

  it('returns the production defaults if only the mode and what it requires are set', () => {
    expect(resolveOptions(PRODUCTION)).toMatchObject({
      ...PRODUCTION,
      allowedHosts: '',
      trustedOrigins: '',
      pages: true,
      serviceName: '',
      logo: '',
      accent: '',
      texts: '',
      termsUrl: '',
      privacyUrl: '',
      imprintUrl: '',
      helpUrl: '',
      returnOrigins: '',
      languages: '',
      supportContact: '',
      registration: 'open',
      trustedProxies: '',
      databaseUrl: 'sqlite:bienvenue.db',
      tablePrefix: '',
      databaseSchema: '',
      passwordHash: 'argon2id',
      bcryptCost: 12,
      maxImportedHashCost: 25,
      minPasswordLength: 15,
      passwordBlocklist: true,
      contextWords: '',
      breachCheckUrl: 'https://api.pwnedpasswords.com',
      resetTokenDelivery: 'mail',
      resetEndsSessions: true,
      registrationAnswer: 'uniform',
      emailVerification: true,
      secureCookie: true,
      hstsSubdomains: true,
      publicApiDocs: false,
      cookieDomain: '',
      sessionLifetimeSeconds: 30 * DAY,
      sessionIdleSeconds: 7 * DAY,
      sessionsPerUser: 50,
      reauthenticationSeconds: 600,
      secondFactor: 'optional',
      passkeys: true,
      rpId: '',
      passkeyOrigins: '',
      passkeyStorage: 'any',
      passkeysPerUser: 20,
      totpDriftSteps: 1,
      aal2LifetimeSeconds: DAY,
      aal2IdleSeconds: 3_600,
      factorFailuresPerAccount: 10,
      factorFailuresUntilLock: 100,
      outboundPrivate: '',
      resetTokenLifetimeSeconds: 3_600,
      emailTokenLifetimeSeconds: DAY,
      unconfirmedAccountSeconds: 7 * DAY,
      throttle: true,
      mailCodeFailuresPerAccount: 5,
      loginFailuresPerAccount: 10,
      loginFailuresPerIp: 100,
      loginFailuresUntilLock: 100,
      signInsPerAccount: 60,
      signInsPerIp: 300,
      resetRequestsPerAccount: 5,
      resetRequestsPerIp: 50,
      registrationsPerIp: 50,
      mailsPerMailbox: 20,
      mailsPerHour: 1_000,
      auditRetentionDays: 365,
      ipRetentionDays: 90,
    })
  })

  it('returns the development defaults: those of production, except for a machine without TLS and mail', () => {
    expect(resolveOptions(DEVELOPMENT)).toMatchObject({
      ...resolveOptions(PRODUCTION),
      ...DEVELOPMENT,
      secretKey: '',
      smtpUrl: 'terminal:',
      mailFrom: 'Bienvenue <no-reply@localhost>',
      minPasswordLength: 8,
      secureCookie: false,
      loginFailuresPerAccount: 20,
      loginFailuresPerIp: 300,
      signInsPerAccount: 600,
      signInsPerIp: 3_000,
      resetRequestsPerAccount: 20,
      resetRequestsPerIp: 300,
      registrationsPerIp: 300,
      factorFailuresPerAccount: 20,
      outboundPrivate: 'localhost,127.0.0.0/8,::1',
    })
  })

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
    const server = `${option}: requires a mail server; set SMTP_URL`
    const address = `${option}: requires an address for links in mail; set BASE_URL`
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
      /^registrationAnswer: uniform requires BIENVENUE_EMAIL_VERIFICATION=on/,
    )
    expect(problems({ registrationAnswer: 'uniform' })).toEqual([refusal])
    expect(problems({ ...WITH_MAIL, registrationAnswer: 'uniform' })).toEqual([])
    for (const given of [DEVELOPMENT, PRODUCTION])
      expect(problems({ ...given, emailVerification: false })).toContainEqual(refusal)
  })
})

describe('production mode', () => {
  const problems = (given: object, details = {}) => problemsIn(() => resolveOptions(given, details))
  const options = (given: object, details = {}) => problems(given, details)?.map(({ option }) => option) ?? []

  it('reports everything that is missing at once', () => {
    expect(options({ mode: 'production' })).toEqual(['baseUrl', 'secretKey', 'smtpUrl', 'mailFrom'])
    for (const { problem } of problems({ mode: 'production' }) ?? [])
      expect(problem).toMatch(/^is not set; \w+/)
    for (const name of ['baseUrl', 'secretKey', 'smtpUrl', 'mailFrom'] as const) {
      expect(options({ ...PRODUCTION, [name]: undefined })).toEqual([name])
    }
  })

  it('requires no mail server if the caller passes a mailer', () => {
    expect(options({ mode: 'production' }, { hasMailer: true })).toEqual(['baseUrl', 'secretKey'])
    const { smtpUrl: _, mailFrom: __, ...others } = PRODUCTION
    expect(options(others, { hasMailer: true })).toEqual([])
  })

  /** The values that production refuses, and values close to them that it accepts. */
  const REFUSED: Partial<Record<OptionName, { no: readonly unknown[]; yes: readonly unknown[] }>> = {
    baseUrl: { no: ['http://auth.example.com', 'http://localhost:5000'], yes: ['https://localhost:5000'] },
    secretKey: { no: [undefined], yes: [PRODUCTION.secretKey] },
    smtpUrl: { no: ['terminal:', undefined], yes: ['smtp://localhost:25'] },
    mailFrom: { no: [undefined], yes: ['Example <no-reply@example.com>'] },
    trustedProxies: {
      no: [
        '0.0.0.0/0',
        '::/0',
        '127.0.0.1,0.0.0.0/0',
        '0.0.0.0/1,128.0.0.0/1',
        '::/1,8000::/1',
        '::ffff:0:0/96',
        '::ffff:0.0.0.0/97,::ffff:128.0.0.0/97',
        '2000::/3',
        // Everything but a hole.
        '0.0.0.0/1,128.0.0.0/2,192.0.0.0/3,224.0.0.0/4',
        '16.0.0.0/4,1.0.0.0/8',
      ],
      yes: [
        '10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7,127.0.0.0/8,::1',
        '2606:4700::/32,104.16.0.0/13',
      ],
    },
    databaseUrl: {
      no: [
        'sqlite::memory:',
        'SQLite::memory:',
        'sqlite:///:memory:',
        'sqlite://',
        'postgres://u:p@db.example.com/n',
        'POSTGRESQL://u:p@db.example.com/n',
        'postgres://u:p@10.0.0.1/n?sslmode=require',
        'postgres://u:p@[2001:db8::1]/n?sslmode=verify-ca',
        'postgres://u:p@localhost/n?host=db.example.com',
        'postgres://u:p@localhost.example.com/n',
      ],
      yes: [
        'sqlite:memory.db',
        'postgres://u:p@db.example.com/n?sslmode=verify-full',
        'postgres://u:p@localhost/n',
        'postgres://u:p@127.0.0.1:5432/n',
        'postgres://u:p@[::1]/n',
        'postgres:///n',
        'postgres://u@db.example.com/n?host=/run/postgresql',
      ],
    },
    passwordHash: { no: ['bcrypt'], yes: ['argon2id'] },
    minPasswordLength: { no: [1, 7], yes: [8, 14, 15, 64] },
    factorFailuresUntilLock: { no: [0], yes: [1, 100] },
    passkeyOrigins: { no: ['http://example.fr'], yes: ['https://example.fr'] },
    secondFactor: { no: [], yes: ['off', 'optional'] },
    passwordBlocklist: { no: [false], yes: [true] },
    breachCheckUrl: {
      no: ['http://range.example.com', 'http://10.0.0.1'],
      yes: ['off', 'https://range.example.com', 'http://127.0.0.1:1', 'http://[::1]:1', 'http://localhost'],
    },
    resetTokenDelivery: { no: ['response'], yes: ['mail'] },
    resetEndsSessions: { no: [false], yes: [true] },
    // Tolerated. docs/guide/operate.md explains the cost.
    registrationAnswer: { no: [], yes: ['explicit', 'uniform'] },
    secureCookie: { no: [false], yes: [true] },
    sessionLifetimeSeconds: { no: [30 * DAY + 1, 365 * DAY], yes: [60, 30 * DAY] },
    throttle: { no: [false], yes: [true] },
    trustedOrigins: { no: ['http://localhost:5173'], yes: ['https://app.example.com'] },
    returnOrigins: { no: ['http://localhost:5173'], yes: ['https://app.example.com'] },
    loginFailuresUntilLock: { no: [0], yes: [1, 100] },
    registrationsPerIp: { no: [0, 1], yes: [2, 100_000] },
  }

  it.each(Object.entries(REFUSED))('refuses only unsafe values of %s', (name, { no, yes }) => {
    for (const value of no) expect(options({ ...PRODUCTION, [name]: value }), String(value)).toEqual([name])
    for (const value of yes) expect(options({ ...PRODUCTION, [name]: value }), String(value)).toEqual([])
  })

  it('requires email confirmation', () => {
    const explicit = { registrationAnswer: 'explicit' }
    expect(options({ ...PRODUCTION, ...explicit, emailVerification: false })).toEqual(['emailVerification'])
    expect(options({ ...PRODUCTION, ...explicit, emailVerification: true })).toEqual([])
  })

  it.each(['resetEndsSessions'])('and development mode refuse an unsafe %s', (name) => {
    expect(options({ ...DEVELOPMENT, [name]: false })).toEqual([name])
    expect(options({ ...DEVELOPMENT, [name]: true })).toEqual([])
    expect(SETTINGS.filter(([, row]) => row.strict).map(([strict]) => strict)).toEqual(['resetEndsSessions'])
  })

  it('is tested above for every setting that it refuses or warns about', () => {
    const guarded = SETTINGS.filter(
      ([, row]) => row.refusedInProduction !== undefined || row.unsafe !== undefined,
    )
    expect(guarded.map(([name]) => name).toSorted()).toEqual(
      [...Object.keys(REFUSED), 'emailVerification'].toSorted(),
    )
  })

  it('reports all unsafe values at once', () => {
    const worst = Object.fromEntries(
      Object.entries(REFUSED).flatMap(([name, { no }]) => (no.length === 0 ? [] : [[name, no[0]]])),
    )
    expect(options({ mode: 'production', ...worst })).toEqual(
      SETTINGS.map(([name]) => name).filter((name) => (REFUSED[name]?.no.length ?? 0) > 0),
    )
  })

  it('never quotes a secret', () => {
    const secret = 's3cr3t-v4lue'
    for (const given of [
      { secretKey: secret },
      { smtpUrl: `smtp://user:${secret}@` },
      { databaseUrl: `postgres://user:${secret}@db.example.com/n` },
    ]) {
      const found = JSON.stringify(problems({ ...PRODUCTION, ...given }))
      expect(found).toContain('problem')
      expect(found).not.toContain(secret)
    }
  })
})

describe('readValue', () => {
  it.each(SETTINGS)('parses the defaults of %s', (name, row) => {
    for (const mode of MODES) {
      const value = defaultOf(row, mode)
      const spelled = typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value)
      // Empty text means not set, which cannot be written as a value.
      if (value === '') expect(refusedOptions(() => readValue(name, row, spelled))).toEqual([name])
      else expect(readValue(name, row, spelled)).toBe(value)
    }
  })

  it.each(Object.entries(TEXTS))(
    'returns valid text of %s unchanged and refuses other text',
    (name, { good, bad }) => {
      const row: Setting = OPTION_TABLE[name as TextOption]
      for (const text of good) expect(readValue(name, row, text)).toBe(text)
      for (const text of bad)
        expect(
          refusedOptions(() => readValue(name, row, text)),
          text,
        ).toEqual([name])
    },
  )

  it('parses a whole number if and only if it is in range', () => {
    const row = OPTION_TABLE.sessionLifetimeSeconds
    const { kind } = row
    fc.assert(
      fc.property(
        fc.oneof(fc.integer(), fc.integer({ min: kind.min - 2, max: kind.min + 2 }), fc.maxSafeInteger()),
        (number) => {
          const inRange = number >= kind.min && number <= kind.max
          const read = () => readValue('option', row, String(number))
          if (inRange) expect(read()).toBe(number)
          else expect(refusedOptions(read)).toEqual(['option'])
        },
      ),
    )
  })

  it('refuses text that is not a whole number', () => {
    const row = OPTION_TABLE.sessionLifetimeSeconds
    const text = fc.oneof(
      fc.string({ unit: CHARACTER }),
      fc.string({ unit: fc.constantFrom(...'0123456789.,_-+eExX ٣') }),
      fc.constantFrom(
        '',
        '6 0',
        '6\u200b0',
        '+60',
        '-60',
        '6e1',
        '0x3c',
        '60.0',
        '1_000',
        '1,000',
        '٦٠',
        'sixty',
      ),
    )
    fc.assert(
      fc.property(text, (spelled) => {
        fc.pre(!/^[0-9]{1,15}$/.test(trimInvisible(spelled)))
        expect(refusedOptions(() => readValue('option', row, spelled))).toEqual(['option'])
      }),
    )
  })

  it('accepts only on and off for a switch', () => {
    const row = OPTION_TABLE.throttle
    expect([readValue('option', row, 'on'), readValue('option', row, 'off')]).toEqual([true, false])
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.constantFrom('', 'ON', 'true', 'false', '1', '0', 'yes', 'no', 'o n')),
        (spelled) => {
          fc.pre(!['on', 'off'].includes(trimInvisible(spelled)))
          expect(refusedOptions(() => readValue('option', row, spelled))).toEqual(['option'])
        },
      ),
    )
  })

  /** Settings that accept any text. A malformed database URL or file is refused when it is opened. */
  const FREE_TEXT: readonly string[] = ['databaseUrl', 'contextWords', 'serviceName', 'logo', 'texts']

  it.each(SETTINGS.filter(([name]) => !FREE_TEXT.includes(name)))(
    'never quotes an invalid value of %s',
    (name, row) => {
      const wrong = 'https:/s3cr3t v4lue'
      expect(() => readValue(name, row, wrong)).toThrow(OptionError)
      expect(() => readValue(name, row, wrong)).not.toThrow(/s3cr3t/)
    },
  )
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

describe('unsafeOptions', () => {
  const unsafe = (given: Record<string, unknown>) =>
    unsafeOptions(resolveOptions(given)).map(({ option }) => option)

  /** Safe values for a service in classic mode. */
  const SAFE = {
    ...WITH_MAIL,
    minPasswordLength: 15,
    passwordBlocklist: true,
    resetTokenDelivery: 'mail',
    resetEndsSessions: true,
    registrationAnswer: 'uniform',
    secureCookie: true,
  }

  it('lists the classic defaults that are unsafe on the internet', () => {
    expect(unsafe({})).toEqual([
      'minPasswordLength',
      'passwordBlocklist',
      'resetTokenDelivery',
      'resetEndsSessions',
      'registrationAnswer',
      'emailVerification',
      'secureCookie',
    ])
  })

  it('lists each unsafe option, and nothing if all are safe', () => {
    expect(unsafe(SAFE)).toEqual([])
    for (const [option, value] of Object.entries({
      minPasswordLength: 14,
      passwordBlocklist: false,
      resetTokenDelivery: 'response',
      resetEndsSessions: false,
      registrationAnswer: 'explicit',
      secureCookie: false,
      throttle: false,
    })) {
      expect(unsafe({ ...SAFE, [option]: value })).toEqual([option])
    }
    expect(unsafe({ ...SAFE, emailVerification: false, registrationAnswer: 'explicit' })).toEqual([
      'registrationAnswer',
      'emailVerification',
    ])
  })

  it('lists only tolerated values in production', () => {
    expect(unsafe(PRODUCTION)).toEqual([])
    for (const minPasswordLength of [8, 14])
      expect(unsafe({ ...PRODUCTION, minPasswordLength })).toEqual(['minPasswordLength'])
    expect(unsafe({ ...PRODUCTION, minPasswordLength: 15 })).toEqual([])
    expect(unsafe({ ...PRODUCTION, registrationAnswer: 'explicit' })).toEqual(['registrationAnswer'])
  })

  it('gives a reason for each', () => {
    for (const { reason } of unsafeOptions(resolveOptions({ throttle: false })))
      expect(reason).toMatch(/\w+ \w+/)
  })
})

describe('development mode', () => {
  const problems = (given: object, details = {}) =>
    inspectOptions({ mode: 'development', ...given }, details).problems.map(({ option }) => option)

  it('requires only an address, for the links in mail', () => {
    expect(problems({})).toEqual(['resetTokenDelivery'])
    expect(problems(DEVELOPMENT)).toEqual([])
    expect(problems({}, { hasMailer: true })).toEqual(['resetTokenDelivery'])
    expect(problems(DEVELOPMENT, { hasMailer: true })).toEqual([])
  })

  it('accepts http and https, and makes the cookie Secure only over https unless secureCookie is set', () => {
    const secureCookie = (given: object) => resolveOptions({ ...DEVELOPMENT, ...given }).secureCookie
    expect(secureCookie({})).toBe(false)
    expect(secureCookie({ baseUrl: 'https://localhost:3000' })).toBe(true)
    expect(secureCookie({ secureCookie: true })).toBe(true)
    expect(secureCookie({ baseUrl: 'https://localhost:3000', secureCookie: false })).toBe(false)
    // In the other modes the cookie does not depend on the address.
    expect(resolveOptions({ baseUrl: 'https://localhost:3000' }).secureCookie).toBe(false)
  })

  it('accepts what production refuses, except a reset that keeps sessions', () => {
    const loose = {
      databaseUrl: 'sqlite::memory:',
      passwordHash: 'bcrypt',
      minPasswordLength: 1,
      passwordBlocklist: false,
      throttle: false,
      sessionLifetimeSeconds: 365 * DAY,
    }
    expect(problems({ ...DEVELOPMENT, ...loose })).toEqual([])
    expect(problems({ ...DEVELOPMENT, ...loose, resetEndsSessions: false })).toEqual(['resetEndsSessions'])
  })
})

describe('the table', () => {
  it.each(SETTINGS)('has valid defaults for %s in each mode', (name, row) => {
    for (const mode of MODES) {
      const value = defaultOf(row, mode)
      if (name !== 'mode' && value !== '') expect(inspectOptions({ [name]: value }).options[name]).toBe(value)
      else expect(value).toBe(name === 'mode' ? mode : '')
    }
  })

  it('marks the secrets', () => {
    expect(SETTINGS.filter(([, row]) => row.secret).map(([name, row]) => [name, row.secret])).toEqual([
      ['secretKey', 'whole'],
      ['databaseUrl', 'password'],
      ['smtpUrl', 'password'],
    ])
  })
})

import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { OptionError, type OptionProblem } from '../errors.ts'
import { trimInvisible } from '../lib/invisible.ts'
import {
  defaultOf,
  inspectOptions,
  MODES,
  OPTION_TABLE,
  type OptionName,
  type Row,
  readValue,
  resolveOptions,
  unsafeOptions,
} from './index.ts'

const ROWS = Object.entries(OPTION_TABLE) as [OptionName, Row][]
const DAY = 86_400

/** As `openssl rand -base64 32` makes one. */
const randomKey = () => randomBytes(32).toString('base64')

/** Everything that mail needs, so that any other option may take any of its values. */
const WITH_MAIL = {
  baseUrl: 'https://auth.example.com',
  smtpUrl: 'smtps://mail.example.com',
  mailFrom: 'no-reply@example.com',
  emailVerification: true,
}
/** All that production mode asks for. */
const PRODUCTION = {
  mode: 'production',
  baseUrl: 'https://auth.example.com',
  secretKey: randomKey(),
  smtpUrl: 'smtps://mail.example.com',
  mailFrom: 'no-reply@example.com',
} as const
/** All that development mode asks of the library, which does not know its own address. */
const DEVELOPMENT = { mode: 'development', baseUrl: 'http://localhost:3000' } as const

/** What the error says, or `null` where there is none. */
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

/** The options that the error names, or `null` where there is none. */
function refusedOptions(act: () => unknown): string[] | null {
  return problemsIn(act)?.map(({ option }) => option) ?? null
}

type TextOption = {
  [Name in OptionName]: (typeof OPTION_TABLE)[Name]['kind']['type'] extends 'text' ? Name : never
}[OptionName]

/** Text that each row of the kind takes, and text that it does not. */
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
  trustedProxies: {
    good: ['127.0.0.1', '10.0.0.0/8,::1,2001:db8::/32'],
    bad: ['localhost', '10.0.0.0/33', '10.0.0', '127.0.0.1;10.0.0.1', ' '],
  },
  databaseUrl: { good: ['x', 'sqlite:a b.db'], bad: [' ', 'sqlite:a\u200b.db'] },
  contextWords: { good: ['x', 'Example,Example Ltd', 'Ex\u00a0ample'], bad: [' '] },
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

/** Values that the row takes, and values that it does not. */
function valuesOf(name: OptionName, { kind }: Row): { good: unknown[]; bad: unknown[] } {
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
      return { good: [...good], bad: [...bad, '', 0, false, ['x'], {}] }
    }
  }
}

describe('resolveOptions', () => {
  it('gives the classic column where nothing is set', () => {
    expect(resolveOptions({})).toEqual({
      mode: 'classic',
      baseUrl: '',
      allowedHosts: '',
      registration: 'open',
      secretKey: '',
      smtpUrl: '',
      mailFrom: '',
      trustedProxies: '',
      databaseUrl: 'sqlite:bienvenue.db',
      passwordHash: 'bcrypt',
      bcryptCost: 12,
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
      sessionLifetimeSeconds: 30 * DAY,
      sessionIdleSeconds: 0,
      sessionsPerUser: 1_000,
      reauthenticationSeconds: 600,
      resetTokenLifetimeSeconds: 3_600,
      emailTokenLifetimeSeconds: DAY,
      unconfirmedAccountSeconds: 7 * DAY,
      throttle: true,
      loginFailuresPerAccount: 20,
      loginFailuresPerIp: 300,
      loginFailuresUntilLock: 0,
      resetRequestsPerAccount: 20,
      resetRequestsPerIp: 300,
      registrationsPerIp: 0,
      mailsPerMailbox: 20,
      mailsPerHour: 1_000,
      auditRetentionDays: 365,
      ipRetentionDays: 90,
    })
  })

  it('gives the production column where nothing is set but the mode and what it asks for', () => {
    expect(resolveOptions(PRODUCTION)).toEqual({
      ...PRODUCTION,
      allowedHosts: '',
      registration: 'open',
      trustedProxies: '',
      databaseUrl: 'sqlite:bienvenue.db',
      passwordHash: 'argon2id',
      bcryptCost: 12,
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
      sessionLifetimeSeconds: 30 * DAY,
      sessionIdleSeconds: 7 * DAY,
      sessionsPerUser: 50,
      reauthenticationSeconds: 600,
      resetTokenLifetimeSeconds: 3_600,
      emailTokenLifetimeSeconds: DAY,
      unconfirmedAccountSeconds: 7 * DAY,
      throttle: true,
      loginFailuresPerAccount: 10,
      loginFailuresPerIp: 100,
      loginFailuresUntilLock: 100,
      resetRequestsPerAccount: 5,
      resetRequestsPerIp: 50,
      registrationsPerIp: 50,
      mailsPerMailbox: 20,
      mailsPerHour: 1_000,
      auditRetentionDays: 365,
      ipRetentionDays: 90,
    })
  })

  it('gives the development column: as production, but for a machine without TLS and mail', () => {
    expect(resolveOptions(DEVELOPMENT)).toEqual({
      ...resolveOptions(PRODUCTION),
      ...DEVELOPMENT,
      secretKey: '',
      smtpUrl: 'terminal:',
      mailFrom: 'Bienvenue <no-reply@localhost>',
      minPasswordLength: 8,
      secureCookie: false,
      loginFailuresPerAccount: 20,
      loginFailuresPerIp: 300,
      resetRequestsPerAccount: 20,
      resetRequestsPerIp: 300,
      registrationsPerIp: 300,
    })
  })

  /** Some values of these cannot be had alone; what they need has tests of its own below. */
  const NEEDY: readonly string[] = [
    'mode',
    'smtpUrl',
    'resetTokenDelivery',
    'registrationAnswer',
    'emailVerification',
  ]

  it.each(ROWS)('takes for %s what is in range, and the default for undefined', (name, row) => {
    const base = { ...WITH_MAIL, secretKey: PRODUCTION.secretKey }
    for (const value of valuesOf(name, row).good) {
      if (!NEEDY.includes(name)) expect(resolveOptions({ [name]: value })[name]).toBe(value)
      const needs = name === 'emailVerification' ? { registrationAnswer: 'explicit' as const } : {}
      expect(resolveOptions({ ...base, ...needs, [name]: value })[name]).toBe(value)
    }
    for (const mode of MODES) {
      const given = { ...PRODUCTION, mode, [name]: undefined }
      // Development mode looks at the address: a test of its own below.
      if (name === 'secureCookie' && mode === 'development') continue
      expect(inspectOptions(given).options[name]).toBe(name === 'mode' ? 'classic' : defaultOf(row, mode))
    }
    expect(resolveOptions({ [name]: undefined })[name]).toBe(row.classic)
    // Text that is not set is no text that could be given.
    const isEmpty = row.classic === ''
    expect(refusedOptions(() => resolveOptions({ [name]: row.classic }))).toEqual(isEmpty ? [name] : null)
  })

  it('takes text as the environment does: without the invisible characters around it', () => {
    expect(resolveOptions({ databaseUrl: ' sqlite:a.db\r\n' }).databaseUrl).toBe('sqlite:a.db')
    expect(resolveOptions({ mode: 'classic\ufeff' as 'classic' }).mode).toBe('classic')
    expect(problemsIn(() => resolveOptions({ databaseUrl: 'sqlite:a\u2060.db' }))).toEqual([
      { option: 'databaseUrl', problem: 'contains U+2060, an invisible character; remove it' },
    ])
  })

  it.each(ROWS)('refuses for %s what is out of range or of another type', (name, row) => {
    for (const value of [...valuesOf(name, row).bad, null, () => row.classic]) {
      expect(
        refusedOptions(() => resolveOptions({ [name]: value })),
        String(value),
      ).toEqual([name])
      // In production too, and what is not of its form is said once, not also that it is missing.
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

  it('leaves what it was given as it was', () => {
    const given = Object.freeze({ bcryptCost: 10 })
    expect(resolveOptions(given)).not.toBe(given)
    expect(given).toEqual({ bcryptCost: 10 })
  })

  it('says all that is wrong at once, unknown names first, then in the order of the table', () => {
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

  it('has nothing to say of what is right', () => {
    for (const given of [{}, WITH_MAIL, PRODUCTION]) {
      expect(inspectOptions(given)).toEqual({ options: resolveOptions(given), problems: [] })
    }
  })
})

describe('what needs mail', () => {
  const problems = (given: object, details = {}) =>
    inspectOptions(given, details).problems.map(({ option, problem }) => `${option}: ${problem}`)
  const { baseUrl, smtpUrl, mailFrom } = WITH_MAIL

  it.each([
    ['resetTokenDelivery', { resetTokenDelivery: 'mail' }],
    ['emailVerification', { emailVerification: true }],
  ])('%s asks for a mail server and for an address, each by its name', (option, given) => {
    const server = `${option}: needs a mail server: SMTP_URL`
    const address = `${option}: needs BASE_URL, for the links in the mail`
    expect(problems(given)).toEqual([server, address])
    expect(problems({ ...given, baseUrl })).toEqual([server])
    expect(problems({ ...given, smtpUrl, mailFrom })).toEqual([address])
    expect(problems({ ...given, baseUrl, smtpUrl, mailFrom })).toEqual([])
    // A transport that is given in code is one.
    expect(problems(given, { hasMailer: true })).toEqual([address])
    expect(problems({ ...given, baseUrl }, { hasMailer: true })).toEqual([])
  })

  it('a mail server asks for whom the mail comes from', () => {
    expect(problems({ smtpUrl })).toEqual(['mailFrom: is not set: the sender of all mail'])
    expect(problems({ smtpUrl, mailFrom })).toEqual([])
  })

  it('a uniform answer asks for confirmed addresses, in every mode', () => {
    const refusal = expect.stringMatching(
      /^registrationAnswer: uniform needs BIENVENUE_EMAIL_VERIFICATION=on/,
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

  it('asks for all that it needs at once, each by its name', () => {
    expect(options({ mode: 'production' })).toEqual(['baseUrl', 'secretKey', 'smtpUrl', 'mailFrom'])
    for (const { problem } of problems({ mode: 'production' }) ?? [])
      expect(problem).toMatch(/^is not set: \w+/)
    for (const name of ['baseUrl', 'secretKey', 'smtpUrl', 'mailFrom'] as const) {
      expect(options({ ...PRODUCTION, [name]: undefined })).toEqual([name])
    }
  })

  it('asks for no mail server where a transport is given in code', () => {
    expect(options({ mode: 'production' }, { hasMailer: true })).toEqual(['baseUrl', 'secretKey'])
    const { smtpUrl: _, mailFrom: __, ...others } = PRODUCTION
    expect(options(others, { hasMailer: true })).toEqual([])
  })

  /** Of each option what production refuses, and what lies just beside it. */
  const REFUSED: Partial<Record<OptionName, { no: readonly unknown[]; yes: readonly unknown[] }>> = {
    baseUrl: { no: ['http://auth.example.com', 'http://localhost:5000'], yes: ['https://localhost:5000'] },
    secretKey: { no: [undefined], yes: [PRODUCTION.secretKey] },
    smtpUrl: { no: ['terminal:', undefined], yes: ['smtp://localhost:25'] },
    mailFrom: { no: [undefined], yes: ['Example <no-reply@example.com>'] },
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
    passwordBlocklist: { no: [false], yes: [true] },
    breachCheckUrl: {
      no: ['http://range.example.com', 'http://10.0.0.1'],
      yes: ['off', 'https://range.example.com', 'http://127.0.0.1:1', 'http://[::1]:1', 'http://localhost'],
    },
    resetTokenDelivery: { no: ['response'], yes: ['mail'] },
    resetEndsSessions: { no: [false], yes: [true] },
    // Tolerated: docs/guide/operate.md says what it costs.
    registrationAnswer: { no: [], yes: ['explicit', 'uniform'] },
    secureCookie: { no: [false], yes: [true] },
    sessionLifetimeSeconds: { no: [30 * DAY + 1, 365 * DAY], yes: [60, 30 * DAY] },
    throttle: { no: [false], yes: [true] },
    loginFailuresUntilLock: { no: [0], yes: [1, 100] },
    registrationsPerIp: { no: [0, 1], yes: [2, 100_000] },
  }

  it.each(Object.entries(REFUSED))(
    'refuses of %s what is not fit for the internet, and no more',
    (name, { no, yes }) => {
      for (const value of no) expect(options({ ...PRODUCTION, [name]: value }), String(value)).toEqual([name])
      for (const value of yes) expect(options({ ...PRODUCTION, [name]: value }), String(value)).toEqual([])
    },
  )

  it('refuses addresses that nobody confirms', () => {
    const explicit = { registrationAnswer: 'explicit' }
    expect(options({ ...PRODUCTION, ...explicit, emailVerification: false })).toEqual(['emailVerification'])
    expect(options({ ...PRODUCTION, ...explicit, emailVerification: true })).toEqual([])
  })

  it.each(['resetEndsSessions'])('and development mode both refuse an unsafe %s', (name) => {
    expect(options({ ...DEVELOPMENT, [name]: false })).toEqual([name])
    expect(options({ ...DEVELOPMENT, [name]: true })).toEqual([])
    expect(ROWS.filter(([, row]) => row.strict).map(([strict]) => strict)).toEqual(['resetEndsSessions'])
  })

  it('has no row that refuses, or warns, without a line of the table above', () => {
    const guarded = ROWS.filter(
      ([, row]) => row.refusedInProduction !== undefined || row.unsafe !== undefined,
    )
    expect(guarded.map(([name]) => name).toSorted()).toEqual(
      [...Object.keys(REFUSED), 'emailVerification'].toSorted(),
    )
  })

  it('refuses all at once, however much there is', () => {
    const worst = Object.fromEntries(
      Object.entries(REFUSED).flatMap(([name, { no }]) => (no.length === 0 ? [] : [[name, no[0]]])),
    )
    expect(options({ mode: 'production', ...worst })).toEqual(
      ROWS.map(([name]) => name).filter((name) => (REFUSED[name]?.no.length ?? 0) > 0),
    )
  })

  it('says of no secret more than what is wrong with it', () => {
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
  it.each(ROWS)('reads of %s what it would write', (name, row) => {
    for (const mode of MODES) {
      const value = defaultOf(row, mode)
      const spelled = typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value)
      // Not set is not spelled at all.
      if (value === '') expect(refusedOptions(() => readValue(name, row, spelled))).toEqual([name])
      else expect(readValue(name, row, spelled)).toBe(value)
    }
  })

  it.each(Object.entries(TEXTS))('reads for %s text of its form, as it stands', (name, { good, bad }) => {
    const row: Row = OPTION_TABLE[name as TextOption]
    for (const text of good) expect(readValue(name, row, text)).toBe(text)
    for (const text of bad)
      expect(
        refusedOptions(() => readValue(name, row, text)),
        text,
      ).toEqual([name])
  })

  it('reads a whole number exactly where it is in range', () => {
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

  it('refuses every other text for a whole number', () => {
    const row = OPTION_TABLE.sessionLifetimeSeconds
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
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

  it('reads on and off, and no other word, for a switch', () => {
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

  /** Text of any form; whether there is such a database, its opener says. */
  const TAKES_ANY: readonly string[] = ['databaseUrl', 'contextWords']

  it.each(ROWS.filter(([name]) => !TAKES_ANY.includes(name)))(
    'never repeats the wrong value of %s',
    (name, row) => {
      const wrong = 'https:/s3cr3t v4lue'
      expect(() => readValue(name, row, wrong)).toThrow(OptionError)
      expect(() => readValue(name, row, wrong)).not.toThrow(/s3cr3t/)
    },
  )
})

describe('unsafeOptions', () => {
  const unsafe = (given: Record<string, unknown>) =>
    unsafeOptions(resolveOptions(given)).map(({ option }) => option)

  /** All that is fit, for a classic service. */
  const SAFE = {
    ...WITH_MAIL,
    minPasswordLength: 15,
    passwordBlocklist: true,
    resetTokenDelivery: 'mail',
    resetEndsSessions: true,
    registrationAnswer: 'uniform',
    secureCookie: true,
  }

  it('names the classic defaults that are not fit for the internet', () => {
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

  it('names each by itself, and nothing where all is well', () => {
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

  it('names in production what is tolerated there, and has nothing else to name', () => {
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

  it('asks for an address only, because mail needs one for its links', () => {
    expect(problems({})).toEqual(['resetTokenDelivery'])
    expect(problems(DEVELOPMENT)).toEqual([])
    expect(problems({}, { hasMailer: true })).toEqual(['resetTokenDelivery'])
    expect(problems(DEVELOPMENT, { hasMailer: true })).toEqual([])
  })

  it('takes http and https, and makes the cookie Secure over https alone unless told otherwise', () => {
    const secureCookie = (given: object) => resolveOptions({ ...DEVELOPMENT, ...given }).secureCookie
    expect(secureCookie({})).toBe(false)
    expect(secureCookie({ baseUrl: 'https://localhost:3000' })).toBe(true)
    expect(secureCookie({ secureCookie: true })).toBe(true)
    expect(secureCookie({ baseUrl: 'https://localhost:3000', secureCookie: false })).toBe(false)
    // The other modes do not look at the address.
    expect(resolveOptions({ baseUrl: 'https://localhost:3000' }).secureCookie).toBe(false)
  })

  it('takes what production refuses, but for a reset that leaves sessions', () => {
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
  it.each(ROWS)('has for %s defaults of its own form, in each mode', (name, row) => {
    for (const mode of MODES) {
      const value = defaultOf(row, mode)
      if (name !== 'mode' && value !== '') expect(inspectOptions({ [name]: value }).options[name]).toBe(value)
      else expect(value).toBe(name === 'mode' ? mode : '')
    }
  })

  it('marks what is never shown', () => {
    expect(ROWS.filter(([, row]) => row.secret).map(([name, row]) => [name, row.secret])).toEqual([
      ['secretKey', 'whole'],
      ['databaseUrl', 'password'],
      ['smtpUrl', 'password'],
    ])
  })
})

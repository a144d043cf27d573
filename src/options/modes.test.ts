/** The defaults of each mode, and what a mode refuses or warns about. */
import { describe, expect, it } from 'vitest'
import { DAY, DEVELOPMENT, PRODUCTION, problemsIn, SETTINGS, WITH_MAIL } from '../../test/support/options.ts'
import { defaultOf, inspectOptions, MODES, type OptionName, resolveOptions, unsafeOptions } from './index.ts'

describe('the defaults', () => {
  it('differ between the modes only here [PW-01, PW-06, PW-07, PW-12, REC-09, SES-06, CX-01, CX-05, CX-08, CX-10]', () => {
    const byMode = SETTINGS.map(([name, row]) => [name, ...MODES.map((mode) => defaultOf(row, mode))])
    // MODES are classic, development and production. docs/reference/options.md lists all defaults.
    expect(byMode.filter((row) => new Set(row.slice(1)).size > 1)).toEqual([
      ['mode', ...MODES],
      ['publicApiDocs', true, false, false],
      ['smtpUrl', '', 'terminal:', ''],
      ['mailFrom', '', 'Bienvenue <no-reply@localhost>', ''],
      ['passwordHash', 'bcrypt', 'argon2id', 'argon2id'],
      ['minPasswordLength', 1, 8, 15],
      ['passwordBlocklist', false, true, true],
      ['breachCheckUrl', 'off', 'https://api.pwnedpasswords.com', 'https://api.pwnedpasswords.com'],
      ['resetTokenDelivery', 'response', 'mail', 'mail'],
      ['resetEndsSessions', false, true, true],
      ['registrationAnswer', 'explicit', 'uniform', 'uniform'],
      ['emailVerification', false, true, true],
      ['secureCookie', false, false, true],
      ['sessionIdleSeconds', 0, 7 * DAY, 7 * DAY],
      ['sessionsPerUser', 1_000, 50, 50],
      ['factorFailuresPerAccount', 20, 20, 10],
      ['factorFailuresUntilLock', 0, 100, 100],
      ['outboundPrivate', 'localhost,127.0.0.0/8,::1', 'localhost,127.0.0.0/8,::1', ''],
      ['loginFailuresPerAccount', 20, 20, 10],
      ['loginFailuresPerIp', 300, 300, 100],
      ['loginFailuresUntilLock', 0, 100, 100],
      ['signInsPerAccount', 600, 600, 60],
      ['signInsPerIp', 3_000, 3_000, 300],
      ['resetRequestsPerAccount', 20, 20, 5],
      ['resetRequestsPerIp', 300, 300, 50],
      ['registrationsPerIp', 0, 300, 50],
    ])
  })

  it('let a reset link work for an hour and other links for a day, which is also the most [REC-04, EML-03]', () => {
    for (const given of [{}, DEVELOPMENT, PRODUCTION])
      expect(resolveOptions(given)).toMatchObject({
        resetTokenLifetimeSeconds: 3_600,
        emailTokenLifetimeSeconds: DAY,
      })
    for (const name of ['resetTokenLifetimeSeconds', 'emailTokenLifetimeSeconds']) {
      expect(inspectOptions({ [name]: DAY }).problems).toEqual([])
      expect(inspectOptions({ [name]: DAY + 1 }).problems).toMatchObject([{ option: name }])
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

describe('production mode [PW-01, PW-12, REC-09, CFG-01, CX-01]', () => {
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

  it('lists only tolerated values in production [PW-01, CX-08]', () => {
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

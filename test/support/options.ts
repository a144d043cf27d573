/** Settings with valid and invalid values, for the tests of `src/options/`. */
import { randomBytes } from 'node:crypto'
import { expect } from 'vitest'
import { OptionError, type OptionProblem } from '../../src/model/errors.ts'
import { OPTION_TABLE, type OptionName, type Setting } from '../../src/options/index.ts'

export const SETTINGS = Object.entries(OPTION_TABLE) as [OptionName, Setting][]
export const DAY = 86_400

/** Like the output of `openssl rand -base64 32`. */
const randomKey = () => randomBytes(32).toString('base64')

/** Everything that mail requires, so that other options can have any value. */
export const WITH_MAIL = {
  baseUrl: 'https://auth.example.com',
  smtpUrl: 'smtps://mail.example.com',
  mailFrom: 'no-reply@example.com',
  emailVerification: true,
}
/** Everything that production mode requires. */
export const PRODUCTION = {
  mode: 'production',
  baseUrl: 'https://auth.example.com',
  secretKey: randomKey(),
  smtpUrl: 'smtps://mail.example.com',
  mailFrom: 'no-reply@example.com',
} as const
/** Everything that development mode requires of the library, which does not know its own address. */
export const DEVELOPMENT = { mode: 'development', baseUrl: 'http://localhost:3000' } as const

/** The problems of the error, or `null` if nothing is thrown. */
export function problemsIn(act: () => unknown): readonly OptionProblem[] | null {
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
export function refusedOptions(act: () => unknown): string[] | null {
  return problemsIn(act)?.map(({ option }) => option) ?? null
}

export type TextOption = {
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
export const TEXTS = {
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

import { randomBytes } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { describe, expect, it } from 'vitest'
import { OptionError } from '../errors.ts'
import { inspectOptions } from '../options/index.ts'
import { COMMON_FLAGS } from './command.ts'
import {
  assertNone,
  flagOf,
  problemsOf,
  readSettings,
  SETTING_FLAGS,
  SETTINGS,
  variableOf,
} from './settings.ts'

const ROWS = Object.entries(SETTINGS)
const NAMES = Object.keys(SETTINGS)

/** As `openssl rand -base64 32` makes one. */
const randomKey = () => randomBytes(32).toString('base64')

/** Text of the form that a setting has to have. */
const TEXTS: Readonly<Record<string, [one: string, other: string]>> = {
  baseUrl: ['https://auth.example.com', 'http://localhost:5000'],
  secretKey: [randomKey(), randomKey()],
  smtpUrl: ['smtps://mail.example.com', 'terminal:'],
  mailFrom: ['no-reply@example.com', 'Example <mail@example.com>'],
  trustedProxies: ['127.0.0.1', '10.0.0.0/8,::1'],
  breachCheckUrl: ['https://range.example.com', 'off'],
}

type Value = [text: string, value: string | number | boolean]

/** Two values of a setting, as text and as it is read; the first is not the default. */
function values(name: string): [one: Value, other: Value] {
  const { kind, classic } = SETTINGS[name as keyof typeof SETTINGS]
  const spelled = (value: string | number | boolean): Value => [
    typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value),
    value,
  ]
  if (kind.type === 'integer') return [spelled(kind.max === classic ? kind.min : kind.max), spelled(classic)]
  if (kind.type === 'switch') return [spelled(!classic), spelled(classic)]
  if (kind.type === 'choice') {
    const choice = kind.of.find((word) => word !== classic) ?? expect.unreachable()
    return [spelled(choice), spelled(classic)]
  }
  const [one, other] = TEXTS[name] ?? ['other', 'another']
  return [spelled(one), spelled(other)]
}

/** The value of a setting, wherever it is kept; there is nothing wrong with any. */
function settled(name: string, flags: Record<string, string>, env: Record<string, string>): unknown {
  const { options, problems, ...settings } = readSettings(flags, env)
  expect(problems).toEqual([])
  return { ...inspectOptions(options).options, ...settings }[name]
}

/** What is wrong with the flags and the variables, by the names of the settings. */
function refused(flags: Record<string, string>, env: Record<string, string>): string[] {
  return readSettings(flags, env).problems.map(({ option }) => option)
}

describe('readSettings', () => {
  it('leaves everything to the defaults where nothing is set', () => {
    const settings = readSettings({}, {})
    expect(settings).toMatchObject({
      options: {},
      host: 'localhost',
      port: 5_000,
      workers: 1,
      logLevel: 'info',
      log: 'auto',
      unknownVariables: [],
      problems: [],
    })
    expect(settings.options).toEqual({})
    expect(settings.sources).toEqual(Object.fromEntries(NAMES.map((name) => [name, 'default'])))
  })

  it('takes one worker for each core where 0 is asked for', () => {
    expect(readSettings({ workers: '0' }, {}).workers).toBe(availableParallelism())
  })

  it.each(ROWS)('takes %s from its variable, and rather from its flag', (name, row) => {
    const [[one, oneValue], [other, otherValue]] = values(name)
    expect(oneValue).not.toBe(row.classic)
    expect(settled(name, {}, { [row.env]: one })).toBe(oneValue)
    expect(settled(name, { [flagOf(name)]: one }, {})).toBe(oneValue)
    expect(settled(name, { [flagOf(name)]: one }, { [row.env]: other })).toBe(oneValue)
    expect(settled(name, { [flagOf(name)]: other }, { [row.env]: one })).toBe(otherValue)
  })

  it.each(ROWS)('says where %s comes from', (name, { env }) => {
    const [[text], [other]] = values(name)
    const sourceOf = (flags: Record<string, string>, variables: Record<string, string>) =>
      readSettings(flags, variables).sources[name as keyof typeof SETTINGS]
    expect(sourceOf({}, { [env]: text })).toBe('environment')
    expect(sourceOf({ [flagOf(name)]: text }, {})).toBe('flag')
    expect(sourceOf({ [flagOf(name)]: text }, { [env]: other })).toBe('flag')
    const { sources } = readSettings({ [flagOf(name)]: text }, {})
    expect(Object.entries(sources).filter(([, source]) => source !== 'default')).toEqual([[name, 'flag']])
  })

  /** As a script or an env file of Windows leaves them, and as text from a page or a chat has them. */
  const AROUND = [' ', '\r', '\n', '\t', '\r\n', '\u00a0', '\u200b', '\u200d', '\u2060', '\ufeff']

  it.each(ROWS)('takes a variable of %s without a visible character for one that is not set', (name, row) => {
    for (const text of ['', ...AROUND]) {
      expect(settled(name, {}, { [row.env]: text })).toBe(row.classic)
      expect(readSettings({}, { [row.env]: text }).sources[name as keyof typeof SETTINGS]).toBe('default')
    }
  })

  it.each(ROWS)('refuses a flag of %s without a visible character', (name) => {
    for (const text of ['', ...AROUND]) expect(refused({ [flagOf(name)]: text }, {})).toEqual([name])
  })

  it.each(ROWS)('reads %s without the invisible characters around it', (name, { env }) => {
    const [[text, value]] = values(name)
    for (const mark of AROUND) {
      expect(settled(name, {}, { [env]: `${text}${mark}` })).toBe(value)
      expect(settled(name, { [flagOf(name)]: `${mark}${text} ${mark}` }, {})).toBe(value)
    }
  })

  /** These hold words of a language: their own rules say what is not allowed. */
  const HOLDS_WORDS: readonly string[] = ['mailFrom', 'contextWords']

  it.each(ROWS.filter(([name]) => !HOLDS_WORDS.includes(name)))(
    'refuses %s with an invisible character inside, and names the character',
    (name, { env }) => {
      const [[text]] = values(name)
      for (const [mark, named] of [
        ['\r', 'U+000D'],
        ['\u00a0', 'U+00A0'],
        ['\u200b', 'U+200B'],
        ['\ufeff', 'U+FEFF'],
      ]) {
        const { problems } = readSettings({}, { [env]: `${text.slice(0, 1)}${mark}${text.slice(1)}x` })
        expect(problems).toEqual([
          { option: name, problem: `contains ${named}, an invisible character; remove it` },
        ])
      }
    },
  )

  it('keeps no-break spaces and joiners inside of words', () => {
    const words = 'Élan\u00a0Vital,می\u200cخواهم'
    expect(settled('contextWords', {}, { BIENVENUE_CONTEXT_WORDS: `${words}\r` })).toBe(words)
  })

  it('takes blanks and line breaks around the commas of a list', () => {
    const [one, other] = [randomKey(), randomKey()]
    expect(settled('secretKey', {}, { BIENVENUE_SECRET_KEY: `${one},\r\n\u00a0${other}\n` })).toBe(
      `${one},${other}`,
    )
    expect(settled('trustedProxies', {}, { BIENVENUE_TRUSTED_PROXIES: '127.0.0.1,\n  ::1' })).toBe(
      '127.0.0.1,::1',
    )
  })

  /** Any text is of their form. */
  const TAKES_ANY: readonly string[] = ['databaseUrl', 'contextWords', 'host']

  it.each(ROWS.filter(([name]) => !TAKES_ANY.includes(name)))(
    'names %s when its value is wrong, and leaves it out',
    (name, { env, kind }) => {
      const tooMuch = kind.type === 'integer' ? [String(kind.max + 1), String(kind.min - 1), '1.5'] : []
      for (const text of ['wrong', 'wr\u200bong', ...tooMuch]) {
        expect(refused({}, { [env]: text })).toEqual([name])
        expect(refused({ [flagOf(name)]: text }, {})).toEqual([name])
        expect(readSettings({}, { [env]: text })).toEqual({
          ...readSettings({}, {}),
          sources: readSettings({}, { [env]: values(name)[0][0] }).sources,
          problems: [{ option: name, problem: expect.any(String) }],
        })
      }
      // A right flag makes a wrong variable harmless: it is not read.
      expect(refused({ [flagOf(name)]: values(name)[0][0] }, { [env]: 'wrong' })).toEqual([])
    },
  )

  it('names all that is wrong at once, in the order of the table', () => {
    expect(
      refused({ port: '-1' }, { BIENVENUE_THROTTLE: 'maybe', BASE_URL: 'nowhere', HOST: '10.0.0.1' }),
    ).toEqual(['baseUrl', 'throttle', 'port'])
  })

  it('lists the variables that look like ours and are none', () => {
    const env = {
      BIENVENUE_BCRYPT_COSTS: '12',
      BIENVENUE_: 'x',
      BIENVENUE_EMPTY: '',
      BIENVENUE_BCRYPT_COST: '12',
      BIENVENUE: 'x',
      bienvenue_mode: 'classic',
      MY_BIENVENUE_MODE: 'classic',
      '\ufeffDATABASE_URL': 'sqlite:a.db',
      'BIENVENUE_MODE\u200b': 'production',
      PATH: '/bin',
    }
    expect(readSettings({}, env).unknownVariables).toEqual([
      'BIENVENUE_BCRYPT_COSTS',
      'BIENVENUE_',
      'BIENVENUE_EMPTY',
      '\ufeffDATABASE_URL',
      'BIENVENUE_MODE\u200b',
    ])
    expect(
      readSettings({}, Object.fromEntries(ROWS.map(([, row]) => [row.env, '']))).unknownVariables,
    ).toEqual([])
  })

  it('hands to the library only what was set', () => {
    const env = { DATABASE_URL: 'sqlite::memory:', PORT: '0', HOST: '::1', BIENVENUE_LOG_LEVEL: 'silent' }
    expect(readSettings({ throttle: 'off' }, env).options).toEqual({
      databaseUrl: 'sqlite::memory:',
      throttle: false,
    })
  })
})

describe('the names of the settings', () => {
  it('are flags of small letters and hyphens, each its own', () => {
    const flags = NAMES.map(flagOf)
    expect(new Set([...flags, ...Object.keys(COMMON_FLAGS)]).size).toBe(
      flags.length + Object.keys(COMMON_FLAGS).length,
    )
    for (const flag of flags) expect(flag).toMatch(/^[a-z]+(-[a-z]+)*$/)
    expect(Object.keys(SETTING_FLAGS)).toEqual(flags)
    expect(flagOf('databaseUrl')).toBe('database-url')
  })

  it('are variables of capitals, each its own', () => {
    const variables = ROWS.map(([, { env }]) => env)
    expect(new Set(variables).size).toBe(variables.length)
    for (const variable of variables)
      expect(variable).toMatch(/^(HOST|PORT|BASE_URL|SMTP_URL|DATABASE_URL|BIENVENUE(_[A-Z]+)+)$/)
  })

  it('are given back by variableOf as variables, and unknown ones as they are', () => {
    for (const [name, { env }] of ROWS) expect(variableOf(name)).toBe(env)
    for (const name of ['nope', '', 'constructor', '__proto__']) expect(variableOf(name)).toBe(name)
  })
})

describe('what serve refuses', () => {
  const PRODUCTION = {
    BIENVENUE_MODE: 'production',
    BASE_URL: 'https://auth.example.com',
    BIENVENUE_SECRET_KEY: randomKey(),
    SMTP_URL: 'smtps://mail.example.com',
    BIENVENUE_MAIL_FROM: 'no-reply@example.com',
  }
  const problems = (env: Record<string, string>) => problemsOf(readSettings({}, env))
  const names = (env: Record<string, string>) => problems(env).map(({ option }) => option)

  it('is nothing where nothing is wrong', () => {
    expect(problems({})).toEqual([])
    expect(problems(PRODUCTION)).toEqual([])
  })

  it('is all there is, a problem for each setting: its form, what production asks for, and where it listens', () => {
    expect(names({ BIENVENUE_MODE: 'production', SMTP_URL: 'nowhere', PORT: 'x', HOST: '0.0.0.0' })).toEqual([
      'smtpUrl',
      'port',
      'baseUrl',
      'secretKey',
      'mailFrom',
      'host',
    ])
    // Twice over, as this one is: said once.
    expect(problems({ BIENVENUE_RESET_TOKEN_DELIVERY: 'mail' })).toEqual([
      { option: 'resetTokenDelivery', problem: 'needs a mail server: SMTP_URL' },
    ])
  })

  it('is that several processes would have a database in memory each', () => {
    const DATABASE_URL = 'sqlite::memory:'
    expect(problems({ DATABASE_URL })).toEqual([])
    expect(problems({ BIENVENUE_WORKERS: '2' })).toEqual([])
    for (const url of [DATABASE_URL, 'SQLite::memory:', 'sqlite://', 'sqlite:///:memory:'])
      expect(problems({ DATABASE_URL: url, BIENVENUE_WORKERS: '2' })).toEqual([
        {
          option: 'workers',
          problem: expect.stringContaining('2 processes cannot share a database in memory'),
        },
      ])
  })

  it.each(['localhost', 'LOCALHOST', '127.0.0.1', '127.1.2.3', '::1', '[::1]'])(
    'is in neither mode that it listens on %s',
    (HOST) => {
      expect(problems({ HOST })).toEqual([])
      expect(problems({ ...PRODUCTION, HOST })).toEqual([])
    },
  )

  it.each(['0.0.0.0', '::', '[::]', '10.0.0.1', '192.168.1.1', 'auth.example.com', 'localhost:80', '*'])(
    'is in classic mode, and without a proxy in front, that it listens on %s',
    (HOST) => {
      const proxy = { BIENVENUE_TRUSTED_PROXIES: '10.0.0.0/8' }
      const classic = [
        { option: 'host', problem: expect.stringContaining('classic mode listens on loopback only') },
      ]
      expect(problems({ HOST })).toEqual(classic)
      expect(problems({ HOST, ...proxy })).toEqual(classic)
      expect(problems({ ...PRODUCTION, HOST })).toEqual([
        { option: 'host', problem: expect.stringContaining('BIENVENUE_TRUSTED_PROXIES') },
      ])
      expect(problems({ ...PRODUCTION, HOST, ...proxy })).toEqual([])
    },
  )

  it('is thrown as one error that has them all', () => {
    assertNone([])
    const found = problems({ BIENVENUE_MODE: 'production' })
    expect(() => assertNone(found)).toThrow(OptionError)
    try {
      assertNone(found)
    } catch (error) {
      expect((error as OptionError).problems).toEqual(found)
      expect((error as OptionError).option).toBe(found[0]?.option)
    }
  })
})

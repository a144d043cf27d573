import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { inspectOptions, type Setting } from '../options/index.ts'
import { COMMON_FLAGS } from './command.ts'
import { urlOf } from './local-url.ts'
import { flagOf, readSettings, SETTING_FLAGS, SETTINGS, variableOf, withKnownPort } from './settings.ts'

const ROWS = Object.entries(SETTINGS) as [string, Setting][]
const NAMES = Object.keys(SETTINGS)
/** Settings that are secret as a whole are never read from a flag. */
const FLAG_ROWS = ROWS.filter(([, row]) => row.secret !== 'whole')

/** A key as made by `openssl rand -base64 32`. */
const randomKey = () => randomBytes(32).toString('base64')

/** Valid values of settings that have a form. */
const TEXTS: Readonly<Record<string, [one: string, other: string]>> = {
  baseUrl: ['https://auth.example.com', 'http://localhost:5000'],
  secretKey: [randomKey(), randomKey()],
  smtpUrl: ['smtps://mail.example.com', 'terminal:'],
  mailFrom: ['no-reply@example.com', 'Example <mail@example.com>'],
  trustedProxies: ['127.0.0.1', '10.0.0.0/8,::1'],
  allowedHosts: ['auth.internal:5000', 'bienvenue,10.0.0.7'],
  trustedOrigins: ['https://app.example.com', 'http://localhost:5173,https://a.example'],
  accent: ['#2f55d4', '#ffcc00'],
  termsUrl: ['https://example.com/terms', '/terms'],
  privacyUrl: ['https://example.com/privacy', '/privacy'],
  imprintUrl: ['https://example.com/imprint', '/imprint'],
  helpUrl: ['https://example.com/help', '/help'],
  returnOrigins: ['https://app.example.com', 'https://a.example,https://b.example'],
  passkeyOrigins: ['https://example.fr', 'https://a.example,https://b.example'],
  languages: ['fr,en', 'en'],
  supportContact: ['help@example.com', 'https://example.com/help'],
  cookieDomain: ['example.com', 'example.co.uk'],
  outboundPrivate: ['idp.internal,10.0.0.0/8', 'localhost'],
  breachCheckUrl: ['https://range.example.com', 'off'],
}

type Value = [text: string, value: string | number | boolean]

/** Two values of a setting, as text and as the parsed value. The first is not the default. */
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

/** The value of a setting, from the options or the server settings. Expects no problems. */
function settled(name: string, flags: Record<string, string>, env: Record<string, string>): unknown {
  const { options, problems, ...settings } = readSettings(flags, env)
  expect(problems).toEqual([])
  return { ...inspectOptions(options).options, ...settings }[name]
}

/** The names of the settings that are refused. */
function refused(flags: Record<string, string>, env: Record<string, string>): string[] {
  return readSettings(flags, env).problems.map(({ option }) => option)
}

describe('readSettings', () => {
  it('uses the defaults if nothing is set', () => {
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

  it('reads 0 workers as one per core', () => {
    expect(readSettings({ workers: '0' }, {}).workers).toBe(availableParallelism())
  })

  it.each(ROWS)('reads %s from its variable', (name, row) => {
    const [[one, oneValue]] = values(name)
    expect(oneValue).not.toBe(row.classic)
    expect(settled(name, {}, { [row.env]: one })).toBe(oneValue)
    expect(readSettings({}, { [row.env]: one }).sources[name as keyof typeof SETTINGS]).toBe('environment')
  })

  it.each(FLAG_ROWS)('prefers the flag of %s to its variable', (name, row) => {
    const [[one, oneValue], [other, otherValue]] = values(name)
    expect(settled(name, { [flagOf(name)]: one }, {})).toBe(oneValue)
    expect(settled(name, { [flagOf(name)]: one }, { [row.env]: other })).toBe(oneValue)
    expect(settled(name, { [flagOf(name)]: other }, { [row.env]: one })).toBe(otherValue)
  })

  it.each(FLAG_ROWS)('reports the source of %s', (name, { env }) => {
    const [[text], [other]] = values(name)
    const sourceOf = (flags: Record<string, string>, variables: Record<string, string>) =>
      readSettings(flags, variables).sources[name as keyof typeof SETTINGS]
    expect(sourceOf({ [flagOf(name)]: text }, {})).toBe('flag')
    expect(sourceOf({ [flagOf(name)]: text }, { [env]: other })).toBe('flag')
    const { sources } = readSettings({ [flagOf(name)]: text }, {})
    expect(Object.entries(sources).filter(([, source]) => source !== 'default')).toEqual([[name, 'flag']])
  })

  /** Left over by scripts, by env files from Windows, and by text copied from a page or a chat. */
  const AROUND = [' ', '\r', '\n', '\t', '\r\n', '\u00a0', '\u200b', '\u200d', '\u2060', '\ufeff']

  it.each(ROWS)('treats the variable of %s as not set if it has no visible character', (name, row) => {
    for (const text of ['', ...AROUND]) {
      expect(settled(name, {}, { [row.env]: text })).toBe(row.classic)
      expect(readSettings({}, { [row.env]: text }).sources[name as keyof typeof SETTINGS]).toBe('default')
    }
  })

  it.each(ROWS)('refuses the flag of %s if it has no visible character', (name) => {
    for (const text of ['', ...AROUND]) expect(refused({ [flagOf(name)]: text }, {})).toEqual([name])
  })

  it.each(ROWS)('trims invisible characters around %s', (name, { env }) => {
    const [[text, value]] = values(name)
    for (const mark of AROUND) {
      expect(settled(name, {}, { [env]: `${text}${mark}` })).toBe(value)
      if (SETTINGS[name as keyof typeof SETTINGS].secret !== 'whole')
        expect(settled(name, { [flagOf(name)]: `${mark}${text} ${mark}` }, {})).toBe(value)
    }
  })

  /** These contain natural language, so they have rules of their own. */
  const HOLDS_WORDS: readonly string[] = ['mailFrom', 'contextWords', 'serviceName']

  it.each(ROWS.filter(([name]) => !HOLDS_WORDS.includes(name)))(
    'refuses an invisible character inside %s, and names the character',
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

  it('keeps no-break spaces and joiners inside words', () => {
    const words = 'Élan\u00a0Vital,می\u200cخواهم'
    expect(settled('contextWords', {}, { BIENVENUE_CONTEXT_WORDS: `${words}\r` })).toBe(words)
  })

  it('accepts blanks and line breaks around the commas of a list', () => {
    const [one, other] = [randomKey(), randomKey()]
    expect(settled('secretKey', {}, { BIENVENUE_SECRET_KEY: `${one},\r\n\u00a0${other}\n` })).toBe(
      `${one},${other}`,
    )
    expect(settled('trustedProxies', {}, { BIENVENUE_TRUSTED_PROXIES: '127.0.0.1,\n  ::1' })).toBe(
      '127.0.0.1,::1',
    )
  })

  /** These accept any text. */
  const TAKES_ANY: readonly string[] = [
    'databaseUrl',
    'contextWords',
    'host',
    'allowedHosts',
    'metadataSchema',
    'serviceName',
    'logo',
    'texts',
  ]

  it.each(ROWS.filter(([name]) => !TAKES_ANY.includes(name)))(
    'reports an invalid value of %s, and leaves it out',
    (name, { env, kind }) => {
      const tooMuch = kind.type === 'integer' ? [String(kind.max + 1), String(kind.min - 1), '1.5'] : []
      for (const text of ['wrong!', 'wr\u200bong', ...tooMuch]) {
        expect(refused({}, { [env]: text })).toEqual([name])
        expect(refused({ [flagOf(name)]: text }, {})).toEqual([name])
        expect(readSettings({}, { [env]: text })).toEqual({
          ...readSettings({}, {}),
          sources: readSettings({}, { [env]: values(name)[0][0] }).sources,
          problems: [{ option: name, problem: expect.any(String) }],
        })
      }
      // If the flag is valid, an invalid variable is not read.
      if (SETTINGS[name as keyof typeof SETTINGS].secret !== 'whole')
        expect(refused({ [flagOf(name)]: values(name)[0][0] }, { [env]: 'wrong!' })).toEqual([])
    },
  )

  it('reports all problems at once, in the order of the table', () => {
    expect(
      refused({ port: '-1' }, { BIENVENUE_THROTTLE: 'maybe', BASE_URL: 'nowhere', HOST: '10.0.0.1' }),
    ).toEqual(['baseUrl', 'throttle', 'port'])
  })

  it('lists unknown variables that look like ours', () => {
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

  it('passes only the options that were set to the library', () => {
    const env = { DATABASE_URL: 'sqlite::memory:', PORT: '0', HOST: '::1', BIENVENUE_LOG_LEVEL: 'silent' }
    expect(readSettings({ throttle: 'off' }, env).options).toEqual({
      databaseUrl: 'sqlite::memory:',
      throttle: false,
    })
  })
})

/** Writes a file in a new directory and returns its path. */
function fileWith(contents: string | Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), 'bienvenue-settings-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'secret')
  writeFileSync(file, contents)
  return file
}

const SECRETS: readonly [name: string, env: string, value: string][] = [
  ['secretKey', 'BIENVENUE_SECRET_KEY', randomKey()],
  ['databaseUrl', 'DATABASE_URL', 'postgres://bienvenue:s3cr3t@localhost/accounts'],
  ['smtpUrl', 'SMTP_URL', 'smtps://mailer:s3cr3t@mail.example.com'],
]

describe('a secret', () => {
  it('is marked in the settings table', () => {
    expect(ROWS.filter(([, row]) => row.secret).map(([name, { env }]) => [name, env])).toEqual(
      SECRETS.map(([name, env]) => [name, env]),
    )
  })

  it.each(SECRETS)(
    '%s is read from the file that %s_FILE names, without invisible characters around it',
    (name, env, value) => {
      for (const contents of [value, `${value}\n`, `\ufeff${value}\r\n\n`, ` ${value}\u200b`]) {
        const variables = { [`${env}_FILE`]: fileWith(contents) }
        expect(settled(name, {}, variables)).toBe(value)
        const { sources, unknownVariables } = readSettings({}, variables)
        expect(sources[name as keyof typeof SETTINGS]).toBe('file')
        expect(unknownVariables).toEqual([])
      }
      const path = fileWith(value)
      expect(settled(name, {}, { [`${env}_FILE`]: ` ${path}\r`, [env]: ' ' })).toBe(value)
      expect(settled(name, {}, { [`${env}_FILE`]: '\r' })).toBe(inspectOptions({}).options[name as 'smtpUrl'])
    },
  )

  it.each(SECRETS)('%s is refused if it is set directly and by a file', (name, env, value) => {
    const variables = { [env]: value, [`${env}_FILE`]: fileWith(value) }
    expect(readSettings({}, variables).problems).toEqual([
      { option: name, problem: `is set, and so is ${env}_FILE; remove one of them` },
    ])
  })

  it.each(SECRETS)('%s is refused if its file cannot be used, with the reason', (name, env) => {
    const empty = fileWith('\r\n')
    const folder = join(fileWith('x'), '..', 'folder')
    mkdirSync(folder)
    for (const [path, why] of [
      [join(folder, 'absent'), 'there is no such file'],
      [join(empty, 'below'), 'there is no such file'],
      [folder, 'it is a directory'],
      ['/dev/zero', 'it is not a regular file'],
      [empty, 'it is empty'],
      [fileWith('x'.repeat(65_537)), 'it is larger than 65536 bytes'],
      [fileWith(Uint8Array.of(0x73, 0xff)), 'it is not UTF-8 text'],
    ] as const) {
      expect(readSettings({}, { [`${env}_FILE`]: path }).problems).toEqual([
        { option: name, problem: `cannot read the file of ${env}_FILE (${path}): ${why}` },
      ])
    }
  })

  it.each(SECRETS)(
    '%s with an invalid value in its file is refused, and the message does not repeat the value',
    (name, env) => {
      const { problems } = readSettings({}, { [`${env}_FILE`]: fileWith('s3cr3t\u2060value') })
      expect(problems.map(({ option }) => option)).toEqual([name])
      expect(JSON.stringify(problems)).not.toContain('s3cr3t')
    },
  )

  it('is the only kind of setting that can be read from a file', () => {
    const { unknownVariables, sources } = readSettings(
      {},
      { BIENVENUE_MODE_FILE: '/nowhere', PORT_FILE: '/nowhere' },
    )
    expect(unknownVariables).toEqual(['BIENVENUE_MODE_FILE'])
    expect(new Set(Object.values(sources))).toEqual(new Set(['default']))
  })

  it.each([
    ...SECRETS,
    ['databaseUrl', 'DATABASE_URL', 'postgres://bienvenue@localhost/accounts?password=s3cr3t'],
  ])(
    '%s is refused as a flag, because every user of the machine can read it [CRY-09]',
    (name, env, value) => {
      expect(readSettings({ [flagOf(name)]: value }, {}).problems).toEqual([
        {
          option: name,
          problem: `every user of this machine can read --${flagOf(name)}; set ${env} instead, or ${env}_FILE to the path of a file`,
        },
      ])
    },
  )

  it('is only the password of a URL: a URL without one is accepted as a flag', () => {
    for (const text of ['sqlite:a.db', 'postgres://bienvenue@localhost/accounts', 'postgres:///accounts'])
      expect(settled('databaseUrl', { 'database-url': text }, { DATABASE_URL_FILE: '/nowhere' })).toBe(text)
    for (const text of ['terminal:', 'smtp://localhost:25'])
      expect(settled('smtpUrl', { 'smtp-url': text }, {})).toBe(text)
  })
})

describe('in development mode', () => {
  const BIENVENUE_MODE = 'development'
  const read = (env: Record<string, string>) => readSettings({}, { BIENVENUE_MODE, ...env })

  it.each([
    [{}, 'http://localhost:5000'],
    [{ PORT: '8080' }, 'http://localhost:8080'],
    [{ HOST: '127.0.0.1' }, 'http://127.0.0.1:5000'],
    [{ HOST: '::1' }, 'http://[::1]:5000'],
    [{ HOST: '[::1]', PORT: '80' }, 'http://[::1]:80'],
    [{ HOST: '192.168.1.20' }, 'http://192.168.1.20:5000'],
    [{ HOST: '0.0.0.0' }, 'http://localhost:5000'],
    [{ HOST: '::' }, 'http://localhost:5000'],
    [{ BASE_URL: 'https://app.localhost', PORT: '8080' }, 'https://app.localhost'],
  ])('%j gives the base URL %s', (env, baseUrl) => {
    const { options, problems } = read(env)
    expect({ baseUrl: options.baseUrl, problems }).toEqual({ baseUrl, problems: [] })
    expect(inspectOptions(options).problems).toEqual([])
  })

  it('and in no other mode, a base URL is derived from the address', () => {
    for (const mode of ['classic', 'production'])
      expect(readSettings({}, { BIENVENUE_MODE: mode }).options.baseUrl).toBeUndefined()
  })

  it('PORT=0 is replaced by a free port if links need one', async () => {
    const found = (env: Record<string, string>) => withKnownPort(read(env), async () => 40_123)
    expect(await found({ PORT: '0' })).toMatchObject({
      port: 40_123,
      options: { baseUrl: 'http://localhost:40123' },
      sources: { baseUrl: 'default' },
    })
    for (const env of [{ PORT: '0', BASE_URL: 'http://app.localhost' }, { PORT: '5001' }])
      expect(await found(env)).toEqual(read(env))
    const classic = readSettings({}, { PORT: '0' })
    expect(await withKnownPort(classic, async () => 40_123)).toBe(classic)
  })
})

describe('the names of the settings', () => {
  it('are unique as flags of lower-case letters and hyphens', () => {
    const flags = NAMES.map(flagOf)
    expect(new Set([...flags, ...Object.keys(COMMON_FLAGS)]).size).toBe(
      flags.length + Object.keys(COMMON_FLAGS).length,
    )
    for (const flag of flags) expect(flag).toMatch(/^[a-z]+[0-9]?(-[a-z]+)*$/)
    expect(Object.keys(SETTING_FLAGS)).toEqual(flags)
    expect(flagOf('databaseUrl')).toBe('database-url')
  })

  it('are unique as variables of upper-case letters', () => {
    const variables = ROWS.map(([, { env }]) => env)
    expect(new Set(variables).size).toBe(variables.length)
    for (const variable of variables)
      expect(variable).toMatch(/^(HOST|PORT|BASE_URL|SMTP_URL|DATABASE_URL|BIENVENUE(_[A-Z]+[0-9]?)+)$/)
  })

  it('are mapped to variables by variableOf, which returns unknown names unchanged', () => {
    for (const [name, { env }] of ROWS) expect(variableOf(name)).toBe(env)
    for (const name of ['nope', '', 'constructor', '__proto__']) expect(variableOf(name)).toBe(name)
  })
})

it('urlOf puts brackets around an IPv6 address', () => {
  expect(['localhost', '::1', '[::1]'].map((host) => urlOf(host, 80))).toEqual([
    'http://localhost:80',
    'http://[::1]:80',
    'http://[::1]:80',
  ])
})

import { describe, expect, it } from 'vitest'
import { OptionError } from '../errors.ts'
import { resolveOptions } from '../options.ts'
import { COMMON_FLAGS } from './command.ts'
import { flagOf, readSettings, SETTING_FLAGS, SETTINGS, variableOf } from './settings.ts'

const ROWS = Object.entries(SETTINGS)
const NAMES = Object.keys(SETTINGS)

/** A value other than the default, as text and as it is read. */
function another(name: string): [text: string, value: string | number | boolean] {
  const { kind, classic } = SETTINGS[name as keyof typeof SETTINGS]
  if (kind.type === 'integer') return [String(kind.max), kind.max]
  if (kind.type === 'switch') return classic ? ['off', false] : ['on', true]
  if (kind.type === 'text') return ['other', 'other']
  const choice = kind.of.find((word) => word !== classic) ?? kind.of[0] ?? ''
  return [choice, choice]
}

/** The value of a setting, wherever it is kept. */
function settled(name: string, flags: Record<string, string>, env: Record<string, string>): unknown {
  const { options, ...settings } = readSettings(flags, env)
  return { ...resolveOptions(options as Record<string, unknown>), ...settings }[name]
}

function refusedOption(flags: Record<string, string>, env: Record<string, string>): string | null {
  try {
    readSettings(flags, env)
    return null
  } catch (error) {
    if (!(error instanceof OptionError)) throw error
    return error.option
  }
}

describe('readSettings', () => {
  it('leaves everything to the defaults where nothing is set', () => {
    const settings = readSettings({}, {})
    expect(settings).toMatchObject({
      options: {},
      host: 'localhost',
      port: 5_000,
      logLevel: 'info',
      unknownVariables: [],
    })
    expect(settings.options).toEqual({})
    expect(settings.sources).toEqual(Object.fromEntries(NAMES.map((name) => [name, 'default'])))
  })

  it.each(ROWS)('takes %s from its variable, and rather from its flag', (name, row) => {
    const [text, value] = another(name)
    const classic = typeof row.classic === 'boolean' ? (row.classic ? 'on' : 'off') : String(row.classic)
    expect(settled(name, {}, { [row.env]: text })).toBe(value)
    expect(settled(name, { [flagOf(name)]: text }, {})).toBe(value)
    expect(settled(name, { [flagOf(name)]: text }, { [row.env]: classic })).toBe(value)
    expect(settled(name, { [flagOf(name)]: classic }, { [row.env]: text })).toBe(row.classic)
  })

  it.each(ROWS)('says where %s comes from', (name, { env }) => {
    const [text] = another(name)
    const sourceOf = (flags: Record<string, string>, variables: Record<string, string>) =>
      readSettings(flags, variables).sources[name as keyof typeof SETTINGS]
    expect(sourceOf({}, { [env]: text })).toBe('environment')
    expect(sourceOf({ [flagOf(name)]: text }, {})).toBe('flag')
    expect(sourceOf({ [flagOf(name)]: text }, { [env]: text })).toBe('flag')
    const { sources } = readSettings({ [flagOf(name)]: text }, {})
    expect(Object.entries(sources).filter(([, source]) => source !== 'default')).toEqual([[name, 'flag']])
  })

  it.each(ROWS)('takes an empty variable of %s for one that is not set', (name, { env, classic }) => {
    expect(settled(name, {}, { [env]: '' })).toBe(classic)
    expect(readSettings({}, { [env]: '' }).sources[name as keyof typeof SETTINGS]).toBe('default')
  })

  it.each(ROWS)('refuses an empty flag of %s: whoever writes it means something', (name) => {
    expect(refusedOption({ [flagOf(name)]: '' }, {})).toBe(name)
  })

  it.each(ROWS.filter(([, { kind }]) => kind.type !== 'text'))(
    'names %s when its value is wrong',
    (name, { env, kind }) => {
      const tooMuch = kind.type === 'integer' ? [String(kind.max + 1), String(kind.min - 1), '1.5'] : []
      for (const text of ['wrong', ' ', ...tooMuch]) {
        expect(refusedOption({}, { [env]: text })).toBe(name)
        expect(refusedOption({ [flagOf(name)]: text }, {})).toBe(name)
      }
      // A right flag makes a wrong variable harmless: it is not read.
      expect(refusedOption({ [flagOf(name)]: another(name)[0] }, { [env]: 'wrong' })).toBeNull()
    },
  )

  it('lists the variables that look like ours and are none', () => {
    const env = {
      BIENVENUE_BCRYPT_COSTS: '12',
      BIENVENUE_: 'x',
      BIENVENUE_EMPTY: '',
      BIENVENUE_BCRYPT_COST: '12',
      BIENVENUE: 'x',
      bienvenue_mode: 'classic',
      MY_BIENVENUE_MODE: 'classic',
      PATH: '/bin',
    }
    expect(readSettings({}, env).unknownVariables).toEqual([
      'BIENVENUE_BCRYPT_COSTS',
      'BIENVENUE_',
      'BIENVENUE_EMPTY',
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
      expect(variable).toMatch(/^(HOST|PORT|DATABASE_URL|BIENVENUE(_[A-Z]+)+)$/)
  })

  it('are given back by variableOf as variables, and unknown ones as they are', () => {
    for (const [name, { env }] of ROWS) expect(variableOf(name)).toBe(env)
    for (const name of ['nope', '', 'constructor', '__proto__']) expect(variableOf(name)).toBe(name)
  })
})

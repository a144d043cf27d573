import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { OptionError } from '../model/errors.ts'
import { problemsOf } from './serve-problems.ts'
import { assertNone, readSettings } from './settings.ts'

/** A key as made by `openssl rand -base64 32`. */
const randomKey = () => randomBytes(32).toString('base64')

describe('problemsOf', () => {
  const PRODUCTION = {
    BIENVENUE_MODE: 'production',
    BASE_URL: 'https://auth.example.com',
    BIENVENUE_SECRET_KEY: randomKey(),
    SMTP_URL: 'smtps://mail.example.com',
    BIENVENUE_MAIL_FROM: 'no-reply@example.com',
  }
  const problems = (env: Record<string, string>) => problemsOf(readSettings({}, env))
  const names = (env: Record<string, string>) => problems(env).map(({ option }) => option)

  it('finds nothing in valid settings', () => {
    expect(problems({})).toEqual([])
    expect(problems(PRODUCTION)).toEqual([])
  })

  it('finds all problems, one per setting: form, requirements of production, and the address', () => {
    expect(names({ BIENVENUE_MODE: 'production', SMTP_URL: 'nowhere', PORT: 'x', HOST: '0.0.0.0' })).toEqual([
      'smtpUrl',
      'port',
      'baseUrl',
      'secretKey',
      'mailFrom',
      'host',
    ])
    // Two rules refuse this one. It is reported once.
    expect(problems({ BIENVENUE_RESET_TOKEN_DELIVERY: 'mail' })).toEqual([
      { option: 'resetTokenDelivery', problem: 'requires a mail server; set smtpUrl' },
    ])
  })

  it('finds an accent color, logo and texts that pages cannot use', () => {
    expect(
      problems({
        BIENVENUE_ACCENT: '#777777',
        BIENVENUE_LOGO: '/nowhere/logo.svg',
        BIENVENUE_TEXTS: '/nowhere/texts.json',
      }),
    ).toEqual([
      { option: 'accent', problem: expect.stringContaining('#767676') },
      { option: 'logo', problem: expect.stringContaining('there is no such file') },
      { option: 'texts', problem: expect.stringContaining('there is no such file') },
    ])
  })

  it('refuses several processes with an in-memory database', () => {
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
    'accepts %s as the address in classic and production mode',
    (HOST) => {
      expect(problems({ HOST })).toEqual([])
      expect(problems({ ...PRODUCTION, HOST })).toEqual([])
    },
  )

  it.each(['0.0.0.0', '::', '[::]', '10.0.0.1', '192.168.1.1', 'auth.example.com', 'localhost:80', '*'])(
    'refuses %s as the address in classic mode, and in production mode without a proxy in front',
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

  it('assertNone throws one error with all problems', () => {
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

describe('in development mode', () => {
  const BIENVENUE_MODE = 'development'
  const problemsIn = (env: Record<string, string>) => problemsOf(readSettings({}, { BIENVENUE_MODE, ...env }))

  it.each(['localhost', '127.0.0.1', '::1', '0.0.0.0', '::', '[::]', '10.0.0.1', '192.168.1.1', 'fd00::7'])(
    'serve listens on %s',
    (HOST) => expect(problemsIn({ HOST })).toEqual([]),
  )

  it.each(['203.0.113.7', '2001:db8::1', 'dev.example.com', '*'])('serve does not listen on %s', (HOST) => {
    expect(problemsIn({ HOST, BIENVENUE_TRUSTED_PROXIES: '10.0.0.0/8' })).toEqual([
      { option: 'host', problem: expect.stringContaining('development mode listens on loopback') },
    ])
  })

  it('several processes need a shared key and a known port', () => {
    const problems = (env: Record<string, string>) => problemsIn({ BIENVENUE_WORKERS: '2', ...env })
    const key = { BIENVENUE_SECRET_KEY: randomKey() }
    expect(problems({})).toEqual([
      { option: 'workers', problem: expect.stringContaining('set BIENVENUE_SECRET_KEY') },
    ])
    expect(problems(key)).toEqual([])
    expect(problems({ ...key, PORT: '0' })).toEqual([
      { option: 'workers', problem: expect.stringContaining('a PORT other than 0') },
    ])
    expect(problems({ ...key, PORT: '0', BASE_URL: 'http://localhost:3000' })).toEqual([])
  })
})

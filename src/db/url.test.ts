import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { OptionError } from '../errors.ts'
import { describeDatabase, parseDatabaseUrl } from './open.ts'

describe('a database URL', () => {
  it.each([
    ['sqlite:bienvenue.db', { engine: 'sqlite', path: 'bienvenue.db' }],
    ['sqlite:/var/lib/b.db', { engine: 'sqlite', path: '/var/lib/b.db' }],
    ['SQLite::memory:', { engine: 'sqlite', path: ':memory:' }],
    ['sqlite:a b?c#d.db', { engine: 'sqlite', path: 'a b?c#d.db' }],
    ['postgres://u:p@h:1/n', { engine: 'postgres', url: 'postgres://u:p@h:1/n' }],
    ['postgresql://h/n?sslmode=require', { engine: 'postgres', url: 'postgresql://h/n?sslmode=require' }],
  ])('%s is read', (text, database) => {
    expect(parseDatabaseUrl(text)).toEqual(database)
  })

  it.each([
    ['', /there is no scheme; use sqlite:PATH/],
    ['bienvenue.db', /there is no scheme/],
    ['mongodb://u:s3cret@h/n', /there is no database for "mongodb:"/],
    ['mysql://u:s3cret@h/n', /there is no database for "mysql:"/],
    ['sqlite:', /needs a path/],
    ['sqlite:a\0b', /needs a path/],
    ['postgres://u:s3cret@h:99999/n', /not a valid PostgreSQL URL/],
    ['postgres:', /not a valid PostgreSQL URL/],
    // Passwords that are not percent-encoded: what is behind the slash would pass for a path.
    ['postgres://u:1234/s3cret@h/n', /not a valid PostgreSQL URL/],
    ['postgres://u:1234#s3cret@h/n', /not a valid PostgreSQL URL/],
    ['postgres://u:1234?s3cret@h/n', /not a valid PostgreSQL URL/],
  ])('%j is refused, naming the option and no secret', (text, message) => {
    expect(() => parseDatabaseUrl(text)).toThrow(OptionError)
    expect(() => parseDatabaseUrl(text)).toThrow(/^databaseUrl: /)
    expect(() => parseDatabaseUrl(text)).toThrow(message)
    expect(() => parseDatabaseUrl(text)).not.toThrow(/s3cret/)
  })

  it('is read or refused, whatever the text', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string().map((rest) => `postgres://${rest}`),
      fc.string().map((rest) => `sqlite:${rest}`),
    )
    fc.assert(
      fc.property(text, (url) => {
        try {
          expect(['sqlite', 'postgres']).toContain(parseDatabaseUrl(url).engine)
        } catch (error) {
          expect(error).toBeInstanceOf(OptionError)
        }
      }),
    )
  })

  it('is shown without its password', () => {
    const password = fc.stringMatching(/^[a-z0-9]{8,16}$/)
    fc.assert(
      fc.property(password, (secret) => {
        expect(describeDatabase(`postgres://bob:${secret}@db.example:5432/accounts?password=${secret}`)).toBe(
          'postgres://bob@db.example:5432/accounts',
        )
      }),
    )
  })
})

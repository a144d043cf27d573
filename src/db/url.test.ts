import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CHARACTER } from '../../test/support/characters.ts'
import { OptionError } from '../model/errors.ts'
import { describeDatabase, isInMemory, parseDatabaseUrl, sqliteUrl } from './url.ts'

describe('a database URL', () => {
  it.each([
    ['sqlite:bienvenue.db', 'bienvenue.db'],
    ['sqlite:data/b.db', 'data/b.db'],
    ['sqlite:/var/lib/b.db', '/var/lib/b.db'],
    // The forms of SQLAlchemy.
    ['sqlite:///a.db', 'a.db'],
    ['sqlite:///data/a.db', 'data/a.db'],
    ['sqlite:////var/lib/a.db', '/var/lib/a.db'],
    ['sqlite:///../a.db', '../a.db'],
    ['SQLite::memory:', ':memory:'],
    ['sqlite:///:memory:', ':memory:'],
    ['sqlite://', ':memory:'],
    ['sqlite:a b.db', 'a b.db'],
    ['sqlite:a%20b%3Fc%23d%25.db', 'a b?c#d%.db'],
    ['sqlite:///caf%C3%A9.db', 'café.db'],
    ['sqlite:x.db%0D', 'x.db\r'],
    ['sqlite:file:a.db', 'file:a.db'],
  ])('%s names the file %j', (text, path) => {
    expect(parseDatabaseUrl(text)).toMatchObject({ dialect: 'sqlite', path })
  })

  it.each([
    ['postgres://u:p@h:1/n', 'postgres://u:p@h:1/n'],
    ['postgresql://h/n?sslmode=require', 'postgresql://h/n?sslmode=require'],
    ['postgres://h/n?prepare=false', 'postgres://h/n?prepare=false'],
    ['postgres://u@localhost/n?host=/run/postgresql', 'postgres://u@localhost/n?host=/run/postgresql'],
    ['postgres://u:p%2Fq@h/my db?options=-c a=b', 'postgres://u:p%2Fq@h/my%20db?options=-c%20a=b'],
  ])('%s is a PostgreSQL URL', (text, url) => {
    expect(parseDatabaseUrl(text)).toEqual({ dialect: 'postgres', url })
  })

  it.each([
    ['', /it has no scheme; use sqlite:PATH/],
    ['bienvenue.db', /it has no scheme/],
    ['mongodb://u:s3cret@h/n', /"mongodb:" is not supported/],
    ['mysql://u:s3cret@h/n', /"mysql:" is not supported/],
    ['sqlite:', /needs a path/],
    ['sqlite:///', /needs a path/],
    ['sqlite://a.db', /takes no host/],
    ['sqlite://var/lib/a.db', /takes no host/],
    ['sqlite://localhost/a.db', /takes no host/],
    ['sqlite:a.db?mode=ro', /takes no parameter "mode"/],
    ['sqlite:///a.db?mode=ro&uri=true', /takes no parameter "mode"/],
    ['sqlite:a.db?', /takes no parameter ""/],
    ['sqlite::memory:?cache=shared', /takes no parameter "cache"/],
    ['sqlite:a.db#b', /takes no fragment/],
    ['sqlite:100%.db', /does not begin an escape .*; write it as %25/],
    ['sqlite:a%2', /does not begin an escape/],
    ['sqlite:a%zz', /does not begin an escape/],
    ['sqlite:a%ff.db', /does not begin an escape/],
    ['sqlite: a.db', /begins or ends with a space/],
    ['sqlite:///a.db ', /begins or ends with a space/],
    ['sqlite:a\u200b.db', /contains U\+200B/],
    ['sqlite:a\0b', /contains U\+0000/],
    ['sqlite:a%00b', /cannot contain U\+0000/],
    ['postgres://u:s3cret@h:99999/n', /not a valid PostgreSQL URL/],
    ['postgres:', /not a valid PostgreSQL URL/],
    // Passwords that are not percent-encoded: the part after the slash would be read as a path.
    ['postgres://u:1234/s3cret@h/n', /not a valid PostgreSQL URL/],
    ['postgres://u:1234#s3cret@h/n', /not a valid PostgreSQL URL/],
    ['postgres://u:1234?s3cret@h/n', /not a valid PostgreSQL URL/],
    ['postgres://u:s3cret%@h/n', /not a valid PostgreSQL URL/],
    ['postgres://u:s3cret%ff@h/n', /not a valid PostgreSQL URL/],
    ['postgres://u:s3cret@h/n?schema=auth', /unknown parameter "schema"; .*BIENVENUE_DATABASE_SCHEMA/],
    [
      'postgres://u:s3cret@h/n?currentSchema=auth',
      /unknown parameter "currentSchema"; .*BIENVENUE_DATABASE_SCHEMA/,
    ],
    ['postgres://u:s3cret@h/n?connect_timeout=10', /unknown parameter "connect_timeout"; .*application_name/],
    ['postgres://h/n?channel_binding=require', /unknown parameter "channel_binding"/],
    ['postgres://h/n?pgbouncer=true', /unknown parameter "pgbouncer"; .*write prepare=false/],
    ['postgres://h/n?prepare=no', /"prepare" takes true, false/],
    ['postgres://h/n?client_encoding=LATIN1', /unknown parameter "client_encoding"/],
    ['postgres://h/n?ssl=true', /unknown parameter "ssl"/],
    ['postgres://h/n?dbname=x', /unknown parameter "dbname"/],
    ['postgres://h/n?SSLMODE=require', /unknown parameter "SSLMODE"/],
    ['postgres://h/n?toString=x', /unknown parameter "toString"/],
    ['postgres://h/n?sslmode=verify', /"sslmode" takes disable, .*verify-full/],
    ['postgres://h/n?uselibpqcompat=1', /"uselibpqcompat" takes true/],
    ['postgres://h/n?sslmode=', /"sslmode" is empty/],
    ['postgres://h/n?sslrootcert=', /"sslrootcert" is empty/],
    ['postgres://h/n?sslmode=disable&sslmode=verify-full', /"sslmode" is given twice/],
    ['postgres://h/n?password=s3cret&password=x', /"password" is given twice/],
  ])('refuses %j, naming the option and no secret', (text, message) => {
    expect(() => parseDatabaseUrl(text)).toThrow(OptionError)
    expect(() => parseDatabaseUrl(text)).toThrow(/^databaseUrl: /)
    expect(() => parseDatabaseUrl(text)).toThrow(message)
    expect(() => parseDatabaseUrl(text)).not.toThrow(/s3cret/)
    expect(isInMemory(text)).toBe(false)
  })

  it('is parsed or refused for any text', () => {
    const text = fc.oneof(
      fc.string({ unit: CHARACTER }),
      fc.string().map((rest) => `postgres://${rest}`),
      fc.string().map((rest) => `sqlite:${rest}`),
    )
    fc.assert(
      fc.property(text, (url) => {
        try {
          expect(['sqlite', 'postgres']).toContain(parseDatabaseUrl(url).dialect)
        } catch (error) {
          expect(error).toBeInstanceOf(OptionError)
        }
      }),
    )
  })

  it('that describes a file is parsed back to the same file', () => {
    const path = fc
      .oneof(fc.string({ unit: CHARACTER, minLength: 1 }), fc.stringMatching(/^[ /:%?#a\u200b]{1,8}$/))
      .filter((text) => !text.includes('\0'))
    fc.assert(
      fc.property(path, (file) => {
        expect(parseDatabaseUrl(sqliteUrl(file))).toMatchObject({ dialect: 'sqlite', path: file })
        expect(describeDatabase(sqliteUrl(file))).toBe(sqliteUrl(file))
      }),
    )
  })

  it.each(['sqlite::memory:', 'SQLITE::memory:', 'sqlite:///:memory:', 'sqlite://'])(
    '%s names a database in memory',
    (text) => {
      expect(isInMemory(text)).toBe(true)
      expect(describeDatabase(text)).toBe('sqlite::memory:')
    },
  )

  it('is described without its password', () => {
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

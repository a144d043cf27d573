import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { resolveOptions } from '../options/index.ts'
import { readSettings } from './settings.ts'
import { warningsOf } from './warnings.ts'

const KEY = randomBytes(32).toString('base64')
const PRODUCTION = {
  BIENVENUE_MODE: 'production',
  BASE_URL: 'https://auth.example.com',
  BIENVENUE_SECRET_KEY: KEY,
  SMTP_URL: 'smtps://mail.example.com',
  BIENVENUE_MAIL_FROM: 'no-reply@example.com',
  DATABASE_URL: 'postgres:///accounts',
}

function warnings(env: Readonly<Record<string, string>>) {
  const settings = readSettings({}, env)
  return warningsOf(settings, resolveOptions(settings.options))
}

describe('warningsOf', () => {
  it('warns in production mode if no proxy is trusted, because BASE_URL needs one', () => {
    expect(warnings(PRODUCTION)).toEqual([
      {
        setting: 'BIENVENUE_TRUSTED_PROXIES',
        reason: expect.stringContaining('all clients count as one IP address'),
      },
    ])
    expect(warnings({ ...PRODUCTION, BIENVENUE_TRUSTED_PROXIES: '127.0.0.1' })).toEqual([])
    const classic = { ...PRODUCTION, BIENVENUE_MODE: 'classic' }
    expect(warnings(classic).map(({ setting }) => setting)).not.toContain('BIENVENUE_TRUSTED_PROXIES')
  })

  // Windows has no file modes to warn about.
  describe.skipIf(process.platform === 'win32')('about files', () => {
    const FILES = ['a.db', 'a.db-wal', 'a.db-shm', 'a.db-journal', 'key', 'smtp']

    /** A directory that every user can enter, with files that only their owner can read. */
    function files() {
      const folder = mkdtempSync(join(tmpdir(), 'warnings-'))
      onTestFinished(() => rmSync(folder, { recursive: true }))
      chmodSync(folder, 0o755)
      for (const name of FILES)
        writeFileSync(join(folder, name), name === 'key' ? KEY : 'smtps://mail.example.com', { mode: 0o600 })
      const { BIENVENUE_SECRET_KEY: _, SMTP_URL: __, ...others } = PRODUCTION
      const env = {
        ...others,
        BIENVENUE_TRUSTED_PROXIES: '127.0.0.1',
        DATABASE_URL: `sqlite:${join(folder, 'a.db')}`,
        BIENVENUE_SECRET_KEY_FILE: join(folder, 'key'),
        SMTP_URL_FILE: join(folder, 'smtp'),
      }
      return { folder, env }
    }

    it.each([
      ['a.db', 'DATABASE_URL'],
      ['a.db-wal', 'DATABASE_URL'],
      ['a.db-shm', 'DATABASE_URL'],
      ['a.db-journal', 'DATABASE_URL'],
      ['key', 'BIENVENUE_SECRET_KEY_FILE'],
      ['smtp', 'SMTP_URL_FILE'],
    ])('warns if every user can read or write %s', (name, setting) => {
      const { folder, env } = files()
      expect(warnings(env)).toEqual([])
      const file = join(folder, name)
      for (const mode of [0o644, 0o604, 0o602]) {
        chmodSync(file, mode)
        const reason = `every user of this machine can access ${file}; run chmod o= on it`
        expect(warnings(env)).toEqual([{ setting, reason }])
      }
      chmodSync(file, 0o660)
      expect(warnings(env)).toEqual([])
    })

    it('does not warn if a directory keeps other users out', () => {
      const { folder, env } = files()
      for (const name of FILES) chmodSync(join(folder, name), 0o666)
      expect(warnings(env)).toHaveLength(FILES.length)
      chmodSync(folder, 0o750)
      expect(warnings(env)).toEqual([])
    })

    it('warns about the target of a symbolic link and the files beside it', () => {
      const { folder, env } = files()
      mkdirSync(join(folder, 'links'))
      symlinkSync(join(folder, 'a.db'), join(folder, 'links/b.db'))
      chmodSync(join(folder, 'a.db-wal'), 0o644)
      const found = warnings({ ...env, DATABASE_URL: `sqlite:${join(folder, 'links/b.db')}` })
      expect(found.map(({ reason }) => reason)).toEqual([expect.stringContaining(join(folder, 'a.db-wal'))])
    })

    it('warns about the private key of a PostgreSQL client, but not about its certificates', () => {
      const { folder, env } = files()
      for (const name of ['key', 'smtp']) chmodSync(join(folder, name), 0o644)
      const url = `postgres:///accounts?sslmode=verify-full&sslkey=${folder}/key&sslcert=${folder}/smtp&sslrootcert=${folder}/smtp`
      const { BIENVENUE_SECRET_KEY_FILE: _, SMTP_URL_FILE: __, ...others } = env
      const found = warnings({ ...PRODUCTION, ...others, DATABASE_URL: url })
      expect(found.map(({ reason }) => reason)).toEqual([expect.stringContaining(join(folder, 'key'))])
    })

    it('ignores files that do not exist', () => {
      const { folder, env } = files()
      expect(warnings({ ...env, DATABASE_URL: `sqlite:${join(folder, 'missing/a.db')}` })).toEqual([])
    })
  })
})

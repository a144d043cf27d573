/** What people see at a terminal, and what text from clients cannot do to it. */
import { globSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createAuth } from '../../src/index.ts'
import { EMAIL, expectDone, PASSWORD } from '../support/commands.ts'
import { CHEAP_HASHER, freshDatabase, migratedDatabase } from '../support/engines.ts'
import { runHere } from '../support/run-here.ts'
import { send } from '../support/send.ts'
import { ROOT, startService } from '../support/service.ts'
import { hasTerminal, runAtTerminal } from '../support/terminal.ts'

// Needs the program `script`, which provides a terminal. Without it the run lists this as skipped.
describe.skipIf(!hasTerminal)('at a terminal', () => {
  it('users list prints columns, shows 50 users and says how to continue', async () => {
    const databaseUrl = await migratedDatabase('sqlite')
    const env = { DATABASE_URL: databaseUrl }
    const auth = await createAuth({ databaseUrl })
    for (let n = 1; n <= 52; n++) await auth.db.addUser(`user${n}@example.com`, '!')
    await auth.close()
    const { exitCode, shown } = await runAtTerminal(['users', 'list'], { env })
    const [headings = '', ...lines] = shown.trimEnd().split('\n')
    expect(exitCode).toBe(0)
    expect(headings).toMatch(/^ID {2}CREATED {5}STATE {8}EMAIL$/)
    expect(lines.at(-1)).toBe('There are more. To continue, add --after 50')
    expect(lines).toHaveLength(51)
    for (const line of lines.slice(0, -1)) {
      expect(line).toMatch(/^\d\d? +\d{4}-\d\d-\d\d {2}no_password {2}user\d+@example\.com$/)
      expect(line.indexOf('user')).toBe(headings.indexOf('EMAIL'))
    }
    const rest = await runAtTerminal(['users', 'list', '--after', '50'], { env })
    expect(rest.shown.trimEnd().split('\n')).toHaveLength(3)
    const all = await runAtTerminal(['users', 'list', '--limit', '0'], { env })
    expect(all.shown.trimEnd().split('\n')).toHaveLength(53)
    expect(shown + rest.shown + all.shown).not.toContain('\t')
  })

  it('sessions prints columns and escapes control characters in the name of a client', async () => {
    const databaseUrl = await migratedDatabase('sqlite')
    const auth = await createAuth({ databaseUrl, hasher: CHEAP_HASHER })
    await auth.registerUser(EMAIL, PASSWORD)
    await auth.createSession(EMAIL, { userAgent: 'evil\u001b[2J\u202e' })
    await auth.close()
    const { shown } = await runAtTerminal(['sessions', EMAIL], { env: { DATABASE_URL: databaseUrl } })
    expect(shown).toMatch(
      /^ID +CREATED +LAST USED +IP +DEVICE\n\S{36} {2}\S+Z {2}\S+Z {2}- {3}evil\\u\{1b\}\[2J\\u\{202e\}\n$/,
    )
  })

  it('users add points to --send-link before it asks for a password, if mail can be sent', async () => {
    const env = {
      DATABASE_URL: await freshDatabase('sqlite'),
      SMTP_URL: 'smtp://127.0.0.1:1',
      BIENVENUE_MAIL_FROM: 'no-reply@example.com',
      BASE_URL: 'https://auth.example.com',
    }
    const { exitCode, shown } = await runAtTerminal(['users', 'add', EMAIL], {
      env,
      answers: [PASSWORD, PASSWORD],
    })
    expect(shown).toMatch(/^To add another person, use --send-link, .*\nPassword: /)
    expect(exitCode).toBe(0)
  })

  it('users add takes a password and its repetition that are pasted at once', async () => {
    const { exitCode, shown } = await runAtTerminal(['users', 'add', EMAIL], {
      env: { DATABASE_URL: await migratedDatabase('sqlite') },
      answers: [`${PASSWORD}\n${PASSWORD}`],
    })
    expect(shown).toBe(`Password: \nRepeat the password: \nAdded ${EMAIL} as user 1.\n`)
    expect(exitCode).toBe(0)
  })

  it('users add states the minimum password length before and after the password is typed', async () => {
    const databaseUrl = await migratedDatabase('sqlite')
    const env = { DATABASE_URL: databaseUrl, BIENVENUE_MIN_PASSWORD_LENGTH: '15' }
    const { exitCode, shown } = await runAtTerminal(['users', 'add', EMAIL], {
      env,
      answers: ['short', 'short'],
    })
    expect(exitCode).toBe(1)
    expect(shown).toContain('Password (at least 15 characters): ')
    expect(shown).toContain('bienvenue: password: Use at least 15 characters.\n')
    // A minimum of one character is not worth stating.
    const classic = await runAtTerminal(['users', 'add', EMAIL], {
      env: { DATABASE_URL: databaseUrl },
      answers: [PASSWORD, PASSWORD],
    })
    expect(classic.shown).toContain('Password: ')
    expect(classic.shown).not.toContain('--send-link')
    expect(classic.exitCode).toBe(0)
  })
})

describe('text from clients', () => {
  /** Clears the screen, with a C0 and a C1 control; forges a line; reverses what follows. */
  const EVIL = 'evil\u001b[2J\u009b2J\n999\t2026-01-01\tactive\troot\u202e\u2066'
  const SHOWN = 'evil\\u{1b}[2J\\u{9b}2J\\u{a}999\\u{9}2026-01-01\\u{9}active\\u{9}root\\u{202e}\\u{2066}'
  const NOT_GRAPHIC = /[\p{C}\p{Zl}\p{Zp}]/u

  it('cannot manipulate a terminal in any command, and is unchanged in the values of JSON', async () => {
    const databaseUrl = await migratedDatabase('sqlite')
    const env = { DATABASE_URL: databaseUrl }
    const auth = await createAuth({ databaseUrl, hasher: CHEAP_HASHER })
    await auth.registerUser(EMAIL, PASSWORD)
    const evilAddress = `${EVIL}@example.com`
    await auth.db.addUser(evilAddress, '!')
    const client = { userAgent: EVIL, requestId: EVIL }
    await auth.signIn.withPassword({ email: EMAIL, password: PASSWORD }, client)
    await auth.close()

    const commands: [line: string[], fieldOf: (json: Record<string, unknown>) => unknown, value: string][] = [
      [['users', 'list'], ({ email }) => email, evilAddress],
      [['users', 'show', evilAddress], ({ email }) => email, evilAddress],
      [['users', 'enable', evilAddress], ({ enabled }) => enabled, evilAddress],
      [['export'], ({ email }) => email, evilAddress],
      [['sessions', EMAIL], ({ user_agent }) => user_agent, EVIL],
      [['audit', '--action', 'login'], ({ userAgent }) => userAgent, EVIL],
      [['audit', '--action', 'enable_account'], ({ email }) => email, evilAddress],
    ]
    for (const [line, fieldOf, value] of commands) {
      const json = expectDone(await runHere([...line, '--json'], { env }))
      expect(json.replaceAll('\n', ''), line.join(' ')).not.toMatch(NOT_GRAPHIC)
      const values = json
        .trimEnd()
        .split('\n')
        .map((text) => fieldOf(JSON.parse(text)))
      expect(values, line.join(' ')).toContain(value)
      // Text has tabs between its columns.
      const text = expectDone(await runHere(line, { env }))
      expect(text.replaceAll(/[\n\t]/g, ''), line.join(' ')).not.toMatch(NOT_GRAPHIC)
      if (line[0] === 'users' || line[0] === 'sessions') expect(text).toContain(SHOWN)
    }
    // One line of headings and one for each user: none is forged.
    expect((await runHere(['users', 'list'], { env })).stdout.trimEnd().split('\n')).toHaveLength(3)

    const unknown = await runHere(['users', 'show', `${EVIL}@x`], { env })
    expect(unknown.stderr).toMatch(/^bienvenue: There is no user evil\\u\{1b\}\[2J\\u\{9b\}2J [^\n]*\n$/)
    const asJson = await runHere(['users', 'show', `${EVIL}@x`, '--json'], { env })
    expect(asJson.stderr.trimEnd()).not.toMatch(NOT_GRAPHIC)
  })

  it('cannot manipulate a terminal in the log, and is unchanged in its values', async () => {
    // HTTP headers hold bytes, which Node reads as Latin-1: C1 controls are among them.
    const userAgent = 'Mozilla \u009b2J\u009d0;title\u009c \u0085'
    const service = await startService(await migratedDatabase('sqlite'))
    const form = { email: EMAIL, password: PASSWORD }
    await send(service.url, 'POST', '/users', { form, headers: { 'user-agent': userAgent } })
    const logged = await service.logged(({ msg }) => msg === 'audit')
    expect(logged.audit).toMatchObject({ action: 'register', userAgent })
    expect(service.lines.join('')).not.toMatch(NOT_GRAPHIC)
  })

  it('is escaped by every command that writes JSON', () => {
    const files = globSync('src/cli/**/*.ts', { cwd: ROOT, exclude: ['**/*.test.ts'] })
    const writing = files.filter((file) =>
      readFileSync(`${ROOT}/${file}`, 'utf8').includes('JSON.stringify('),
    )
    // `jsonLine` in the first; the second escapes its whole lines.
    expect(writing.toSorted()).toEqual(['src/cli/terminal.ts', 'src/cli/text-log.ts'])
  })
})

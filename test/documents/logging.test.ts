/** docs/reference/logging.md and docs/security/audit.md: every line that is written down, and every place it goes to. */
import { describe, expect, it } from 'vitest'
import { AUDIT_ACTIONS } from '../../src/model/audit-actions.ts'
import { freshDatabase, onBothEngines } from '../support/engines.ts'
import { startService } from '../support/service.ts'
import { code, codes, filesWith, SOURCES, sorted, sourceOf, table, wordsOfType } from './pages.ts'
import { ADDRESSES, BOB, story } from './story.ts'

describe('docs/reference/logging.md', () => {
  const page = 'docs/reference/logging.md'
  const messages = table(page, 'Messages').map((row) => ({
    message: code(row.Message),
    levels: codes(row.Level),
    fields: codes(row.Fields).sort(),
  }))
  const rowOf = (msg: string) =>
    messages.find(({ message }) =>
      message.endsWith('…') ? msg.startsWith(message.slice(0, -1)) : msg === message,
    )

  it('names every file that writes anything down, and no other [AUD-05]', () => {
    const places = table(page, 'Places')
    const writers = [
      ...places.flatMap((row) => codes(row['Written by'])),
      'src/db/sqlite/connection.ts',
      'src/lib/output-file.ts',
    ]
    const writes =
      /process\.(?:stdout|stderr)|process\[|console\.|emitWarning|\bpino\(|\bcreateLogger\(|writeFile|appendFile|WriteStream|openSync|addAuditRecord\(ctx/
    expect(sorted(writers)).toEqual(filesWith(writes))
    // Of the file system these take no more.
    expect(filesWith(/'node:fs/)).toEqual([
      'src/auth/passwords/policy/common.ts',
      ...['src/cli/commands/export.ts', 'src/cli/commands/import.ts'],
      ...['src/cli/import/firebase.ts', 'src/cli/settings.ts', 'src/cli/version.ts', 'src/cli/warnings.ts'],
      'src/db/open.ts',
      ...['src/db/sqlite/connection.ts', 'src/db/sqlite/files.ts', 'src/db/sqlite/health.ts'],
      'src/db/tools/backup.ts',
      ...['src/lib/output-file.ts', 'src/lib/pool.ts', 'src/pages/layout.ts'],
    ])
    for (const reader of ['src/cli/commands/import.ts', 'src/cli/import/firebase.ts'])
      expect(sourceOf(reader)).toMatch(/import \{ (?:open|readFile) \} from 'node:fs\/promises'/)
    expect(sourceOf('src/cli/commands/import.ts')).toMatch(/await open\(path\)$/m)
    expect(sourceOf('src/cli/settings.ts')).toMatch(/import \{ readFileSync, statSync \} from 'node:fs'/)
    expect(sourceOf('src/cli/warnings.ts')).toMatch(/import \{ statSync \} from 'node:fs'/)
    expect(sourceOf('src/cli/version.ts')).toMatch(/import \{ readFileSync \} from 'node:fs'/)
    expect(sourceOf('src/auth/passwords/policy/common.ts')).toMatch(
      /import \{ readFile \} from 'node:fs\/promises'/,
    )
    expect(sourceOf('src/pages/layout.ts')).toMatch(/import \{ readFileSync \} from 'node:fs'/)
    expect(sourceOf('src/lib/pool.ts')).toMatch(/import \{ readdirSync, readFileSync \} from 'node:fs'/)
    expect(sourceOf('src/db/open.ts')).toMatch(
      /import \{ accessSync, constants, existsSync \} from 'node:fs'/,
    )
    expect(sourceOf('src/db/sqlite/files.ts')).toMatch(/import \{ rmSync \} from 'node:fs'/)
    expect(sourceOf('src/db/sqlite/health.ts')).toMatch(
      /import \{ accessSync, constants, statSync \} from 'node:fs'/,
    )
    for (const row of places) expect([row['Read by'], row.Kept]).not.toContain('')
  })

  it('has every message of the source with its level and fields, and no other [AUD-05]', () => {
    const found = SOURCES.flatMap(({ text }) => [...callsIn(text), ...faultsIn(text), ...changesIn(text)])
    expect(sorted(found.map(({ message }) => message))).toEqual(
      sorted(messages.map(({ message }) => message)),
    )
    for (const { message, levels, fields } of found) {
      const row = messages.find((each) => each.message === message)
      expect(row?.levels, message).toEqual(levels)
      expect(row?.fields, message).toEqual(expect.arrayContaining(fields))
    }
  })

  interface Call {
    readonly message: string
    readonly levels: string[]
    /** Those that are written out. */
    readonly fields: string[]
  }

  const CALL = /\blog(?:\.(\w+)|\[level\])\(\s*\{((?:[^{}]|\{[^{}]*\})*)\},\s*(?:'([^']+)'|`([^`]+)`),?\s*\)/g

  function callsIn(text: string): Call[] {
    return [...text.matchAll(CALL)].map(([, level, fields = '', plain, template = '']) => ({
      message: plain ?? template.replaceAll(/\$\{[^}]*\}/g, '…'),
      levels: level === undefined ? ['debug', 'info', 'error'] : [level],
      fields: [...fields.matchAll(/(?:^|,)\s*(\w+)(?=\s*[:,]|\s*$)/g)].map(([, name = '']) => name),
    }))
  }

  /** What is told of in words and logged by whoever listens. */
  function faultsIn(text: string): Call[] {
    return [...text.matchAll(/\bonFault\(\s*'([^']+)'/g)].map(([, message = '']) => ({
      message,
      levels: ['error'],
      fields: ['reason'],
    }))
  }

  /** The same for what goes away and comes back. */
  function changesIn(text: string): Call[] {
    return [...text.matchAll(/\bonChange\(\s*'(\w+)', '([^']+)'(?:, \{\s*(\w+):)?/g)].map(
      ([, level = '', message = '', field]) => ({
        message,
        levels: [level],
        fields: field === undefined ? [] : [field],
      }),
    )
  }

  it('has every line of a running service with all its fields [AUD-05]', async () => {
    const service = await startService(await freshDatabase('sqlite'), {
      env: { BIENVENUE_LOG_LEVEL: 'debug', BIENVENUE_NOT_A_SETTING: 'x' },
    })
    await fetch(`${service.url}/profile`)
    const body = new URLSearchParams({ email: BOB, password: 'x' })
    await fetch(`${service.url}/users`, { method: 'POST', body })
    await service.logged(({ msg }) => msg === 'clean-up')
    expect(await service.stop()).toBe(0)

    const seen = new Map<string, Set<string>>()
    const look = (level: string, msg: string, fields: object) => {
      const row = rowOf(msg) ?? expect.unreachable(`not in ${page}: ${msg}`)
      expect(row.levels, msg).toContain(level)
      seen.set(row.message, new Set([...(seen.get(row.message) ?? []), ...Object.keys(fields)]))
    }
    for (const { time, level, msg, ...fields } of service.log()) {
      expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
      look(level, msg, fields)
    }
    for (const { level, msg, fields } of (await story('sqlite')).log) look(level, msg, fields)
    // The others are of faults that nothing here causes; no request failed either.
    const ofFaults = ['reason', 'problem']
    const usual = messages.filter(({ message }) => seen.has(message))
    expect(usual.length).toBeGreaterThan(8)
    for (const { message, fields } of usual) {
      const expected = message === 'request' ? fields.filter((name) => !ofFaults.includes(name)) : fields
      expect(sorted(seen.get(message) ?? []), message).toEqual(expected)
    }
  })
})

onBothEngines('docs/reference/logging.md', (engine) => {
  it('is right that no secret and no address of a person is written down [AUD-03]', async () => {
    const { log, audit, secrets, refusals } = await story(engine)
    expect([log.length > 35, audit.length > 40, refusals.length > 15]).toEqual([true, true, true])
    expect(new Set(secrets).size).toBeGreaterThan(30)
    const places = [JSON.stringify(log), JSON.stringify(audit), refusals.join('\n')]
    for (const place of places) {
      const found = secrets.filter((secret) =>
        [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64url')].some((spelling) =>
          place.includes(spelling),
        ),
      )
      expect(found).toEqual([])
      const mailboxes = ADDRESSES.map((address) => address.toLowerCase().replace(/@.*/, ''))
      expect(mailboxes.filter((mailbox) => place.toLowerCase().includes(mailbox))).toEqual([])
    }
    // What is looked for would be found.
    expect(places[1]).toContain('s***@example.com')
  })
})

describe('docs/security/audit.md', () => {
  const page = 'docs/security/audit.md'
  const rows = table(page, 'What is written')

  it.each(['sqlite', 'postgres'] as const)(
    'has every line that is written, and no other, on %s',
    async (engine) => {
      const described = rows.map(({ Action, Outcome, Actor, Reason, Details }) =>
        [code(Action), code(Outcome), code(Actor), code(Reason) || '-', ...codes(Details)].join(' '),
      )
      expect(described).toHaveLength(new Set(described).size)
      const { audit } = await story(engine)
      const written = audit.map(({ action, outcome, actor, reason, details }) =>
        [action, outcome, actor, reason ?? '-', ...Object.keys(details).sort()].join(' '),
      )
      expect(sorted(written)).toEqual(sorted(described))
      const fields = table(page, 'A line').map(({ Field }) => code(Field))
      for (const line of audit) expect(Object.keys(line)).toEqual(fields)
    },
  )

  it('has every action and every reason of the source, and no other', () => {
    expect(sorted(rows.map(({ Action }) => code(Action)))).toEqual(sorted(AUDIT_ACTIONS))
    const reasons = SOURCES.filter(({ file }) => file.startsWith('src/auth/')).flatMap(({ text }) =>
      [...text.matchAll(/\b(?:reason: |giveUp\(ctx, mail, )'(\w+)'/g)].map(([, reason = '']) => reason),
    )
    const described = rows.flatMap(({ Reason }) => codes(Reason))
    expect(sorted(described)).toEqual(
      sorted([...reasons, ...wordsOfType('src/auth/sign-in/with-password.ts', 'Refusal')]),
    )
  })
})

/** The commands for the accounts, sessions and audit records of an installation. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { expect, it, onTestFinished } from 'vitest'
import { createAuth } from '../../src/index.ts'
import { EMAIL, expectDone, expectRefusal, PASSWORD } from '../support/commands.ts'
import {
  CHEAP_HASHER,
  filePath,
  freshAuth,
  freshDatabase,
  migratedDatabase,
  onEachEngine,
} from '../support/engines.ts'
import { runHere } from '../support/run-here.ts'
import { send, sessionIdOf } from '../support/send.ts'
import { COMMAND, ROOT, runCli, startService } from '../support/service.ts'

onEachEngine('the commands', (engine) => {
  it('users add, list, show, disable, enable and delete act on the accounts of a running service', async () => {
    const databaseUrl = await migratedDatabase(engine)
    const env = { DATABASE_URL: databaseUrl }
    const users = (line: string, input?: string) =>
      input === undefined
        ? runHere(['users', ...line.split(' ')], { env })
        : runCli(['users', ...line.split(' ')], { env, input })
    const { url } = await startService(databaseUrl)
    const logIn = () => send(url, 'POST', '/sessions', { form: { email: EMAIL, password: PASSWORD } })

    const add = `add ${EMAIL} --password-stdin`
    expect(expectDone(await users(add, `${PASSWORD}\n`))).toBe(`Added ${EMAIL} as user 1.\n`)
    const refusedAdds: [line: string, input: string, exitCode: number, says: RegExp][] = [
      [add, `${PASSWORD}\n`, 1, /User guillaume@holberton.io already exists/],
      [add.replace(EMAIL, EMAIL.toUpperCase()), 'x', 1, /already exists/],
      ['add nobody --password-stdin', 'x', 1, /^bienvenue: email: /],
      ['add bob@example.com --password-stdin', '', 1, /^bienvenue: password: /],
      ['add bob@example.com --password-stdin', '\n', 1, /^bienvenue: password: /],
      ['add bob@example.com', '', 2, /--send-link .* --password-stdin/],
    ]
    await Promise.all(
      refusedAdds.map(async ([line, input, exitCode, says]) =>
        expectRefusal(await users(line, input), exitCode, says),
      ),
    )
    const taken = await users(`${add} --json`, PASSWORD)
    expect(taken.exitCode).toBe(1)
    expect(JSON.parse(taken.stderr)).toMatchObject({ code: 'email_taken' })

    const listed = {
      id: 1,
      email: EMAIL,
      state: 'active',
      created_at: expect.stringMatching(/^\d{4}-.*Z$/),
      disabled_at: null,
      // The operator vouches for the address.
      email_verified_at: expect.stringMatching(/^\d{4}-.*Z$/),
      password_compromised_at: null,
      locale: null,
      name: null,
      picture: null,
      metadata: {},
    }
    expect(expectDone(await users('list'))).toMatch(
      /^id\tcreated\tstate\temail\n1\t\d{4}-\d\d-\d\d\tactive\tguillaume@holberton\.io\n$/,
    )
    expect(JSON.parse(expectDone(await users('list --json')))).toEqual(listed)

    const sessionToken = sessionIdOf(await logIn())
    expect(expectDone(await users(`show ${EMAIL}`))).toMatch(/^live sessions +1$/m)
    const shown = expectDone(await users(`show ${EMAIL.toUpperCase()} --json`))
    expect(JSON.parse(shown)).toEqual({
      ...listed,
      private_metadata: {},
      live_sessions: 1,
      reset_pending: false,
      identities: [],
      factors: {
        password: true,
        totp: null,
        passkeys: [],
        recovery_codes: 0,
        second_factor_enabled: false,
        policy: 'optional',
      },
      second_factor_required_at: null,
    })
    expect(shown).not.toContain('$2b$')

    expect(expectDone(await users(`disable ${EMAIL}`))).toBe(`${EMAIL} is disabled.\n`)
    expect((await send(url, 'GET', '/profile', { sessionToken })).status).toBe(403)
    expect((await logIn()).status).toBe(401)
    expect(expectDone(await users('list'))).toContain('\tdisabled\t')
    expect(expectDone(await users(`enable ${EMAIL}`))).toBe(`${EMAIL} is enabled.\n`)
    expect((await send(url, 'GET', '/profile', { sessionToken })).status).toBe(403)
    expect((await logIn()).status).toBe(200)

    expectRefusal(await users(`delete ${EMAIL}`), 2, /--yes/)
    expect((await logIn()).status).toBe(200)
    expect(expectDone(await users(`delete ${EMAIL} --yes`))).toBe(`${EMAIL} is deleted.\n`)
    expect((await logIn()).status).toBe(401)
    const ofUser = ['show', 'disable', 'enable', 'confirm', 'unlock', 'compromise', 'delete --yes']
    ofUser.push('send-reset', 'resend-confirmation', 'revoke-factor --totp', 'require-factor --off')
    await Promise.all(
      [...ofUser.map((line) => `users ${line}`), 'sessions', 'sessions end', 'audit --user'].map(
        async (line) => {
          const finished = await runHere([...line.split(' '), EMAIL], { env })
          expectRefusal(finished, 1, /There is no user guillaume@holberton\.io\./)
        },
      ),
    )
    expect(JSON.parse((await users(`show ${EMAIL} --json`)).stderr)).toEqual({
      code: 'unknown_email',
      message: `There is no user ${EMAIL}.`,
    })
  })

  it('users confirm, unlock and compromise and sessions end and end-all act on accounts, and audit shows it', async () => {
    const databaseUrl = await migratedDatabase(engine)
    const env = { DATABASE_URL: databaseUrl }
    const cli = async (line: string) => expectDone(await runHere(line.split(' '), { env }))
    const auth = await freshAuth(engine, { databaseUrl, loginFailuresPerAccount: 2 })
    const { id } = await auth.registerUser(EMAIL, PASSWORD)
    await auth.registerUser('bob@example.com', PASSWORD)
    const logIn = (password = PASSWORD) =>
      auth.signIn.withPassword({ email: EMAIL, password }, { ip: '192.0.2.7' })
    const liveSessions = async () => (await auth.users.find(EMAIL))?.liveSessions

    const before = await auth.users.find(EMAIL)
    expect(before?.user.emailVerifiedAt).toBeNull()
    expect(await cli(`users confirm ${EMAIL}`)).toBe(`${EMAIL} is confirmed.\n`)
    expect((await auth.users.find(EMAIL))?.user.emailVerifiedAt).toBeInstanceOf(Date)

    for (let failure = 0; failure < 2; failure++) await logIn('wrong').catch(() => {})
    await expect(logIn()).rejects.toMatchObject({ code: 'too_many_attempts' })
    expect(JSON.parse(await cli(`users unlock ${EMAIL} --json`))).toEqual({ unlocked: EMAIL })
    await logIn()

    await logIn()
    expect(await cli(`sessions end ${EMAIL.toUpperCase()}`)).toBe(
      `Signed ${EMAIL} out everywhere: ended 2 sessions.\n`,
    )
    expect(await liveSessions()).toBe(0)
    expect(JSON.parse(await cli(`sessions end ${EMAIL} --json`))).toEqual({ email: EMAIL, ended: 0 })

    await logIn()
    const bobs = await auth.createSession('bob@example.com')
    expectRefusal(await runHere(['sessions', 'end-all'], { env }), 2, /--yes/)
    expect(await auth.getUserFromSessionId(bobs)).not.toBeNull()
    expect(await cli('sessions end-all --yes')).toBe('Ended 2 sessions.\n')
    expect([await liveSessions(), await auth.getUserFromSessionId(bobs)]).toEqual([0, null])
    expect(JSON.parse(await cli('sessions end-all --yes --json'))).toEqual({ ended: 0 })

    await logIn()
    expect(await cli(`users compromise ${EMAIL}`)).toBe(
      `${EMAIL} must reset the password to sign in. All sessions of the user have ended.\n`,
    )
    expect(await liveSessions()).toBe(0)
    await expect(logIn()).rejects.toMatchObject({ code: 'password_compromised' })
    expect(JSON.parse(await cli(`users compromise ${EMAIL} --json`))).toEqual({ compromised: EMAIL })
    expect(JSON.parse(await cli(`users show ${EMAIL} --json`))).toMatchObject({
      email_verified_at: expect.stringMatching(/^\d{4}-/),
      password_compromised_at: expect.stringMatching(/^\d{4}-/),
    })
    expect(await cli(`users show ${EMAIL}`)).toMatch(/^compromised +\d{4}-.*Z$/m)

    // Newest first, as JSON for scripts and as lines for people.
    const records = (await cli('audit --json --limit 0'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    const actions = records.map(({ action, outcome }) =>
      outcome === 'success' ? action : `${action} ${outcome}`,
    )
    expect(actions.slice(0, 4)).toEqual([
      'mark_password_compromised',
      'login refused',
      'mark_password_compromised',
      'login',
    ])
    // Entries of the same millisecond come in any order.
    expect(actions.toSorted()).toEqual(
      [
        'confirm_email',
        'end_all_sessions',
        'end_all_sessions',
        'end_all_sessions',
        'end_all_sessions',
        'limit_reached refused',
        'login',
        'login',
        'login',
        'login',
        'login',
        'login refused',
        'login refused',
        'login refused',
        'mark_password_compromised',
        'mark_password_compromised',
        'register',
        'register',
        'unlock_account',
      ].toSorted(),
    )
    const times = records.map(({ at }) => at)
    expect(times).toEqual(times.toSorted().toReversed())
    expect(await cli('audit --limit 1')).toMatch(
      /^\d{4}-\S+Z {2}ok {7}mark_password_compromised {2}by operator \S+ {2}guillaume@holberton\.io \(user 1\)\n$/,
    )
    const refused = (await cli(`audit --user ${EMAIL} --action login --limit 1`)).trimEnd()
    expect(refused).toMatch(
      /^\d{4}-\S+Z {2}refused {2}login {2}by anonymous {2}guillaume@holberton\.io \(user 1\) {2}\(password_compromised\) {2}from 192\.0\.2\.7$/,
    )
    const lines = async (line: string) => (await cli(line)).split('\n').length - 1
    expect(await lines(`audit --user ${EMAIL}`)).toBe(await lines(`audit --user ${id}`))
    expect(await lines('audit --user bob@example.com --action register')).toBe(1)
    expect(await lines('audit --user 4711')).toBe(0)
    const { at } = records[2] as { at: string }
    expect(await lines(`audit --since ${at}`)).toBe(3)
    expect(await lines('audit --since 2100-01-01')).toBe(0)

    // The entries of a deleted account stay, under an id without an address.
    await cli('users delete bob@example.com --yes')
    expect(await cli('audit --user 2 --action register')).toMatch(/ {2}by anonymous {2}deleted user 2\n$/)
    expect(JSON.parse(await cli('audit --user 2 --action register --json'))).toMatchObject({
      userId: 2,
      email: null,
    })
    expect(JSON.parse(await cli(`audit --user ${id} --limit 1 --json`))).toMatchObject({
      userId: id,
      email: EMAIL,
    })
  })

  it('sessions lists the sessions of one user without their tokens', async () => {
    const databaseUrl = await migratedDatabase(engine)
    const env = { DATABASE_URL: databaseUrl }
    const auth = await freshAuth(engine, { databaseUrl })
    await auth.registerUser(EMAIL, PASSWORD)
    await auth.registerUser('bob@example.com', PASSWORD)
    await auth.createSession('bob@example.com')
    const client = { ip: '192.0.2.7', userAgent: 'Mozilla/5.0 \u001b[2J\t(test)' }
    const bearer = (await auth.createSession(EMAIL, client)) ?? ''
    const [id = '', secret = ''] = bearer.split('.')
    const [forPeople, forScripts] = await Promise.all([
      runHere(['sessions', EMAIL.toUpperCase()], { env }),
      runHere(['sessions', EMAIL, '--json'], { env }),
    ])
    const [headings, row, ...rest] = expectDone(forPeople).split('\n')
    expect(headings).toBe('id\tcreated\tlast used\tip\tdevice')
    expect(row?.split('\t')).toEqual([
      id,
      expect.stringMatching(/^\d{4}-.*Z$/),
      expect.stringMatching(/^\d{4}-.*Z$/),
      client.ip,
      'Mozilla/5.0 \\u{1b}[2J\\u{9}(test)',
    ])
    expect(rest).toEqual([''])
    const moment = expect.stringMatching(/^\d{4}-.*Z$/)
    expect(JSON.parse(expectDone(forScripts))).toEqual({
      id,
      created_at: moment,
      authenticated_at: moment,
      last_seen_at: moment,
      expires_at: moment,
      ip: client.ip,
      user_agent: client.userAgent,
    })
    expect(forPeople.stdout + forScripts.stdout).not.toContain(secret)
  })

  it('audit shows fifty entries, or as many as --limit allows', async () => {
    const databaseUrl = await migratedDatabase(engine)
    const env = { DATABASE_URL: databaseUrl }
    const auth = await freshAuth(engine, { databaseUrl, throttle: false })
    for (let failure = 0; failure < 51; failure++) await auth.validLogin(`${failure}@example.com`, 'wrong')
    const lines = async (...flags: string[]) =>
      expectDone(await runHere(['audit', ...flags], { env })).split('\n').length - 1
    expect(
      await Promise.all([lines(), lines('--limit', '51'), lines('--limit', '0'), lines('--limit', '7')]),
    ).toEqual([50, 51, 51, 7])
  })
})

it('a command accepts the address of an account that contains an invisible character', async () => {
  const databaseUrl = await migratedDatabase('sqlite')
  const auth = await createAuth({ databaseUrl })
  await auth.db.addUser('ali\u200bce@example.com', '!')
  await auth.close()
  const env = { DATABASE_URL: databaseUrl }
  expectDone(await runHere(['users', 'disable', 'ali\u200bce@example.com'], { env }))
})

it('users set changes profile and metadata, which show prints without control characters', async () => {
  const databaseUrl = await freshDatabase('sqlite')
  const auth = await createAuth({ databaseUrl, hasher: CHEAP_HASHER })
  await auth.registerUser(EMAIL, PASSWORD)
  await auth.close()
  const file = `${filePath(databaseUrl)}.schema.json`
  writeFileSync(file, '{"public":{"type":"object","properties":{"plan":{"enum":["free","pro"]}}}}')
  const env = { DATABASE_URL: databaseUrl, BIENVENUE_METADATA_SCHEMA: file }
  const set = (...flags: string[]) => runHere(['users', 'set', EMAIL, ...flags], { env })
  const metadata = { plan: 'pro', text: '\u001b[2J\u202e' }
  const profile = { name: 'علی\u200cرضا', picture: 'https://example.com/a.png', locale: 'fr' }
  const flags = Object.entries(profile).map(([name, value]) => `--${name}=${value}`)
  const given = JSON.stringify(metadata)
  expect(expectDone(await set(...flags, '--metadata', given, '--private-metadata', given))).toBe(
    `Changed ${EMAIL}.\n`,
  )
  const text = expectDone(await runHere(['users', 'show', EMAIL], { env }))
  expect(text).toContain('name               علی\\u{200c}رضا\n')
  expect(text).toMatch(/^metadata +\{"plan":"pro","text":"\\u001b\[2J\\u202e"\}$/m)
  expect(text).toMatch(/^private metadata +\{"plan":"pro"/m)
  const json = JSON.parse(expectDone(await runHere(['users', 'show', EMAIL, '--json'], { env })))
  expect(json).toMatchObject({ ...profile, metadata, private_metadata: metadata })

  expectDone(await set('--name=', '--metadata='))
  const cleared = JSON.parse(expectDone(await set('--locale', 'de', '--json')))
  expect(cleared).toMatchObject({ name: null, metadata: {}, locale: 'de', picture: profile.picture })
  expect(cleared).not.toHaveProperty('private_metadata')

  expectRefusal(await set(), 2, /^bienvenue: Name what to change: --name, /)
  expectRefusal(await set('--metadata', 'plan=pro'), 2, /--metadata must be a JSON object, such as /)
  expectRefusal(await set('--metadata', '{"plan":"gold"}'), 1, /^bienvenue: metadata: .* schema at plan: /)
  expectRefusal(await set('--picture', 'javascript:alert(1)'), 1, /^bienvenue: picture: .* https URL\.\n$/)
  expectRefusal(await set('--name', 'a\u202eb'), 1, /^bienvenue: name: The name contains U\+202E/)
})

it('users list ends quietly when its reader closes the pipe', async () => {
  const databaseUrl = await migratedDatabase('sqlite')
  const env = { DATABASE_URL: databaseUrl }
  // Far more than a pipe holds, so that the command is still writing when the pipe is closed.
  const auth = await createAuth({ databaseUrl })
  const names = Array.from({ length: 700 }, (_, index) => `${index}@${'long-label.'.repeat(20)}example`)
  for (const name of names) await auth.db.addUser(name, '!')
  await auth.close()
  const whole = expectDone(await runHere(['users', 'list', '--json'], { env }))
  expect(
    whole
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).email),
  ).toEqual(names)

  const child = spawn(process.execPath, [COMMAND, 'users', 'list'], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk
  })
  await once(child.stdout, 'data')
  child.stdout.destroy()
  const [exitCode] = await once(child, 'close')
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
})

/** The commands that send or queue mail. */
import { describe, expect, it, vi } from 'vitest'
import { openAuthService } from '../../src/auth/index.ts'
import { createAuth } from '../../src/index.ts'
import { EMAIL, expectDone, expectRefusal, PASSWORD } from '../support/commands.ts'
import { CHEAP_HASHER, freshAuth, freshDatabase, migratedDatabase, onEachEngine } from '../support/engines.ts'
import { freePort } from '../support/ports.ts'
import { runHere } from '../support/run-here.ts'
import { answering, startScriptedServer, startSmtpServer } from '../support/smtp.ts'

describe('mail', () => {
  const FROM = 'Example <no-reply@example.com>'
  const envFor = async (port: number) => ({
    DATABASE_URL: 'sqlite::memory:',
    SMTP_URL: `smtp://127.0.0.1:${port}`,
    BIENVENUE_MAIL_FROM: FROM,
    BASE_URL: 'https://auth.example.com',
  })

  it('test sends one mail to the address, with the name of the service, and reports it', async () => {
    const server = await startSmtpServer()
    const env = { ...(await envFor(server.port)), BIENVENUE_SERVICE_NAME: 'Wonderland' }
    expect(expectDone(await runHere(['mail', 'test', ` ${EMAIL} `], { env }))).toBe(
      `The mail server accepted a test mail to ${EMAIL}.\n`,
    )
    const json = expectDone(await runHere(['mail', 'test', EMAIL, '--json'], { env }))
    expect(JSON.parse(json)).toEqual({ sent: EMAIL })
    expect(server.received).toHaveLength(2)
    for (const { from, to, mail } of server.received) {
      expect({ from, to }).toEqual({ from: 'no-reply@example.com', to: [EMAIL] })
      expect(mail.from).toMatchObject({ name: 'Example', address: 'no-reply@example.com' })
      expect(mail.text).toContain('Wonderland')
    }
  })

  it('test explains a failure in one line', async () => {
    const env = await envFor(await freePort())
    expectRefusal(await runHere(['mail', 'test', EMAIL], { env }), 1, /ECONNREFUSED|refused|reach/i)
    const stubborn = await startScriptedServer(answering({ RCPT: '550 no such mailbox' }))
    const refusing = await envFor(stubborn.port)
    expectRefusal(await runHere(['mail', 'test', EMAIL], { env: refusing }), 1, /550 no such mailbox/)
    expectRefusal(await runHere(['mail', 'test', 'nobody'], { env }), 1, /^bienvenue: TO: /)
    const without = { DATABASE_URL: 'sqlite::memory:' }
    expectRefusal(
      await runHere(['mail', 'test', EMAIL], { env: without }),
      2,
      /^bienvenue: SMTP_URL: is not set/,
    )
  })

  it('test with SMTP_URL=terminal: shows the mail on standard error', async () => {
    const env = { ...(await envFor(1)), SMTP_URL: 'terminal:' }
    const { exitCode, stdout, stderr } = await runHere(['mail', 'test', EMAIL], { env })
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: `The mail server accepted a test mail to ${EMAIL}.\n`,
    })
    expect(stderr).toContain(`To: ${EMAIL}\n`)
  })

  it('queue shows the answer of the mail server to the mails that are waiting', async () => {
    const databaseUrl = await migratedDatabase('sqlite')
    const server = await startScriptedServer(answering({ RCPT: '550 relay not permitted for a@example.com' }))
    const env = { ...(await envFor(server.port)), DATABASE_URL: databaseUrl }
    const faults: unknown[] = []
    const auth = await createAuth({
      databaseUrl,
      baseUrl: env.BASE_URL,
      smtpUrl: env.SMTP_URL,
      mailFrom: env.BIENVENUE_MAIL_FROM,
      emailVerification: true,
      hasher: CHEAP_HASHER,
      logger: { debug() {}, info() {}, warn() {}, error: (fields) => void faults.push(fields) },
    })
    for (const name of ['a', 'b'])
      await auth.account.register({ email: `${name}@example.com`, password: PASSWORD })
    await vi.waitUntil(() => faults.length === 2, { timeout: 50_000, interval: 5 })
    await vi.waitUntil(async () => (await auth.delivery.listProblems())[0]?.mails === 2, { timeout: 50_000 })
    await auth.close()
    const [problem, ...others] = expectDone(await runHere(['mail', 'queue'], { env }))
      .split('\n')
      .slice(1, -1)
    expect(problem).toMatch(/^ {2}- 2: .*550 relay not permitted for \[…\]$/)
    expect(others).toEqual([])
    const json = JSON.parse(expectDone(await runHere(['mail', 'queue', '--json'], { env })))
    expect(json).toEqual({
      waiting: 2,
      problems: [{ problem: expect.stringContaining('550 relay not permitted'), mails: 2 }],
    })
  })

  it('queue shows how many mails are waiting, and sends none of them', async () => {
    const databaseUrl = await migratedDatabase('sqlite')
    const server = await startSmtpServer()
    const env = { ...(await envFor(server.port)), DATABASE_URL: databaseUrl }
    // It enqueues mail, and sends none.
    const auth = await openAuthService({
      databaseUrl,
      baseUrl: env.BASE_URL,
      emailVerification: true,
      mailer: { send: () => expect.unreachable(), close() {} },
      hasher: CHEAP_HASHER,
    })
    expect(expectDone(await runHere(['mail', 'queue'], { env }))).toBe('Mails waiting: 0\n')
    for (const name of ['a', 'b'])
      await auth.account.register({ email: `${name}@example.com`, password: PASSWORD })
    await auth.close()
    expect(expectDone(await runHere(['mail', 'queue'], { env }))).toBe('Mails waiting: 2\n')
    expect(JSON.parse(expectDone(await runHere(['mail', 'queue', '--json'], { env })))).toEqual({
      waiting: 2,
      problems: [],
    })
    expect(server.received).toEqual([])
  })
})

onEachEngine('the commands', (engine) => {
  it('users send-reset, resend-confirmation and set-email queue mail for the running service, or explain why not', async () => {
    const databaseUrl = await migratedDatabase(engine)
    const env = {
      DATABASE_URL: databaseUrl,
      SMTP_URL: 'smtp://127.0.0.1:1',
      BIENVENUE_MAIL_FROM: 'no-reply@example.com',
      BASE_URL: 'https://auth.example.com',
    }
    const users = (line: string) => runHere(['users', ...line.split(' ')], { env })
    const auth = await freshAuth(engine, { databaseUrl })
    await auth.registerUser(EMAIL, PASSWORD)
    await auth.users.create({ email: 'bob@example.com', password: PASSWORD, confirmed: true })
    const { id } = await auth.registerUser('disabled@example.com', PASSWORD)
    await auth.users.disable(id)

    expect(expectDone(await users(`send-reset ${EMAIL}`))).toBe(
      `The running service will send ${EMAIL} a link that sets a new password.\n`,
    )
    expect(JSON.parse(expectDone(await users(`resend-confirmation ${EMAIL} --json`)))).toEqual({
      queued: 'verify_email',
      to: EMAIL,
    })
    expect(expectDone(await users(`set-email ${EMAIL} new@example.com`))).toMatch(
      /^The running service will send new@/,
    )
    expect(await auth.delivery.count()).toBe(4)
    expect(expectDone(await users(`set-email ${EMAIL} New@example.com --confirmed`))).toBe(
      'The address of user 1 is now New@example.com. All sessions of the user have ended.\n',
    )
    expect(await auth.users.find('new@example.com')).toMatchObject({
      user: { id: 1, email: 'New@example.com' },
    })

    const refusals: [line: string, code: string, says: RegExp][] = [
      ['send-reset disabled@example.com', 'refused', /is disabled\. Enable the account first/],
      ['resend-confirmation disabled@example.com', 'refused', /is disabled\. Enable the account first/],
      ['set-email disabled@example.com x@example.com', 'refused', /is disabled\. Enable the account first/],
      ['resend-confirmation bob@example.com', 'refused', /is already confirmed\./],
      ['set-email bob@example.com nonsense', 'invalid_email', /^email: /],
      ['set-email bob@example.com new@example.com', 'email_taken', /new@example\.com already exists/],
      ['set-email bob@example.com new@example.com --confirmed', 'email_taken', /already exists/],
      ['set-email nobody@example.com x@example.com', 'unknown_email', /There is no user nobody@/],
    ]
    for (const [line, code, says] of refusals) {
      const { exitCode, stdout, stderr } = await users(`${line} --json`)
      expect({ exitCode, stdout }, line).toEqual({ exitCode: 1, stdout: '' })
      expect(JSON.parse(stderr), line).toEqual({ code, message: expect.stringMatching(says) })
    }
    const without = { env: { DATABASE_URL: databaseUrl } }
    expectRefusal(
      await runHere(['users', 'send-reset', 'bob@example.com'], without),
      2,
      /^bienvenue: SMTP_URL: is not set/,
    )
  })

  it('users add --send-link adds an account without a password and queues the link, or adds nothing and explains why [PW-14]', async () => {
    const databaseUrl = await freshDatabase(engine)
    const env = {
      DATABASE_URL: databaseUrl,
      SMTP_URL: 'smtp://127.0.0.1:1',
      BIENVENUE_MAIL_FROM: 'no-reply@example.com',
      BASE_URL: 'https://auth.example.com',
      BIENVENUE_REGISTRATION: 'closed',
    }
    const add = (...line: string[]) => runHere(['users', 'add', ...line, '--send-link'], { env })
    const auth = await freshAuth(engine, { databaseUrl })

    expect(expectDone(await add(EMAIL))).toBe(
      `Added ${EMAIL} as user 1. The running service will send ${EMAIL} a link that sets the password.\n`,
    )
    const { user } = (await auth.users.find(EMAIL)) ?? expect.unreachable()
    expect(user).toMatchObject({ state: 'no_password', emailVerifiedAt: null })
    expect((await auth.db.findUserBy({ id: user.id })).hashedPassword).toBe('!')
    expect(JSON.parse(expectDone(await add('bob@example.com', '--json')))).toEqual({
      id: 2,
      email: 'bob@example.com',
      created_at: expect.stringMatching(/^\d{4}-.*Z$/),
      disabled_at: null,
      email_verified_at: null,
      password_compromised_at: null,
      locale: null,
      name: null,
      picture: null,
      metadata: {},
      queued: 'set_password',
    })
    expect(await auth.delivery.count()).toBe(2)
    expect(expectDone(await runHere(['audit', '--user', EMAIL], { env }))).toMatch(/ {2}by operator /)

    expectRefusal(await add(EMAIL.toUpperCase()), 1, /already exists/)
    expectRefusal(await add('nobody'), 1, /^bienvenue: email: /)
    const withoutMail = { env: { DATABASE_URL: databaseUrl } }
    const unsent = await runHere(['users', 'add', 'eve@example.com', '--send-link'], withoutMail)
    expectRefusal(unsent, 2, /^bienvenue: SMTP_URL: is not set/)
    expect((await Array.fromAsync(auth.users.list())).map(({ id }) => id)).toEqual([1, 2])
    expect(await auth.delivery.count()).toBe(2)
  })
})

import { Resolver } from 'node:dns'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { certificateFor, trust } from '../../test/support/certificate.ts'
import { CHARACTER } from '../../test/support/characters.ts'
import { freePort } from '../../test/support/ports.ts'
import { until } from '../../test/support/production.ts'
import { type Answer, answering, startScriptedServer, startSmtpServer } from '../../test/support/smtp.ts'
import { OptionError } from '../model/errors.ts'
import { MAILS_AT_ONCE, type Mail, MailError, type Mailer, MailRefused } from './index.ts'
import { openSmtp, type SmtpSettings } from './smtp.ts'

const MAIL: Mail = {
  id: '019aa65e-1c00-7abc-8def-0123456789ab',
  to: 'alice@example.com',
  subject: 'Confirm your address',
  text: 'Hello,\n\nhttps://auth.example.com/verify#token',
  html: '<p>Hello,</p>',
  language: 'en',
  kind: 'test',
  url: null,
  token: null,
  code: null,
  data: {},
}
const HEADERS = [
  'auto-submitted',
  'content-language',
  'content-type',
  'date',
  'from',
  'message-id',
  'mime-version',
  'subject',
  'to',
]
const FROM = 'Bienvenue <no-reply@auth.example.com>'

function open(settings: Pick<SmtpSettings, 'url'> & Partial<SmtpSettings>): Mailer {
  const mailer = openSmtp({ from: FROM, ...settings })
  onTestFinished(() => mailer.close())
  return mailer
}

/** A server that accepts everything, and a mailer that sends to it. */
async function pair(settings: Partial<SmtpSettings> = {}) {
  const server = await startSmtpServer()
  return { server, mailer: open({ url: `smtp://127.0.0.1:${server.port}`, ...settings }) }
}

/** The body as received: each part ends with a line break. */
function bodyOf({ text, html }: Pick<Mail, 'text' | 'html'>) {
  return { text: `${text}\n`, html: `${html}\n` }
}

function only<Item>(items: readonly Item[]): Item {
  const [item, ...others] = items
  if (item === undefined || others.length > 0) throw new Error(`expected one item, got ${items.length}`)
  return item
}

/** The error that sending rejects with. */
async function failureOf(sending: Promise<void>): Promise<MailError> {
  try {
    await sending
  } catch (error) {
    if (error instanceof MailError) return error
    throw error
  }
  throw new Error('the message was sent')
}

describe('a message that is sent', () => {
  it('arrives as text and HTML, for one recipient, with exactly our headers', async () => {
    const { server, mailer } = await pair()
    await mailer.send(MAIL)

    const { from, to, mail, raw } = only(server.received)
    expect([from, to]).toEqual(['no-reply@auth.example.com', ['alice@example.com']])
    expect(mail.from).toMatchObject({ name: 'Bienvenue', address: 'no-reply@auth.example.com' })
    expect(mail.to).toMatchObject([{ name: '', address: 'alice@example.com' }])
    expect(mail).toMatchObject({ subject: MAIL.subject, ...bodyOf(MAIL), attachments: [] })
    expect(mail.messageId).toBe(`<${MAIL.id}@auth.example.com>`)
    expect(Math.abs(Date.parse(mail.date ?? '') - Date.now())).toBeLessThan(600_000)
    const headers = Object.fromEntries(mail.headers.map(({ key, value }) => [key, value]))
    expect(headers).toMatchObject({
      'auto-submitted': 'auto-generated',
      'content-language': 'en',
      'content-type': expect.stringMatching(/^multipart\/alternative;/),
    })
    expect(mail.headers.map(({ key }) => key).toSorted()).toEqual(HEADERS)
    // RFC 2046 §5.1.4: alternatives in order of increasing preference.
    expect(raw.indexOf('text/plain')).toBeLessThan(raw.indexOf('text/html'))
  })

  it('has its images within it, related to the HTML', async () => {
    const { server, mailer } = await pair()
    const bytes = new Uint8Array([0x89, 0x50, 0x4e, 0x47])
    const html = '<p><img src="cid:logo@service" alt="Name"></p>'
    await mailer.send({ ...MAIL, html, images: [{ id: 'logo@service', type: 'image/png', bytes }] })
    const { mail, raw } = only(server.received)
    expect(mail).toMatchObject(bodyOf({ ...MAIL, html }))
    expect(mail.attachments).toMatchObject([
      { contentId: '<logo@service>', mimeType: 'image/png', disposition: 'inline', related: true },
    ])
    const order = ['multipart/alternative', 'text/plain', 'multipart/related', 'text/html', 'image/png']
    const places = order.map((type) => raw.indexOf(type))
    expect(places).toEqual(places.toSorted((a, b) => a - b))
    expect(places).not.toContain(-1)
  })

  it.each([
    ['Example, Inc. <a@example.com>', 'From: "Example, Inc." <a@example.com>'],
    ['"Example, Inc." <a@example.com>', 'From: "Example, Inc." <a@example.com>'],
    [
      '[Test] Example: Support (EU); x <a@example.com>',
      'From: "[Test] Example: Support (EU); x" <a@example.com>',
    ],
    ['Élan, SARL <a@example.com>', 'From: =?UTF-8?'],
  ])('has exactly one sender, %s, whose name is quoted or encoded on the wire', async (from, header) => {
    const { server, mailer } = await pair({ from })
    await mailer.send(MAIL)
    const { raw, mail, from: envelope } = only(server.received)
    expect(raw).toContain(header)
    expect(envelope).toBe('a@example.com')
    const name = from.replace(/ <.*/, '').replaceAll('"', '')
    expect(mail.headers.filter(({ key }) => key === 'from')).toHaveLength(1)
    expect(mail.from).toMatchObject({ name, address: 'a@example.com' })
  })

  it('preserves letters of every script and long lines', async () => {
    const { server, mailer } = await pair({ from: '"Élan, 東京" <no-reply@auth.example.com>' })
    const link = `https://auth.example.com/verify#${'a'.repeat(1_200)}`
    const text = `L’adresse est la vôtre\u00a0:\n\n${link}\n\n東京 🦊\n.\n..`
    const body = { text, html: `<p>${text}</p>` }
    await mailer.send({ ...MAIL, ...body, subject: 'Été à 東京 🦊', language: 'fr' })
    expect(server.received[0]?.mail).toMatchObject({
      subject: 'Été à 東京 🦊',
      ...bodyOf(body),
      from: { name: 'Élan, 東京' },
    })
    expect(
      Math.max(...(server.received[0]?.raw.split('\r\n') ?? []).map((line) => line.length)),
    ).toBeLessThan(999)
  })

  it('has the same Message-ID when it is sent again', async () => {
    const { server, mailer } = await pair()
    await mailer.send(MAIL)
    await mailer.send(MAIL)
    const [first, second] = server.received.map(({ mail }) => mail.messageId)
    expect(first).toBe(`<${MAIL.id}@auth.example.com>`)
    expect(second).toBe(first)
  })

  it('is sent as is, even if it refers to files', async () => {
    const { server, mailer } = await pair()
    const html = '<img src="data:image/png;base64,AAAA"><img src="file:///etc/passwd">'
    const body = { text: 'file:///etc/passwd', html }
    await mailer.send({ ...MAIL, ...body })
    expect(server.received[0]?.mail).toMatchObject({ ...bodyOf(body), attachments: [] })
  })

  it.each([
    ['text', { path: '/etc/hostname' }],
    ['html', { path: '/etc/hostname' }],
    ['html', { href: 'http://127.0.0.1:1/' }],
  ])(
    'is refused if its %s, against the type, is %j, so that no file or URL is read',
    async (field, content) => {
      const { server, mailer } = await pair()
      const error = await failureOf(mailer.send({ ...MAIL, [field]: content }))
      expect(error.message).toMatch(/access rejected/)
      expect(server.received).toEqual([])
    },
  )

  it('has non-ASCII domains of sender and recipient in punycode', async () => {
    const server = await startScriptedServer(answering({ EHLO: '250-x\r\n250 SMTPUTF8' }))
    const mailer = open({ url: `smtp://127.0.0.1:${server.port}`, from: 'no-reply@bücher.example' })
    await mailer.send({ ...MAIL, to: 'alice@exämple.org' })
    expect(server.lines).toContain('MAIL FROM:<no-reply@xn--bcher-kva.example>')
    expect(server.lines).toContain('RCPT TO:<alice@xn--exmple-cua.org>')
    expect(server.lines).toContain('To: alice@xn--exmple-cua.org')
    expect(server.lines).toContain(`Message-ID: <${MAIL.id}@xn--bcher-kva.example>`)
  })

  it('is sent to a non-ASCII mailbox with SMTPUTF8', async () => {
    const server = await startScriptedServer(answering({ EHLO: '250-x\r\n250 SMTPUTF8' }))
    await open({ url: `smtp://127.0.0.1:${server.port}` }).send({ ...MAIL, to: 'älice@exämple.org' })
    expect(server.lines).toContain('MAIL FROM:<no-reply@auth.example.com> SMTPUTF8')
    expect(server.lines).toContain('RCPT TO:<älice@exämple.org>')
  })

  it('is sent to a quoted mailbox if its dots require quoting', async () => {
    const server = await startScriptedServer(answering({}))
    await open({ url: `smtp://127.0.0.1:${server.port}` }).send({ ...MAIL, to: '.a..b.@example.com' })
    expect(server.lines.filter((line) => line.startsWith('RCPT'))).toEqual(['RCPT TO:<".a..b."@example.com>'])
  })

  it('is announced with the configured EHLO name', async () => {
    const { server, mailer } = await pair({ helloName: 'auth.example.com' })
    await mailer.send(MAIL)
    expect(server.received[0]?.session.hostNameAppearsAs).toBe('auth.example.com')
  })

  it('is only encoded, without a connection, if it is a decoy', async () => {
    const { server, mailer } = await pair()
    await mailer.discard?.(MAIL)
    expect(server.sockets).toEqual([])
    await expect(mailer.discard?.({ ...MAIL, to: 'nobody' })).rejects.toBeInstanceOf(MailRefused)
  })

  it('shares at most five connections with others', async () => {
    const { server, mailer } = await pair()
    const mails = Array.from({ length: 12 }, (_, index) => ({ ...MAIL, to: `user${index}@example.com` }))
    await Promise.all(mails.map((mail) => mailer.send(mail)))
    expect(server.received.map(({ to }) => to[0]).toSorted()).toEqual(mails.map(({ to }) => to).toSorted())
    expect(server.sockets.length).toBeLessThanOrEqual(MAILS_AT_ONCE)
  })

  it('arrives exactly once if the server has closed the idle connection', async () => {
    const { server, mailer } = await pair()
    await mailer.send(MAIL)
    for (const socket of server.sockets) socket.destroy()
    await mailer.send({ ...MAIL, to: 'bob@example.com' })
    expect(server.received.map(({ to }) => to)).toEqual([['alice@example.com'], ['bob@example.com']])
  })
})

describe('header injection [EML-08]', () => {
  const ATTACKS = [
    'alice@example.com\r\nBcc: eve@example.com',
    'alice@example.com\nBcc: eve@example.com',
    'alice@example.com\n',
    'alice@example.com\r',
    '\nalice@example.com',
    'alice@example.com\0',
    'alice@example.com\t',
    'alice@example.com, eve@example.com',
    'alice@example.com,eve@example.com',
    'alice@example.com;eve@example.com',
    'alice@example.com eve@example.com',
    'eve@example.com <alice@example.com>',
    '<alice@example.com>',
    'alice@example.com>',
    'alice@example.com> NOTIFY=SUCCESS',
    'alice@example.com>\r\nRCPT TO:<eve@example.com',
    '"alice@example.com, eve"@example.com',
    'Group: alice@example.com;',
    'alice',
    '@example.com',
    'alice@',
    'alice@[127.0.0.1]',
    'alice@example.com\u2028',
    '',
  ]

  it.each(ATTACKS)('refuses the recipient %j without connecting', async (to) => {
    const { server, mailer } = await pair()
    const error = await failureOf(mailer.send({ ...MAIL, to }))
    expect(error).toBeInstanceOf(MailRefused)
    expect(error.message).toBe('The recipient is not one email address.')
    expect(server.sockets).toHaveLength(0)
  })

  it.each([
    ['subject', 'x\r\nBcc: eve@example.com'],
    ['subject', 'x\nBcc: eve@example.com'],
    ['subject', 'x\rBcc: eve@example.com'],
    ['subject', 'x\0'],
    ['subject', 'x\u2028Bcc: eve@example.com'],
    ['subject', 'x\u0085y'],
    ['id', `${MAIL.id}\r\nBcc: eve@example.com`],
    ['id', `${MAIL.id}>\r\n <x`],
    ['id', `${MAIL.id}\n`],
    ['id', ''],
    ['id', '1'],
    ['language', 'en\r\nBcc: eve@example.com'],
    ['language', 'en\n'],
    ['language', ''],
  ])('refuses a message whose %s is %j without connecting', async (field, value) => {
    const { server, mailer } = await pair()
    const error = await failureOf(mailer.send({ ...MAIL, [field]: value }))
    expect(error).toBeInstanceOf(MailRefused)
    expect(error.message).toBe('The id, language or subject of the message is malformed.')
    expect(server.sockets).toHaveLength(0)
  })

  it.each([
    'no-reply@example.com\r\nBcc: eve@example.com',
    'Name\r\nBcc: eve@example.com <no-reply@example.com>',
    '"Name\nBcc" <no-reply@example.com>',
    'a@example.com, b@example.com',
  ])('refuses the sender %j', (from) => {
    expect(() => open({ url: 'smtp://127.0.0.1:1', from })).toThrow(
      expect.objectContaining({ name: 'OptionError', option: 'mailFrom' }),
    )
  })

  it('never adds a header through an accepted subject or sender name', async () => {
    const { server } = await pair()
    const nasty = fc.string({
      unit: fc.oneof(
        fc.string({ unit: CHARACTER, minLength: 1, maxLength: 1 }),
        fc.constantFrom(...'\r\n<>",;:@=?_\\ ', '=?utf-8?q?', '?='),
      ),
      maxLength: 80,
    })
    await fc.assert(
      fc.asyncProperty(nasty, nasty, async (subject, name) => {
        let mailer: Mailer
        try {
          mailer = openSmtp({
            url: `smtp://127.0.0.1:${server.port}`,
            from: `"${name}" <no-reply@example.com>`,
          })
        } catch (error) {
          expect(error).toBeInstanceOf(OptionError)
          return
        }
        const before = server.received.length
        try {
          await mailer.send({ ...MAIL, subject })
        } catch (error) {
          expect(error).toBeInstanceOf(MailRefused)
          return
        } finally {
          mailer.close()
        }
        const { mail, from, to } = only(server.received.slice(before))
        expect([from, to]).toEqual(['no-reply@example.com', ['alice@example.com']])
        // An empty subject has no header.
        expect([...new Set([...mail.headers.map(({ key }) => key), 'subject'])].toSorted()).toEqual(HEADERS)
        expect(mail.headers.length).toBeLessThanOrEqual(HEADERS.length)
        expect(mail.from).toMatchObject({ address: 'no-reply@example.com' })
        expect(mail.to).toMatchObject([{ address: 'alice@example.com' }])
      }),
      { numRuns: 100 },
    )
  })
})

describe('credentials', () => {
  const WITH_LOGIN = {
    authOptional: false,
    allowInsecureAuth: true,
    onAuth({ username, password }, _session, done) {
      if (username === 'user@x' && password === 'p/a:ss wörd') done(null, { user: username })
      else done(new Error(`wrong password ${password}`))
    },
  } satisfies Parameters<typeof startSmtpServer>[0]

  it('come from the URL', async () => {
    const server = await startSmtpServer(WITH_LOGIN)
    const url = `smtp://user%40x:p%2Fa:ss%20w%C3%B6rd@127.0.0.1:${server.port}`
    await open({ url }).send(MAIL)
    expect(server.received[0]?.session.user).toBe('user@x')
  })

  it('that are wrong cause a retryable error that does not contain them', async () => {
    const server = await startSmtpServer(WITH_LOGIN)
    const error = await failureOf(
      open({ url: `smtp://user%40x:hunter2@127.0.0.1:${server.port}` }).send(MAIL),
    )
    expect(error.message).toBe('The mail server refused the credentials (535).')
    expect(error).not.toBeInstanceOf(MailRefused)
    expect(server.received).toEqual([])
  })

  it('are not in the error if the server echoes the command', async () => {
    const echo = (line: string) =>
      /^EHLO/i.test(line) ? '250-x\r\n250 AUTH PLAIN' : line === '' ? '220 x' : `500 what is ${line}`
    const server = await startScriptedServer(echo)
    const mailer = open({ url: `smtp://user:hunter2@127.0.0.1:${server.port}` })
    const error = await failureOf(mailer.send(MAIL))
    expect(server.lines.some((line) => line.startsWith('AUTH PLAIN '))).toBe(true)
    expect(error.message).toBe('The mail server refused the credentials (500).')
    expect(error.cause).toBeUndefined()
  })

  it('that are missing cause a retryable error', async () => {
    const server = await startSmtpServer(WITH_LOGIN)
    const error = await failureOf(open({ url: `smtp://127.0.0.1:${server.port}` }).send(MAIL))
    expect(error).not.toBeInstanceOf(MailRefused)
    expect(error.message).toContain('530')
  })
})

describe('TLS', () => {
  // Reaches this machine, but is not a loopback address, so it is treated like any remote host.
  const REMOTE = '0.0.0.0'

  // Must run before any other test of localhost, because nodemailer caches DNS lookups.
  it('is not required for localhost, which is never looked up', async () => {
    const lookUps = [vi.spyOn(Resolver.prototype, 'resolve4'), vi.spyOn(Resolver.prototype, 'resolve6')]
    onTestFinished(() => {
      for (const lookUp of lookUps) lookUp.mockRestore()
    })
    const server = await startSmtpServer()
    await open({ url: `smtp://localhost:${server.port}` }).send(MAIL)
    expect(server.received[0]?.session.secure).toBe(false)
    for (const lookUp of lookUps) expect(lookUp).not.toHaveBeenCalled()
  })

  it('is not required for a loopback address with smtp:', async () => {
    const { server, mailer } = await pair({})
    await mailer.send(MAIL)
    expect(server.received[0]?.session.secure).toBe(false)
  })

  it('is used from the start with smtps:, if the certificate is trusted', async () => {
    const certificate = certificateFor('localhost')
    trust(certificate)
    const server = await startSmtpServer({ secure: true, ...certificate })
    await open({ url: `smtps://localhost:${server.port}` }).send(MAIL)
    expect(server.received[0]?.session).toMatchObject({ secure: true, servername: 'localhost' })
  })

  it('is negotiated by STARTTLS before credentials are sent to a remote server', async () => {
    const certificate = certificateFor(REMOTE)
    trust(certificate)
    const server = await startSmtpServer({ ...certificate, authOptional: false, onAuth: acceptAnyone })
    await open({ url: `smtp://user:secret@${REMOTE}:${server.port}` }).send(MAIL)
    expect(server.received[0]?.session).toMatchObject({ secure: true, user: 'anyone' })
  })

  it.each([
    ['is not trusted, with smtps:', 'smtps://localhost', 'localhost', false],
    ['is not trusted, with STARTTLS', `smtp://${REMOTE}`, REMOTE, false],
    ['is for a different name, with smtps:', 'smtps://localhost', 'mail.example.com', true],
    ['is for a different name, with STARTTLS', `smtp://${REMOTE}`, 'mail.example.com', true],
    ['is for the name but not for the address', 'smtps://127.0.0.1', 'localhost', true],
  ])('refuses a certificate that %s', async (_case, url, name, trusted) => {
    const certificate = certificateFor(name)
    if (trusted) trust(certificate)
    const onAuth = vi.fn(acceptAnyone)
    const server = await startSmtpServer({ secure: url.startsWith('smtps'), ...certificate, onAuth })
    const mailer = open({ url: `${url.replace('//', '//user:secret@')}:${server.port}` })
    const error = await failureOf(mailer.send(MAIL))
    expect(error).not.toBeInstanceOf(MailRefused)
    expect(error.message).toMatch(trusted ? /does not match/ : /self-signed certificate/)
    expect(onAuth).not.toHaveBeenCalled()
    expect(server.received).toEqual([])
  })

  it('is verified even with NODE_TLS_REJECT_UNAUTHORIZED=0', async () => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0')
    // Node warns about the variable.
    const warnings = vi.spyOn(process, 'emitWarning').mockReturnValue()
    onTestFinished(() => {
      vi.unstubAllEnvs()
      warnings.mockRestore()
    })
    const server = await startSmtpServer({ secure: true, ...certificateFor('localhost') })
    const error = await failureOf(open({ url: `smtps://localhost:${server.port}` }).send(MAIL))
    expect(error.message).toMatch(/self-signed certificate/)
    expect(server.received).toEqual([])
  })

  it.each([
    ['does not offer it', '250-x\r\n250 AUTH PLAIN', '502 no'],
    ['offers it and then refuses', '250-x\r\n250-STARTTLS\r\n250 AUTH PLAIN', '454 not now'],
    ['agrees and then continues in plain text', '250-x\r\n250-STARTTLS\r\n250 AUTH PLAIN', '220 go'],
    ['does not support EHLO', '502 no', '502 no'],
  ])('is still required if a remote server %s', async (_case, EHLO, STARTTLS) => {
    const server = await startScriptedServer((line) =>
      // A line that does not start with a letter is part of a TLS handshake.
      /^[A-Z]/.test(line) || line === '' ? answering({ EHLO, STARTTLS })(line) : '220 go on',
    )
    const mailer = open({ url: `smtp://user:hunter2@${REMOTE}:${server.port}`, timeoutSeconds: 2 })
    const error = await failureOf(mailer.send(MAIL))
    expect(error).not.toBeInstanceOf(MailRefused)
    expect(server.lines.filter((line) => /^(?:AUTH|MAIL|RCPT|DATA|HELO)/.test(line))).toEqual([])
  })

  function acceptAnyone(
    _auth: unknown,
    _session: unknown,
    done: (error: null, answer: { user: string }) => void,
  ) {
    done(null, { user: 'anyone' })
  }
})

describe('a server that refuses', () => {
  const REPLIES: readonly (readonly [verb: string, reply: string, isPermanent: boolean])[] = [
    // About the recipient's address or mailbox, or the message.
    ['RCPT', '550 5.1.1 no such user', true],
    ['RCPT', '550 5.1.10 null MX', true],
    ['RCPT', '550 5.1.0 address rejected', true],
    ['RCPT', '553 5.1.3 bad address syntax', true],
    ['RCPT', '550-5.1.1 no such user\r\n550 5.1.1 ask the postmaster', true],
    ['RCPT', '550 5.2.1 mailbox disabled', true],
    ['RCPT', '552 5.2.3 message too long for this mailbox', true],
    ['DATA', '554 5.6.0 not like this', true],
    ['.', '550 5.1.1 no such user', true],
    ['.', '554 5.6.0 content refused', true],
    // A full mailbox can be emptied.
    ['RCPT', '552 5.2.2 mailbox full', false],
    ['.', '552 5.2.2 mailbox full', false],
    // About the sender's address, at any step.
    ['MAIL', '550 5.1.8 bad sender', false],
    ['MAIL', '550 5.1.1 no such sender', false],
    ['MAIL', '550 5.2.1 your mailbox is disabled', false],
    ['RCPT', '550 5.1.8 sender domain not found', false],
    ['RCPT', '553 5.1.7 sender address syntax', false],
    ['RCPT', '550 5.1.0 Sender address rejected: user unknown', false],
    ['.', '550 5.1.8 sender domain not found', false],
    // About the mail system, the route, the protocol or a policy, which the operator can fix.
    ['RCPT', '550 5.3.4 message too big for the system', false],
    ['RCPT', '550 5.4.5 daily sending limit exceeded', false],
    ['.', '550 5.4.5 daily sending limit exceeded', false],
    ['RCPT', '503 5.5.1 log in first', false],
    ['DATA', '554 5.5.1 no valid recipients', false],
    ['RCPT', '554 5.7.1 relay access denied', false],
    ['.', '554 5.7.1 looks like spam', false],
    ['MAIL', '530 5.7.0 log in first', false],
    ['RCPT', '530 authentication required', false],
    // Without an enhanced code, or with one of another class or form, the cause is unknown.
    ['RCPT', '550 relay not permitted', false],
    ['RCPT', '550 no such user', false],
    ['RCPT', '553 mailbox name not allowed', false],
    ['.', '554 unverified sender', false],
    ['RCPT', '550 5.0.0 no', false],
    ['RCPT', '550 4.1.1 no such user', false],
    ['RCPT', '550 5.1.1000 no such user', false],
    ['RCPT', '550 15.1.1 no such user', false],
    ['', '554 5.1.1 go away', false],
    ['EHLO', '550 5.1.1 go away', false],
    // Temporary.
    ['RCPT', '450 4.2.0 try later', false],
    ['MAIL', '451 4.3.0 try later', false],
    ['EHLO', '421 4.3.2 busy', false],
    ['DATA', '452 4.3.1 disk full', false],
    ['.', '451 4.3.0 try later', false],
  ]

  it.each(REPLIES)('%s with %j: permanent is %s', async (verb, reply, isPermanent) => {
    const server = await startScriptedServer(answering({ [verb]: reply, HELO: reply }))
    const mailer = open({ url: `smtp://127.0.0.1:${server.port}` })
    const error = await failureOf(mailer.send(MAIL))
    expect(error instanceof MailRefused).toBe(isPermanent)
    expect(error.message).toContain(reply.split('\r\n').at(-1))
  })

  /** The error with which a handler of the smtp-server package refuses. */
  function refusing(responseCode: number, text: string) {
    return Object.assign(new Error(text), { responseCode })
  }

  it.each([
    ['onMailFrom', 530, '5.7.0 Authentication required', false],
    ['onRcptTo', 550, '5.1.1 No such user', true],
    ['onRcptTo', 550, 'Relay not permitted', false],
    ['onRcptTo', 550, '5.4.5 Daily limit exceeded', false],
    ['onRcptTo', 550, '5.1.8 Bad sender', false],
    ['onData', 554, '5.6.0 Content refused', true],
    ['onData', 554, 'Unverified sender', false],
  ] as const)(
    '%s of the smtp-server package with %i %s: permanent is %s',
    async (stage, code, text, isPermanent) => {
      const error = refusing(code, text)
      const server = await startSmtpServer(
        stage === 'onData'
          ? { onData: (stream, _session, done) => void stream.resume().on('end', () => done(error)) }
          : { [stage]: (_address: unknown, _session: unknown, done: (error: Error) => void) => done(error) },
      )
      const failure = await failureOf(open({ url: `smtp://127.0.0.1:${server.port}` }).send(MAIL))
      expect(failure instanceof MailRefused).toBe(isPermanent)
      expect(failure.message).toContain(text)
    },
  )

  it('causes an error of one short line without the mailbox', async () => {
    const reply = `550-5.1.1 <${MAIL.to}>: no ${MAIL.to}\r\n550-${'x'.repeat(500)}\u001b[2J\r\n550 5.1.1 ALICE@example.com`
    const server = await startScriptedServer(answering({ RCPT: reply }))
    const error = await failureOf(open({ url: `smtp://127.0.0.1:${server.port}` }).send(MAIL))
    expect(error).toBeInstanceOf(MailRefused)
    expect(error.message).toContain('550-5.1.1 <[…]>: no […]')
    expect(error.message).not.toMatch(/alice|\p{C}/iu)
    expect(error.message.length).toBeLessThan(400)
    expect(error.cause).toBeUndefined()
  })

  it('one message can accept the next', async () => {
    let refusals = 1
    const server = await startScriptedServer((line) =>
      line.startsWith('RCPT') && refusals-- > 0 ? '450 later' : answering({})(line),
    )
    const mailer = open({ url: `smtp://127.0.0.1:${server.port}` })
    await failureOf(mailer.send(MAIL))
    await mailer.send(MAIL)
    expect(server.lines.filter((line) => line === 'DATA')).toHaveLength(1)
  })
})

describe('a server that fails', () => {
  it('because it is not running causes a retryable error', async () => {
    const port = await freePort()
    const error = await failureOf(open({ url: `smtp://127.0.0.1:${port}` }).send(MAIL))
    expect(error.message).toContain('ECONNREFUSED')
    expect(error).not.toBeInstanceOf(MailRefused)
  })

  const EHLO = (line: string, socket: Socket): Answer => {
    if (!line.startsWith('EHLO')) return '220 ready'
    const trickle = setInterval(() => socket.write('250-still here\r\n'), 20)
    socket.on('close', () => clearInterval(trickle))
    return null
  }

  it.each<[string, (line: string, socket: Socket) => Answer]>([
    ['does not greet', answering({ '': null })],
    ['does not answer EHLO', answering({ EHLO: null })],
    ['does not answer RCPT', answering({ RCPT: null })],
    ['does not answer DATA', answering({ DATA: null })],
    ['does not acknowledge the message', answering({ '.': null })],
    ['never finishes its answer', EHLO],
  ])('causes a retryable error within the time limit if it %s', async (_case, answer) => {
    const server = await startScriptedServer(answer)
    const mailer = open({ url: `smtp://127.0.0.1:${server.port}`, timeoutSeconds: 0.3 })
    // More messages than connections, so that some wait for a connection.
    const failures = await Promise.all(Array.from({ length: 5 }, () => failureOf(mailer.send(MAIL))))
    for (const error of failures) {
      expect(error).not.toBeInstanceOf(MailRefused)
      expect(error.message).toMatch(/within 0.3 s|Greeting never received|timeout/i)
    }
    await until(() => server.sockets.every(({ destroyed }) => destroyed))
  })

  it.each([
    ['at once', ''],
    ['at EHLO', 'EHLO'],
    ['at MAIL', 'MAIL'],
    ['at RCPT', 'RCPT'],
    ['at DATA', 'DATA'],
    ['at the end of the message', '.'],
  ])('by hanging up %s causes a retryable error, and no message is sent twice', async (_when, verb) => {
    const server = await startScriptedServer(answering({ [verb]: { hangUp: true } }))
    const error = await failureOf(open({ url: `smtp://127.0.0.1:${server.port}` }).send(MAIL))
    expect(error).not.toBeInstanceOf(MailRefused)
    expect(server.lines.filter((line) => line === '.').length).toBe(verb === '.' ? 1 : 0)
  })

  it('by hanging up in the middle of the message causes a retryable error', async () => {
    const server = await startSmtpServer({
      onData(stream, session) {
        stream.once('data', () => {
          for (const socket of server.sockets) if (socket.remotePort === session.remotePort) socket.destroy()
        })
      },
    })
    const text = 'x'.repeat(1_000_000)
    const error = await failureOf(open({ url: `smtp://127.0.0.1:${server.port}` }).send({ ...MAIL, text }))
    expect(error).not.toBeInstanceOf(MailRefused)
  })

  it('is tried again for the next message', async () => {
    let isDown = true
    const server = await startScriptedServer((line) => (isDown ? { hangUp: true } : answering({})(line)))
    const mailer = open({ url: `smtp://127.0.0.1:${server.port}` })
    await failureOf(mailer.send(MAIL))
    isDown = false
    await mailer.send(MAIL)
  })

  it('by sending an overlong answer causes an error', async () => {
    const server = await startScriptedServer((line) =>
      line === '' ? '220 ready' : `250-${'x'.repeat(2_000_000)}\r\n250 ok`,
    )
    const error = await failureOf(open({ url: `smtp://127.0.0.1:${server.port}` }).send(MAIL))
    expect(error.message).toContain('exceeds maximum')
  })
})

describe('close', () => {
  it('closes idle connections and rejects further messages', async () => {
    const { server, mailer } = await pair()
    await mailer.send(MAIL)
    const socket = only(server.sockets)
    const closed = socket.destroyed || once(socket, 'close')
    mailer.close()
    await closed
    await failureOf(mailer.send(MAIL))
    expect(server.received).toHaveLength(1)
    expect(server.sockets).toHaveLength(1)
  })

  it('rejects messages in transit and waiting messages', async () => {
    const busy = Promise.withResolvers<void>()
    const finish = Promise.withResolvers<void>()
    let messages = 0
    const server = await startSmtpServer({
      async onData(stream, _session, done) {
        stream.resume()
        await once(stream, 'end')
        if (++messages === MAILS_AT_ONCE) busy.resolve()
        await finish.promise
        done()
      },
    })
    const mailer = open({ url: `smtp://127.0.0.1:${server.port}` })
    const sending = Promise.allSettled(Array.from({ length: MAILS_AT_ONCE + 2 }, () => mailer.send(MAIL)))
    await busy.promise
    mailer.close()
    finish.resolve()
    expect((await sending).map(({ status }) => status)).toEqual(Array(MAILS_AT_ONCE + 2).fill('rejected'))
    await until(() => server.sockets.every(({ destroyed }) => destroyed))
  })

  it('can be called twice, and before any message was sent, which then never connects', async () => {
    const { server, mailer } = await pair()
    mailer.close()
    mailer.close()
    await failureOf(mailer.send(MAIL))
    expect(server.sockets).toEqual([])
  })
})

it.each([
  [{ url: 'smtp://user:hunter2@mail.example.com/x', from: FROM }, 'smtpUrl'],
  [{ url: 'smtp://mail.example.com', from: 'x' }, 'mailFrom'],
])('openSmtp refuses invalid settings immediately (%j)', (settings, option) => {
  expect(() => openSmtp(settings)).toThrow(expect.objectContaining({ name: 'OptionError', option }))
})

import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { MESSAGES, WITH_LINK } from '../../test/support/messages.ts'
import {
  type LinkParts,
  type MailLink,
  type MailOptions,
  type MailTemplate,
  openMailWriter,
} from './application.ts'
import { compose } from './compose.ts'
import { MailError, type MailKind } from './index.ts'

const PARTS: LinkParts = {
  token: '019aa65e-1c00-7abc-8def-0123456789ab.A-_z',
  email: 'Bob+x@example.com',
  kind: 'reset_password',
}
const { token: TOKEN, link: URL } = WITH_LINK
const CONTEXT = { service: 'auth.example.com', locale: 'fr', to: 'bob@example.com' } as const

function writer(options: MailOptions, httpsOnly = true) {
  const faults: { what: string; error: unknown; details: object }[] = []
  const onFault = (what: string, error: unknown, details: object) =>
    void faults.push({ what, error, details })
  return { ...openMailWriter(options, { httpsOnly, onFault }), faults }
}

const linkFor = (link: unknown, httpsOnly = true, parts = PARTS) =>
  writer({ links: { reset_password: link as string } }, httpsOnly).linkFor('reset_password', parts)

describe('a link of the application', () => {
  it('is filled in, with the address encoded', async () => {
    const page = 'https://app.example.com/reset?from=mail#email={email}&token={token}'
    expect(await linkFor(page)).toBe(
      `https://app.example.com/reset?from=mail#email=Bob%2Bx%40example.com&token=${PARTS.token}`,
    )
  })

  it.each<[string, MailLink]>([
    ['a URL', 'https://app.example.com/#{token}&{email}'],
    ['a function', ({ token, email }) => `https://app.example.com/#${token}&${encodeURIComponent(email)}`],
  ])('may have an address with an apostrophe, from %s', async (_, link) => {
    expect(await linkFor(link, true, { ...PARTS, email: "o'brien@example.com" })).toBe(
      `https://app.example.com/#${PARTS.token}&o%27brien%40example.com`,
    )
  })

  it.each([
    ['at once', ({ token, kind }: LinkParts) => `https://app.example.com/${kind}#${token}`],
    ['later', async ({ token, kind }: LinkParts) => `https://app.example.com/${kind}#${token}`],
  ])('may come from a function, %s', async (_, link) => {
    expect(await linkFor(link)).toBe(`https://app.example.com/reset_password#${PARTS.token}`)
  })

  it('is that of the service if the application has none', async () => {
    expect(
      await writer({ links: { change_email: 'https://a.example/#{token}' } }).linkFor(
        'reset_password',
        PARTS,
      ),
    ).toBeNull()
    expect(await writer({ links: { reset_password: undefined } }).linkFor('reset_password', PARTS)).toBeNull()
  })

  it.each(['http://localhost:3000', 'http://127.0.0.1', 'http://[::1]:80', 'https://app.example.com'])(
    'may begin with %s outside of production',
    async (origin) => {
      expect(await linkFor(`${origin}/#{token}`, false)).toContain(PARTS.token)
    },
  )

  const https = /must begin with https/
  const absolute = /must be an absolute URL/
  const character = /has a character that is not allowed/
  const before = /only after #/
  const missing = /must have {token} after #/
  const refused: readonly [link: string, problem: RegExp, httpsOnly?: boolean][] = [
    ['http://localhost:3000/#{token}', https],
    ['http://app.example.com/#{token}', https],
    ['http://app.example.com/#{token}', https, false],
    ['http://localhost.example.com/#{token}', https, false],
    ['/reset#{token}', absolute],
    ['javascript:alert(1)#{token}', absolute],
    ['myapp://reset#{token}', absolute],
    ['', absolute],
    ['https://user@app.example.com/#{token}', /no user name/],
    ['https://:secret@app.example.com/#{token}', /no user name/],
    ['https://app.example.com/', missing],
    ['https://app.example.com/?token={token}', missing],
    ['https://app.example.com/{token}', missing],
    ['https://app.example.com/?token={token}#{token}', before],
    ['https://app.example.com/?email={email}#{token}', before],
    ['https://app.example.com/{email}#{token}', before],
    ['https://{token}.example.com/#{token}', before],
    ['https://app.example.com/#{token}{user}', character],
    ['https://app.example.com/{lang}/#{token}', character],
    ['https://app.example.com/#{token}">', character],
    ['https://app.example.com/#{token}\n', character],
    ['https://app.example.com/# {token}', character],
    ['https://app.example.com\\reset#{token}', character],
  ]

  it.each(refused)('is refused at the start if it is %j', (link, problem, httpsOnly = true) => {
    expect(() => writer({ links: { reset_password: link } }, httpsOnly)).toThrow(
      expect.objectContaining({
        name: 'OptionError',
        option: 'mail',
        message: expect.stringMatching(problem),
      }),
    )
  })

  it.each(refused)('is refused when a function returns %j', async (link, problem, httpsOnly = true) => {
    const url = link.replaceAll('{token}', PARTS.token).replaceAll('{email}', encodeURIComponent(PARTS.email))
    const fault: MailError = await linkFor(() => url, httpsOnly).catch((error) => error)
    expect(fault).toBeInstanceOf(MailError)
    expect(fault.message).toMatch(problem)
    expect(fault.message).not.toContain(PARTS.token)
  })

  it.each([
    ['the address as it is', ({ email }: LinkParts) => `?email=${email}`],
    ['the address in lower case', ({ email }: LinkParts) => `?email=${email.toLowerCase()}`],
    ['the token in another case', ({ token }: LinkParts) => `?t=${token.toUpperCase()}`],
  ])('is refused if a function puts %s in the query', async (_, query) => {
    const link = (parts: LinkParts) => `https://app.example.com/${query(parts)}#${parts.token}`
    await expect(linkFor(link)).rejects.toThrow(/only after #/)
  })

  it.each([
    [() => null, 'absolute URL'],
    [() => new globalThis.URL('https://app.example.com'), 'absolute URL'],
    [() => Promise.reject(new Error('a fault')), 'failed'],
    [
      () => {
        throw new Error('a fault')
      },
      'failed',
    ],
    [(parts: { token: string }) => (parts.token = 'x'), 'failed'],
  ])('fails the mail if %s fails or returns anything else', async (link, problem) => {
    const fault: unknown = await linkFor(link).catch((error) => error)
    expect(fault).toBeInstanceOf(MailError)
    expect(fault).toMatchObject({ message: expect.stringContaining(problem) })
  })

  it('fails the mail if its function takes longer than 5 seconds', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const fault = expect(linkFor(() => new Promise(() => {}))).rejects.toThrow(MailError)
    vi.advanceTimersByTime(5_000)
    await fault
  })
})

describe('a template of the application', () => {
  it('gets what the mail is about, frozen', async () => {
    const template = vi.fn<MailTemplate<'reset_password'>>(({ url }) => ({ subject: 'Hi', text: url }))
    const { compose: write } = writer({ templates: { reset_password: template } })
    await write(MESSAGES.reset_password, CONTEXT)
    expect(template.mock.calls).toEqual([
      [
        {
          kind: 'reset_password',
          url: URL,
          token: TOKEN,
          code: null,
          data: { lifetimeSeconds: 3_600 },
          to: 'bob@example.com',
          locale: 'fr',
          serviceName: 'auth.example.com',
        },
      ],
    ])
    const input = template.mock.calls[0]?.[0]
    expect([Object.isFrozen(input), Object.isFrozen(input?.data)]).toEqual([true, true])
  })

  it.each(Object.values(MESSAGES))('may write $kind', async (message) => {
    const { compose: write, faults } = writer({
      templates: {
        [message.kind]: ({ kind, url }: { kind: string; url: string | null }) => ({
          subject: kind,
          text: `${url}`,
        }),
      },
    })
    const { url, token, code, data } = await write(message, CONTEXT)
    expect(await write(message, CONTEXT)).toEqual({
      kind: message.kind,
      subject: message.kind,
      text: `${url}`,
      html: null,
      language: 'fr',
      url,
      token,
      code,
      data,
    })
    expect(faults).toEqual([])
  })

  it.each([
    [{}, { html: null, language: 'fr' }],
    [
      { html: null, language: undefined },
      { html: null, language: 'fr' },
    ],
    [{ html: undefined }, { html: null }],
    [{ html: `<a href="#${TOKEN}">` }, { html: `<a href="#${TOKEN}">` }],
    [{ language: 'pt-BR' }, { language: 'pt-BR' }],
  ])('may return %j', async (more, result) => {
    const template = async () => ({ subject: 'Hi', text: TOKEN, ...more })
    const { compose: write, faults } = writer({ templates: { reset_password: template } })
    expect(await write(MESSAGES.reset_password, CONTEXT)).toMatchObject({
      subject: 'Hi',
      text: TOKEN,
      ...result,
    })
    expect(faults).toEqual([])
  })

  const VALID = { subject: 'Hi', text: URL }
  it.each<[unknown, string]>([
    [undefined, 'no object'],
    [null, 'no object'],
    ['text', 'no object'],
    [{ text: URL }, 'no subject of one line'],
    [{ ...VALID, subject: ' ' }, 'no subject of one line'],
    [{ ...VALID, subject: 'Hi\r\nBcc: eve@example.com' }, 'no subject of one line'],
    [{ ...VALID, subject: 5 }, 'no subject of one line'],
    [{ ...VALID, text: '' }, 'no text'],
    [{ ...VALID, text: null }, 'no text'],
    [{ ...VALID, text: `${URL}\ud800` }, 'no text'],
    [{ ...VALID, html: '' }, 'no valid html'],
    [{ ...VALID, html: 5 }, 'no valid html'],
    [{ ...VALID, language: 'en\n' }, 'no valid language'],
    [{ ...VALID, text: 'Hello' }, 'a mail without the link'],
    [{ ...VALID, html: '<p>Hello</p>' }, 'a mail without the link'],
  ])('that returns %j is logged, and the service writes the mail', async (written, problem) => {
    const { compose: write, faults } = writer({ templates: { reset_password: () => written as never } })
    expect(await write(MESSAGES.reset_password, CONTEXT)).toEqual(compose(MESSAGES.reset_password, CONTEXT))
    expect(faults).toMatchObject([{ details: { kind: 'reset_password', problem: `returned ${problem}` } }])
  })

  it.each([
    ['throws', () => Promise.reject(new Error('a fault')), 'threw an error'],
    [
      'throws at once',
      () => {
        throw new Error('a fault')
      },
      'threw an error',
    ],
    ['changes its input', (mail: { to: string }) => (mail.to = 'eve@example.com'), 'threw an error'],
    [
      'has a getter that throws',
      () => ({
        subject: 'Hi',
        get text() {
          throw new Error('a fault')
        },
      }),
      'threw an error',
    ],
  ])('that %s is logged, and the service writes the mail', async (_, template, problem) => {
    const { compose: write, faults } = writer({ templates: { password_changed: template as never } })
    expect(await write(MESSAGES.password_changed, CONTEXT)).toEqual(
      compose(MESSAGES.password_changed, CONTEXT),
    )
    expect(faults).toMatchObject([
      { error: expect.any(Error), details: { kind: 'password_changed', problem } },
    ])
  })

  it('that takes longer than 5 seconds is logged, and the service writes the mail', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const { compose: write, faults } = writer({ templates: { test: () => new Promise(() => {}) } })
    const written = write(MESSAGES.test, CONTEXT)
    vi.advanceTimersByTime(4_999)
    expect(faults).toEqual([])
    vi.advanceTimersByTime(1)
    expect(await written).toEqual(compose(MESSAGES.test, CONTEXT))
    expect(faults).toMatchObject([{ details: { problem: 'took longer than 5 s' } }])
  })

  it('writes no other kind of mail', async () => {
    const template = vi.fn()
    const { compose: write } = writer({ templates: { reset_password: template } })
    for (const message of Object.values(MESSAGES).filter(({ kind }) => kind !== 'reset_password'))
      expect(await write(message, CONTEXT)).toEqual(compose(message, CONTEXT))
    expect(template).not.toHaveBeenCalled()
  })
})

describe('the option mail', () => {
  it.each([
    ['yes', /expected an object/],
    [null, /expected an object/],
    [{ link: {} }, /link is unknown; the names are links, templates/],
    [{ links: 'https://app.example.com' }, /links: expected an object/],
    [{ links: { verify_email: 'https://app.example.com/#{token}' } }, /links.verify_email is unknown/],
    [{ links: { reset_password: 5 } }, /links.reset_password must be a URL or a function/],
    [{ templates: null }, /templates: expected an object/],
    [{ templates: { welcome: () => {} } }, /templates.welcome is unknown/],
    [{ templates: { greeting: () => {} } }, /templates.greeting is unknown/],
    [{ templates: { reset_password: 'Hello' } }, /templates.reset_password must be a function/],
  ])('refuses %j', (options, problem) => {
    expect(() => writer(options as MailOptions)).toThrow(
      expect.objectContaining({
        name: 'OptionError',
        option: 'mail',
        message: expect.stringMatching(problem),
      }),
    )
  })

  it('runs code of the application only if there is a function', () => {
    const link = 'https://app.example.com/#{token}'
    expect(writer({}).runsCode).toBe(false)
    expect(writer({ links: { reset_password: link }, templates: { test: undefined } }).runsCode).toBe(false)
    expect(writer({ links: { reset_password: ({ token }) => link + token } }).runsCode).toBe(true)
    expect(writer({ templates: { test: () => ({ subject: '', text: '' }) } }).runsCode).toBe(true)
  })

  it('gives each template the data of its kind', () => {
    // Checked by the compiler.
    const options: MailOptions = {
      templates: {
        new_device: ({ url, data }) => ({ subject: `${data.count} sign-ins`, text: `${url satisfies null}` }),
        set_password: ({ url, data }) => ({ subject: `${data.lifetimeSeconds} s`, text: url }),
      },
    }
    expect(Object.keys(options.templates ?? {}) satisfies string[] as MailKind[]).toHaveLength(2)
  })
})

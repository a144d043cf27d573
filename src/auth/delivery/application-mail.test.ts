/** The mail of an application that embeds the library: its links, its templates and its mailer. */
import { expect, it, vi } from 'vitest'
import { type EngineName, onEachEngine } from '../../../test/support/engines.ts'
import {
  everyRow,
  type MemoryMailer,
  memoryMailer,
  NEW_PASSWORD,
  PASSWORD,
  type Production,
  productionAuth,
  productionContext,
  sendDueMail,
  until,
  untilNoMailWaits,
} from '../../../test/support/production.ts'
import { createAuth, type MailOptions, type MailTemplate, type TemplateInput } from '../../index.ts'
import * as account from '../account/index.ts'
import { createAccount } from '../account/new-account.ts'
import * as delivery from './index.ts'

const BOB = 'Bob@example.com'
const NOBODY = 'Nobody@example.com'
const PAGES = 'https://app.example.com'

interface Logged {
  readonly message: string
  readonly fields: Record<string, unknown>
}

interface Scene extends Production {
  readonly mailer: MemoryMailer
  readonly errors: Logged[]
}

async function withMail(engine: EngineName, mail: MailOptions): Promise<Scene> {
  const mailer = memoryMailer()
  const errors: Logged[] = []
  const error = (fields: Record<string, unknown>, message: string) => void errors.push({ fields, message })
  const logger = { debug() {}, info() {}, warn() {}, error }
  return { ...(await productionAuth(engine, { mail, mailer, logger })), mailer, errors }
}

async function addBob({ auth, newMails }: Scene): Promise<number> {
  const { id } = await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
  await newMails()
  return id
}

onEachEngine('a mailer of the application', (engine) => {
  it('gets the kind of each mail, its link and token, and the data', async () => {
    const scene = await withMail(engine, {})
    const { auth, newMails } = scene
    const id = await addBob(scene)
    await auth.account.requestPasswordReset({ email: BOB })
    const [reset] = await newMails()
    expect(reset).toMatchObject({
      to: BOB,
      kind: 'reset_password',
      token: expect.stringMatching(/^[\w-]{36}\.[\w-]{43}$/),
      data: { lifetimeSeconds: 3_600 },
      text: expect.stringContaining(reset?.url ?? 'no link'),
      html: expect.stringContaining('<html'),
    })
    expect(reset?.url).toBe(
      `https://auth.example.com/reset_password#email=Bob%40example.com&token=${reset?.token}`,
    )
    await auth.users.setEmail(id, { email: 'rob@example.com' })
    const mails = (await newMails()).map(({ to, kind, url, data }) => [to, kind, url === null, data])
    expect(mails).toEqual([
      [BOB, 'email_change_requested', true, { newEmail: 'r***@example.com' }],
      ['rob@example.com', 'confirm_new_email', false, { lifetimeSeconds: 86_400 }],
    ])
  })
})

onEachEngine('links of the application', (engine) => {
  it('replace those of the service, in its texts too, and their tokens work', async () => {
    const scene = await withMail(engine, {
      links: {
        reset_password: `${PAGES}/reset#email={email}&token={token}`,
        confirm_email: ({ token, kind }) => `${PAGES}/${kind}#${token}`,
      },
    })
    const { auth, newMails } = scene
    await auth.account.register({ email: BOB, password: PASSWORD })
    const [confirm] = await newMails()
    expect(confirm?.url).toBe(`${PAGES}/verify_email#${confirm?.token}`)
    expect(confirm?.text).toContain(`\n${confirm?.url}\n`)
    await auth.account.confirmEmail({ token: confirm?.token ?? '', password: PASSWORD })
    await auth.account.register({ email: BOB, password: PASSWORD })
    const [exists] = await newMails()
    expect(exists).toMatchObject({
      kind: 'account_exists',
      url: `${PAGES}/reset#email=Bob%40example.com&token=${exists?.token}`,
    })
    const resetToken = exists?.token ?? ''
    await auth.account.resetPassword({ email: BOB, resetToken, newPassword: NEW_PASSWORD })
    expect(await auth.validLogin(BOB, NEW_PASSWORD)).toBe(true)
  })

  it('lose no mail when a function fails: it waits, without a token, and leaves once the function works', async () => {
    const link = vi.fn<(parts: { token: string }) => string>(() => `${PAGES}/?token=oops`)
    const ctx = await productionContext(engine, { mail: { links: { reset_password: link } } })
    const mailer = memoryMailer()
    await createAccount(ctx, { email: BOB, password: PASSWORD, confirmed: true }, {})
    await account.requestPasswordReset(ctx, { email: BOB }, {})
    await sendDueMail(ctx, mailer)
    const problem = 'The link of the application for reset_password must have {token} after #.'
    expect(await delivery.listProblems(ctx)).toMatchObject([{ problem, mails: 1 }])
    expect((await everyRow(ctx.db)).tokens).toEqual([])
    link.mockImplementation(({ token }) => `${PAGES}/#${token}`)
    ctx.now.advance(30)
    await sendDueMail(ctx, mailer)
    expect(mailer.mails).toMatchObject([
      { kind: 'reset_password', url: `${PAGES}/#${mailer.mails[0]?.token}` },
    ])
    expect(await delivery.count(ctx)).toBe(0)
  })
})

onEachEngine('templates of the application', (engine) => {
  it('write mail of their kind, with or without HTML', async () => {
    const scene = await withMail(engine, {
      links: { reset_password: `${PAGES}/reset#{token}` },
      templates: {
        reset_password: async ({ url, to, locale, serviceName }) => ({
          subject: `Reset ${serviceName}`,
          text: `${to} ${locale} ${url}`,
          html: null,
        }),
        set_password: ({ url }) => ({ subject: 'Welcome', text: url, html: `<a href="${url}">Begin</a>` }),
      },
    })
    const { auth, newMails } = scene
    await addBob(scene)
    await auth.account.requestPasswordReset({ email: BOB }, { acceptLanguage: 'fr' })
    await auth.users.create({ email: 'erin@example.com', sendLink: true })
    const [reset, welcome] = await newMails()
    expect(reset).toMatchObject({
      subject: 'Reset auth.example.com',
      text: `${BOB} fr ${PAGES}/reset#${reset?.token}`,
      html: null,
      language: 'fr',
    })
    expect(welcome).toMatchObject({ subject: 'Welcome', html: `<a href="${welcome?.url}">Begin</a>` })
  })

  it.each<[string, MailTemplate<'reset_password'>]>([
    ['throw', () => Promise.reject(new Error('a fault'))],
    ['return no mail', () => ({ subject: 'Reset', text: 'A text of ours' })],
  ])('lose no mail when they %s: it leaves at once with the text of the service', async (_, template) => {
    const scene = await withMail(engine, { templates: { reset_password: template } })
    const { auth, newMails, errors } = scene
    await addBob(scene)
    await auth.account.requestPasswordReset({ email: BOB })
    const [mail] = await newMails()
    expect(mail).toMatchObject({ subject: 'Set a new password for auth.example.com', to: BOB })
    expect(mail?.text).toContain(mail?.url)
    // The log is loaded on first use.
    await until(() => errors.length > 0)
    expect(errors).toMatchObject([
      {
        message: 'a mail template failed, so the mail has the text of the service',
        fields: { kind: 'reset_password', problem: expect.any(String) },
      },
    ])
    expect(JSON.stringify(errors)).not.toMatch(/example\.com|A text of ours/)
    expect(await auth.delivery.count()).toBe(0)
  })

  it('cannot tell whether the address has an account', async () => {
    const inputs: object[] = []
    const links: object[] = []
    const shapeOf = ({ to, ...input }: TemplateInput) => ({
      ...input,
      url: input.url?.replace(input.token ?? '', 'TOKEN').replace(encodeURIComponent(to), 'ADDRESS'),
      token: input.token?.length,
    })
    const template = (input: TemplateInput<'reset_password'>) => {
      inputs.push(input)
      return { subject: 'Reset', text: input.url }
    }
    const scene = await withMail(engine, {
      templates: { reset_password: template },
      links: {
        reset_password({ token, email, ...more }) {
          links.push({ email, ...more })
          return `${PAGES}/#email=${encodeURIComponent(email)}&token=${token}`
        },
      },
    })
    const { auth, mailer, db } = scene
    await addBob(scene)
    await auth.account.requestPasswordReset({ email: BOB })
    await auth.account.requestPasswordReset({ email: NOBODY })
    await untilNoMailWaits(auth)
    const [one, other] = inputs as TemplateInput[]
    expect([one?.to, other?.to].sort()).toEqual([BOB, NOBODY])
    expect(shapeOf(other ?? expect.unreachable())).toEqual(shapeOf(one ?? expect.unreachable()))
    expect(links).toEqual(
      expect.arrayContaining([BOB, NOBODY].map((email) => ({ email, kind: 'reset_password' }))),
    )
    // No mailer gets an address without an account.
    expect(mailer.mails.map(({ to }) => to)).toEqual([BOB])
    expect(mailer.discarded.map(({ to }) => to)).toEqual(['nobody@example.invalid'])
    expect(JSON.stringify(await everyRow(db))).not.toContain('Nobody@')
  })
})

onEachEngine('the address of a request without an account', (engine) => {
  it.each<[what: string, mail: MailOptions, stored: boolean]>([
    ['no', {}, false],
    ['no code but a link', { links: { reset_password: `${PAGES}/#email={email}&token={token}` } }, false],
    ['a template', { templates: { test: () => ({ subject: 'Hi', text: 'Hi' }) } }, true],
  ])('waits in the outbox only if there is code that gets it: %s', async (_, mail, stored) => {
    const ctx = await productionContext(engine, { mail })
    await account.requestPasswordReset(ctx, { email: ` ${NOBODY}` }, {})
    const rows = await ctx.db.selectFrom('outbox').select('details').execute()
    expect(rows.map(({ details }) => JSON.parse(String(details)))).toEqual([
      stored ? { address: NOBODY } : {},
    ])
  })
})

it('links and templates are checked before the database is opened', async () => {
  const mail = { links: { reset_password: `${PAGES}/?token={token}` } }
  await expect(createAuth({ databaseUrl: 'postgres://localhost:1/nowhere', mail })).rejects.toMatchObject({
    name: 'OptionError',
    option: 'mail',
  })
})

onEachEngine('mails', (engine) => {
  it('have the name, the support contact and the accent color of the service', async () => {
    const options = { serviceName: 'Café Zoé', supportContact: 'help@example.com', accent: '#b3261e' }
    const { auth, newMails } = await productionAuth(engine, options)
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    await auth.signIn.withPassword({ email: BOB, password: PASSWORD })
    await auth.users.create({ email: 'erin@example.com', sendLink: true })
    const mails = await newMails()
    const [notice, linked] = mails.toSorted((a, b) => a.kind.localeCompare(b.kind))
    expect(notice).toMatchObject({ kind: 'new_device', subject: expect.stringContaining('Café Zoé') })
    expect(notice?.text).toContain('help@example.com')
    expect(linked).toMatchObject({ kind: 'set_password', subject: expect.stringContaining('Café Zoé') })
    expect(linked?.html).toContain('#b3261e')
    expect(linked?.text).not.toContain('help@example.com')
  })
})

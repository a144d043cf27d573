/** The pages of a signed-in user, over HTTP. */
import { describe, expect, it } from 'vitest'
import { type Contract, TOPICS } from '../../src/api/index.ts'
import { ACTIVITY_MAX } from '../../src/auth/account/limits.ts'
import { AUDIT_ACTIONS, type AuditKind } from '../../src/model/audit-actions.ts'
import { type Activity, renderActivity, sentenceFor } from '../../src/pages/account/activity.ts'
import { renderSessions } from '../../src/pages/account/sessions.ts'
import { LOCALES, PAGES } from '../../src/text/index.ts'
import { type EngineName, freshAuth, onEachEngine } from '../support/engines.ts'
import { lookOf } from '../support/look.ts'
import { linkIn, memoryMailer, NEW_PASSWORD, PASSWORD, productionAuth } from '../support/production.ts'
import { type Send, send, sessionIdOf } from '../support/send.ts'

const { account, activity, errors, stepUp } = PAGES.en

const ALICE = 'alice@example.com'
const BOB = 'bob@example.com'
const NEW_ADDRESS = 'alice@elsewhere.example.com'
const WRONG_PASSWORD = 'nine yellow kettles'
const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0'

const PATHS = [
  '/account',
  '/account/profile',
  '/account/email',
  '/account/email/code',
  '/account/password',
  '/account/sessions',
  '/account/activity',
  '/account/data',
]
/** The pages that only a fresh session may see. */
const FRESH = ['/account/email', '/account/data']

/** Each form with fields that it accepts. */
const FORMS: readonly (readonly [path: string, fields: Readonly<Record<string, string>>])[] = [
  ['/account/profile', { name: 'Alice', locale: 'fr' }],
  ['/account/email', { email: NEW_ADDRESS }],
  ['/account/email/code', { code: '1234 5678' }],
  ['/account/password', { password: PASSWORD, new_password: NEW_PASSWORD }],
  ['/account/sessions', { session: '019aa65e-1c00-7abc-8def-0123456789ab' }],
  ['/account/sessions/others', {}],
  ['/account/data/export', {}],
  ['/account/decline_passkey', {}],
  ['/account/data/delete', { email: ALICE }],
]

/** What a person sees. */
interface Seen {
  readonly status: number
  readonly location: string | null
  readonly html: string
  readonly response: Response
}

/** A browser, reduced to its cookies. */
class Browser {
  readonly cookies = new Map<string, string>()
  readonly #ask: (method: string, path: string, request: Send) => Promise<Response>

  constructor(ask: (method: string, path: string, request: Send) => Promise<Response>) {
    this.#ask = ask
  }

  get sessionToken(): string {
    return this.cookies.get('__Host-session_id') ?? expect.unreachable('signed out')
  }

  open(path: string): Promise<Seen> {
    return this.#go('GET', path, {})
  }

  submit(path: string, form: Readonly<Record<string, string>>, headers: Send['headers'] = {}): Promise<Seen> {
    return this.#go('POST', path, { form, headers })
  }

  async #go(method: string, path: string, { headers, ...request }: Send): Promise<Seen> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await this.#ask(method, path, {
      ...request,
      headers: { accept: 'text/html', ...(cookie !== '' && { cookie }), ...headers },
    })
    for (const header of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(header) ?? []
      if (value === '') this.cookies.delete(name)
      else this.cookies.set(name, value)
    }
    const { status } = response
    return { status, location: response.headers.get('location'), html: await response.text(), response }
  }
}

/** Production with Alice, in a browser in which she has just signed in. */
async function signedIn(engine: EngineName) {
  const production = await productionAuth(engine)
  const { auth, now } = production
  const { id } = await auth.users.create({ email: ALICE, password: PASSWORD, confirmed: true, name: 'Alice' })
  const openBrowser = () => new Browser((method, path, request) => send(auth, method, path, request))
  const signIn = async (email = ALICE) => {
    const browser = openBrowser()
    const headers = { 'user-agent': FIREFOX }
    const { status } = await browser.submit('/sign_in', { email, password: PASSWORD }, headers)
    expect(status).toBe(303)
    return browser
  }
  const browser = await signIn()
  now.advance(1)
  return { ...production, id, browser, signIn, openBrowser }
}

/** The time until a session is no longer fresh. */
const STALE_SECONDS = 3_600

function problemIn({ html }: Seen): string | undefined {
  return /<div class="summary"[^>]*>\s*<p class="title">[^<]*<\/p>\s*<p>(?:<a [^>]*>)?([^<]*)/.exec(html)?.[1]
}

function noticeIn({ html }: Seen): string | undefined {
  return /<p class="done" role="status">([^<]*)/.exec(html)?.[1]
}

function codeIn(text: string): string {
  return /^\d{4} \d{4}$/m.exec(text)?.[0] ?? expect.unreachable(`no code: ${text}`)
}

onEachEngine('the pages of the account', (engine) => {
  it('show who is signed in, since when, and the way to each other page', async () => {
    const { browser, now } = await signedIn(engine)
    const { status, html } = await browser.open('/account')
    expect(status).toBe(200)
    expect(html).toContain(`<dd translate="no">${ALICE}</dd>`)
    expect(html).toContain('<dd translate="no"><bdi>Alice</bdi></dd>')
    const since = `${now().toISOString().slice(0, 10)}T`
    expect(html).toMatch(new RegExp(`<time datetime="${since}[^"]*Z" data-day>21 Nov 2026</time>`))
    for (const path of PATHS.filter((each) => each !== '/account/email/code'))
      expect(html).toContain(`href="${path}"`)
    // This service has no provider.
    const { identities, ...about } = account.overview.about
    for (const sentence of Object.values(about)) expect(html).toContain(sentence)
    expect(html).not.toContain(identities)
  })

  it('have the address and a button to sign out in their header', async () => {
    const { browser } = await signedIn(engine)
    for (const path of PATHS) {
      const { status, html } = await browser.open(path)
      expect(status, path).toBe(200)
      expect(html).toContain('<form method="post" action="/sign_out">')
      expect(html).toContain(`>${ALICE}</span>`)
      expect(html.match(/<h1>/g)?.length).toBe(1)
      expect(html.length, path).toBeLessThan(10_240)
    }
  })

  it('show the names and addresses of users as text [API-05]', async () => {
    const { auth, id, browser } = await signedIn(engine)
    await auth.users.update(id, { name: '<script>alert(1)</script>' })
    const { html } = await browser.open('/account')
    expect(html).toContain('<bdi>&lt;script&gt;alert(1)&lt;/script&gt;</bdi>')
  })

  it('lead to the sign-in page without a session, with a way back', async () => {
    const { openBrowser } = await signedIn(engine)
    for (const path of PATHS)
      expect(await openBrowser().open(path)).toMatchObject({
        status: 303,
        location: `/sign_in?${new URLSearchParams({ return_to: path })}`,
      })
    for (const [path, fields] of FORMS) {
      const { status, location } = await openBrowser().submit(path, fields)
      expect([path, status, location?.split('?')[0]]).toEqual([path, 303, '/sign_in'])
    }
  })

  it('lead to the sign-in page once the account is disabled', async () => {
    const { auth, id, browser } = await signedIn(engine)
    await auth.users.disable(id)
    for (const path of PATHS) {
      const { status, location } = await browser.open(path)
      expect([path, status, location?.split('?')[0]]).toEqual([path, 303, '/sign_in'])
    }
  })

  it('ask for the password before a form that needs a fresh session', async () => {
    const { browser, now } = await signedIn(engine)
    now.advance(STALE_SECONDS)
    for (const path of PATHS) {
      const { status, location } = await browser.open(path)
      const expected = FRESH.includes(path) ? `/confirm?${new URLSearchParams({ return_to: path })}` : null
      expect([path, status, location]).toEqual([path, expected === null ? 200 : 303, expected])
    }
    const { html } = await browser.open('/confirm?return_to=/account/data')
    expect(html).toContain(stepUp.heading)
    const confirmed = await browser.submit('/confirm', { password: PASSWORD, return_to: '/account/data' })
    expect(confirmed).toMatchObject({ status: 303, location: '/account/data' })
    expect((await browser.open('/account/data')).status).toBe(200)
  })

  it('lead back to the page, not to its form, when a form comes too late', async () => {
    const { browser, now } = await signedIn(engine)
    now.advance(STALE_SECONDS)
    const pageOf = (path: string) => path.replace(/\/(?:others|export|delete)$/, '')
    for (const [path, fields] of FORMS.filter(([each]) => !/code|decline|password|profile/.test(each)))
      expect(await browser.submit(path, fields)).toMatchObject({
        status: 303,
        location: `/confirm?${new URLSearchParams({ return_to: pageOf(path) })}`,
      })
  })

  it('refuse unknown and repeated fields', async () => {
    const { browser } = await signedIn(engine)
    for (const [path, fields] of FORMS.filter(([, each]) => Object.keys(each).length > 0))
      expect((await browser.submit(path, { ...fields, extra: 'x' })).status, path).toBe(400)
  })

  it('answer programs with JSON', async () => {
    const { browser, openBrowser } = await signedIn(engine)
    const headers = { accept: 'application/json' }
    const refused = await openBrowser().submit('/account/sessions/others', {}, headers)
    expect(refused.status).toBe(401)
    expect(JSON.parse(refused.html)).toMatchObject({ code: 'unauthenticated' })
    const wrong = { password: WRONG_PASSWORD, new_password: NEW_PASSWORD }
    const answer = await browser.submit('/account/password', wrong, headers)
    expect(JSON.parse(answer.html)).toMatchObject({ code: 'invalid_credentials' })
  })

  it('show nothing of another account', async () => {
    const { auth, browser, signIn } = await signedIn(engine)
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true, name: 'Bob' })
    const bob = await signIn(BOB)
    const [bobsSession] = await auth.sessions.list({ sessionToken: bob.sessionToken })
    for (const path of PATHS) {
      const { html } = await browser.open(path)
      expect(html).not.toMatch(/\bbob\b/i)
      expect(html).not.toContain(bobsSession?.id)
      expect((await bob.open(path)).html).not.toMatch(/\balice\b/i)
    }
    const ended = await browser.submit('/account/sessions', { session: bobsSession?.id ?? '' })
    expect(ended.location).toBe('/account/sessions?done=already_ended')
    expect((await bob.open('/account')).status).toBe(200)
    expect(problemIn(await browser.submit('/account/data/delete', { email: BOB }))).toBe(
      account.data.problems.email.invalid_field,
    )
  })

  it('contain no secret', async () => {
    const { browser, newMails } = await signedIn(engine)
    await browser.submit('/account/email', { email: NEW_ADDRESS })
    const mail = (await newMails()).find(({ kind }) => kind === 'confirm_new_email')
    const { text } = mail ?? expect.unreachable()
    const secrets = [...browser.cookies.values(), codeIn(text), linkIn(mail ?? expect.unreachable()).token]
    const seen = await Promise.all(PATHS.map((path) => browser.open(path)))
    const wrong = { password: WRONG_PASSWORD, new_password: 'short' }
    seen.push(await browser.submit('/account/password', wrong))
    seen.push(await browser.submit('/account/email/code', { code: '0000 0000' }))
    seen.push(await browser.submit('/account/data/export', {}))
    for (const { html } of seen)
      for (const secret of [...secrets, WRONG_PASSWORD, 'short"', '0000 0000'])
        expect(html).not.toContain(secret)
  })

  it('show only their own notices, never text from the query', async () => {
    const { browser } = await signedIn(engine)
    for (const done of ['<b>hi</b>', 'hi', 'constructor', 'toString', ''])
      for (const path of ['/account/email', '/account/password', '/account/sessions']) {
        const seen = await browser.open(`${path}?${new URLSearchParams({ done })}`)
        expect(noticeIn(seen)).toBeUndefined()
        expect(seen.html).not.toContain('<b>hi')
      }
  })
})

onEachEngine('the page of the address', (engine) => {
  it('mails a code to the new address, and changes the address with it', async () => {
    const { browser, newMails } = await signedIn(engine)
    expect((await browser.open('/account/email')).html).toContain(
      account.email.current.replace('{email}', ALICE),
    )
    const sent = await browser.submit('/account/email', { email: NEW_ADDRESS })
    expect(sent).toMatchObject({ status: 303, location: '/account/email/code' })
    const { html } = await browser.open('/account/email/code')
    expect(html).toContain(account.emailCode.link)
    expect(html).toContain('autocomplete="one-time-code"')
    const mail = (await newMails()).find(({ to }) => to === NEW_ADDRESS)
    const done = await browser.submit('/account/email/code', { code: codeIn(mail?.text ?? '') })
    expect(done).toMatchObject({ status: 303, location: '/account/email?done=changed' })
    const after = await browser.open('/account/email?done=changed')
    expect(noticeIn(after)).toBe(account.email.done.changed)
    expect(after.html).toContain(`>${NEW_ADDRESS}</span>`)
  })

  it('shows what was done without asking for the password again, and then no form', async () => {
    const { browser, now } = await signedIn(engine)
    now.advance(STALE_SECONDS)
    const seen = await browser.open('/account/email?done=changed')
    expect(seen.status).toBe(200)
    expect(seen.html).not.toContain('name="email"')
    expect(seen.html).toContain(account.email.change)
  })

  it.each([
    ['', 400, account.email.problems.email.missing_field],
    ['not an address', 400, account.email.problems.email.invalid_email],
  ])('refuses the address "%s" with %i, and keeps it', async (email, status, sentence) => {
    const { browser } = await signedIn(engine)
    const seen = await browser.submit('/account/email', { email })
    expect(seen.status).toBe(status)
    expect(problemIn(seen)).toBe(sentence)
    expect(seen.html).toContain(`value="${email}"`)
    expect(seen.html).toContain('<title>Error: ')
    expect(seen.html).toContain('aria-invalid="true"')
  })

  it('refuses too many changes with 429 and the wait', async () => {
    const { auth, browser } = await signedIn(engine)
    for (let times = 0; times < auth.options.resetRequestsPerAccount; times++)
      await browser.submit('/account/email', { email: NEW_ADDRESS })
    const seen = await browser.submit('/account/email', { email: NEW_ADDRESS })
    expect(seen.status).toBe(429)
    expect(problemIn(seen)).toMatch(/^Too many attempts\. Try again in \d+ (?:second|minute|hour)s?\.$/)
    expect(seen.response.headers.get('retry-after')).toMatch(/^\d+$/)
  })

  it('refuses a wrong code with 401, and no code with 400, and never shows it again', async () => {
    const { browser } = await signedIn(engine)
    await browser.submit('/account/email', { email: NEW_ADDRESS })
    const wrong = await browser.submit('/account/email/code', { code: '1234 5678' })
    expect(wrong.status).toBe(401)
    expect(problemIn(wrong)).toBe(account.emailCode.problems.code.invalid_code)
    expect(wrong.html).not.toContain('1234 5678')
    const none = await browser.submit('/account/email/code', { code: '' })
    expect(none.status).toBe(400)
    expect(problemIn(none)).toBe(account.emailCode.problems.code.missing_field)
  })

  it('takes the code only in the browser that asked', async () => {
    const { browser, signIn, newMails } = await signedIn(engine)
    await browser.submit('/account/email', { email: NEW_ADDRESS })
    const mail = (await newMails()).find(({ to }) => to === NEW_ADDRESS)
    const code = codeIn(mail?.text ?? '')
    const other = await signIn()
    expect((await other.submit('/account/email/code', { code })).status).toBe(401)
    expect((await browser.submit('/account/email/code', { code })).status).toBe(303)
  })

  it('does not exist without mail, and no page links to it', async () => {
    const auth = await freshAuth(engine, { mode: 'classic' })
    await auth.registerUser(ALICE, PASSWORD)
    const sessionToken = (await auth.createSession(ALICE)) ?? expect.unreachable()
    const open = (path: string) => send(auth, 'GET', path, { sessionToken, headers: { accept: 'text/html' } })
    const overview = await (await open('/account')).text()
    expect(overview).toContain('/account/password')
    expect(overview).not.toContain('/account/email')
    for (const path of ['/account/email', '/account/email/code']) expect((await open(path)).status).toBe(404)
  })

  it('says that a link is on its way where mail has no codes', async () => {
    const mailer = memoryMailer()
    const auth = await freshAuth(engine, { mode: 'classic', baseUrl: 'http://localhost:5000', mailer })
    await auth.registerUser(ALICE, PASSWORD)
    const browser = new Browser((method, path, request) => send(auth, method, path, request))
    await browser.submit('/sign_in', { email: ALICE, password: PASSWORD })
    const { location } = await browser.submit('/account/email', { email: NEW_ADDRESS })
    expect(location).toBe('/account/email?done=mailed')
    expect(noticeIn(await browser.open(location ?? ''))).toBe(account.email.done.mailed)
    expect((await browser.open('/account/email/code')).status).toBe(404)
  })
})

onEachEngine('the page of the password', (engine) => {
  it('changes the password, and signs out all other devices', async () => {
    const { auth, browser, signIn } = await signedIn(engine)
    const other = await signIn()
    const page = await browser.open('/account/password')
    expect(page.html).toContain(`value="${ALICE}" autocomplete="username"`)
    const before = browser.sessionToken
    const fields = { password: PASSWORD, new_password: NEW_PASSWORD }
    const changed = await browser.submit('/account/password', fields)
    expect(changed).toMatchObject({ status: 303, location: '/account/password?done=changed' })
    expect(sessionIdOf(changed.response)).not.toBe(before)
    expect(noticeIn(await browser.open('/account/password?done=changed'))).toBe(account.password.done.changed)
    expect((await other.open('/account')).status).toBe(303)
    expect(await auth.sessions.current({ sessionToken: before })).toBeNull()
  })

  it('works with a session that is not fresh, because it asks for the password itself', async () => {
    const { browser, now } = await signedIn(engine)
    now.advance(STALE_SECONDS)
    const fields = { password: PASSWORD, new_password: NEW_PASSWORD }
    expect((await browser.submit('/account/password', fields)).status).toBe(303)
  })

  it.each([
    ['a wrong password', { password: WRONG_PASSWORD }, 401, errors.currentPassword.invalid_credentials],
    ['no password', { password: '' }, 400, errors.currentPassword.missing_field],
    ['no new password', { new_password: '' }, 400, errors.newPassword.missing_field],
    ['a short new password', { new_password: 'tortoise' }, 400, 'Use at least 15 characters.'],
    ['a guessable one', { new_password: 'alice@example.com' }, 400, errors.newPassword.password_guessable],
  ])('refuses %s with its sentence at its field', async (_, fields, status, sentence) => {
    const { browser } = await signedIn(engine)
    const given = { password: PASSWORD, new_password: NEW_PASSWORD, ...fields }
    const seen = await browser.submit('/account/password', given)
    expect(seen.status).toBe(status)
    expect(problemIn(seen)).toBe(sentence)
    const [field] = Object.keys(fields)
    expect(seen.html).toContain(`<p class="problem" id="${field}-problem">${sentence}</p>`)
    for (const value of Object.values(given).filter((each) => each !== '' && each !== ALICE))
      expect(seen.html).not.toContain(`value="${value}"`)
  })
})

onEachEngine('the page of the devices', (engine) => {
  it('lists the sessions with device, address and times, and marks this one', async () => {
    const { auth, browser } = await signedIn(engine)
    const credentials = { email: ALICE, password: PASSWORD }
    const hostile = '<script>alert(1)</script> Firefox/140.0 Windows'
    await auth.signIn.withPassword(credentials, { ip: '192.0.2.7', userAgent: hostile })
    await auth.signIn.withPassword(credentials, { ip: '192.0.2.8', userAgent: '"><script>alert(1)</script>' })
    const { html } = await browser.open('/account/sessions')
    expect(html).toContain('Firefox on Windows')
    expect(html).toContain(account.device.unknown)
    expect(html).toContain('<dd>192.0.2.7</dd>')
    expect(html.split(account.sessions.current)).toHaveLength(2)
    expect(html).not.toContain('alert(1)')
    expect(html.match(/<time datetime="2026-11-21T12:00Z">21 Nov 2026, 12:00 UTC<\/time>/g)).toHaveLength(6)
  })

  it('signs out one device, and says so', async () => {
    const { browser, signIn } = await signedIn(engine)
    const other = await signIn()
    const third = await signIn()
    const { html } = await browser.open('/account/sessions')
    expect(html).toContain(
      `aria-label="${account.sessions.endNamed.replace('{device}', 'Firefox on Windows')}"`,
    )
    const [id = ''] = other.sessionToken.split('.')
    expect(html).toContain(`name="session" value="${id}"`)
    const ended = await browser.submit('/account/sessions', { session: id })
    expect(ended).toMatchObject({ status: 303, location: '/account/sessions?done=ended' })
    expect(noticeIn(await browser.open('/account/sessions?done=ended'))).toBe(account.sessions.done.ended)
    expect((await other.open('/account')).status).toBe(303)
    expect((await third.open('/account')).status).toBe(200)
    const again = await browser.submit('/account/sessions', { session: id })
    expect(again.location).toBe('/account/sessions?done=already_ended')
  })

  it('signs out all other devices', async () => {
    const { browser, signIn } = await signedIn(engine)
    const others = [await signIn(), await signIn()]
    const ended = await browser.submit('/account/sessions/others', {})
    expect(ended).toMatchObject({ status: 303, location: '/account/sessions?done=others_ended' })
    for (const other of others) expect((await other.open('/account')).status).toBe(303)
    const seen = await browser.open('/account/sessions?done=others_ended')
    expect(noticeIn(seen)).toBe(account.sessions.done.others_ended)
    expect(seen.html).toContain(account.sessions.only)
    expect(seen.html).not.toContain('action="/account/sessions')
  })

  it('shows the list without a fresh session, and a link to step-up in place of the forms', async () => {
    const { browser, signIn, now } = await signedIn(engine)
    await signIn()
    now.advance(STALE_SECONDS)
    const { status, html } = await browser.open('/account/sessions')
    expect(status).toBe(200)
    expect(html.match(/Firefox on Windows/g)?.length).toBeGreaterThan(1)
    expect(html).not.toContain('action="/account/sessions')
    expect(html).toContain('href="/confirm?return_to=%2Faccount%2Fsessions"')
  })
})

onEachEngine('the page of the activity', (engine) => {
  it('tells in words what happened, with time, device and address', async () => {
    const { auth, browser } = await signedIn(engine)
    const caller = { ip: '192.0.2.9', userAgent: FIREFOX }
    await expect(
      auth.signIn.withPassword({ email: ALICE, password: WRONG_PASSWORD }, caller),
    ).rejects.toMatchObject({ code: 'invalid_credentials' })
    const { html } = await browser.open('/account/activity')
    const failed = html.indexOf(activity.refused.login)
    expect(failed).toBeGreaterThan(0)
    expect(html.indexOf(`<b>${activity.done.login}</b>`)).toBeGreaterThan(failed)
    expect(html.indexOf(activity.byOperator.register)).toBeGreaterThan(failed)
    expect(html).toContain('<span>192.0.2.9</span>')
    expect(html).toContain('<span>Firefox on Windows</span>')
  })

  it('has the newest 50 records in two parts, as `GET /profile/activity` does', async () => {
    const { auth, browser } = await signedIn(engine)
    for (let times = 0; times < 55; times++)
      await auth.account.update({ name: `Alice ${times}` }, { sessionToken: browser.sessionToken })
    const newer = `<a href="/account/activity?part=1">${activity.newer}</a>`
    const older = `<a href="/account/activity?part=2">${activity.older}</a>`
    for (const query of ['', '?part=2', '?part=0', '?part=3', '?part=1.5', '?part=x']) {
      const { html } = await browser.open(`/account/activity${query}`)
      expect(html.split(activity.done.update_profile), query).toHaveLength(26)
      expect(html).not.toContain(`<b>${activity.done.login}</b>`)
      expect([html.includes(newer), html.includes(older)], query).toEqual(
        query === '?part=2' ? [true, false] : [false, true],
      )
    }
    const answer = await send(auth, 'GET', '/profile/activity', { sessionToken: browser.sessionToken })
    const { activity: records } = (await answer.json()) as { activity: { action: string }[] }
    expect(records.map(({ action }) => action)).toEqual(Array(50).fill('update_profile'))
    const signedOut = await send(auth, 'GET', '/profile/activity')
    expect(await signedOut.json()).toMatchObject({ code: 'unauthenticated' })
  })
})

/** These records name no account. */
const WITHOUT_ACCOUNT = [
  'delete_account',
  'delete_unconfirmed_accounts',
  'begin_import',
  'finish_import',
  'export_users',
  'restore_database',
  'reseal_secrets',
  'add_provider',
  'replace_provider_secret',
  'disable_provider',
  'enable_provider',
  'remove_provider',
]

describe.each(LOCALES)('the page of the activity in %s', (locale) => {
  const longest = Object.entries(PAGES[locale].activity.refused).toSorted(
    ([, a], [, b]) => b.length - a.length,
  )[0]
  const record: Activity = {
    at: new Date('2026-11-26T22:59:00Z'),
    actor: 'anonymous',
    action: longest?.[0] ?? expect.unreachable(),
    outcome: 'refused',
    ip: '2001:0db8:85a3:0000:0000:8a2e:0370:7334',
    userAgent: 'Mozilla/5.0 (Linux; Android 10; K) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36',
  }

  it('has at most 10 KB, even with the longest sentence in every record', () => {
    const look = lookOf({ locale, user: { email: `${'a'.repeat(64)}@${'b'.repeat(63)}.example.com` } })
    for (const part of ['1', '2']) {
      const { html } = renderActivity(look, { records: Array(ACTIVITY_MAX).fill(record), part })
      expect(html.split('<li><b')).toHaveLength(26)
      expect(Buffer.byteLength(html)).toBeLessThanOrEqual(10 * 1_024)
    }
  })
})

describe.each(LOCALES)('the page of the devices in %s', (locale) => {
  it('has at most 10 KB, with any number of devices, and reaches all of them', () => {
    const look = lookOf({ locale, user: { email: `${'a'.repeat(64)}@${'b'.repeat(63)}.example.com` } })
    const at = new Date('2026-11-26T22:59:00Z')
    const sessions = Array.from({ length: 45 }, (_, index) => ({
      id: `019aa65e-1c00-7abc-8def-0123456789${index + 10}`,
      current: index === 30,
      createdAt: at,
      lastSeenAt: at,
      ip: '2001:0db8:85a3:0000:0000:8a2e:0370:7334',
      userAgent:
        'Mozilla/5.0 (Linux; Android 10; K) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36',
    }))
    const form = { values: {}, refusal: null }
    const parts = ['1', '2', '3', '4', '5', 'x'].map(
      (part) => renderSessions(look, { form, sessions, fresh: true, done: 'ended', part }).html,
    )
    for (const html of parts) expect(Buffer.byteLength(html)).toBeLessThanOrEqual(10 * 1_024)
    const buttons = parts.slice(0, 5).flatMap((html) => html.match(/ name="session" value="[^"]+"/g) ?? [])
    expect(new Set(buttons).size).toBe(44)
    expect(parts[0]).toContain(PAGES[locale].account.sessions.current)
    expect(parts[0]).toContain('/account/sessions?part=2"')
    expect(parts[5]).toBe(parts[0])
  })
})

describe('the sentences of the activity', () => {
  it('are there for every record that an account can have', () => {
    const missing = Object.entries<readonly AuditKind[]>(AUDIT_ACTIONS).flatMap(([action, kinds]) =>
      WITHOUT_ACCOUNT.includes(action)
        ? []
        : kinds
            .map(({ actor, outcome }) => ({ actor, action, outcome: outcome ?? ('success' as const) }))
            .filter((record) => sentenceFor(record, PAGES.en) === activity.other),
    )
    expect(missing).toEqual([])
  })

  it('fall back to a neutral one', () => {
    for (const action of ['future_action', 'constructor'])
      for (const outcome of ['success', 'refused'] as const)
        expect(sentenceFor({ actor: 'user', action, outcome }, PAGES.en)).toBe(activity.other)
  })
})

onEachEngine('the page of the data', (engine) => {
  it('gives the export as a file, with the body of `POST /profile/export`', async () => {
    const { auth, browser, now } = await signedIn(engine)
    const { status, html, response } = await browser.submit('/account/data/export', {})
    expect(status).toBe(200)
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(response.headers.get('content-disposition')).toBe('attachment; filename="account.json"')
    expect(response.headers.get('cache-control')).toBe('no-store')
    now.advance(1)
    const same = await send(auth, 'POST', '/profile/export', { sessionToken: browser.sessionToken })
    const { audit, ...rest } = (await same.json()) as { audit: unknown[] }
    expect(JSON.parse(html)).toEqual({ ...rest, audit: audit.slice(1) })
  })

  it('refuses too many exports with 429, on the page', async () => {
    const { browser } = await signedIn(engine)
    for (let times = 0; times < 10; times++) await browser.submit('/account/data/export', {})
    const seen = await browser.submit('/account/data/export', {})
    expect(seen.status).toBe(429)
    expect(problemIn(seen)).toBe(account.data.problems.form.too_many_attempts.replace('{time}', '60 minutes'))
  })

  it('says what is deleted and what is kept, and for how long', async () => {
    const { auth, browser } = await signedIn(engine)
    const { html } = await browser.open('/account/data')
    expect(html).toContain(account.data.deleted)
    expect(html).toContain(account.data.kept.replace('{time}', `${auth.options.auditRetentionDays} days`))
  })

  it.each([
    ['', account.data.problems.email.missing_field],
    ['someone@example.com', account.data.problems.email.invalid_field],
  ])('deletes nothing for the address "%s"', async (email, sentence) => {
    const { browser } = await signedIn(engine)
    const seen = await browser.submit('/account/data/delete', { email })
    expect(seen.status).toBe(400)
    expect(problemIn(seen)).toBe(sentence)
    expect(seen.html).toContain(`value="${email}"`)
    expect((await browser.open('/account')).status).toBe(200)
  })

  it('deletes the account, clears the cookie and says goodbye', async () => {
    const { auth, browser, newMails } = await signedIn(engine)
    const { status, location } = await browser.submit('/account/data/delete', {
      email: ' Alice@Example.com ',
    })
    expect([status, location]).toEqual([303, '/account/deleted'])
    expect([...browser.cookies.keys()]).not.toContain('__Host-session_id')
    const goodbye = await browser.open('/account/deleted')
    expect(goodbye.status).toBe(200)
    expect(goodbye.html).toContain(account.deleted.heading)
    expect(goodbye.html).not.toContain(ALICE)
    expect(await auth.users.find(ALICE)).toBeNull()
    expect((await newMails()).map(({ kind }) => kind)).toContain('account_deleted')
  })

  it('says goodbye to nobody who is signed in', async () => {
    const { browser } = await signedIn(engine)
    expect(await browser.open('/account/deleted')).toMatchObject({ status: 303, location: '/account' })
  })
})

describe('the forms of the account', () => {
  /** Those of second factors and passkeys are in factors.test.ts, those of other providers in test/attacks/providers.test.ts. */
  const isHere = (path: string) => /^\/account(?!\/(?:factors|passkeys|identities))/.test(path)

  it('are all in this test', () => {
    const posts = Object.values<Contract>(TOPICS.pages).filter(
      ({ method, path }) => method === 'POST' && isHere(path),
    )
    expect(posts.map(({ path }) => path).toSorted()).toEqual(FORMS.map(([path]) => path).toSorted())
    const gets = Object.values<Contract>(TOPICS.pages).filter(
      ({ method, path, access }) => method === 'GET' && isHere(path) && access !== 'anyone',
    )
    expect(gets.map(({ path }) => path).toSorted()).toEqual(PATHS.toSorted())
  })
})

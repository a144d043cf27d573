/** The pages that create and recover an account, over HTTP and in a browser without script. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import { describe, expect, it, onTestFinished } from 'vitest'
import { HookRefusal, type MailKind } from '../../src/index.ts'
import { toNodeHandler } from '../../src/node.ts'
import { PAGES } from '../../src/text/index.ts'
import { hasBrowser, openBrowser } from '../support/browser.ts'
import { type EngineName, freshAuth, onEachEngine } from '../support/engines.ts'
import {
  memoryMailer,
  NEW_PASSWORD,
  PASSWORD,
  type Production,
  productionAuth,
  sightOf,
  until,
} from '../support/production.ts'
import { fieldsIn, fieldValue, type Shown, Visitor } from '../support/visitor.ts'

const BOB = 'bob@example.com'
const NOBODY = 'eve@example.com'
/** The end of the address of a page that shows where mail went. */
const FRAGMENT = '#email=bob%40example.com'
const { signUp, confirmCode, recovery, recoveryCode, signIn, errors, problems } = PAGES.en
const TARGETS = ['//evil.example', '/\\evil.example', 'https://evil.example/', 'javascript:alert(1)', '/a\tb']

/** What somebody sees who asks for an address, without the address. */
async function sightsOf(email: string, shown: readonly Shown[]): Promise<unknown> {
  const sights = JSON.stringify(await Promise.all(shown.map(({ response }) => sightOf(response))))
  return JSON.parse(sights.replaceAll(encodeURIComponent(email), 'EMAIL'))
}

type SceneOptions = NonNullable<Parameters<typeof productionAuth>[1]>

/** Without a secret key, which only production mode requires. */
const WITHOUT_CODES: SceneOptions = {
  mode: 'classic',
  secretKey: undefined,
  resetTokenDelivery: 'mail',
  emailVerification: true,
}

interface Scene extends Production {
  /** A person with their own browser and IP address. */
  visitor(): Visitor
  /** The codes of the refusals so far, from the log. */
  readonly refusals: readonly string[]
  /** The code in the only mail of a kind since the last call. */
  codeIn(kind: MailKind): Promise<string>
}

async function scene(engine: EngineName, options: SceneOptions = {}): Promise<Scene> {
  const refusals: string[] = []
  const log = (fields: object) => void ('code' in fields && refusals.push(String(fields.code)))
  const logger = { debug: log, info: log, warn: log, error: log }
  const production = await productionAuth(engine, { ...options, logger })
  let visitors = 0
  return {
    ...production,
    refusals,
    visitor: () => new Visitor(production.auth, { ip: `192.0.2.${++visitors}` }),
    async codeIn(kind) {
      const mails = (await production.newMails()).filter((mail) => mail.kind === kind)
      expect(mails).toHaveLength(1)
      return mails[0]?.code ?? expect.unreachable('no code')
    },
  }
}

/** A page that refuses a form. Its title and its summary say so. */
function expectRefusal(shown: Shown, status: number, sentence: string): void {
  expect(shown.html).toContain(sentence.replaceAll("'", '&#39;'))
  expect(shown.status).toBe(status)
  expect(shown.html).toContain('<title>Error: ')
  expect(shown.html).toContain('role="alert"')
}

function otherThan(code: string): string {
  return code === '00000000' ? '00000001' : '00000000'
}

onEachEngine('the page that creates an account', (engine) => {
  it('says the rules before anything is typed, and what a person agrees to', async () => {
    const { visitor } = await scene(engine, { termsUrl: '/terms', privacyUrl: 'https://example.com/privacy' })
    const { status, html } = await visitor().open('/sign_up?return_to=/app')
    expect(status).toBe(200)
    expect(html).toContain(`<h1>${signUp.heading}</h1>`)
    expect(html).toContain('Use at least 15 characters.')
    expect(html).toMatch(/<input id="password"[^>]*autocomplete="new-password" minlength="15"/)
    expect(html).toContain('By creating an account, you agree to the <a href="/terms">terms</a>.')
    expect(html).toContain('<a href="https://example.com/privacy">privacy policy</a>')
    expect(fieldsIn(html)).toEqual(['email', 'password', 'return_to'])
    expect(html).toContain('href="/sign_in?return_to=%2Fapp"')
  })

  it('mails a code, which confirms the address and signs in, in the language of the page', async () => {
    const { auth, visitor, codeIn } = await scene(engine)
    const bob = visitor()
    await bob.open('/sign_up?lang=fr')
    const registered = await bob.submit('/sign_up', { email: BOB, password: PASSWORD, return_to: '/app?a=b' })
    expect([registered.status, registered.location]).toEqual([
      303,
      `/sign_up/code?return_to=%2Fapp%3Fa%3Db${FRAGMENT}`,
    ])
    expect(bob.cookies).toEqual(['__Host-language', '__Host-browser'])
    const page = await bob.open(registered.location ?? '')
    expect(fieldsIn(page.html)).toEqual(['email', 'code', 'return_to', 'email', 'return_to'])
    expect(fieldValue(page.html, 'return_to')).toBe('/app?a=b')
    const code = await codeIn('verify_email')
    const typed = `${code.slice(0, 4)} ${code.slice(4)}`
    const confirmed = await bob.submit('/sign_up/code', { code: typed, return_to: '/app?a=b' })
    expect(confirmed.location).toBe('/sign_in?signed_in=&return_to=%2Fapp%3Fa%3Db')
    expect((await bob.open(confirmed.location ?? '')).location).toBe('/app?a=b')
    expect(await auth.users.find(BOB)).toMatchObject({ user: { state: 'active' } })
    expect(await auth.users.find(BOB)).toMatchObject({ user: { locale: 'fr' } })
    for (const { html } of [registered, page, confirmed])
      expect(html).not.toMatch(new RegExp(`${PASSWORD}|${code}`))
    // The other tab continues too.
    for (const path of ['/sign_up', '/sign_up/code'])
      expect((await bob.open(`${path}?return_to=/app`)).location).toBe('/app')
  })

  it.each([
    ['no address', { email: '' }, 400, 'missing_field', signUp.problems.email.missing_field],
    ['a malformed address', { email: 'bob' }, 400, 'invalid_email', signUp.problems.email.invalid_email],
    ['no password', { password: '' }, 400, 'missing_field', errors.newPassword.missing_field],
    ['a short password', { password: 'tortoise' }, 400, 'password_too_short', 'Use at least 15 characters.'],
    [
      'a password like the address',
      { password: `${BOB}${BOB}` },
      400,
      'password_guessable',
      errors.newPassword.password_guessable,
    ],
  ])('refuses %s with advice, and keeps the address only', async (_, given, status, code, sentence) => {
    const { visitor, refusals, newMails } = await scene(engine)
    const fields = { email: BOB, password: PASSWORD, ...given, return_to: '/app' }
    const shown = await visitor().submit('/sign_up', fields)
    expectRefusal(shown, status, sentence)
    expect(refusals).toEqual([code])
    expect(fieldValue(shown.html, 'email')).toBe(fields.email)
    expect(fieldValue(shown.html, 'return_to')).toBe('/app')
    if (fields.password !== '') expect(shown.html).not.toContain(fields.password)
    expect(await newMails()).toEqual([])
  })

  it('says how long to wait after many registrations of an address', async () => {
    const { visitor, refusals } = await scene(engine)
    let shown = await visitor().submit('/sign_up', { email: BOB, password: PASSWORD })
    while (shown.status === 303 && refusals.length === 0)
      shown = await visitor().submit('/sign_up', { email: BOB, password: PASSWORD })
    expectRefusal(shown, 429, 'Too many attempts. Try again in ')
    expect(Number(shown.response.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(refusals).toEqual(['too_many_attempts'])
  })

  it('shows the refusal of the application', async () => {
    const { visitor, refusals } = await scene(engine, {
      hooks: {
        beforeSignUp() {
          throw new HookRefusal('not_invited', 'Ask for an invitation.')
        },
      },
    })
    const shown = await visitor().submit('/sign_up', { email: BOB, password: PASSWORD })
    expectRefusal(shown, 403, signUp.problems.form.refused_by_application)
    expect(refusals).toEqual(['refused_by_application'])
  })

  it('answers the same for a taken address, and mails its owner', async () => {
    const { auth, visitor, newMails } = await scene(engine)
    await auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    const look = async (email: string) => {
      const person = visitor()
      const registered = await person.submit('/sign_up', { email, password: PASSWORD })
      const page = await person.open(registered.location ?? '')
      const refused = await person.submit('/sign_up/code', { code: '0000 0000' })
      return sightsOf(email, [registered, page, refused])
    }
    const unknown = await look(NOBODY)
    expect(await look(BOB)).toEqual(unknown)
    expect((await newMails()).map(({ to, kind }) => [to, kind])).toEqual([
      [BOB, 'account_exists'],
      [NOBODY, 'verify_email'],
    ])
  })

  it('registers once if the form is sent twice, and the code in the last mail works', async () => {
    const { auth, visitor, newMails } = await scene(engine)
    const bob = visitor()
    const send = () => bob.submit('/sign_up', { email: BOB, password: PASSWORD })
    const first = await send()
    expect([first, await send()].map(({ status, location }) => [status, location])).toEqual([
      [303, `/sign_up/code${FRAGMENT}`],
      [303, `/sign_up/code${FRAGMENT}`],
    ])
    const mails = await newMails()
    expect(new Set(mails.map(({ to, kind }) => `${to} ${kind}`))).toEqual(new Set([`${BOB} verify_email`]))
    const answers = []
    for (const { code } of mails) answers.push(await bob.submit('/sign_up/code', { code: code ?? '' }))
    expect(answers.map(({ status }) => status).filter((status) => status === 303)).toEqual([303])
    expect(await auth.users.find(BOB)).toMatchObject({ user: { state: 'active' }, liveSessions: 1 })
  })

  it('says that the address is taken if the settings allow it, and signs in right away without confirmation', async () => {
    const { auth, visitor, refusals } = await scene(engine, {
      mode: 'development',
      registrationAnswer: 'explicit',
      emailVerification: false,
    })
    const bob = visitor()
    const registered = await bob.submit('/sign_up', { email: BOB, password: PASSWORD, return_to: '/app' })
    expect(registered.location).toBe('/sign_in?signed_in=&return_to=%2Fapp')
    expect((await bob.open(registered.location ?? '')).location).toBe('/app')
    expectRefusal(
      await visitor().submit('/sign_up', { email: BOB, password: PASSWORD }),
      400,
      signUp.problems.email.email_taken,
    )
    expect(refusals).toEqual(['email_taken'])
    expect((await auth.users.find(BOB))?.user.locale).toBe('en')
    expect((await visitor().open('/sign_up/code')).status).toBe(404)
  })

  it('is gone if registration is closed', async () => {
    const { visitor, refusals } = await scene(engine, { registration: 'closed' })
    const answers = [
      await visitor().open('/sign_up'),
      await visitor().submit('/sign_up', { email: BOB, password: PASSWORD }),
    ]
    expect(answers.map(({ status }) => status)).toEqual([404, 404])
    expect(refusals).toEqual(['not_found', 'not_found'])
    expect((await visitor().open('/sign_in')).html).not.toContain('/sign_up"')
  })
})

onEachEngine('the page that takes the code of a confirmation mail', (engine) => {
  async function registered() {
    const made = await scene(engine)
    const bob = made.visitor()
    await bob.submit('/sign_up', { email: BOB, password: PASSWORD })
    return { ...made, bob, code: await made.codeIn('verify_email') }
  }

  it('refuses the code in a browser that has requested none, and offers to send one', async () => {
    const { visitor, code, refusals } = await registered()
    const page = await visitor().open('/sign_up/code')
    expect(page.html).toContain(confirmCode.otherBrowser)
    expect(fieldsIn(page.html)).toEqual(['email'])
    expectRefusal(
      await visitor().submit('/sign_up/code', { code }),
      401,
      confirmCode.problems.code.invalid_code,
    )
    expect(refusals).toEqual(['invalid_code'])
  })

  it('asks for the password too in a browser that did not register the account', async () => {
    const { visitor, codeIn, refusals } = await registered()
    const other = visitor()
    const sent = await other.submit('/sign_up/resend', { email: BOB, return_to: '/app' })
    expect(sent.location).toBe(`/sign_up/code?sent=&asks=&return_to=%2Fapp${FRAGMENT}`)
    const page = await other.open(sent.location ?? '')
    expect(page.html).toContain(`<p class="done" role="status">${confirmCode.sent}`)
    expect(fieldsIn(page.html)).toEqual([
      'email',
      'code',
      'password',
      'asks',
      'return_to',
      'email',
      'return_to',
    ])
    const code = await codeIn('verify_email')
    const without = await other.submit('/sign_up/code', { code, return_to: '/app' })
    expectRefusal(without, 400, confirmCode.problems.password.missing_field)
    expect(fieldsIn(without.html)).toContain('password')
    const wrong = await other.submit('/sign_up/code', { code, password: NEW_PASSWORD, asks: 'password' })
    expectRefusal(wrong, 401, confirmCode.problems.password.invalid_credentials)
    const mistyped = { code: otherThan(code), password: PASSWORD, asks: 'password' }
    const refused = await other.submit('/sign_up/code', mistyped)
    expectRefusal(refused, 401, confirmCode.problems.code.invalid_code)
    expect(fieldsIn(refused.html)).toContain('password')
    for (const { html } of [without, wrong, refused])
      expect(html).not.toMatch(new RegExp(`${PASSWORD}|${NEW_PASSWORD}|${code}`))
    expect(refusals).toEqual(['missing_field', 'invalid_credentials', 'invalid_code'])
    const confirmed = await other.submit('/sign_up/code', { code, password: PASSWORD, asks: 'password' })
    expect(confirmed.location).toBe('/sign_in?signed_in=')
    expect(other.cookies).toContain('__Host-session_id')
  })

  it('needs no password in the browser that registered when the code is sent again, which voids the first', async () => {
    const { bob, code: first, codeIn } = await registered()
    expect((await bob.submit('/sign_up/resend', { email: BOB })).location).toBe(
      `/sign_up/code?sent=${FRAGMENT}`,
    )
    const code = await codeIn('verify_email')
    if (first !== code)
      expectRefusal(
        await bob.submit('/sign_up/code', { code: first }),
        401,
        confirmCode.problems.code.invalid_code,
      )
    expect((await bob.submit('/sign_up/code', { code })).status).toBe(303)
  })

  it('signs nobody in after five wrong codes, even with the right one, until the wait is over', async () => {
    const { bob, code, refusals } = await registered()
    for (let attempt = 0; attempt < 5; attempt++)
      expect((await bob.submit('/sign_up/code', { code: otherThan(code) })).status).toBe(401)
    const shown = await bob.submit('/sign_up/code', { code })
    expectRefusal(shown, 429, 'Too many attempts. Try again in ')
    expect(refusals).toEqual([...Array(5).fill('invalid_code'), 'too_many_attempts'])
    expect(bob.cookies).not.toContain('__Host-session_id')
  })

  it('accepts a code once, also if the form is sent twice', async () => {
    const { bob, auth, code } = await registered()
    const both = await Promise.all([1, 2].map(() => bob.submit('/sign_up/code', { code })))
    expect(both.map(({ status }) => status).toSorted()).toEqual([303, 401])
    expect(await auth.users.find(BOB)).toMatchObject({ liveSessions: 1 })
  })

  it('answers the same for every address when the mail is sent again', async () => {
    const { auth, visitor, newMails } = await registered()
    await auth.users.create({ email: 'carol@example.com', password: PASSWORD, confirmed: true })
    const looks = []
    for (const email of [BOB, 'carol@example.com', NOBODY])
      looks.push(await sightsOf(email, [await visitor().submit('/sign_up/resend', { email })]))
    expect(new Set(looks.map((look) => JSON.stringify(look))).size).toBe(1)
    expect((await newMails()).map(({ to }) => to)).toEqual([BOB])
    const empty = await visitor().submit('/sign_up/resend', { email: '', return_to: '/app' })
    expectRefusal(empty, 400, signUp.problems.email.missing_field)
    expect(fieldValue(empty.html, 'return_to')).toBe('/app')
    const mistyped = await visitor().submit('/sign_up/resend', { email: 'bob.example.com' })
    expectRefusal(mistyped, 400, signUp.problems.email.invalid_field)
    expect((await visitor().open('/sign_up/resend')).status).toBe(200)
  })

  it('only says to open the link if there are no codes', async () => {
    const { visitor, refusals } = await scene(engine, WITHOUT_CODES)
    const bob = visitor()
    const { location } = await bob.submit('/sign_up', { email: BOB, password: PASSWORD })
    expect(bob.cookies).toEqual([])
    const { html } = await bob.open(location ?? '')
    expect(html).toContain(confirmCode.linkOnly)
    expect(fieldsIn(html)).toEqual(['email'])
    expect((await bob.submit('/sign_up/code', { code: '12345678' })).status).toBe(405)
    expect(refusals).toEqual(['method_not_allowed'])
  })

  it('is linked from the sign-in page if the address may be unconfirmed', async () => {
    const { visitor } = await registered()
    for (const email of [BOB, NOBODY]) {
      const refused = await visitor().submit('/sign_in', { email, password: PASSWORD, return_to: '/app' })
      expectRefusal(refused, 401, signIn.invalidOrUnconfirmed)
      expect(refused.html).toContain(`<a href="/sign_up/code?return_to=%2Fapp">${signIn.confirm}</a>`)
    }
  })
})

onEachEngine('the pages that recover an account', (engine) => {
  async function recovering(options: SceneOptions = {}) {
    const made = await scene(engine, options)
    await made.auth.users.create({ email: BOB, password: PASSWORD, confirmed: true })
    const bob = made.visitor()
    const asked = await bob.submit('/recover', { email: BOB, return_to: '/app' })
    return { ...made, bob, asked }
  }

  it('mail a code, set a new password with it, sign nobody in, and lead to the sign-in page', async () => {
    const { auth, bob, asked, codeIn } = await recovering()
    expect([asked.status, asked.location]).toEqual([303, `/recover/code?return_to=%2Fapp${FRAGMENT}`])
    const page = await bob.open(asked.location ?? '')
    expect(fieldsIn(page.html)).toEqual(['email', 'code', 'new_password', 'return_to'])
    expect(page.html).toContain('Use at least 15 characters.')
    const fields = { code: await codeIn('reset_password'), new_password: NEW_PASSWORD, return_to: '/app' }
    const changed = await bob.submit('/recover/code', fields)
    expect(changed.location).toBe('/sign_in?password_changed=&return_to=%2Fapp')
    expect(bob.cookies).toEqual(['__Host-browser'])
    const { html } = await bob.open(changed.location ?? '')
    expect(html).toContain(`<p class="done" role="status">${signIn.passwordChanged}`)
    expect(fieldValue(html, 'return_to')).toBe('/app')
    expect(await auth.validLogin(BOB, PASSWORD)).toBe(false)
    const signedIn = await bob.submit('/sign_in', { email: BOB, password: NEW_PASSWORD, return_to: '/app' })
    expect((await bob.open(signedIn.location ?? '')).location).toBe('/app')
  })

  it('answer the same for every address', async () => {
    const { visitor, newMails } = await recovering()
    await newMails()
    const look = async (email: string) => {
      const person = visitor()
      const asked = await person.submit('/recover', { email })
      const page = await person.open(asked.location ?? '')
      const refused = await person.submit('/recover/code', { code: '00000000', new_password: NEW_PASSWORD })
      return sightsOf(email, [asked, page, refused])
    }
    const unknown = await look(NOBODY)
    expect(await look(BOB)).toEqual(unknown)
    expect((await newMails()).map(({ to }) => to)).toEqual([BOB])
  })

  it('refuse a wrong form with advice, and the code still works', async () => {
    const { bob, codeIn, refusals } = await recovering()
    const code = await codeIn('reset_password')
    const cases = [
      [{ code: '' }, 400, recoveryCode.problems.code.missing_field],
      [{ code: otherThan(code) }, 401, recoveryCode.problems.code.invalid_code],
      [{ new_password: '' }, 400, errors.newPassword.missing_field],
      [{ new_password: 'tortoise' }, 400, 'Use at least 15 characters.'],
    ] as const
    for (const [given, status, sentence] of cases) {
      const fields = { code, new_password: NEW_PASSWORD, ...given, return_to: '/app' }
      const shown = await bob.submit('/recover/code', fields)
      expectRefusal(shown, status, sentence)
      expect(fieldValue(shown.html, 'return_to')).toBe('/app')
      expect(shown.html).not.toMatch(new RegExp(`${code}|${NEW_PASSWORD}|tortoise`))
    }
    expect(refusals).toEqual(['missing_field', 'invalid_code', 'missing_field', 'password_too_short'])
    expectRefusal(await bob.submit('/recover', { email: '' }), 400, recovery.problems.email.missing_field)
    const mistyped = await bob.submit('/recover', { email: 'bob.example.com' })
    expectRefusal(mistyped, 400, recovery.problems.email.invalid_field)
    expect(fieldValue(mistyped.html, 'email')).toBe('bob.example.com')
    const both = await Promise.all(
      [1, 2].map(() => bob.submit('/recover/code', { code, new_password: NEW_PASSWORD })),
    )
    expect(both.map(({ status }) => status).toSorted()).toEqual([303, 401])
  })

  it('refuse the code in another browser, and after five wrong ones', async () => {
    const { bob, visitor, codeIn, refusals } = await recovering()
    const code = await codeIn('reset_password')
    const fields = { code, new_password: NEW_PASSWORD }
    const other = visitor()
    const page = await other.open('/recover/code')
    expect(page.html).toContain(recoveryCode.otherBrowser)
    expect(fieldsIn(page.html)).toEqual([])
    expectRefusal(await other.submit('/recover/code', fields), 401, recoveryCode.problems.code.invalid_code)
    await other.submit('/recover', { email: NOBODY })
    expectRefusal(await other.submit('/recover/code', fields), 401, recoveryCode.problems.code.invalid_code)
    for (let attempt = 0; attempt < 5; attempt++)
      await bob.submit('/recover/code', { ...fields, code: otherThan(code) })
    expectRefusal(await bob.submit('/recover/code', fields), 429, 'Too many attempts. Try again in ')
    expect(refusals).toEqual([...Array(7).fill('invalid_code'), 'too_many_attempts'])
  })

  it('say how long to wait after many requests', async () => {
    const { bob, refusals } = await recovering({ resetRequestsPerAccount: 2 })
    await bob.submit('/recover', { email: BOB })
    const shown = await bob.submit('/recover', { email: BOB, return_to: '/app' })
    expectRefusal(shown, 429, problems.too_many_attempts_until.slice(0, -'{time}.'.length))
    expect(fieldValue(shown.html, 'email')).toBe(BOB)
    expect(refusals).toEqual(['too_many_attempts'])
  })

  it('only say to open the link if there are no codes', async () => {
    const { bob, asked, newMails } = await recovering(WITHOUT_CODES)
    const { html } = await bob.open(asked.location ?? '')
    expect(html).toContain(recoveryCode.linkOnly)
    expect(fieldsIn(html)).toEqual([])
    expect((await newMails()).map(({ kind }) => kind)).toEqual(['reset_password'])
    expect((await bob.submit('/recover/code', { code: '12345678', new_password: PASSWORD })).status).toBe(405)
  })
})

onEachEngine('an entry page', (engine) => {
  const forms = {
    '/sign_up': { email: BOB, password: PASSWORD },
    '/sign_up/resend': { email: BOB },
    '/recover': { email: BOB },
  }

  it.each(TARGETS)('does not lead to %j [API-18]', async (target) => {
    const { visitor } = await scene(engine)
    const query = new URLSearchParams({ return_to: target })
    for (const path of [...Object.keys(forms), '/sign_up/code', '/recover/code']) {
      const { status, html } = await visitor().open(`${path}?${query}`)
      expect(status, path).toBe(200)
      expect(fieldsIn(html), path).not.toContain('return_to')
    }
    for (const [path, fields] of Object.entries(forms)) {
      const { location } = await visitor().submit(path, { ...fields, return_to: target })
      expect(location, path).toMatch(/^\/[a-z_/]+(\?sent=&asks=)?#email=bob%40example.com$/)
    }
  })

  it('shows no text from its query', async () => {
    const { visitor } = await scene(engine)
    for (const path of ['/sign_in?password_changed=', '/sign_up/code?sent=', '/sign_up/code?asks='])
      expect((await visitor().open(`${path}You+won`)).html).not.toMatch(/<p>[^<]*You won/)
  })

  it('answers programs with JSON', async () => {
    const { auth, refusals } = await scene(engine)
    const headers = { origin: auth.options.baseUrl, 'content-type': 'application/x-www-form-urlencoded' }
    const request = new Request(`${auth.options.baseUrl}/recover/code`, {
      method: 'POST',
      headers,
      body: 'code=1&new_password=2',
    })
    const answer = await auth.fetch(request)
    expect([answer.status, await answer.json()]).toMatchObject([401, { code: 'invalid_code' }])
    expect(refusals).toEqual(['invalid_code'])
  })

  it('is absent if the pages are off, but those behind links stay and lead nowhere else', async () => {
    const { visitor } = await scene(engine, { pages: false })
    for (const path of [...Object.keys(forms), '/.well-known/change-password'])
      expect((await visitor().open(path)).status, path).toBe(404)
    for (const path of ['/confirm_email', '/reset_password'])
      expect((await visitor().open(path)).html).not.toMatch(/\/sign_in|\/recover|\/code"/)
  })

  it('is where the pages behind links lead, and password managers find the page for a new password', async () => {
    const { visitor } = await scene(engine)
    const linksIn = ({ html }: Shown) =>
      [...html.matchAll(/<li><a href="(\/[a-z_/]+)">/g)].map(([, path]) => path)
    // The links of each notice: done, no longer valid, incomplete, and without JavaScript.
    const confirm = ['/sign_up/code', '/account/email']
    const again = ['/sign_in', ...confirm]
    expect(linksIn(await visitor().open('/confirm_email'))).toEqual([
      '/sign_in',
      ...again,
      ...again,
      ...confirm,
    ])
    const recover = ['/sign_in', '/recover']
    expect(linksIn(await visitor().open('/reset_password'))).toEqual([
      '/sign_in',
      ...recover,
      ...recover,
      '/recover/code',
    ])
    const { status, location } = await visitor().open('/.well-known/change-password')
    expect([status, location]).toEqual([303, '/account/password'])
  })
})

if (!hasBrowser) console.warn('SKIPPED: sign-up and recovery in a browser. Install chromium to run it.')

describe.skipIf(!hasBrowser)('in a browser', () => {
  async function start(
    javaScriptEnabled: boolean,
  ): Promise<{ page: Page; origin: string; codeIn(kind: MailKind): Promise<string> }> {
    const server = createServer((request, response) => handle(request, response)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    onTestFinished(() => server.closeAllConnections())
    const origin = `http://localhost:${(server.address() as AddressInfo).port}`
    const mailer = memoryMailer()
    const auth = await freshAuth('sqlite', {
      mode: 'development',
      baseUrl: origin,
      mailer,
      emailVerification: true,
      registrationAnswer: 'uniform',
      breachCheckUrl: 'off',
    })
    const handle = toNodeHandler(auth)
    const browser = await openBrowser()
    const page = await (await browser.newContext({ javaScriptEnabled })).newPage()
    const codeIn = async (kind: MailKind) => {
      const find = () => mailer.mails.find((mail) => mail.kind === kind)
      await until(() => find() !== undefined)
      return find()?.code ?? expect.unreachable('no code')
    }
    return { page, origin, codeIn }
  }

  it('a person without script signs up, confirms the address, signs out, and recovers the account', async () => {
    const { page, origin, codeIn } = await start(false)
    const press = (name: string) => page.locator('main').getByRole('button', { name, exact: true }).click()
    const field = (name: string) => page.locator(`main form:first-of-type #${name}`)
    await page.goto(`${origin}/sign_up?return_to=/sign_out`)
    await press(signUp.submit)
    expect(await page.title()).toMatch(/^Error: Create an account/)
    await field('email').fill(BOB)
    await field('password').fill(PASSWORD)
    await press(signUp.submit)
    await field('code').fill(await codeIn('verify_email'))
    await press(confirmCode.submit)
    expect(page.url()).toBe(`${origin}/sign_out`)
    await press(PAGES.en.signOut.submit)
    await page.getByRole('link', { name: signIn.forgot }).click()
    await field('email').fill(BOB)
    await press(recovery.submit)
    await field('code').fill(await codeIn('reset_password'))
    await field('new_password').fill(NEW_PASSWORD)
    await press(recoveryCode.submit)
    expect(await page.getByRole('status').innerText()).toBe(signIn.passwordChanged)
    await field('email').fill(BOB)
    await field('password').fill(NEW_PASSWORD)
    await press(signIn.submit)
    await page.goto(`${origin}/sign_out`)
    expect(await page.locator('main').innerText()).toContain(BOB)
  })

  it.each([
    ['/recover', { '#email': BOB }],
    ['/sign_up', { '#email': BOB, '#password': PASSWORD }],
  ])(
    'the page after %s shows where mail went, also to password managers, and keeps it',
    async (path, fields) => {
      const { page, origin } = await start(true)
      const expectShown = async () => {
        await expect.poll(() => page.locator('#account').innerText()).toBe(BOB)
        for (const field of await page.locator('[autocomplete=username]').all())
          expect(await field.inputValue()).toBe(BOB)
        expect(page.url()).toBe(`${origin}${path}/code`)
      }
      await page.goto(origin + path)
      for (const [field, value] of Object.entries(fields)) await page.fill(field, value)
      await page.click('main [type=submit]')
      await page.waitForURL(`${origin}${path}/code`)
      await expectShown()
      const answered = page.waitForResponse((response) => response.status() === 401)
      await page.fill('#code', '0000 0000')
      if (path === '/recover') await page.fill('#new_password', NEW_PASSWORD)
      await page.locator('main [type=submit]').first().click()
      await answered
      await expectShown()
      await page.goto(`${origin}${path}/code?x#email=Call+us+at+555-0100`)
      expect(await page.innerText('main')).not.toContain('555')
    },
  )

  it('a form sends once after a double click, and can be sent again if the browser was stopped', async () => {
    const { page, origin } = await start(true)
    await page.clock.install()
    await page.goto(`${origin}/sign_in`)
    let sent = 0
    // A response without content leaves the page as it is, like a browser that is stopped.
    await page.route(`${origin}/sign_in`, (route) => {
      sent++
      return route.fulfill({ status: 204 })
    })
    const submit = page.locator('main [type=submit]')
    await submit.dblclick()
    await expect.poll(() => sent).toBe(1)
    expect(await submit.innerText()).toBe(PAGES.en.shell.working)
    await page.clock.runFor(10_000)
    expect([await submit.innerText(), await submit.getAttribute('aria-disabled')]).toEqual([
      signIn.submit,
      null,
    ])
    expect(sent).toBe(1)
    await submit.click()
    await expect.poll(() => sent).toBe(2)
  })

  it('a link does not fill in the address of a new account', async () => {
    const { page, origin } = await start(true)
    await page.goto(`${origin}/sign_up#email=eve%40example.com`)
    expect(await page.inputValue('#email')).toBe('')
  })
})

/** What holds for every hosted page. A new page is tested here without any change to this file. */
import { describe, expect, it } from 'vitest'
import { errorBody, type Operation, TOPICS } from '../../src/api/index.ts'
import { AuthError, ERRORS, type ErrorCode } from '../../src/model/errors.ts'
import { type FormState, openAssets, openSite, renderSessions, renderSignOut } from '../../src/pages/index.ts'
import { LOCALES, type Locale, PAGES as TEXTS } from '../../src/text/index.ts'
import { CHEAP_HASHER } from '../support/engines.ts'
import { lookOf } from '../support/look.ts'
import { attributeOf, type Element, isForPasskeys, problemsIn, readMarkup } from '../support/markup.ts'
import {
  APPLICATION,
  FORMS,
  NAVIGATION,
  openPageSite,
  PAGES,
  type PageSite,
  sessionFor,
} from '../support/page-site.ts'
import { BASE_URL, PASSWORD } from '../support/production.ts'
import { ALICE } from '../support/story.ts'

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  `form-action 'self' ${APPLICATION}`,
  "base-uri 'none'",
  "object-src 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')

/** The pages behind mailed links. */
const LINKED: readonly string[] = [TOPICS.pages.confirmEmail.path, TOPICS.pages.resetPassword.path]

/** In bytes, uncompressed. */
const BUDGET = {
  style: 8 * 1_024,
  /** With what the sign-in page needs for passkeys. */
  script: 5 * 1_024,
  linkScript: 6.5 * 1_024,
  signIn: 6 * 1_024,
  page: 10 * 1_024,
  firstVisit: 20 * 1_024,
}

async function open(page: Operation, site: PageSite, query = ''): Promise<Response> {
  return site.ask('GET', page.path + query, await sessionFor(page, site))
}

function expectPage(answer: Response, path: string): void {
  const { headers } = answer
  expect(headers.get('content-type'), path).toBe('text/html; charset=utf-8')
  expect(headers.get('content-security-policy'), path).toBe(POLICY)
  expect(headers.get('referrer-policy'), path).toBe(LINKED.includes(path) ? 'no-referrer' : 'same-origin')
  expect(headers.get('cache-control'), path).toBe('no-store')
  expect(headers.get('vary'), path).toBe('Accept')
  expect(headers.get('cross-origin-opener-policy'), path).toBe('same-origin')
  expect(headers.get('cross-origin-resource-policy'), path).toBe('same-origin')
  expect(headers.get('x-content-type-options'), path).toBe('nosniff')
  expect(headers.get('x-frame-options'), path).toBe('DENY')
  expect(headers.get('strict-transport-security'), path).toContain('max-age=63072000')
  const permissions = (headers.get('permissions-policy') ?? '').split(', ')
  expect(permissions).toContain('camera=()')
  const allowed = permissions.filter((feature) => !/^[a-z-]+=\(\)$/.test(feature))
  expect([[], PASSKEYS]).toContainEqual(allowed)
}

const PASSKEYS = ['publickey-credentials-create=(self)', 'publickey-credentials-get=(self)']

describe.each(PAGES.map((page) => ({ path: page.path, page })))('$path', ({ path, page }) => {
  it('is well-formed and complete, with its policies, and sets no cookie [PW-11, API-05, API-10, DAT-04]', async () => {
    const site = await openPageSite()
    const answer = await open(page, site)
    expect(answer.status).toBe(200)
    expectPage(answer, path)
    expect(answer.headers.getSetCookie()).toEqual([])
    const html = await answer.text()
    expect(problemsIn(html)).toEqual([])
    const { elements } = readMarkup(html)
    const title = elements.find(({ tag }) => tag === 'title')?.text ?? ''
    expect(title).toMatch(/^.+ – auth\.example\.com$/)
    expect(title).not.toMatch(/^Error/)
    const asked = elements.filter(
      ({ tag, attributes }) => attributes.has('src') || (tag === 'link' && attributes.has('href')),
    )
    expect(asked.map((element) => attributeOf(element, 'src') || attributeOf(element, 'href'))).toEqual(
      ['svg', 'css', ...asked.slice(2).map(() => 'js')].map((type) =>
        expect.stringMatching(new RegExp(`^/assets/[\\da-f]{16}\\.${type}$`)),
      ),
    )
    expect(asked.length).toBeLessThanOrEqual(6)
    const asks = elements.some(isForPasskeys)
    expect(answer.headers.get('permissions-policy')?.includes(PASSKEYS.join(', '))).toBe(asks)
    // The drawing of a QR code comes on top.
    const bytes = Buffer.byteLength(html.replaceAll(/ d="[^"]{1000,}"/g, ''))
    expect(bytes).toBeLessThanOrEqual(path === '/sign_in' ? BUDGET.signIn : BUDGET.page)
  })

  it('is in every language, and a choice of language is kept in the one cookie that it sets', async () => {
    const site = await openPageSite()
    const titles = new Set<string>()
    for (const locale of LOCALES) {
      const answer = await open(page, site, `?lang=${locale}`)
      const html = await answer.text()
      expect(problemsIn(html)).toEqual([])
      expect(html).toContain(`<html lang="${locale}">`)
      expect(answer.headers.getSetCookie()).toEqual([
        expect.stringMatching(
          new RegExp(
            `^__Host-language=${locale}; Path=/; Max-Age=31536000; Expires=[^;]+; Secure; HttpOnly; SameSite=Lax$`,
          ),
        ),
      ])
      titles.add(readMarkup(html).elements.find(({ tag }) => tag === 'title')?.text ?? '')
      const cookie = { cookie: `__Host-language=${locale}` }
      if (page.access === 'anyone')
        expect(await (await site.ask('GET', path, { headers: cookie })).text()).toContain(
          `<html lang="${locale}">`,
        )
    }
    const accepted = { 'accept-language': 'xx, fr;q=0.5' }
    const french = await site.ask('GET', path, { ...(await sessionFor(page, site)), headers: accepted })
    expect(await french.text()).toContain('<html lang="fr">')
    for (const lang of ['fR', 'fr-CA', 'fr-<script>']) {
      const answer = await open(page, site, `?lang=${lang}`)
      expect(answer.headers.getSetCookie()).toEqual([expect.stringContaining('-language=fr; ')])
      const html = await answer.text()
      expect(html).toContain('<html lang="fr">')
      expect(html).not.toContain(lang)
    }
    for (const lang of ['xx', 'en<script>', '%0d%0aSet-Cookie:%20x=y', '../../en', '']) {
      const odd = await open(page, site, `?lang=${lang}`)
      expect([odd.status, odd.headers.getSetCookie()]).toEqual([200, []])
      const html = await odd.text()
      expect(problemsIn(html)).toEqual([])
      expect(html).not.toMatch(/<script>|x=y/)
    }
  })

  it('puts its own form first in main, with its submit button first [PGE-01]', async () => {
    const { elements } = readMarkup(await (await open(page, await openPageSite())).text())
    const inMain = elements.filter(({ ancestors }) => ancestors.some(({ tag }) => tag === 'main'))
    const [form] = inMain.filter(
      (element) => element.tag === 'form' && element.attributes.has('action') && !isForPasskeys(element),
    )
    if (form === undefined) return
    const action = attributeOf(form, 'action')
    const operation = FORMS.find((each) =>
      new RegExp(`^${each.path.replace(/\{\w+\}/, '\\w+')}$`).test(action),
    )
    expect(operation, action).toBeDefined()
    const [button] = inMain.filter((element) => attributeOf(element, 'type') === 'submit')
    expect(button?.ancestors).toContain(form)
    const names = inMain.filter(({ tag, ancestors }) => tag === 'input' && ancestors.includes(form))
    for (const input of names) {
      const name = attributeOf(input, 'name')
      // A user field is a member of `metadata`.
      if (name !== '') expect(Object.keys(operation?.body?.shape ?? {})).toContain(name.replace(/\..*/, ''))
    }
  })

  it('answers HEAD like GET, and refuses other methods with the allowed ones [API-08]', async () => {
    const site = await openPageSite()
    const session = await sessionFor(page, site)
    const [get, head] = [await site.ask('GET', path, session), await site.ask('HEAD', path, session)]
    expect(head.status).toBe(200)
    expect([...head.headers]).toEqual([...get.headers])
    for (const method of ['PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
      const refused = await site.ask(method, path, session)
      // The page behind a reset mail has the path of the operation that resets.
      if (!(refused.headers.get('content-type') ?? '').startsWith('text/html')) continue
      if (refused.status !== 405) continue
      expect(refused.headers.get('allow')).toMatch(/\bGET\b.*\bHEAD$/)
      expectPage(refused, '')
      expect(problemsIn(await refused.text())).toEqual([])
      const program = await site.ask(method, path, { ...session, headers: { accept: '*/*' } })
      expect([program.status, program.headers.get('content-type')]).toEqual([405, 'application/json'])
      expect(errorBody.parse(await program.json()).code).toBe('method_not_allowed')
    }
  })

  it('takes no field from the query', async () => {
    const site = await openPageSite()
    const fields = {
      email: 'mallory@evil.example',
      password: PASSWORD,
      code: '1234 5678',
      remember: 'x',
      session: 'x',
    }
    const html = await (await open(page, site, `?${new URLSearchParams(fields)}`)).text()
    expect(problemsIn(html)).toEqual([])
    const { elements } = readMarkup(html)
    const values = elements.filter(({ tag }) => tag === 'input').map((input) => attributeOf(input, 'value'))
    for (const value of Object.values(fields).slice(0, 3)) expect(values).not.toContain(value)
  })

  it('leads a browser to the page that must come first, and refuses programs', async () => {
    if (page.access === 'anyone') return
    const site = await openPageSite()
    if (page.access === 'pending') {
      const { loginToken } = await sessionFor(page, site)
      const where = async (request: Parameters<PageSite['ask']>[2], query = '') => {
        const { status, headers } = await site.ask('GET', path + query, request)
        return [status, headers.get('location')]
      }
      expect(await where({})).toEqual([303, '/sign_in?expired='])
      expect(await where({}, '?begun')).toEqual([303, '/sign_in?signed_in='])
      expect(await where({ loginToken }, '?begun')).toEqual([303, path.replace('/app', '')])
      const program = await site.ask('GET', path, { headers: { accept: 'application/json' } })
      expect([program.status, errorBody.parse(await program.json()).code]).toEqual([
        401,
        'pending_login_required',
      ])
      site.now.advance(600)
      expect(await where({ loginToken })).toEqual([303, '/sign_in?expired='])
      return
    }
    const { status, headers } = await site.ask('GET', path)
    expect([status, headers.get('location')]).toEqual([
      303,
      `/sign_in?${new URLSearchParams({ return_to: path })}`,
    ])
    expect(headers.get('cache-control')).toBe('no-store')
    const program = await site.ask('GET', path, { headers: { accept: 'application/json' } })
    expect([program.status, errorBody.parse(await program.json()).code]).toEqual([401, 'unauthenticated'])
    const old = await site.newSession()
    await site.auth.users.disable(site.userId)
    const disabled = await site.ask('GET', path, { sessionToken: old })
    expect([disabled.status, disabled.headers.get('location')?.split('?')[0]]).toEqual([303, '/sign_in'])
    await site.auth.users.enable(site.userId)
    const sessionToken = await site.newSession()
    site.now.advance(3_600)
    const stale = await site.ask('GET', path, { sessionToken })
    const isFresh = typeof page.access === 'object' && page.access.fresh === true
    expect([stale.status, stale.headers.get('location')]).toEqual(
      isFresh ? [303, `/confirm?${new URLSearchParams({ return_to: path })}`] : [200, null],
    )
  })
})

describe.each(FORMS.map((form) => ({ path: form.path, form })))('the form of $path', ({ path, form }) => {
  const empty = { body: '', headers: { 'content-type': 'application/x-www-form-urlencoded' } }

  it('shows its page again with the status of the refusal, an error summary and no secret [PGE-02, PW-11]', async () => {
    const site = await openPageSite()
    const session = await sessionFor(form, site)
    if (form.body === undefined || form.body.safeParse({}).success) return
    const fields = {
      ...Object.fromEntries(Object.keys(form.body.shape).map((name) => [name, MARK])),
      email: 'not an address',
    }
    const named = Object.fromEntries(
      Object.entries(fields).filter(([name]) => Object.hasOwn(form.body?.shape ?? {}, name)),
    )
    for (const request of [empty, { form: named }]) {
      const answer = await site.ask('POST', path, { ...request, ...session })
      // Some take any text, and lead on as if it had been right.
      if (answer.status === 303) continue
      expect([400, 401, 403, 404, 409, 429]).toContain(answer.status)
      expectPage(answer, '')
      const html = await answer.text()
      expect(problemsIn(html)).toEqual([])
      const { elements } = readMarkup(html)
      // What has no field cannot be filled in wrongly.
      const inMain = elements.filter(({ ancestors }) => ancestors.some(({ tag }) => tag === 'main'))
      if (inMain.some(({ tag }) => tag === 'label')) expectProblem(html)
      for (const secret of ['password', 'new_password', 'code', 'recovery_code', 'credential'])
        for (const input of elements.filter((element) => attributeOf(element, 'name') === secret))
          expect(attributeOf(input, 'value')).toBe('')
    }
  })

  it('answers a program with the JSON error, in every form of Accept', async () => {
    const site = await openPageSite()
    const session = await sessionFor(form, site)
    const foreign = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
    const bodies = new Set<string>()
    for (const accept of ['*/*', 'application/json, text/html;q=0.9', 'text/html;q=0.0, */*', 'text/*', '']) {
      const answer = await site.ask('POST', path, { ...session, headers: { ...foreign, accept } })
      const { request_id, ...body } = errorBody.parse(await answer.json())
      expect(request_id).toMatch(/^[\da-f-]{36}$/)
      bodies.add(JSON.stringify([answer.status, answer.headers.get('content-type'), body]))
    }
    expect(bodies.size).toBe(1)
    for (const accept of ['text/html', 'TEXT/HTML', 'application/json;q=0.1, text/html', NAVIGATION]) {
      const answer = await site.ask('POST', path, { ...session, headers: { ...foreign, accept } })
      expect(answer.status).toBe(403)
      expectPage(answer, '')
      expect(problemsIn(await answer.text())).toEqual([])
    }
  })

  it('refuses another site, with and without cookies, and bodies that no form sends [API-08]', async () => {
    const site = await openPageSite()
    const session = await sessionFor(form, site)
    const code = async (request: Parameters<PageSite['ask']>[2]) => {
      const answer = await site.ask('POST', path, request)
      expectPage(answer, '')
      const json = await site.ask('POST', path, {
        ...request,
        headers: { ...request?.headers, accept: '*/*' },
      })
      return `${answer.status} ${errorBody.parse(await json.json()).code}`
    }
    for (const cookies of [{}, session])
      for (const headers of [
        { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
        // A sandboxed frame.
        { origin: 'null', 'sec-fetch-site': 'cross-site' },
        { origin: 'https://sibling.example.com', 'sec-fetch-site': 'same-site' },
        { origin: APPLICATION, 'sec-fetch-site': 'same-site' },
        { origin: `${BASE_URL}:8443`, 'sec-fetch-site': 'same-site' },
        { origin: BASE_URL.replace('https:', 'http:'), 'sec-fetch-site': 'cross-site' },
      ])
        expect(await code({ ...cookies, form: {}, headers })).toBe('403 foreign_origin')
    if (form.body === undefined) return
    const typed = (type: string, body: string) => ({ ...session, body, headers: { 'content-type': type } })
    const FORM = 'application/x-www-form-urlencoded'
    expect(await code(typed(FORM, `email=${'x'.repeat(70_000)}`))).toBe('413 body_too_large')
    expect(await code(typed(FORM, 'email=%ff%fe'))).toBe('400 malformed_body')
    expect(await code(typed(FORM, 'return_to=/a&return_to=/b'))).toMatch(/^400 (?:repeated|unknown)_field$/)
    expect(await code(typed(FORM, 'is_admin=1'))).toBe('400 unknown_field')
    expect(await code(typed(FORM, '__proto__=1'))).toBe('400 unknown_field')
    const [first = ''] = Object.keys(form.body.shape)
    expect(await code(typed(FORM, `${first}=a%40b.example&${first}=c%40d.example`))).toBe(
      '400 repeated_field',
    )
    expect(await code(typed('text/plain', 'email=x'))).toBe('415 unsupported_media_type')
    expect(await code(typed('application/json', '{}'))).toBe('415 unsupported_media_type')
    expect(await code(typed('multipart/form-data; boundary=x', '--x--'))).toBe('415 unsupported_media_type')
  })

  it('leads a browser without a session to sign in, whatever the fields are', async () => {
    if (form.access === 'anyone') return
    const site = await openPageSite()
    const names = Object.keys(form.body?.shape ?? {})
    // With the address, a sign-in that waited shows the page at once.
    const sent = names.filter((name) => name !== 'email' || form.access !== 'pending')
    for (const request of [empty, { form: Object.fromEntries(sent.map((name) => [name, 'x'])) }]) {
      const answer = await site.ask('POST', path, request)
      // What is not even a form of this page is refused for that.
      if (form.access === 'pending' && answer.status === 400) continue
      expect([answer.status, answer.headers.get('location')?.split('?')[0]]).toEqual([303, '/sign_in'])
    }
  })
})

it.each(LOCALES)('the forms without fields say why they were refused, in %s [PGE-02]', (locale) => {
  const look = lookOf({ locale, user: { email: ALICE } })
  const form: FormState = { values: {}, refusal: new AuthError('unavailable') }
  for (const { html } of [
    renderSessions(look, { form, sessions: [], fresh: true, done: null, part: null }),
    renderSignOut(look, { form, returnTo: null }),
  ]) {
    expectProblem(html, locale)
    expect(html).toContain(TEXTS[locale].errors.request.unavailable)
  }
})

const MARK = 'Th1s must never come back'

function expectProblem(html: string, locale: Locale = 'en'): void {
  const { elements } = readMarkup(html)
  const title = elements.find(({ tag }) => tag === 'title')?.text ?? ''
  expect(title).toMatch(new RegExp(`^${TEXTS[locale].shell.errorTitle.replace('{title}', '.+')}$`))
  const [summary] = elements.filter((element) => attributeOf(element, 'role') === 'alert')
  expect(summary?.attributes.has('autofocus')).toBe(true)
  expect(attributeOf(summary as Element, 'tabindex')).toBe('-1')
  const invalid = elements.filter((element) => attributeOf(element, 'aria-invalid') === 'true')
  const links = elements.filter(
    ({ tag, ancestors }) => tag === 'a' && summary !== undefined && ancestors.includes(summary),
  )
  // Others lead to a page that helps.
  const toFields = links.map((link) => attributeOf(link, 'href')).filter((href) => href.startsWith('#'))
  expect(toFields).toEqual(invalid.map((input) => `#${attributeOf(input, 'id')}`))
  for (const input of invalid)
    expect(attributeOf(input, 'aria-describedby')).toContain(`${attributeOf(input, 'id')}-problem`)
}

describe('a refusal of a navigation', () => {
  it('is a page for a person and unchanged JSON for a program: 404, 405, 421', async () => {
    const site = await openPageSite()
    for (const [method, path, headers, status, code] of [
      ['GET', '/nothing', {}, 404, 'not_found'],
      ['GET', '/assets/none.css', {}, 404, 'not_found'],
      ['PUT', '/sign_in', {}, 405, 'method_not_allowed'],
      ['GET', '/sign_in', { host: 'evil.example' }, 421, 'unknown_host'],
      ['GET', `/sign_in?${'x'.repeat(2_100)}`, {}, 414, 'uri_too_long'],
    ] as const) {
      const page = await site.ask(method, path, { headers })
      expect([page.status, path]).toEqual([status, path])
      expectPage(page, '')
      const html = await page.text()
      expect(problemsIn(html)).toEqual([])
      expect(html).not.toMatch(/[\da-f]{8}-[\da-f]{4}-/)
      for (const accept of ['*/*', 'application/json', 'text/html;q=0', '']) {
        const program = await site.ask(method, path, { headers: { ...headers, accept } })
        expect(program.headers.get('content-type')).toBe('application/json')
        expect(program.headers.has('vary')).toBe(false)
        expect(Object.keys((await program.json()) as object)).toEqual(['message', 'code', 'request_id'])
        expect(program.status).toBe(status)
        expect(code).toBe(code)
      }
    }
  })

  it('names the request of a fault, for the log: 500, 503', async () => {
    for (const [error, status] of [
      [new Error('disk on fire'), 500],
      [new AuthError('unavailable'), 503],
    ] as const) {
      const fail = () => Promise.reject(error)
      const logged: unknown[] = []
      const log = (fields: object) => void logged.push(fields)
      const site = await openPageSite({
        hasher: { ...CHEAP_HASHER, verify: fail, verifyNothing: fail },
        logger: { debug: log, info: log, warn: log, error: log },
      })
      const answer = await site.ask('POST', '/sign_in', { form: { email: ALICE, password: PASSWORD } })
      expect(answer.status).toBe(status)
      expectPage(answer, '')
      const html = await answer.text()
      expect(problemsIn(html)).toEqual([])
      expect(html).not.toContain('disk on fire')
      if (status === 500) {
        const [id = expect.unreachable()] = /[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/.exec(html) ?? []
        expect(JSON.stringify(logged)).toContain(id)
      } else expect(answer.headers.get('retry-after')).toBe('1')
    }
  })

  it('has the wait in words: 429', async () => {
    const site = await openPageSite({ loginFailuresPerAccount: 2 })
    for (let failure = 0; failure < 2; failure++) await site.auth.validLogin(ALICE, 'wrong')
    const answer = await site.ask('POST', '/sign_in', { form: { email: ALICE, password: PASSWORD } })
    expect(answer.status).toBe(429)
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    const html = await answer.text()
    expect(html).toMatch(/\b\d+ (?:second|minute|hour)s?\b/)
    expectProblem(html)
  })

  it.each(Object.keys(ERRORS) as ErrorCode[])('has a page for %s in every language', async (code) => {
    const { renderRefusal } = await import('../../src/pages/index.ts')
    for (const locale of LOCALES) {
      const { html } = renderRefusal(
        lookOf({ locale, basePath: '' }),
        new AuthError(code, { retryAfterSeconds: 90 }),
        { requestId: 'the-request' },
      )
      expect(problemsIn(html)).toEqual([])
      expect(html.includes('the-request')).toBe(ERRORS[code].status >= 500)
      expect(html).not.toMatch(/\{\w+\}/)
    }
  })
})

describe('the files of the pages', () => {
  it('are small, immutable and the same for everybody', async () => {
    const site = await openPageSite()
    const { logo: _, ...files } = openAssets(openSite(site.auth.options))
    const sizes = Object.fromEntries(
      await Promise.all(
        Object.entries(files).map(async ([kind, { name, type }]) => {
          const answer = await site.ask('GET', `/assets/${name}`, { sessionToken: await site.newSession() })
          expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
          expect(answer.headers.get('content-type')).toBe(type)
          expect(answer.headers.getSetCookie()).toEqual([])
          expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
          return [kind, Buffer.byteLength(await answer.text())] as const
        }),
      ),
    )
    const signIn = await (await site.ask('GET', '/sign_in')).text()
    expect(sizes.style).toBeLessThanOrEqual(BUDGET.style)
    const ofScript = (sizes.script ?? 0) + (sizes.passkeyScript ?? 0)
    expect(ofScript).toBeLessThanOrEqual(BUDGET.script)
    expect(sizes.moreScript).toBeLessThanOrEqual(BUDGET.script)
    expect(sizes.linkScript).toBeLessThanOrEqual(BUDGET.linkScript)
    const { style: ofStyle = 0, icon: ofIcon = 0 } = sizes
    expect(Buffer.byteLength(signIn) + ofStyle + ofScript + ofIcon).toBeLessThanOrEqual(BUDGET.firstVisit)
  })
})

it('the check of the markup finds what is wrong', () => {
  const good =
    '<!doctype html><html lang="en"><head><title>A</title><meta name="robots" content="noindex"></head><body><a class="skip" href="#main">Skip</a><header></header><main id="main"><h1>A</h1></main><footer></footer></body></html>'
  expect(problemsIn(good)).toEqual([])
  const with_ = (more: string) => problemsIn(good.replace('</h1>', `</h1>${more}`))
  for (const [more, problem] of [
    ['<p></div>', /well-formed/],
    ['<h1>B</h1>', /2 headings/],
    ['<p id="main"></p>', /twice/],
    ['<a href="#none">x</a>', /does not exist/],
    ['<input name="x">', /no label/],
    ['<p style="color:red">', /attribute style/],
    ['<p onclick="x">', /attribute onclick/],
    ['<script>x</script>', /inline script/],
    ['<style>x</style>', /inline style/],
    ['<a href="https://evil.example/">x</a>', /leads to/],
    ['<a href="//evil.example/">x</a>', /leads to/],
    ['<a href="javascript:x">x</a>', /leads to/],
    ['<a href="/"></a>', /without a name/],
    ['<form action="/"><button type="submit">x</button></form>', /not posted/],
    ['<form method="post" action="/"></form>', /without a button/],
    [
      '<label for="c">c</label><input id="c" name="code" autocomplete="off" inputmode="numeric">',
      /autocomplete/,
    ],
    [
      '<label for="c">c</label><input id="c" name="password" type="text" autocomplete="current-password">',
      /shows password/,
    ],
  ] as const)
    expect(with_(more).join(), more).toMatch(problem)
})

/** The hosted pages in a real browser: what they send, show and leave behind. */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { renderConfirmEmail, renderResetPassword } from '../../src/pages/index.ts'
import { LOCALES, type Locale, PAGES } from '../../src/text/index.ts'
import { hasBrowser, openBrowser } from '../support/browser.ts'
import { IS_FULL } from '../support/full.ts'
import { assetAt, lookOf } from '../support/look.ts'
import type { OnEnd } from '../support/system.ts'

const BASE_PATH = '/auth'
const TOKEN = '019aa65e-1c00-7abc-8def-0123456789ab.kVQ2d3JzZWNyZXRzZWNyZXRzZWNyZXRzZWNyZXRzZQw'
const EMAIL = 'bob+tag@example.com'
const PASSWORD = 'correct horse, battery & staple: é'

interface Received {
  readonly method: string
  readonly target: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

interface Answer {
  readonly status: number
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

const HANG_UP = 'hang up'

/** A stand-in for the service. */
interface Service {
  readonly origin: string
  /** Every request so far, except those of the browser for an icon. */
  readonly received: readonly Received[]
  /** Sets the answer to requests from the pages. */
  answer(respond: () => Answer | typeof HANG_UP | Promise<Answer | typeof HANG_UP>): void
}

/** Serves the pages with no headers but the policy, and answers their requests as the test says. One for all tests. */
async function startService(onEnd: OnEnd): Promise<Service & { restart(): void }> {
  const received: Received[] = []
  let respond: () => Answer | typeof HANG_UP | Promise<Answer | typeof HANG_UP> = () => HANG_UP
  const server = createServer(async (request, response) => {
    const { method = '', url: target = '', headers } = request
    const asset = assetAt(target)
    if (asset !== null) return response.writeHead(200, { 'content-type': asset.type }).end(asset.content)
    received.push({ method, target, headers, body: await text(request) })
    const [here = '', asked = ''] = target.split('?lang=')
    const render = {
      [`${BASE_PATH}/reset_password`]: renderResetPassword,
      [`${BASE_PATH}/confirm_email`]: renderConfirmEmail,
    }[here]
    if (method === 'GET' && render !== undefined) {
      const preferred = asked || (headers['accept-language'] ?? '')
      const locale = LOCALES.find((each) => preferred.startsWith(each)) ?? LOCALES[0]
      const { html, contentSecurityPolicy, referrerPolicy } = render(
        lookOf({ locale, basePath: BASE_PATH, here }),
        {
          resetEndsSessions: true,
        },
      )
      response
        .setHeader('content-security-policy', contentSecurityPolicy)
        .setHeader('referrer-policy', referrerPolicy)
      return response.setHeader('content-type', 'text/html; charset=utf-8').end(html)
    }
    const answer = await respond()
    if (answer === HANG_UP) return request.socket.destroy()
    const body = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body)
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers }).end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onEnd(async () => {
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
  })
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    answer: (next) => {
      respond = next
    },
    restart() {
      received.length = 0
      respond = () => HANG_UP
    },
  }
}

const FLOWS = {
  resetPassword: {
    fragment: `#${new URLSearchParams({ email: EMAIL, token: TOKEN })}`,
    method: 'PUT',
    target: `${BASE_PATH}/reset_password`,
    body: { email: EMAIL, reset_token: TOKEN, new_password: PASSWORD },
    success: { status: 200, body: { email: EMAIL, message: 'Password updated' } },
    invalidLink: 'invalid_reset_token',
    passwordField: 'new_password',
  },
  confirmEmail: {
    fragment: `#${new URLSearchParams({ token: TOKEN })}`,
    method: 'POST',
    target: `${BASE_PATH}/confirm_email`,
    body: { token: TOKEN, password: PASSWORD },
    success: { status: 200, body: { email: EMAIL, message: 'Email confirmed' } },
    invalidLink: 'invalid_confirmation_token',
    passwordField: 'password',
  },
} as const

type Flow = keyof typeof FLOWS

const ALL = (Object.keys(FLOWS) as Flow[]).flatMap((flow) => LOCALES.map((locale) => ({ flow, locale })))
/** Each page in one language. `npm run test:full` opens each page in each language. */
const EVERY: readonly { flow: Flow; locale: Locale }[] = IS_FULL
  ? ALL
  : [
      { flow: 'resetPassword', locale: 'en' },
      { flow: 'confirmEmail', locale: 'fr' },
    ]

const refusal = (status: number, code: string, more: object = {}): Answer => ({
  status,
  body: { message: 'For programs.', code, request_id: 'req-0001', ...more },
})

// The behaviour of a page needs a browser; `src/pages/pages.test.ts` checks its content without one.
describe.skipIf(!hasBrowser)('the hosted pages', () => {
  let browser: Browser
  let service: Awaited<ReturnType<typeof startService>>
  const ends: Parameters<OnEnd>[0][] = []
  const onEnd: OnEnd = (end) => void ends.push(end)
  afterAll(() => Promise.all(ends.map((end) => end())))
  beforeAll(async () => {
    browser = await openBrowser(onEnd)
    service = await startService(onEnd)
  })

  /** Policy violations and script errors. */
  const faults: string[] = []
  afterEach(() => {
    expect(faults.splice(0)).toEqual([])
  })

  async function openPage(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser.newContext(options)
    onTestFinished(() => context.close())
    await context.addInitScript(`addEventListener('securitypolicyviolation', ({ violatedDirective }) => {
      console.error('Content Security Policy: ' + violatedDirective)
    })`)
    const page = await context.newPage()
    page.on('pageerror', (error) => faults.push(String(error)))
    page.on('console', (message) => {
      const said = message.text()
      // Chromium also reports each 4xx and 5xx answer.
      if (['error', 'warning'].includes(message.type()) && !said.startsWith('Failed to load resource'))
        faults.push(said)
    })
    return page
  }

  /** Opens a mailed link. */
  async function open(
    flow: Flow,
    options: BrowserContextOptions & { locale?: Locale; fragment?: string } = {},
  ) {
    const { locale = 'en', fragment = FLOWS[flow].fragment } = options
    service.restart()
    service.answer(() => FLOWS[flow].success)
    const page = await openPage({ ...options, locale })
    await page.goto(service.origin + FLOWS[flow].target + fragment)
    const words = PAGES[locale][flow]
    return {
      service,
      page,
      words,
      password: page.getByLabel(words.ask.label, { exact: true }),
      submit: page.locator('[type=submit]'),
      reveal: page.getByRole('button', { name: PAGES[locale].reveal }),
      problem: page.getByRole('alert'),
    }
  }

  /** Polls with a long timeout, for busy machines. */
  const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 30_000 })
  const sent = ({ received }: Service) => received.filter(({ method }) => method !== 'GET')
  const heading = (page: Page) => page.locator('h1:visible').innerText()
  const isFocused = (page: Page, selector: string) =>
    page.evaluate<boolean>(`document.activeElement.matches(${JSON.stringify(selector)})`)

  describe.each(EVERY)('$flow in $locale', ({ flow, locale }) => {
    const { method, target, body, invalidLink } = FLOWS[flow]

    it('sends the password with the token of the link, only on submit, and shows the success [EML-04]', async () => {
      const { service, page, words, password, submit } = await open(flow, { locale })
      expect([await page.title(), await heading(page)]).toEqual([
        `${words.ask.heading} – auth.example.com`,
        words.ask.heading,
      ])
      await password.fill(PASSWORD)
      await submit.click()
      await eventually(() => heading(page)).toBe(words.done.heading)
      for (const text of words.done.paragraphs) expect(await page.innerText('main')).toContain(text)
      expect(await submit.isVisible()).toBe(false)
      expect(await page.title()).toBe(`${words.done.heading} – auth.example.com`)
      expect(await isFocused(page, 'h1')).toBe(true)
      const [request] = sent(service)
      expect(sent(service).length).toBe(1)
      expect(request).toMatchObject({ method, target })
      expect(JSON.parse(request?.body ?? '')).toEqual(body)
      expect(request?.headers).toMatchObject({ 'content-type': 'application/json' })
    })

    it('shows what is wrong with a password next to the field and allows another try', async () => {
      const { service, page, words, password, submit, problem } = await open(flow, { locale })
      for (const [code, text] of Object.entries(words.passwordProblems)) {
        if (code === 'missing_field') continue
        const limits = { min_length: 15, max_bytes: 1_024 }
        service.answer(() => refusal(400, code, { field: FLOWS[flow].passwordField, ...limits }))
        await password.fill(PASSWORD)
        await submit.click()
        const max_bytes = { en: '1,024', fr: '1 024', de: '1.024', es: '1024' }[locale]
        const numbers = { '{min_length}': '15', '{max_bytes}': max_bytes }
        const expected = text.replace(/\{\w+\}/, (name) => numbers[name as keyof typeof numbers])
        // French groups digits with a narrow no-break space.
        await eventually(async () => (await problem.innerText()).replace('\u202f', ' ')).toBe(expected)
        await eventually(() => isFocused(page, '#password[aria-invalid=true]')).toBe(true)
        expect(await page.locator('#password').getAttribute('aria-describedby')).toContain('problem')
        // Selected, so that typing replaces it.
        expect(await page.evaluate('getSelection().toString().length')).toBeGreaterThan(0)
      }
      service.answer(() => FLOWS[flow].success)
      await submit.click()
      await eventually(() => heading(page)).toBe(words.done.heading)
      expect(new Set(sent(service).map((request) => request.body)).size).toBe(1)
    })

    it('asks for a password if the field is empty, and sends nothing', async () => {
      const { service, page, words, submit, problem } = await open(flow, { locale })
      await submit.click()
      expect(await problem.innerText()).toBe(words.passwordProblems.missing_field)
      expect(await isFocused(page, '#password[aria-invalid=true]')).toBe(true)
      expect(sent(service)).toEqual([])
    })

    it('shows how long to wait according to Retry-After', async () => {
      const { service, page, password, submit, problem } = await open(flow, { locale })
      await password.fill(PASSWORD)
      for (const [retryAfter, wait] of [
        ['30', { en: '30 seconds', fr: '30 secondes', de: '30 Sekunden', es: '30 segundos' }],
        ['89', { en: '89 seconds', fr: '89 secondes', de: '89 Sekunden', es: '89 segundos' }],
        ['90', { en: '2 minutes', fr: '2 minutes', de: '2 Minuten', es: '2 minutos' }],
        ['301', { en: '6 minutes', fr: '6 minutes', de: '6 Minuten', es: '6 minutos' }],
        ['5400', { en: '2 hours', fr: '2 heures', de: '2 Stunden', es: '2 horas' }],
      ] as const) {
        service.answer(() => ({
          ...refusal(429, 'too_many_attempts'),
          headers: { 'retry-after': retryAfter },
        }))
        await submit.click()
        const text = PAGES[locale].problems.too_many_attempts_until.replace('{time}', wait[locale])
        await eventually(async () => (await problem.innerText()).replaceAll('\u00a0', ' ')).toBe(text)
        expect(await isFocused(page, '[type=submit]')).toBe(true)
        expect(await password.getAttribute('aria-invalid')).not.toBe('true')
      }
    })

    it('shows other errors and allows another try', async () => {
      const { service, page, words, password, submit, problem } = await open(flow, { locale })
      await password.fill(PASSWORD)
      const { too_many_attempts, unavailable, internal_error, no_answer } = PAGES[locale].problems
      const cases: readonly [Answer | typeof HANG_UP, string][] = [
        [refusal(429, 'too_many_attempts'), too_many_attempts],
        [refusal(503, 'unavailable'), unavailable],
        [refusal(500, 'internal_error'), `${internal_error} (req-0001)`],
        // An unknown code that every object inherits.
        [refusal(400, 'constructor'), `${internal_error} (req-0001)`],
        [{ status: 400, body: {} }, internal_error],
        [{ status: 500, body: null }, internal_error],
        // From a proxy in between.
        [{ status: 502, body: '<h1>Bad gateway</h1>' }, no_answer],
        // A redirect to an existing page: its 200 is not a success.
        [{ status: 303, body: {}, headers: { location: target } }, no_answer],
        [HANG_UP, no_answer],
      ]
      for (const [answer, text] of cases) {
        const { promise, resolve } = Promise.withResolvers<Answer | typeof HANG_UP>()
        service.answer(() => promise)
        await submit.click()
        expect(await problem.innerText()).toBe('')
        resolve(answer)
        await eventually(() => problem.innerText()).toBe(text)
        expect(await isFocused(page, '[type=submit]')).toBe(true)
      }
      service.answer(() => FLOWS[flow].success)
      await page.keyboard.press('Enter')
      await eventually(() => heading(page)).toBe(words.done.heading)
    })

    it.each([
      ['the link is used or expired', refusal(403, invalidLink), 'invalidLink'],
      ['the link is damaged', refusal(400, 'invalid_field', { field: 'token' }), 'incomplete'],
      ['its address is damaged', refusal(400, 'invalid_field', { field: 'email' }), 'incomplete'],
    ] as const)('explains that %s, and hides the form', async (_, answer, panel) => {
      const { service, page, words, password, submit } = await open(flow, { locale })
      service.answer(() => answer)
      await password.fill(PASSWORD)
      await submit.click()
      await eventually(() => heading(page)).toBe(words[panel].heading)
      for (const text of words[panel].paragraphs) expect(await page.innerText('main')).toContain(text)
      expect(await submit.isVisible()).toBe(false)
      expect(await page.locator('#password').inputValue()).toBe('')
      expect(await isFocused(page, 'h1')).toBe(true)
    })

    it('explains that part of the link is missing if it has no token', async () => {
      const { service, page, words, submit } = await open(flow, { locale, fragment: '' })
      for (const fragment of ['#', '#token=', '#email=bob%40example.com', `#${TOKEN}`]) {
        expect(await heading(page)).toBe(words.incomplete.heading)
        expect(await submit.isVisible()).toBe(false)
        await page.goto('about:blank')
        await page.goto(service.origin + target + fragment)
      }
      expect(await heading(page)).toBe(words.incomplete.heading)
    })

    it('explains that it needs JavaScript and shows no form without it', async () => {
      const { page, words, password, submit } = await open(flow, { locale, javaScriptEnabled: false })
      expect(await page.innerText('main')).toContain(`${words.ask.heading}\n\n${words.noScript}`)
      expect([await password.isVisible(), await submit.isVisible()]).toEqual([false, false])
    })

    it('fits a screen 320 pixels wide in every state (WCAG 1.4.10)', async () => {
      const { service, page, password, submit } = await open(flow, {
        locale,
        viewport: { width: 320, height: 568 },
      })
      const overflow = () => page.evaluate('document.documentElement.scrollWidth - innerWidth')
      expect(await overflow()).toBe(0)
      service.answer(() => refusal(500, 'internal_error', { request_id: 'x'.repeat(80) }))
      await password.fill(PASSWORD)
      await submit.click()
      await eventually(() => page.getByRole('alert').innerText()).toContain('x')
      expect(await overflow()).toBe(0)
    })
  })

  describe.each(Object.keys(FLOWS) as Flow[])('%s', (flow) => {
    const { target, passwordField } = FLOWS[flow]

    it('sends nothing when a mail scanner opens it and clicks around', async () => {
      const { service, page, submit, reveal } = await open(flow)
      await page.mouse.move(200, 200)
      await page.mouse.wheel(0, 500)
      for (let press = 0; press < 5; press++) await page.keyboard.press('Tab')
      await reveal.click()
      await submit.click()
      await page.waitForLoadState('networkidle')
      await page.close({ runBeforeUnload: true })
      expect(service.received.map(({ method, target }) => `${method} ${target}`)).toEqual([`GET ${target}`])
      expect(service.received[0]?.body).toBe('')
    })

    it('keeps the token out of the URL, history, storage, requests and referrer', async () => {
      const { service, page, words, password, submit } = await open(flow)
      const history = async () => {
        const devtools = await page.context().newCDPSession(page)
        const { entries } = await devtools.send('Page.getNavigationHistory')
        return entries.map(({ url }) => url)
      }
      const markup = () => page.evaluate<string>('document.documentElement.outerHTML')
      expect(page.url()).toBe(service.origin + target)
      expect(await page.evaluate('location.href')).toBe(service.origin + target)
      expect(await history()).toEqual(['about:blank', service.origin + target])
      expect(await markup()).not.toContain(TOKEN)
      await password.fill(PASSWORD)
      await submit.click()
      await eventually(() => heading(page)).toBe(words.done.heading)
      expect(await history()).toEqual(['about:blank', service.origin + target])
      expect(await markup()).not.toContain(TOKEN)
      expect(await page.context().storageState({ indexedDB: true })).toEqual({ cookies: [], origins: [] })
      expect(await page.evaluate('sessionStorage.length + localStorage.length')).toBe(0)
      expect(await page.evaluate('history.state')).toBe(null)
      expect(service.received.length).toBe(2)
      for (const { target, headers } of service.received) {
        expect(target + JSON.stringify(headers)).not.toContain(TOKEN.slice(-43))
        expect(headers).not.toHaveProperty('referer')
      }
    })

    it('sends its origin, so that the origin check passes', async () => {
      const { service, page, words, password, submit } = await open(flow)
      await password.fill(PASSWORD)
      await submit.click()
      await eventually(() => heading(page)).toBe(words.done.heading)
      expect(sent(service)[0]?.headers).toMatchObject({
        origin: service.origin,
        'sec-fetch-site': 'same-origin',
      })
    })

    it('forgets the link on reload', async () => {
      const { page, words } = await open(flow)
      await page.reload()
      expect(await heading(page)).toBe(words.incomplete.heading)
    })

    it('accepts another link opened in the same tab', async () => {
      const { service, page, words, password, submit } = await open(flow, { fragment: '' })
      expect(await heading(page)).toBe(words.incomplete.heading)
      await page.evaluate(`location.href = ${JSON.stringify(service.origin + target + FLOWS[flow].fragment)}`)
      await eventually(() => heading(page)).toBe(words.ask.heading)
      expect(page.url()).toBe(service.origin + target)
      await password.fill(PASSWORD)
      await submit.click()
      await eventually(() => heading(page)).toBe(words.done.heading)
      expect(JSON.parse(sent(service)[0]?.body ?? '')).toEqual(FLOWS[flow].body)
    })

    it('shows progress and sends once, however often the button is pressed', async () => {
      const { service, page, words, password, submit } = await open(flow)
      const { promise, resolve } = Promise.withResolvers<Answer>()
      service.answer(() => promise)
      expect(await submit.innerText()).toBe(words.ask.submit)
      await password.fill(PASSWORD)
      await submit.dblclick()
      await password.press('Enter')
      await page.evaluate(`document.querySelector('form').requestSubmit()`)
      expect([await submit.innerText(), await submit.isDisabled()]).toEqual([words.ask.sending, true])
      await eventually(() => sent(service).length).toBe(1)
      resolve(refusal(503, 'unavailable'))
      await eventually(() => submit.innerText()).toBe(words.ask.submit)
      expect(await submit.isDisabled()).toBe(false)
      expect(sent(service).length).toBe(1)
    })

    it('works with the keyboard alone, in reading order', async () => {
      const { service, page, words } = await open(flow)
      const { keyboard } = page
      await keyboard.press('Tab')
      expect(await isFocused(page, '.skip')).toBe(true)
      await keyboard.press('Tab')
      expect(await isFocused(page, '#password')).toBe(true)
      await keyboard.type(PASSWORD)
      await keyboard.press('Tab')
      expect(await isFocused(page, `[aria-label="${PAGES.en.reveal}"]`)).toBe(true)
      await keyboard.press('Space')
      expect(await page.locator('#password').getAttribute('type')).toBe('text')
      await keyboard.press('Tab')
      expect(await isFocused(page, '[type=submit]')).toBe(true)
      expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid')
      service.answer(() => refusal(400, 'password_too_long', { field: passwordField }))
      await keyboard.press('Enter')
      await eventually(() => isFocused(page, '#password')).toBe(true)
      service.answer(() => FLOWS[flow].success)
      await keyboard.type(PASSWORD)
      await keyboard.press('Enter')
      await eventually(() => heading(page)).toBe(words.done.heading)
      expect(sent(service).map(({ body }) => JSON.parse(body)[passwordField])).toEqual([PASSWORD, PASSWORD])
    })

    it('reveals the password on request and hides it before sending', async () => {
      const { service, page, password, submit, reveal, problem } = await open(flow)
      const state = async () => [
        await password.getAttribute('type'),
        await reveal.getAttribute('aria-pressed'),
      ]
      expect(await state()).toEqual(['password', 'false'])
      await password.fill(PASSWORD)
      await reveal.click()
      expect(await state()).toEqual(['text', 'true'])
      expect(await password.inputValue()).toBe(PASSWORD)
      await reveal.click()
      expect(await state()).toEqual(['password', 'false'])
      await reveal.click()
      service.answer(() => refusal(503, 'unavailable'))
      await submit.click()
      await eventually(() => problem.innerText()).toBe(PAGES.en.problems.unavailable)
      expect(await state()).toEqual(['password', 'false'])
      expect(sent(service).length).toBe(1)
      expect(page.url()).toBe(service.origin + target)
    })

    it('has the switch that shows the password inside the field', async () => {
      const { password, reveal } = await open(flow)
      const [field, button] = [await password.boundingBox(), await reveal.boundingBox()]
      if (field === null || button === null) return expect.unreachable()
      expect(button.x).toBeGreaterThan(field.x)
      expect(button.x + button.width).toBeLessThan(field.x + field.width)
      expect(button.y).toBeGreaterThanOrEqual(field.y)
      expect(button.y + button.height).toBeLessThanOrEqual(field.y + field.height)
    })

    it('keeps the link when the language changes', async () => {
      const { service, page } = await open(flow)
      await page.click('footer a[hreflang=fr]')
      await page.waitForURL(`${service.origin}${target}?lang=fr`)
      const words = PAGES.fr[flow]
      await eventually(() => heading(page)).toBe(words.ask.heading)
      await page.getByLabel(words.ask.label, { exact: true }).fill(PASSWORD)
      await page.locator('[type=submit]').click()
      await eventually(() => heading(page)).toBe(words.done.heading)
      expect(JSON.parse(sent(service)[0]?.body ?? '')).toEqual(FLOWS[flow].body)
    })

    it.each(['left', 'middle'] as const)(
      'keeps the link when Ctrl and the %s button open another language in a new tab',
      async (button) => {
        const { service, page } = await open(flow)
        const opened = page.context().waitForEvent('page')
        await page.click('footer a[hreflang=fr]', { button, modifiers: ['ControlOrMeta'] })
        const other = await opened
        await other.waitForURL(`${service.origin}${target}?lang=fr`)
        await eventually(() => heading(other)).toBe(PAGES.fr[flow].ask.heading)
        expect(page.url()).toBe(service.origin + target)
        expect(await page.locator('a[href*="token="]').count()).toBe(0)
      },
    )

    it('accepts a pasted password of any length', async () => {
      const long = `${'x'.repeat(2_000)}é`
      const { service, page, words, password, submit } = await open(flow, {
        permissions: ['clipboard-read', 'clipboard-write'],
      })
      await page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(long)})`)
      await password.focus()
      await page.keyboard.press('ControlOrMeta+v')
      await submit.click()
      await eventually(() => heading(page)).toBe(words.done.heading)
      expect(JSON.parse(sent(service)[0]?.body ?? '')[passwordField]).toBe(long)
    })

    it('blocks foreign scripts, resources and requests', async () => {
      const { page } = await open(flow)
      const breached = (attempt: string) =>
        page.evaluate<string>(`new Promise((resolve) => {
          addEventListener('securitypolicyviolation', (event) => resolve(event.effectiveDirective), { once: true })
          ${attempt}
        })`)
      expect(await breached(`try { document.body.innerHTML = '<b>markup</b>' } catch {}`)).toBe(
        'require-trusted-types-for',
      )
      expect(await breached(`document.body.setAttribute('style', 'color: red')`)).toBe('style-src-attr')
      expect(await breached(`import('http://127.0.0.2:9/x.js').catch(() => {})`)).toBe('script-src-elem')
      expect(await breached(`fetch('http://127.0.0.2:9/').catch(() => {})`)).toBe('connect-src')
      expect(await breached(`new Image().src = 'http://127.0.0.2:9/x.png'`)).toBe('img-src')
      expect(
        await breached(
          `document.querySelector('form').action = 'http://127.0.0.2:9/'
          document.querySelector('form').submit()`,
        ),
      ).toBe('form-action')
      expect(
        await breached(
          `document.head.append(Object.assign(document.createElement('base'), { href: '/x/' }))`,
        ),
      ).toBe('base-uri')
      expect(await page.locator('b').count()).toBe(0)
      expect(faults.splice(0).length).toBeGreaterThan(6)
    })
  })

  it('the reset page gives password managers the address and a new password', async () => {
    const { page, password } = await open('resetPassword')
    const username = page.locator('[autocomplete=username]')
    expect(await username.inputValue()).toBe(EMAIL)
    expect(await username.getAttribute('readonly')).toBe('')
    expect(
      await page.locator('form [autocomplete=username] ~ .field [autocomplete=new-password]').count(),
    ).toBe(1)
    expect(await page.getByText(EMAIL).isVisible()).toBe(true)
    expect(await password.getAttribute('autocomplete')).toBe('new-password')
    expect(await page.locator('[autocomplete=off]').count()).toBe(0)
  })

  it('the confirmation page asks password managers for the current password', async () => {
    const { page, password } = await open('confirmEmail')
    expect(await password.getAttribute('autocomplete')).toBe('current-password')
    expect(await page.locator('[autocomplete=off]').count()).toBe(0)
  })

  it.each(['Call us at 555-0100 now', '<b>bob</b>', `${'x'.repeat(250)}@example.com`, 'bob'])(
    'the reset page does not show the invalid address "%s" of a link',
    async (email) => {
      const fragment = `#${new URLSearchParams({ email, token: TOKEN })}`
      const { page, words } = await open('resetPassword', { fragment })
      expect(await heading(page)).toBe(words.incomplete.heading)
      expect(await page.innerText('body')).not.toContain(email)
    },
  )

  it('an address in a link is shown as plain text', async () => {
    const email = '<img/src=x/onerror=alert(1)>@example.com'
    const fragment = `#${new URLSearchParams({ email, token: TOKEN })}`
    const { page } = await open('resetPassword', { fragment })
    expect(await page.locator('#account').innerText()).toBe(email)
    expect(await page.locator('img').count()).toBe(0)
  })
})

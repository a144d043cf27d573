/** Attacks on the hosted pages in a real browser, and what tabs, buttons and cookies do there. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { hasBrowser, openBrowser } from '../support/browser.ts'
import { IS_FULL } from '../support/full.ts'
import { FORMS, PAGES, startPageSite } from '../support/page-site.ts'
import { PASSWORD } from '../support/production.ts'
import { ALICE } from '../support/story.ts'
import type { OnEnd } from '../support/system.ts'
import { GENEROUS } from './support.ts'

// Needs Chromium. Without it the run lists this as skipped.
describe.skipIf(!hasBrowser)('the hosted pages in a browser', () => {
  const ends: Parameters<OnEnd>[0][] = []
  const onEnd: OnEnd = (end) => void ends.push(end)
  let browser: Browser
  let site: Awaited<ReturnType<typeof startPageSite>>
  beforeAll(async () => {
    browser = await openBrowser(onEnd)
    site = await startPageSite({ onEnd, ...GENEROUS })
  })
  afterAll(async () => {
    for (const end of ends.toReversed()) await end()
  })

  async function context(options: Parameters<Browser['newContext']>[0] = {}): Promise<BrowserContext> {
    const opened = await browser.newContext({ locale: 'en', ...options })
    onTestFinished(() => opened.close())
    return opened
  }

  async function signIn(page: Page, query = ''): Promise<void> {
    await page.goto(`${site.origin}/sign_in${query}`)
    await page.fill('#email', ALICE)
    await page.fill('#password', PASSWORD)
    await page.click('main [type=submit]')
    await page.waitForURL(`${site.origin}/account*`)
  }

  /** A page of another site, which any host name but ours leads to. */
  async function elsewhere(html: (form: string) => string): Promise<string> {
    const server = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end(html(site.origin))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.closeAllConnections())
    onTestFinished(() => void server.close())
    return String((server.address() as AddressInfo).port)
  }

  it('cannot be framed', async () => {
    const port = await elsewhere((origin) =>
      PAGES.map(({ path }) => `<iframe src="${origin}${path}"></iframe>`).join(''),
    )
    for (const host of ['evil.example', 'sibling.localhost']) {
      const page = await (await context()).newPage()
      const blocked: string[] = []
      page.on('console', (message) => {
        if (message.text().includes('frame-ancestors') || message.text().includes('X-Frame-Options'))
          blocked.push(message.text())
      })
      await page.goto(`http://${host}:${port}/`)
      expect(page.frames().filter((frame) => frame.url().startsWith(site.origin))).toEqual([])
      expect(blocked.length, host).toBeGreaterThanOrEqual(PAGES.length)
    }
  })

  it('take no form from another site, a sandboxed frame or a sibling host, even with the cookies [API-08]', async () => {
    const html = (origin: string) =>
      FORMS.map(
        ({ path }) =>
          `<form method="post" target="_self" action="${origin}${path}"><button>${path}</button></form>`,
      ).join('')
    const port = await elsewhere(html)
    const sandboxed = await elsewhere(
      (origin) =>
        `<iframe sandbox="allow-forms allow-top-navigation allow-scripts" srcdoc='${html(origin).replaceAll('_self', '_top')}'></iframe>`,
    )
    const browsing = await context()
    const page = await browsing.newPage()
    await signIn(page)
    // `npm test` tries every second form from another site, and one from where the browser has other rules.
    const most = FORMS.filter((_, index) => IS_FULL || index % 2 === 0)
    const some = IS_FULL ? FORMS : FORMS.slice(0, 1)
    for (const [host, at, forms] of [
      ['evil.example', port, most],
      ['sibling.localhost', port, some],
      ['evil.example', sandboxed, some],
    ] as const)
      for (const { path } of forms) {
        await page.goto(`http://${host}:${at}/`)
        const frame = at === sandboxed ? page.frames()[1] : page.mainFrame()
        const answered = page.waitForResponse((response) => response.request().method() === 'POST')
        await frame?.getByRole('button', { name: path, exact: true }).click()
        expect((await answered).status(), `${path} from ${host}`).toBe(403)
        // Browsers escape the braces of a parameter.
        await page.waitForURL(new URL(path, site.origin).href)
      }
    const still = await browsing.newPage()
    await still.goto(`${site.origin}/account`)
    expect(still.url()).toBe(`${site.origin}/account`)
  })

  it('do not show the account again after signing out, by the back button', async () => {
    const page = await (await context()).newPage()
    await signIn(page)
    await page.goto(`${site.origin}/account/sessions`)
    await page.locator('header button').click()
    await page.waitForURL(`${site.origin}/sign_in`)
    await page.goBack()
    await page.waitForURL(/\/sign_in\?return_to=/)
    expect(await page.innerText('body')).not.toContain(ALICE)
  })

  it('replace a session cookie that was planted before signing in [SES-04]', async () => {
    const browsing = await context()
    // Not a live session: with one, there would be no need to sign in.
    const planted = `${(await site.newSession()).slice(0, -2)}xx`
    await browsing.addCookies([{ name: 'session_id', value: planted, url: site.origin }])
    const page = await browsing.newPage()
    await signIn(page)
    const session = (await browsing.cookies()).find(({ name }) => name === 'session_id')
    expect(session?.value).not.toBe(planted)
    expect(session).toMatchObject({ httpOnly: true, sameSite: 'Lax' })
  })

  it('end a live session of somebody else that was planted while the form was open [SES-04]', async () => {
    const mallory = 'mallory@example.com'
    await site.auth.users.create({ email: mallory, password: PASSWORD, confirmed: true })
    const planted = (await site.auth.createSession(mallory)) ?? expect.unreachable()
    const [ofAlice, browsing] = [await site.newSession(), await context()]
    const page = await browsing.newPage()
    await page.goto(`${site.origin}/sign_in`)
    await browsing.addCookies([{ name: 'session_id', value: planted, url: site.origin }])
    // A page that is opened now shows whose account it is.
    const other = await browsing.newPage()
    await other.goto(`${site.origin}/sign_in`)
    expect(other.url()).toBe(`${site.origin}/account`)
    expect(await other.innerText('header')).toContain(mallory)
    await page.fill('#email', ALICE)
    await page.fill('#password', PASSWORD)
    await page.click('main [type=submit]')
    await page.waitForURL(`${site.origin}/account`)
    expect(await page.innerText('header')).toContain(ALICE)
    const cookies = (await browsing.cookies()).filter(({ name }) => name === 'session_id')
    expect(cookies.map(({ value }) => value)).not.toContain(planted)
    expect(await site.auth.getUserFromSessionId(planted)).toBeNull()
    // The other device of Alice stays signed in.
    expect(await site.auth.getUserFromSessionId(ofAlice)).toMatchObject({ email: ALICE })
    await other.reload()
    expect(await other.innerText('header')).toContain(ALICE)
  })

  it('continue in one tab after the other has signed in', async () => {
    const browsing = await context()
    const [one, other] = [await browsing.newPage(), await browsing.newPage()]
    await other.goto(`${site.origin}/sign_in?return_to=/account/password`)
    await signIn(one)
    await other.reload()
    expect(new URL(other.url()).pathname).toBe('/account/password')
  })

  it('say that the browser refuses cookies, and do not loop', async () => {
    const form = { email: ALICE, password: PASSWORD, return_to: '/account/password' }
    const next = (await site.ask('POST', '/sign_in', { form })).headers.get('location') ?? ''
    const page = await (await context()).newPage()
    await page.goto(site.origin + next)
    expect(page.url()).toBe(site.origin + next)
    expect(await page.innerText('.summary')).toMatch(/cookies/i)
    expect(await page.title()).toMatch(/^Error: /)
    // With cookies, the same form leads on.
    await page.fill('#email', ALICE)
    await page.fill('#password', PASSWORD)
    await page.click('main [type=submit]')
    await page.waitForURL(`${site.origin}/account/password`)
  })

  it('send a form once, however often the button is clicked', async () => {
    const page = await (await context()).newPage()
    await page.goto(`${site.origin}/sign_in`)
    await page.fill('#email', ALICE)
    await page.fill('#password', PASSWORD)
    const before = site.received.filter((request) => request === 'POST /sign_in').length
    await page.dblclick('main [type=submit]')
    await page.waitForURL(`${site.origin}/account`)
    expect(site.received.filter((request) => request === 'POST /sign_in').length - before).toBe(1)
  })

  it('show text of strangers as text: in the address, the user agent and the query', async () => {
    const browsing = await context({
      userAgent: '<img src=x onerror=alert(1)> Firefox/"><script>alert(1)</script>',
    })
    const page = await browsing.newPage()
    const alerts: string[] = []
    page.on('dialog', (dialog) => {
      alerts.push(dialog.message())
      return dialog.dismiss()
    })
    await signIn(page)
    for (const { path } of PAGES) {
      await page.goto(
        `${site.origin}${path}?lang="><script>alert(1)</script>&return_to="><img src=x onerror=alert(1)>`,
      )
      expect(await page.locator('img, main script').count(), path).toBe(0)
    }
    expect(alerts).toEqual([])
  })
})

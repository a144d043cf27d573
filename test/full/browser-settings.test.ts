/** The hosted pages in a browser with other settings than a test usually has: cookies off, back-forward cache on. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type BrowserContext, chromium, type Page } from 'playwright-core'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ARGS, CHROMIUM, hasBrowser } from '../support/browser.ts'
import { type PageSite, startPageSite } from '../support/page-site.ts'
import { PASSWORD } from '../support/production.ts'
import { ALICE } from '../support/story.ts'
import { temporaryFolder } from '../support/system.ts'

const LAUNCH = { executablePath: CHROMIUM, args: ARGS, locale: 'en' }

/** Chromium with the setting that blocks all cookies. */
async function withoutCookies(): Promise<BrowserContext> {
  const profile = temporaryFolder()
  mkdirSync(join(profile, 'Default'))
  const blocked = { profile: { default_content_setting_values: { cookies: 2 } } }
  writeFileSync(join(profile, 'Default', 'Preferences'), JSON.stringify(blocked))
  const context = await chromium.launchPersistentContext(profile, LAUNCH)
  onTestFinished(() => context.close())
  return context
}

/** Chromium with its back-forward cache, which automation turns off. */
async function withBackForwardCache(): Promise<BrowserContext> {
  const ignoreDefaultArgs = ['--disable-back-forward-cache']
  const context = await chromium.launchPersistentContext(temporaryFolder(), { ...LAUNCH, ignoreDefaultArgs })
  onTestFinished(() => context.close())
  return context
}

async function signIn(page: Page, origin: string): Promise<void> {
  await page.goto(`${origin}/sign_in`)
  await page.fill('#email', ALICE)
  await page.fill('#password', PASSWORD)
  await page.click('main [type=submit]')
}

/** The requests for pages, without their files, after the first ones. */
function pagesAfter(count: number, { received }: { readonly received: readonly string[] }): string[] {
  // Pages with a password ask for passkeys in the background.
  return received.slice(count).filter((line) => !/\/assets\/|\/ceremonies$/.test(line))
}

// Needs Chromium. Without it the run lists this as skipped.
describe.skipIf(!hasBrowser)('a browser that blocks cookies', () => {
  it('gets an explanation after signing in, and does not loop', async () => {
    const site = await startPageSite()
    const page = await (await withoutCookies()).newPage()
    await page.goto(`${site.origin}/account`)
    expect(pagesAfter(0, site)).toEqual(['GET /account', 'GET /sign_in?return_to=%2Faccount'])
    const before = site.received.length
    await signIn(page, site.origin)
    await page.waitForSelector('.summary')
    expect(await page.innerText('.summary')).toContain('Allow cookies for this site')
    expect(await page.title()).toMatch(/^Error: /)
    expect(pagesAfter(before, site)).toEqual(['GET /sign_in', 'POST /sign_in', 'GET /sign_in?signed_in='])
    expect(await page.context().cookies()).toEqual([])
  })

  it('gets an explanation when it requests a code, and does not loop', async () => {
    const site = await startPageSite()
    const page = await (await withoutCookies()).newPage()
    for (const [path, fields] of [
      ['/sign_up', { '#email': 'bob@example.com', '#password': PASSWORD }],
      ['/recover', { '#email': ALICE }],
    ] as const) {
      const before = site.received.length
      await page.goto(site.origin + path)
      for (const [field, value] of Object.entries(fields)) await page.fill(field, value)
      await page.click('main .submit')
      await page.waitForURL(`${site.origin}${path}/code*`)
      expect(await page.innerText('main')).toContain('allow cookies for this site')
      expect(pagesAfter(before, site)).toEqual([`GET ${path}`, `POST ${path}`, `GET ${path}/code`])
    }
  })
})

// Needs Chromium. Without it the run lists this as skipped.
describe.skipIf(!hasBrowser)('the back-forward cache', () => {
  it('shows no page of the account after signing out, here or in another tab', async () => {
    const site = await startPageSite()
    const context = await withBackForwardCache()
    const page = await context.newPage()
    const kept: string[] = []
    page.on('console', (message) => void (message.text().startsWith('kept') && kept.push(message.text())))
    await page.addInitScript(
      `addEventListener('pageshow', ({ persisted }) => persisted && console.log('kept ' + location.pathname))`,
    )
    const back = () => page.evaluate('history.back()')
    const open = (path: string) => page.goto(site.origin + path)
    await signIn(page, site.origin)
    await page.waitForURL(`${site.origin}/account`)

    // While the session is live, the cache has the page, which then loads again.
    await open('/account/sessions')
    await open('/account/password')
    const before = site.received.length
    const reloaded = page.waitForEvent('load')
    await back()
    await expect.poll(() => pagesAfter(before, site), POLL).toEqual(['GET /account/sessions'])
    await expect.poll(() => kept, POLL).toEqual(['kept /account/sessions'])
    await reloaded

    await open('/account/password')
    await page.locator('header button').click()
    await page.waitForURL(`${site.origin}/sign_in`)
    await back()
    await expectSignedOut(page, site)

    await signIn(page, site.origin)
    await page.waitForURL(`${site.origin}/account`)
    await open('/account/sessions')
    await open('/account/password')
    const other = await context.newPage()
    await other.goto(`${site.origin}/account`)
    await other.locator('header button').click()
    await other.waitForURL(`${site.origin}/sign_in`)
    await back()
    await expectSignedOut(page, site)
  })
})

const POLL = { timeout: 30_000 }

async function expectSignedOut(
  page: Page,
  { origin }: PageSite & { readonly origin: string },
): Promise<void> {
  await page.waitForURL(`${origin}/sign_in?return_to=*`)
  expect(await page.innerText('body')).not.toContain(ALICE)
}

/** The whole life of an account in Chromium, from sign-up to deletion, without a mouse. */
import { mkdirSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { expect, it, onTestFinished } from 'vitest'
import { hasBrowser, openBrowser } from '../support/browser.ts'
import { startPageSite } from '../support/page-site.ts'
import { until } from '../support/production.ts'

const EVE = 'eve@example.com'
const NEW_EVE = 'eve@example.net'
const PASSWORD = 'seven green umbrellas'
const NEW_PASSWORD = 'eleven quiet lighthouses'
/** Where the screenshots of the last run are. */
const SCREENSHOTS = '.cache/screenshots'

/** What has the focus: its accessible name, or its text, and whether the browser marks it. */
const FOCUSED = `(() => {
  const element = document.activeElement
  const label = element.labels?.[0]?.textContent ?? element.getAttribute('aria-label') ?? element.textContent
  return { name: label.trim(), isMarked: getComputedStyle(element).outlineStyle !== 'none' }
})()`

/** Presses Tab until something has the focus. Every stop on the way must be visible. */
async function tabTo(page: Page, name: string): Promise<void> {
  const passed: string[] = []
  for (let stops = 0; stops < 60; stops++) {
    await page.keyboard.press('Tab')
    const focused = await page.evaluate<{ name: string; isMarked: boolean }>(FOCUSED)
    if (focused.name === name) {
      expect(focused.isMarked, name).toBe(true)
      return
    }
    passed.push(focused.name)
  }
  expect.unreachable(`no ${name} among ${passed.join(', ')}`)
}

async function type(page: Page, label: string, text: string): Promise<void> {
  await tabTo(page, label)
  await page.keyboard.type(text)
}

/** Presses Enter and waits for the page that follows. */
async function enter(page: Page, path: string): Promise<void> {
  await Promise.all([
    page.waitForURL((url) => url.pathname === path, { waitUntil: 'load' }),
    page.keyboard.press('Enter'),
  ])
  mkdirSync(SCREENSHOTS, { recursive: true })
  await page.screenshot({ path: `${SCREENSHOTS}/${path.slice(1).replaceAll('/', '-')}.png`, fullPage: true })
}

// Needs Chromium. Without it the run lists this as skipped.
it.skipIf(!hasBrowser)('goes from sign-up to deletion by keyboard alone', async () => {
  const { auth, mailer, origin } = await startPageSite()
  const codeFor = async (to: string) => {
    const mailsTo = () => mailer.mails.filter((mail) => mail.to === to && mail.code !== null)
    await until(() => mailsTo().length > 0)
    return mailsTo().at(-1)?.code ?? expect.unreachable('no code')
  }
  const browser = await openBrowser()
  const context = await browser.newContext({ locale: 'en-GB', acceptDownloads: true })
  onTestFinished(() => context.close())
  const page = await context.newPage()

  await page.goto(`${origin}/sign_in`)
  await tabTo(page, 'Create an account')
  await enter(page, '/sign_up')
  await type(page, 'Email address', EVE)
  await type(page, 'Password', PASSWORD)
  await enter(page, '/sign_up/code')
  await type(page, 'Code from the email', await codeFor(EVE))
  await enter(page, '/account')

  await tabTo(page, 'Password')
  await enter(page, '/account/password')
  await type(page, 'Current password', PASSWORD)
  await type(page, 'New password', NEW_PASSWORD)
  await enter(page, '/account/password')
  expect(await auth.validLogin(EVE, NEW_PASSWORD)).toBe(true)

  await tabTo(page, 'Email address')
  await enter(page, '/account/email')
  await type(page, 'New email address', NEW_EVE)
  await enter(page, '/account/email/code')
  await type(page, 'Code from the email', await codeFor(NEW_EVE))
  await enter(page, '/account/email')
  expect(await auth.validLogin(NEW_EVE, NEW_PASSWORD)).toBe(true)

  await tabTo(page, 'Devices')
  await enter(page, '/account/sessions')
  await tabTo(page, 'Activity')
  await enter(page, '/account/activity')
  await tabTo(page, 'Your data')
  await enter(page, '/account/data')
  await tabTo(page, 'Download')
  const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')])
  expect(download.suggestedFilename()).toMatch(/\.json$/)

  await tabTo(page, 'Sign out')
  await enter(page, '/sign_in')
  await type(page, 'Email address', NEW_EVE)
  await type(page, 'Password', NEW_PASSWORD)
  await enter(page, '/account')
  await page.goto(`${origin}/account/data`)
  await type(page, 'Your email address', NEW_EVE)
  await enter(page, '/account/deleted')
  expect(await auth.validLogin(NEW_EVE, NEW_PASSWORD)).toBe(false)
})

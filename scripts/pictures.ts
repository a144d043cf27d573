/** `npm run pictures`: takes the pictures of docs/guide/pages.md and the README, in Chromium, from a real service. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { BrowserContext, Page } from 'playwright-core'
import { createAuth } from '../src/index.ts'
import { toNodeHandler } from '../src/node.ts'
import { openBrowser } from '../test/support/browser.ts'
import { memoryMailer } from '../test/support/production.ts'

/** Where the pictures of the documentation are. */
export const PICTURES = 'docs/guide/pictures'

const BOB = { email: 'bob@example.com', password: 'seven green umbrellas' }
const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:147.0) Gecko/20100101 Firefox/147.0'
const SAFARI =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/19.0 Mobile/15E148 Safari/604.1'

/** The pictures of pages that anyone sees, by name. */
const OUTSIDE = { 'sign-in': '/sign_in', 'sign-up': '/sign_up', recover: '/recover' } as const
/** The pictures of pages of the account, by name. */
const INSIDE = {
  account: '/account',
  password: '/account/password',
  devices: '/account/sessions',
  activity: '/account/activity',
  data: '/account/data',
} as const

/** The names of the files. */
export const PICTURE_NAMES: readonly string[] = [
  ...Object.keys(OUTSIDE),
  'sign-in-dark',
  ...Object.keys(INSIDE),
].map((name) => `${name}.webp`)

/** Takes every picture and writes it into the folder. */
export async function takePictures(folder: string): Promise<void> {
  const closing: (() => unknown)[] = []
  try {
    mkdirSync(folder, { recursive: true })
    const origin = await startService((end) => closing.unshift(end))
    const browser = await openBrowser((end) => closing.unshift(end))
    const visit = (colorScheme: 'light' | 'dark', width: number) =>
      browser.newContext({
        viewport: { width, height: 700 },
        colorScheme,
        locale: 'en-US',
        userAgent: FIREFOX,
      })
    const outside = await visit('light', 560)
    for (const [name, path] of Object.entries(OUTSIDE))
      await take(outside, origin + path, `${folder}/${name}`)
    await take(await visit('dark', 560), `${origin}/sign_in`, `${folder}/sign-in-dark`)
    const inside = await visit('light', 860)
    await signIn(await inside.newPage(), origin)
    for (const [name, path] of Object.entries(INSIDE)) await take(inside, origin + path, `${folder}/${name}`)
  } finally {
    for (const close of closing) await close()
  }
}

/** Starts a service with an account that has signed in from another device before. Returns its origin. */
async function startService(onEnd: (end: () => unknown) => void): Promise<string> {
  const auth = await createAuth({
    mode: 'development',
    databaseUrl: 'sqlite::memory:',
    baseUrl: 'http://localhost',
    serviceName: 'Example',
    breachCheckUrl: 'off',
    mailer: memoryMailer(),
  })
  onEnd(() => auth.close())
  await auth.users.create({ ...BOB, confirmed: true })
  await auth.signIn.withPassword(BOB, { ip: '203.0.113.7', userAgent: SAFARI })
  const server = createServer(toNodeHandler(auth)).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  onEnd(() => server.close())
  onEnd(() => server.closeAllConnections())
  return `http://localhost:${(server.address() as AddressInfo).port}`
}

async function signIn(page: Page, origin: string): Promise<void> {
  await page.goto(`${origin}/sign_in`)
  await page.getByLabel('Email address').fill(BOB.email)
  await page.getByLabel('Password', { exact: true }).fill(BOB.password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.waitForURL('**/account')
}

/** WebP keeps a picture below 40 KB. Playwright writes only PNG and JPEG, so this asks the browser itself. */
async function take(context: BrowserContext, url: string, name: string): Promise<void> {
  const page = await context.newPage()
  await page.goto(url)
  // The links to the other languages would only make the pictures larger.
  await page.evaluate('document.querySelector("footer").remove()')
  const session = await context.newCDPSession(page)
  const { data } = await session.send('Page.captureScreenshot', {
    format: 'webp',
    quality: 45,
    captureBeyondViewport: true,
  })
  writeFileSync(`${name}.webp`, Buffer.from(data, 'base64'))
  await page.close()
}

if (import.meta.main) await takePictures(PICTURES)

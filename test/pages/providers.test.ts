/** The pages of sign-in with other providers: what they show, and the whole way in Chromium with a certified provider. */
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { AuthError } from '../../src/model/errors.ts'
import {
  type Look,
  type Page as OurPage,
  renderContinue,
  renderIdentities,
  renderLeadingOn,
  renderPassword,
  renderRefusal,
  renderSignIn,
  renderSignUp,
  renderStepUp,
} from '../../src/pages/index.ts'
import { LOCALES, sentencesOf, PAGES as TEXTS, withSentences } from '../../src/text/index.ts'
import { overflowOf, pseudo, smallTargetsOn, violationsOn } from '../support/accessibility.ts'
import { hasBrowser, openBrowser } from '../support/browser.ts'
import { FAKE_CLIENT, type FakeProvider, startFakeProvider } from '../support/fake-provider.ts'
import { sample } from '../support/full.ts'
import { lookOf } from '../support/look.ts'
import { attributeOf, problemsIn, readMarkup } from '../support/markup.ts'
import { startPageSite } from '../support/page-site.ts'
import { NEW_PASSWORD, PASSWORD, randomKey } from '../support/production.ts'
import { startRealProvider } from '../support/real-provider.ts'
import { ALICE } from '../support/story.ts'
import type { OnEnd } from '../support/system.ts'

const ELSEWHERE = 'https://acme.example/?a=b&c=d'
const EMPTY = { values: {}, refusal: null }
const ANNA = 'anna@example.org'
const SIX = ['Google', 'Microsoft', 'Apple', 'GitHub', 'GitLab', 'Town hall of Upper Bavaria'].map(
  (name) => ({
    id: name.split(' ', 1)[0]?.toLowerCase() ?? '',
    name,
  }),
)
const AT = new Date('2026-11-26T12:00:00Z')

const waiting = { flow: 'f', provider: { name: 'Acme' }, email: ANNA, next: 'account_exists' } as const
const nowhere = { form: EMPTY, returnTo: null }
const signIn = {
  ...nowhere,
  cookiesRefused: false,
  passwordChanged: false,
  expired: false,
  unknownPasskey: null,
}
const stepUp = { ...nowhere, email: ANNA, needsSecondFactor: false, unknownPasskey: null, providers: SIX }
const identity = { id: 'i', provider: 'google', providerName: 'Google', email: ANNA, createdAt: AT }

/** Every page and state, by name. */
const VIEWS: Readonly<Record<string, (look: Look) => OurPage>> = {
  'sign-in': (look) => renderSignIn(look, signIn),
  'sign-up': (look) => renderSignUp(look, nowhere),
  'step-up at a provider': (look) =>
    renderStepUp(look, { ...stepUp, methods: ['provider'], method: 'provider' }),
  'step-up with nothing to offer': (look) => renderStepUp(look, { ...stepUp, methods: [], method: null }),
  'leading on': (look) => renderLeadingOn(look, { name: 'Acme', url: ELSEWHERE }),
  'an account exists': (look) => renderContinue(look, { ...nowhere, waiting, signedInAs: null }),
  'connect?': (look) => renderContinue(look, { ...nowhere, waiting, signedInAs: ANNA }),
  'connect without an address?': (look) =>
    renderContinue(look, { ...nowhere, waiting: { ...waiting, email: null }, signedInAs: ANNA }),
  'enter an address': (look) =>
    renderContinue(look, { ...nowhere, waiting: { ...waiting, next: 'address_required' }, signedInAs: null }),
  identities: (look) =>
    renderIdentities(look, { form: EMPTY, identities: [{ ...identity, lastUsedAt: AT }], done: 'connected' }),
  'first password': (look) =>
    renderPassword(look, { form: EMPTY, email: ANNA, hasPassword: false, done: null }),
  ...Object.fromEntries(
    (
      [
        'provider_failed',
        'provider_refused',
        'login_flow_required',
        'sign_in_refused',
        'identity_taken',
        'registration_closed',
        'password_compromised',
      ] as const
    ).map((code) => [code, (look: Look) => renderRefusal(look, new AuthError(code), { requestId: 'r' })]),
  ),
}

describe.each(Object.entries(VIEWS))('%s', (_, render) => {
  it('is well-formed in every language, and has its own title in each', () => {
    const titles = LOCALES.map((locale) => {
      const { html } = render(lookOf({ locale, providers: SIX }))
      // Only the page that leads on leads elsewhere.
      expect(problemsIn(html).filter((problem) => problem !== `leads to ${ELSEWHERE}`)).toEqual([])
      expect(html.replaceAll(/<[^>]*>/g, '')).not.toMatch(/\{\w+\}/)
      return readMarkup(html).elements.find(({ tag }) => tag === 'title')?.text
    })
    expect(new Set(titles).size).toBe(LOCALES.length)
  })

  it('takes every sentence from the texts [PGE-05]', () => {
    const sentences = new Map([...sentencesOf(TEXTS.en)].map(([key, text]) => [key, pseudo(text)]))
    const { html } = render(lookOf({ texts: withSentences(TEXTS.en, sentences), providers: SIX }))
    const main = html.slice(html.indexOf('<main'), html.indexOf('</main>'))
    const bare = main
      .replaceAll(/<[^>]*>/g, '\n')
      .replaceAll(/⟦[^⟧]*⟧/g, '')
      .split('\n')
      .filter((text) => /\p{L}{2}/u.test(text) && !SIX.some(({ name }) => text === name))
    // The sentence around a date is split.
    expect(bare.filter((text) => !/[⟦⟧@]|Nov/.test(text))).toEqual([])
  })
})

it('has one divider before the buttons of all other ways, and a list of providers within the budget', () => {
  const { html } = renderSignIn(lookOf({ providers: SIX }), signIn)
  expect(html.match(/class="or"/g)).toHaveLength(1)
  expect(html.indexOf('class="or"')).toBeLessThan(html.indexOf('data-passkey'))
  const { elements } = readMarkup(html)
  const forms = elements.filter((element) => attributeOf(element, 'action').includes('/sign_in/with/'))
  expect(forms.map(({ ancestors }) => ancestors[0]?.tag)).toEqual(SIX.map(() => 'li'))
  expect(Buffer.byteLength(html)).toBeLessThanOrEqual(6 * 1_024)
  for (const hasPasskeys of [true, false]) {
    const none = renderSignIn(lookOf({ hasPasskeys }), signIn).html
    expect(none.match(/class="or"/g) ?? []).toHaveLength(hasPasskeys ? 1 : 0)
    expect(none).not.toContain('class="providers"')
  }
})

describe.skipIf(!hasBrowser)('in Chromium', () => {
  const ends: Parameters<OnEnd>[0][] = []
  const onEnd: OnEnd = (end) => void ends.push(end)
  let browser: Browser
  let site: Awaited<ReturnType<typeof startPageSite>>
  let fake: FakeProvider
  beforeAll(async () => {
    browser = await openBrowser(onEnd)
    site = await startPageSite({
      onEnd,
      secretKey: randomKey(),
      outboundPrivate: '127.0.0.0/8',
      now: () => new Date(),
    })
    const redirect_uris = [`${site.origin}/login/acme/callback`]
    const client = { client_secret: FAKE_CLIENT.clientSecret, redirect_uris }
    const issuer = await startRealProvider(client, onEnd)
    fake = await startFakeProvider({}, onEnd)
    await site.auth.providers.add({ preset: 'oidc', id: 'acme', name: 'Acme', issuer, ...FAKE_CLIENT })
    const other = { preset: 'oidc', id: 'other', name: 'Other', issuer: fake.issuer } as const
    await site.auth.providers.add({ ...other, ...FAKE_CLIENT })
  })
  afterAll(async () => {
    for (const end of ends.toReversed()) await end()
  })

  const faults: string[] = []

  async function open(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser.newContext({ locale: 'en', ...options })
    onTestFinished(() => context.close())
    const page = await context.newPage()
    page.on('pageerror', (error) => faults.push(String(error)))
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
        faults.push(message.text())
    })
    return page
  }

  /** Presses Tab until the control has the focus, then Enter. */
  async function press(page: Page, name: string) {
    const focused = page.locator(':focus')
    for (let tab = 0; tab < 40; tab++) {
      await page.keyboard.press('Tab')
      if ((await focused.count()) === 0) continue
      const label = (await focused.getAttribute('aria-label')) ?? (await focused.textContent())
      if (label?.trim() === name) return page.keyboard.press('Enter')
    }
    return expect.unreachable(`nothing is named ${name} at ${page.url()}`)
  }

  /** Signs in at the provider, and agrees. */
  async function agree(page: Page, login: string) {
    await page.fill('[name=login]', login)
    await page.fill('[name=password]', 'x')
    await page.keyboard.press('Enter')
    await page.waitForSelector('[name=prompt][value=consent]', { state: 'attached' })
    await page.click('[type=submit]')
  }

  const browsers = [
    ['without script, by keyboard alone', false],
    ['with script, by keyboard alone', true],
  ] as const
  it.each(sample(browsers))(
    'creates an account, signs in again, connects and disconnects, %s [FED-01, PGE-06, PGE-08]',
    async (_, javaScriptEnabled) => {
      const page = await open({ javaScriptEnabled })
      const email = `new-${javaScriptEnabled}@example.org`
      await page.goto(`${site.origin}/sign_in?return_to=/account/sessions`)
      await press(page, 'Continue with Acme')
      await agree(page, email)
      await page.waitForURL(`${site.origin}/account/sessions`)
      await press(page, 'Sign out')
      await page.waitForURL(`${site.origin}/sign_in`)
      // The provider still knows the person.
      await press(page, 'Continue with Acme')
      await page.waitForURL(`${site.origin}/account`)
      expect(await page.locator('main dd').first().textContent()).toBe(email)

      await page.goto(`${site.origin}/account/identities`)
      await press(page, 'Disconnect Acme')
      await page.waitForSelector('.summary')
      expect(await page.locator('.summary').textContent()).toContain(
        TEXTS.en.providers.problems.form.last_way_in,
      )
      await page.goto(`${site.origin}/account/password`)
      await page.fill('#new_password', NEW_PASSWORD)
      await page.keyboard.press('Enter')
      await page.waitForURL(/done=changed/)
      await page.goto(`${site.origin}/account/identities`)
      await press(page, 'Disconnect Acme')
      await page.waitForURL(/done=disconnected/)
      expect(await page.locator('.done').textContent()).toContain(TEXTS.en.providers.own.done.disconnected)
      await press(page, 'Connect Acme')
      await page.waitForURL(/done=connected/)
      expect(await page.locator('main .list').textContent()).toContain(email)
      expect(faults.splice(0)).toEqual([])
    },
  )

  it('connects an address that has an account after its owner has signed in [FED-02]', async () => {
    await site.auth.users.create({ email: ANNA, password: PASSWORD, confirmed: true })
    const page = await open()
    await page.goto(`${site.origin}/sign_in?return_to=/account/activity`)
    await press(page, 'Continue with Acme')
    await agree(page, ANNA)
    await page.waitForURL(/\/login\/continue\?/)
    expect(await page.locator('h1').textContent()).toBe(TEXTS.en.providers.exists.heading)
    await press(page, 'Sign in')
    await page.fill('#email', ANNA)
    await page.fill('#password', PASSWORD)
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/login\/continue\?/)
    await press(page, 'Connect Acme')
    await page.waitForURL(`${site.origin}/account/activity`)
    expect(await page.locator('main').textContent()).toContain(TEXTS.en.activity.done.link_identity)
    expect(faults.splice(0)).toEqual([])
  })

  it('applies the box "Keep me signed in" to providers', async () => {
    setPerson({ sub: 'cora', email: 'cora@example.org' })
    for (const [ticked, expires] of [
      [true, expect.any(Number)],
      [false, -1],
    ] as const) {
      const page = await open()
      await page.goto(`${site.origin}/sign_in`)
      await page.setChecked('#remember', ticked)
      await page.click('text=Continue with Other')
      await page.waitForURL(`${site.origin}/account`)
      const cookies = await page.context().cookies(site.origin)
      const session = cookies.find(({ name }) => name === 'session_id')
      expect(session?.expires).toEqual(expires)
      if (ticked) expect(session?.expires).toBeGreaterThan(0)
    }
  })

  it('explains if the browser keeps no cookies, and does not redirect in a circle', async () => {
    const page = await open()
    await page.route(/callback/, async (route) => {
      await page.context().clearCookies()
      await route.continue()
    })
    await page.goto(`${site.origin}/sign_in`)
    await page.click('text=Continue with Other')
    await page.waitForURL(/callback/)
    expect(await page.locator('h1').textContent()).toBe(TEXTS.en.refusals.login_flow_required.heading)
    await press(page, 'Sign in')
    await page.waitForURL(`${site.origin}/sign_in`)
  })

  it('has buttons that work after the Back button, at the provider and after the sign-in', async () => {
    const undecided = await open()
    await undecided.goto(`${site.origin}/sign_in`)
    for (const _ of ['twice', 'in a row']) {
      await undecided.click('text=Continue with Acme')
      await undecided.waitForSelector('[name=login]')
      await undecided.goBack()
      await undecided.waitForURL(`${site.origin}/sign_in`)
    }
    setPerson({ sub: 'cora', email: 'cora@example.org' })
    const page = await open()
    await page.goto(`${site.origin}/sign_in`)
    await page.dblclick('text=Continue with Other')
    await page.waitForURL(`${site.origin}/account`)
    await page.goBack()
    await page.waitForURL(`${site.origin}/account`)
    expect(await page.locator('h1').textContent()).toBe(TEXTS.en.account.overview.heading)
    expect(faults.splice(0)).toEqual([])
  })

  /** Who is at the other provider. */
  function setPerson(claims: Record<string, unknown>): void {
    fake.knobs = { claims: (usual) => ({ ...usual, ...claims }), userInfo: () => ({ sub: claims.sub }) }
  }

  /** Comes back from the provider in this browser. @returns The address of the page that goes on. */
  async function comeBack(context: BrowserContext, claims: Record<string, unknown>): Promise<string> {
    setPerson(claims)
    const { redirectTo, flowToken } = await site.auth.providers.startSignIn({ provider: 'other' })
    const parameters = Object.fromEntries(fake.authorize(new URL(redirectTo)).searchParams)
    const outcome = await site.auth.providers.completeSignIn(
      { provider: 'other', parameters },
      { sessionToken: undefined, flowToken },
    )
    const { flow } = outcome as { flow: string }
    await context.addCookies([{ name: `login_${flow.slice(-8)}`, value: flowToken, url: site.origin }])
    return `${site.origin}/login/continue?flow=${flow}`
  }

  const LOOKS = [
    { colorScheme: 'light', width: 320 },
    { colorScheme: 'dark', width: 1_280 },
    { colorScheme: 'light', width: 1_280 },
    { colorScheme: 'dark', width: 320 },
  ] as const

  it.each(LOOKS)(
    'axe finds nothing on these pages, and they fit, $colorScheme, $width wide [PGE-03, PGE-04]',
    async ({ colorScheme, width }) => {
      const page = await open({ colorScheme, viewport: { width, height: 800 } })
      const context = page.context()
      const look = async (url: string, heading: string) => {
        await page.goto(url)
        expect(await page.locator('h1').textContent()).toBe(heading)
        expect(await violationsOn(page)).toEqual([])
        expect(await overflowOf(page)).toBe(0)
        expect(await smallTargetsOn(page)).toEqual([])
      }
      const { exists, address, connect, own } = TEXTS.en.providers
      await look(await comeBack(context, { sub: 'alice', email: ALICE }), exists.heading)
      await look(await comeBack(context, { sub: 'nobody', email: undefined }), address.heading)
      const value = (await site.auth.createSession(ALICE)) ?? ''
      await context.addCookies([{ name: 'session_id', value, url: site.origin }])
      const url = await comeBack(context, { sub: 'alice', email: ALICE })
      await look(url, connect.heading.replace('{provider}', 'Other'))
      await look(`${site.origin}/account/identities`, own.heading)
      await look(`${site.origin}/login/acme/callback?state=x`, TEXTS.en.refusals.login_flow_required.heading)
      expect(faults.splice(0)).toEqual([])
    },
  )
})

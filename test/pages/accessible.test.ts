/** Every hosted page is usable by everybody: WCAG 2.2 AA, in a real browser. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { Operation } from '../../src/api/index.ts'
import { LOCALES, sentencesOf, PAGES as TEXTS, withSentences } from '../../src/text/index.ts'
import { overflowOf, pseudo, smallTargetsOn, violationsOn } from '../support/accessibility.ts'
import { hasBrowser, openBrowser } from '../support/browser.ts'
import { IS_FULL } from '../support/full.ts'
import { FORMS, PAGES, sessionFor, startPageSite } from '../support/page-site.ts'
import { PASSWORD } from '../support/production.ts'
import { ALICE } from '../support/story.ts'
import { type OnEnd, temporaryFolder } from '../support/system.ts'

if (!hasBrowser) console.warn('SKIPPED: accessibility in a browser. Install chromium to run it.')

/** The quick run opens every second page. */
const SOME_PAGES = PAGES.filter((_, index) => IS_FULL || index % 2 === 0)

const COLORS = ['light', 'dark'] as const
const WIDTHS = [320, 1_280] as const
/** Every color scheme with every width. The quick run has one for each page, in turn. */
const LOOKS = COLORS.flatMap((colorScheme) => WIDTHS.map((width) => ({ colorScheme, width })))

describe.skipIf(!hasBrowser)('the hosted pages', () => {
  const ends: Parameters<OnEnd>[0][] = []
  const onEnd: OnEnd = (end) => void ends.push(end)
  let browser: Browser
  let site: Awaited<ReturnType<typeof startPageSite>>
  let pseudoSite: typeof site
  beforeAll(async () => {
    browser = await openBrowser(onEnd)
    site = await startPageSite({ onEnd })
    const texts = join(temporaryFolder(onEnd), 'texts.json')
    const sentences = [...sentencesOf(TEXTS.en)].map(([key, sentence]) => [key, pseudo(sentence)])
    writeFileSync(texts, JSON.stringify({ en: Object.fromEntries(sentences) }))
    pseudoSite = await startPageSite({ onEnd, texts })
  })
  afterAll(async () => {
    for (const end of ends.toReversed()) await end()
  })

  /** Policy violations and errors of scripts. */
  const faults: string[] = []

  async function contextFor(operation: Operation, of: typeof site, options: BrowserContextOptions = {}) {
    const context = await browser.newContext({ locale: 'en', ...options })
    onTestFinished(() => context.close())
    const { sessionToken, loginToken } = await sessionFor(operation, of)
    const cookies = { session_id: sessionToken, login: loginToken }
    for (const [name, value] of Object.entries(cookies))
      if (value !== undefined) await context.addCookies([{ name, value, url: of.origin }])
    return context
  }

  async function open(context: BrowserContext, url: string): Promise<Page> {
    const page = await context.newPage()
    page.on('pageerror', (error) => faults.push(String(error)))
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
        faults.push(message.text())
    })
    await page.goto(url)
    return page
  }

  /** The distances of WCAG 1.4.12. */
  const SPACING = `for (const element of document.querySelectorAll('*')) {
    element.style.setProperty('line-height', '1.5', 'important')
    element.style.setProperty('letter-spacing', '0.12em', 'important')
    element.style.setProperty('word-spacing', '0.16em', 'important')
    if (element.matches('p')) element.style.setProperty('margin-bottom', '2em', 'important')
  }`

  /** Elements whose text is cut off. */
  const CUT_OFF = `[...document.querySelectorAll('main *, header *, footer *')].filter((element) => element.checkVisibility() && !element.matches('.unseen, svg, svg *, input') && getComputedStyle(element).overflowX === 'hidden' && element.scrollWidth > element.clientWidth + 1).map((element) => element.outerHTML)`

  /**
   * Visible text with too little contrast: [the text, its ratio, the least]. Text counts against the nearest background
   * that is opaque, on paper against white: backgrounds are not printed.
   */
  const FAINT_TEXT = `(onPaper, least, leastOfColored) => {
    const channelsOf = (color) => [...color.matchAll(/[\\d.]+/g)].map(Number)
    const luminanceOf = (channels) => {
      const [red, green, blue] = channels.map((channel) => channel / 255).map((share) => share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4)
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
    const backgroundOf = (element) => {
      if (onPaper || element === null) return [255, 255, 255]
      const [red, green, blue, opacity = 1] = channelsOf(getComputedStyle(element).backgroundColor)
      return opacity === 1 ? [red, green, blue] : backgroundOf(element.parentElement)
    }
    const found = []
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const element = node.parentElement
      if (node.data.trim() === '' || !element.checkVisibility() || element.closest('.skip')) continue
      const [red, green, blue] = channelsOf(getComputedStyle(element).color)
      const isColored = Math.max(red, green, blue) - Math.min(red, green, blue) > 50 || element.closest('.submit')
      const [a, b] = [[red, green, blue], backgroundOf(element)].map(luminanceOf)
      const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
      const wanted = isColored ? leastOfColored : least
      if (ratio < wanted) found.push([node.data, ratio, wanted])
    }
    return found
  }`

  /** What a print shows besides the content. */
  const NOT_FOR_PAPER = `[...document.querySelectorAll('nav, footer, button, input, .skip')].filter((element) => element.checkVisibility() && !element.matches('.skip:not(:focus)')).map((element) => element.outerHTML)`

  /** More contrast (1.4.6 for text without a color), print, and 200 % zoom of the page and of text alone (1.4.4). */
  async function expectReadable(page: Page, path: string) {
    await page.emulateMedia({ contrast: 'more' })
    expect(await page.evaluate(`(${FAINT_TEXT})(false, 7, 4.5)`), path).toEqual([])
    await page.emulateMedia({ contrast: null, media: 'print' })
    expect(await page.evaluate(`(${FAINT_TEXT})(true, 4.5, 4.5)`), path).toEqual([])
    expect(await page.evaluate(NOT_FOR_PAPER), path).toEqual([])
    expect(await page.locator('h1:visible').count(), path).toBe(1)
    await page.emulateMedia({ media: null })
    // 1280 by 800 at 200 %.
    await page.setViewportSize({ width: 640, height: 400 })
    expect([await overflowOf(page), await page.evaluate(CUT_OFF)], path).toEqual([0, []])
    const devtools = await page.context().newCDPSession(page)
    const sizes = () => page.evaluate<number[]>(FONT_SIZES)
    const before = await sizes()
    await devtools.send('Page.setFontSizes', { fontSizes: { standard: 32, fixed: 26 } })
    expect(await sizes(), path).toEqual(before.map((size) => 2 * size))
    expect([await overflowOf(page), await page.evaluate(CUT_OFF)], path).toEqual([0, []])
  }

  const FONT_SIZES = `[...document.querySelectorAll('body *')].filter((element) => !element.closest('svg')).map((element) => parseFloat(getComputedStyle(element).fontSize))`

  const cases = SOME_PAGES.flatMap((operation, index) =>
    (IS_FULL ? LOOKS : [LOOKS[index % LOOKS.length] as (typeof LOOKS)[number]]).map((look) => ({
      operation,
      path: operation.path,
      ...look,
    })),
  )

  it.each(cases)(
    '$path, $colorScheme, $width wide: axe finds nothing, nothing overflows, and it can be enlarged, printed and read with more contrast [PGE-03, PGE-04, PGE-10]',
    async ({ operation, colorScheme, width }) => {
      const context = await contextFor(operation, site, { colorScheme, viewport: { width, height: 800 } })
      const page = await open(context, site.origin + operation.path)
      expect(await violationsOn(page)).toEqual([])
      expect(await overflowOf(page)).toBe(0)
      expect((await smallTargetsOn(page)).join('\n')).toBe('')
      // The error state: the form sent empty.
      const submit = page.locator('main form[action]:has(input[required]) [type=submit]').first()
      if ((await submit.count()) > 0) {
        await submit.click()
        await page.waitForSelector('.summary')
        expect(await violationsOn(page)).toEqual([])
        expect(await overflowOf(page)).toBe(0)
        expect(await page.title()).toMatch(/^Error: /)
        expect(await page.evaluate(`document.activeElement.matches('.summary')`)).toBe(true)
      }
      await expectReadable(page, operation.path)
      expect(faults.splice(0)).toEqual([])
    },
  )

  // A long part, which `npm test` leaves to `npm run test:full`.
  it.each(IS_FULL ? LOCALES : [])(
    'fit at 320 pixels with the spacing of WCAG 1.4.12, in %s',
    async (locale) => {
      for (const operation of PAGES) {
        const context = await contextFor(operation, site, {
          viewport: { width: 320, height: 568 },
          bypassCSP: true,
          locale,
        })
        const page = await open(context, site.origin + operation.path)
        expect(await overflowOf(page), operation.path).toBe(0)
        await page.evaluate(SPACING)
        expect(await overflowOf(page), operation.path).toBe(0)
        expect(await page.evaluate(CUT_OFF), operation.path).toEqual([])
        await context.close()
      }
    },
  )

  it('take every sentence from the texts, and have room for a language that is 40 % longer [PGE-05]', async () => {
    for (const operation of SOME_PAGES) {
      const context = await contextFor(operation, pseudoSite, { viewport: { width: 320, height: 568 } })
      const page = await open(context, pseudoSite.origin + operation.path)
      expect(await overflowOf(page), operation.path).toBe(0)
      const bare = await page.evaluate<string[]>(`(() => {
        const texts = []
        const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
        for (let node = walker.nextNode(); node; node = walker.nextNode()) {
          const element = node.parentElement
          if (!element.checkVisibility() || element.closest('.brand, .who, #host, [hreflang], time, code')) continue
          texts.push(node.data)
        }
        return texts
      })()`)
      const own = bare
        .map((text) => text.trim())
        // What is not a sentence of ours: addresses, names of devices and of the provider, numbers, the fields of the application.
        .filter(
          (text) =>
            /\p{L}{2}/u.test(text) &&
            !/⟦|⟧|lorem|ipsum|dolor|^Google$|^As on your invoices\.$|^Send me letters$/.test(text) &&
            !text.includes('@'),
        )
      expect(own, operation.path).toEqual([])
      await context.close()
    }
  })

  it('work by keyboard alone, in reading order, with visible focus [PGE-06]', async () => {
    const [signIn = expect.unreachable()] = PAGES.filter(({ path }) => path === '/sign_in')
    const context = await contextFor(signIn, site)
    const page = await open(context, `${site.origin}/sign_in?return_to=/account`)
    const focused: string[] = []
    const step = async () => {
      await page.keyboard.press('Tab')
      const { name, outline, isInView } = await page.evaluate<{
        name: string
        outline: string
        isInView: boolean
      }>(`(() => {
        const element = document.activeElement
        const { top, bottom } = element.getBoundingClientRect()
        const style = getComputedStyle(element)
        return { name: element.className || element.name || element.textContent, outline: style.outlineStyle + ' ' + style.outlineWidth, isInView: top >= 0 && bottom <= innerHeight }
      })()`)
      focused.push(name)
      expect(outline, name).toBe('solid 3px')
      expect(isInView, name).toBe(true)
    }
    await page.waitForSelector('[data-passkey] button:visible')
    for (let tab = 0; tab < 7; tab++) await step()
    expect(focused).toEqual(['skip', 'email', 'password', 'reveal', 'remember', 'submit ', 'submit second'])
    await page.goto(`${site.origin}/sign_in?return_to=/account`)
    await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    expect(await page.evaluate(`document.activeElement.id`)).toBe('main')
    await page.keyboard.press('Tab')
    await page.keyboard.type(ALICE)
    await page.keyboard.press('Tab')
    await page.keyboard.type('wrong')
    await page.keyboard.press('Enter')
    await page.waitForSelector('.summary')
    // What was typed is still there; only the password is typed again.
    expect(await page.inputValue('#email')).toBe(ALICE)
    expect(await page.inputValue('#password')).toBe('')
    while (!(await page.evaluate(`document.activeElement.id === 'password'`)))
      await page.keyboard.press('Tab')
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press('Enter')
    await page.waitForURL(`${site.origin}/account`)
    expect(faults.splice(0)).toEqual([])
  })

  it('respect what people prefer: less motion, forced colors [PGE-07]', async () => {
    const [signIn = expect.unreachable()] = PAGES.filter(({ path }) => path === '/sign_in')
    const context = await contextFor(signIn, site, { reducedMotion: 'reduce', forcedColors: 'active' })
    const page = await open(context, `${site.origin}/sign_in`)
    await page.evaluate(`document.querySelector('[type=submit]').setAttribute('aria-disabled', 'true')`)
    expect(
      await page.evaluate(
        `getComputedStyle(document.querySelector('[type=submit]'), '::before').animationName`,
      ),
    ).toBe('none')
    for (const visible of ['.submit', '.icon'])
      expect(
        await page.evaluate(
          `getComputedStyle(document.querySelector(${JSON.stringify(visible)})).borderStyle`,
        ),
      ).toBe('solid')
    await page.focus('#email')
    expect(await page.evaluate(`getComputedStyle(document.activeElement).outlineStyle`)).toBe('solid')
  })

  it('give a long address its own line on a phone, and keep the button beside the name', async () => {
    const email = 'maximiliane.von-und-zu-hohenstein@verwaltung.gemeinde-oberammergau.example.com'
    await site.auth.users.create({ email, password: PASSWORD, confirmed: true })
    const context = await browser.newContext({ locale: 'en', viewport: { width: 320, height: 568 } })
    onTestFinished(() => context.close())
    const value = (await site.auth.createSession(email)) ?? expect.unreachable()
    await context.addCookies([{ name: 'session_id', value, url: site.origin }])
    const page = await open(context, `${site.origin}/account`)
    expect(await overflowOf(page)).toBe(0)
    const boxOf = async (selector: string) =>
      (await page.locator(selector).boundingBox()) ?? expect.unreachable(selector)
    const [name, button, address] = [await boxOf('.brand'), await boxOf('header button'), await boxOf('.who')]
    expect(address.width).toBe(288)
    expect(name.y).toBeGreaterThanOrEqual(button.y)
    expect(name.y + name.height).toBeLessThanOrEqual(button.y + button.height)
    expect(address.y).toBeGreaterThanOrEqual(button.y + button.height)
  })

  it('put a long name below a wide logo on a phone', async () => {
    const logo = join(temporaryFolder(), 'logo.svg')
    writeFileSync(
      logo,
      '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 32"><path d="M0 0h400v32H0z"/></svg>',
    )
    const { origin } = await startPageSite({
      logo,
      serviceName: 'Verkehrsverbund der Gemeinde Oberammergau am Fluss',
    })
    const context = await browser.newContext({ viewport: { width: 320, height: 568 } })
    onTestFinished(() => context.close())
    const page = await open(context, `${origin}/sign_in`)
    const [box, image] = [await page.locator('.brand').boundingBox(), await page.locator('img').boundingBox()]
    expect(image).toMatchObject({ width: 288, height: 32 })
    // The logo, and two lines of text.
    expect(box?.height).toBeLessThan(100)
    expect(await overflowOf(page)).toBe(0)
  })

  it('work without script, and show nothing that needs it [PGE-08]', async () => {
    for (const operation of SOME_PAGES) {
      const context = await contextFor(operation, site, { javaScriptEnabled: false })
      const page = await open(context, site.origin + operation.path)
      expect(await page.locator('.reveal:visible, [data-passkey]:visible').count(), operation.path).toBe(0)
      expect(await page.locator('h1:visible').count(), operation.path).toBe(1)
      const submit = page.locator('main form[action]:has(input[required]) [type=submit]').first()
      if ((await submit.count()) > 0) {
        await submit.click()
        await page.waitForSelector('.summary')
        expect(await page.title()).toMatch(/^Error: /)
        expect(await page.evaluate(`document.activeElement.matches('.summary')`).catch(() => true)).toBe(true)
      }
      await context.close()
    }
    const [signIn = expect.unreachable()] = PAGES.filter(({ path }) => path === '/sign_in')
    const page = await open(
      await contextFor(signIn, site, { javaScriptEnabled: false }),
      `${site.origin}/sign_in`,
    )
    await page.fill('#email', ALICE)
    await page.fill('#password', PASSWORD)
    await page.click('main [type=submit]')
    await page.waitForURL(`${site.origin}/account`)
    await page.locator('header button').click()
    await page.waitForURL(`${site.origin}/sign_in`)
  })

  it('shift no layout, and are painted before the script has loaded [PGE-09]', async () => {
    const [signIn = expect.unreachable()] = PAGES.filter(({ path }) => path === '/sign_in')
    const context = await contextFor(signIn, site)
    const page = await context.newPage()
    const asked: string[] = []
    page.on('request', (request) => asked.push(request.url()))
    // The script never arrives.
    const { promise: held, resolve: release } = Promise.withResolvers<void>()
    await page.route(/\.js$/, async (route) => {
      await held
      await route.continue()
    })
    await page.goto(`${site.origin}/sign_in`, { waitUntil: 'commit' })
    await expect
      .poll(() => page.evaluate(`performance.getEntriesByName('first-contentful-paint').length`), {
        timeout: 30_000,
      })
      .toBe(1)
    release()
    await page.waitForLoadState('load')
    const shift = await page.evaluate<number>(`new Promise((resolve) => {
      let total = 0
      new PerformanceObserver((list) => { for (const entry of list.getEntries()) total += entry.value }).observe({ type: 'layout-shift', buffered: true })
      requestAnimationFrame(() => requestAnimationFrame(() => resolve(total)))
    })`)
    expect(shift).toBe(0)
    // The script asks for a challenge, so that the browser can offer passkeys.
    const ofPage = asked.filter((url) => !/\.svg$|\/ceremonies$/.test(url))
    expect(ofPage.map((url) => url.replace(/.*\.(\w+)$/, '$1')).toSorted()).toEqual(
      ['css', `${site.origin}/sign_in`, 'js', 'js'].toSorted(),
    )
    expect(asked.every((url) => url.startsWith(site.origin))).toBe(true)
  })
})

it('the pseudo-language is 40 % longer and keeps placeholders', () => {
  const longer = pseudo('Wait {time} before you try again.')
  expect(longer).toContain('{time}')
  expect(longer.length).toBeGreaterThan(1.4 * 'Wait {time} before you try again.'.length)
  expect(FORMS.length).toBeGreaterThan(3)
  expect(withSentences({ a: 'b' }, new Map([['a', pseudo('b')]])).a).not.toBe('b')
})

/** Shows mails in Chromium as mail programs do. */
import type { Browser, Page } from 'playwright-core'

/** The features in which mail programs differ. */
export interface MailProgram {
  /** The width of the window in pixels. Default: 600. */
  readonly width?: number
  /** Whether the reader prefers dark mode. Default: false. */
  readonly dark?: boolean
  /** Whether `<style>` works. Default: true. */
  readonly styles?: boolean
  /** The images by URL, as bytes and type. All others are blocked, as most mail programs do. */
  readonly images?: Readonly<Record<string, { readonly body: Buffer; readonly contentType: string }>>
}

/** Opens a mail in a new context. The caller closes it: `page.context().close()`. */
export async function openMail(browser: Browser, html: string, program: MailProgram = {}): Promise<Page> {
  const { width = 600, dark = false, styles = true, images = {} } = program
  const context = await browser.newContext({
    viewport: { width, height: 400 },
    colorScheme: dark ? 'dark' : 'light',
    deviceScaleFactor: 2,
    javaScriptEnabled: false,
  })
  await context.route('**', (route, request) => {
    const image = images[request.url()]
    return image === undefined ? route.abort() : route.fulfill(image)
  })
  const page = await context.newPage()
  await page.setContent(styles ? html : html.replace(/<style>.*?<\/style>/gs, ''))
  return page
}

/** A PNG of the whole mail. */
export async function pictureOf(browser: Browser, html: string, program?: MailProgram): Promise<Buffer> {
  const page = await openMail(browser, html, program)
  try {
    return await page.screenshot({ fullPage: true, type: 'png' })
  } finally {
    await page.context().close()
  }
}

/**
 * The problems of a mail as it is shown: content wider than the window, text with a contrast below 4.5 (WCAG 2.2, 1.4.3), or a
 * button less than 44 pixels high.
 */
export async function problemsIn(browser: Browser, html: string, program?: MailProgram): Promise<string[]> {
  const page = await openMail(browser, html, program)
  try {
    return await page.evaluate<string[]>(PROBLEMS)
  } finally {
    await page.context().close()
  }
}

const PROBLEMS = `(() => {
  const problems = []
  const channels = (color) => color.match(/[\\d.]+/g).map(Number)
  const luminance = (color) => {
    const [r, g, b] = channels(color).map((value) => value / 255)
      .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const backgroundOf = (element) => {
    const color = getComputedStyle(element).backgroundColor
    return channels(color)[3] === 0 && element.parentElement ? backgroundOf(element.parentElement) : color
  }
  for (const element of document.body.querySelectorAll('*')) {
    if (!element.checkVisibility()) continue
    const { right, left, height } = element.getBoundingClientRect()
    if (right > innerWidth || left < 0) problems.push('overflow: ' + element.outerHTML.slice(0, 80))
    if (element.matches('a') && height < 44) problems.push('button: ' + height)
    if (![...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '')) continue
    const [dark, light] = [getComputedStyle(element).color, backgroundOf(element)].map(luminance).sort((a, b) => a - b)
    const contrast = (light + 0.05) / (dark + 0.05)
    if (!(contrast >= 4.5)) problems.push('contrast ' + contrast + ': ' + element.textContent.slice(0, 40))
  }
  if (document.documentElement.scrollWidth > innerWidth) problems.push('scrolls sideways')
  return problems
})()`

/** A mail as mail programs show it, in Chromium. */
import type { Browser, Page } from 'playwright-core'

/** What differs between mail programs. */
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

/** Opens a mail in a context of its own. The caller closes it: `page.context().close()`. */
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

/** Mails as mail programs show them, in a real browser. `npm run test:full` opens every mail. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compose } from '../../src/mail/compose.ts'
import { htmlOf } from '../../src/mail/layout.ts'
import { DEFAULT_LOOK } from '../../src/mail/look.ts'
import { LOCALES, MAIL } from '../../src/text/index.ts'
import { hasBrowser, openBrowser } from '../support/browser.ts'
import { IS_FULL } from '../support/full.ts'
import { type MailProgram, openMail, pictureOf, problemsIn } from '../support/mail-page.ts'
import { MESSAGES, SIGN_IN } from '../support/messages.ts'

const SERVICE = 'auth.example.com'
const LINK =
  'https://auth.example.com/confirm_email#token=019aa65e-1c00-7abc-8def-0123456789ab.kVQ2d3JzZWNyZXRzZWNyZXRzZWNyZXRzZWNyZXRzZQw'

/** A mail with every part: a logo that is not loaded, a long link, a code and facts. */
const WHOLE = htmlOf({
  words: {
    ...MAIL.de.verify_email(SERVICE, '24 Stunden'),
    facts: ['IP-Adresse: 2001:db8:85a3:8d3:1319:8a2e:370:7348'],
  },
  greeting: MAIL.de.greeting,
  copyLink: MAIL.de.copyLink,
  link: LINK,
  code: { label: 'Code:', digits: '1234 5678', note: 'Note.' },
  service: SERVICE,
  language: 'de',
  look: { ...DEFAULT_LOOK, logoUrl: 'https://auth.example.com/logo.png' },
})

const MAILS: readonly [name: string, html: string][] = [
  ['a mail with every part', WHOLE],
  ...LOCALES.flatMap((locale) =>
    [...Object.values(MESSAGES), { ...MESSAGES.new_device, count: 9, signIns: [SIGN_IN, SIGN_IN] }].map(
      (message): [string, string] => [
        `${message.kind} in ${locale}`,
        compose('link' in message ? { ...message, link: LINK } : message, { service: SERVICE, locale }).html,
      ],
    ),
  ),
].slice(0, IS_FULL ? undefined : 1) as [string, string][]

const PROGRAMS: readonly MailProgram[] = [320, 600].flatMap((width) =>
  [false, true].flatMap((dark) => [true, false].map((styles) => ({ width, dark, styles }))),
)

if (!hasBrowser) console.warn('SKIPPED: mails in a browser. Install chromium to run it.')

describe.skipIf(!hasBrowser)('the mails', () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await openBrowser(afterAll)
  })

  it.each(MAILS)(
    '%s fits 320 and 600 pixels and is readable in light and dark mode, without images and style sheets too',
    async (_, html) => {
      for (const program of PROGRAMS)
        expect({ program, problems: await problemsIn(browser, html, program) }).toEqual({
          program,
          problems: [],
        })
    },
  )

  it('show the logo if the reader loads images', async () => {
    const body = Buffer.from(
      'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
      'base64',
    )
    const images = { 'https://auth.example.com/logo.png': { body, contentType: 'image/png' } }
    const pictures = [await pictureOf(browser, WHOLE), await pictureOf(browser, WHOLE, { images })]
    expect(pictures[0]).not.toEqual(pictures[1])
  })

  it('are dark in dark mode, and light without style sheets', async () => {
    const grounds: string[] = []
    for (const program of [{}, { dark: true }, { dark: true, styles: false }]) {
      const page = await openMail(browser, WHOLE, program)
      grounds.push(await page.evaluate<string>('getComputedStyle(document.body).backgroundColor'))
      await page.context().close()
    }
    expect(grounds).toEqual(['rgb(242, 244, 249)', 'rgb(14, 17, 24)', 'rgb(242, 244, 249)'])
  })
})

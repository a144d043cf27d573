/** Which features of the mails the mail programs support, according to caniemail.com. */
import { rawData } from 'caniemail'
import { expect, it } from 'vitest'
import { MESSAGES } from '../../test/support/messages.ts'
import { LOCALES } from '../text/index.ts'
import { compose } from './compose.ts'
import { htmlOf } from './layout.ts'
import { DEFAULT_LOOK, LOGO_URL } from './look.ts'

interface Feature {
  readonly slug: string
  readonly stats: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, string>>>>>>
}

/** The support of each feature: by family, platform and version, `y`, `a` (partly), `n` or `u`, and notes. */
const data = rawData.data as unknown as readonly Feature[]

/** The mail programs that the mails must look right in. Several test dates of one are in order; the last one counts. */
const PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  gmail: ['desktop-webmail', 'ios', 'android', 'mobile-webmail'],
  outlook: ['windows', 'windows-mail', 'macos', 'outlook-com', 'ios', 'android'],
  'apple-mail': ['macos', 'ios'],
  yahoo: ['desktop-webmail', 'ios', 'android'],
}

/** What caniemail.com does not list, because every program knows it. */
const KNOWN_EVERYWHERE = [
  ...['<html>', '<head>', '<title>', '<br>', '<meta>', '<tr>', '<td>', '<a>'],
  ...['charset', 'name', 'content', 'class', 'style', 'href', 'border', 'bgcolor', 'src', 'alt'].map(
    (name) => `@${name}`,
  ),
  'color',
]

/** Properties of Word, which renders mail in Outlook on Windows. Every other program ignores them. */
const OF_WORD = ['mso-hide', 'mso-padding-alt']

/** Where the name of a feature differs from that of the element or property. */
const NAMES: Readonly<Record<string, string>> = {
  '<h1>': 'html-h1-h6',
  'border-top': 'css-border',
  'border-color': 'css-border',
  'font-family': 'css-font',
}

const PROGRESSIVE =
  'A style sheet only adds dark mode and small screens. Every element has its style without it.'
const SCHEME = 'Without it, the mail has its light colors, or those that the program makes of them.'

/** What does not work in every program, in which families, and why the mail is right without it. */
const PARTLY: Readonly<Record<string, readonly [families: string, reason: string]>> = {
  'html-doctype': ['outlook yahoo', 'The layout is made of tables, which are the same without it.'],
  'html-body': ['gmail outlook yahoo', 'Becomes a div. A table repeats its background.'],
  'html-style': ['gmail outlook', PROGRESSIVE],
  'css-at-media': ['gmail outlook yahoo', PROGRESSIVE],
  'css-important': ['gmail outlook yahoo', PROGRESSIVE],
  'css-selector-class': ['gmail', PROGRESSIVE],
  'css-at-media-prefers-color-scheme': ['gmail outlook yahoo', SCHEME],
  'css-color-scheme': ['gmail outlook yahoo', SCHEME],
  'html-meta-color-scheme': ['gmail outlook apple-mail yahoo', SCHEME],
  'html-lang': ['yahoo', 'Only lost on cells. It is on a div.'],
  'html-dir': [
    'gmail outlook',
    'Only lost on tables and cells, and in texts from right to left. It is on a div.',
  ],
  'html-aria-hidden': ['outlook yahoo', 'A screen reader reads the letter before the name of the service.'],
  'html-role': ['outlook yahoo', 'A screen reader announces tables. Their order is that of the text.'],
  'html-width': ['outlook', 'Only images and sizes at 120 dpi differ.'],
  'html-height': ['outlook', 'Only images and sizes at 120 dpi differ.'],
  'html-align': ['outlook', 'Not used on images.'],
  'css-margin': [
    'gmail outlook yahoo',
    'No negative and no automatic margins, and paragraphs have no background.',
  ],
  'css-padding': [
    'outlook',
    'Works on cells. The button has mso-padding-alt, the lines of facts are closer.',
  ],
  'css-width': ['outlook', 'Used on tables and cells, where it works.'],
  'css-height': ['outlook yahoo', 'Works on cells, or becomes a minimum.'],
  'css-max-width': ['outlook', 'A table in a conditional comment has the width.'],
  'css-max-height': ['outlook', 'For the hidden line, which mso-hide hides too.'],
  'css-overflow': [
    'gmail outlook apple-mail yahoo',
    'For the hidden line, which has two more ways to be hidden.',
  ],
  'css-display': [
    'gmail outlook yahoo',
    'Only none, block and inline-block. The button has mso-padding-alt.',
  ],
  'css-border': ['outlook', 'Only borders of one pixel, on cells.'],
  'css-border-radius': ['outlook yahoo', 'Corners are square in Outlook on Windows. No elliptical corners.'],
  'css-font-size': ['outlook yahoo', 'Only pixels.'],
  'css-line-height': ['outlook', 'Lines in Outlook on Windows can be a little higher.'],
  'css-font-weight': ['outlook yahoo', 'Only 600 and 700, which may look the same.'],
  'css-letter-spacing': ['outlook', 'Only positive pixels.'],
  'css-text-align': ['gmail outlook yahoo', 'Only center.'],
  'css-text-decoration': ['gmail outlook', 'Only none. Otherwise the label of the button is underlined.'],
  'css-white-space': ['gmail outlook yahoo', 'A code is short enough for one line without it.'],
  'css-word-break': [
    'gmail outlook apple-mail yahoo',
    'Yahoo breaks long links by its own style. A link has hyphens too.',
  ],
}

const VALUES = {
  greeting: 'Hello,',
  copyLink: 'Copy:',
  link: 'https://auth.example.com/#a',
  service: 'x',
  language: 'en',
}
const MAILS = [
  ...LOCALES.flatMap((locale) =>
    Object.values(MESSAGES).map((message) => compose(message, { service: 'auth.example.com', locale }).html),
  ),
  htmlOf({
    ...VALUES,
    words: { subject: 'x', heading: 'x', before: ['x'], action: 'x', facts: ['x'], after: ['x'] },
    code: { label: 'x', digits: '1234 5678', note: 'x' },
    look: { ...DEFAULT_LOOK, logoUrl: LOGO_URL },
  }),
]

/** Every element as `<td>`, every attribute as `@width`, every property, and what else a style sheet has. */
function usedIn(html: string): Set<string> {
  const sheets = [...html.matchAll(/<style>(.*?)<\/style>/gs)].map(([, css = '']) => css)
  const tags = [
    ...html.replace(/<style>.*?<\/style>/gs, '<style>').matchAll(/<([a-z]\w*)((?: [a-z-]+="[^"]*")*)>/g),
  ]
  const attributes = tags.flatMap(([, , all = '']) => [...all.matchAll(/ ([a-z-]+)="([^"]*)"/g)])
  const styles = attributes.flatMap(([, name, value = '']) => (name === 'style' ? value.split(';') : []))
  const declared = [
    ...styles,
    ...sheets.flatMap((css) => css.replace(/@media[^{]*/g, '').match(/[a-z-]+: [^;{}]+(?=[;}\s])/g) ?? []),
  ]
  const colorScheme = html.includes('<meta name="color-scheme"') ? ['html-meta-color-scheme'] : []
  return new Set([
    'html-doctype',
    ...colorScheme,
    ...tags.map(([, name]) => `<${name}>`),
    ...attributes.map(([, name]) => `@${name}`),
    ...declared.map((each) => each.split(':')[0]?.trim() ?? ''),
    ...sheets.flatMap((css) => [
      ...(css.includes('@media') ? ['css-at-media'] : []),
      ...(css.includes('prefers-color-scheme') ? ['css-at-media-prefers-color-scheme'] : []),
      ...(css.includes('!important') ? ['css-important'] : []),
      ...(/^\s*\./m.test(css) ? ['css-selector-class'] : []),
    ]),
    ...(html.includes('<!--') ? ['html-comments'] : []),
    ...(declared.some((each) => /\dpx/.test(each)) ? ['css-unit-px'] : []),
    ...(declared.some((each) => /\d%/.test(each)) ? ['css-unit-percent'] : []),
  ])
}

function slugOf(used: string): string {
  if (/^(?:html|css)-/.test(used)) return used
  return (
    NAMES[used] ??
    used
      .replace(/^@|^<(?=\w)/, 'html-')
      .replace(/>$/, '')
      .replace(/^(?!html-)/, 'css-')
  )
}

/** The families of programs in which a feature does not fully work. */
function familiesWithout({ stats }: Feature): string {
  return Object.entries(PROGRAMS)
    .filter(([family, platforms]) =>
      platforms.some(
        (platform) =>
          !Object.values(stats[family]?.[platform] ?? { none: 'y' })
            .at(-1)
            ?.startsWith('y'),
      ),
    )
    .map(([family]) => family)
    .join(' ')
}

const used = [...new Set(MAILS.flatMap((html) => [...usedIn(html)]))].filter(
  (each) => !KNOWN_EVERYWHERE.includes(each) && !OF_WORD.includes(each),
)

it('every element, attribute and property of the mails is known to caniemail.com', () => {
  expect(used.length).toBeGreaterThan(40)
  expect(used.filter((each) => !data.some(({ slug }) => slug === slugOf(each)))).toEqual([])
})

it('mails use only what Gmail, Outlook, Apple Mail and Yahoo support, except for the listed exceptions', () => {
  const slugs = new Set(used.map(slugOf))
  const partly = data.flatMap((feature) => {
    const families = slugs.has(feature.slug) ? familiesWithout(feature) : ''
    return families === '' ? [] : [[feature.slug, families]]
  })
  expect(Object.fromEntries(partly)).toEqual(
    Object.fromEntries(Object.entries(PARTLY).map(([slug, [families]]) => [slug, families])),
  )
})

it('no mail is larger than 30 KB, and no style sheet larger than Gmail reads', () => {
  for (const html of MAILS) {
    expect(Buffer.byteLength(html)).toBeLessThan(30_000)
    for (const [sheet] of html.matchAll(/<style>.*?<\/style>/gs)) expect(sheet.length).toBeLessThan(8_192)
  }
})

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { confirmEmail, type Operation, resetPassword } from '../api/index.ts'
import { ERRORS } from '../errors.ts'
import { LOCALES, type Locale, PAGES } from '../text/index.ts'
import { type Page, renderConfirmEmail, renderResetPassword, type Setting } from './index.ts'

interface Rendered {
  readonly name: 'resetPassword' | 'confirmEmail'
  readonly render: (setting: Setting) => Page
  readonly operation: Operation
  readonly locale: Locale
}

const RENDERED: readonly Rendered[] = LOCALES.flatMap((locale) => [
  { name: 'resetPassword', render: renderResetPassword, operation: resetPassword, locale } as const,
  { name: 'confirmEmail', render: renderConfirmEmail, operation: confirmEmail, locale } as const,
])

/** Elements that have no end tag, or that we close in themselves. */
const VOID = new Set(['meta', 'input', 'path', 'circle', 'rect'])

/** The markup without what stands in style and script, and those two texts. */
function take(page: Page): { markup: string; styles: string[]; scripts: string[] } {
  const textsOf = (element: string) =>
    [...page.html.matchAll(new RegExp(`<${element}[^>]*>(.*?)</${element}>`, 'gs'))].map(
      ([, text = '']) => text,
    )
  return {
    markup: page.html.replace(/<(style|script)\b[^>]*>.*?<\/\1>/gs, '<$1></$1>'),
    styles: textsOf('style'),
    scripts: textsOf('script'),
  }
}

/** What is wrong with the nesting of the tags. */
function misnested(markup: string): string[] {
  const open: string[] = []
  const problems: string[] = []
  for (const [, slash, name = '', selfClosing] of markup.matchAll(/<(\/?)([a-z][a-z\d]*)[^<>]*?(\/?)>/g)) {
    if (slash !== '') {
      const last = open.pop()
      if (last !== name) problems.push(`</${name}> closes <${last}>`)
    } else if (!VOID.has(name) && selfClosing === '') open.push(name)
  }
  return [...problems, ...open.map((name) => `<${name}> stays open`)]
}

/** The values of an attribute, as they are written. */
function valuesOf(attribute: string, markup: string): string[] {
  return [...markup.matchAll(new RegExp(`\\s${attribute}="([^"]*)"`, 'g'))].map(([, value = '']) => value)
}

/** Every text in what a page says. */
function textsIn(words: unknown): string[] {
  if (typeof words === 'string') return words === '' ? [] : [words]
  return Object.values(words as object).flatMap(textsIn)
}

/** The page that sets a password here wants 15 characters. */
const SETTING = { basePath: '/auth', minPasswordLength: 15, resetEndsSessions: true }

function textsOf({ name, locale }: Rendered): string[] {
  const { reveal, problems } = PAGES[locale]
  return textsIn([reveal, problems, PAGES[locale][name]])
}

describe.each(RENDERED)('the page $name in $locale', (rendered) => {
  const { name, render, operation, locale } = rendered
  const page = render({ ...SETTING, locale })
  const { markup, styles, scripts } = take(page)

  it('is well-formed, and what refers to an element finds it', () => {
    expect(page.html.startsWith('<!doctype html>\n')).toBe(true)
    expect(misnested(markup)).toEqual([])
    expect(markup.replaceAll(/<!?\/?[a-z][^<>]*>/g, '')).not.toMatch(/[<>]/)
    const ids = valuesOf('id', markup)
    expect(new Set(ids).size).toBe(ids.length)
    const references = ['for', 'aria-describedby', 'aria-controls'].flatMap((by) => valuesOf(by, markup))
    expect(references.length).toBeGreaterThan(2)
    for (const id of references.flatMap((value) => value.split(' '))) expect(ids).toContain(id)
  })

  it('says its language, its title, and that it is for no search engine and no referrer [EML-05]', () => {
    expect(valuesOf('lang', markup)).toEqual([locale])
    expect(markup).toContain(`<title>${PAGES[locale][name].ask.heading}</title>`)
    expect(markup).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">')
    expect(markup).toContain('<meta name="referrer" content="no-referrer">')
    expect(markup).toContain('<meta name="robots" content="noindex">')
  })

  it('holds every text it may need', () => {
    for (const text of textsOf(rendered)) expect(markup).toContain(text)
  })

  it('says that sessions end only where they do', () => {
    if (name !== 'resetPassword') return
    const { resetPassword: ended, resetKeepsSessions: kept } = PAGES[locale]
    const keeping = render({ ...SETTING, locale, resetEndsSessions: false }).html
    for (const text of [...kept.ask, ...kept.done]) expect(keeping).toContain(text)
    for (const [text] of [ended.ask.paragraphs, ended.done.paragraphs]) {
      expect(markup).toContain(text)
      expect(keeping).not.toContain(text)
    }
  })

  it('says from the start how long a new password has to be, where one character is not enough', () => {
    const hintAt = (minPasswordLength: number) =>
      /<p id="hint">([^<]*)/.exec(render({ ...SETTING, locale, minPasswordLength }).html)?.[1]
    const { hint } = PAGES[locale][name].ask
    const { password_too_short } = PAGES[locale].resetPassword.passwordProblems
    const isNew = name === 'resetPassword'
    for (const length of [8, 15, 64]) {
      const expected = `${password_too_short.replace('{min_length}', String(length))} ${hint}`
      expect(hintAt(length)).toBe(isNew ? expected : undefined)
    }
    expect(hintAt(1)).toBe(isNew ? hint : undefined)
  })

  it('sends what the contract names', () => {
    const fields = [
      ...valuesOf('name', markup.replaceAll(/<meta[^>]*>/g, '')),
      ...valuesOf('data-token-field', markup),
    ]
    expect(fields.toSorted()).toEqual(Object.keys(operation.body?.shape ?? {}).toSorted())
    expect(valuesOf('data-method', markup)).toEqual([operation.method])
    expect(valuesOf('data-url', markup)).toEqual([`/auth${operation.path}`])
    expect(render({ ...SETTING, locale, basePath: '' }).html).toContain(` data-url="${operation.path}"`)
  })

  it('has words for each refusal of its request that a person can do something about', () => {
    const said = [...valuesOf('data-code', markup), ...valuesOf('data-panel', markup)]
    const expected = [...operation.errors, 'unavailable']
    expect(expected.filter((code) => !said.includes(code))).toEqual([])
  })

  it('knows no code that is not in the table of errors', () => {
    const own = ['too_many_attempts_until', 'no_answer']
    const codes = valuesOf('data-code', markup).filter((code) => !own.includes(code))
    expect(codes.filter((code) => !Object.hasOwn(ERRORS, code))).toEqual([])
    expect(new Set(codes).size).toBe(codes.length)
  })

  it('asks for the password in a field that managers fill and nobody may not paste into, with a switch to see it [PW-11]', () => {
    const inputs = [...markup.matchAll(/<input [^<>]*>/g)].map(([input]) => input)
    const password = inputs.at(-1)
    expect(password).toContain('type="password"')
    expect(password).toContain(`autocomplete="${name === 'resetPassword' ? 'new' : 'current'}-password"`)
    if (name === 'resetPassword') expect(inputs.at(-2)).toContain('autocomplete="username"')
    expect(markup).not.toMatch(/autocomplete="off"|maxlength|onpaste/)
    expect(scripts.join()).not.toMatch(/paste|maxLength/)
    expect(scripts.join()).toContain(`'text' : 'password'`)
  })

  it('drops the token from the address bar before anything else could be done with it [EML-05]', () => {
    const script = scripts.join()
    const dropped = script.indexOf('history.replaceState')
    expect(dropped).toBeGreaterThan(0)
    expect(script.indexOf('fetch(')).toBeGreaterThan(dropped)
  })

  it('is sent with a policy that allows its one style and its one script, by their hashes', () => {
    const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
    expect([styles.length, scripts.length]).toEqual([1, 1])
    expect(page.contentSecurityPolicy.split('; ')).toEqual([
      "default-src 'none'",
      `script-src ${hashOf(scripts[0] ?? '')}`,
      `style-src ${hashOf(styles[0] ?? '')}`,
      "connect-src 'self'",
      "form-action 'none'",
      "base-uri 'none'",
      "object-src 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
    ])
    expect(page.html).not.toContain('\r')
  })

  it('has no style and no script in an attribute, which the policy would not let pass', () => {
    expect(markup).not.toMatch(/\s(?:style|on[a-z]+)\s*=/i)
    expect(markup).not.toMatch(/javascript:/i)
  })

  it('names no address but that of its request, and loads nothing [EML-05, DAT-04]', () => {
    expect(page.html).not.toMatch(
      /https?:|\b(?:src|srcset|href|action|formaction|ping)\s*=|url\(|@import|\bimport\b/i,
    )
    expect(markup).not.toContain('//')
  })

  it('has a script that writes text only and touches no storage [API-05, DAT-04]', () => {
    const [script = ''] = scripts
    expect(script).not.toMatch(/innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|new Function/)
    expect(script).not.toMatch(/localStorage|sessionStorage|indexedDB|cookie|caches/)
  })

  it.each([
    '/a"><script>alert(1)</script>',
    "/a' onmouseover='alert(1)",
    '/a&quot;&#39;&amp;',
    '/</template></script><!--',
  ])('lets a base path like %s be nothing but text [API-05]', (basePath) => {
    const taken = take(render({ ...SETTING, locale, basePath }))
    const escaped = basePath
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      .replaceAll("'", '&#39;')
    expect(valuesOf('data-url', taken.markup)).toEqual([`${escaped}${operation.path}`])
    expect(taken.markup.replace(escaped, '/auth')).toBe(markup)
    expect(taken.scripts).toEqual(scripts)
  })
})

it('every page has the same style and the same script, so one policy fits them all', () => {
  const pages = RENDERED.map(({ render, locale }) => render({ ...SETTING, locale, basePath: '' }))
  expect(new Set(pages.map(({ contentSecurityPolicy }) => contentSecurityPolicy)).size).toBe(1)
})

it('every text is said in each language, in words of its own', () => {
  const [english, french] = (['en', 'fr'] as const).map((locale) => textsIn(PAGES[locale]))
  expect(french?.length).toBe(english?.length)
  expect(english?.filter((text) => french?.includes(text))).toEqual([])
})

it('no line of French breaks before its punctuation, and no apostrophe is a straight one', () => {
  const texts = LOCALES.flatMap((locale) => textsIn(PAGES[locale]))
  expect(texts.filter((text) => / [:;!?»]|« |'/.test(text))).toEqual([])
})

describe('the colours', () => {
  const style = readFileSync(new URL('./browser/page.css', import.meta.url), 'utf8')
  const themes = [...style.matchAll(/:root \{(.*?)\}/gs)].map(([, block = '']) =>
    Object.fromEntries(
      [...block.matchAll(/--([a-z-]+): (#[\da-f]{6});/g)].map(([, name, hex]) => [name, hex]),
    ),
  )

  /** WCAG 2.2: relative luminance, and the ratio of two. */
  function luminance(hex = ''): number {
    const [r = 0, g = 0, b = 0] = [1, 3, 5]
      .map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255)
      .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  function contrast(one: string | undefined, other: string | undefined): number {
    const [dark = 0, light = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b)
    return (light + 0.05) / (dark + 0.05)
  }

  it.each([
    ['text', 'card', 4.5],
    ['text', 'field', 4.5],
    ['text', 'accent-tint', 4.5],
    ['quiet', 'card', 4.5],
    ['quiet', 'ground', 4.5],
    ['quiet', 'glow', 4.5],
    ['quiet', 'field', 4.5],
    ['bad', 'bad-tint', 4.5],
    ['on-accent', 'accent', 4.5],
    ['on-accent', 'accent-strong', 4.5],
    ['accent', 'accent-tint', 3],
    ['accent', 'card', 3],
    ['accent', 'field', 3],
    ['good', 'good-tint', 3],
    ['bad', 'card', 3],
    ['field-edge', 'card', 3],
    ['field-edge', 'field', 3],
  ])('have, for %s on %s, a contrast of %f or more, in light and dark', (one, other, least) => {
    expect(themes.length).toBe(2)
    for (const theme of themes) expect(contrast(theme[one], theme[other])).toBeGreaterThanOrEqual(least)
  })
})

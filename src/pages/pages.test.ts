import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { lookOf } from '../../test/support/look.ts'
import { type Contract, TOPICS } from '../api/index.ts'
import { ERRORS } from '../model/errors.ts'
import { LOCALES, type Locale, PAGES } from '../text/index.ts'
import { type Page, renderConfirmEmail, renderResetPassword } from './index.ts'

interface Given {
  readonly locale: Locale
  readonly basePath?: string
  readonly minPasswordLength?: number
  readonly resetEndsSessions?: boolean
}

interface Rendered {
  readonly name: 'resetPassword' | 'confirmEmail'
  readonly render: (given: Given) => Page
  readonly operation: Contract
  readonly locale: Locale
}

const RENDERED: readonly Rendered[] = LOCALES.flatMap((locale) => [
  {
    name: 'resetPassword',
    render: ({ resetEndsSessions = true, ...given }) =>
      renderResetPassword(lookOf(given), { resetEndsSessions }),
    operation: TOPICS.account.resetPassword,
    locale,
  } as const,
  {
    name: 'confirmEmail',
    render: (given) => renderConfirmEmail(lookOf(given)),
    operation: TOPICS.account.confirmEmail,
    locale,
  } as const,
])

/** Elements without an end tag, and self-closing ones. */
const VOID = new Set(['meta', 'link', 'input', 'path', 'circle', 'rect'])

/** Errors in the nesting of the tags. */
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

/** The raw values of an attribute. */
function valuesOf(attribute: string, markup: string): string[] {
  return [...markup.matchAll(new RegExp(`\\s${attribute}="([^"]*)"`, 'g'))].map(([, value = '']) => value)
}

/** All non-empty strings in the texts of a page. */
function textsIn(words: unknown): string[] {
  if (typeof words === 'string') return words === '' ? [] : [words]
  return Object.values(words as object).flatMap(textsIn)
}

const SCRIPT = readFileSync(new URL('./browser/link-page.js', import.meta.url), 'utf8')

function textsOf({ name, locale }: Rendered): string[] {
  const { reveal, problems } = PAGES[locale]
  return textsIn([reveal, problems, PAGES[locale][name]])
}

describe.each(RENDERED)('the page $name in $locale', (rendered) => {
  const { name, render, operation, locale } = rendered
  const page = render({ locale })
  const markup = page.html

  it('is well-formed, and references to ids resolve', () => {
    expect(page.html.startsWith('<!doctype html>\n')).toBe(true)
    expect(misnested(markup)).toEqual([])
    expect(markup.replaceAll(/<!?\/?[a-z][^<>]*>/g, '')).not.toMatch(/[<>]/)
    const ids = valuesOf('id', markup)
    expect(new Set(ids).size).toBe(ids.length)
    const references = ['for', 'aria-describedby', 'aria-controls'].flatMap((by) => valuesOf(by, markup))
    expect(references.length).toBeGreaterThan(2)
    for (const id of references.flatMap((value) => value.split(' '))) expect(ids).toContain(id)
  })

  it('declares its language and title, and refuses indexing and referrers [EML-05]', () => {
    expect(markup).toContain(`<html lang="${locale}">`)
    expect(markup).toContain(`<title>${PAGES[locale][name].ask.heading} – auth.example.com</title>`)
    expect(markup).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">')
    expect(page.referrerPolicy).toBe('no-referrer')
    expect(markup).toContain('<meta name="robots" content="noindex">')
  })

  it('contains all its texts', () => {
    for (const text of textsOf(rendered)) expect(markup).toContain(text)
  })

  it('says that sessions end only if they do', () => {
    if (name !== 'resetPassword') return
    const { resetPassword: ended, resetKeepsSessions: kept } = PAGES[locale]
    const keeping = render({ locale, resetEndsSessions: false }).html
    for (const text of [...kept.ask, ...kept.done]) expect(keeping).toContain(text)
    for (const [text] of [ended.ask.paragraphs, ended.done.paragraphs]) {
      expect(markup).toContain(text)
      expect(keeping).not.toContain(text)
    }
  })

  it('states the minimum length of a new password up front, unless it is one character', () => {
    const hintAt = (minPasswordLength: number) =>
      /<p id="hint">([^<]*)/.exec(render({ locale, minPasswordLength }).html)?.[1]
    const { hint } = PAGES[locale][name].ask
    const { password_too_short } = PAGES[locale].resetPassword.passwordProblems
    const isNew = name === 'resetPassword'
    for (const length of [8, 15, 64]) {
      const expected = `${password_too_short.replace('{min_length}', String(length))} ${hint}`
      expect(hintAt(length)).toBe(isNew ? expected : undefined)
    }
    expect(hintAt(1)).toBe(isNew ? hint : undefined)
  })

  it('sends the method, path and fields of its operation', () => {
    const fields = [
      ...valuesOf('name', markup.replaceAll(/<meta[^>]*>/g, '')),
      ...valuesOf('data-token-field', markup),
    ]
    expect(fields.toSorted()).toEqual(Object.keys(operation.body?.shape ?? {}).toSorted())
    expect(valuesOf('data-method', markup)).toEqual([operation.method])
    expect(valuesOf('data-url', markup)).toEqual([`/auth${operation.path}`])
    expect(render({ locale, basePath: '' }).html).toContain(` data-url="${operation.path}"`)
  })

  it('has a sentence for each refusal of its operation', () => {
    const said = [...valuesOf('data-code', markup), ...valuesOf('data-panel', markup)]
    const expected = [...(operation.errors ?? []), 'unavailable']
    expect(expected.filter((code) => !said.includes(code))).toEqual([])
  })

  it('uses only codes of the error table, each once', () => {
    const own = ['too_many_attempts_until', 'no_answer']
    const codes = valuesOf('data-code', markup).filter((code) => !own.includes(code))
    expect(codes.filter((code) => !Object.hasOwn(ERRORS, code))).toEqual([])
    expect(new Set(codes).size).toBe(codes.length)
  })

  it('has a password field with autofill, paste and a switch to show the password [PW-11]', () => {
    const inputs = [...markup.matchAll(/<input [^<>]*>/g)].map(([input]) => input)
    const password = inputs.at(-1)
    expect(password).toContain('type="password"')
    expect(password).toContain(`autocomplete="${name === 'resetPassword' ? 'new' : 'current'}-password"`)
    if (name === 'resetPassword') expect(inputs.at(-2)).toContain('autocomplete="username"')
    expect(markup).not.toMatch(/autocomplete="off"|maxlength|onpaste/)
    expect(SCRIPT).not.toMatch(/paste|maxLength/)
    expect(SCRIPT).toContain(`'text' : 'password'`)
  })

  it('removes the token from the address bar before it sends anything [EML-05]', () => {
    const script = SCRIPT
    const dropped = script.indexOf("history.replaceState(null, '', location.href.split('#', 1)[0])")
    expect(dropped).toBeGreaterThan(0)
    expect(script.indexOf('fetch(')).toBeGreaterThan(dropped)
  })

  it('has no styles or scripts in attributes, which the policy would block', () => {
    expect(markup).not.toMatch(/\s(?:style|on[a-z]+)\s*=/i)
    expect(markup).not.toMatch(/javascript:/i)
  })

  it('loads nothing and contains no URL except that of its request [EML-05, DAT-04]', () => {
    const [, ...elsewhere] = markup.split(
      /\b(?:src|href)="(?:\/auth\/assets\/[\da-f]{16}\.(?:css|js|svg)|#main|\/auth\/[^"]*)"/,
    )
    expect(elsewhere.length).toBeGreaterThan(3)
    expect(elsewhere.join()).not.toMatch(
      /https?:|\b(?:src|srcset|href|action|formaction|ping)\s*=|url\(|\/\//i,
    )
  })

  it('has a script that writes only text and uses no storage [API-05, DAT-04]', () => {
    const script = SCRIPT
    expect(script).not.toMatch(/innerHTML|outerHTML|insertAdjacent|document\.write|\beval\b|new Function/)
    expect(script).not.toMatch(/localStorage|sessionStorage|indexedDB|cookie|caches/)
  })

  it.each([
    '/a"><script>alert(1)</script>',
    "/a' onmouseover='alert(1)",
    '/a&quot;&#39;&amp;',
    '/</template></script><!--',
  ])('escapes the base path %s [API-05]', (basePath) => {
    const taken = render({ locale, basePath }).html
    const escaped = basePath
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll('"', '&quot;')
      .replaceAll("'", '&#39;')
    expect(valuesOf('data-url', taken)).toEqual([`${escaped}${operation.path}`])
    expect(taken.replaceAll(escaped, '/auth')).toBe(markup)
  })
})

it('all pages have the same policy', () => {
  const policies = RENDERED.map(
    ({ render, locale }) => render({ locale, basePath: '' }).contentSecurityPolicy,
  )
  expect(new Set(policies)).toEqual(
    new Set([
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; " +
        "base-uri 'none'; object-src 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    ]),
  )
})

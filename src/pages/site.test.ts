import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { themeOf } from '../lib/theme.ts'
import { OptionError } from '../model/errors.ts'
import { type GivenOptions, resolveOptions } from '../options/index.ts'
import { LOCALES, PAGES } from '../text/index.ts'
import { openSite } from './site.ts'

const open = (given: GivenOptions) => openSite(resolveOptions(given))

/** The path of a new file. */
function fileOf(content: string | Buffer, name = 'file'): string {
  const folder = mkdtempSync(join(tmpdir(), 'bienvenue-site-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

/** The problems by option. */
function refusalsOf(given: GivenOptions): Record<string, string> {
  try {
    open(given)
    return {}
  } catch (error) {
    if (!(error instanceof OptionError)) throw error
    return Object.fromEntries(error.problems.map(({ option, problem }) => [option, problem]))
  }
}

const SVG = '<svg xmlns="http://www.w3.org/2000/svg"/>'

describe('openSite', () => {
  it('is plain if nothing is set', () => {
    const { textsFor, ...site } = open({ baseUrl: 'https://auth.example.com:8443/auth' })
    expect(site).toEqual({
      name: 'auth.example.com:8443',
      theme: null,
      logo: null,
      links: { terms: null, privacy: null, imprint: null, help: null },
      languages: LOCALES,
      supportContact: null,
    })
    for (const locale of LOCALES) expect(textsFor(locale)).toBe(PAGES[locale])
    expect(open({}).name).toBe('Bienvenue')
  })

  it('uses every setting', () => {
    const site = open({
      baseUrl: 'https://auth.example.com',
      serviceName: 'Café Zoé',
      logo: fileOf(SVG),
      accent: '#B3261E',
      termsUrl: '/terms',
      privacyUrl: 'https://example.com/privacy',
      imprintUrl: '/imprint',
      helpUrl: '/help',
      languages: ['fr', 'en'],
      supportContact: 'help?me@example.com',
    })
    expect(site).toMatchObject({
      name: 'Café Zoé',
      logo: { type: 'image/svg+xml', bytes: new Uint8Array(Buffer.from(SVG)) },
      theme: themeOf('#b3261e'),
      links: {
        terms: '/terms',
        privacy: 'https://example.com/privacy',
        imprint: '/imprint',
        help: '/help',
      },
      languages: ['fr', 'en'],
      supportContact: { text: 'help?me@example.com', href: 'mailto:help%3Fme@example.com' },
    })
    const page = 'https://example.com/help'
    expect(open({ supportContact: page }).supportContact).toEqual({ text: page, href: page })
  })

  it('replaces sentences by language and key, and keeps the others', () => {
    const { textsFor } = open({
      texts: fileOf(
        JSON.stringify({
          en: {
            'resetPassword.ask.heading': '<b>Pick a password</b>',
            'resetPassword.ask.paragraphs.0': 'Take your time.',
            'problems.too_many_attempts_until': 'Wait {time}.',
          },
        }),
      ),
    })
    const { resetPassword, problems, confirmEmail } = textsFor('en')
    const ours = PAGES.en
    expect(resetPassword.ask).toEqual({
      ...ours.resetPassword.ask,
      heading: '<b>Pick a password</b>',
      paragraphs: ['Take your time.'],
    })
    expect(problems).toEqual({ ...ours.problems, too_many_attempts_until: 'Wait {time}.' })
    expect(confirmEmail).toEqual(ours.confirmEmail)
    expect(textsFor('fr')).toEqual(PAGES.fr)
    expect(ours.resetPassword.ask.heading).not.toContain('Pick')
  })

  it.each([
    ['{"en": ', 'it is not JSON'],
    ['[]', 'the file must be a JSON object'],
    ['{"en": []}', '"en" must be a JSON object'],
    ['{"eng": {}}', 'the language "eng" is unknown; did you mean "en"?'],
    ['{"__proto__": {}}', 'the language "__proto__" is unknown'],
    [
      '{"en": {"resetPasword.ask.heading": "a"}}',
      '"resetPasword.ask.heading" of "en" is unknown; did you mean "resetPassword.ask.heading"?',
    ],
    ['{"en": {"resetPassword.ask": "a"}}', '"resetPassword.ask" of "en" is unknown; did you mean "reset'],
    ['{"en": {"constructor": "a"}}', '"constructor" of "en" is unknown'],
    ['{"fr": {"reveal": 1}}', '"reveal" of "fr" must be text and must not be empty'],
    ['{"fr": {"reveal": {"a": "b"}}}', '"reveal" of "fr" must be text and must not be empty'],
    ['{"fr": {"reveal": " "}}', '"reveal" of "fr" must be text and must not be empty'],
    ['{"en": {"reveal": "Show {time}"}}', '"reveal" of "en" has no placeholder {time}'],
    [
      '{"en": {"problems.too_many_attempts_until": "Wait {seconds}."}}',
      '"problems.too_many_attempts_until" of "en" has no placeholder {seconds}, but {time}',
    ],
    [' ', 'it is empty'],
    ['\u001b[2J', 'it is not JSON'],
  ])('refuses texts of %j', (content, problem) => {
    const texts = fileOf(content)
    const refused = refusalsOf({ texts })
    expect(refused).toEqual({ texts: expect.stringContaining(problem) })
    expect(refused.texts).toContain(texts)
  })

  it.each([
    ['#ff0000', '#ff2319'],
    ['#777777', '#767676'],
    ['#1877F2', '#1172ed'],
  ])('refuses the accent %s, and names the nearest that has the contrast: %s', (accent, nearest) => {
    expect(refusalsOf({ accent })).toEqual({ accent: expect.stringMatching(new RegExp(`${nearest}$`)) })
    expect(refusalsOf({ accent: nearest })).toEqual({})
  })

  it('refuses files that are missing, too large or of another kind', () => {
    const folder = join(fileOf(''), '..')
    expect(refusalsOf({ logo: '/nowhere/logo.svg', texts: '/nowhere/texts.json' })).toEqual({
      logo: 'cannot use /nowhere/logo.svg: there is no such file',
      texts: 'cannot use /nowhere/texts.json: there is no such file',
    })
    expect(refusalsOf({ logo: folder }).logo).toContain('it is a directory')
    const at = (bytes: number) => fileOf(SVG + ' '.repeat(bytes - SVG.length))
    expect(refusalsOf({ logo: at(65_536) })).toEqual({})
    expect(refusalsOf({ logo: at(65_537) }).logo).toContain('it is larger than 65536 bytes')
    // All sentences in all languages take more.
    expect(refusalsOf({ texts: fileOf(`{}${' '.repeat(500_000)}`) })).toEqual({})
    expect(refusalsOf({ texts: fileOf(`{}${' '.repeat(1_048_576)}`) }).texts).toContain('larger than')
    expect(refusalsOf({ logo: fileOf('logo') }).logo).toContain('is neither a PNG nor an SVG file')
    expect(refusalsOf({ logo: fileOf(SVG.replace('/', ' onload="a"/')) }).logo).toContain('an event handler')
  })

  it('reports every problem at once', () => {
    const texts = fileOf('{')
    expect(Object.keys(refusalsOf({ accent: '#777777', logo: '/nowhere', texts }))).toEqual([
      'accent',
      'logo',
      'texts',
    ])
  })
})

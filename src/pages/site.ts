import { type Logo, readLogo } from '../lib/logo.ts'
import { readSmallFile, readTextFile, UnreadableFile } from '../lib/setting-file.ts'
import { nearestAccent, type Theme, themeOf } from '../lib/theme.ts'
import { visible } from '../lib/visible.ts'
import { OptionError, type OptionProblem } from '../model/errors.ts'
import { isEmailAddress } from '../model/user.ts'
import { type OptionName, type Options, serviceNameOf } from '../options/index.ts'
import { LOCALES, type Locale, PAGES, type PageTexts } from '../text/index.ts'
import { InvalidTexts, type PageTextsByLocale, REPLACED_MAX_BYTES, readReplaced } from '../text/replaced.ts'

/** The settings of an operator for the pages, ready to use. */
export interface Site {
  /** The name of the service, for titles and sentences. */
  readonly name: string
  /** The operator's colors, or `null` for those in `browser/page.css`. */
  readonly theme: Theme | null
  readonly logo: Logo | null
  /** The URLs of the operator's own pages, or `null` where there is none. */
  readonly links: Readonly<Record<'terms' | 'privacy' | 'imprint' | 'help', string | null>>
  /** The first is the default for people who prefer none of them. */
  readonly languages: readonly [Locale, ...Locale[]]
  /** Where people get help, as text and as a link. */
  readonly supportContact: { readonly text: string; readonly href: string } | null
  /** The sentences in a language. The operator's sentences replace ours. */
  textsFor(locale: Locale): PageTexts
}

/**
 * Reads the files that the options name, and prepares the other options.
 *
 * @throws {OptionError} The logo, the accent color or the texts cannot be used. `problems` lists every problem.
 */
export function openSite(options: Options): Site {
  const problems: OptionProblem[] = []
  const site: Site = {
    name: serviceNameOf(options),
    theme: attempt('accent', openTheme, null),
    logo: attempt('logo', openLogo, null),
    links: {
      terms: options.termsUrl || null,
      privacy: options.privacyUrl || null,
      imprint: options.imprintUrl || null,
      help: options.helpUrl || null,
    },
    languages: languagesOf(options.languages),
    supportContact: contactOf(options.supportContact),
    textsFor: textsFrom(attempt('texts', openTexts, PAGES)),
  }
  const [first, ...others] = problems
  if (first !== undefined) throw new OptionError(first.option, first.problem, { others })
  return site

  /** The value of an option that is set, or the default. Collects the problem of a value that cannot be used. */
  function attempt<Value>(
    option: OptionName & ('accent' | 'logo' | 'texts'),
    open: (text: string) => Value | { readonly problem: string },
    otherwise: Value,
  ): Value {
    const text = options[option]
    const opened = text === '' ? otherwise : open(text)
    if (typeof opened !== 'object' || opened === null || !('problem' in opened)) return opened
    problems.push({ option, problem: opened.problem })
    return otherwise
  }
}

type Attempt<Value> = Value | { readonly problem: string }

function openTheme(accent: string): Attempt<Theme> {
  const nearest = nearestAccent(accent)
  if (nearest === accent.toLowerCase()) return themeOf(accent)
  return {
    problem: `text in ${accent} has a contrast below 4.5 on both light and dark cards; the nearest color with enough contrast is ${nearest}`,
  }
}

function openLogo(path: string): Attempt<Logo> {
  return reading(path, () => {
    const logo = readLogo(readSmallFile(path))
    return 'problem' in logo ? { problem: `${visible(path)} ${logo.problem}` } : logo
  })
}

function openTexts(path: string): Attempt<PageTextsByLocale> {
  return reading(path, () => readReplaced(readTextFile(path, REPLACED_MAX_BYTES)).pages)
}

function reading<Value>(path: string, read: () => Attempt<Value>): Attempt<Value> {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof UnreadableFile || error instanceof InvalidTexts)) throw error
    return { problem: `cannot use ${visible(path)}: ${visible(error.message)}` }
  }
}

function textsFrom(texts: PageTextsByLocale): Site['textsFor'] {
  return (locale) => texts[locale]
}

function languagesOf(list: string): Site['languages'] {
  const [first, ...others] = list.split(',') as Locale[]
  return list === '' || first === undefined ? LOCALES : [first, ...others]
}

function contactOf(contact: string): Site['supportContact'] {
  if (contact === '') return null
  return {
    text: contact,
    href: isEmailAddress(contact) ? `mailto:${encodeURIComponent(contact).replaceAll('%40', '@')}` : contact,
  }
}

interface Range {
  readonly tag: string
  /** 0 to 1. */
  readonly weight: number
}

// RFC 9110 §12.4.2 and §12.5.4: a language range or *, and a weight with up to three decimals.
const RANGE =
  /^[ \t]*([a-z]{1,8}(?:-[a-z\d]{1,8})*|\*)(?:[ \t]*;[ \t]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?[ \t]*$/i

/**
 * Chooses the language of a response (RFC 9110 §12.5.4): the offered language with the highest weight. Of equal weights,
 * the one that comes first in the header wins, then the one that is offered first.
 *
 * The weight of a language is that of its closest range: the language itself, otherwise a shorter range (`pt` for
 * `pt-BR`), otherwise a longer one (`fr-CA` for `fr`), otherwise `*`. Weight 0 excludes a language, but excluding `fr-CA`
 * does not exclude `fr`.
 *
 * @param acceptLanguage - The header, if there is one. Malformed elements are skipped.
 * @param offered - Language tags (RFC 5646). The first is the default, which is returned if no language matches.
 */
export function negotiate<L extends string>(
  acceptLanguage: string | null | undefined,
  offered: readonly [L, ...L[]],
): L {
  const ranges = parseRanges(acceptLanguage ?? '')
  let best = { language: offered[0], weight: 0, place: Number.POSITIVE_INFINITY }
  for (const language of offered) {
    const { weight, place } = closest(ranges, language.toLowerCase())
    if (weight > best.weight || (weight === best.weight && place < best.place && weight > 0))
      best = { language, weight, place }
  }
  return best.language
}

/** The offered language of a language tag: `fr` for `FR` and `fr-CA`. `undefined` if there is none. */
export function languageOf<L extends string>(
  tag: string | null | undefined,
  offered: readonly L[],
): L | undefined {
  const [language] = tag?.toLowerCase().split('-', 1) ?? []
  return offered.find((each) => each === language)
}

function parseRanges(header: string): Range[] {
  return header.split(',').flatMap((element) => {
    const [, tag, weight = '1'] = RANGE.exec(element) ?? []
    return tag === undefined ? [] : [{ tag: tag.toLowerCase(), weight: Number(weight) }]
  })
}

/** The closest range for a language. Of equally close ranges, the one with the highest weight. */
function closest(ranges: readonly Range[], language: string): { weight: number; place: number } {
  let best = { closeness: 0, weight: 0, place: Number.POSITIVE_INFINITY }
  for (const [place, range] of ranges.entries()) {
    const closeness = closenessOf(range, language)
    if (closeness === 0) continue
    if (closeness > best.closeness || (closeness === best.closeness && range.weight > best.weight))
      best = { closeness, weight: range.weight, place }
  }
  return best
}

/** How closely a range matches: 0 not at all, 1 for `*`, 2 for a longer range, more for the language or its prefixes. */
function closenessOf({ tag, weight }: Range, language: string): number {
  if (tag === '*') return 1
  if (tag.startsWith(`${language}-`)) return weight > 0 ? 2 : 0
  return `${language}-`.startsWith(`${tag}-`) ? 2 + tag.length : 0
}

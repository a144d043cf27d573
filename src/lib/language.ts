interface Range {
  readonly tag: string
  /** 0 to 1. */
  readonly weight: number
}

// RFC 9110 §12.4.2 and §12.5.4: a language range or *, and its weight with up to three decimals.
const RANGE =
  /^[ \t]*([a-z]{1,8}(?:-[a-z\d]{1,8})*|\*)(?:[ \t]*;[ \t]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?[ \t]*$/i

/**
 * The language to answer in (RFC 9110 §12.5.4), of those on offer: the one with the highest weight; of equals the
 * one named first, then the one offered first.
 *
 * The weight of a language is that of the closest range: itself, else a shorter one (`pt` for `pt-BR`), else a
 * longer one (`fr-CA` for `fr`), else `*`. Weight 0 excludes it; but who excludes `fr-CA` may still want `fr`.
 *
 * @param acceptLanguage - The header, or nothing where there is none. What is malformed in it is skipped.
 * @param offered - Language tags (RFC 5646), the default first: it is the answer where none is wanted.
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

function parseRanges(header: string): Range[] {
  return header.split(',').flatMap((element) => {
    const [, tag, weight = '1'] = RANGE.exec(element) ?? []
    return tag === undefined ? [] : [{ tag: tag.toLowerCase(), weight: Number(weight) }]
  })
}

/** The range that decides on a language, of several as close the one with the highest weight. */
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

/** How well a range fits a language: 0 for not at all, 1 for `*`, 2 for a longer one, more for its own parts. */
function closenessOf({ tag, weight }: Range, language: string): number {
  if (tag === '*') return 1
  if (tag.startsWith(`${language}-`)) return weight > 0 ? 2 : 0
  return `${language}-`.startsWith(`${tag}-`) ? 2 + tag.length : 0
}

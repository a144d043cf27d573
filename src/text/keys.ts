/**
 * Sentences by key. The key of a sentence is its path, separated by dots: `resetPassword.ask.heading`, or
 * `resetPassword.ask.paragraphs.0` for the first of several.
 */

/** All sentences of these texts by key. */
export function sentencesOf(texts: object): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(texts).flatMap(([key, value]: [string, string | object]): [string, string][] =>
      typeof value === 'string'
        ? [[key, value]]
        : [...sentencesOf(value)].map(([rest, sentence]) => [`${key}.${rest}`, sentence]),
    ),
  )
}

/** A copy of the texts with some sentences replaced. Unknown keys are ignored. */
export function withSentences<Texts extends object>(
  texts: Texts,
  replaced: ReadonlyMap<string, string>,
): Texts {
  return copyOf(texts, '') as Texts

  function copyOf(part: object, path: string): object {
    const entries = Object.entries(part).map(([key, value]: [string, string | object]) => {
      const own = `${path}${key}`
      return [
        key,
        typeof value === 'string' ? (replaced.get(own) ?? value) : copyOf(value, `${own}.`),
      ] as const
    })
    return Array.isArray(part) ? entries.map(([, value]) => value) : Object.fromEntries(entries)
  }
}

/** Replaces names in braces by their values. Names in values are not replaced. */
export function fill(sentence: string, values: Readonly<Record<string, string | number>>): string {
  return sentence.replace(/\{(\w+)\}/g, (name, key: string) => String(values[key] ?? name))
}

/** The names in braces of a sentence, such as `time` in `Try again in {time}.` */
export function placeholdersOf(sentence: string): string[] {
  return [...sentence.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
}

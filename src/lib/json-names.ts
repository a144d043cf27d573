/** What `JSON.parse` would silently drop or change in a JSON text. */
export interface JsonNames {
  /** The names in the outermost object, in order, with repetitions. */
  readonly names: readonly string[]
  /** The first name that an object inside repeats, after the outermost name around it (`metadata.plan`), or `null`. */
  readonly repeatedInside: string | null
  /** The outermost names around integers that a number of JavaScript cannot hold, such as the ids of some services. */
  readonly rounded: ReadonlySet<string>
}

/** Lists the names in an object. `text` must be valid JSON. */
export function jsonNames(text: string): JsonNames {
  const names: string[] = []
  let repeatedInside: string | null = null
  const rounded = new Set<string>()
  /** For each object or array around the current token, outermost first, the names so far. */
  const around: Set<string>[] = []
  for (const [token, colon] of text.matchAll(/[[\]{}]|-?\d[\d.eE+-]*|"(?:[^"\\]|\\.)*"(\s*:)?/g)) {
    if (token === '{' || token === '[') around.push(new Set())
    else if (token === '}' || token === ']') around.pop()
    else if (colon !== undefined) {
      const name = JSON.parse(token.slice(0, -colon.length)) as string
      if (around.length === 1) names.push(name)
      else if (around.at(-1)?.has(name)) repeatedInside ??= `${names.at(-1)}.${name}`
      around.at(-1)?.add(name)
    } else if (/^-?\d{16,}$/.test(token) && String(Number(token)) !== token) rounded.add(names.at(-1) ?? '')
  }
  return { names, repeatedInside, rounded }
}

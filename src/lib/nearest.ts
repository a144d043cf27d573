/**
 * The candidate that a mistyped word most likely means: the one that takes the fewest single-character edits
 * (Levenshtein distance). Of several, the first.
 *
 * @param candidates - At least one.
 */
export function nearestWord(word: string, candidates: readonly string[]): string {
  const distances = candidates.map((candidate) => distanceOf(word, candidate))
  return candidates[distances.indexOf(Math.min(...distances))] ?? ''
}

function distanceOf(one: string, other: string): number {
  let previous = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (const [row, character] of [...one].entries()) {
    const current = [row + 1]
    for (let column = 0; column < other.length; column += 1) {
      const replaced = (previous[column] ?? 0) + (other[column] === character ? 0 : 1)
      current.push(Math.min(replaced, (previous[column + 1] ?? 0) + 1, (current[column] ?? 0) + 1))
    }
    previous = current
  }
  return previous.at(-1) ?? 0
}

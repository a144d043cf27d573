/** A shorter run is part of ordinary words: `hij` in "hijack", `stu` in "student". */
const RUN_MIN_LENGTH = 4
/** This many other characters do not make runs strong: `aaaaaaaaaaaaaa1`. */
const OTHERS_MAX = 3

type Step = (from: string, to: string) => boolean

const SAME: Step = (from, to) => from === to
const UP: Step = (from, to) => codePoint(to) === codePoint(from) + 1 || (from === '9' && to === '0')
const DOWN: Step = (from, to) => UP(to, from)

function codePoint(character: string): number {
  return character.codePointAt(0) ?? Number.NaN
}

/**
 * Whether a text consists of runs of four characters or more, with at most three other characters. A run repeats one
 * character (`aaaa`) or follows the alphabet or the digits (`abcd`, `7890`), in either direction.
 */
export function isMostlyRuns(text: string): boolean {
  const characters = [...text]
  const isInRun = new Uint8Array(characters.length)
  for (const step of [SAME, UP, DOWN]) {
    let start = 0
    for (let end = 1; end <= characters.length; end++) {
      const goesOn = end < characters.length && step(characters[end - 1] ?? '', characters[end] ?? '')
      if (goesOn) continue
      if (end - start >= RUN_MIN_LENGTH) isInRun.fill(1, start, end)
      start = end
    }
  }
  const others = isInRun.filter((flag) => flag === 0).length
  return others <= OTHERS_MAX && others < characters.length
}

/**
 * The shortest unit whose repetition is the whole text, or `null`: `abc` for `abcabcabcab`. The last repetition may be
 * incomplete. If there are only two, it may lack at most one character: `hey you hey you`. Takes quadratic time in the
 * worst case, which is fine for a password of at most 1,024 bytes.
 */
export function repeatedUnit(text: string): string | null {
  const characters = [...text]
  for (let period = 1; 2 * period <= characters.length + 1; period++) {
    if (characters.every((character, at) => at < period || character === characters[at - period]))
      return characters.slice(0, period).join('')
  }
  return null
}

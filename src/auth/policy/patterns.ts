/** A shorter run is part of ordinary words: `wer` in "answer", `hij` in "hijack". */
const RUN_MIN_LENGTH = 4
/** So many characters beside the runs do not make them better: `aaaaaaaaaaaaaa1`. */
const BESIDE_MAX = 3

/** Keyboards, row by row and round again: as typed in most countries, in Germany, in France. */
const KEYS = [
  '1234567890',
  'qwertyuiopasdfghjklzxcvbnm',
  'qwertzuiopasdfghjklyxcvbnm',
  'azertyuiopqsdfghjklmwxcvbn',
]

type Step = (from: string, to: string) => boolean

const UP: Step = (from, to) => codePoint(to) === codePoint(from) + 1
const SAME: Step = (from, to) => from === to

const STEPS: readonly Step[] = [SAME, ...[UP, ...KEYS.map(nextOn)].flatMap((step) => [step, backwards(step)])]

function nextOn(keys: string): Step {
  return (from, to) => keys.includes(from) && keys[(keys.indexOf(from) + 1) % keys.length] === to
}

function backwards(step: Step): Step {
  return (from, to) => step(to, from)
}

function codePoint(character: string): number {
  return character.codePointAt(0) ?? Number.NaN
}

/**
 * Whether a text has runs in it, of four characters or more, and three characters at most besides. A run is
 * the same again (`aaaa`), the alphabet or the digits (`abcd`, `7890`), or the keys of a keyboard (`asdf`),
 * in either direction. Linear time.
 */
export function isMostlyRuns(text: string): boolean {
  const characters = [...text]
  const isInRun = new Uint8Array(characters.length)
  for (const step of STEPS) {
    let start = 0
    for (let end = 1; end <= characters.length; end++) {
      const goesOn = end < characters.length && step(characters[end - 1] ?? '', characters[end] ?? '')
      if (goesOn) continue
      if (end - start >= RUN_MIN_LENGTH) isInRun.fill(1, start, end)
      start = end
    }
  }
  const beside = isInRun.filter((flag) => flag === 0).length
  return beside <= BESIDE_MAX && beside < characters.length
}

/**
 * The unit that a text says twice or more often, nothing else, or `null`: `abc` for `abcabcabcab`. The last
 * time may be cut short, but for two times by one character only: `hey you hey you`. Linear time.
 */
export function repeatedUnit(text: string): string | null {
  const characters = [...text]
  const period = characters.length - longestBorder(characters)
  return 2 * period <= characters.length + 1 ? characters.slice(0, period).join('') : null
}

/** The length of the longest proper prefix that is a suffix too (Knuth, Morris and Pratt, 1977). */
function longestBorder(characters: readonly string[]): number {
  const borders = [0]
  let border = 0
  for (const character of characters.slice(1)) {
    while (border > 0 && characters[border] !== character) border = borders[border - 1] ?? 0
    if (characters[border] === character) border++
    borders.push(border)
  }
  return border
}

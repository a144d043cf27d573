/** Characters that nobody sees. They arrive with text that was copied, or with a file from another system. */

// Controls, formats, halves of surrogate pairs, blanks of every kind, and what UAX #44 says is drawn as nothing. The
// Braille blank is a symbol to Unicode, and looks like a space.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/u

/** The text without the blanks and the invisible characters around it. */
export function trimInvisible(text: string): string {
  const characters = [...text]
  const isVisible = (character: string) => !INVISIBLE.test(character)
  const first = characters.findIndex(isVisible)
  return first < 0 ? '' : characters.slice(first, characters.findLastIndex(isVisible) + 1).join('')
}

/** The first invisible character, as in `U+200B`, or `null`. A space (U+0020) is not one. */
export function findInvisible(text: string): string | null {
  const found = [...text].find((character) => character !== ' ' && INVISIBLE.test(character))
  const codePoint = found?.codePointAt(0)
  return codePoint === undefined ? null : `U+${codePoint.toString(16).toUpperCase().padStart(4, '0')}`
}

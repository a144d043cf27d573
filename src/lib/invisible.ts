/** Invisible characters. They often come with copied text, or with a file from another system. */

// Controls, formats, lone surrogates, all spaces and separators, and code points that UAX #44 says to ignore in display.
// The Braille blank is a symbol in Unicode, but looks like a space.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/u

/** The text without leading and trailing spaces and invisible characters. */
export function trimInvisible(text: string): string {
  const characters = [...text]
  const isVisible = (character: string) => !INVISIBLE.test(character)
  const first = characters.findIndex(isVisible)
  return first < 0 ? '' : characters.slice(first, characters.findLastIndex(isVisible) + 1).join('')
}

/** The first invisible character other than a space (U+0020), in the form `U+200B`, or `null`. */
export function findInvisible(text: string): string | null {
  const found = [...text].find((character) => character !== ' ' && INVISIBLE.test(character))
  const codePoint = found?.codePointAt(0)
  return codePoint === undefined ? null : `U+${codePoint.toString(16).toUpperCase().padStart(4, '0')}`
}

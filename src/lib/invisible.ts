/** Characters that nobody sees. They arrive with text that was copied, or with a file from another system. */

// Controls, formats, halves of surrogate pairs, blanks of every kind, and what UAX #44 says is drawn as nothing. The
// Braille blank is a symbol to Unicode, and looks like a space.
const CLASS = String.raw`[\p{Cc}\p{Cf}\p{Cs}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]`
const AT_THE_ENDS = new RegExp(`^${CLASS}+|${CLASS}+$`, 'gu')
const INSIDE = new RegExp(`(?! )${CLASS}`, 'u')

/** The text without the blanks and the invisible characters around it. */
export function trimInvisible(text: string): string {
  return text.replace(AT_THE_ENDS, '')
}

/** The first invisible character, as in `U+200B`, or `null`. A space (U+0020) is not one. */
export function findInvisible(text: string): string | null {
  const codePoint = INSIDE.exec(text)?.[0].codePointAt(0)
  return codePoint === undefined ? null : `U+${codePoint.toString(16).toUpperCase().padStart(4, '0')}`
}

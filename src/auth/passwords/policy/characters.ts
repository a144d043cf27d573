/** The form in which passwords and words are compared: Unicode NFC and lower case. */
export function fold(text: string): string {
  // Lower-casing can decompose a character.
  return text.normalize('NFC').toLowerCase().normalize('NFC')
}

/** The length of a text in Unicode code points, which is close to what a reader counts. */
export function codePointsIn(text: string): number {
  return [...text].length
}

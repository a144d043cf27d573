/** The form in which passwords and words are compared: Unicode NFC, lower case. Spellings of one word agree. */
export function fold(text: string): string {
  // Lower-casing can take a composed form apart.
  return text.normalize('NFC').toLowerCase().normalize('NFC')
}

/** How many characters a text has as its reader counts them, or nearly: Unicode code points. */
export function codePointsIn(text: string): number {
  return [...text].length
}

/**
 * Escapes control and formatting characters, as in `\u{1b}`, so that untrusted text cannot manipulate a terminal.
 */
export function visible(text: string): string {
  return text.replace(
    /[\p{C}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  )
}

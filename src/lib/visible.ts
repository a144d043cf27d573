/**
 * Text of others as a terminal may show it: what would move the cursor, colour the screen or turn letters around is
 * spelled out, as in `\\u{1b}`.
 */
export function visible(text: string): string {
  return text.replace(
    /[\p{C}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  )
}

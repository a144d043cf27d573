/**
 * Untrusted text for terminals. Characters of the general category C or a line separator are not graphic, and terminals
 * act on many of them: C0 and C1 controls (ECMA-48) move the cursor and forge output, and bidirectional controls
 * (CVE-2021-42574) make text look different from what it is.
 */

/** Escapes every character that is not graphic, as in `\u{1b}`. */
export function visible(text: string): string {
  return text.replace(
    /[\p{C}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  )
}

/**
 * Escapes the same characters in JSON, as in `\u001b`. A parser reads the same value as before.
 *
 * @param json - JSON on lines of its own: within strings, C0 controls are escaped already (RFC 8259 §7).
 */
export function visibleJson(json: string): string {
  return json.replace(/[\x7f-\x9f\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu, (character) =>
    // Characters beyond U+FFFF are two units, and take two escapes.
    character
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join(''),
  )
}

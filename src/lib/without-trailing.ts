/** Removes a character from the end of a text, as often as it is there. Unlike `/=+$/`, in linear time. */
export function withoutTrailing(text: string, character: string): string {
  let end = text.length
  while (end > 0 && text[end - 1] === character) end--
  return text.slice(0, end)
}

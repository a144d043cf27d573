/** Shows long lists one part at a time. */
import { html } from 'hono/html'
import type { Markup } from './layout.ts'
import type { Look } from './look.ts'

/** A part of a list. */
interface Part<Item> {
  readonly items: readonly Item[]
  /** Links to the previous and the next part. Empty if there is only one part. */
  readonly links: Markup
}

/**
 * @param asked - The part to show, counted from 1, as the query has it. If there is no such part, the first.
 * @param path - The page of the list.
 */
export function partOf<Item>(
  { basePath }: Look,
  items: readonly Item[],
  {
    asked,
    size,
    path,
    words,
  }: { asked: string | null; size: number; path: string; words: { newer: string; older: string } },
): Part<Item> {
  const parts = Math.ceil(items.length / size)
  const number = Number(asked)
  const shown = Number.isInteger(number) && number >= 1 && number <= parts ? number : 1
  const linkTo = (part: number, label: string): Markup =>
    html`<a href="${basePath}${path}?part=${part}">${label}</a> `
  return {
    items: items.slice((shown - 1) * size, shown * size),
    links:
      parts > 1
        ? html`\n<p class="more">${shown > 1 && linkTo(shown - 1, words.newer)}${shown < parts && linkTo(shown + 1, words.older)}</p>`
        : html``,
  }
}

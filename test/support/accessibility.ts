/** Accessibility checks of pages in a browser. */
import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'

const AXE = readFileSync(new URL(import.meta.resolve('axe-core/axe.min.js')), 'utf8')
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** The violations that axe finds. It runs through the debugger, because the policy of the page forbids other scripts. */
export async function violationsOn(page: Page): Promise<string[]> {
  const devtools = await page.context().newCDPSession(page)
  const run = async (expression: string) =>
    (await devtools.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true })).result
      .value
  await run(AXE)
  const found = await run(
    `axe.run(document, { runOnly: ${JSON.stringify(TAGS)}, resultTypes: ['violations'] }).then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ': ' + html)))`,
  )
  expect(Array.isArray(found)).toBe(true)
  return found as string[]
}

/** How many pixels a page is wider than the window. */
export const overflowOf = (page: Page) =>
  page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth')

/** Targets smaller than 24 pixels, except links within a sentence (WCAG 2.5.8). */
const SMALL_TARGETS = `[...document.querySelectorAll('a[href], button, input:not([type=hidden]):not([aria-hidden])')].flatMap((element) => {
  // The label of a checkbox and the whole row of a list link can be clicked too.
  const target = element.matches('[type=checkbox], .list a') ? element.parentElement : element
  const { width, height } = target.getBoundingClientRect()
  const isInline = element.matches('p a, .summary a')
  const isUnseen = width <= 1 || element.closest('[hidden]') !== null || !element.checkVisibility()
  return isInline || isUnseen || (width >= 24 && height >= 24) ? [] : [element.outerHTML + ' ' + width + 'x' + height]
})`

export function smallTargetsOn(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(SMALL_TARGETS)
}

/** A sentence in the pseudo-language: accented, and 40 % longer. */
export function pseudo(sentence: string): string {
  const accented = sentence
    .split(/(\{\w+\})/)
    .map((part, index) => (index % 2 === 1 ? part : part.replaceAll(/[aeiou]/g, (vowel) => `${vowel}\u0301`)))
    .join('')
  const more = Math.ceil(sentence.length * 0.4)
  return `⟦${accented} ${'lorem ipsum dolor sit amet '
    .repeat(Math.ceil(more / 27))
    .slice(0, more)
    .trimEnd()}⟧`
}

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { contrastOf } from '../lib/color.ts'
import { DARK, LIGHT, nearestAccent, type SchemeColors, themeOf, themeStyle } from '../lib/theme.ts'

const CSS = readFileSync(new URL('./browser/page.css', import.meta.url), 'utf8')

type Tokens = Readonly<Record<string, string>>

/** The color tokens of both schemes, as `page.css` or a theme declares them. */
function tokensIn(css: string): { light: Tokens; dark: Tokens } {
  const [light = '', dark = ''] = [...css.matchAll(/:root \{([^}]*)\}/g)].map(([, block = '']) => block)
  const read = (block: string): Tokens =>
    Object.fromEntries(
      [...block.matchAll(/--([\w-]+): (#[\da-f]{6});/g)].map(([, name = '', color = '']) => [name, color]),
    )
  return { light: read(light), dark: read(dark) }
}

const OURS = tokensIn(CSS)

/** Colors on backgrounds, by the smallest contrast that they need (WCAG 2.2, 1.4.3 and 1.4.11). */
const PAIRS: readonly (readonly [
  least: number,
  colors: readonly string[],
  backgrounds: readonly string[],
])[] = [
  [4.5, ['text', 'quiet'], ['ground', 'glow', 'card', 'field', 'accent-tint']],
  [4.5, ['text'], ['bad-tint', 'good-tint']],
  [4.5, ['accent'], ['ground', 'glow', 'card', 'field', 'accent-tint']],
  [4.5, ['accent-strong'], ['ground', 'card', 'field']],
  [4.5, ['on-accent'], ['accent', 'accent-strong']],
  [4.5, ['bad'], ['card', 'field', 'bad-tint']],
  [4.5, ['good'], ['card', 'good-tint']],
  [3, ['field-edge', 'bad'], ['card', 'field']],
]

/** The pairs of a scheme that have too little contrast. */
function faintIn(tokens: Tokens): string[] {
  const colorOf = (name: string) => tokens[name] ?? expect.unreachable(name)
  return PAIRS.flatMap(([least, colors, backgrounds]) =>
    colors.flatMap((color) =>
      backgrounds.flatMap((background) => {
        const contrast = contrastOf(colorOf(color), colorOf(background))
        return contrast >= least ? [] : [`${color} on ${background}: ${contrast.toFixed(2)}`]
      }),
    ),
  )
}

/** Every 51st step of each channel, some gray, and colors of brands. */
const CHANNELS = [0, 51, 102, 153, 204, 255].map((byte) => byte.toString(16).padStart(2, '0'))
const ACCENTS = [
  ...CHANNELS.flatMap((red) => CHANNELS.flatMap((green) => CHANNELS.map((blue) => `#${red}${green}${blue}`))),
  ...['#777777', '#808080', '#010101', '#fefefe', '#1877f2', '#e11d48', '#ff9900', '#4285f4', '#ffe600'],
]

describe('page.css', () => {
  it.each(['light', 'dark'] as const)('has enough contrast in the %s scheme', (scheme) => {
    expect(faintIn(OURS[scheme])).toEqual([])
  })

  it('has the surfaces for which themes are computed', () => {
    expect(OURS.light).toMatchObject(LIGHT.surfaces)
    expect(OURS.dark).toMatchObject(DARK.surfaces)
  })
})

describe('themeOf', () => {
  it('has enough contrast in both schemes for any accent', () => {
    const faint = ACCENTS.flatMap((accent) => {
      const theme = tokensIn(themeStyle(themeOf(accent)))
      return [faintIn({ ...OURS.light, ...theme.light }), faintIn({ ...OURS.dark, ...theme.dark })]
        .flat()
        .map((pair) => `${accent}: ${pair}`)
    })
    expect(faint).toEqual([])
  })

  it('keeps an accent that is readable already', () => {
    expect(themeOf('#2F55D4').light.accent).toBe('#2f55d4')
    expect(themeOf('#93aeff').dark.accent).toBe('#93aeff')
  })

  it('shows a difference when the pointer is over a button', () => {
    const same = ACCENTS.flatMap((accent) => {
      const { light, dark } = themeOf(accent)
      const isSame = ({ accent: one, accentStrong: other }: SchemeColors) => contrastOf(one, other) < 1.15
      return [light, dark].some(isSame) ? [accent] : []
    })
    expect(same).toEqual([])
  })

  it('declares only tokens that page.css has', () => {
    const { light, dark } = tokensIn(themeStyle(themeOf('#2f55d4')))
    expect(Object.keys(light)).toEqual(Object.keys(dark))
    expect(Object.keys(light)).toEqual(['glow', 'accent', 'accent-strong', 'on-accent', 'accent-tint'])
    for (const name of Object.keys(light)) expect(OURS.light).toHaveProperty(name)
  })
})

describe('nearestAccent', () => {
  it('is the color itself, or a color that a card of one of the schemes can show', () => {
    for (const accent of ACCENTS) {
      const nearest = nearestAccent(accent)
      expect(nearestAccent(nearest)).toBe(nearest)
      const best = [LIGHT, DARK].map(({ surfaces }) => contrastOf(nearest, surfaces.card))
      expect(Math.max(...best)).toBeGreaterThanOrEqual(4.5)
    }
    expect(nearestAccent('#FFE600')).toBe('#ffe600')
  })
})

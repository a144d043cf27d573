/**
 * Derives the colors of both schemes from the accent color. The lightness is moved as little as possible, so that text
 * has a contrast of 4.5 (WCAG 2.2, 1.4.3), and borders, icons and focus at least 3 (1.4.11), with every background of
 * `pages/browser/page.css`.
 */
import { colorOf, contrastOf, nearestShade, oklchOf } from './color.ts'

/** The smallest contrast of text. */
const TEXT_CONTRAST = 4.5

/** The values of the custom properties of the same names in `pages/browser/page.css`. */
export interface SchemeColors {
  readonly glow: string
  readonly accent: string
  readonly accentStrong: string
  readonly onAccent: string
  readonly accentTint: string
}

/** The colors of both schemes. */
export interface Theme {
  readonly light: SchemeColors
  readonly dark: SchemeColors
}

/** What a scheme of `pages/browser/page.css` has in common for every accent. */
interface Scheme {
  /** The backgrounds of text and icons, which do not depend on the accent. */
  readonly surfaces: { readonly ground: string; readonly card: string; readonly field: string }
  /** Lightness and largest chroma. */
  readonly glow: readonly [number, number]
  readonly tint: readonly [number, number]
  /** In which direction shades gain contrast. */
  readonly direction: 'lighter' | 'darker'
  /** The lightness of a button under the pointer, relative to the button. */
  readonly pressed: number
}

export const LIGHT: Scheme = {
  surfaces: { ground: '#f2f4f9', card: '#ffffff', field: '#ffffff' },
  glow: [0.935, 0.026],
  tint: [0.948, 0.021],
  direction: 'darker',
  pressed: -0.07,
}
export const DARK: Scheme = {
  surfaces: { ground: '#0e1118', card: '#171b25', field: '#10141c' },
  glow: [0.257, 0.06],
  tint: [0.305, 0.065],
  direction: 'lighter',
  pressed: 0.07,
}

/**
 * The accent color itself if its contrast with the cards of at least one scheme is 4.5 or more, so that this scheme shows
 * it nearly as it is. Otherwise the nearest color with that contrast.
 */
export function nearestAccent(accent: string): string {
  const isReadable = (shade: string) =>
    [LIGHT, DARK].some(({ surfaces }) => contrastOf(shade, surfaces.card) >= TEXT_CONTRAST)
  // Black always has that contrast.
  return nearestShade(accent, isReadable) ?? '#000000'
}

/** @param accent - In the form `#rrggbb`. */
export function themeOf(accent: string): Theme {
  return { light: schemeOf(accent, LIGHT), dark: schemeOf(accent, DARK) }
}

function schemeOf(
  given: string,
  { surfaces, glow: glowAt, tint: tintAt, direction, pressed }: Scheme,
): SchemeColors {
  const { chroma, hue } = oklchOf(given)
  const shade = ([lightness, most]: readonly [number, number]) =>
    colorOf({ lightness, chroma: Math.min(chroma, most), hue })
  const glow = shade(glowAt)
  const accentTint = shade(tintAt)
  const backgrounds = [...Object.values(surfaces), glow, accentTint]
  const isReadable = (color: string) =>
    backgrounds.every((background) => contrastOf(color, background) >= TEXT_CONTRAST)
  const accent = nearestShade(given, isReadable, direction) ?? extremeOf(direction)
  const onAccent = direction === 'darker' ? '#ffffff' : shade([0.2, 0.06])
  return { glow, accent, accentStrong: pressedShade(accent, pressed, onAccent), onAccent, accentTint }
}

/** Black and white have the most contrast with the surfaces of their scheme. */
function extremeOf(direction: Scheme['direction']): string {
  return direction === 'darker' ? '#000000' : '#ffffff'
}

/** The color of a button under the pointer. It gains contrast, unless the button is already black or white. */
function pressedShade(accent: string, by: number, onAccent: string): string {
  const color = oklchOf(accent)
  const moved = color.lightness + by
  const lightness = moved > 0.2 && moved < 0.98 ? moved : color.lightness - 3 * by
  const isReadable = (shade: string) => contrastOf(shade, onAccent) >= TEXT_CONTRAST
  return nearestShade(colorOf({ ...color, lightness }), isReadable) ?? accent
}

/** The theme as custom properties, to be appended to `pages/browser/page.css`. */
export function themeStyle({ light, dark }: Theme): string {
  return `:root {\n${declarations(light)}}\n@media screen and (prefers-color-scheme: dark) {\n:root {\n${declarations(dark)}}\n}\n`
}

function declarations(colors: SchemeColors): string {
  return Object.entries(colors)
    .map(
      ([name, color]) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}: ${color};\n`,
    )
    .join('')
}

/**
 * Colors as `#rrggbb`: their contrast (WCAG 2.2), and shades of the same hue (OKLCH, CSS Color 4 §9). A step of OKLCH
 * lightness looks equally large in every hue.
 */

/** A color by how it looks: lightness 0 to 1, chroma from 0 (gray), and hue in radians. */
export interface Oklch {
  readonly lightness: number
  readonly chroma: number
  readonly hue: number
}

type Triple = readonly [number, number, number]

/** The contrast ratio of two colors, 1 to 21 (WCAG 2.2, "contrast ratio"). */
export function contrastOf(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminanceOf(one), luminanceOf(other)].toSorted((a, b) => a - b)
  return (light + 0.05) / (dark + 0.05)
}

/** Relative luminance, 0 to 1. */
function luminanceOf(color: string): number {
  const [red, green, blue] = linearOf(color)
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/** @param color - In the form `#rrggbb`. */
export function oklchOf(color: string): Oklch {
  const [red, green, blue] = linearOf(color)
  const l = Math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
  const m = Math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
  const s = Math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
  const a = 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s
  const b = 0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s
  return {
    lightness: 0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    chroma: Math.hypot(a, b),
    hue: Math.atan2(b, a),
  }
}

/** The color in the form `#rrggbb`. The chroma is lowered if screens cannot show it at this lightness. */
export function colorOf({ lightness, chroma, hue }: Oklch): string {
  for (let step = 0; step < CHROMA_STEPS; step += 1) {
    const rgb = rgbOf({ lightness, chroma: chroma * (1 - step / CHROMA_STEPS), hue })
    if (rgb.every((value) => value >= -GAMUT_TOLERANCE && value <= 1 + GAMUT_TOLERANCE)) return hexOf(rgb)
  }
  return hexOf(rgbOf({ lightness, chroma: 0, hue }))
}

const CHROMA_STEPS = 50
/** Less than half a step of 8 bits. */
const GAMUT_TOLERANCE = 0.0005

const LIGHTNESS_STEP = 0.002

/**
 * The shade of a color that fulfils a condition and is nearest to the color in lightness: the color itself, if it does.
 *
 * @param direction - Whether to try lighter shades, darker ones or both.
 * @returns `null` if no shade does.
 */
export function nearestShade(
  color: string,
  fulfils: (shade: string) => boolean,
  direction: 'lighter' | 'darker' | 'both' = 'both',
): string | null {
  if (fulfils(color)) return color.toLowerCase()
  const { lightness, ...rest } = oklchOf(color)
  for (let distance = LIGHTNESS_STEP; distance <= 1; distance += LIGHTNESS_STEP) {
    for (const sign of SIGNS[direction]) {
      const moved = lightness + sign * distance
      if (moved < 0 || moved > 1) continue
      const shade = colorOf({ lightness: moved, ...rest })
      if (fulfils(shade)) return shade
    }
  }
  return null
}

const SIGNS = { lighter: [1], darker: [-1], both: [-1, 1] } as const

/** Linear red, green and blue, 0 to 1. */
function linearOf(color: string): Triple {
  const value = Number.parseInt(color.slice(1), 16)
  return [linear(value >> 16), linear((value >> 8) & 255), linear(value & 255)]
}

function linear(byte: number): number {
  const value = byte / 255
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
}

/** Red, green and blue as stored, 0 to 1 if screens can show the color. */
function rgbOf({ lightness, chroma, hue }: Oklch): Triple {
  const a = chroma * Math.cos(hue)
  const b = chroma * Math.sin(hue)
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3
  return [
    encoded(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    encoded(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    encoded(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ]
}

function encoded(value: number): number {
  return value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055
}

function hexOf(rgb: Triple): string {
  const bytes = rgb.map((value) => Math.round(Math.min(1, Math.max(0, value)) * 255))
  return `#${bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')}`
}

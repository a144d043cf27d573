import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { colorOf, contrastOf, nearestShade, oklchOf } from './color.ts'

const anyColor = fc.nat(0xffffff).map((value) => `#${value.toString(16).padStart(6, '0')}`)

describe('contrastOf', () => {
  it.each([
    ['#000000', '#ffffff', 21],
    ['#ffffff', '#ffffff', 1],
    ['#777777', '#ffffff', 4.48],
    ['#767676', '#ffffff', 4.54],
    ['#ff0000', '#ffffff', 4],
    ['#0000FF', '#ffffff', 8.59],
  ])('of %s and %s is %d, in either order', (one, other, ratio) => {
    expect(contrastOf(one, other)).toBeCloseTo(ratio, 2)
    expect(contrastOf(other, one)).toBe(contrastOf(one, other))
  })
})

describe('oklchOf', () => {
  // Of CSS Color 4, §9.
  it.each([
    ['#ffffff', 1, 0, null],
    ['#ff0000', 0.628, 0.2577, 29.23],
    ['#00ff00', 0.8664, 0.2948, 142.5],
    ['#0000ff', 0.452, 0.3132, 264.05],
  ])('of %s has lightness %d, chroma %d and hue %s', (color, lightness, chroma, hue) => {
    const found = oklchOf(color)
    expect(found.lightness).toBeCloseTo(lightness, 3)
    expect(found.chroma).toBeCloseTo(chroma, 3)
    if (hue !== null) expect(((found.hue * 180) / Math.PI + 360) % 360).toBeCloseTo(hue, 1)
  })

  it('is reversed by colorOf', () => {
    fc.assert(fc.property(anyColor, (color) => colorOf(oklchOf(color)) === color))
  })
})

describe('colorOf', () => {
  it('keeps the lightness of colors that screens cannot show', () => {
    const shade = colorOf({ lightness: 0.9, chroma: 0.3, hue: 0 })
    expect(oklchOf(shade).lightness).toBeCloseTo(0.9, 2)
  })
})

describe('nearestShade', () => {
  it('is the color itself if it meets the condition', () => {
    expect(nearestShade('#ABCDEF', () => true)).toBe('#abcdef')
  })

  it('is in the given direction, or in the nearer one', () => {
    const isOn = (background: string) => (shade: string) => contrastOf(shade, background) >= 4.5
    expect(nearestShade('#777777', isOn('#ffffff'))).toBe('#767676')
    expect(nearestShade('#777777', isOn('#000000'), 'lighter')).toBe('#777777')
    expect(nearestShade('#777777', isOn('#ffffff'), 'lighter')).toBeNull()
    expect(nearestShade('#777777', () => false)).toBeNull()
  })
})

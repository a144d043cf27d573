/** Fills values into sentences. */
import type { Locale } from '../text/index.ts'

/** Replaces names in braces. */
export function fill(sentence: string, values: Readonly<Record<string, string | number>>): string {
  return sentence.replace(/\{(\w+)\}/g, (name, key: string) => String(values[key] ?? name))
}

/** A duration such as `2 minutes`, rounded up. */
export function durationIn(locale: Locale, seconds: number): string {
  const [size, unit] = seconds < 90 ? [1, 'second'] : seconds < 5_400 ? [60, 'minute'] : [3_600, 'hour']
  const format = new Intl.NumberFormat(locale, { style: 'unit', unit: String(unit), unitDisplay: 'long' })
  return format.format(Math.ceil(seconds / Number(size)))
}

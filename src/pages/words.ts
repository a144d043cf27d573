/** Fills values into sentences. */
import { type Locale, MAIL } from '../text/index.ts'

export { fill } from '../text/index.ts'

/** A duration such as `2 minutes`, rounded up. */
export function durationIn(locale: Locale, seconds: number): string {
  const [size, unit] = seconds < 90 ? [1, 'second'] : seconds < 5_400 ? [60, 'minute'] : [3_600, 'hour']
  return amountIn(locale, Math.ceil(seconds / Number(size)), String(unit))
}

/** A number of days such as `365 days`. */
export function daysIn(locale: Locale, days: number): string {
  return amountIn(locale, days, 'day')
}

function amountIn(locale: Locale, amount: number, unit: string): string {
  return new Intl.NumberFormat(MAIL[locale].formats, { style: 'unit', unit, unitDisplay: 'long' }).format(
    amount,
  )
}

/** Fills values into sentences. */
import { html } from 'hono/html'
import { type Locale, MAIL } from '../text/index.ts'

/** Replaces names in braces. */
export function fill(sentence: string, values: Readonly<Record<string, string | number>>): string {
  return sentence.replace(/\{(\w+)\}/g, (name, key: string) => String(values[key] ?? name))
}

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

/** A time in UTC. The script shows it in local time. */
export function timeIn(locale: Locale, time: Date) {
  const format = new Intl.DateTimeFormat(MAIL[locale].formats, {
    ...DAY,
    hour: 'numeric',
    minute: '2-digit',
    timeZone: 'UTC',
    timeZoneName: 'short',
  })
  return html`<time datetime="${time.toISOString().slice(0, 16)}Z">${format.format(time)}</time>`
}

/** A day in UTC. The script shows the local one. */
export function dateIn(locale: Locale, time: Date) {
  const format = new Intl.DateTimeFormat(MAIL[locale].formats, { ...DAY, timeZone: 'UTC' })
  return html`<time datetime="${time.toISOString()}" data-day>${format.format(time)}</time>`
}

const DAY = { year: 'numeric', month: 'short', day: 'numeric' } as const

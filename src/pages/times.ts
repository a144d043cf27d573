/** Times as people read them. */
import { html } from 'hono/html'
import { type Locale, MAIL } from '../text/index.ts'
import type { Markup } from './layout.ts'

const DAY: Intl.DateTimeFormatOptions = { year: 'numeric', month: 'short', day: 'numeric', timeZone: 'UTC' }
const dayFormat = formatsOf(DAY)
const timeFormat = formatsOf({ ...DAY, hour: 'numeric', minute: '2-digit', timeZoneName: 'short' })

/** A time in UTC. The script shows it in local time. */
export function timeIn(locale: Locale, time: Date): Markup {
  const minute = time.toISOString().slice(0, 16)
  return html`<time datetime="${minute}Z">${timeFormat(locale).format(time)}</time>`
}

/** A day in UTC. The script shows the local one. */
export function dayIn(locale: Locale, time: Date): Markup {
  return html`<time datetime="${time.toISOString()}" data-day>${dayFormat(locale).format(time)}</time>`
}

/** Caches a format per locale, because creating one takes longer than rendering a page. */
function formatsOf(options: Intl.DateTimeFormatOptions): (locale: Locale) => Intl.DateTimeFormat {
  const kept = new Map<Locale, Intl.DateTimeFormat>()
  return (locale) => {
    const format = kept.get(locale) ?? new Intl.DateTimeFormat(MAIL[locale].formats, options)
    kept.set(locale, format)
    return format
  }
}

/** Line drawings of 24 by 24. They are decoration for the text beside them, so screen readers skip them. */
import { html } from 'hono/html'

const key = html`<circle cx="7.5" cy="16.5" r="4.5"/><path d="M10.7 13.3 21 3m-5.5 5.5 3.25 3.25M18.75 5.25l2.25 2.25"/>`
const envelope = html`<rect x="3" y="5" width="18" height="14" rx="2.5"/><path d="m4 7.5 8 6 8-6"/>`
const tick = html`<path d="m5 12.5 4.5 4.5L19 7.5"/>`
const exclamation = html`<path d="M12 4.5v9.5m0 5v.1"/>`
const eye = html`<path d="M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12Z"/><circle cx="12" cy="12" r="2.75"/><path class="strike" d="m4 20 16-16"/>`

const device = html`<rect x="3" y="4.5" width="18" height="12" rx="2"/><path d="M8.5 20.5h7M12 16.5v4"/>`
const clock = html`<circle cx="12" cy="12" r="8.5"/><path d="M12 7v5.5l3.5 2"/>`
const file = html`<path d="M6 3.5h8l4.5 4.5v12.5H6zM12 11v6m-3-2.5 3 3 3-3"/>`
const fingerprint = html`<path d="M5 9.5a7.5 7.5 0 0 1 14 0M4 14.5c0-5 3-8 8-8s8 3 8 9M8 18.5c-.8-5 .8-8 4-8s4.5 2.5 4 8M12 14.5v5"/>`
const link = html`<path d="m10 14a4.5 4.5 0 0 0 6.5.3l3-3a4.5 4.5 0 0 0-6.4-6.4l-1.6 1.6M14 10a4.5 4.5 0 0 0-6.5-.3l-3 3a4.5 4.5 0 0 0 6.4 6.4l1.6-1.6"/>`
const shield = html`<path d="M12 3.5 19 6v5.5c0 4.5-3 7.5-7 9-4-1.5-7-4.5-7-9V6zM9 12l2.25 2.25L15 10.5"/>`
const person = html`<circle cx="12" cy="8" r="4"/><path d="M4.5 20.5a7.5 7.5 0 0 1 15 0"/>`
const ICONS = {
  person,
  fingerprint,
  shield,
  link,
  key,
  envelope,
  tick,
  exclamation,
  eye,
  device,
  clock,
  file,
}
export type IconName = keyof typeof ICONS

/** @param className - A class of `browser/page.css`. */
export function icon(name: IconName, className: string) {
  return html`<svg class="${className}" viewBox="0 0 24 24" aria-hidden="true">${ICONS[name]}</svg>`
}

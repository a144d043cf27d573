/** A browser and the system that it runs on. `null` where it is unknown. */
export interface DeviceName {
  readonly browser: string | null
  readonly system: string | null
}

/** Patterns in user agents, and the name for each. The first match counts: most browsers also claim to be those below. */
const BROWSERS: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/\bEdg(?:e|A|iOS)?\//, 'Edge'],
  [/\b(?:OPR|OPT|OPiOS|Opera)\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\b(?:Chrome|CriOS|Chromium)\//, 'Chrome'],
  [/\bVersion\/[\d.]+ (?:Mobile\/\w+ )?Safari\//, 'Safari'],
]

// iPads claim to be Macs unless they ask for mobile pages, so an iPad can be called macOS.
const SYSTEMS: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows\b/, 'Windows'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\b(?:Macintosh|Mac OS X)\b/, 'macOS'],
  [/\bLinux\b/, 'Linux'],
]

/** The rest of a user agent is ignored. */
const READ_MAX_LENGTH = 512

/**
 * The browser and the system that a user agent claims, for people to recognize a device. Every name comes from the lists
 * above, so the result never contains text of the client.
 *
 * @returns `null` if neither is known, such as for a program.
 */
export function deviceName(userAgent: string | null | undefined): DeviceName | null {
  const text = (userAgent ?? '').slice(0, READ_MAX_LENGTH)
  const nameIn = (names: typeof BROWSERS) => names.find(([pattern]) => pattern.test(text))?.[1] ?? null
  // Every browser begins like this (RFC 9110 §10.1.5), and few programs do.
  const browser = /^(?:Mozilla|Opera)\//.test(text) ? nameIn(BROWSERS) : null
  const system = nameIn(SYSTEMS)
  return browser === null && system === null ? null : { browser, system }
}

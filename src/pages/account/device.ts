import type { PageTexts } from '../../text/index.ts'
import { fill } from '../words.ts'

/** The device of a client, in words. */
export function deviceIn({ account }: PageTexts, userAgent: string | null): string {
  const device = userAgent === null ? null : deviceName(userAgent)
  return device === null ? account.device.unknown : fill(account.device.named, { ...device })
}

/** Stands in until the device names are merged. */
function deviceName(userAgent: string): { browser: string; system: string } | null {
  const browser = ['Firefox', 'Edg', 'Chrome', 'Safari'].find((name) => userAgent.includes(`${name}/`))
  const system = ['Windows', 'Android', 'iPhone', 'Mac OS X', 'Linux'].find((name) =>
    userAgent.includes(name),
  )
  return browser === undefined || system === undefined ? null : { browser, system }
}

import { deviceName } from '../../lib/device-name.ts'
import type { PageTexts } from '../../text/index.ts'
import { fill } from '../words.ts'

/** The device of a client, in words. Contains no text that the client sent. */
export function deviceIn({ account: { device } }: PageTexts, userAgent: string | null): string {
  const { browser = null, system = null } = deviceName(userAgent) ?? {}
  if (browser !== null && system !== null) return fill(device.named, { browser, system })
  return browser ?? system ?? device.unknown
}

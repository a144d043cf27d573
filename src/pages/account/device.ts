import { deviceName } from '../../lib/device-name.ts'
import type { PageTexts } from '../../text/index.ts'
import { fill } from '../words.ts'

/** The device of a client, in words. */
export function deviceIn({ account }: PageTexts, userAgent: string | null): string {
  const { browser, system } = deviceName(userAgent) ?? { browser: null, system: null }
  if (browser !== null && system !== null) return fill(account.device.named, { browser, system })
  return browser ?? system ?? account.device.unknown
}

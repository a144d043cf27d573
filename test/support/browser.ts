import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'
import { onTestFinished } from 'vitest'
import type { OnEnd } from './system.ts'

/** Where Debian has it. */
const CHROMIUM = '/usr/bin/chromium'

/** Whether tests in a browser can run; `scripts/system.mjs` tells where not. */
export const hasBrowser = existsSync(CHROMIUM)

const ARGS = [
  // Root has no sandbox, and containers often lack what it needs. We only visit ourselves.
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-proxy-server',
  // Every name is this machine: nothing leaves it, and a test may visit https://auth.example.com:PORT.
  '--host-resolver-rules=MAP * 127.0.0.1',
]

/** A Chromium without a window, with a profile of its own, closed with the test. */
export async function openBrowser(onEnd: OnEnd = onTestFinished): Promise<Browser> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGS, headless: true })
  onEnd(() => browser.close())
  return browser
}

import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'
import { onTestFinished } from 'vitest'
import { IS_FULL } from './full.ts'
import type { OnEnd } from './system.ts'

/**
 * The paths on Debian. The headless shell is the same engine without windows, menus and extensions, and four times as fast.
 * `npm run test:full` prefers the whole browser.
 */
const PROGRAMS = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium']
const found = PROGRAMS.filter((path) => existsSync(path))
export const CHROMIUM = found.at(IS_FULL ? -1 : 0) ?? ''

/** Whether tests in a browser can run. */
export const hasBrowser = CHROMIUM !== ''

if (!hasBrowser) process.stderr.write('SKIPPED: tests in a browser. They need chromium.\n')

export const ARGS = [
  // Chromium has no sandbox for root, and containers often lack what the sandbox needs. Tests only visit our own pages.
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-proxy-server',
  // Resolve every name to this machine, so that nothing leaves it and a test can visit https://auth.example.com:PORT.
  '--host-resolver-rules=MAP * 127.0.0.1',
]

let started: Promise<Browser> | undefined

/**
 * A headless Chromium. The tests of a worker share it, because starting it takes seconds. Every page and context has a fresh
 * profile, and is closed when the test ends.
 */
export async function openBrowser(onEnd: OnEnd = onTestFinished): Promise<Browser> {
  started ??= chromium.launch({ executablePath: CHROMIUM, args: ARGS, headless: true })
  const browser = await started
  onEnd(async () => {
    for (const context of browser.contexts()) await context.close()
  })
  return browser
}

/** The warnings of `serve` and `doctor`: the service starts, but is not fit for the internet. */
import { statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { privateFiles } from '../db/index.ts'
import { followLinks } from '../lib/output-file.ts'
import { type Options, unsafeOptions } from '../options/index.ts'
import { SETTINGS, type Settings, variableOf } from './settings.ts'

interface Warning {
  /** The variable of the setting to change. */
  readonly setting: string
  readonly reason: string
}

/** All warnings about these settings. */
export function warningsOf(settings: Settings, options: Options): readonly Warning[] {
  const unsafe = unsafeOptions(options).map(({ option, reason }) => ({ setting: variableOf(option), reason }))
  return [...unsafe, ...proxyWarning(options), ...fileWarnings(settings, options)]
}

/** The service does not speak TLS, so a proxy must be in front of an https BASE_URL. */
function proxyWarning({ mode, baseUrl, trustedProxies }: Options): Warning[] {
  if (mode !== 'production' || !baseUrl.startsWith('https:') || trustedProxies !== '') return []
  return [{ setting: SETTINGS.trustedProxies.env, reason: NO_PROXY }]
}

const NO_PROXY =
  'no proxy is trusted, but an https BASE_URL needs a proxy in front; all clients count as one IP address, so one of them can lock out the others; set this to the address of the proxy'

function fileWarnings(settings: Settings, { databaseUrl }: Options): Warning[] {
  const database = filesOf(databaseUrl).map((file) => ({ setting: SETTINGS.databaseUrl.env, file }))
  return [...database, ...settings.secretFiles]
    .filter(({ file }) => isExposed(file))
    .map(({ setting, file }) => ({
      setting,
      reason: `every user of this machine can access ${file}; run chmod o= on it`,
    }))
}

function filesOf(databaseUrl: string): string[] {
  try {
    return privateFiles(databaseUrl)
  } catch {
    // Opening the database reports the reason.
    return []
  }
}

/**
 * Whether users other than the owner and the group of a file can read or write it. `false` if the file does not exist
 * or cannot be inspected.
 */
export function isExposed(file: string): boolean {
  // On Windows, Node derives the mode from the read-only attribute.
  if (process.platform === 'win32') return false
  try {
    const path = resolve(followLinks(file))
    return (statSync(path).mode & 0o006) !== 0 && isReachable(dirname(path))
  } catch {
    return false
  }
}

/** Whether every user may enter a directory and those above it. */
function isReachable(directory: string): boolean {
  if ((statSync(directory).mode & 0o001) === 0) return false
  const parent = dirname(directory)
  return parent === directory || isReachable(parent)
}

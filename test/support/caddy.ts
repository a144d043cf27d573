import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type Daemon, type OnEnd, startDaemon, temporaryFolder } from './system.ts'

/** Where Debian has it. */
const CADDY = '/usr/bin/caddy'

/** Whether tests behind Caddy can run; `scripts/system.mjs` tells where not. */
export const hasCaddy = existsSync(CADDY)

/**
 * Runs a real Caddy until the test ends; it is ready when this resolves. It listens on 127.0.0.1 alone, and asks
 * nobody for certificates.
 *
 * @param sites - What stands in a Caddyfile after the global options: sites, on free ports, with their own `tls`.
 * @throws Where Caddy does not take the configuration, with its log.
 */
export function startCaddy(sites: string, onEnd: OnEnd = onTestFinished): Promise<Daemon> {
  const folder = temporaryFolder(onEnd)
  const caddyfile = join(folder, 'Caddyfile')
  writeFileSync(caddyfile, GLOBAL_OPTIONS + sites)
  return startDaemon({
    program: CADDY,
    args: ['run', '--config', caddyfile, '--adapter', 'caddyfile'],
    env: { HOME: folder },
    ready: 'serving initial configuration',
    onEnd,
  })
}

// HTTP/3 would open a UDP port; the redirects of automatic HTTPS would want port 80.
const GLOBAL_OPTIONS = `{
  admin off
  auto_https disable_redirects
  default_bind 127.0.0.1
  servers {
    protocols h1 h2
  }
}
`

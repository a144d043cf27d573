import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type Daemon, type OnEnd, startDaemon, temporaryFolder } from './system.ts'

/** The path on Debian. */
const CADDY = '/usr/bin/caddy'

/** Whether tests behind Caddy can run. `scripts/system.mjs` reports it if they cannot. */
export const hasCaddy = existsSync(CADDY)

/**
 * Runs a real Caddy until the test ends. It is ready when this resolves. It listens on 127.0.0.1 only and requests
 * no certificates.
 *
 * @param sites - The sites of the Caddyfile, on free ports, each with its own `tls`. The global options are added.
 * @throws If Caddy rejects the configuration. The message holds its log.
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

// HTTP/3 would open a UDP port, and the redirects of automatic HTTPS would need port 80.
const GLOBAL_OPTIONS = `{
  admin off
  auto_https disable_redirects
  default_bind 127.0.0.1
  servers {
    protocols h1 h2
  }
}
`

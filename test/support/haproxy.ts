import { existsSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { type OnEnd, startDaemon, temporaryFolder } from './system.ts'

/** The path on Debian. */
const HAPROXY = '/usr/sbin/haproxy'

export const hasHaproxy = existsSync(HAPROXY)

export interface Haproxy {
  /** Whether HAProxy sends requests to the instance on this port. */
  isUp(backend: number): Promise<boolean>
}

/**
 * Runs a real HAProxy, configured as in docs/guide/operate.md, until `onEnd`.
 *
 * @param port - The port on 127.0.0.1.
 * @param backends - The ports of the instances.
 */
export async function startHaproxy(
  port: number,
  backends: readonly number[],
  onEnd: OnEnd,
): Promise<Haproxy> {
  const folder = temporaryFolder(onEnd)
  const file = join(folder, 'haproxy.cfg')
  const socket = join(folder, 'haproxy.sock')
  writeFileSync(
    file,
    `
global
  stats socket ${socket}
defaults
  mode http
  timeout connect 2s
  timeout client 30s
  timeout server 30s
  timeout check 5s
  option httpchk GET /readyz
  option redispatch
  retries 3
  retry-on conn-failure
  default-server check inter 500ms fall 1 rise 1
frontend public
  bind 127.0.0.1:${port}
  default_backend instances
backend instances
  option forwardfor
  http-reuse never
${backends.map((each) => `  server instance${each} 127.0.0.1:${each}`).join('\n')}
`,
  )
  await startDaemon({ program: HAPROXY, args: ['-W', '-db', '-f', file], ready: 'Loading success', onEnd })
  return {
    async isUp(backend) {
      const states = await text(connect(socket).end('show stat\n'))
      return new RegExp(`^instances,instance${backend},.*,UP,`, 'm').test(states)
    },
  }
}

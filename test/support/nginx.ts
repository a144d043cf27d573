import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type Daemon, type OnEnd, startDaemon, temporaryFolder } from './system.ts'

/** The path on Debian. */
const NGINX = '/usr/sbin/nginx'

/** Whether tests behind nginx can run. `scripts/system.mjs` reports it if they cannot. */
export const hasNginx = existsSync(NGINX)

/**
 * Runs a real nginx until the test ends. It is ready when this resolves.
 *
 * @param servers - The content of `http { }`: `server` blocks on free loopback ports.
 * @throws If nginx rejects the configuration. The message holds its log.
 */
export function startNginx(servers: string, onEnd: OnEnd = onTestFinished): Promise<Daemon> {
  const folder = temporaryFolder(onEnd)
  writeFileSync(join(folder, 'nginx.conf'), configuration(servers))
  return startDaemon({
    program: NGINX,
    args: ['-p', folder, '-c', 'nginx.conf', '-e', 'stderr'],
    ready: 'start worker process',
    onEnd,
  })
}

// nginx writes into its own folder only. Other users cannot enter it, so when root starts nginx, workers stay root.
function configuration(servers: string): string {
  return `
    daemon off;
    ${process.getuid?.() === 0 ? 'user root;' : ''}
    pid nginx.pid;
    error_log stderr notice;
    worker_processes 1;
    events { }
    http {
      access_log off;
      client_body_temp_path client_body;
      proxy_temp_path proxy;
      fastcgi_temp_path fastcgi;
      uwsgi_temp_path uwsgi;
      scgi_temp_path scgi;
      ${servers}
    }
  `
}

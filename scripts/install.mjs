// Installs what the lockfile names where it is not there yet. Runs before our npm scripts, on the Node of
// the machine (20 or newer), since the pinned one is among what it installs.
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
  process.stderr.write('Installing what package-lock.json names (once)…\n')
  // npm hands its own flags on through the environment: `npm pack --dry-run --json` must not make this dry, too.
  // And NODE_ENV=production, or omit=dev, would leave out what builds and runs the sources.
  const always = ['--no-dry-run', '--no-json', '--include=dev']
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error', ...always], {
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  if (status !== 0 || !isInstalled()) {
    process.stderr.write(
      'The installation failed: npm 11 or newer, with install scripts allowed, is needed.\n',
    )
    process.exit(1)
  }
}

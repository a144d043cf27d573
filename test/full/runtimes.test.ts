/** The client on Deno and Bun. Their binaries are packages of npm, pinned in `runtimes/`, and installed on first use. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { CLIENT_WORKS, runClient } from '../support/client.ts'
import { ROOT } from '../support/service.ts'

const PINNED = join(ROOT, 'test/full/runtimes')
const FOLDER = join(ROOT, '.cache/runtimes')
const DENO = join(FOLDER, 'node_modules/@deno/linux-x64-glibc/deno')
const BUN = join(FOLDER, 'node_modules/@oven/bun-linux-x64-baseline/bin/bun')

/** The packages are for this platform. */
const canRun = process.platform === 'linux' && process.arch === 'x64'
if (!canRun) process.stderr.write('SKIPPED: the client on Deno and Bun. They need Linux on x64.\n')

/** Whether the pinned versions are installed already. */
function areInstalled(): boolean {
  const lock = 'package-lock.json'
  return (
    [DENO, BUN, join(FOLDER, lock)].every((path) => existsSync(path)) &&
    readFileSync(join(FOLDER, lock), 'utf8') === readFileSync(join(PINNED, lock), 'utf8')
  )
}

describe.runIf(canRun)('the client', () => {
  beforeAll(() => {
    if (areInstalled()) return
    mkdirSync(FOLDER, { recursive: true })
    for (const name of ['package.json', 'package-lock.json'])
      copyFileSync(join(PINNED, name), join(FOLDER, name))
    const { status, stderr } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
      cwd: FOLDER,
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(`npm ci: ${stderr}`)
  }, 600_000)

  it('runs on Deno, with permission for the network only', async () => {
    const args = ['run', '--no-config', '--no-lock', '--no-prompt', '--allow-net=127.0.0.1']
    expect(await runClient(DENO, args)).toEqual(CLIENT_WORKS)
  })

  it('runs on Bun', async () => {
    expect(await runClient(BUN)).toEqual(CLIENT_WORKS)
  })
})

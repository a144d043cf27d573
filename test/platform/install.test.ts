/** scripts/install.mjs, which makes every npm script work in a fresh clone. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { sample } from '../support/full.ts'
import { ROOT, run } from '../support/service.ts'
import { temporaryFolder } from '../support/system.ts'

it('runs before every npm script that needs a dependency', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>
  }
  const isHook = (name: string) =>
    /^(?:pre|post)/.test(name) &&
    (name.replace(/^(?:pre|post)/, '') in scripts || name === 'prepack' || name === 'prepublishOnly')
  const unprepared = Object.keys(scripts).filter(
    (name) => !isHook(name) && !scripts[`pre${name}`]?.startsWith('node scripts/install.mjs'),
  )
  expect(unprepared).toEqual([])
  // `npm run` runs the pre-script too.
  expect(scripts.prepack).toBe('npm run build && node scripts/sbom.ts')
  expect(scripts.prepublishOnly).toBe('npm run audit')
})

/** A project with our `install.mjs` and a local `node` package that needs no registry. */
function project(): string {
  const folder = temporaryFolder()
  const write = (path: string, text: string) => {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  const manifest = { name: 'project', version: '1.0.0', devDependencies: { node: 'file:tools/node' } }
  const tool = { version: '1.0.0', dev: true }
  const link = { resolved: 'tools/node', link: true }
  const packages = { '': manifest, 'node_modules/node': link, 'tools/node': tool }
  write('package.json', JSON.stringify({ ...manifest, scripts: { prepack: 'node scripts/install.mjs' } }))
  write('package-lock.json', JSON.stringify({ ...manifest, lockfileVersion: 3, requires: true, packages }))
  write('tools/node/package.json', JSON.stringify({ name: 'node', version: '1.0.0' }))
  write('tools/node/bin/node', '')
  mkdirSync(join(folder, 'scripts'))
  copyFileSync(join(ROOT, 'scripts/install.mjs'), join(folder, 'scripts/install.mjs'))
  return folder
}

const COMMANDS: readonly [name: string, args: string[], env: Record<string, string>][] = [
  ['npm pack --omit=dev', ['pack', '--omit=dev'], {}],
  ['npm pack with NODE_ENV=production', ['pack'], { NODE_ENV: 'production' }],
  ['npm pack', ['pack'], {}],
  ['npm pack --dry-run --json', ['pack', '--dry-run', '--json'], {}],
]

it.each(sample(COMMANDS, 2))('installs dev dependencies under %s', async (_name, args, env) => {
  const cwd = project()
  const { exitCode, stderr } = await run('npm', args, {
    cwd,
    env: { npm_config_update_notifier: 'false', ...env },
  })
  expect(exitCode, stderr).toBe(0)
  expect(existsSync(join(cwd, 'node_modules/node/bin/node'))).toBe(true)
})

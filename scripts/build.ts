/**
 * Compiles `src/` to `dist/`: JavaScript and types, without the tests. The command is bundled with its packages, since
 * of some four hundred small files half of its start and a fifth of its memory would go into loading them.
 */
import { spawnSync } from 'node:child_process'
import { globSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { rolldown } from 'rolldown'

/** Native, or looked for by `pg` in vain: these stay where they are installed. */
const EXTERNAL = ['@node-rs/bcrypt', 'pg-native']

export async function build(): Promise<void> {
  rmSync('dist', { recursive: true, force: true })
  const { status } = spawnSync('node_modules/.bin/tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit' })
  if (status !== 0) throw new Error('the build failed')
  await bundleCommand()
}

async function bundleCommand(): Promise<void> {
  await using bundle = await rolldown({
    input: 'dist/cli/main.js',
    platform: 'node',
    external: EXTERNAL,
    experimental: { attachDebugInfo: 'none' },
  })
  const { output } = await bundle.write({ dir: 'dist/bundle', chunkFileNames: '[name].js' })
  rmSync('dist/cli', { recursive: true })
  renameSync('dist/bundle', 'dist/cli')
  const modules = output.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []))
  writeFileSync('dist/cli/LICENSES', licensesOf(modules))
}

/** What the packages' licences ask for: their text, wherever the code goes. */
function licensesOf(modules: readonly string[]): string {
  const packages = modules.flatMap((path) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? [])
  return [...new Set(packages)]
    .toSorted()
    .map((folder) => {
      const [file] = globSync(`${folder}/{LICENSE,license}*`)
      // Some name it in their manifest alone.
      const license = readFileSync(file ?? `${folder}/package.json`, 'utf8')
      return `${folder.replace(/^.*\/node_modules\//, '')}\n\n${license.trim()}\n`
    })
    .join(`\n${'-'.repeat(80)}\n\n`)
}

if (import.meta.main) await build()

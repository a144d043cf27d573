/**
 * Compiles `src/` to `dist/`: JavaScript and types, without the tests. Bundles the command with its packages, because
 * loading some four hundred small files would take half of its start time and a fifth of its memory.
 */
import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { rolldown } from 'rolldown'

/** Not bundled: a native module, and an optional one that `pg` tries to load. */
const EXTERNAL = ['@node-rs/bcrypt', 'pg-native']

export async function build(): Promise<void> {
  rmSync('dist', { recursive: true, force: true })
  // More checkers repeat each other's work.
  const args = ['-p', 'tsconfig.build.json', '--checkers', '1']
  const { status } = spawnSync('node_modules/.bin/tsc', args, { stdio: 'inherit' })
  if (status !== 0) throw new Error('the build failed')
  copyDataFiles()
  await bundleCommand()
}

/** Copies the files that the code reads at run time. */
function copyDataFiles(): void {
  for (const path of globSync('src/**/*.{css,js,svg,txt}')) {
    const target = path.replace(/^src/, 'dist')
    mkdirSync(dirname(target), { recursive: true })
    copyFileSync(path, target)
  }
}

async function bundleCommand(): Promise<void> {
  await using bundle = await rolldown({
    input: 'dist/cli/main.js',
    platform: 'node',
    external: EXTERNAL,
    plugins: [{ name: 'data-files', transform: keepDataFiles }],
    experimental: { attachDebugInfo: 'none' },
  })
  const { output } = await bundle.write({
    dir: 'dist/bundle',
    chunkFileNames: '[name].js',
    // The comments are in the sources, and LICENSES has the licenses of the packages.
    comments: false,
    // V8 keeps a file as text, with two bytes for each character if one of them does not fit into a byte.
    charset: 'ascii',
  })
  rmSync('dist/cli', { recursive: true })
  renameSync('dist/bundle', 'dist/cli')
  const modules = output.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []))
  writeFileSync('dist/cli/LICENSES', licensesOf(modules))
}

/** Adjusts the paths of data files: a bundled module reads them next to its original file in `dist/`. */
function keepDataFiles(code: string, module: string): string {
  return code.replace(/new URL\('(\.[^']+)', import\.meta\.url\)/g, (_, path: string) => {
    const fromBundle = relative(resolve('dist/cli'), resolve(dirname(module), path)).replaceAll('\\', '/')
    return `new URL('${fromBundle}', import.meta.url)`
  })
}

/** The license texts of the bundled packages, which must accompany their code. */
function licensesOf(modules: readonly string[]): string {
  const packages = modules.flatMap((path) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? [])
  return [...new Set(packages)]
    .toSorted()
    .map((folder) => {
      const [file] = globSync(`${folder}/{LICENSE,license}*`)
      // Some packages state their license only in the manifest.
      const license = readFileSync(file ?? `${folder}/package.json`, 'utf8')
      return `${folder.replace(/^.*\/node_modules\//, '')}\n\n${license.trim()}\n`
    })
    .join(`\n${'-'.repeat(80)}\n\n`)
}

/** Whether `dist/` is up to date with `src/`. */
export function isBuilt(): boolean {
  // The build writes this file last.
  const last = 'dist/cli/LICENSES'
  if (!existsSync(last)) return false
  const built = statSync(last).mtimeMs
  return globSync('src/**/*').every((path) => {
    const entry = statSync(path)
    return entry.isDirectory() || path.endsWith('.test.ts') || entry.mtimeMs < built
  })
}

if (import.meta.main) await build()

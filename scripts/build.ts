/**
 * Compiles `src/` to `dist/`: JavaScript and types, without the tests. The command is bundled with its packages, since
 * of some four hundred small files half of its start and a fifth of its memory would go into loading them.
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

/** Native, or looked for by `pg` in vain: these stay where they are installed. */
const EXTERNAL = ['@node-rs/bcrypt', 'pg-native']

export async function build(): Promise<void> {
  rmSync('dist', { recursive: true, force: true })
  const { status } = spawnSync('node_modules/.bin/tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit' })
  if (status !== 0) throw new Error('the build failed')
  copyDataFiles()
  await bundleCommand()
}

/** The files that the code reads as they are. */
function copyDataFiles(): void {
  for (const path of globSync('src/**/*.{css,js,txt}')) {
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
    // The sources have them, and LICENSES has what the packages ask for.
    comments: false,
  })
  rmSync('dist/cli', { recursive: true })
  renameSync('dist/bundle', 'dist/cli')
  const modules = output.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []))
  writeFileSync('dist/cli/LICENSES', licensesOf(modules))
}

/** A module of the bundle reads its data files where the build has put them, beside the module's own file. */
function keepDataFiles(code: string, module: string): string {
  return code.replace(/new URL\('(\.[^']+)', import\.meta\.url\)/g, (_, path: string) => {
    const fromBundle = relative(resolve('dist/cli'), resolve(dirname(module), path)).replaceAll('\\', '/')
    return `new URL('${fromBundle}', import.meta.url)`
  })
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

/** Whether `dist/` holds what `src/` says. */
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

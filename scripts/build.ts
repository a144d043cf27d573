/** Compiles `src/` to `dist/`: JavaScript and types, without the tests. */
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'

export function build(): void {
  rmSync('dist', { recursive: true, force: true })
  const { status } = spawnSync('node_modules/.bin/tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit' })
  if (status !== 0) throw new Error('the build failed')
}

if (import.meta.main) build()

/** The watch over the memory, which `npm run soak` does not run. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { ROOT, run } from '../support/service.ts'

it('the watch over the memory stops its service and exits with its verdict', async () => {
  const cwd = mkdtempSync(join(tmpdir(), 'bienvenue-'))
  onTestFinished(() => rmSync(cwd, { recursive: true }))
  const args = [join(ROOT, 'bench/soak/memory.ts'), '--minutes', '0.001', '--pause', '0']
  const { exitCode, stdout } = await run(process.execPath, args, { cwd })
  expect(exitCode, stdout).toBe(/^flat: /m.test(stdout) ? 0 : 1)
  expect(stdout).toMatch(/^(?:flat|growing): the last third/m)
})

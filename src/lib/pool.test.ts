import { expect, it } from 'vitest'
import { startProgram } from '../../test/support/service.ts'

// Every thread of the process as `name nice`, before and after; hashing runs on the pool's.
const PROGRAM = `
  import { readdirSync, readFileSync } from 'node:fs'
  import { lowerPoolPriority } from ${JSON.stringify(import.meta.resolve('./pool.ts'))}
  await lowerPoolPriority()
  for (const id of readdirSync('/proc/self/task')) {
    const [, name, rest] = /\\((.*)\\) (.*)/.exec(readFileSync('/proc/self/task/' + id + '/stat', 'utf8'))
    console.log(name, rest.split(' ')[16])
  }
  console.log('done')
`

// Elsewhere threads have no priority of their own.
it.skipIf(process.platform !== 'linux')('the pool yields to everything else of the process', async () => {
  const program = startProgram(['--input-type=module', '--eval', PROGRAM], {
    env: { UV_THREADPOOL_SIZE: '3' },
  })
  await program.line((line) => line === 'done')
  const ofPool = program.lines.filter((line) => line.startsWith('libuv-worker'))
  expect(ofPool).toEqual(Array(3).fill('libuv-worker 10'))
  const others = program.lines.filter((line) => !ofPool.includes(line) && line !== 'done')
  expect(others.length).toBeGreaterThan(0)
  expect(others.filter((line) => !line.endsWith(' 0'))).toEqual([])
})

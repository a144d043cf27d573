import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { migratedDatabase } from '../../test/support/engines.ts'
import { startProgram, startService } from '../../test/support/service.ts'
import { hashesAtOnce } from '../auth/passwords/hashing/queue.ts'

// Prints each thread of the process as `name niceness`.
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

// Only Linux has priorities for threads.
it.skipIf(process.platform !== 'linux')('only the threads of the pool get a lower priority', async () => {
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

// The system counts threads only on Linux.
it.skipIf(process.platform !== 'linux')(
  'the service has more threads in its pool than hashes use',
  async () => {
    const service = await startService(await migratedDatabase('sqlite'))
    const threads = `/proc/${service.pid}/task`
    const names = readdirSync(threads).map((id) => readFileSync(`${threads}/${id}/comm`, 'utf8').trim())
    expect(names.filter((name) => name === 'libuv-worker')).toHaveLength(hashesAtOnce(1) + 4)
  },
)

/** The end-to-end client against real servers: ours in both dialects, and the Flask original if it can run here. */
import { describe, expect, it } from 'vitest'
import { freshDatabase, onEachEngine } from '../support/engines.ts'
import { PYTHON, startFlask } from '../support/flask.ts'
import { freePort } from '../support/ports.ts'
import { run, startService } from '../support/service.ts'

const SILENT_SUCCESS = { exitCode: 0, stdout: '', stderr: '' }

onEachEngine('the end-to-end client', (engine) => {
  it('succeeds against our server, and again on the same database', async () => {
    const service = await startService(await freshDatabase(engine))
    expect(await run(process.execPath, ['examples/main.ts', service.url])).toEqual(SILENT_SUCCESS)
    expect(await run('npm', ['run', '-s', 'e2e', '--', `${service.url}/`])).toEqual(SILENT_SUCCESS)
  })

  it.runIf(PYTHON)('of the exercise, in Python, succeeds against our server', async () => {
    const service = await startService(await freshDatabase(engine))
    expect(await run(PYTHON ?? '', ['test/flask-original/client.py', service.url])).toEqual(SILENT_SUCCESS)
  })
})

describe('the end-to-end client', () => {
  it('fails if no server is running', async () => {
    const nowhere = `http://127.0.0.1:${await freePort()}`
    const { exitCode, stderr } = await run(process.execPath, ['examples/main.ts', nowhere])
    expect(exitCode).not.toBe(0)
    expect(stderr).toContain('ECONNREFUSED')
  })

  it.runIf(PYTHON)('succeeds against the Flask original', async () => {
    expect(await run(process.execPath, ['examples/main.ts', await startFlask()])).toEqual(SILENT_SUCCESS)
  })
})

/** The end-to-end client against real servers: ours on both engines, and the Flask original where it can run. */
import { describe, expect, it } from 'vitest'
import { freshDatabase, onBothEngines } from './support/engines.ts'
import { PYTHON, startFlask } from './support/flask.ts'
import { freePort } from './support/ports.ts'
import { run, startService } from './support/service.ts'

const SILENT_SUCCESS = { exitCode: 0, stdout: '', stderr: '' }

onBothEngines('the end-to-end client', (engine) => {
  it('is silent against our server, also the second time on the same database', async () => {
    const service = await startService(await freshDatabase(engine))
    expect(await run(process.execPath, ['examples/main.ts', service.url])).toEqual(SILENT_SUCCESS)
    expect(await run('npm', ['run', '-s', 'e2e', '--', `${service.url}/`])).toEqual(SILENT_SUCCESS)
  })

  it.runIf(PYTHON)('of the exercise itself, in Python, works against our server', async () => {
    const service = await startService(await freshDatabase(engine))
    expect(await run(PYTHON ?? '', ['test/flask-original/client.py', service.url])).toEqual(SILENT_SUCCESS)
  })
})

describe('the end-to-end client', () => {
  it('fails against a server that is not there', async () => {
    const nowhere = `http://127.0.0.1:${await freePort()}`
    const { exitCode, stderr } = await run(process.execPath, ['examples/main.ts', nowhere])
    expect(exitCode).not.toBe(0)
    expect(stderr).toContain('ECONNREFUSED')
  })

  it.runIf(PYTHON)('is silent against the Flask original', async () => {
    expect(await run(process.execPath, ['examples/main.ts', await startFlask()])).toEqual(SILENT_SUCCESS)
  })
})

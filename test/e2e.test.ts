/** The end-to-end client against real servers: ours on both engines, and the Flask original where it can run. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { freshDatabase, onBothEngines } from './support/engines.ts'
import { freePort } from './support/ports.ts'
import { run, startService } from './support/service.ts'

const SILENT_SUCCESS = { exitCode: 0, stdout: '', stderr: '' }

/** Debian's Python first: another one on the PATH may lack Debian's packages. */
const PYTHON = ['/usr/bin/python3', 'python3'].find(
  (python) => spawnSync(python, ['-c', 'import flask, bcrypt, sqlalchemy, requests']).status === 0,
)
if (PYTHON === undefined) {
  process.stderr.write(
    'SKIPPED: the Flask original and its client. They need python3-flask, python3-bcrypt, python3-sqlalchemy and python3-requests.\n',
  )
}

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
    const folder = mkdtempSync(join(tmpdir(), 'bienvenue-flask-'))
    const port = await freePort()
    const flask = spawn(PYTHON ?? '', ['test/flask-original/app.py', join(folder, 'a.db'), String(port)])
    onTestFinished(async () => {
      flask.kill()
      await once(flask, 'close')
      rmSync(folder, { recursive: true })
    })
    flask.stderr.setEncoding('utf8')
    for await (const text of flask.stderr) if ((text as string).includes('Running on')) break
    expect(await run(process.execPath, ['examples/main.ts', `http://127.0.0.1:${port}`])).toEqual(
      SILENT_SUCCESS,
    )
  })
})

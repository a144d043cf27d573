/** The Flask original of the exercise, if this machine can run it. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { freePort } from './ports.ts'
import { ROOT } from './service.ts'
import { type OnEnd, startDaemon, temporaryFolder } from './system.ts'

/** Debian's Python comes first, because another one on the PATH may lack Debian's packages. */
export const PYTHON = ['/usr/bin/python3', 'python3'].find(
  (python) => spawnSync(python, ['-c', 'import flask, bcrypt, sqlalchemy, requests']).status === 0,
)
if (PYTHON === undefined) {
  process.stderr.write(
    'SKIPPED: the Flask original and its client. They need python3-flask, python3-bcrypt, python3-sqlalchemy and python3-requests.\n',
  )
}

/** Starts the Flask service on an empty database. @returns Its URL. */
export async function startFlask(onEnd: OnEnd = onTestFinished): Promise<string> {
  const port = await freePort()
  await startDaemon({
    program: PYTHON ?? '',
    args: [join(ROOT, 'test/flask-original/app.py'), join(temporaryFolder(onEnd), 'a.db'), String(port)],
    env: { PYTHONDONTWRITEBYTECODE: '1' },
    ready: 'Running on',
    onEnd,
  })
  return `http://127.0.0.1:${port}`
}

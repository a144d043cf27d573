import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { freePort } from '../../test/support/ports.ts'
import { startDaemon } from '../../test/support/system.ts'
import { plainRequest, type Side } from './index.ts'

/** The paths on Debian. */
const PYTHON = '/usr/bin/python3'
const GUNICORN = '/usr/bin/gunicorn'
const EMAIL = 'user-0@example.com'
const PASSWORD = 'b4l0u'

/** The reason why it cannot run on this machine, or `null`. */
export function whyNoFlask(): string | null {
  const { status } = spawnSync(PYTHON, ['-c', 'import flask, sqlalchemy, bcrypt, gunicorn'])
  return status === 0
    ? null
    : 'the Flask original needs the Debian packages gunicorn, python3-flask, python3-sqlalchemy and python3-bcrypt'
}

/** The original exercise, on a production server. */
export function flask(): Side {
  const workers = availableParallelism()
  return {
    name: 'the Flask original',
    engine: 'sqlite',
    about: `\`test/flask-original\` under gunicorn with ${workers} workers, one for each core; all other sides have one process. Its workers close each connection after the answer, which autocannon cannot handle: in its place our own client drives them. One user and one session in the table, because it finds the session without an index: with more it is slower.`,
    async start(place) {
      const database = (await place.freshDatabase('sqlite')).slice('sqlite:'.length)
      const port = await freePort()
      const { pid } = await startDaemon({
        program: GUNICORN,
        args: [
          `--workers=${workers}`,
          `--bind=127.0.0.1:${port}`,
          '--chdir=bench/programs',
          'flask_original:app',
        ],
        env: { DATABASE: database, PATH: '/usr/bin:/bin', PYTHONDONTWRITEBYTECODE: '1' },
        ready: 'Booting worker',
        onEnd: place.onEnd,
      })
      const origin = `http://127.0.0.1:${port}`
      const post = (path: string) =>
        fetch(`${origin}${path}`, {
          method: 'POST',
          body: new URLSearchParams({ email: EMAIL, password: PASSWORD }),
        })
      await post('/users')
      const [set = ''] = (await post('/sessions')).headers.getSetCookie()
      const cookie = set.slice(0, set.indexOf(';'))
      return {
        pid,
        origin,
        closesConnections: true,
        bearers: [{ cookie, email: EMAIL }],
        request: plainRequest('/profile'),
        refusal: { status: 403 },
      }
    },
  }
}

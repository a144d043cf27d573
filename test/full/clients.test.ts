/** Real HTTP clients against the service in classic mode. docs/reference/compatibility.md lists them. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { freshDatabase } from '../support/engines.ts'
import { ROOT, run, startService } from '../support/service.ts'
import { temporaryFolder } from '../support/system.ts'

const CLIENTS = join(ROOT, 'test/full/clients')
const JAVA = '/usr/share/java'

interface Client {
  /** Files that must exist. `scripts/system.mjs --full` installs them. */
  readonly needs: readonly string[]
  start(url: string): ReturnType<typeof run>
}

/** Compiles and runs one Java source file with Debian's jars. */
function java(file: string, jarNames: readonly string[] = []): Client {
  const jars = jarNames.map((name) => join(JAVA, `${name}.jar`))
  const classPath = jars.length > 0 ? ['-cp', jars.join(':')] : []
  return {
    needs: ['/usr/bin/javac', ...jars],
    start: (url) => run('/usr/bin/java', [...classPath, join(CLIENTS, file), url]),
  }
}

const PROGRAMS: Record<string, Client> = {
  'the JDK with a CookieManager': java('Jdk.java'),
  'OkHttp with a JavaNetCookieJar': java('OkHttp.java', ['okhttp', 'okhttp-urlconnection', 'okio']),
  'Apache HttpClient in each multipart mode': java('ApacheHttpClient.java', [
    'httpclient',
    'httpcore',
    'httpmime',
    'commons-logging',
    'commons-codec',
  ]),
  'python-requests with a Session': {
    needs: ['/usr/lib/python3/dist-packages/requests'],
    start: (url) => run('/usr/bin/python3', [join(CLIENTS, 'requests_client.py'), url]),
  },
  axios: { needs: [], start: (url) => run(process.execPath, [join(CLIENTS, 'axios.mjs'), url]) },
  'curl with a cookie jar': {
    needs: ['/usr/bin/curl'],
    start: (url) => run(join(CLIENTS, 'curl.sh'), [url, join(temporaryFolder(), 'jar')]),
  },
}

describe('the classic account life cycle', () => {
  for (const [name, { needs, start }] of Object.entries(PROGRAMS))
    it.runIf(needs.every((path) => existsSync(path)))(`works through ${name}`, async () => {
      const { url } = await startService(await freshDatabase('sqlite'))
      expect(await start(url)).toEqual({ exitCode: 0, stdout: '', stderr: '' })
    })
})

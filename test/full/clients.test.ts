/** Real clients against the service in classic mode. docs/compatibility.md lists them. */
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { freshDatabase } from '../support/engines.ts'
import { ROOT, run, startService } from '../support/service.ts'
import { temporaryFolder } from '../support/system.ts'

const CLIENTS = join(ROOT, 'test/full/clients')
const JAVA = '/usr/share/java'

/** Compiles and runs one Java source file with Debian's jars. */
function java(file: string, jars: readonly string[] = []) {
  const classPath = jars.map((jar) => join(JAVA, `${jar}.jar`)).join(':')
  return (url: string) =>
    run('/usr/bin/java', [...(classPath ? ['-cp', classPath] : []), join(CLIENTS, file), url])
}

const PROGRAMS: Record<string, (url: string) => ReturnType<typeof run>> = {
  'the JDK with a CookieManager': java('Jdk.java'),
  'OkHttp with a JavaNetCookieJar': java('OkHttp.java', ['okhttp', 'okhttp-urlconnection', 'okio']),
  'Apache HttpClient in each multipart mode': java('ApacheHttpClient.java', [
    'httpclient',
    'httpcore',
    'httpmime',
    'commons-logging',
    'commons-codec',
  ]),
  'python-requests with a Session': (url) =>
    run('/usr/bin/python3', [join(CLIENTS, 'requests_client.py'), url]),
  axios: (url) => run(process.execPath, [join(CLIENTS, 'axios.mjs'), url]),
  'curl with a cookie jar': (url) => run(join(CLIENTS, 'curl.sh'), [url, join(temporaryFolder(), 'jar')]),
}

describe('the classic life of an account', () => {
  it.each(Object.entries(PROGRAMS))('works through %s', async (_, start) => {
    const { url } = await startService(await freshDatabase('sqlite'))
    expect(await start(url)).toEqual({ exitCode: 0, stdout: '', stderr: '' })
  })
})

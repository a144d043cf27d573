/** The modules that the service loads at start: code that a mode does not use must cost no time or memory. */
import { expect, it } from 'vitest'
import { ask, HOST, productionEnv } from '../support/deployed.ts'
import { freshDatabase } from '../support/engines.ts'
import { startService } from '../support/service.ts'

/** Writes the URL of every loaded module to standard error. */
const TELL = `import { registerHooks } from 'node:module'
registerHooks({
  load(url, context, next) {
    process.stderr.write('loads ' + url + '\\n')
    return next(url, context)
  },
})`

/** The packages and source files that are loaded once the service has answered. */
async function loadedBy(env: Readonly<Record<string, string>>, host: string): Promise<string[]> {
  const hook = `--import=data:text/javascript;base64,${Buffer.from(TELL).toString('base64')}`
  const service = await startService(await freshDatabase('sqlite'), {
    // The bundle does not load its modules one by one.
    command: 'src/cli/main.ts',
    env: { ...env, NODE_OPTIONS: hook },
  })
  for (const path of ['/healthz', '/readyz'])
    expect((await ask({ port: service.port, host }, 'GET', path)).status).toBe(200)
  await service.stop()
  const urls = (await service.stderr).split('\n').flatMap((line) => /^loads (file:.*)$/.exec(line)?.[1] ?? [])
  const names = urls.map((url) =>
    url.replace(/^.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\/.*$/, '$1').replace(/^.*\/src\//, 'src/'),
  )
  return [...new Set(names)].toSorted()
}

const NEVER_AT_START = [
  '@fastify/busboy',
  'nodemailer',
  'pg',
  'src/cli/workers.ts',
  'src/db/postgres.ts',
  'src/mail/smtp.ts',
]

it.each([
  ['classic mode', {}, 'localhost'],
  ['production mode', productionEnv('smtp://127.0.0.1:9'), HOST],
])(
  '%s on SQLite loads the PostgreSQL driver, mail and the form parser only when they are used',
  async (_, env, host) => {
    const loaded = await loadedBy(env, host)
    expect(loaded).toEqual(
      expect.arrayContaining(['kysely', 'src/db/sqlite/driver.ts', 'src/cli/instance.ts']),
    )
    expect(loaded.filter((name) => NEVER_AT_START.includes(name))).toEqual([])
  },
)

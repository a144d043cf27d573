/** The modules that the service loads at start: code that a mode does not use must cost no time or memory. */
import { expect, it } from 'vitest'
import { ask, HOST, productionEnv } from '../support/deployed.ts'
import { freshDatabase } from '../support/engines.ts'
import { runCli, startService } from '../support/service.ts'

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

const NEVER_AT_START: readonly string[] = [
  '@fastify/busboy',
  '@simplewebauthn/server',
  'jose',
  'nodemailer',
  'oauth4webapi',
  'openid-client',
  'pg',
  'qr',
  'src/cli/workers.ts',
  'src/db/postgres.ts',
  'src/mail/smtp.ts',
]

it.each([
  ['classic mode', {}, 'localhost', []],
  ['production mode', productionEnv('smtp://127.0.0.1:9'), HOST, ['@node-rs/bcrypt']],
])('%s on SQLite loads what not every request needs only when it is used', async (_, env, host, unused) => {
  const loaded = await loadedBy(env, host)
  expect(loaded).toEqual(expect.arrayContaining(['kysely', 'src/db/sqlite/driver.ts', 'src/cli/instance.ts']))
  expect(loaded.filter((name) => [...NEVER_AT_START, ...unused].includes(name))).toEqual([])
})

/** An installation without the binary of bcrypt for this platform. */
const BROKEN = `import { registerHooks } from 'node:module'
registerHooks({
  resolve(name, context, next) {
    if (name === '@node-rs/bcrypt') throw new Error('Cannot find native binding.')
    return next(name, context)
  },
})`

it('without bcrypt, only a service that makes such hashes refuses to start, and doctor says so', async () => {
  const hook = `--import=data:text/javascript;base64,${Buffer.from(BROKEN).toString('base64')}`
  const env = { DATABASE_URL: await freshDatabase('sqlite'), PORT: '0', NODE_OPTIONS: hook }
  const started = await runCli(['serve'], { env })
  expect(started.exitCode).toBe(1)
  expect(started.stdout + started.stderr).toContain('Cannot find native binding.')
  const production = { ...env, ...productionEnv('smtp://127.0.0.1:9') }
  const service = await startService(env.DATABASE_URL, { env: production })
  expect(await service.stop()).toBe(0)
  const { exitCode, stdout } = await runCli(['doctor'], { env: production })
  expect(exitCode).toBe(1)
  expect(stdout.match(/^FAILED.*$/gm)).toEqual(['FAILED  bcrypt: Cannot find native binding.'])
})

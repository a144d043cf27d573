/** What second factors and other providers need is loaded when somebody uses it, not when a service starts. */
import { expect, it } from 'vitest'
import { PASSWORD, randomKey } from '../support/production.ts'
import { run } from '../support/service.ts'

it('a service loads the libraries of passkeys and QR codes on first use, and without other providers never theirs', async () => {
  const program = `
    import { registerHooks } from 'node:module'
    const loaded = new Set()
    registerHooks({
      resolve(name, context, next) {
        const found = next(name, context)
        const [, library] = /node_modules[/](@simplewebauthn[/]server|qr|jose|openid-client|oauth4webapi)[/]/.exec(found.url) ?? []
        if (library) loaded.add(library)
        return found
      },
    })
    const { createAuth } = await import(${urlOf('../../src/index.ts')})
    const { SoftwareAuthenticator } = await import(${urlOf('../support/authenticator.ts')})
    const steps = []
    const step = (name) => steps.push([name, ...[...loaded].sort()].join(', '))
    const origin = 'http://localhost:3000'
    const auth = await createAuth({
      mode: 'development',
      baseUrl: origin,
      databaseUrl: 'sqlite::memory:',
      secretKey: ${JSON.stringify(randomKey())},
      mailer: { async send() {}, close() {} },
      logger: { debug() {}, info() {}, warn() {}, error() {} },
    })
    const right = { email: 'bob@example.com', password: ${JSON.stringify(PASSWORD)} }
    await auth.users.create({ ...right, confirmed: true })
    step('start')
    const { sessionToken } = await auth.signIn.withPassword(right)
    const caller = { sessionToken, browserToken: 'b'.repeat(43) }
    await auth.sessions.current(caller)
    await auth.factors.list(caller)
    step('password')
    const page = await auth.fetch(new Request(origin + '/sign_in', { headers: { accept: 'text/html' } }))
    step('page ' + page.status)
    await auth.factors.startTotp(caller)
    step('app')
    const { ceremony, options } = await auth.passkeys.startCeremony({ purpose: 'add_passkey' }, caller)
    step('ceremony')
    await auth.passkeys.add({ ceremony, credential: new SoftwareAuthenticator({ origin }).create(options) }, caller)
    step('passkey')
    await auth.close()
    console.log(steps.join('\\n'))
  `
  const { exitCode, stdout, stderr } = await run(process.execPath, ['--input-type=module', '--eval', program])
  expect({ exitCode, stderr, steps: stdout.trim().split('\n') }).toEqual({
    exitCode: 0,
    stderr: '',
    steps: [
      'start',
      'password',
      'page 200',
      'app, qr',
      'ceremony, qr',
      'passkey, @simplewebauthn/server, qr',
    ],
  })
})

function urlOf(path: string): string {
  return JSON.stringify(new URL(path, import.meta.url).href)
}

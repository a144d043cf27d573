import { expect, it } from 'vitest'
import { authenticator, CREATION, EXPECTED } from '../../../../test/support/passkeys.ts'
import { run } from '../../../../test/support/service.ts'

it('is loaded on first use, and prints no warning', async () => {
  const { origins, rpId, requireUserVerification } = EXPECTED
  const expected = { origins, rpId, requireUserVerification, credential: authenticator().create(CREATION) }
  const program = `
    import { registerHooks } from 'node:module'
    const loaded = []
    registerHooks({ resolve: (name, context, next) => (loaded.push(name), next(name, context)) })
    const isLoaded = () => loaded.some((name) => name.startsWith('@simplewebauthn/'))
    const { verifyRegistration } = await import(${JSON.stringify(new URL('index.ts', import.meta.url).href)})
    const before = isLoaded()
    const challenge = Buffer.from(${JSON.stringify(CREATION.challenge)}, 'base64url')
    const { algorithm } = await verifyRegistration({ ...${JSON.stringify(expected)}, challenge })
    console.log(before, isLoaded(), algorithm)
  `
  expect(await run(process.execPath, ['--input-type=module', '--eval', program])).toEqual({
    exitCode: 0,
    stdout: 'false true -7\n',
    stderr: '',
  })
})

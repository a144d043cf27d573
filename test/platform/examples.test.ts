import { statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { freshDatabase } from '../support/engines.ts'
import { sample } from '../support/full.ts'
import { send, sessionIdOf } from '../support/send.ts'
import { type RunningProcess, run, startProgram } from '../support/service.ts'
import { temporaryFolder } from '../support/system.ts'

const EMAIL = 'guillaume@holberton.io'
const PASSWORD = 'b4l0u'

async function startExample(name: string): Promise<{ example: RunningProcess; url: string }> {
  const env = { PORT: '0', DATABASE_URL: await freshDatabase('sqlite') }
  const example = startProgram([`examples/${name}.ts`], { env })
  return { example, url: await example.line((line) => line.startsWith('http://127.0.0.1:')) }
}

async function answer(response: Response): Promise<{ status: number; body: unknown }> {
  return { status: response.status, body: await response.json() }
}

const EXAMPLES = [
  { name: 'express', mount: '/auth' },
  { name: 'node-http', mount: '' },
  { name: 'hono', mount: '/auth' },
  { name: 'fastify', mount: '/auth' },
  { name: 'h3', mount: '/auth' },
]

// Their adapters are tested in test/connect/.
describe.each(sample(EXAMPLES))('the example $name', ({ name, mount }) => {
  it('serves the classic routes under its mount path, and greets the signed-in user', async () => {
    const { example, url } = await startExample(name)
    const auth = `${url}${mount}`
    const credentials = { email: EMAIL, password: PASSWORD }
    const hello = async (sessionToken?: string) => {
      const response = await send(url, 'GET', '/hello', sessionToken === undefined ? {} : { sessionToken })
      return response.ok ? response.text() : response.status
    }

    expect(await answer(await send(auth, 'GET', '/'))).toEqual({
      status: 200,
      body: { message: 'Bienvenue' },
    })
    expect(await answer(await send(auth, 'POST', '/users', { form: credentials }))).toEqual({
      status: 200,
      body: { email: EMAIL, message: 'user created' },
    })
    expect(await hello()).toEqual(401)
    expect(await hello('nonsense')).toEqual(401)

    const login = await send(auth, 'POST', '/sessions', { form: credentials })
    const sessionToken = sessionIdOf(login)
    expect(await answer(login)).toEqual({ status: 200, body: { email: EMAIL, message: 'logged in' } })
    expect(await answer(await send(auth, 'GET', '/profile', { sessionToken }))).toEqual({
      status: 200,
      body: { email: EMAIL },
    })
    expect(await hello(sessionToken)).toEqual(`Hello, ${EMAIL}`)

    const logout = await send(auth, 'DELETE', '/sessions', { sessionToken })
    // `fetch` sends Sec-Fetch-Mode, as browsers do.
    expect(logout.status).toBe(303)
    expect(logout.headers.get('location')).toBe(`${mount}/`)
    expect(await answer(await send(auth, 'GET', '/profile', { sessionToken }))).toMatchObject({
      status: 403,
      body: { code: 'session_required' },
    })
    expect(await hello(sessionToken)).toEqual(401)

    expect(await example.stop()).toBe(0)
    expect(await example.stderr).toBe('')
  })
})

it('the end-to-end client succeeds without output against a mounted service', async () => {
  const { url } = await startExample('express')
  expect(await run(process.execPath, ['examples/main.ts', `${url}/auth`])).toEqual({
    exitCode: 0,
    stdout: '',
    stderr: '',
  })
})

it('the example backend asks the service who is signed in', async () => {
  const service = await startExample('node-http')
  const backend = startProgram(['examples/backend.ts'], { env: { PORT: '0', BIENVENUE_URL: service.url } })
  const url = await backend.line((line) => line.startsWith('http://127.0.0.1:'))
  const credentials = { email: EMAIL, password: PASSWORD }
  await send(service.url, 'POST', '/users', { form: credentials })
  const sessionToken = sessionIdOf(await send(service.url, 'POST', '/sessions', { form: credentials }))
  expect((await send(url, 'GET', '/hello')).status).toBe(401)
  expect(await (await send(url, 'GET', '/hello', { sessionToken })).text()).toBe(`Hello, ${EMAIL}`)
  await send(service.url, 'DELETE', '/sessions', { sessionToken })
  expect((await send(url, 'GET', '/hello', { sessionToken })).status).toBe(401)
  expect(await backend.stop()).toBe(0)
})

it('the example command signs in with a bearer token, and out again', async () => {
  const { url } = await startExample('node-http')
  await send(url, 'POST', '/users', { form: { email: EMAIL, password: PASSWORD } })
  const file = join(temporaryFolder(), 'token')
  const command = async (...args: string[]) => {
    const env = { BIENVENUE_URL: url, TOKEN_FILE: file, PASSWORD }
    return (await run(process.execPath, ['examples/bearer.ts', ...args], { env })).stdout
  }
  expect(await command('who')).toBe('Nobody is signed in.\n')
  expect(await command('sign-in', EMAIL)).toBe(`Signed in as ${EMAIL}.\n`)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(await command('who')).toBe(`Signed in as ${EMAIL}.\n`)
  expect(await command('sign-out')).toBe('Signed out.\n')
  expect(await command('who')).toBe('Nobody is signed in.\n')
})

it('the example tests of an application pass', async () => {
  const { exitCode, stdout } = await run(process.execPath, ['--test', 'examples/testing.ts'])
  expect({ exitCode, stdout }).toMatchObject({ exitCode: 0, stdout: expect.stringMatching(/pass 4$/m) })
})

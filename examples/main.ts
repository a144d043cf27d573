/**
 * The classic exercise, end to end, as a client: each step asserts its answer, and success prints nothing. Runs
 * against any server that implements the contract, including the Flask original:
 *
 *   npm run e2e -- http://localhost:5000
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'

const BASE_URL = (process.argv[2] ?? 'http://localhost:5000').replace(/\/$/, '')

type Fields = Record<string, string>

/** Sends a form, as the classic clients do. Does not follow redirects. */
function send(method: string, path: string, fields?: Fields, sessionToken?: string): Promise<Response> {
  return fetch(`${BASE_URL}${path}`, {
    method,
    redirect: 'manual',
    ...(fields && { body: new URLSearchParams(fields) }),
    ...(sessionToken !== undefined && { headers: { cookie: `session_id=${sessionToken}` } }),
  })
}

async function assertAnswer(response: Response, status: number, body: unknown): Promise<void> {
  assert.equal(response.status, status)
  assert.deepEqual(await response.json(), body)
}

async function registerUser(email: string, password: string): Promise<void> {
  await assertAnswer(await send('POST', '/users', { email, password }), 200, {
    email,
    message: 'user created',
  })
  await assertAnswer(await send('POST', '/users', { email, password }), 400, {
    message: 'email already registered',
  })
}

async function logInWrongPassword(email: string, password: string): Promise<void> {
  const response = await send('POST', '/sessions', { email, password })
  assert.equal(response.status, 401)
}

async function logIn(email: string, password: string): Promise<string> {
  const response = await send('POST', '/sessions', { email, password })
  await assertAnswer(response, 200, { email, message: 'logged in' })
  const cookie = response.headers.getSetCookie().find((header) => header.startsWith('session_id='))
  const sessionToken = cookie?.match(/^session_id=([^;]+); Path=\//i)?.[1]
  assert.ok(sessionToken, 'a login sets the cookie session_id')
  return sessionToken
}

async function profileUnlogged(): Promise<void> {
  assert.equal((await send('GET', '/profile')).status, 403)
}

async function profileLogged(email: string, sessionToken: string): Promise<void> {
  await assertAnswer(await send('GET', '/profile', undefined, sessionToken), 200, { email })
}

async function logOut(sessionToken: string): Promise<void> {
  const response = await send('DELETE', '/sessions', undefined, sessionToken)
  // `fetch` sends Sec-Fetch-Mode, as browsers do. A server that notices it answers 303.
  assert.ok(response.status === 302 || response.status === 303, `redirect, not ${response.status}`)
  const target = new URL(response.headers.get('location') ?? '', BASE_URL)
  assert.equal(target.pathname, new URL(`${BASE_URL}/`).pathname)
  await assertAnswer(await send('GET', '/'), 200, { message: 'Bienvenue' })
  assert.equal((await send('GET', '/profile', undefined, sessionToken)).status, 403)
}

async function resetPasswordToken(email: string): Promise<string> {
  const response = await send('POST', '/reset_password', { email })
  assert.equal(response.status, 200)
  const answer = (await response.json()) as Fields
  assert.deepEqual(Object.keys(answer).sort(), ['email', 'reset_token'])
  assert.equal(answer.email, email)
  return answer.reset_token ?? ''
}

async function updatePassword(email: string, resetToken: string, newPassword: string): Promise<void> {
  const fields = { email, reset_token: resetToken, new_password: newPassword }
  await assertAnswer(await send('PUT', '/reset_password', fields), 200, {
    email,
    message: 'Password updated',
  })
  assert.equal((await send('PUT', '/reset_password', fields)).status, 403)
}

// Check first whether the service can be reached.
await fetch(BASE_URL).catch((error: Error) => {
  const reason = error.cause instanceof Error ? error.cause.message : error.message
  console.error(`Cannot reach ${BASE_URL}: ${reason || 'ECONNREFUSED'}. Is the service running?`)
  process.exit(1)
})

// Use a new address each time, so that the script can run again on the same database.
const EMAIL = `guillaume+${randomUUID().slice(0, 8)}@holberton.io`
const PASSWORD = 'b4l0u'
const NEW_PASSWORD = 't4rt1fl3tt3'

await registerUser(EMAIL, PASSWORD)
await logInWrongPassword(EMAIL, NEW_PASSWORD)
await profileUnlogged()
const sessionToken = await logIn(EMAIL, PASSWORD)
await profileLogged(EMAIL, sessionToken)
await logOut(sessionToken)
const resetToken = await resetPasswordToken(EMAIL)
await updatePassword(EMAIL, resetToken, NEW_PASSWORD)
await logIn(EMAIL, NEW_PASSWORD)

/** The cookie that identifies the browser that requested a code, and the field that replaces it. */
import { expect, it } from 'vitest'
import { HookRefusal } from '../../src/index.ts'
import { randomSecret } from '../../src/lib/random.ts'
import { freshAuth } from '../support/engines.ts'
import { memoryMailer, PASSWORD, productionAuth } from '../support/production.ts'
import { type Send, send } from '../support/send.ts'

const BOB = 'bob@example.com'
const ASK = { purpose: 'reset_password', email: BOB }

async function scene(options: Parameters<typeof productionAuth>[1] = {}) {
  const { auth, newMails } = await productionAuth('sqlite', options)
  const post = (path: string, json: Send['json'], request: Send = {}) =>
    send(auth, 'POST', path, { json, ...request })
  return { auth, post, code: async () => (await newMails())[0]?.code ?? expect.unreachable('no code') }
}

const cookiesOf = (answer: Response) =>
  answer.headers.getSetCookie().filter((each) => each.includes('browser='))

it.each([
  ['/mail_codes', ASK],
  ['/reset_password', { email: BOB }],
  ['/request_confirmation', { email: BOB }],
  ['/users', { email: BOB, password: PASSWORD }],
])('is set by POST %s, for this host, for a day, and not for scripts', async (path, json) => {
  const { post } = await scene()
  const answer = await post(path, json)
  expect(answer.status).toBe(200)
  expect(cookiesOf(answer)).toEqual([
    expect.stringMatching(
      /^__Host-browser=[\w-]{43}; Path=\/; Max-Age=86400; Expires=[^;]+ GMT; Secure; HttpOnly; SameSite=Lax$/,
    ),
  ])
})

it('keeps its value for another day', async () => {
  const { post } = await scene()
  const browserToken = randomSecret()
  const [cookie = ''] = cookiesOf(await post('/mail_codes', ASK, { browserToken }))
  expect(cookie).toContain(`__Host-browser=${browserToken}; Path=/; Max-Age=86400;`)
})

it.each([
  'x',
  'a'.repeat(42),
  'a'.repeat(44),
  `${'a'.repeat(42)}=`,
  `${'a'.repeat(43)}; __Host-browser=${'b'.repeat(43)}`,
])('is replaced if it is malformed or there are two: %s', async (browserToken) => {
  const { post } = await scene()
  const [cookie = ''] = cookiesOf(await post('/mail_codes', ASK, { browserToken }))
  expect(cookie).toMatch(/^__Host-browser=[\w-]{43};/)
  for (const part of browserToken.split('; ')) expect(cookie).not.toContain(`=${part};`)
})

it('has no prefix without https', async () => {
  const mailer = memoryMailer()
  const auth = await freshAuth('sqlite', { mode: 'development', baseUrl: 'http://localhost:5000', mailer })
  const answer = await send(auth, 'POST', '/mail_codes', { json: ASK })
  expect(cookiesOf(answer)).toEqual([
    expect.stringMatching(/^browser=[\w-]{43}; Path=\/;.*; HttpOnly; SameSite=Lax$/),
  ])
})

it('is not set in classic mode', async () => {
  const auth = await freshAuth('sqlite', { mailer: memoryMailer() })
  for (const [path, form] of [
    ['/users', { email: BOB, password: PASSWORD }],
    ['/reset_password', { email: BOB }],
  ] as const)
    expect((await send(auth, 'POST', path, { form })).headers.getSetCookie()).toEqual([])
  expect((await send(auth, 'POST', '/mail_codes', { json: ASK })).status).toBe(404)
})

it('is not needed by a client that sends a token of its own, which gets a bearer token', async () => {
  const { post, code } = await scene()
  const browser_token = randomSecret()
  const asked = await post('/users', { email: BOB, password: PASSWORD, browser_token })
  expect(asked.headers.getSetCookie()).toEqual([])
  const json = { code: await code(), browser_token, transport: 'bearer' }
  const answer = await post('/mail_codes/confirm_email', json)
  expect(answer.headers.getSetCookie()).toEqual([])
  expect(await answer.json()).toEqual({
    email: BOB,
    message: 'logged in',
    session_token: expect.any(String),
    expires_at: expect.any(String),
    device_token: expect.any(String),
  })
})

it('leaves the code to a user whom the application refused', async () => {
  let isRefused = true
  const beforeSignIn = () => {
    if (isRefused) throw new HookRefusal('not_yet', 'Come back later.')
  }
  const { post, code } = await scene({ hooks: { beforeSignIn } })
  const browserToken = randomSecret()
  await post('/users', { email: BOB, password: PASSWORD }, { browserToken })
  const json = { code: await code() }
  const refused = await post('/mail_codes/confirm_email', json, { browserToken })
  expect([refused.status, await refused.json()]).toMatchObject([
    403,
    { code: 'refused_by_application', application_code: 'not_yet' },
  ])
  expect(refused.headers.getSetCookie()).toEqual([])
  isRefused = false
  expect((await post('/mail_codes/confirm_email', json, { browserToken })).status).toBe(200)
})

/** Tests of an application, with a clock and a mailer of their own: `npx node --test examples/testing.ts`. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { createAuth, type Mail } from 'bienvenue-auth'
import { bienvenue } from 'bienvenue-auth/adapters/hono'
import { Hono } from 'hono'

let time = Date.now()
const mails: Mail[] = []
const auth = await createAuth({
  mode: 'development',
  databaseUrl: 'sqlite::memory:',
  baseUrl: 'http://localhost:3000/auth',
  breachCheckUrl: 'off',
  now: () => new Date(time),
  mailer: { send: async (mail) => void mails.push(mail), close() {} },
})
after(() => auth.close())

const { requireUser } = bienvenue(auth)
const app = new Hono()
app.get('/hello', requireUser(), (c) => c.text(`Hello, ${c.var.signedIn.user.email}`))
app.get('/billing', requireUser({ fresh: true }), (c) => c.text('Your bills'))

test('greets the signed-in user', async () => {
  const { headers } = await auth.testing.signIn('bob@example.com')
  const response = await app.request('/hello', { headers })
  assert.equal(await response.text(), 'Hello, bob@example.com')
})

test('greets nobody else', async () => {
  assert.equal((await app.request('/hello')).status, 401)
})

test('shows bills only shortly after the sign-in', async () => {
  const { headers } = await auth.testing.signIn('bob@example.com')
  assert.equal((await app.request('/billing', { headers })).status, 200)
  time += 11 * 60_000
  assert.equal((await app.request('/billing', { headers })).status, 403)
})

test('mails a link that confirms the address', async (t) => {
  const password = 'seven green umbrellas'
  await auth.account.register({ email: 'alice@example.com', password })
  const mail = await t.waitFor(() => mails.find(({ to }) => to === 'alice@example.com') ?? assert.fail())
  assert.equal(mail.kind, 'verify_email')
  const user = await auth.account.confirmEmail({ token: mail.token, password })
  assert.equal(user.emailVerifiedAt?.getTime(), time)
})

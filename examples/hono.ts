/** The service in a program on Hono: under `/auth`, beside a route that knows who asks. */
import { serve } from '@hono/node-server'
import { getConnInfo } from '@hono/node-server/conninfo'
import { createAuth } from 'bienvenue-auth'
import { Hono } from 'hono'
import { mount } from 'hono/mount'

const auth = await createAuth({ databaseUrl: process.env.DATABASE_URL ?? 'sqlite::memory:' })
const app = new Hono()

// The client's address is what the limits per address count by.
app.all(
  '/auth/*',
  mount(auth.fetch, (c) => ({ ip: getConnInfo(c).remote.address })),
)

app.get('/hello', async (c) => {
  const user = await auth.getUserFromCookie(c.req.header('cookie'))
  return user ? c.text(`Hello, ${user.email}`) : c.text('Please log in', 401)
})

const server = serve(
  { fetch: app.fetch, hostname: '127.0.0.1', port: Number(process.env.PORT ?? 3000) },
  ({ port }) => console.log(`http://127.0.0.1:${port}`),
)
process.once('SIGTERM', () => server.close(() => auth.close()))

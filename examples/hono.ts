/** Mounts the service under `/auth` in a Hono app, next to a route that knows the signed-in user. */
import { serve } from '@hono/node-server'
import { getConnInfo } from '@hono/node-server/conninfo'
import { createAuth } from 'bienvenue-auth'
import { Hono } from 'hono'
import { mount } from 'hono/mount'

const auth = await createAuth({ databaseUrl: process.env.DATABASE_URL ?? 'sqlite::memory:' })
const app = new Hono()

// Pass on the client's IP address, by which the service throttles.
app.all(
  '/auth/*',
  mount(auth.fetch, (c) => ({ ip: getConnInfo(c).remote.address })),
)

app.get('/hello', async (c) => {
  const session = await auth.getSession(c.req.raw)
  return session ? c.text(`Hello, ${session.user.email}`) : c.text('Please log in', 401)
})

const server = serve(
  { fetch: app.fetch, hostname: '127.0.0.1', port: Number(process.env.PORT ?? 3000) },
  ({ port }) => console.log(`http://127.0.0.1:${port}`),
)
process.once('SIGTERM', () => server.close(() => auth.close()))

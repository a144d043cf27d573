/** Mounts the service under `/auth` in a Hono app, next to a route for signed-in users. */
import { serve } from '@hono/node-server'
import { createAuth } from 'bienvenue-auth'
import { bienvenue } from 'bienvenue-auth/adapters/hono'
import { Hono } from 'hono'

const auth = await createAuth({
  databaseUrl: process.env.DATABASE_URL ?? 'sqlite::memory:',
  baseUrl: 'http://localhost:3000/auth',
})
const { mount, requireUser } = bienvenue(auth)
const app = new Hono()

app.all('/auth/*', mount)

app.get('/hello', requireUser(), (c) => c.text(`Hello, ${c.var.signedIn.user.email}`))

const server = serve(
  { fetch: app.fetch, hostname: '127.0.0.1', port: Number(process.env.PORT ?? 3000) },
  ({ port }) => console.log(`http://127.0.0.1:${port}`),
)
process.once('SIGTERM', () => server.close(() => auth.close()))

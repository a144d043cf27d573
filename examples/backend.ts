/** An application that asks a remote service who is signed in. */
import { serve } from '@hono/node-server'
import { bienvenue } from 'bienvenue-auth/adapters/hono'
import { Hono } from 'hono'

const { requireUser } = bienvenue({ url: process.env.BIENVENUE_URL ?? 'http://localhost:5000' })
const app = new Hono()

app.get('/hello', requireUser(), (c) => c.text(`Hello, ${c.var.signedIn.user.email}`))

const server = serve(
  { fetch: app.fetch, hostname: '127.0.0.1', port: Number(process.env.PORT ?? 3000) },
  ({ port }) => console.log(`http://127.0.0.1:${port}`),
)
process.once('SIGTERM', () => server.close())

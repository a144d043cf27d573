/** Mounts the service under `/auth` in an h3 app, next to a route for signed-in users. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAuth } from 'bienvenue-auth'
import { bienvenue } from 'bienvenue-auth/adapters/h3'
import { H3, toNodeHandler } from 'h3'

const auth = await createAuth({
  databaseUrl: process.env.DATABASE_URL ?? 'sqlite::memory:',
  baseUrl: 'http://localhost:3000/auth',
})
const { mount, requireUser } = bienvenue(auth)
const app = new H3()

app.all('/auth/**', mount)

app.get('/hello', ({ context }) => `Hello, ${context.signedIn?.user.email}`, { middleware: [requireUser()] })

const server = createServer(toNodeHandler(app))
server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
process.once('SIGTERM', () => server.close(() => auth.close()))

/** Mounts the service at the root of a `node:http` server, except for one route that knows the signed-in user. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAuth } from 'bienvenue-auth'
import { toNodeHandler } from 'bienvenue-auth/node'

const auth = await createAuth({ databaseUrl: process.env.DATABASE_URL ?? 'sqlite::memory:' })
const authHandler = toNodeHandler(auth)

async function hello(request: IncomingMessage, response: ServerResponse) {
  const session = await auth.getSession(request)
  if (!session) return response.writeHead(401).end('Please log in')
  return response
    .writeHead(200, { 'content-type': 'text/plain; charset=utf-8' })
    .end(`Hello, ${session.user.email}`)
}

const server = createServer((request, response) =>
  request.url === '/hello' ? hello(request, response) : authHandler(request, response),
)
server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
process.once('SIGTERM', () => server.close(() => auth.close()))

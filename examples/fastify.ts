/** Mounts the service under `/auth` in a Fastify app, next to a route for signed-in users. */
import { createAuth } from 'bienvenue-auth'
import { bienvenue } from 'bienvenue-auth/adapters/fastify'
import fastify from 'fastify'

const auth = await createAuth({
  databaseUrl: process.env.DATABASE_URL ?? 'sqlite::memory:',
  baseUrl: 'http://localhost:3000/auth',
})
const { mount, requireUser } = bienvenue(auth)
const app = fastify()

app.register(mount, { prefix: '/auth' })

app.get('/hello', { preHandler: requireUser() }, (request) => `Hello, ${request.signedIn?.user.email}`)

console.log(await app.listen({ port: Number(process.env.PORT ?? 3000), host: '127.0.0.1' }))
process.once('SIGTERM', async () => {
  await app.close()
  await auth.close()
})

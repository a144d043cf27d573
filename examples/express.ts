/** Mounts the service under `/auth` in an Express app, next to a route that knows the signed-in user. */
import type { AddressInfo } from 'node:net'
import { createAuth } from 'bienvenue-auth'
import { toNodeHandler } from 'bienvenue-auth/node'
import express from 'express'

const auth = await createAuth({ databaseUrl: process.env.DATABASE_URL ?? 'sqlite::memory:' })
const app = express()

// Mount it before any body parser, because the service reads request bodies itself.
app.use('/auth', toNodeHandler(auth))

app.get('/hello', async (request, response) => {
  const session = await auth.getSession(request)
  if (session) response.type('text').send(`Hello, ${session.user.email}`)
  else response.status(401).send('Please log in')
})

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', (error) => {
  if (error) throw error
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
process.once('SIGTERM', () => server.close(() => auth.close()))

/** Mounts the service under `/auth` in an Express app, next to a route for signed-in users. */
import type { AddressInfo } from 'node:net'
import { createAuth } from 'bienvenue-auth'
import { bienvenue } from 'bienvenue-auth/adapters/express'
import express from 'express'

const auth = await createAuth({
  databaseUrl: process.env.DATABASE_URL ?? 'sqlite::memory:',
  baseUrl: 'http://localhost:3000/auth',
})
const { mount, requireUser } = bienvenue(auth)
const app = express()

// Mount it before any body parser, because the service reads request bodies itself.
app.use('/auth', mount)

app.get('/hello', requireUser(), (request, response) => {
  response.type('text').send(`Hello, ${request.signedIn?.user.email}`)
})

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', (error) => {
  if (error) throw error
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
process.once('SIGTERM', () => server.close(() => auth.close()))

/** A page that signs users in with the client, without a bundler, and the service under `/auth` for it. */
import type { AddressInfo } from 'node:net'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createAuth } from 'bienvenue-auth'
import { toNodeHandler } from 'bienvenue-auth/node'
import express from 'express'

const auth = await createAuth({ databaseUrl: process.env.DATABASE_URL ?? 'sqlite::memory:' })
const app = express()

app.use('/auth', toNodeHandler(auth))
app.use('/client', express.static(dirname(fileURLToPath(import.meta.resolve('bienvenue-auth/client')))))
app.use(express.static(fileURLToPath(new URL('spa', import.meta.url))))

const server = app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', (error) => {
  if (error) throw error
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
process.once('SIGTERM', () => server.close(() => auth.close()))

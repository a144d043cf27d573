/**
 * A page that signs users in with the client, without a bundler. The service is mounted under `/auth`, or elsewhere if
 * `AUTH_URL` is set. That service must have the origin of this page in `BIENVENUE_TRUSTED_ORIGINS`.
 */
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createAuth } from 'bienvenue-auth'
import { bienvenue } from 'bienvenue-auth/adapters/express'
import express from 'express'

const { AUTH_URL, DATABASE_URL = 'sqlite::memory:', PORT = '3000' } = process.env
const page = fileURLToPath(new URL('spa', import.meta.url))
const app = express()

const auth =
  AUTH_URL === undefined
    ? await createAuth({ databaseUrl: DATABASE_URL, baseUrl: 'http://localhost:3000/auth' })
    : undefined
if (auth) app.use('/auth', bienvenue(auth).mount)

app.get('/', (_, response) => {
  const html = readFileSync(`${page}/index.html`, 'utf8')
  response.type('html').send(html.replace('content="/auth"', `content="${AUTH_URL ?? '/auth'}"`))
})
app.use('/client', express.static(dirname(fileURLToPath(import.meta.resolve('bienvenue-auth/client')))))
app.use(express.static(page))

const server = app.listen(Number(PORT), '127.0.0.1', (error) => {
  if (error) throw error
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
})
process.once('SIGTERM', () => server.close(() => auth?.close()))

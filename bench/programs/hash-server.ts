/**
 * A bare server that verifies a password for every `POST` and answers every `GET` at once. It shows how long a request waits on
 * this machine while passwords are hashed, whatever else the program does. See `../parts/login.ts`.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createHasher } from '../../src/auth/passwords/hashing/index.ts'
import { createHashQueues } from '../../src/auth/passwords/hashing/queue.ts'
import { lowerPoolPriority } from '../../src/lib/pool.ts'

const [, , password = '', storedHash = ''] = process.argv
const queued = createHashQueues({ costOfNew: 1 })
const hasher = queued(createHasher({ passwordHash: 'argon2id', bcryptCost: 12 }))

await lowerPoolPriority()
const server = createServer(async (request, response) => {
  if (request.method === 'POST') {
    for await (const _ of request);
    if (!(await hasher.verify(password, storedHash))) throw new Error('the password does not match')
  }
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': 2 }).end('{}')
})
await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
process.stdout.write(`${JSON.stringify({ port: (server.address() as AddressInfo).port })}\n`)

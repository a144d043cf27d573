/**
 * A service with a hasher that does nothing, so that the database is the only thing that takes time:
 * `node service.ts DATABASE_URL PROCESSES`. Prints its port.
 */
import cluster from 'node:cluster'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAuth } from '../../../src/index.ts'
import { toNodeHandler } from '../../../src/node.ts'

const [databaseUrl = '', processes = '1'] = process.argv.slice(2)

if (cluster.isPrimary && Number(processes) > 1) {
  cluster.schedulingPolicy = cluster.SCHED_NONE
  const listening = Array.from({ length: Number(processes) }, async () => {
    const { promise, resolve } = Promise.withResolvers<number>()
    cluster.fork().once('message', resolve)
    return promise
  })
  process.stdout.write(`${(await Promise.all(listening))[0]}\n`)
} else {
  const hashOf = (password: string) => `hash of ${password}`
  const auth = await createAuth({
    databaseUrl,
    signInsPerIp: 100_000,
    resetRequestsPerIp: 100_000,
    registrationsPerIp: 100_000,
    hasher: {
      hash: async (password) => hashOf(password),
      verify: async (password, hash) => hash === hashOf(password),
      verifyNothing: async () => {},
      needsRehash: () => false,
    },
  })
  const server = createServer(toNodeHandler(auth)).listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo
    if (process.send === undefined) process.stdout.write(`${port}\n`)
    else process.send(port)
  })
}

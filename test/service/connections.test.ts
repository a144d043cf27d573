/** Every connection that the service opens. */
import { createHook } from 'node:async_hooks'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { createAuth } from '../../src/index.ts'
import { CHEAP_HASHER, migratedDatabase, onBothEngines } from '../support/engines.ts'
import { BASE_URL, PASSWORD, randomKey, untilNoMailWaits } from '../support/production.ts'
import { send } from '../support/send.ts'
import { startSmtpServer } from '../support/smtp.ts'

onBothEngines('the service', (engine) => {
  it('connects only to the database, the mail server and the breach service, whatever clients send [CFG-04]', async () => {
    const databaseUrl = await migratedDatabase(engine)
    const smtp = await startSmtpServer()
    const asked: string[] = []
    const breaches = createServer((request, response) => {
      asked.push(request.url ?? '')
      response.end(`${'A'.repeat(35)}:1\r\n`)
    }).listen(0, '127.0.0.1')
    await once(breaches, 'listening')
    onTestFinished(() => breaches[Symbol.asyncDispose]())
    const breachPort = (breaches.address() as AddressInfo).port

    const connections = watchConnections()
    const auth = await createAuth({
      mode: 'production',
      databaseUrl,
      hasher: CHEAP_HASHER,
      baseUrl: BASE_URL,
      secretKey: randomKey(),
      smtpUrl: `smtp://127.0.0.1:${smtp.port}`,
      mailFrom: 'no-reply@example.com',
      breachCheckUrl: `http://127.0.0.1:${breachPort}`,
      logger: { debug() {}, info() {}, warn() {}, error() {} },
    })
    const evil = 'evil.example.net'
    const headers = {
      forwarded: `host=${evil}`,
      'x-forwarded-host': evil,
      'x-forwarded-for': '198.51.100.7',
      referer: `https://${evil}/`,
    }
    const [email, json] = [`bob@${evil}`, { email: `bob@${evil}`, password: PASSWORD }]
    await send(auth, 'POST', '/users', { json, headers, ip: '192.0.2.7' })
    await send(auth, 'POST', '/users', { json: { ...json, email: `https://${evil}/@x` }, headers })
    await send(auth, 'POST', '/sessions', { json, headers })
    await send(auth, 'POST', '/reset_password', { json: { email }, headers })
    await send(auth, 'GET', `/profile?next=https://${evil}/`, { headers })
    await untilNoMailWaits(auth)
    await auth.close()

    const known = [`127.0.0.1:${smtp.port}`, `127.0.0.1:${breachPort}`]
    if (engine === 'postgres') known.push(new URL(databaseUrl).host)
    expect([...new Set(connections.stop())].sort()).toEqual(known.sort())
    expect(asked).toHaveLength(1)
    expect(asked[0]).toMatch(/^\/range\/[0-9A-F]{5}$/)
    expect(smtp.received.length).toBeGreaterThan(0)
  })
})

/** What Node creates for each connection and each look-up of a name. */
interface NetworkRequest {
  readonly address?: string
  readonly port?: number
  readonly hostname?: string
}

/** Records every address that this process connects to, and every name that it looks up. */
function watchConnections(): { stop(): string[] } {
  const requests: { type: string; request: NetworkRequest }[] = []
  const hook = createHook({
    init(_id, type, _trigger, request) {
      if (/CONNECTWRAP|ADDRINFO|NAMEINFO|^QUERYWRAP|^UDPSENDWRAP/.test(type)) requests.push({ type, request })
    },
  }).enable()
  return {
    stop() {
      hook.disable()
      return requests.map(({ type, request: { address, port, hostname } }) =>
        type === 'TCPCONNECTWRAP' ? `${address}:${port}` : `${type} ${hostname ?? address}`,
      )
    },
  }
}

/** docs/security/destinations.md: every connection that the service opens. */
import { createHook } from 'node:async_hooks'
import { once } from 'node:events'
import { globSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { createAuth } from '../../src/index.ts'
import { CHEAP_HASHER, freshDatabase, onBothEngines } from '../support/engines.ts'
import { BASE_URL, PASSWORD, randomKey, untilNoMailWaits } from '../support/production.ts'
import { send } from '../support/send.ts'
import { startSmtpServer } from '../support/smtp.ts'
import { codes, filesWith, read, SETTINGS_BY_ENV, SOURCES, sorted, table } from './pages.ts'

const PAGE = 'docs/security/destinations.md'

const OPENS =
  /await fetch\(|\bcreateTransport\(|new pg\.(?:Pool|Client)\(|\b(?:net|tls|http|https|http2|dgram)\.\w+\(|new (?:WebSocket|EventSource|XMLHttpRequest)\b/
const NETWORK =
  /import (?!type)(?:\{([^}]*)\}|[\w* ]+) from '(?:node:)?(net|tls|http|https|http2|dgram|dns|undici)(?:\/\w+)?'/g

it('docs/security/destinations.md has every place of the source that opens a connection, and no other [CFG-04]', () => {
  const destinations = table(PAGE, 'Where the service connects to')
  expect(sorted(destinations.flatMap((row) => codes(row['Opened by'])))).toEqual(filesWith(OPENS))
  // What runs in a browser asks the service.
  for (const file of globSync('src/pages/browser/*.js')) {
    expect(read(file)).not.toMatch(/WebSocket|EventSource|XMLHttpRequest|sendBeacon|import\b/)
    expect(read(file).match(/fetch\([^,]*/g) ?? [], file).toEqual(['fetch(url'])
    expect(read(PAGE)).toContain(`\`${file}\``)
  }

  const taken = SOURCES.flatMap(({ file, text }) =>
    [...text.matchAll(NETWORK)].flatMap(([, names = '*', module]) =>
      names.split(',').map((name) => `${file} ${module} ${name.trim()}`),
    ),
  )
  const harmless = / (?:type \w+|isIP|isIPv4|isIPv6|BlockList)$/
  expect(taken.filter((name) => !harmless.test(name)).sort()).toEqual([
    'src/app/server.ts http STATUS_CODES',
    'src/app/server.ts http createServer',
    // Listens for a moment, to find a free port in development mode.
    'src/cli/commands/serve.ts net createServer',
  ])
  const urls = [...SETTINGS_BY_ENV.keys()].filter((env) => env.endsWith('_URL') && env !== 'BASE_URL')
  expect(sorted(destinations.flatMap((row) => codes(row['Set by'])))).toEqual(sorted(urls))
})

onBothEngines('docs/security/destinations.md', (engine) => {
  it('is right that a run connects to these alone, whatever clients send [CFG-04]', async () => {
    const databaseUrl = await freshDatabase(engine)
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
    expect(sorted(connections.stop())).toEqual(sorted(known))
    expect(asked).toHaveLength(1)
    expect(asked[0]).toMatch(/^\/range\/[0-9A-F]{5}$/)
    expect(smtp.received.length).toBeGreaterThan(0)
  })
})

/** What Node makes for each connection and each look-up of a name. */
interface NetworkRequest {
  readonly address?: string
  readonly port?: number
  readonly hostname?: string
}

/** Every address that this process connects to, and every name that it looks up, from now on. */
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

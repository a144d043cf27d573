/** Tests of the test support: real reverse proxies and a real browser. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { get, type RequestOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { describe, expect, it, onTestFinished } from 'vitest'
import { clientAddress, parseNetworks } from '../../src/lib/proxies.ts'
import { hasBrowser, openBrowser } from '../support/browser.ts'
import { hasCaddy, startCaddy } from '../support/caddy.ts'
import { type Certificates, hasOpenssl, makeCertificates } from '../support/certificates.ts'
import { hasNginx, startNginx } from '../support/nginx.ts'
import { freePort } from '../support/ports.ts'
import type { Daemon } from '../support/system.ts'

/** What the server behind a proxy received and returns. */
interface Seen {
  readonly peer: string
  readonly host: string
  readonly forwardedFor: string
  readonly forwardedProto: string
}

async function startEcho(): Promise<number> {
  const server = createServer(({ headers, socket }, response) => {
    const seen = {
      peer: socket.remoteAddress,
      host: headers.host,
      forwardedFor: headers['x-forwarded-for'],
      forwardedProto: headers['x-forwarded-proto'],
    }
    response.setHeader('content-type', 'application/json').end(JSON.stringify(seen))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => server[Symbol.asyncDispose]())
  return (server.address() as AddressInfo).port
}

interface Front {
  readonly port: number
  readonly upstream: number
  readonly tls: Certificates
}

const nginx = ({ port, upstream, tls }: Front) =>
  startNginx(`
    server {
      listen 127.0.0.1:${port} ssl;
      server_name localhost auth.example.com;
      ssl_certificate ${tls.cert};
      ssl_certificate_key ${tls.key};
      location / {
        proxy_pass http://127.0.0.1:${upstream};
        proxy_set_header Host $http_host;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
      }
    }
  `)

const caddy = ({ port, upstream, tls }: Front) =>
  startCaddy(`
    https://localhost:${port}, https://auth.example.com:${port} {
      tls ${tls.cert} ${tls.key}
      reverse_proxy 127.0.0.1:${upstream}
    }
  `)

const FORGED = '198.51.100.9'

describe.each<[string, boolean, (front: Front) => Promise<Daemon>, forwardedFor: string]>([
  ['nginx', hasNginx, nginx, `${FORGED}, 127.0.0.2`],
  // By default Caddy drops the header that a client sends.
  ['Caddy', hasCaddy, caddy, '127.0.0.2'],
])('%s', (_, isThere, start, forwardedFor) => {
  const canRun = isThere && hasOpenssl

  async function startFront(): Promise<Front> {
    const front = {
      port: await freePort(),
      upstream: await startEcho(),
      tls: makeCertificates(['localhost', 'auth.example.com']),
    }
    await start(front)
    return front
  }

  // Needs the real programs.
  it.skipIf(!canRun)('forwards client address, protocol and host', async () => {
    const { port, tls } = await startFront()
    const seen = await ask({
      port,
      ca: readFileSync(tls.ca),
      localAddress: '127.0.0.2',
      headers: { 'x-forwarded-for': FORGED, 'x-forwarded-proto': 'http' },
    })
    expect(seen).toEqual({
      peer: '127.0.0.1',
      host: `localhost:${port}`,
      forwardedFor,
      forwardedProto: 'https',
    })
    expect(clientAddress(seen.peer, seen.forwardedFor, parseNetworks('127.0.0.1'))).toBe('127.0.0.2')
  })

  // Needs the real programs.
  it.skipIf(!canRun)('serves a certificate signed only by its own test authority', async () => {
    const { port } = await startFront()
    const stranger = makeCertificates()
    await expect(ask({ port })).rejects.toThrow(/certificate/)
    await expect(ask({ port, ca: readFileSync(stranger.ca) })).rejects.toThrow(/certificate/)
  })

  // Needs the real programs and a browser.
  it.skipIf(!canRun || !hasBrowser)('is reachable in a browser under any host name', async () => {
    const { port } = await startFront()
    const browser = await openBrowser()
    const page = await browser.newPage({ ignoreHTTPSErrors: true })
    for (const host of [`localhost:${port}`, `auth.example.com:${port}`]) {
      await page.goto(`https://${host}/`)
      const seen: Seen = JSON.parse(await page.locator('body').innerText())
      expect(seen).toMatchObject({ host, forwardedFor: '127.0.0.1', forwardedProto: 'https' })
      expect(await page.evaluate('isSecureContext')).toBe(true)
    }
  })
})

// Needs nginx.
it.skipIf(!hasNginx)('a configuration that nginx rejects fails the test with the reason', async () => {
  await expect(startNginx('sever { }')).rejects.toThrow('unknown directive "sever"')
})

// Needs Caddy.
it.skipIf(!hasCaddy)('a configuration that Caddy rejects fails the test with the reason', async () => {
  await expect(startCaddy('localhost {\n reverse_prox\n}')).rejects.toThrow('reverse_prox')
})

async function ask(options: RequestOptions): Promise<Seen> {
  const request = get({ host: 'localhost', family: 4, agent: false, ...options })
  const [response] = await once(request, 'response')
  return (await json(response)) as Seen
}

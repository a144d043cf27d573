/** `deploy/nginx.conf` and `deploy/Caddyfile`, each in front of a server that records requests. */
import { once } from 'node:events'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type RequestOptions, request as requestHttp } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { request as requestHttps } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { json, text } from 'node:stream/consumers'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import { clientAddress, parseNetworks } from '../../src/lib/proxies.ts'
import { hasCaddy, startCaddy } from '../support/caddy.ts'
import { type Certificates, hasOpenssl, makeCertificates } from '../support/certificates.ts'
import { hasNginx, startNginx } from '../support/nginx.ts'
import { freePort } from '../support/ports.ts'
import { ROOT, run } from '../support/service.ts'
import { type Daemon, temporaryFolder } from '../support/system.ts'

const HOST = 'auth.example.com'

/** A request that the proxy forwarded. */
interface Seen {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly bodyLength: number
}

interface Front {
  readonly httpPort: number
  readonly httpsPort: number
  readonly upstreamPort: number
  readonly tls: Certificates
  /** Where the proxy writes its log. */
  readonly folder: string
}

/** The file with replacements. Fails if one is not found, because the manual refers to it. */
function withReplaced(file: string, pairs: readonly (readonly [found: string, by: string])[]): string {
  return pairs.reduce(
    (content, [found, by]) => {
      expect(content).toContain(found)
      return content.replaceAll(found, by)
    },
    readFileSync(join(ROOT, file), 'utf8'),
  )
}

function startOurNginx({ httpPort, httpsPort, upstreamPort, tls, folder }: Front): Promise<Daemon> {
  const servers = withReplaced('deploy/nginx.conf', [
    [`https://${HOST}$request_uri`, `https://${HOST}:${httpsPort}$request_uri`],
    ['listen 80;', `listen 127.0.0.1:${httpPort};`],
    ['listen [::]:80;', ''],
    ['listen 443 ssl http2;', `listen 127.0.0.1:${httpsPort} ssl http2;`],
    ['listen [::]:443 ssl http2;', ''],
    ['127.0.0.1:5000', `127.0.0.1:${upstreamPort}`],
    [`/etc/letsencrypt/live/${HOST}/fullchain.pem`, tls.cert],
    [`/etc/letsencrypt/live/${HOST}/privkey.pem`, tls.key],
    ['/var/log/nginx/', `${folder}/`],
    ['/etc/bienvenue/', `${folder}/`],
  ])
  return startNginx(servers)
}

function startOurCaddy({ httpPort, httpsPort, upstreamPort, tls, folder }: Front): Promise<Daemon> {
  const sites = withReplaced('deploy/Caddyfile', [
    [`http://${HOST} {`, `http://${HOST}:${httpPort} {`],
    [`https://${HOST} {`, `https://${HOST}:${httpsPort} {\ntls ${tls.cert} ${tls.key}`],
    [`https://${HOST}{uri}`, `https://${HOST}:${httpsPort}{uri}`],
    ['{$UPSTREAM:127.0.0.1:5000}', `127.0.0.1:${upstreamPort}`],
    ['root * /etc/bienvenue', `root * ${folder}`],
  ])
  // The test has its own global options; `caddy validate` checks ours below.
  return startCaddy(sites.replace(/^\{\n.*?^\}\n/ms, ''))
}

interface Ask {
  readonly method?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** The address of the client. */
  readonly localAddress?: string
}

interface Answer {
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

describe.each<[string, boolean, (front: Front) => Promise<Daemon>, limitsBodies: boolean]>([
  ['nginx', hasNginx, startOurNginx, true],
  // Caddy streams the body, so the service enforces the limit.
  ['Caddy', hasCaddy, startOurCaddy, false],
])('%s with our configuration', (_, isThere, startProxy, limitsBodies) => {
  const canRun = isThere && hasOpenssl
  // Needs the proxy, and openssl for its certificate.
  const promise = it.skipIf(!canRun)

  async function startFront() {
    const seen: Seen[] = []
    const upstream = createServer(async (request, response) => {
      const { method = '', url = '', headers } = request
      const bodyLength = (await text(request)).length
      seen.push({ method, url, headers: headers as Seen['headers'], bodyLength })
      response
        .writeHead(200, {
          'cache-control': 'no-store',
          'content-type': 'application/json; charset=utf-8',
          'strict-transport-security': 'max-age=31536000',
          'set-cookie': '__Host-session_id=secret; Path=/; Secure; HttpOnly',
        })
        .end(JSON.stringify({ message: 'x'.repeat(2_000) }))
    }).listen(0, '127.0.0.1')
    await once(upstream, 'listening')
    onTestFinished(() => upstream[Symbol.asyncDispose]())

    const front: Front = {
      httpPort: await freePort(),
      httpsPort: await freePort(),
      upstreamPort: (upstream.address() as AddressInfo).port,
      tls: makeCertificates([HOST]),
      folder: temporaryFolder(),
    }
    const daemon = await startProxy(front)
    const ca = readFileSync(front.tls.ca)

    async function ask(
      port: number,
      { method = 'GET', path = '/', headers, body, localAddress = '127.0.0.1' }: Ask,
    ): Promise<Answer> {
      const options: RequestOptions = {
        host: '127.0.0.1',
        localAddress,
        port,
        method,
        path,
        headers: { host: `${HOST}:${port}`, ...headers },
      }
      const request =
        port === front.httpsPort ? requestHttps({ ...options, ca, servername: HOST }) : requestHttp(options)
      // The proxy may close the connection while a refused request is still being sent.
      request.on('error', () => {}).end(body)
      const [response] = await once(request, 'response')
      return { status: response.statusCode, headers: response.headers, body: await text(response) }
    }

    /** Performs a TLS handshake. Returns the negotiated protocols or the error code. */
    async function shakeHands(options: ConnectionOptions): Promise<string> {
      const socket = connectTls({
        host: '127.0.0.1',
        port: front.httpsPort,
        servername: HOST,
        ca,
        ...options,
      })
      try {
        await once(socket, 'secureConnect')
        return `${socket.getProtocol()} ${socket.alpnProtocol}`
      } catch (error) {
        return (error as NodeJS.ErrnoException).code ?? String(error)
      } finally {
        socket.destroy()
      }
    }

    return {
      ...front,
      ca,
      seen,
      shakeHands,
      log: () => daemon.log(),
      secure: (request: Ask = {}) => ask(front.httpsPort, request),
      clear: (request: Ask = {}) => ask(front.httpPort, request),
    }
  }

  promise('sets client address, protocol and host itself, ignoring forged headers', async () => {
    const { secure, seen, httpsPort } = await startFront()
    const forged = {
      'x-forwarded-for': '198.51.100.9',
      'x-forwarded-proto': 'http',
      'x-forwarded-host': 'evil.example.com',
      'x-real-ip': '198.51.100.9',
      forwarded: 'for=198.51.100.9',
    }
    expect((await secure({ headers: forged, localAddress: '127.0.0.2' })).status).toBe(200)
    expect(JSON.stringify(seen)).not.toContain('198.51.100.9')
    expect(JSON.stringify(seen)).not.toContain('evil.example.com')
    expect(seen[0]?.headers).toMatchObject({
      host: `${HOST}:${httpsPort}`,
      'x-forwarded-for': '127.0.0.2',
      'x-forwarded-proto': 'https',
    })
    const forwardedFor = seen[0]?.headers['x-forwarded-for'] ?? null
    expect(clientAddress('127.0.0.1', forwardedFor, parseNetworks('127.0.0.1'))).toBe('127.0.0.2')
  })

  promise('serves only /.well-known/security.txt from a file', async () => {
    const { secure, folder, seen } = await startFront()
    chmodSync(folder, 0o755)
    expect((await secure({ path: '/.well-known/security.txt' })).status).toBe(404)
    const content = 'Contact: mailto:security@example.com\nExpires: 2027-01-01T00:00:00Z\n'
    writeFileSync(join(folder, 'security.txt'), content)
    const { status, headers, body } = await secure({ path: '/.well-known/security.txt' })
    expect({ status, type: headers['content-type'], body }).toEqual({
      status: 200,
      type: 'text/plain; charset=utf-8',
      body: content,
    })
    expect(seen).toEqual([])
    await secure({ path: '/.well-known/other.txt' })
    expect(seen.map(({ url }) => url)).toEqual(['/.well-known/other.txt'])
  })

  promise('supports only TLS 1.2, TLS 1.3 and HTTP/2', async () => {
    const { shakeHands, ca, httpsPort } = await startFront()
    const ALPNProtocols = ['h2', 'http/1.1']
    expect(await shakeHands({ ALPNProtocols })).toBe('TLSv1.3 h2')
    expect(await shakeHands({ ALPNProtocols, maxVersion: 'TLSv1.2' })).toBe('TLSv1.2 h2')
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const
    expect(await shakeHands(old)).toBe('ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION')
    expect(await shakeHands({ maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA' })).toMatch(
      /ALERT_HANDSHAKE_FAILURE/,
    )

    const session = connectHttp2(`https://127.0.0.1:${httpsPort}`, { ca, servername: HOST })
    onTestFinished(() => session.destroy())
    const stream = session.request({ ':path': '/', ':authority': `${HOST}:${httpsPort}` })
    expect(await json(stream)).toMatchObject({ message: expect.any(String) })
  })

  promise('redirects plain HTTP reads to https and refuses anything with a secret', async () => {
    const { clear, seen, httpsPort } = await startFront()
    for (const method of ['GET', 'HEAD']) {
      const { status, headers } = await clear({ method, path: '/profile?x=1' })
      expect({ status, location: headers.location }).toEqual({
        status: 301,
        location: `https://${HOST}:${httpsPort}/profile?x=1`,
      })
    }
    const forged = await clear({ headers: { host: 'evil.example.com' } })
    expect(forged.headers.location ?? '').not.toContain('evil')
    const refused: Ask[] = [
      ...['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].map((method) => ({ method, path: '/sessions' })),
      { path: '/profile', headers: { cookie: 'theme=dark; __Host-session_id=secret' } },
      { path: '/profile', headers: { cookie: 'session_id=secret' } },
    ]
    for (const request of refused)
      expect({ request, status: (await clear(request)).status }).toEqual({ request, status: 403 })
    expect((await clear({ headers: { cookie: 'theme=dark' } })).status).toBe(301)
    expect(seen).toEqual([])
  })

  promise(
    'forwards requests slightly above the limits of the service, which refuses them itself',
    async () => {
      const { secure, seen } = await startFront()
      for (const length of [64 * 1_024, 70_000]) {
        expect((await secure({ method: 'POST', path: '/users', body: 'x'.repeat(length) })).status).toBe(200)
        expect(seen.at(-1)?.bodyLength).toBe(length)
      }
      expect((await secure({ headers: { 'x-long': 'x'.repeat(12_000) } })).status).toBe(200)
      expect(seen).toHaveLength(3)
    },
  )

  if (limitsBodies) {
    promise('refuses much larger bodies', async () => {
      const { secure, seen } = await startFront()
      expect((await secure({ method: 'POST', path: '/users', body: 'x'.repeat(100_000) })).status).toBe(413)
      expect(seen).toEqual([])
    })
  }

  promise('forwards answers unchanged: not cached, not compressed, with all headers', async () => {
    const { secure, seen } = await startFront()
    for (const times of [1, 2]) {
      const { headers, body } = await secure({ headers: { 'accept-encoding': 'gzip, br, zstd' } })
      expect(JSON.parse(body).message).toHaveLength(2_000)
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'strict-transport-security': 'max-age=31536000',
        'set-cookie': ['__Host-session_id=secret; Path=/; Secure; HttpOnly'],
      })
      expect(headers['content-encoding']).toBeUndefined()
      expect(seen).toHaveLength(times)
    }
  })

  promise('logs no query, cookie or password', async () => {
    const { secure, clear, seen, log, folder } = await startFront()
    const secret = 's3cr3t'
    const request: Ask = {
      path: `/confirm?token=${secret}`,
      headers: {
        cookie: `session_id=${secret}`,
        authorization: `Bearer ${secret}`,
        referer: `https://${HOST}/?${secret}`,
      },
    }
    await secure(request)
    await secure({ ...request, method: 'POST', body: `password=${secret}` })
    await clear(request)
    expect(JSON.stringify(seen)).toContain(secret)
    const file = join(folder, 'bienvenue.log')
    const written = existsSync(file) ? readFileSync(file, 'utf8') : ''
    expect(written + log()).not.toContain(secret)
  })
})

// Needs Caddy.
it.skipIf(!hasCaddy)('Caddy accepts the whole Caddyfile and its formatting', async () => {
  const home = temporaryFolder()
  const env = { HOME: home }
  const args = ['--config', 'deploy/Caddyfile', '--adapter', 'caddyfile']
  const validated = await run('/usr/bin/caddy', ['validate', ...args], { env })
  expect(validated.exitCode, validated.stderr).toBe(0)
  expect(validated.stderr).not.toContain('is not formatted')
})

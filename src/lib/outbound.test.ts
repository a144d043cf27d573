import { once } from 'node:events'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { certificateFor, trust } from '../../test/support/certificate.ts'
import { createOutbound, type OutboundError, type OutboundRules } from './outbound.ts'

const LOOPBACK = 'localhost,127.0.0.0/8,::1'

type Resolve = NonNullable<OutboundRules['resolve']>

/** Answers each look-up with the next list of addresses, and counts the look-ups. */
function resolver(...answers: readonly (readonly string[])[]): Resolve & { count: number } {
  const resolve = Object.assign(
    (...[, , callback]: Parameters<Resolve>) => {
      const addresses = answers[Math.min(resolve.count++, answers.length - 1)] ?? []
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      )
    },
    { count: 0 },
  )
  return resolve
}

interface TestServer {
  readonly port: number
  /** How many connections arrived. */
  readonly connections: () => number
}

/** Starts a server on 127.0.0.1 until the test ends, with TLS for `idp.test` if `isTls`. */
async function serve(listener: RequestListener, { isTls = false } = {}): Promise<TestServer> {
  const certificate = certificateFor('idp.test', '127.0.0.1')
  if (isTls) trust(certificate)
  const server = isTls ? createHttpsServer(certificate, listener) : createHttpServer(listener)
  let connections = 0
  server.on('connection', () => connections++)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, connections: () => connections }
}

/** The reason of the refusal. */
async function reasonOf(answer: Promise<unknown>): Promise<string> {
  const error = await answer.then(
    () => expect.unreachable('the request was answered'),
    (refusal: OutboundError) => refusal,
  )
  expect(error.name).toBe('OutboundError')
  return error.reason
}

it('sends method, headers and body, and returns status, headers and body', async () => {
  const { port } = await serve(
    async (request, response) => {
      const body = (await request.toArray()).join('')
      response.writeHead(201, { 'x-answer': request.headers['x-question'], 'set-cookie': ['a=1', 'b=2'] })
      response.end(`${request.method} ${request.url} ${request.headers['content-type']} ${body}`)
    },
    { isTls: true },
  )
  const outbound = createOutbound({ allowed: LOOPBACK, resolve: resolver(['127.0.0.1']) })
  const answer = await outbound(new URL(`https://idp.test:${port}/token?x=1`), {
    method: 'POST',
    headers: { 'x-question': 'why' },
    body: new URLSearchParams({ code: 'é' }),
  })
  expect(answer.status).toBe(201)
  expect(answer.headers.get('x-answer')).toBe('why')
  expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
  expect(await answer.text()).toBe(
    'POST /token?x=1 application/x-www-form-urlencoded;charset=UTF-8 code=%C3%A9',
  )
})

it('returns an answer without a body', async () => {
  const { port } = await serve((_, response) => response.writeHead(204).end())
  const answer = await createOutbound({ allowed: LOOPBACK })(`http://127.0.0.1:${port}`)
  expect([answer.status, await answer.text()]).toEqual([204, ''])
})

it('uses a connection for each request, and each resolves the name once [FED-09]', async () => {
  const { port, connections } = await serve((_, response) => response.end('ok'), { isTls: true })
  const resolve = resolver(['127.0.0.1'])
  const outbound = createOutbound({ allowed: LOOPBACK, resolve })
  for (const count of [1, 2]) {
    await outbound(`https://idp.test:${port}`)
    expect([resolve.count, connections()]).toEqual([count, count])
  }
})

it('refuses a name that changes its address after the first request [FED-09]', async () => {
  const { port } = await serve((_, response) => response.end('ok'), { isTls: true })
  const outbound = createOutbound({ allowed: '127.0.0.1', resolve: resolver(['127.0.0.1'], ['127.0.0.2']) })
  expect((await outbound(`https://idp.test:${port}`)).status).toBe(200)
  expect(await reasonOf(outbound(`https://idp.test:${port}`))).toBe('private_address')
})

it.each([
  ['a private address', ['10.0.0.1']],
  ['the metadata of a cloud', ['169.254.169.254']],
  ['loopback', ['127.0.0.1']],
  ['loopback (IPv6)', ['::1']],
  ['a mapped address', ['::ffff:127.0.0.1']],
  ['6to4', ['2002:7f00:1::']],
  ['NAT64', ['64:ff9b::7f00:1']],
  ['a public and a private address', ['93.184.216.34', '10.0.0.1']],
])('refuses a name that resolves to %s [FED-09]', async (_, addresses) => {
  const outbound = createOutbound({ allowed: '', resolve: resolver(addresses) })
  expect(await reasonOf(outbound('https://idp.test'))).toBe('private_address')
})

it.each([
  ['decimal', '2130706433'],
  ['octal', '0177.0.0.1'],
  ['hexadecimal', '0x7f000001'],
  ['short', '127.1'],
  ['full-width', '１２７.0.0.1'],
  ['percent-encoded', '%31%32%37.0.0.1'],
  ['with a dot at its end', '127.0.0.1.'],
  ['unspecified', '0'],
  ['loopback (IPv6)', '[::1]'],
  ['mapped', '[::ffff:127.0.0.1]'],
  ['mapped, in hexadecimal', '[::ffff:7f00:1]'],
  ['compatible', '[::127.0.0.1]'],
  ['6to4', '[2002:7f00:1::]'],
  ['NAT64', '[64:ff9b::127.0.0.1]'],
  ['Teredo', '[2001:0:7f00:1::]'],
  ['unique local', '[fd00::1]'],
])('refuses an address that is written in the URL, without a connection: %s [FED-09]', async (_, host) => {
  const { port, connections } = await serve((__, response) => response.end('ok'), { isTls: true })
  const outbound = createOutbound({ allowed: '' })
  expect(await reasonOf(outbound(`https://${host}:${port}`))).toBe('private_address')
  expect(connections()).toBe(0)
})

it.each([
  ['another name', 'http://idp.test', LOOPBACK],
  ['a private address', 'http://10.0.0.1', `${LOOPBACK},10.0.0.0/8`],
  ['loopback without an exception', 'http://127.0.0.1', ''],
  ['loopback under another name', 'http://localhost.example.com', LOOPBACK],
  ['another scheme', 'ftp://127.0.0.1', LOOPBACK],
  ['a data URL', 'data:text/plain,x', LOOPBACK],
  ['a file', 'file:///etc/passwd', LOOPBACK],
])('refuses %s without https: %s [FED-09]', async (_, url, allowed) => {
  expect(await reasonOf(createOutbound({ allowed, resolve: resolver(['127.0.0.1']) })(url))).toBe('not_https')
})

it('refuses http to `localhost` if that name leads elsewhere [FED-09]', async () => {
  const outbound = createOutbound({ allowed: 'localhost,10.0.0.0/8', resolve: resolver(['10.0.0.1']) })
  expect(await reasonOf(outbound('http://localhost'))).toBe('private_address')
})

it('connects to a private address of a host that the operator allows, and not of another host', async () => {
  const { port } = await serve((_, response) => response.end('ok'), { isTls: true })
  const outbound = createOutbound({ allowed: 'idp.test', resolve: resolver(['127.0.0.1']) })
  expect((await outbound(`https://idp.test:${port}`)).status).toBe(200)
  expect(await reasonOf(outbound(`https://other.test:${port}`))).toBe('private_address')
})

it('refuses a URL with credentials or without a host [FED-09]', async () => {
  const outbound = createOutbound({ allowed: LOOPBACK })
  expect(await reasonOf(outbound('https://user@127.0.0.1'))).toBe('credentials')
  expect(await reasonOf(outbound('https://:password@127.0.0.1'))).toBe('credentials')
  expect(await reasonOf(outbound('/token'))).toBe('invalid_url')
})

it('refuses a certificate that is not trusted, or is for another host [FED-09]', async () => {
  const { port } = await serve((_, response) => response.end('ok'), { isTls: true })
  const outbound = createOutbound({ allowed: LOOPBACK, resolve: resolver(['127.0.0.1']) })
  expect(await reasonOf(outbound(`https://other.test:${port}`))).toBe('unreachable')
})

it.each([301, 302, 303, 307, 308])('does not follow a redirect (%d) [FED-09]', async (status) => {
  const { port, connections } = await serve((_, response) =>
    response.writeHead(status, { location: '/elsewhere' }).end(),
  )
  expect(await reasonOf(createOutbound({ allowed: LOOPBACK })(`http://127.0.0.1:${port}`))).toBe('redirect')
  expect(connections()).toBe(1)
})

it('refuses an answer of more than 256 KiB, whether it states its length or not [FED-09]', async () => {
  const limit = 256 * 1_024
  const { port } = await serve((request, response) => {
    const length = Number(request.url?.slice(1))
    if (length > limit + 1) response.setHeader('content-length', length)
    // In two parts, so that Node does not announce the length by itself.
    response.write(Buffer.alloc(1, 'x'))
    response.end(Buffer.alloc(Math.min(length, limit + 1) - 1, 'x'))
  })
  const outbound = createOutbound({ allowed: LOOPBACK })
  const askFor = (length: number) => outbound(`http://127.0.0.1:${port}/${length}`)
  expect((await (await askFor(limit)).text()).length).toBe(limit)
  expect(await reasonOf(askFor(limit + 1))).toBe('too_large')
  expect(await reasonOf(askFor(1_000_000_000))).toBe('too_large')
})

it('does not ask for a compressed answer, and does not expand one [FED-09]', async () => {
  const { port } = await serve((request, response) => {
    expect(request.headers['accept-encoding']).toBe('identity')
    response.setHeader('content-encoding', 'gzip').end('not expanded')
  })
  const answer = await createOutbound({ allowed: LOOPBACK })(`http://127.0.0.1:${port}`, {
    headers: { 'accept-encoding': 'gzip' },
  })
  expect(await answer.text()).toBe('not expanded')
})

it('ends an exchange that takes too long, before or after the headers [FED-09]', async () => {
  const { port } = await serve((request, response) => {
    if (request.url === '/body') response.writeHead(200).write('{')
  })
  const outbound = createOutbound({ allowed: LOOPBACK, timeoutMs: 100 })
  expect(await reasonOf(outbound(`http://127.0.0.1:${port}/headers`))).toBe('timeout')
  expect(await reasonOf(outbound(`http://127.0.0.1:${port}/body`))).toBe('timeout')
})

it('ends a look-up that takes too long [FED-09]', async () => {
  const outbound = createOutbound({ allowed: '', timeoutMs: 100, resolve: () => {} })
  expect(await reasonOf(outbound('https://idp.test'))).toBe('timeout')
})

it('stops when the caller does, with the reason of the caller', async () => {
  const controller = new AbortController()
  const { port } = await serve(() => controller.abort(new Error('closing')))
  const outbound = createOutbound({ allowed: LOOPBACK })
  await expect(outbound(`http://127.0.0.1:${port}`, { signal: controller.signal })).rejects.toThrow('closing')
})

it.each<[what: string, listener: RequestListener]>([
  ['closes the connection', (request) => request.socket.destroy()],
  [
    'breaks off the body',
    (request, response) => {
      response.writeHead(200, { 'content-length': 10 }).write('x', () => request.socket.destroy())
    },
  ],
  ['speaks another protocol', (request) => request.socket.end('SSH-2.0-OpenSSH\r\n')],
  [
    'switches protocols',
    (request) => {
      request.socket.end('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n')
    },
  ],
  [
    'sends endless headers',
    (request) => {
      request.socket.end(`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(100_000)}\r\n\r\n`)
    },
  ],
])('fails if the server %s', async (_, listener) => {
  const { port } = await serve(listener)
  expect(await reasonOf(createOutbound({ allowed: LOOPBACK })(`http://127.0.0.1:${port}`))).toBe(
    'unreachable',
  )
})

it('fails if the name does not resolve', async () => {
  const failing: Resolve = (_, __, callback) =>
    callback(Object.assign(new Error('no'), { code: 'ENOTFOUND' }), [])
  for (const resolve of [failing, resolver([])])
    expect(await reasonOf(createOutbound({ allowed: '', resolve })('https://idp.test'))).toBe('unreachable')
})

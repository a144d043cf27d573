import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, it, onTestFinished } from 'vitest'
import { AuthError } from '../model/errors.ts'
import { toNodeHandler } from '../node.ts'
import type { Incoming } from './incoming.ts'
import { nodeHandler } from './node.ts'
import type { Rendered } from './responses.ts'

const rendered = (body: string | null, status = 200): Rendered => ({
  status,
  headers: ['content-type', 'text/plain; charset=utf-8', 'set-cookie', 'a=1', 'set-cookie', 'b=2'],
  body,
})

/** Serves our handler on a Node server. Returns its port. */
async function listening(
  answer: (incoming: Incoming) => Promise<Rendered>,
  before?: RequestListener,
): Promise<number> {
  const handler = nodeHandler({ answer })
  const server = createServer(async (request, response) => {
    await before?.(request, response)
    await handler(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** Sends raw bytes and returns everything received until the server closes. */
async function exchange(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.write(bytes)
  return text(socket)
}

it('reads the host, the cookies and the body of HTTP/2', async () => {
  const seen: unknown[] = []
  const answer = async (incoming: Incoming) => {
    seen.push(incoming.header('host'), incoming.header('cookie'), await incoming.readBody(100))
    return rendered('ok')
  }
  const server = createHttp2Server(toNodeHandler({ answer }))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const session = connectHttp2(`http://localhost:${(server.address() as AddressInfo).port}`)
  onTestFinished(() => void session.close(() => server.close()))
  const stream = session.request({
    ':method': 'POST',
    ':authority': 'auth.example.com',
    cookie: ['a=1', 'b=2'],
  })
  stream.end('x')
  expect(await text(stream)).toBe('ok')
  expect(seen).toEqual(['auth.example.com', 'a=1; b=2', { bytes: Buffer.from('x') }])
})

it('passes on method, target, peer and headers, joining repeated headers', async () => {
  const seen: unknown[] = []
  const port = await listening(async (incoming) => {
    const { method, target, peer } = incoming
    const names = ['host', 'cookie', 'x-a', 'x-none', '']
    seen.push(
      { method, target, peer },
      Object.fromEntries(names.map((name) => [name, incoming.header(name)])),
    )
    return rendered('')
  })
  const headers =
    'Host: one\r\nHOST: two\r\nCookie: a=1\r\nX-A: 1\r\ncookie: b=2\r\nx-a: \r\nConnection: close\r\n'
  await exchange(port, `GET http://three/%70a?q#f HTTP/1.1\r\n${headers}\r\n`)
  expect(seen).toEqual([
    { method: 'GET', target: 'http://three/%70a?q#f', peer: '127.0.0.1' },
    { host: 'one, two', cookie: 'a=1; b=2', 'x-a': '1, ', 'x-none': null, '': null },
  ])
})

it('sends the length in bytes and repeated headers one by one', async () => {
  const port = await listening(async () => rendered('é😀'))
  const answer = await fetch(`http://127.0.0.1:${port}/`)
  expect(await answer.text()).toBe('é😀')
  expect(answer.headers.get('content-length')).toBe('6')
  expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
})

it('answers HEAD with headers only', async () => {
  const port = await listening(async () => rendered('hello'))
  const said = await exchange(port, 'HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  expect(said).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  expect(said).toMatch(/\r\ncontent-length: 5\r\n/)
  expect(said).toMatch(/\r\n\r\n$/)
})

it('answers pipelined requests in order, even if a later one is ready first', async () => {
  const first = Promise.withResolvers<void>()
  const port = await listening(async ({ target }) => {
    if (target === '/1') await first.promise
    else first.resolve()
    return rendered(`answer to ${target};`)
  })
  const bytes = ['/1', '/2', '/3'].map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join('')
  const said = await exchange(port, `${bytes}GET /4 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
  expect(said.match(/answer to \/\d;/g)).toEqual(['/1', '/2', '/3', '/4'].map((path) => `answer to ${path};`))
})

it('keeps serving other clients after one disconnects', async () => {
  const arrived = Promise.withResolvers<void>()
  const gone = Promise.withResolvers<void>()
  const port = await listening(async ({ target }) => {
    if (target === '/gone') {
      arrived.resolve()
      await gone.promise
    }
    return rendered('here')
  })
  const socket = connect(port, '127.0.0.1')
  socket.write('GET /gone HTTP/1.1\r\nHost: a\r\n\r\n')
  await arrived.promise
  socket.destroy()
  const others = Array.from({ length: 5 }, () => fetch(`http://127.0.0.1:${port}/`))
  gone.resolve()
  for (const other of others) expect(await (await other).text()).toBe('here')
})

/** Reads the body. Returns its text or the code of the refusal. */
const outcomeOf = (incoming: Incoming, maxBytes = 10) =>
  incoming.readBody(maxBytes).then(
    (body) =>
      'bytes' in body ? new TextDecoder().decode(body.bytes) : `parsed ${JSON.stringify(body.parsed)}`,
    (error: unknown) => (error instanceof AuthError ? error.code : expect.unreachable()),
  )

it.each([
  ['', ''],
  ['0123456789', '0123456789'],
  ['0123456789a', 'body_too_large'],
])('enforces the size limit for the body %j: %s', async (body, outcome) => {
  const port = await listening(async (incoming) => rendered(await outcomeOf(incoming)))
  const answer = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body })
  expect(await answer.text()).toBe(outcome)
})

it('refuses a body as malformed if the client disconnects halfway', async () => {
  const outcome = Promise.withResolvers<string>()
  const reading = Promise.withResolvers<void>()
  const port = await listening(async (incoming) => {
    reading.resolve()
    outcome.resolve(await outcomeOf(incoming))
    return rendered('')
  })
  const socket = connect(port, '127.0.0.1')
  socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab')
  await reading.promise
  socket.destroy()
  expect(await outcome.promise).toBe('malformed_request')
})

it('refuses a body as malformed if the client disconnected before it was read', async () => {
  const outcome = Promise.withResolvers<string>()
  const arrived = Promise.withResolvers<void>()
  const port = await listening(
    async (incoming) => {
      outcome.resolve(await outcomeOf(incoming))
      return rendered('')
    },
    async (request) => {
      const closed = once(request, 'close').catch(() => {})
      arrived.resolve()
      await closed
    },
  )
  const socket = connect(port, '127.0.0.1')
  socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab')
  await arrived.promise
  socket.destroy()
  expect(await outcome.promise).toBe('malformed_request')
})

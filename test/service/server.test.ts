/** The service as a process, tested over raw sockets. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { createApp } from '../../src/app/index.ts'
import { startServer } from '../../src/app/server.ts'
import type { AuditRecord } from '../../src/index.ts'
import { toNodeHandler } from '../../src/node.ts'
import { resolveOptions, unsafeOptions } from '../../src/options/index.ts'
import { freshAuth, migratedDatabase, onEachEngine } from '../support/engines.ts'
import { SECURITY_HEADERS, send, sessionIdOf } from '../support/send.ts'
import { run, type Service, startService } from '../support/service.ts'

const CREDENTIALS = { email: 'guillaume@holberton.io', password: 'b4l0u' }
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A connection for raw bytes. */
interface Wire {
  readonly socket: Socket
  /** The next complete answer. Rejects if the connection closes first. */
  answer(): Promise<Answer>
  /** Resolves when the connection is closed or reset. */
  readonly closed: Promise<void>
}

function openWire(port: number, host = '127.0.0.1'): Wire {
  const socket = connect(port, host)
  onTestFinished(() => void socket.destroy())
  let received = ''
  let changed = Promise.withResolvers<void>()
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    received += chunk
    changed.resolve()
    changed = Promise.withResolvers()
  })
  // A reset counts as a close. What matters is whether an answer came before it.
  socket.on('error', () => {})
  const closed = new Promise<void>((done) => socket.once('close', () => done()))
  return {
    socket,
    closed,
    async answer() {
      for (;;) {
        const parsed = parseAnswer(received)
        if (parsed !== null) {
          received = received.slice(parsed.length)
          return parsed.answer
        }
        const isClosed = await Promise.race([changed.promise.then(() => false), closed.then(() => true)])
        if (isClosed && parseAnswer(received) === null) throw new Error(`closed after "${received}"`)
      }
    },
  }
}

function parseAnswer(text: string): { answer: Answer; length: number } | null {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return null
  const [statusLine = '', ...lines] = text.slice(0, end).split('\r\n')
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1])
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]),
  )
  const rest = text.slice(end + 4)
  // All answers are ASCII, so characters are bytes. A chunked body is treated as one empty chunk.
  const size =
    headers['transfer-encoding'] === 'chunked' ? '0\r\n\r\n'.length : Number(headers['content-length'] ?? 0)
  if (rest.length < size) return null
  return { answer: { status, headers, body: rest.slice(0, size) }, length: end + 4 + size }
}

async function exchange(port: number, bytes: string | Uint8Array): Promise<Answer> {
  const wire = openWire(port)
  wire.socket.write(bytes)
  const answer = await wire.answer()
  wire.socket.destroy()
  return answer
}

function request(line: string, headers: readonly string[] = [], body = ''): string {
  return [`${line} HTTP/1.1`, 'Host: localhost', ...headers, '', body].join('\r\n')
}

function form(line: string, fields: Record<string, string>, headers: readonly string[] = []): string {
  const body = new URLSearchParams(fields).toString()
  const type = 'Content-Type: application/x-www-form-urlencoded'
  return request(line, [type, `Content-Length: ${body.length}`, ...headers], body)
}

const json = (...headers: string[]) => ['Content-Type: application/json', ...headers]
const MEGABYTE = 'a'.repeat(1_000_000)

/** Refused requests, with status and code. Without a status, any 4xx will do. */
const REFUSED: readonly [name: string, bytes: string | Uint8Array, status?: number, code?: string][] = [
  ['headers of more than 16 KiB', request('GET /', [`X-A: ${'a'.repeat(20_000)}`]), 431, 'headers_too_large'],
  ['thousands of headers', request('GET /', Array(3_000).fill('X-A: b')), 431, 'headers_too_large'],
  ['a URL of more than 2,048 characters', request(`GET /${'a'.repeat(3_000)}`), 414, 'uri_too_long'],
  ['a query that makes the URL too long', request(`GET /?${'a'.repeat(3_000)}`), 414, 'uri_too_long'],
  ['no Host', 'GET / HTTP/1.1\r\n\r\n', 400, 'malformed_request'],
  [
    'two Hosts in HTTP/1.0',
    'GET / HTTP/1.0\r\nHost: localhost\r\nHost: localhost\r\n\r\n',
    400,
    'malformed_request',
  ],
  ['an unknown Host in HTTP/1.0', 'GET / HTTP/1.0\r\nHost: evil.example\r\n\r\n', 421, 'unknown_host'],
  ['a probe without Host', 'GET /healthz HTTP/1.1\r\n\r\n', 400, 'malformed_request'],
  ['an empty Host', 'GET / HTTP/1.1\r\nHost: \r\n\r\n', 400, 'malformed_request'],
  ['an invalid Host', 'GET / HTTP/1.1\r\nHost: a b/c\r\n\r\n', 400, 'malformed_request'],
  ['an unknown Host', 'GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n', 421, 'unknown_host'],
  // RFC 9112 §3.2: "A server MUST respond with a 400 … more than one Host header field line".
  ['two Host headers', request('GET /', ['Host: localhost']), 400, 'malformed_request'],
  ['two different Host headers', request('GET /', ['Host: evil.example']), 400, 'malformed_request'],
  // RFC 9112 §3.2.2: the host of an absolute target takes precedence over Host.
  ['an unknown host in the target', request('GET http://evil.example/'), 421, 'unknown_host'],
  ['a malformed request line', 'hello there\r\n\r\n', 400, 'malformed_request'],
  ['a TLS handshake', Uint8Array.of(0x16, 3, 1, 0, 5, 1, 2, 3, 4, 5), 400, 'malformed_request'],
  ['an HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, 'malformed_request'],
  ['an unknown version of HTTP', 'GET / HTTP/3.0\r\nHost: localhost\r\n\r\n', 400, 'malformed_request'],
  ['an unknown method', request('FETCH /'), 400, 'malformed_request'],
  ['a target that is not a path', request('GET *'), 400, 'malformed_request'],
  ['a zero byte in a header', request('GET /', ['X-A: \0']), 400, 'malformed_request'],
  ['a space before a colon', request('GET /', ['X-A : b']), 400, 'malformed_request'],
  ['a folded header', request('GET /', ['X-A: b', ' c']), 400, 'malformed_request'],
  ['lines without CR', 'GET / HTTP/1.1\nHost: localhost\n\n', 400, 'malformed_request'],
  [
    'Content-Length beside Transfer-Encoding',
    request('POST /users', json('Content-Length: 5', 'Transfer-Encoding: chunked'), '0\r\n\r\n'),
    400,
    'malformed_request',
  ],
  [
    'two lengths',
    request('POST /users', json('Content-Length: 5', 'Content-Length: 6'), '{} {}'),
    400,
    'malformed_request',
  ],
  ['a negative length', request('POST /users', json('Content-Length: -1')), 400, 'malformed_request'],
  [
    'a transfer coding that Node does not decode',
    request('POST /users', json('Transfer-Encoding: gzip, chunked'), '0\r\n\r\n'),
    400,
    'malformed_request',
  ],
  [
    'an unknown transfer coding',
    request('POST /users', json('Transfer-Encoding: magic'), '{}'),
    400,
    'malformed_request',
  ],
  [
    'a chunk without a size',
    request('POST /users', json('Transfer-Encoding: chunked'), 'zz\r\n{}\r\n'),
    400,
    'malformed_request',
  ],
  ['TRACE', request('TRACE /'), 405, 'method_not_allowed'],
  ['CONNECT', 'CONNECT localhost:443 HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ['an unknown expectation', request('POST /users', json('Expect: magic', 'Content-Length: 0'))],
  ['a method that the path does not have', request('DELETE /users'), 405, 'method_not_allowed'],
  ['an unknown path', request('GET /nothing-here'), 404, 'not_found'],
  ['a path traversal', request('GET /../../etc/passwd'), 404, 'not_found'],
  [
    'the announcement of a huge body',
    request('POST /users', json('Content-Length: 99999999')),
    413,
    'body_too_large',
  ],
  [
    'a huge body',
    request('POST /users', json(`Content-Length: ${MEGABYTE.length}`), MEGABYTE),
    413,
    'body_too_large',
  ],
  [
    'a huge body in chunks',
    request(
      'POST /users',
      json('Transfer-Encoding: chunked'),
      `${MEGABYTE.length.toString(16)}\r\n${MEGABYTE}\r\n0\r\n\r\n`,
    ),
    413,
    'body_too_large',
  ],
  ['no body', request('POST /users'), 400, 'missing_field'],
  ['broken JSON', request('POST /users', json('Content-Length: 1'), '{'), 400, 'malformed_body'],
  [
    'an unsupported format',
    request('POST /users', ['Content-Type: text/xml', 'Content-Length: 4'], '<a/>'),
    415,
    'unsupported_media_type',
  ],
  [
    'a foreign origin',
    form('POST /users', CREDENTIALS, ['Origin: http://evil.example']),
    403,
    'foreign_origin',
  ],
  ['a wrong password', form('POST /sessions', CREDENTIALS), 401, 'invalid_credentials'],
  ['no session', request('GET /profile'), 403, 'session_required'],
  // Newer routes answer with the standard HTTP status instead.
  ['no session on a newer route', request('GET /sessions'), 401, 'unauthenticated'],
  ['no session when ending others', request('DELETE /sessions/others'), 401, 'unauthenticated'],
  ['an id with a broken escape', request('DELETE /sessions/%'), 401, 'unauthenticated'],
  ['an id with a zero byte', request('DELETE /sessions/%00'), 401, 'unauthenticated'],
  [
    'a form on a route that accepts only JSON',
    form('PUT /profile/password', { current_password: 'x', new_password: 'y' }),
    415,
    'unsupported_media_type',
  ],
  ['a page that needs mail', request('GET /confirm_email'), 404, 'not_found'],
  ['a page beside a classic route', request('GET /reset_password'), 405, 'method_not_allowed'],
  ['a route that needs mail', request('POST /request_confirmation'), 404, 'not_found'],
]

describe('a request that is refused [API-06, API-10, API-19, AVL-02]', () => {
  let service: Service
  const ends: (() => Promise<void>)[] = []
  beforeAll(async () => {
    service = await startService('sqlite::memory:', { onEnd: (end) => ends.push(end) })
  })
  afterAll(() => Promise.all(ends.map((end) => end())))

  it.each(REFUSED)('for %s gets the error shape, and the next request is served', async (...row) => {
    const [, bytes, status, code] = row
    const answer = await exchange(service.port, bytes)
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.status).toBeLessThan(500)
    if (status !== undefined) expect(answer.status).toBe(status)
    expect('allow' in answer.headers).toBe(answer.status === 405)
    const { field: _, ...body } = JSON.parse(answer.body)
    expect(body).toEqual({
      message: expect.any(String),
      code: code ?? expect.any(String),
      request_id: expect.stringMatching(UUID),
    })
    expect(answer.headers).toMatchObject({
      ...SECURITY_HEADERS,
      'content-type': 'application/json',
    })
    expect((await exchange(service.port, request('GET /'))).status).toBe(200)
  })

  it('is logged with the request id of its answer', async () => {
    const answers = new Map<string, string>()
    for (const [name, bytes] of REFUSED) {
      // The test above checks which requests get an answer.
      const answer = await exchange(service.port, bytes).catch(() => undefined)
      if (answer?.body.startsWith('{')) answers.set(name, JSON.parse(answer.body).request_id)
    }
    // The log is in order, so this line comes after those of all earlier requests.
    const last = JSON.parse((await exchange(service.port, request('GET /the-last'))).body).request_id
    await service.logged(({ requestId }) => requestId === last)
    const logged = new Set(service.log().map(({ requestId }) => requestId))
    expect([...answers].filter(([, id]) => !logged.has(id)).map(([name]) => name)).toEqual([])
  })

  it('does not harm the service, even 200 times', async () => {
    for (let index = 0; index < 200; index++) {
      const [, bytes = ''] = REFUSED[index % REFUSED.length] ?? []
      await exchange(service.port, bytes).catch(() => {})
    }
    const fields = { ...CREDENTIALS, email: 'after@holberton.io' }
    expect((await send(service.url, 'POST', '/users', { form: fields })).status).toBe(200)
    expect((await send(service.url, 'POST', '/sessions', { form: fields })).status).toBe(200)
    expect((await send(service.url, 'GET', '/readyz')).status).toBe(200)
  })
})

/** Requests whose end two readers may see at different places. Each is followed by another, complete request. */
const DOUBTFUL: readonly [name: string, start: string, headers: readonly string[], body: string][] = [
  ['gzip before chunked', 'POST /sessions', ['Transfer-Encoding: gzip, chunked'], '0\r\n\r\n'],
  [
    'chunked twice',
    'POST /sessions',
    ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'],
    '0\r\n\r\n',
  ],
  ['another coding', 'POST /sessions', ['Transfer-Encoding: identity'], '{}'],
  ['a coding that begins alike', 'POST /sessions', ['Transfer-Encoding: xchunked'], '0\r\n\r\n'],
  ['gzip before chunked, on GET', 'GET /', ['Transfer-Encoding: gzip, chunked'], '0\r\n\r\n'],
  ['gzip before chunked, on an unknown path', 'PUT /x', ['Transfer-Encoding: gzip, chunked'], '0\r\n\r\n'],
  [
    'gzip before chunked, from a foreign origin',
    'POST /sessions',
    ['Origin: https://evil.example', 'Transfer-Encoding: gzip, chunked'],
    '0\r\n\r\n',
  ],
  [
    'a coding and a length',
    'POST /sessions',
    ['Transfer-Encoding: chunked', 'Content-Length: 5'],
    '0\r\n\r\n',
  ],
  [
    'a length and a coding',
    'POST /sessions',
    ['Content-Length: 5', 'Transfer-Encoding: chunked'],
    '0\r\n\r\n',
  ],
  ['two lengths', 'POST /sessions', ['Content-Length: 0', 'Content-Length: 5'], ''],
  ['one length twice', 'POST /sessions', ['Content-Length: 0', 'Content-Length: 0'], ''],
  ['a list of lengths', 'POST /sessions', ['Content-Length: 0, 5'], ''],
  ['a length with a sign', 'POST /sessions', ['Content-Length: +0'], ''],
]

describe.each<[door: string, insecureHTTPParser: boolean | null]>([
  ['the service', null],
  ['a Node server of another program', false],
  ['a Node server with a lenient parser', true],
])('a connection to %s', (_, insecureHTTPParser) => {
  /** @returns The port, and how often the smuggled request was carried out. */
  async function open() {
    const databaseUrl = await migratedDatabase('sqlite')
    const auth = await freshAuth('sqlite', { databaseUrl })
    const accounts = async () => (await Array.fromAsync(auth.users.list())).length
    if (insecureHTTPParser === null) return { port: (await startService(databaseUrl)).port, accounts }
    const server = createServer({ insecureHTTPParser }, toNodeHandler(auth)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    return { port: (server.address() as AddressInfo).port, accounts }
  }

  it('closes once the framing of a request was refused, and what follows is not carried out [API-19]', async () => {
    const { port, accounts } = await open()
    for (const [name, start, headers, body] of DOUBTFUL) {
      const wire = openWire(port)
      wire.socket.write(request(start, json(...headers), body) + form('POST /users', CREDENTIALS))
      expect((await wire.answer()).status, name).toBe(400)
      await wire.closed
      await expect(wire.answer(), name).rejects.toThrow('closed after ""')
      expect(await accounts(), name).toBe(0)
    }
    // HTTP/1.0 knows no transfer coding. A client that asks for it can keep the connection open.
    const wire = openWire(port)
    const old = ['Host: localhost', 'Connection: keep-alive', 'Transfer-Encoding: chunked', '', '0', '', '']
    wire.socket.write(['POST /sessions HTTP/1.0', ...old].join('\r\n') + form('POST /users', CREDENTIALS))
    expect((await wire.answer()).status).toBe(400)
    await wire.closed
    expect(await accounts()).toBe(0)
  })

  it('stays open after other refusals', async () => {
    const { port, accounts } = await open()
    const wire = openWire(port)
    wire.socket.write(request('POST /sessions', json('Transfer-Encoding: chunked'), '2\r\n{}\r\n0\r\n\r\n'))
    expect((await wire.answer()).status).toBe(400)
    wire.socket.write(form('POST /users', CREDENTIALS))
    expect((await wire.answer()).status).toBe(200)
    expect(await accounts()).toBe(1)
  })
})

it('curl -L -X DELETE signs out and ends at the home page', async () => {
  const { url } = await startService('sqlite::memory:')
  await send(url, 'POST', '/users', { form: CREDENTIALS })
  const sessionToken = sessionIdOf(await send(url, 'POST', '/sessions', { form: CREDENTIALS }))
  const args = [
    '-sS',
    '-L',
    '-X',
    'DELETE',
    '-b',
    `session_id=${sessionToken}`,
    '-w',
    ' %{http_code} %{num_redirects}',
  ]
  const { stdout, stderr } = await run('curl', [...args, `${url}/sessions`])
  expect({ stdout, stderr }).toEqual({ stdout: '{"message":"Bienvenue"} 200 1', stderr: '' })
  expect((await send(url, 'GET', '/profile', { sessionToken })).status).toBe(403)
})

describe('the service with a database in memory', () => {
  let service: Service
  const ends: (() => Promise<void>)[] = []
  beforeAll(async () => {
    service = await startService('sqlite::memory:', { onEnd: (end) => ends.push(end) })
  })
  afterAll(() => Promise.all(ends.map((end) => end())))

  it.each([
    ['a host name with an empty port', 'GET / HTTP/1.1\r\nHost: localhost:\r\n\r\n'],
    ['an IPv6 address with an empty port', 'GET / HTTP/1.1\r\nHost: [::1]:\r\n\r\n'],
    ['HTTP/1.0 without Host', 'GET / HTTP/1.0\r\n\r\n'],
    ['HTTP/1.0 with Host', 'GET / HTTP/1.0\r\nHost: localhost\r\n\r\n'],
    [
      'DELETE, as axios 1.21 repeats it after the redirect of a sign-out',
      request('DELETE /', [
        'Accept: application/json, text/plain, */*',
        'Cookie: session_id=of-a-session-that-has-ended',
        'User-Agent: axios/1.21.1',
        'Accept-Encoding: gzip, compress, deflate, br',
        'Connection: keep-alive',
      ]),
    ],
    ['DELETE with a body', request('DELETE /', json('Content-Length: 2'), '{}')],
  ])('the home page answers %s', async (_, bytes) => {
    const { status, body } = await exchange(service.port, bytes)
    expect({ status, body }).toEqual({ status: 200, body: '{"message":"Bienvenue"}' })
  })

  it('OPTIONS * has an empty answer, and only for our own hosts', async () => {
    const answer = await exchange(service.port, request('OPTIONS *'))
    expect([answer.status, answer.body, answer.headers['content-length']]).toEqual([204, '', undefined])
    const foreign = await exchange(service.port, 'OPTIONS * HTTP/1.1\r\nHost: evil.example\r\n\r\n')
    expect([foreign.status, JSON.parse(foreign.body)]).toMatchObject([421, { code: 'unknown_host' }])
  })

  it.each(['/healthz', '/readyz'])('%s answers probes with any Host or none', async (path) => {
    const probes = [
      // Kubernetes: the address of the pod.
      `GET ${path} HTTP/1.1\r\nHost: 10.42.0.7:5000\r\nUser-Agent: kube-probe/1.34\r\n\r\n`,
      `HEAD ${path} HTTP/1.1\r\nHost: bienvenue.default.svc.cluster.local\r\n\r\n`,
      // HAProxy, by default.
      `GET ${path} HTTP/1.0\r\n\r\n`,
    ]
    for (const bytes of probes) {
      const socket = connect(service.port, '127.0.0.1')
      socket.end(bytes)
      expect(await text(socket), bytes).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    }
  })
})

// A proxy sends requests on idle connections until it knows of the stop.
it('requests that arrive on idle connections within a second after the stop began are answered with Connection: close', async () => {
  const auth = await freshAuth('sqlite')
  const silent = { debug() {}, info() {}, warn() {}, error() {} }
  const server = await startServer(createApp(auth, silent), ['127.0.0.1'], 0)
  const wires = [openWire(server.port), openWire(server.port)] as const
  for (const wire of wires) {
    wire.socket.write(request('GET /'))
    expect((await wire.answer()).headers.connection).toBe('keep-alive')
  }
  vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval'] })
  onTestFinished(() => void vi.useRealTimers())
  const [asking, idle] = wires
  const stopped = server.stop()
  vi.advanceTimersByTime(999)
  asking.socket.write(request('GET /'))
  const { status, headers } = await asking.answer()
  expect([status, headers.connection]).toEqual([200, 'close'])
  await asking.closed
  vi.advanceTimersByTime(1)
  await idle.closed
  await stopped
})

onEachEngine('the service', (engine) => {
  it('survives a client that disconnects in the middle of a body, and stores nothing', async () => {
    const service = await startService(await migratedDatabase(engine))
    const wire = openWire(service.port)
    const body = new URLSearchParams(CREDENTIALS).toString()
    wire.socket.write(
      request('POST /users', [
        'Content-Type: application/x-www-form-urlencoded',
        `Content-Length: ${body.length}`,
        'Expect: 100-continue',
      ]),
    )
    expect((await wire.answer()).status).toBe(100)
    wire.socket.write(body.slice(0, -1))
    wire.socket.destroy()
    expect(await service.logged(({ route }) => route === '/users')).toMatchObject({
      status: 400,
      code: 'malformed_request',
    })
    expect((await send(service.url, 'POST', '/users', { form: CREDENTIALS })).status).toBe(200)
  })

  describe.each(['SIGTERM', 'SIGINT'] as const)('stopped by %s', (signal) => {
    it('finishes the current sign-in, then exits with 0', async () => {
      const service = await startService(await migratedDatabase(engine))
      await send(service.url, 'POST', '/users', { form: CREDENTIALS })
      const wire = openWire(service.port)
      const login = form('POST /sessions', CREDENTIALS, ['Expect: 100-continue'])
      const half = login.length - 3
      wire.socket.write(login.slice(0, half))
      // The service is reading the body now. Hashing and storing are still to come.
      expect((await wire.answer()).status).toBe(100)
      const stopped = service.stop(signal)
      expect(await service.logged(({ msg }) => msg === 'stopping')).toMatchObject({ signal })
      wire.socket.write(login.slice(half))
      const answer = await wire.answer()
      expect(answer.status).toBe(200)
      expect(answer.headers['set-cookie']).toMatch(/^session_id=/)
      expect(answer.headers.connection).toBe('close')
      await wire.closed
      expect(await stopped).toBe(0)
      const messages = service.log().map(({ msg, route }) => route ?? msg)
      expect(messages.slice(-4)).toEqual(['stopping', 'audit', '/sessions', 'stopped'])
      expect(await service.stderr).toBe('')
    })

    it('exits with 0 right after it has started listening', async () => {
      const service = await startService(await migratedDatabase(engine))
      expect(await service.stop(signal)).toBe(0)
      expect(service.log().at(-1)).toMatchObject({ msg: 'stopped' })
    })
  })

  // RFC 9112 §9.6. Otherwise a client would send its next request on a connection that is about to close.
  it('sends Connection: close with the last answer on each connection while stopping', async () => {
    const service = await startService(await migratedDatabase(engine))
    const fields = new URLSearchParams(CREDENTIALS).toString()
    const body = ['Content-Type: application/x-www-form-urlencoded', `Content-Length: ${fields.length}`]
    const openRequests = ['POST /users', 'POST /sessions', 'PUT /reset_password'].map((line) => {
      const wire = openWire(service.port)
      // An earlier request shows that the connection is kept alive while the service runs.
      wire.socket.write(request('GET /') + request(line, [...body, 'Expect: 100-continue']))
      return wire
    })
    for (const wire of openRequests) {
      expect((await wire.answer()).headers.connection).toBe('keep-alive')
      expect((await wire.answer()).status).toBe(100)
    }
    const stopped = service.stop()
    await service.logged(({ msg }) => msg === 'stopping')
    for (const wire of openRequests) wire.socket.write(fields)
    const answers = await Promise.all(openRequests.map((wire) => wire.answer()))
    expect(answers.map(({ status }) => status)).toEqual([200, 401, 400])
    expect(answers.map(({ headers }) => headers.connection)).toEqual(['close', 'close', 'close'])
    for (const wire of openRequests) await wire.closed
    expect(await stopped).toBe(0)
  })

  it('answers all pipelined requests while stopping, then closes the connection', async () => {
    const service = await startService(await migratedDatabase(engine))
    const wire = openWire(service.port)
    const first = form('POST /users', CREDENTIALS, ['Expect: 100-continue'])
    const half = first.length - 3
    wire.socket.write(first.slice(0, half))
    expect((await wire.answer()).status).toBe(100)
    const stopped = service.stop()
    await service.logged(({ msg }) => msg === 'stopping')
    wire.socket.write(first.slice(half) + request('GET /nothing-here') + form('POST /sessions', CREDENTIALS))
    // The sign-in may run before the account exists. Only its answer matters.
    const answers = [await wire.answer(), await wire.answer(), await wire.answer()]
    expect(answers.map(({ status }) => status)).toEqual([200, 404, expect.any(Number)])
    expect(answers.map(({ headers }) => headers.connection)).toEqual(['keep-alive', 'keep-alive', 'close'])
    await wire.closed
    expect(await stopped).toBe(0)
  })

  it('does not wait for idle or silent connections when stopping', async () => {
    const service = await startService(await migratedDatabase(engine))
    const [idle, silent] = [openWire(service.port), openWire(service.port)]
    await once(silent.socket, 'connect')
    idle.socket.write(request('GET /'))
    expect((await idle.answer()).headers.connection).toBe('keep-alive')
    expect(await service.stop()).toBe(0)
    await Promise.all([idle.closed, silent.closed])
    const times = service.log().flatMap(({ msg, time }) => (/^stopp/.test(msg) ? [Date.parse(time)] : []))
    // It waits up to ten seconds for an open request.
    expect(Number(times[1]) - Number(times[0])).toBeLessThan(10_000)
  })

  it('logs each request as one line of JSON without its secrets [AUD-03]', async () => {
    const mark = 'm4rk3d'
    const email = `${mark}.email@example.com`
    const service = await startService(await migratedDatabase(engine), {
      env: { BIENVENUE_LOG_LEVEL: 'debug' },
    })
    const { url } = service
    const credentials = { email, password: `${mark}-password` }
    await send(url, 'POST', '/users', { form: credentials })
    await send(url, 'POST', '/users', { form: credentials })
    await send(url, 'POST', '/sessions', { form: { email, password: `${mark}-wrong` } })
    const sessionToken = sessionIdOf(await send(url, 'POST', '/sessions', { form: credentials }))
    await send(url, 'GET', '/profile', { sessionToken })
    await send(url, 'GET', '/profile', { sessionToken: `${mark}-cookie` })
    const reset = await send(url, 'POST', '/reset_password', { form: { email } })
    const { reset_token } = (await reset.json()) as { reset_token: string }
    await send(url, 'PUT', '/reset_password', {
      form: { email, reset_token, new_password: `${mark}-new-password` },
    })
    await send(url, 'PUT', '/reset_password', {
      form: { email, reset_token: `${mark}-token`, new_password: `${mark}-new-password` },
    })
    await send(url, 'DELETE', '/sessions', { sessionToken })
    await send(url, 'POST', '/users', { form: { [`${mark}-field`]: '', ...credentials } })
    await send(url, 'GET', `/${mark}-path?${mark}-query=${mark}`)
    await send(url, 'GET', `/profile?token=${mark}`)
    await send(url, 'POST', `/profile?${mark}`)
    for (const bytes of [
      `GET / HTTP/1.1\r\nHost: ${mark}.example\r\n\r\n`,
      `GET /${mark} HTTP/9.9\r\nHost: ${mark}\r\n\r\n`,
      request('GET /profile', [`Cookie: session_id=${mark}\0`]),
      request('POST /users', json('Content-Length: 9'), `{"${mark}"`),
      request('POST /sessions', [`Content-Type: ${mark}/${mark}`, 'Content-Length: 1'], 'a'),
      request('GET /', [`User-Agent: ${mark}`, `Referer: http://localhost/${mark}`, `X-Request-Id: ${mark}`]),
    ]) {
      await exchange(service.port, bytes)
    }
    expect(await service.stop()).toBe(0)

    const requests = service.log().filter(({ msg }) => msg === 'request')
    expect(requests.map(({ method, route, status }) => `${method} ${route} ${status}`)).toEqual(
      expect.arrayContaining([
        'POST /users 200',
        'POST /users 400',
        'POST /sessions 401',
        'POST /sessions 200',
        'GET /profile 200',
        'GET /profile 403',
        'POST /reset_password 200',
        'PUT /reset_password 200',
        'PUT /reset_password 403',
        'GET null 404',
        'POST /profile 405',
        'GET null 421',
        'POST /sessions 415',
        'GET / 200',
      ]),
    )
    for (const { requestId } of requests) expect(requestId).toMatch(UUID)
    // Changes and refused sign-ins have an audit record with the same request id.
    const audited = service.log().flatMap(({ msg, audit }) => (msg === 'audit' ? [audit as AuditRecord] : []))
    expect(audited.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual([
      'register success',
      'login refused',
      'login success',
      'request_password_reset success',
      'reset_password success',
      // In classic mode the session outlives the reset.
      'logout success',
    ])
    const ids = requests.map(({ requestId }) => requestId)
    for (const { requestId } of audited) expect(ids).toContain(requestId)
    for (const { time, level, msg } of service.log()) {
      expect(new Date(time).toISOString()).toBe(time)
      expect(['debug', 'info', 'warn', 'error']).toContain(level)
      expect(msg).not.toBe('')
    }
    const said = `${service.lines.join('\n')}\n${await service.stderr}`
    for (const secret of [
      mark,
      sessionToken,
      reset_token,
      ...sessionToken.split('.'),
      ...reset_token.split('.'),
    ]) {
      expect(said).not.toContain(secret)
    }
  })
})

const hasIpv6 = Object.values(networkInterfaces()).some((list) => list?.some((one) => one.address === '::1'))
if (!hasIpv6) console.warn('This machine has no ::1: only 127.0.0.1 is tested.')

it('listens on 127.0.0.1 and ::1 on the same port', async () => {
  const { port } = await startService('sqlite::memory:')
  for (const host of ['127.0.0.1', 'localhost', ...(hasIpv6 ? ['[::1]'] : [])]) {
    expect(await (await fetch(`http://${host}:${port}/`)).json()).toEqual({ message: 'Bienvenue' })
  }
})

it.each(hasIpv6 ? ['127.0.0.1', '::1', '[::1]'] : ['127.0.0.1'])(
  'listens only on %s if HOST is set to it',
  async (host) => {
    const { port } = await startService('sqlite::memory:', { env: { HOST: host } })
    const [here, elsewhere] = host === '127.0.0.1' ? ['127.0.0.1', '::1'] : ['[::1]', '127.0.0.1']
    expect(await (await fetch(`http://${here}:${port}/`)).json()).toEqual({ message: 'Bienvenue' })
    const [error] = await once(openWire(port, elsewhere).socket, 'error')
    expect(error).toMatchObject({ code: expect.stringMatching(/^(?:ECONNREFUSED|EADDRNOTAVAIL)$/) })
  },
)

it('warns at start about settings unfit for the internet and about unknown settings', async () => {
  const warned = async (env: Record<string, string>) => {
    const service = await startService('sqlite::memory:', { env })
    return service.log().filter(({ level }) => level === 'warn')
  }
  const worst = await warned({ BIENVENUE_THROTTLE: 'off', BIENVENUE_THROTLE: 'on' })
  expect(worst.flatMap(({ setting }) => setting ?? [])).toEqual([
    'BIENVENUE_MIN_PASSWORD_LENGTH',
    'BIENVENUE_PASSWORD_BLOCKLIST',
    'BIENVENUE_RESET_TOKEN_DELIVERY',
    'BIENVENUE_RESET_ENDS_SESSIONS',
    'BIENVENUE_REGISTRATION_ANSWER',
    'BIENVENUE_EMAIL_VERIFICATION',
    'BIENVENUE_SECURE_COOKIE',
    'BIENVENUE_THROTTLE',
  ])
  expect(worst.flatMap(({ variable }) => variable ?? [])).toEqual(['BIENVENUE_THROTLE'])
  const best = await warned({ BIENVENUE_MIN_PASSWORD_LENGTH: '15' })
  expect(best.map(({ msg }) => msg)).toEqual(
    unsafeOptions(resolveOptions({ minPasswordLength: 15 })).map(
      ({ reason }) => `not fit for the internet: ${reason}`,
    ),
  )
})

import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import { expect, it, onTestFinished } from 'vitest'
import type { BreachServiceUnreachable } from './breaches.ts'
import { createPasswordPolicy } from './index.ts'

const PASSWORD = 'plum kettle orbit sandal'
const SHA1 = createHash('sha1').update(PASSWORD).digest('hex').toUpperCase()
const [PREFIX, SUFFIX] = [SHA1.slice(0, 5), SHA1.slice(5)]
const BREACHED = { name: 'AuthError', code: 'password_breached', field: 'password' }

/** Lines about other passwords, as the service sends them. */
const OTHERS = Array.from({ length: 800 }, (_, index) => {
  const suffix = createHash('sha1').update(String(index)).digest('hex').toUpperCase().slice(5)
  return `${suffix}:${index % 3 === 0 ? 0 : index}`
})
const NO_HIT = OTHERS.join('\r\n')
const HIT = [...OTHERS.slice(0, 400), `${SUFFIX}:1`, ...OTHERS.slice(400)].join('\r\n')

/** A stand-in for the breach service, on loopback, and what reached it. */
async function serve(answer: RequestListener) {
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    requests.push(request)
    answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  onTestFinished(stop)
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests, stop }
}

const serveText = (text: string) =>
  serve((_, response) => response.setHeader('content-type', 'text/plain').end(text))

/** A policy of nothing but the breach check, with a clock that stands still, and what it reported: `null` is "up again". */
function policyFor(breachCheckUrl: string, { timeoutMs = 60_000 } = {}) {
  const reported: (BreachServiceUnreachable | null)[] = []
  const clock = { now: 0 }
  const policy = createPasswordPolicy(
    { minPasswordLength: 1, passwordBlocklist: false, contextWords: [], baseUrl: '', breachCheckUrl },
    (cause) => reported.push(cause),
    { now: () => clock.now, timeoutMs },
  )
  const check = (password = PASSWORD) => policy.check(password, { field: 'password', email: null })
  return { check, clock, reported, codes: () => reported.map((cause) => cause?.code ?? null) }
}

it('refuses a password whose hash the service knows, and sends the first five digits of it', async () => {
  const { url, requests } = await serveText(HIT)
  const { check, reported } = policyFor(url)
  await expect(check()).rejects.toMatchObject(BREACHED)
  expect(reported).toEqual([])
  expect(requests).toHaveLength(1)
  expect(requests[0]).toMatchObject({ method: 'GET', url: `/range/${PREFIX}` })
  const { headers, rawHeaders } = requests[0] ?? expect.unreachable()
  expect(headers).toMatchObject({ 'add-padding': 'true', 'user-agent': 'bienvenue' })
  for (const name of ['cookie', 'authorization', 'referer', 'origin', 'content-length', 'transfer-encoding'])
    expect(headers[name]).toBeUndefined()
  expect(rawHeaders.join('\n').toUpperCase()).not.toContain(SUFFIX)
  expect(rawHeaders.join('\n')).not.toContain('plum')
})

it.each([
  ['no line of it', NO_HIT],
  ['a count of 0, which is padding', NO_HIT.replace(OTHERS[7] ?? '', `${SUFFIX}:0`)],
  [
    'a suffix that only begins alike',
    NO_HIT.replace(
      OTHERS[7] ?? '',
      `${SUFFIX.slice(0, 34)}@:5`.replace('@', SUFFIX.endsWith('0') ? '1' : '0'),
    ),
  ],
  ['one line', OTHERS[1] ?? ''],
])('lets a password pass where the answer has %s', async (_, text) => {
  const { url, requests } = await serveText(text)
  const { check, reported } = policyFor(url)
  await expect(check()).resolves.toBeUndefined()
  expect(requests).toHaveLength(1)
  expect(reported).toEqual([])
})

it.each([
  ['lower case', HIT.toLowerCase()],
  ['single line feeds', HIT.replaceAll('\r\n', '\n')],
  ['a line break at its end', `${HIT}\r\n`],
  ['the hit first', `${SUFFIX}:900\r\n${NO_HIT}`],
  ['the hit last', `${NO_HIT}\r\n${SUFFIX}:12345678`],
])('reads an answer with %s', async (_, text) => {
  const { url } = await serveText(text)
  const { check, reported } = policyFor(url)
  await expect(check()).rejects.toMatchObject(BREACHED)
  expect(reported).toEqual([])
})

it.each(['', '/', '/range', '/range/', '/mirror', '/mirror/range//'])(
  'finds the range below the base address %j',
  async (path) => {
    const { url, requests } = await serveText(NO_HIT)
    await policyFor(`${url}${path}`).check()
    const parent = path.startsWith('/mirror') ? '/mirror' : ''
    expect(requests.map((request) => request.url)).toEqual([`${parent}/range/${PREFIX}`])
  },
)

it.each([
  'api.pwnedpasswords.com',
  'ftp://api.pwnedpasswords.com',
  'file:///range',
  'https://user:secret@api.pwnedpasswords.com',
  'https://api.pwnedpasswords.com/?mode=ntlm',
  'https://api.pwnedpasswords.com/#range',
])('does not start with the base address %j', (url) => {
  expect(() => policyFor(url)).toThrow(
    expect.objectContaining({ name: 'OptionError', option: 'breachCheckUrl' }),
  )
  expect(() => policyFor(url)).not.toThrow(/secret/)
})

/** Whatever the platform calls it. */
const NETWORK = expect.stringMatching(/^\w+$/)

/** Answers that are none. Each has a hit in it wherever that is possible, which must not count. */
const BROKEN: readonly (readonly [what: string, code: unknown, answer: RequestListener])[] = [
  ['503', 'status_503', (_, response) => response.writeHead(503).end(HIT)],
  ['404', 'status_404', (_, response) => response.writeHead(404).end(HIT)],
  ['204', 'status_204', (_, response) => response.writeHead(204).end()],
  [
    'a redirect',
    'no_answer',
    (request, response) =>
      request.url === '/elsewhere'
        ? response.end(HIT)
        : response.writeHead(302, { location: '/elsewhere' }).end(),
  ],
  ['nothing', 'malformed', (_, response) => response.end()],
  ['a page', 'malformed', (_, response) => response.end('<!doctype html><title>Log in to the Wi-Fi</title>')],
  ['a line cut short', 'malformed', (_, response) => response.end(HIT.slice(0, -20))],
  ['a line without a count', 'malformed', (_, response) => response.end(`${SUFFIX}\r\n${NO_HIT}`)],
  ['a count that is none', 'malformed', (_, response) => response.end(`${SUFFIX}:-1\r\n${NO_HIT}`)],
  ['an empty line', 'malformed', (_, response) => response.end(`${SUFFIX}:7\r\n\r\n${NO_HIT}`)],
  ['bytes', 'malformed', (_, response) => response.end(Buffer.from(HIT, 'utf16le'))],
  [
    'too much',
    'too_large',
    (_, response) => response.end([HIT, ...Array<string>(8).fill(NO_HIT), NO_HIT].join('\r\n')),
  ],
  [
    'without end',
    'too_large',
    (_, response) => {
      const more = () => {
        while (!response.destroyed && response.write(`${NO_HIT}\r\n`));
      }
      response.on('drain', more)
      more()
    },
  ],
  [
    'less than it promised',
    NETWORK,
    (_, response) => {
      response.writeHead(200, { 'content-length': String(HIT.length + 1) }).write(HIT)
      setImmediate(() => response.destroy())
    },
  ],
  ['no HTTP', NETWORK, (request) => request.socket.end(HIT)],
  ['a closed connection', NETWORK, (request) => request.socket.destroy()],
]

it.each(BROKEN)(
  'lets the password pass and reports it where the service answers %s',
  async (_, code, answer) => {
    const { url, requests } = await serve(answer)
    const { check, reported, codes } = policyFor(url)
    await expect(check()).resolves.toBeUndefined()
    expect(codes()).toEqual([code])
    expect(requests.map((request) => request.url)).toEqual([`/range/${PREFIX}`])
    expectToTellNothing(reported)
  },
)

/** Nothing of the password, nor of its hash: not even the part that left. */
function expectToTellNothing(errors: readonly (Error | null)[]) {
  const text = inspect(errors, { depth: null, showHidden: true }).toUpperCase()
  expect(text).toContain('BREACHSERVICEUNREACHABLE')
  for (const secret of ['PLUM', 'KETTLE', PREFIX, SUFFIX.slice(0, 8), SUFFIX.slice(-8)])
    expect(text).not.toContain(secret)
}

it('hangs up on an answer that it does not read', async () => {
  const closed = Promise.withResolvers<void>()
  const { url } = await serve((_, response) => {
    response.on('close', closed.resolve).writeHead(503).write(NO_HIT)
  })
  const { check, codes } = policyFor(url)
  await check()
  await closed.promise
  expect(codes()).toEqual(['status_503'])
})

it.each<[string, RequestListener]>([
  ['nothing at all', () => {}],
  ['its headers alone', (_, response) => response.writeHead(200).flushHeaders()],
  ['half of its answer', (_, response) => void response.write(HIT.slice(0, HIT.length / 2))],
])('waits no longer than its time for a service that sends %s', async (_, answer) => {
  const { url } = await serve(answer)
  const { check, reported, codes } = policyFor(url, { timeoutMs: 50 })
  await expect(check()).resolves.toBeUndefined()
  expect(codes()).toEqual(['timeout'])
  expectToTellNothing(reported)
})

it('lets the password pass and reports it where nobody listens', async () => {
  const { url, stop } = await serveText(HIT)
  await stop()
  const { check, reported, codes } = policyFor(url)
  await expect(check()).resolves.toBeUndefined()
  expect(codes()).toEqual(['ECONNREFUSED'])
  expectToTellNothing(reported)
})

it('leaves a service alone for 30 seconds after three failures in a row, then lets one try', async () => {
  let isUp = false
  const { url, requests } = await serve((_, response) =>
    isUp ? response.end(HIT) : response.writeHead(503).end(),
  )
  const { check, clock, reported, codes } = policyFor(url)
  for (let time = 0; time < 5; time++) await check()
  expect(codes()).toEqual(['status_503'])
  expectToTellNothing(reported)
  expect(requests).toHaveLength(3)

  clock.now = 29_999
  await check()
  expect(requests).toHaveLength(3)

  clock.now = 30_000
  await Promise.all([check(), check(), check()])
  expect(requests).toHaveLength(4)

  // Still down: another 30 seconds.
  clock.now = 59_999
  await check()
  expect(requests).toHaveLength(4)

  isUp = true
  clock.now = 60_000
  await expect(check()).rejects.toMatchObject(BREACHED)
  await expect(check()).rejects.toMatchObject(BREACHED)
  expect(requests).toHaveLength(6)
  expect(codes()).toEqual(['status_503', null])
})

it('reports each outage once, at its first failure, and the end of each', async () => {
  let status = 200
  const { url } = await serve((_, response) => response.writeHead(status).end(NO_HIT))
  const { check, clock, codes } = policyFor(url)
  await check()
  expect(codes()).toEqual([])
  for (const down of [503, 500]) {
    status = down
    await Promise.all([check(), check()])
    for (let time = 0; time < 3; time++) {
      await check()
      clock.now += 30_000
    }
    status = 200
    await check()
    await check()
    clock.now += 30_000
  }
  expect(codes()).toEqual(['status_503', null, 'status_500', null])
})

it('goes on asking where failures are not in a row', async () => {
  let count = 0
  const { url, requests } = await serve((_, response) =>
    ++count % 3 === 0 ? response.end(NO_HIT) : response.writeHead(500).end(),
  )
  const { check, codes } = policyFor(url)
  for (let time = 0; time < 9; time++) await check()
  expect(requests).toHaveLength(9)
  expect(codes()).toEqual(Array(3).fill(['status_500', null]).flat())
})

it('asks about the bytes of the password as they are, and asks last', async () => {
  const { url, requests } = await serveText(NO_HIT)
  const settings = {
    minPasswordLength: 8,
    passwordBlocklist: true,
    contextWords: [],
    baseUrl: '',
    breachCheckUrl: url,
  }
  const policy = createPasswordPolicy(settings, () => expect.unreachable())
  const about = { field: 'password', email: 'arthur@camelot.example' }
  for (const [password, code] of [
    ['short', 'password_too_short'],
    ['camelot-arthur', 'password_guessable'],
    ['passw0rd', 'password_too_common'],
  ] as const)
    await expect(policy.check(password, about)).rejects.toMatchObject({ code, field: 'password' })
  expect(requests).toEqual([])
  for (const password of [' Ve\u0301lo Kettle 42 ', ' V\u00e9lo Kettle 42 ']) {
    await policy.check(password, about)
    const digest = createHash('sha1').update(Buffer.from(password, 'utf8')).digest('hex').toUpperCase()
    expect(requests.at(-1)?.url).toBe(`/range/${digest.slice(0, 5)}`)
  }
})

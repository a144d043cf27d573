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
const BREACHED = { name: 'AuthError', code: 'password_breached', field: 'newPassword' }

/** Entries for other passwords, as the service sends them. */
const OTHERS = Array.from({ length: 800 }, (_, index) => {
  const suffix = createHash('sha1').update(String(index)).digest('hex').toUpperCase().slice(5)
  return `${suffix}:${index % 3 === 0 ? 0 : index}`
})
const NO_HIT = OTHERS.join('\r\n')
const HIT = [...OTHERS.slice(0, 400), `${SUFFIX}:1`, ...OTHERS.slice(400)].join('\r\n')

/** A local breach service that records its requests. */
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

/** A policy with only the breach check and a manual clock. Records its reports: `null` means that the service recovered. */
function policyFor(breachCheckUrl: string, { timeoutMs = 60_000 } = {}) {
  const reported: (BreachServiceUnreachable | null)[] = []
  const clock = { now: 0 }
  const policy = createPasswordPolicy(
    { minPasswordLength: 1, passwordBlocklist: false, contextWords: [], baseUrl: '', breachCheckUrl },
    (cause) => reported.push(cause),
    { now: () => clock.now, timeoutMs },
  )
  const check = (password = PASSWORD) => policy.check(password, { field: 'newPassword', email: null })
  return { check, clock, reported, codes: () => reported.map((cause) => cause?.code ?? null) }
}

it('refuses a breached password and sends only the first five digits of its hash [PW-06]', async () => {
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
  ['no entry for it', NO_HIT],
  ['an entry with a count of 0, which is padding', NO_HIT.replace(OTHERS[7] ?? '', `${SUFFIX}:0`)],
  [
    'an entry that differs in its last digit',
    NO_HIT.replace(
      OTHERS[7] ?? '',
      `${SUFFIX.slice(0, 34)}@:5`.replace('@', SUFFIX.endsWith('0') ? '1' : '0'),
    ),
  ],
  ['a single entry', OTHERS[1] ?? ''],
])('accepts a password if the response has %s', async (_, text) => {
  const { url, requests } = await serveText(text)
  const { check, reported } = policyFor(url)
  await expect(check()).resolves.toBeUndefined()
  expect(requests).toHaveLength(1)
  expect(reported).toEqual([])
})

it.each([
  ['lower case', HIT.toLowerCase()],
  ['single line feeds', HIT.replaceAll('\r\n', '\n')],
  ['a trailing line break', `${HIT}\r\n`],
  ['the match first', `${SUFFIX}:900\r\n${NO_HIT}`],
  ['the match last', `${NO_HIT}\r\n${SUFFIX}:12345678`],
])('finds a match in a response with %s', async (_, text) => {
  const { url } = await serveText(text)
  const { check, reported } = policyFor(url)
  await expect(check()).rejects.toMatchObject(BREACHED)
  expect(reported).toEqual([])
})

it.each(['', '/', '/range', '/range/', '/mirror', '/mirror/range//'])(
  'requests the range below the base URL path %j',
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
])('refuses to start with the base URL %j', (url) => {
  expect(() => policyFor(url)).toThrow(
    expect.objectContaining({ name: 'OptionError', option: 'breachCheckUrl' }),
  )
  expect(() => policyFor(url)).not.toThrow(/secret/)
})

/** The name of a network error depends on the platform. */
const NETWORK = expect.stringMatching(/^\w+$/)

/** Invalid responses. They contain a match where possible, which must not count. */
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
  ['an empty body', 'malformed', (_, response) => response.end()],
  [
    'an HTML page',
    'malformed',
    (_, response) => response.end('<!doctype html><title>Log in to the Wi-Fi</title>'),
  ],
  ['a line cut short', 'malformed', (_, response) => response.end(HIT.slice(0, -20))],
  ['a line without a count', 'malformed', (_, response) => response.end(`${SUFFIX}\r\n${NO_HIT}`)],
  ['a negative count', 'malformed', (_, response) => response.end(`${SUFFIX}:-1\r\n${NO_HIT}`)],
  ['an empty line', 'malformed', (_, response) => response.end(`${SUFFIX}:7\r\n\r\n${NO_HIT}`)],
  ['UTF-16', 'malformed', (_, response) => response.end(Buffer.from(HIT, 'utf16le'))],
  [
    'a body that is too large',
    'too_large',
    (_, response) => response.end([HIT, ...Array<string>(8).fill(NO_HIT), NO_HIT].join('\r\n')),
  ],
  [
    'an endless body',
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
    'fewer bytes than announced',
    NETWORK,
    (_, response) => {
      response.writeHead(200, { 'content-length': String(HIT.length + 1) }).write(HIT)
      setImmediate(() => response.destroy())
    },
  ],
  ['something other than HTTP', NETWORK, (request) => request.socket.end(HIT)],
  ['by closing the connection', NETWORK, (request) => request.socket.destroy()],
]

it.each(BROKEN)(
  'accepts the password and reports the failure if the service responds with %s [PW-06]',
  async (_, code, answer) => {
    const { url, requests } = await serve(answer)
    const { check, reported, codes } = policyFor(url)
    await expect(check()).resolves.toBeUndefined()
    expect(codes()).toEqual([code])
    expect(requests.map((request) => request.url)).toEqual([`/range/${PREFIX}`])
    expectNoSecrets(reported)
  },
)

/** A report must contain neither the password nor its hash, not even the prefix that was sent. */
function expectNoSecrets(errors: readonly (Error | null)[]) {
  const text = inspect(errors, { depth: null, showHidden: true }).toUpperCase()
  expect(text).toContain('BREACHSERVICEUNREACHABLE')
  for (const secret of ['PLUM', 'KETTLE', PREFIX, SUFFIX.slice(0, 8), SUFFIX.slice(-8)])
    expect(text).not.toContain(secret)
}

it('closes the connection if it does not read the response', async () => {
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
  ['nothing', () => {}],
  ['only its headers', (_, response) => response.writeHead(200).flushHeaders()],
  ['half of its body', (_, response) => void response.write(HIT.slice(0, HIT.length / 2))],
])('times out if the service sends %s', async (_, answer) => {
  const { url } = await serve(answer)
  const { check, reported, codes } = policyFor(url, { timeoutMs: 50 })
  await expect(check()).resolves.toBeUndefined()
  expect(codes()).toEqual(['timeout'])
  expectNoSecrets(reported)
})

it('accepts the password and reports the failure if the connection is refused', async () => {
  const { url, stop } = await serveText(HIT)
  await stop()
  const { check, reported, codes } = policyFor(url)
  await expect(check()).resolves.toBeUndefined()
  expect(codes()).toEqual(['ECONNREFUSED'])
  expectNoSecrets(reported)
})

it('pauses for 30 seconds after three failures in a row, then sends a single request', async () => {
  let isUp = false
  const { url, requests } = await serve((_, response) =>
    isUp ? response.end(HIT) : response.writeHead(503).end(),
  )
  const { check, clock, reported, codes } = policyFor(url)
  for (let time = 0; time < 5; time++) await check()
  expect(codes()).toEqual(['status_503'])
  expectNoSecrets(reported)
  expect(requests).toHaveLength(3)

  clock.now = 29_999
  await check()
  expect(requests).toHaveLength(3)

  clock.now = 30_000
  await Promise.all([check(), check(), check()])
  expect(requests).toHaveLength(4)

  // The request failed, so another 30 seconds begin.
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

it('reports the start and the end of each outage once [PW-06]', async () => {
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

it('does not pause while failures are not in a row', async () => {
  let count = 0
  const { url, requests } = await serve((_, response) =>
    ++count % 3 === 0 ? response.end(NO_HIT) : response.writeHead(500).end(),
  )
  const { check, codes } = policyFor(url)
  for (let time = 0; time < 9; time++) await check()
  expect(requests).toHaveLength(9)
  expect(codes()).toEqual(Array(3).fill(['status_500', null]).flat())
})

it('runs after the local checks and hashes the password bytes without normalization', async () => {
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

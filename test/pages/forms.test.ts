/** The origin that a real browser sends with a form, and how the service decides on it. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { toNodeHandler } from '../../src/node.ts'
import { hasBrowser, openBrowser } from '../support/browser.ts'
import { freshAuth } from '../support/engines.ts'

const BOB = { email: 'bob@example.com', password: 'b4l0u' }

/** The headers that tell the origin of a form. */
interface Source {
  readonly origin: string | undefined
  readonly site: string | string[] | undefined
}

/** The service on a site with pages whose form signs Bob in. */
async function startSite() {
  const auth = await freshAuth('sqlite')
  await auth.registerUser(BOB.email, BOB.password)
  const sources: Source[] = []
  const handle = toNodeHandler(auth)
  let origin = ''
  const form = () => `<!doctype html><form method="post" action="${origin}/sessions">
<input name="email" value="${BOB.email}"><input name="password" value="${BOB.password}"><button>Sign in</button></form>`
  const pages: Readonly<Record<string, Record<string, string>>> = {
    '/form': {},
    // The default of helmet.
    '/quiet': { 'referrer-policy': 'no-referrer' },
    '/sandbox': { 'content-security-policy': 'sandbox allow-forms allow-scripts' },
  }
  const server = createServer(async (request, response) => {
    const headers = pages[request.url ?? '']
    if (headers !== undefined)
      return response.writeHead(200, { 'content-type': 'text/html', ...headers }).end(form())
    if (request.url === '/favicon.ico') return response.writeHead(404).end()
    sources.push({ origin: request.headers.origin, site: request.headers['sec-fetch-site'] })
    return handle(request, response)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.closeAllConnections())
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  origin = `http://localhost:${port}`
  return { origin, port, sources }
}

describe.skipIf(!hasBrowser)('a form in a browser', () => {
  let browser: Browser
  let close: () => Promise<void> | void
  beforeAll(async () => {
    browser = await openBrowser((end) => {
      close = end
    })
  })
  afterAll(() => close())

  /** Submits the form on a page. Returns the headers that the browser sent and the status of the answer. */
  async function submit(host: string, path: string) {
    const { origin, port, sources } = await startSite()
    const context = await browser.newContext()
    onTestFinished(() => context.close())
    const page = await context.newPage()
    await page.goto(`http://${host}:${port}${path}`)
    const answered = page.waitForResponse(`${origin}/sessions`)
    await page.getByRole('button').click()
    const status = (await answered).status()
    return { ...sources[0], origin: sources[0]?.origin?.replace(String(port), 'PORT'), status }
  }

  it.each([
    ['of the same site', 'localhost', '/form', 'http://localhost:PORT', 'same-origin', 200],
    ['of the same site without a referrer', 'localhost', '/quiet', 'null', 'same-origin', 200],
    ['of the same site in a sandbox', 'localhost', '/sandbox', 'null', 'cross-site', 403],
    ['of another site', 'evil.example', '/form', 'http://evil.example:PORT', 'cross-site', 403],
    ['of another site without a referrer', 'evil.example', '/quiet', 'null', 'cross-site', 403],
  ])('on a page %s is accepted only if it is same-origin', async (_, host, path, origin, site, status) => {
    expect(await submit(host, path)).toEqual({ origin, site, status })
  })
})

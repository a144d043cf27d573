/** The examples of frameworks that build the application: installed from the registry, built, started and used. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { decodeBase32 } from '../../src/lib/base32.ts'
import { totpCode, totpStep } from '../../src/lib/totp.ts'
import { hasBrowser, openBrowser } from '../support/browser.ts'
import { install, PATH, succeed } from '../support/installed.ts'
import { freePort } from '../support/ports.ts'
import { PASSWORD } from '../support/production.ts'
import { type RunningProcess, startProgram } from '../support/service.ts'
import type { OnEnd } from '../support/system.ts'

interface Framework {
  /** Its package, whose version the test reports. */
  readonly package: string
  /** Commands that check the types, besides those of the build. */
  readonly types: readonly (readonly string[])[]
  readonly start: (port: number) => readonly string[]
  /** Starts the development server. */
  readonly develop: (port: number) => readonly string[]
  readonly env: (port: number) => Record<string, string>
  /** The protected page. Signed-out users get to `/sign-in` instead. */
  readonly account: string
  /** Pages with a form that works without JavaScript, if it does. */
  readonly formWithoutScript: string
  /** The IP address that the audit log has of a sign-in through the routes of the service. */
  readonly ip: string | null
}

const FRAMEWORKS: Readonly<Record<string, Framework>> = {
  nextjs: {
    package: 'next',
    types: [],
    start: (port) => ['node_modules/.bin/next', 'start', '-p', String(port), '-H', '127.0.0.1'],
    develop: (port) => ['node_modules/.bin/next', 'dev', '-p', String(port), '-H', '127.0.0.1'],
    env: () => ({}),
    account: '/account',
    formWithoutScript: '/server-sign-in',
    ip: null,
  },
  sveltekit: {
    package: '@sveltejs/kit',
    types: [['tsc', '--noEmit']],
    start: () => ['build/index.js'],
    develop: (port) => ['node_modules/.bin/vite', 'dev', '--port', String(port), '--host', '127.0.0.1'],
    env: (port) => ({ PORT: String(port), HOST: '127.0.0.1' }),
    account: '/',
    formWithoutScript: '/sign-in',
    ip: '127.0.0.1',
  },
  'react-router': {
    package: 'react-router',
    types: [
      ['react-router', 'typegen'],
      ['tsc', '--noEmit'],
    ],
    start: () => ['node_modules/.bin/react-router-serve', 'build/server/index.js'],
    develop: (port) => [
      'node_modules/.bin/react-router',
      'dev',
      '--port',
      String(port),
      '--host',
      '127.0.0.1',
    ],
    env: (port) => ({ PORT: String(port), HOST: '127.0.0.1' }),
    account: '/',
    formWithoutScript: '/sign-in',
    ip: null,
  },
}

const EMAIL = 'bob@example.com'

/** `fetch` finds no way out, so only npm uses the network. The service does not look up breached passwords then. */
const OFFLINE = {
  NODE_USE_ENV_PROXY: '1',
  HTTPS_PROXY: 'http://127.0.0.1:9',
  HTTP_PROXY: 'http://127.0.0.1:9',
}

const ENV = { PATH, NEXT_TELEMETRY_DISABLED: '1' }

/** Installs and builds an example, and checks its types. The build needs no database. */
async function build(name: string, { types }: Framework, origin: string, onEnd: OnEnd): Promise<string> {
  const folder = await install(`examples/${name}`, `frameworks/${name}`, onEnd)
  const options = { cwd: folder, env: { ...ENV, ...OFFLINE, ORIGIN: origin }, onEnd }
  await succeed('npm', ['run', '--if-present', 'prepare'], options)
  await succeed('npm', ['run', 'build'], options)
  for (const [tool = '', ...args] of types)
    await succeed(join(folder, 'node_modules/.bin', tool), args, options)
  expect(readdirSync(folder).filter((entry) => entry.endsWith('.db'))).toEqual([])
  return folder
}

const MINUTE = 60_000

describe.each(Object.entries(FRAMEWORKS))('the example %s', { timeout: 5 * MINUTE }, (name, framework) => {
  let folder: string
  let url: string
  let program: RunningProcess
  let browser: Browser
  const ends: (() => Promise<void> | void)[] = []
  const onEnd: OnEnd = (end) => void ends.push(end)

  beforeAll(async () => {
    const port = await freePort()
    url = `http://localhost:${port}`
    folder = await build(name, framework, url, onEnd)
    const manifest = readFileSync(join(folder, 'node_modules', framework.package, 'package.json'), 'utf8')
    console.info(`${framework.package} ${JSON.parse(manifest).version}`)
    program = await start(framework.start(port), port)
    if (hasBrowser) browser = await openBrowser(onEnd)
  }, 10 * MINUTE)

  async function start(args: readonly string[], port: number): Promise<RunningProcess> {
    const started = startProgram(args, {
      cwd: folder,
      env: { ...ENV, ...OFFLINE, ...framework.env(port), BASE_URL: `http://localhost:${port}/auth` },
      // Mail is printed to standard error.
      under: ['/bin/sh', '-c', 'exec "$@" 2>&1', 'sh'],
      onEnd,
    })
    await started.line((line) => /ready|listening|http:/i.test(line))
    return started
  }

  afterAll(async () => {
    for (const end of ends.toReversed()) await end()
  })

  const json = (body: object, headers: Record<string, string> = {}) => ({
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: url, ...headers },
    body: JSON.stringify(body),
  })

  /** Registers an account and confirms its address through the routes of the service. Returns its credentials. */
  async function register(email: string) {
    const credentials = { email, password: PASSWORD }
    expect((await fetch(`${url}/auth/users`, json(credentials))).status).toBe(200)
    const [, token] = (await mailedLink(email)).split('#token=')
    const confirmed = await fetch(`${url}/auth/confirm_email`, json({ token, password: PASSWORD }))
    expect(confirmed.status).toBe(200)
    return credentials
  }

  /** The link of the mail that is printed for an address. */
  async function mailedLink(email: string): Promise<string> {
    const to = await program.line((line) => line === `To: ${email}`)
    const isLink = (line: string, index: number) => index > program.lines.indexOf(to) && line.startsWith(url)
    await program.line((line) => isLink(line, program.lines.indexOf(line)))
    return program.lines.find(isLink) ?? ''
  }

  const account = (cookie = '') => fetch(url + framework.account, { headers: { cookie }, redirect: 'manual' })

  async function expectRefused(response: Response): Promise<void> {
    expect([response.status, response.headers.get('location')]).toEqual([
      expect.toSatisfy((status: number) => [302, 303, 307].includes(status)),
      '/sign-in',
    ])
  }

  it('sets two cookies at sign-in, and knows the user until the session ends', async () => {
    const email = 'alice@example.com'
    const signedIn = await fetch(`${url}/auth/sessions`, json(await register(email)))
    expect(signedIn.status).toBe(200)
    const cookies = signedIn.headers.getSetCookie().map((line) => line.split(';', 1)[0] ?? '')
    expect(cookies.map((cookie) => cookie.split('=', 1)[0]).toSorted()).toEqual(['device', 'session_id'])

    const cookie = cookies.join('; ')
    const page = await account(cookie)
    expect(page.status).toBe(200)
    expect(await page.text()).toContain(email)
    await expectRefused(await account())
    await expectRefused(await account('session_id=nonsense'))

    const headers = { cookie, origin: url }
    expect((await fetch(`${url}/auth/session`, { method: 'DELETE', headers })).status).toBe(204)
    await expectRefused(await account(cookie))

    using database = new DatabaseSync(join(folder, 'accounts.db'), { readOnly: true })
    const addresses = database.prepare("select distinct ip_address from audit where action = 'login'").all()
    expect(addresses).toEqual([{ ip_address: framework.ip }])
  })

  it('serves the routes of the service, with their refusals', async () => {
    const refusal = async (response: Response) => {
      expect(response.headers.get('content-type')).toMatch(/^application\/json/)
      return [response.status, ((await response.json()) as { code: string }).code]
    }
    expect(await (await fetch(`${url}/auth`)).json()).toEqual({ message: 'Bienvenue' })
    const head = await fetch(`${url}/auth/session`, { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])

    const credentials = { email: 'nobody@example.com', password: PASSWORD }
    const sessions = `${url}/auth/sessions`
    const foreign = json(credentials, { origin: 'https://evil.example' })
    expect(await refusal(await fetch(sessions, foreign))).toEqual([403, 'foreign_origin'])
    const large = json({ ...credentials, password: 'x'.repeat(70_000) })
    expect(await refusal(await fetch(sessions, large))).toEqual([413, 'body_too_large'])
    expect(await refusal(await fetch(sessions, json(credentials)))).toEqual([401, 'invalid_credentials'])
    expect(await refusal(await fetch(`${url}/auth/nothing`))).toEqual([404, 'not_found'])
    const wrongMethod = { method: 'PUT', headers: { origin: url } }
    expect(await refusal(await fetch(sessions, wrongMethod))).toEqual([405, 'method_not_allowed'])
  })

  it('works with the development server', async () => {
    const port = await freePort()
    const server = await start(framework.develop(port), port)
    const answer = await fetch(`http://localhost:${port}/auth/session`)
    expect(await answer.json()).toEqual({ user: null, session: null })
    await expectRefused(await fetch(`http://localhost:${port}${framework.account}`, { redirect: 'manual' }))
    await server.stop('SIGTERM')
  })

  // Needs Chromium. Without it the run lists this as skipped.
  describe.skipIf(!hasBrowser)('in Chromium', () => {
    async function openPage(javaScriptEnabled = true): Promise<Page> {
      const context = await browser.newContext({ javaScriptEnabled })
      onTestFinished(() => context.close())
      context.setDefaultTimeout(MINUTE / 4)
      return context.newPage()
    }

    async function submit(page: Page, email: string, password: string, button: string): Promise<void> {
      await page.locator('input[name=email]').fill(email)
      await page.locator('input[name=password]').fill(password)
      await page.getByRole('button', { name: button }).click()
    }

    it('registers, confirms the address, signs in, shows the protected page, and signs out', async () => {
      const page = await openPage()
      const faults: string[] = []
      page.on('pageerror', ({ message }) => faults.push(message))

      await page.goto(url + framework.account)
      await page.waitForURL('**/sign-in')
      await page.goto(`${url}/register`, { waitUntil: 'networkidle' })
      await submit(page, EMAIL, PASSWORD, 'Register')
      await page.getByRole('status').getByText('Open the link in the mail.').waitFor()

      await page.goto(await mailedLink(EMAIL))
      await page.locator('input[type=password]').fill(PASSWORD)
      const confirmed = page.waitForResponse(`${url}/auth/confirm_email`)
      await page.getByRole('button').last().click()
      expect((await confirmed).status()).toBe(200)

      await page.goto(`${url}/sign-in`, { waitUntil: 'networkidle' })
      await submit(page, EMAIL, 'wrong', 'Sign in')
      await page.getByRole('status').getByText('password').waitFor()
      // A registration in the browser leaves the cookie `browser`, for a code in mail.
      const cookiesOf = async () => (await page.context().cookies()).filter(({ name }) => name !== 'browser')
      expect(await cookiesOf()).toEqual([])
      await submit(page, EMAIL, PASSWORD, 'Sign in')
      await page.getByRole('heading', { name: `Hello, ${EMAIL}` }).waitFor()
      const cookies = await cookiesOf()
      expect(cookies.map(({ name, httpOnly }) => [name, httpOnly]).toSorted()).toEqual([
        ['device', true],
        ['session_id', true],
      ])

      // The script of the page must run before its button works.
      await page.waitForLoadState('networkidle')
      await page.getByRole('button', { name: 'Sign out' }).click()
      await page.waitForURL('**/sign-in')
      await page.goto(url + framework.account)
      await page.waitForURL('**/sign-in')
      expect(faults).toEqual([])
    })

    it('signs in with a form on the server, without JavaScript', async () => {
      const email = 'carol@example.com'
      await register(email)
      const page = await openPage(false)
      await page.goto(url + framework.formWithoutScript)
      await submit(page, email, 'wrong', 'Sign in')
      await page.getByRole('status').getByText('password').waitFor()
      await submit(page, email, PASSWORD, 'Sign in')
      await page.getByRole('heading', { name: `Hello, ${email}` }).waitFor()
    })

    it('asks for the second factor of an account on the hosted page, which leads back', async () => {
      const credentials = await register('dora@example.com')
      const signedIn = await fetch(`${url}/auth/sessions`, json(credentials))
      const cookie = signedIn.headers.getSetCookie().map((line) => line.split(';', 1)[0])
      const headers = { cookie: cookie.join('; ') }
      const begun = await fetch(`${url}/auth/profile/totp`, json({}, headers))
      const { secret: key } = (await begun.json()) as { secret: string }
      const secret = decodeBase32(key) as Uint8Array
      const code = (steps: number) => totpCode(secret, totpStep(new Date()) + steps)
      const confirmation = { ...json({ code: code(0) }, headers), method: 'PUT' }
      expect((await fetch(`${url}/auth/profile/totp`, confirmation)).status).toBe(200)

      for (const [form, hasScript] of [
        ['/sign-in', true],
        [framework.formWithoutScript, false],
      ] as const) {
        const page = await openPage(hasScript)
        await page.goto(url + form, { waitUntil: 'networkidle' })
        await submit(page, credentials.email, credentials.password, 'Sign in')
        await page.waitForURL('**/auth/sign_in/factor')
        if (hasScript) continue
        // The code of this moment has been used.
        await page.locator('input[name=code]').fill(code(1))
        await page.getByRole('button', { name: 'Continue' }).click()
        await page.getByRole('heading', { name: `Hello, ${credentials.email}` }).waitFor()
      }
    })
  })
})

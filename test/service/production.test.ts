/** Production mode as deployed: behind nginx with TLS, with a mail server and a browser. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { AuditEntry } from '../../src/index.ts'
import { PAGES } from '../../src/text/index.ts'
import { hasBrowser, openBrowser } from '../support/browser.ts'
import { hasOpenssl, makeCertificates } from '../support/certificates.ts'
import {
  type Answer,
  type Ask,
  ask,
  cookiesOf,
  fragmentOf,
  HOST,
  linkIn,
  mailTo,
  productionEnv,
  runCommand,
} from '../support/deployed.ts'
import { type EngineName, freshDatabase, onEachEngine } from '../support/engines.ts'
import { hasNginx, startNginx } from '../support/nginx.ts'
import { freePort } from '../support/ports.ts'
import { ROOT, type Service, startService } from '../support/service.ts'
import { startSmtpServer } from '../support/smtp.ts'
import { temporaryFolder } from '../support/system.ts'

const EMAIL = 'alice.cooper@example.com'
const PASSWORD = 'first passphrase of this story'
const NEW_PASSWORD = 'second passphrase of this story'
const SMTP_PASSWORD = 'smtp-secret-of-this-story'
const CLIENT = '127.0.0.2'
/** The address of the browser, and of nginx as the service sees it. */
const LOOPBACK = '127.0.0.1'

const canRun = hasNginx && hasOpenssl
if (!canRun || !hasBrowser)
  console.warn('SKIPPED: production behind nginx. Install nginx, openssl and chromium to run it.')

/** The shipped nginx configuration with replacements. Fails if one is not found. */
function nginxConf(pairs: readonly (readonly [found: string, by: string])[]): string {
  return pairs.reduce(
    (content, [found, by]) => {
      expect(content).toContain(found)
      return content.replaceAll(found, by)
    },
    readFileSync(join(ROOT, 'deploy/nginx.conf'), 'utf8'),
  )
}

/** Starts the service behind nginx, with a mail server. */
async function deploy(engine: EngineName, settings: Readonly<Record<string, string>> = {}) {
  const [databaseUrl, httpPort, httpsPort] = [await freshDatabase(engine), await freePort(), await freePort()]
  const smtp = await startSmtpServer({
    authOptional: false,
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _session, done) =>
      username === 'mailer' && password === SMTP_PASSWORD
        ? done(null, { user: username })
        : done(new Error('no')),
  })
  const baseUrl = `https://${HOST}:${httpsPort}`
  const env = {
    ...productionEnv(`smtp://mailer:${SMTP_PASSWORD}@127.0.0.1:${smtp.port}`, baseUrl),
    // Also logs successful reads.
    BIENVENUE_LOG_LEVEL: 'debug',
    ...settings,
  }
  const service = await startService(databaseUrl, { env })
  const tls = makeCertificates([HOST])
  const folder = temporaryFolder()
  await startNginx(
    nginxConf([
      ['listen 80;', `listen 127.0.0.1:${httpPort};`],
      ['listen [::]:80;', ''],
      ['listen 443 ssl http2;', `listen 127.0.0.1:${httpsPort} ssl http2;`],
      ['listen [::]:443 ssl http2;', ''],
      ['127.0.0.1:5000', `127.0.0.1:${service.port}`],
      [`/etc/letsencrypt/live/${HOST}/fullchain.pem`, tls.cert],
      [`/etc/letsencrypt/live/${HOST}/privkey.pem`, tls.key],
      ['/var/log/nginx/', `${folder}/`],
    ]),
  )
  const ca = readFileSync(tls.ca)
  const host = `${HOST}:${httpsPort}`
  return {
    ...{ baseUrl, databaseUrl, env, service, smtp },
    proxyLog: () => readFileSync(join(folder, 'bienvenue.log'), 'utf8'),
    /** Sends a request through nginx from another address than its own. */
    send: (method: string, path: string, { from = CLIENT, ...request }: Ask & { from?: string } = {}) =>
      ask({ port: httpsPort, host, ca, localAddress: from }, method, path, request),
    /** Sends a request directly to the service. */
    sendDirectly: (method: string, path: string, request: Ask) =>
      ask({ port: service.port, host }, method, path, request),
  }
}

/** A page in a fresh browser context, and the URLs that it requested, without those of its style and script. */
async function openPage(browser: Browser): Promise<{ page: Page; requested: string[] }> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true })
  onTestFinished(() => context.close())
  const page = await context.newPage()
  const requested: string[] = []
  page.on('request', (request) => {
    if (!request.url().includes('/assets/')) requested.push(`${request.method()} ${request.url()}`)
  })
  return { page, requested }
}

/** Opens a link and submits the password. */
async function typeInto(page: Page, link: URL, password: string, flow: 'confirmEmail' | 'resetPassword') {
  const { ask, done } = PAGES.en[flow]
  await page.goto(link.href)
  await page.getByLabel(ask.label, { exact: true }).fill(password)
  await page.locator('[type=submit]').click()
  await page.getByRole('heading', { name: done.heading, exact: true }).waitFor()
}

interface AuditLine extends Omit<AuditEntry, 'at'> {
  readonly at: string
}

// Needs both the proxy and a browser. Other tests cover each part alone.
describe.skipIf(!canRun || !hasBrowser)('with a browser', () => {
  let browser: Browser
  let close: () => Promise<void> | void
  beforeAll(async () => {
    browser = await openBrowser((end) => {
      close = end
    })
  })
  afterAll(() => close())

  onEachEngine('production behind nginx', (engine) => {
    it('takes an account from registration to a reset by mail, auditing every step without secrets', async () => {
      const { baseUrl, databaseUrl, env, service, smtp, proxyLog, send } = await deploy(engine)
      const { page, requested } = await openPage(browser)

      const home = await send('GET', '/')
      expect(home).toMatchObject({ status: 200, json: { message: 'Bienvenue' } })

      const tooEarly = await send('POST', '/sessions', { fields: { email: EMAIL, password: PASSWORD } })
      expect(tooEarly).toMatchObject({ status: 401, json: { code: 'invalid_credentials' } })
      const registered = await send('POST', '/users', { fields: { email: EMAIL, password: PASSWORD } })
      expect(registered).toMatchObject({ status: 200, json: { email: EMAIL, message: 'user created' } })
      const confirmLink = linkIn(await mailTo(smtp, EMAIL))
      expect(confirmLink.href).toMatch(new RegExp(`^${baseUrl}/confirm_email#token=`))
      await typeInto(page, confirmLink, PASSWORD, 'confirmEmail')
      expect(page.url()).toBe(`${baseUrl}/confirm_email`)

      const loggedIn = await send('POST', '/sessions', { fields: { email: EMAIL, password: PASSWORD } })
      expect(loggedIn).toMatchObject({ status: 200, json: { email: EMAIL, message: 'logged in' } })
      expect(loggedIn.headers['set-cookie']).toEqual([
        expect.stringMatching(
          /^__Host-session_id=[^;]+; Path=\/; Max-Age=\d+; Expires=[^;]+ GMT; Secure; HttpOnly; SameSite=Lax$/,
        ),
        expect.stringMatching(
          /^__Host-device=[^;]+; Path=\/; Max-Age=\d+; Expires=[^;]+ GMT; Secure; HttpOnly; SameSite=Lax$/,
        ),
      ])
      const cookies = cookiesOf(loggedIn)
      expect((await mailTo(smtp, EMAIL, 1)).mail.text).toContain(CLIENT)
      expect(await send('GET', '/profile', { cookies })).toMatchObject({
        status: 200,
        json: { email: EMAIL },
      })
      const { json } = await send('GET', '/sessions', { cookies })
      expect(json.sessions).toMatchObject([{ current: true, ip: CLIENT, user_agent: 'Test/1.0' }])

      const asked = await send('POST', '/reset_password', { fields: { email: EMAIL } })
      expect(asked).toMatchObject({ status: 200, json: { email: EMAIL, message: 'reset mail sent' } })
      expect(Object.keys(asked.json)).toEqual(['email', 'message'])
      const resetLink = linkIn(await mailTo(smtp, EMAIL, 2))
      expect(resetLink.href).toMatch(new RegExp(`^${baseUrl}/reset_password#`))
      await typeInto(page, resetLink, NEW_PASSWORD, 'resetPassword')
      expect(page.url()).toBe(`${baseUrl}/reset_password`)
      await mailTo(smtp, EMAIL, 3)

      expect(await send('GET', '/profile', { cookies })).toMatchObject({ status: 403 })
      const refused = await send('POST', '/sessions', {
        cookies,
        fields: { email: EMAIL, password: PASSWORD },
      })
      expect(refused).toMatchObject({ status: 401, json: { code: 'invalid_credentials' } })
      const again = await send('POST', '/sessions', {
        cookies,
        fields: { email: EMAIL, password: NEW_PASSWORD },
      })
      expect(again.status).toBe(200)
      const newCookies = { ...cookies, ...cookiesOf(again) }
      const loggedOut = await send('DELETE', '/sessions', { cookies: newCookies })
      expect(loggedOut).toMatchObject({ status: 302, headers: { location: '/' } })
      expect(await send('GET', '/profile', { cookies: newCookies })).toMatchObject({ status: 403 })

      for (const answer of [home, registered, loggedIn, asked, refused, loggedOut])
        expect(answer.headers['strict-transport-security']).toBe('max-age=63072000; includeSubDomains')
      // The tokens were sent only in the two bodies.
      expect(requested).toEqual([
        `GET ${confirmLink.href.replace(/#.*/, '')}`,
        `POST ${baseUrl}/confirm_email`,
        `GET ${resetLink.href.replace(/#.*/, '')}`,
        `PUT ${baseUrl}/reset_password`,
      ])

      const audit = (await runCommand<AuditLine>(['audit', '--limit', '0'], databaseUrl, env)).reverse()
      expect(audit.map(({ action, outcome, reason, ip }) => [action, outcome, reason, ip])).toEqual([
        ['login', 'refused', 'unknown_email', CLIENT],
        ['register', 'success', null, CLIENT],
        ['confirm_email', 'success', null, LOOPBACK],
        ['login', 'success', 'pwd', CLIENT],
        ['request_password_reset', 'success', null, CLIENT],
        ['reset_password', 'success', null, LOOPBACK],
        ['login', 'refused', 'wrong_password', CLIENT],
        ['login', 'success', 'pwd', CLIENT],
        ['logout', 'success', null, CLIENT],
      ])
      const [first, ...others] = audit
      expect(first).toMatchObject({ userId: null, details: { email: 'a***@example.com' } })
      expect(new Set(others.map(({ userId }) => userId)).size).toBe(1)
      const ofRefusals = audit
        .filter(({ outcome }) => outcome === 'refused')
        .map(({ requestId }) => requestId)
      expect(ofRefusals).toEqual([tooEarly, refused].map(({ json }) => json.request_id))
      expect(await service.stop()).toBe(0)
      expect(audit.map(({ requestId }) => routeOf(service, requestId))).toEqual([
        'POST /sessions',
        'POST /users',
        'POST /confirm_email',
        'POST /sessions',
        'POST /reset_password',
        'PUT /reset_password',
        'POST /sessions',
        'POST /sessions',
        'DELETE /sessions',
      ])

      const secrets = [
        ...[PASSWORD, NEW_PASSWORD, SMTP_PASSWORD, env.BIENVENUE_SECRET_KEY],
        ...[fragmentOf(confirmLink).token, fragmentOf(resetLink).token],
        ...[...Object.values(cookies), ...Object.values(newCookies)],
      ].flatMap((secret = '') => partsOf(secret))
      // The address is looked up for display and is not stored in the record.
      const lines = audit.map(({ email: _, ...line }) => line)
      const written = [service.lines.join('\n'), await service.stderr, proxyLog(), JSON.stringify(lines)]
      for (const text of written) {
        expect(secrets.filter((secret) => text.includes(secret))).toEqual([])
        expect(text.toLowerCase()).not.toContain('alice.cooper')
      }
      // Shows that the search works.
      expect(service.lines.join('\n')).toContain(CLIENT)
    })
  })
})

/** The method and route logged under a request id. */
function routeOf(service: Service, requestId: string | null): string | undefined {
  const line = service.log().find((entry) => entry.msg === 'request' && entry.requestId === requestId)
  return line && `${line.method} ${line.route}`
}

/** A secret, its URL-encoded forms and its secret parts. */
function partsOf(secret: string): string[] {
  expect(secret.length).toBeGreaterThan(20)
  const parts = secret.split('.').filter((part) => part.length > 40)
  return [...new Set([secret, encodeURIComponent(secret), secret.replaceAll(' ', '+'), ...parts])]
}

const EVIL = 'evil.example.net'
const FORGED: Readonly<Record<string, string>> = {
  'x-forwarded-host': EVIL,
  'x-forwarded-server': EVIL,
  'x-forwarded-port': '8443',
  'x-forwarded-prefix': `//${EVIL}`,
  'x-original-host': EVIL,
  'x-original-url': `https://${EVIL}/`,
  'x-host': EVIL,
  'x-http-host-override': EVIL,
  'x-forwarded-proto': 'http',
  forwarded: `for=198.51.100.9;host=${EVIL};proto=http`,
}

// Needs nginx. `test/security/requests.test.ts` tests the service without it.
it.skipIf(!canRun)('forged headers never change a link in a mail', async () => {
  const { baseUrl, smtp, send, sendDirectly } = await deploy('sqlite')
  const known = { fields: { email: EMAIL } }
  await send('POST', '/users', { headers: FORGED, fields: { email: EMAIL, password: PASSWORD } })
  await mailTo(smtp, EMAIL)

  const other = await send('POST', '/reset_password', { ...known, headers: { host: EVIL } })
  expect(other).toMatchObject({ status: 421, json: { code: 'unknown_host' } })
  expect((await send('POST', '/reset_password', { ...known, headers: FORGED })).status).toBe(200)
  await mailTo(smtp, EMAIL, 1)
  // Even without nginx: of a trusted proxy only the client address is used.
  expect((await sendDirectly('POST', '/reset_password', { ...known, headers: FORGED })).status).toBe(200)
  await mailTo(smtp, EMAIL, 2)

  expect(smtp.received).toHaveLength(3)
  for (const mail of smtp.received) {
    expect(linkIn(mail).origin).toBe(baseUrl)
    const content = `${mail.mail.text}\n${mail.mail.html}`
    for (const [, origin] of content.matchAll(/(https?:\/\/[^/]+)/g)) expect(origin).toBe(baseUrl)
    expect(content + mail.raw).not.toContain(EVIL)
  }
})

// Needs nginx.
it.skipIf(!canRun)(
  'a forged X-Forwarded-For neither evades throttling nor enters the audit log',
  async () => {
    const { databaseUrl, env, send } = await deploy('sqlite', { BIENVENUE_LOGIN_FAILURES_PER_IP: '3' })
    const guess = (count: number, from = CLIENT): Promise<Answer> =>
      send('POST', '/sessions', {
        from,
        fields: { email: `user${count}@example.com`, password: PASSWORD },
        headers: { 'x-forwarded-for': `198.51.100.${count}`, 'x-real-ip': `198.51.100.${count}` },
      })
    // Concurrent, so that no wait ends in between.
    const answers = await Promise.all(Array.from({ length: 12 }, (_, count) => guess(count)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401, 429]))
    // Another client address is not throttled.
    expect((await guess(12, '127.0.0.3')).status).toBe(401)
    const audit = await runCommand<AuditLine>(['audit', '--limit', '0'], databaseUrl, env)
    expect(new Set(audit.map(({ ip }) => ip))).toEqual(new Set([CLIENT, '127.0.0.3']))
  },
)

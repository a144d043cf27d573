/** The script of pages with passkeys, in Chromium with a virtual authenticator. Behind it are our own options and checks. */
import { randomBytes, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { CDPSession, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  assertionOptions,
  PasskeyRefusal,
  registrationOptions,
  type VerifiedRegistration,
  verifyAssertion,
  verifyRegistration,
} from '../../src/auth/passkeys/webauthn/index.ts'
import { hasBrowser, openBrowser } from '../support/browser.ts'

const HANDLE = randomBytes(32)
const RP_ID = 'localhost'

const base64url = (base64: string) => Buffer.from(base64, 'base64').toString('base64url')

const form = (purpose: string, more = '') => `
<form method="post" action="/done" data-passkey="${purpose}" data-ceremonies="/ceremonies" data-known="This device has a passkey already." data-failed="That did not work." hidden${more}>
<p role="alert"></p>
<input type="hidden" name="ceremony"><input type="hidden" name="credential"><input type="hidden" name="purpose" value="${purpose}">
<button type="button">Use a passkey</button>
</form>`

/** A service that remembers its passkeys and ceremonies. */
async function startService() {
  const ceremonies = new Map<string, Uint8Array>()
  const passkeys = new Map<string, VerifiedRegistration>()
  const state = { isBusy: false }
  const known = () => [...passkeys.values()]
  const pages: Record<string, () => string> = {
    '/add': () => form('add_passkey'),
    '/sign_in': () =>
      `<form method="post" action="/password"><input name="email" autocomplete="username webauthn"></form>${form('sign_in', ' data-autofill')}`,
    '/factor': () => form('second_factor'),
    '/unknown': () =>
      [...passkeys.keys()]
        .map((id) => `<p data-signal="unknown" data-rp-id="${RP_ID}" data-credentials="${id}"></p>`)
        .join(''),
    '/accepted': () =>
      `<p data-signal="accepted" data-rp-id="${RP_ID}" data-user="${HANDLE.toString('base64url')}" data-credentials="${[...passkeys.keys()].join(' ')}"></p>`,
    '/details': () =>
      `<p data-signal="details" data-rp-id="${RP_ID}" data-user="${HANDLE.toString('base64url')}" data-name="new@example.com"></p>`,
  }
  const page = (body: string) =>
    `<!doctype html><title>Page</title><script src="/page.js" type="module"></script><script src="/passkeys.js" type="module"></script><script src="/signals.js" type="module"></script>${body}`

  function startCeremony(purpose: string) {
    const challenge = randomBytes(32)
    const ceremony = randomUUID()
    ceremonies.set(ceremony, challenge)
    const user = { handle: HANDLE, name: 'bob@example.com' }
    const rp = { id: RP_ID, name: 'Example' }
    const options =
      purpose === 'add_passkey'
        ? registrationOptions({ rp, user, challenge, kind: 'passkey', exclude: known() })
        : assertionOptions({
            rpId: RP_ID,
            challenge,
            allow: purpose === 'sign_in' ? [] : known(),
            userVerification: 'required',
          })
    return { ceremony, options }
  }

  async function finish(fields: URLSearchParams, origin: string): Promise<string> {
    const challenge = ceremonies.get(fields.get('ceremony') ?? '') ?? new Uint8Array()
    ceremonies.delete(fields.get('ceremony') ?? '')
    const credential = JSON.parse(fields.get('credential') ?? '') as { id: string }
    const expected = { challenge, origins: [origin], rpId: RP_ID, requireUserVerification: true, credential }
    if (fields.get('purpose') === 'add_passkey') {
      const passkey = await verifyRegistration(expected)
      passkeys.set(credential.id, passkey)
      return `added ${passkey.discoverable} ${passkey.transports}`
    }
    const passkey = passkeys.get(credential.id)
    if (passkey === undefined) return 'unknown'
    const { userVerified } = await verifyAssertion({ ...expected, passkey })
    return `signed in ${userVerified}`
  }

  async function answer(request: IncomingMessage): Promise<[status: number, type: string, body: string]> {
    const path = request.url ?? ''
    const script = /^\/(page|passkeys|signals)\.js$/.exec(path)
    if (script) {
      const file = new URL(`../../src/pages/browser/${script[1]}.js`, import.meta.url)
      return [200, 'text/javascript', readFileSync(file, 'utf8')]
    }
    if (path === '/ceremonies') {
      if (state.isBusy) return [429, 'application/json', '{}']
      const { purpose } = JSON.parse(await text(request)) as { purpose: string }
      return [200, 'application/json', JSON.stringify(startCeremony(purpose))]
    }
    if (path === '/done') {
      const said = await finish(
        new URLSearchParams(await text(request)),
        `http://${request.headers.host}`,
      ).catch((error: unknown) => (error instanceof PasskeyRefusal ? error.reason : String(error)))
      return [200, 'text/html', page(`<p id="said">${said}</p>`)]
    }
    return [200, 'text/html', page(pages[path]?.() ?? '')]
  }

  const server = createServer(async (request, response) => {
    const [status, type, body] = await answer(request)
    const policy =
      "default-src 'none'; script-src 'self'; connect-src 'self'; form-action 'self'; require-trusted-types-for 'script'"
    const permissions = 'publickey-credentials-get=(self), publickey-credentials-create=(self)'
    response.writeHead(status, {
      'content-type': type,
      'content-security-policy': policy,
      'permissions-policy': permissions,
    })
    response.end(body)
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    ceremonies,
    state,
    close: () => void server.close(),
  }
}

describe.runIf(hasBrowser)('the script of pages with passkeys', () => {
  const ends: (() => void | Promise<void>)[] = []
  let service: Awaited<ReturnType<typeof startService>>
  let page: Page
  let devtools: CDPSession
  let authenticatorId: string
  /** Errors that a script of the page did not catch. No test may cause any. */
  const faults: string[] = []
  afterEach(() => expect(faults.splice(0)).toEqual([]))

  beforeAll(async () => {
    service = await startService()
    ends.push(service.close)
    const browser = await openBrowser((end) => void ends.push(end))
    page = await (await browser.newContext({ baseURL: `http://${RP_ID}:${service.port}` })).newPage()
    page.on('pageerror', ({ message }) => faults.push(message))
    await page.addInitScript(`
      window.asked = []
      window.refused = []
      const accept = PublicKeyCredential.signalAllAcceptedCredentials.bind(PublicKeyCredential)
      PublicKeyCredential.signalAllAcceptedCredentials = async (options) => {
        await accept(options)
        window.accepted = options.allAcceptedCredentialIds
      }
      const get = navigator.credentials.get.bind(navigator.credentials)
      navigator.credentials.get = (options) => {
        window.asked.push(options.mediation)
        return get(options).catch((error) => {
          window.refused.push(error.name)
          throw error
        })
      }
    `)
    devtools = await page.context().newCDPSession(page)
    await devtools.send('WebAuthn.enable', {})
    const answer = await devtools.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        ctap2Version: 'ctap2_1',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    })
    authenticatorId = answer.authenticatorId
  })
  afterAll(async () => {
    for (const end of ends.reverse()) await end()
  })

  const said = () => page.locator('#said').textContent()
  const asked = () => page.evaluate('window.asked')
  const press = () => page.getByRole('button', { name: 'Use a passkey' }).click()
  const setPresence = (enabled: boolean) =>
    devtools.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled })
  const setVerified = (isUserVerified: boolean) =>
    devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified })
  const credentials = async () =>
    (await devtools.send('WebAuthn.getCredentials', { authenticatorId })).credentials

  it('adds a passkey', async () => {
    await page.goto('/add')
    await press()
    expect(await said()).toBe('added true internal')
  })

  it('says that the device has a passkey already', async () => {
    await page.goto('/add')
    await press()
    await page.getByText('This device has a passkey already.').waitFor()
  })

  it('signs in from autofill, with one ceremony', async () => {
    service.ceremonies.clear()
    await page.goto('/sign_in')
    expect(await said()).toBe('signed in true')
    expect(service.ceremonies.size).toBe(0)
  })

  it('signs in by the button, while autofill waits', async () => {
    await setPresence(false)
    await page.goto('/sign_in')
    await expect.poll(asked).toEqual(['conditional'])
    await setPresence(true)
    await press()
    expect(await said()).toBe('signed in true')
  })

  it('offers passkeys in autofill again after a dialog that failed', async () => {
    await setPresence(false)
    await page.goto('/sign_in')
    await expect.poll(asked).toEqual(['conditional'])
    await setPresence(true)
    await setVerified(false)
    await press()
    await expect.poll(asked).toEqual(['conditional', 'optional', 'conditional'])
    await setVerified(true)
  })

  it('takes a new challenge after four minutes, but not while the field has the focus', async () => {
    await setPresence(false)
    const { clock } = page
    await clock.install()
    await page.goto('/sign_in')
    await expect.poll(asked).toHaveLength(1)
    await clock.fastForward('04:01')
    await expect.poll(asked).toHaveLength(2)
    await page.locator('[name="email"]').focus()
    await clock.fastForward('04:01')
    await clock.fastForward('04:01')
    expect(await asked()).toHaveLength(2)
    await page.locator('[name="email"]').blur()
    await expect.poll(asked).toHaveLength(3)
    await clock.resume()
    await setPresence(true)
  })

  it('uses the passkeys of an account as a second factor', async () => {
    await page.goto('/factor')
    await press()
    expect(await said()).toBe('signed in true')
  })

  it('shows no error if the user cannot be verified, and can try again', async () => {
    await setVerified(false)
    await page.goto('/factor')
    await press()
    await expect.poll(() => page.evaluate('window.refused')).toEqual(['NotAllowedError'])
    expect(await page.getByRole('alert').textContent()).toBe('')
    await setVerified(true)
    await press()
    expect(await said()).toBe('signed in true')
  })

  it('says that it did not work if there is no ceremony', async () => {
    service.state.isBusy = true
    await page.goto('/factor')
    await press()
    await page.getByText('That did not work.').waitFor()
    service.state.isBusy = false
  })

  it('shows nothing on an IP address', async () => {
    await page.goto(`http://127.0.0.1:${service.port}/sign_in`)
    await page.locator('form').first().waitFor()
    expect(await page.getByRole('button', { name: 'Use a passkey' }).count()).toBe(0)
  })

  it('tells password managers what changed', async () => {
    const before = await credentials()
    expect(before).toMatchObject([{ userName: 'bob@example.com' }])
    await page.goto('/details')
    await expect.poll(credentials).toMatchObject([{ userName: 'new@example.com' }])
    await page.goto('/accepted')
    const [{ credentialId } = expect.unreachable()] = before
    await expect.poll(() => page.evaluate('window.accepted')).toEqual([base64url(credentialId)])
    expect(await credentials()).toHaveLength(1)
    await page.goto('/unknown')
    await expect.poll(credentials).toEqual([])
  })
})

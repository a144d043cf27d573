/** The client in a real browser, in the page of `examples/spa`. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { toNodeHandler } from '../../src/node.ts'
import { hasBrowser, openBrowser } from '../support/browser.ts'
import { freshAuth, freshDatabase } from '../support/engines.ts'
import { startProgram } from '../support/service.ts'

it.runIf(hasBrowser)('signs a user in and out, and notices what another tab does', async () => {
  const env = { PORT: '0', DATABASE_URL: await freshDatabase('sqlite') }
  const example = startProgram(['examples/spa.ts'], { env })
  const url = await example.line((line) => line.startsWith('http://127.0.0.1:'))
  const context = await (await openBrowser()).newContext()
  const page = await context.newPage()
  const faults: string[] = []
  page.on('pageerror', ({ message }) => faults.push(message))
  await page.goto(url)

  await page.getByLabel('Email').fill('bob@example.com')
  await page.getByLabel('Password').fill('b4l0u')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByText('The email address or the password is wrong').waitFor()
  await page.getByRole('button', { name: 'Create an account' }).click()
  await page.getByText('Signed in as bob@example.com').waitFor()
  await page.getByText(/^since .*, this device$/).waitFor()

  // The session is a cookie that script cannot read, and nothing is stored elsewhere.
  const stored = await page.evaluate('[document.cookie, localStorage.length, sessionStorage.length]')
  expect(stored).toEqual(['', 0, 0])
  expect(await context.cookies()).toMatchObject([{ name: 'session_id', httpOnly: true, sameSite: 'Lax' }])

  await page.reload()
  await page.getByText('Signed in as bob@example.com').waitFor()
  const other = await context.newPage()
  await other.goto(url)
  await other.getByRole('button', { name: 'Sign out' }).click()
  await other.getByText('You are signed out.').waitFor()
  // The first tab learns of it when the user returns to it.
  expect(await page.getByText('Signed in as').isVisible()).toBe(true)
  await page.evaluate('window.dispatchEvent(new Event("focus"))')
  await page.getByText('You are signed out.').waitFor()
  expect(await page.getByLabel('Email').isVisible()).toBe(true)

  expect(faults).toEqual([])
  await context.close()
  expect(await example.stop()).toBe(0)
  expect(await example.stderr).toBe('')
})

it.runIf(hasBrowser)('works from a page on another origin if the service trusts it', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  onTestFinished(() => void server.close())
  const service = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const example = startProgram(['examples/spa.ts'], { env: { PORT: '0', AUTH_URL: service } })
  const url = await example.line((line) => line.startsWith('http://127.0.0.1:'))
  const context = await (await openBrowser()).newContext()

  async function openPage(trustedOrigins: string[]) {
    const auth = await freshAuth('sqlite', { baseUrl: service, trustedOrigins })
    server.removeAllListeners('request').on('request', toNodeHandler(auth))
    const page = await context.newPage()
    await page.goto(url)
    return page
  }

  const trusted = await openPage([url])
  await trusted.getByLabel('Email').fill('bob@example.com')
  await trusted.getByLabel('Password').fill('b4l0u')
  await trusted.getByRole('button', { name: 'Create an account' }).click()
  await trusted.getByText('Signed in as bob@example.com').waitFor()
  await trusted.reload()
  await trusted.getByRole('button', { name: 'Sign out' }).click()
  await trusted.getByText('You are signed out.').waitFor()

  // The browser does not let the script of any other page read an answer.
  const foreign = await openPage(['https://app.example.com'])
  const failed = await foreign.evaluate(
    `fetch('${service}/session', { credentials: 'include' }).catch(String)`,
  )
  expect(failed).toBe('TypeError: Failed to fetch')

  await context.close()
  expect(await example.stop()).toBe(0)
})

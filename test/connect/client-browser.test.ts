/** The client in a real browser, in the page of `examples/spa`. */
import { expect, it } from 'vitest'
import { hasBrowser, openBrowser } from '../support/browser.ts'
import { freshDatabase } from '../support/engines.ts'
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

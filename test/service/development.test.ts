/** Development mode as a developer uses it: a real service, a browser, and mail in the terminal. */
import { expect, it } from 'vitest'
import { hasBrowser, openBrowser } from '../support/browser.ts'
import { freshDatabase } from '../support/engines.ts'
import { send } from '../support/send.ts'
import { COMMAND, startProgram } from '../support/service.ts'

const EMAIL = 'bob@example.com'
const PASSWORD = 'k9 tulip'

/** A service in development mode with only a database, and without requests to the internet. */
async function startInDevelopment(env: Readonly<Record<string, string>> = {}) {
  const service = startProgram([COMMAND, 'serve'], {
    // Mail is shown on standard error, which a terminal shows together with standard output.
    under: ['/bin/sh', '-c', 'exec "$@" 2>&1', 'sh'],
    env: {
      BIENVENUE_MODE: 'development',
      DATABASE_URL: await freshDatabase('sqlite'),
      BIENVENUE_BREACH_CHECK_URL: 'off',
      PORT: '0',
      ...env,
    },
  })
  const { url } = JSON.parse(await service.line((line) => line.includes('"msg":"listening"'))) as {
    url: string
  }
  return { ...service, url }
}

it('starts without any other setting, and warns once', async () => {
  const service = await startInDevelopment()
  const warnings = service.lines
    .filter((line) => line.includes('"level":"warn"'))
    .map((line) => JSON.parse(line))
  expect(warnings).toEqual([
    expect.objectContaining({
      msg: expect.stringContaining('DEVELOPMENT MODE'),
      unsafe: [
        expect.stringContaining('passwords of 8 characters'),
        expect.stringContaining('without encryption'),
      ],
    }),
  ])
  expect(service.lines.find((line) => line.includes('key generated for this run'))).toBeDefined()
  const short = await send(service.url, 'POST', '/users', { form: { email: EMAIL, password: '7 chars' } })
  expect(await short.json()).toMatchObject({ code: 'password_too_short', min_length: 8 })
  expect(await service.stop()).toBe(0)
})

it.runIf(hasBrowser)('signs up a user in a browser with the link that the terminal shows', async () => {
  const service = await startInDevelopment()
  const origin = service.url
  expect(origin).toMatch(/^http:\/\/localhost:\d+$/)
  const browser = await openBrowser()
  const context = await browser.newContext()
  const page = await context.newPage()
  const post = (path: string) =>
    page.evaluate(
      async ([target, email, password]) => {
        const body = new URLSearchParams({ email, password })
        return (await fetch(target, { method: 'POST', body })).status
      },
      [path, EMAIL, PASSWORD] as const,
    )
  // The content security policy lets only pages send requests.
  await page.goto(`${origin}/confirm_email`)
  expect(await post('/users')).toBe(200)

  const link = (await service.line((line) => line.startsWith('http'))).trim()
  expect(link).toMatch(new RegExp(`^${origin}/confirm_email#`))
  const opened = await context.newPage()
  await opened.goto(link)
  await opened.locator('input[type=password]').fill(PASSWORD)
  const answered = opened.waitForResponse((response) => response.request().method() === 'POST')
  await opened.locator('button[type=submit]').click()
  expect((await answered).status()).toBe(200)

  expect(await post('/sessions')).toBe(200)
  const profile = await page.evaluate(async () => (await fetch('/profile')).json())
  expect(profile).toEqual({ email: EMAIL })
  expect(await context.cookies()).toContainEqual(
    expect.objectContaining({ name: 'session_id', secure: false, httpOnly: true, sameSite: 'Lax' }),
  )
})

/** Pages in a browser that has session cookies for some paths only, which another host can plant over http. */
import { expect, it } from 'vitest'
import type { Auth } from '../../src/index.ts'
import { PAGES as TEXTS } from '../../src/text/index.ts'
import { NAVIGATION, openPageSite, PAGES } from '../support/page-site.ts'

const HOST = 'auth.example.com'
const ORIGIN = `http://${HOST}`

interface Kept {
  readonly name: string
  readonly value: string
  readonly path: string
  readonly domain: string
}

/** A browser that keeps cookies by name, path and domain, as RFC 6265 §5.3 says. */
class PathBrowser {
  readonly #auth: Auth
  #kept: Kept[] = []

  constructor(auth: Auth) {
    this.#auth = auth
  }

  keep(cookie: Kept): void {
    const { name, value, path, domain } = cookie
    this.#kept = this.#kept.filter(
      (other) => other.name !== name || other.path !== path || other.domain !== domain,
    )
    if (value !== '') this.#kept.push(cookie)
  }

  /** The longest path comes first (RFC 6265 §5.4). */
  sentTo(path: string): string {
    return this.#kept
      .filter((cookie) => path === cookie.path || path.startsWith(cookie.path.replace(/\/?$/, '/')))
      .toSorted((one, other) => other.path.length - one.path.length)
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ')
  }

  /** Opens a page and follows redirects, also to itself. */
  async open(address: string, redirects = 0): Promise<{ status: number; html: string; address: string }> {
    expect(redirects, `${address} is part of a loop`).toBeLessThan(8)
    const cookie = this.sentTo(new URL(address, ORIGIN).pathname)
    const headers = { accept: NAVIGATION, ...(cookie !== '' && { cookie }) }
    const answer = await this.#auth.fetch(new Request(`${ORIGIN}${address}`, { headers }))
    for (const header of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(header) ?? []
      const path = /; Path=([^;]+)/.exec(header)?.[1] ?? expect.unreachable(header)
      this.keep({ name, value, path, domain: /; Domain=([^;]+)/.exec(header)?.[1] ?? HOST })
    }
    const location = answer.headers.get('location')
    if (location !== null) return this.open(location, redirects + 1)
    return { status: answer.status, html: await answer.text(), address }
  }
}

async function scene() {
  const site = await openPageSite({ mode: 'development', baseUrl: ORIGIN })
  const plant = (value: string, path: string, domain = 'example.com') => ({
    name: 'session_id',
    value,
    path,
    domain,
  })
  return { ...site, browser: () => new PathBrowser(site.auth), plant }
}

it('no page redirects in a circle, wherever a second session cookie is planted', async () => {
  const { auth, browser, plant, newSession } = await scene()
  const mallory = 'mallory@example.com'
  await auth.users.create({ email: mallory, password: 'nine yellow kettles', confirmed: true })
  const foreign = (await auth.createSession(mallory)) ?? expect.unreachable()
  const paths = PAGES.map(({ path }) => path).filter((path) => !/[{]/.test(path))
  expect(paths).toEqual(expect.arrayContaining(['/account', '/sign_in', '/confirm', '/sign_in/enrol']))
  for (const own of [await newSession(), null])
    for (const value of [foreign, 'planted'])
      for (const plantedAt of ['/sign_in', '/account', '/account/', '/confirm', '/sign_up', '/'])
        for (const path of paths) {
          const person = browser()
          if (own !== null) person.keep(plant(own, '/', HOST))
          person.keep(plant(value, plantedAt))
          const seen = await person.open(path)
          expect(seen.status, `${path}, planted at ${plantedAt}`).toBeLessThan(500)
        }
})

it('a page clears the other session cookies and continues with ours', async () => {
  const { browser, plant, newSession } = await scene()
  const own = await newSession()
  for (const [path, domain] of [
    ['/account', HOST],
    ['/account', 'example.com'],
    ['/account/', 'example.com'],
    ['/', 'example.com'],
  ] as const) {
    const person = browser()
    person.keep(plant(own, '/', HOST))
    person.keep(plant('planted', path, domain))
    const seen = await person.open('/account/sessions')
    expect([seen.status, seen.address]).toEqual([200, expect.stringMatching(/^\/account\/sessions/)])
    expect(person.sentTo('/account/sessions')).toBe(`session_id=${own}`)
  }
})

it('a browser that sends a session to the sign-in page only is told to sign in again', async () => {
  const { browser, plant, newSession } = await scene()
  const person = browser()
  person.keep(plant(await newSession(), '/sign_in'))
  const told = await person.open('/account/email?lang=en')
  expect([told.status, told.address]).toEqual([401, '/account/email?signed_in='])
  expect(told.html).toContain(TEXTS.en.refusals.cookies_differ.advice)
  expect(told.html).toContain('href="/sign_in?return_to=%2Faccount%2Femail"')
  const form = await person.open('/sign_in?return_to=%2Faccount%2Femail')
  expect([form.status, form.address]).toEqual([200, '/sign_in?return_to=%2Faccount%2Femail'])
})

it('sign-ins that wait do not redirect in a circle either', async () => {
  const { browser, newSignIn } = await scene()
  const person = browser()
  const plant = (value: string, path: string) => ({ name: 'login', value, path, domain: 'example.com' })
  person.keep(plant(await newSignIn('enrol'), '/sign_in/factor'))
  person.keep(plant(await newSignIn('second_factor'), '/sign_in/enrol'))
  const seen = await person.open('/sign_in/factor')
  expect([seen.status, seen.address]).toEqual([200, '/sign_in?signed_in='])
})

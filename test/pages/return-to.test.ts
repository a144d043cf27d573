/** Where people are sent after a form, over HTTP. The rules are tested in `src/app/pages/return-to.test.ts`. */
import { expect, it } from 'vitest'
import { GENEROUS } from '../attacks/support.ts'
import { APPLICATION, FORMS, openPageSite, PAGES, sessionFor } from '../support/page-site.ts'
import { BASE_URL, PASSWORD } from '../support/production.ts'
import { sessionIn } from '../support/send.ts'
import { ALICE } from '../support/story.ts'

const ELSEWHERE = [
  '//evil.example',
  '/\\evil.example',
  '/.//evil.example',
  'https:evil.example',
  'https://evil.example',
  `${APPLICATION}.evil.example`,
  `${APPLICATION}@evil.example`,
  `${APPLICATION}:8443/`,
  'javascript:alert(1)',
  'data:text/html,x',
  '/\t/evil.example',
  '/\n/evil.example',
  '%2f%2fevil.example',
  `/${'x'.repeat(1_100)}`,
]

it('a form leads to a listed place, and otherwise to the account [API-18]', async () => {
  const site = await openPageSite(GENEROUS)
  const goTo = async (return_to: string) => {
    const form = { email: ALICE, password: PASSWORD, return_to }
    const answer = await site.ask('POST', '/sign_in', { form })
    expect(answer.status).toBe(303)
    const next = answer.headers.get('location') ?? ''
    expect(next).toMatch(/^\/sign_in\?signed_in=/)
    // The browser comes back with the cookie, and continues.
    const last = await site.ask('GET', next, { sessionToken: sessionIn(answer) })
    expect(last.status).toBe(303)
    return last.headers.get('location')
  }
  for (const place of ['/account/data?a=b', `${APPLICATION}/cart#top`, `${BASE_URL}/x`])
    expect(await goTo(place)).toBe(place)
  for (const place of ELSEWHERE) expect(await goTo(place), place).toBe('/account')
})

it('no page keeps or follows a place that is not allowed, nor one that is given twice [API-18]', async () => {
  const site = await openPageSite(GENEROUS)
  for (const page of PAGES) {
    const session = await sessionFor(page, site)
    for (const place of ELSEWHERE.filter((each) => each.length < 1_000)) {
      const html = await (
        await site.ask('GET', `${page.path}?${new URLSearchParams({ return_to: place })}`, session)
      ).text()
      const hidden = /<input type="hidden" name="return_to" value="([^"]*)">/.exec(html)
      expect(hidden?.[1], `${page.path} ${place}`).toBeUndefined()
    }
    const sessionToken = await site.newSession()
    for (const query of [
      'return_to=//evil.example',
      'return_to=/a&return_to=//evil.example',
      'return_to=//evil.example&return_to=/a',
    ]) {
      const { headers } = await site.ask('GET', `${page.path}?${query}`, { sessionToken })
      expect(headers.get('location') ?? '/', page.path).toMatch(/^\/(?!\/)/)
    }
  }
})

it('a form that is refused keeps the place, also in the links to other languages', async () => {
  const site = await openPageSite(GENEROUS)
  const form = { email: ALICE, password: 'wrong', return_to: '/orders?a=b' }
  const refused = await site.ask('POST', '/sign_in', { form })
  expect(refused.status).toBe(401)
  const html = await refused.text()
  expect(html).toContain('<input type="hidden" name="return_to" value="/orders?a=b">')
  expect(html).toContain('href="/sign_in?return_to=%2Forders%3Fa%3Db&amp;lang=fr"')
})

it('no form follows a place that is not allowed, even without its page [API-18]', async () => {
  const withTarget = FORMS.filter(({ body }) => Object.hasOwn(body?.shape ?? {}, 'return_to'))
  expect(withTarget.length).toBeGreaterThan(3)
  const site = await openPageSite(GENEROUS)
  for (const form of withTarget)
    for (const place of ELSEWHERE) {
      const fields = Object.fromEntries(Object.keys(form.body?.shape ?? {}).map((name) => [name, 'x']))
      const good = { email: ALICE, password: PASSWORD }
      const named = Object.fromEntries(Object.entries(good).filter(([name]) => name in fields))
      const answer = await site.ask('POST', form.path, {
        form: { ...fields, ...named, return_to: place },
        ...(await sessionFor(form, site)),
      })
      const target = new URL(answer.headers.get('location') ?? '/', BASE_URL)
      expect(target.origin, `${form.path} ${place}`).toBe(BASE_URL)
      expect(target.searchParams.get('return_to'), `${form.path} ${place}`).toBeNull()
      expect(await answer.text()).not.toContain('value="//evil')
    }
})

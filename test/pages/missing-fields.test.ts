/** Required user fields that an account lacks: the pages ask for them after a sign-in, before they lead on. */
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { CreateAuthOptions } from '../../src/index.ts'
import { LOCALES, PAGES as TEXTS } from '../../src/text/index.ts'
import { hasBrowser, openBrowser } from '../support/browser.ts'
import { FAKE_CLIENT, FAKE_PERSON, startFakeProvider } from '../support/fake-provider.ts'
import { attributeOf, problemsIn, readMarkup } from '../support/markup.ts'
import { APPLICATION, openPageSite, startPageSite } from '../support/page-site.ts'
import { cookieIn, PASSWORD, randomKey } from '../support/production.ts'
import { ALICE } from '../support/story.ts'
import type { OnEnd } from '../support/system.ts'

const USER_FIELDS = {
  company: { label: { en: 'Company', fr: 'Entreprise' }, required: true },
  terms: { label: 'I accept the rules', type: 'boolean', required: true },
  employees: { label: 'Employees', type: 'number' },
} as const satisfies CreateAuthOptions['userFields']

const FILLED_IN = { name: '', locale: '', 'metadata.company': 'Builders', 'metadata.terms': 'on' }

/** Where the profile leads, or `null`. */
function returnToIn(html: string): string | null {
  const field = readMarkup(html).elements.find((each) => attributeOf(each, 'name') === 'return_to')
  return field === undefined ? null : attributeOf(field, 'value')
}

describe('an account without a required field', () => {
  /** Alice was added by the program. Signs her in on the page, and follows the first redirect. */
  async function signedIn(target: string | null, metadata: object | null = null) {
    const site = await openPageSite({ userFields: USER_FIELDS })
    if (metadata !== null) await site.auth.users.update(site.userId, { metadata })
    const form = {
      email: ALICE,
      password: PASSWORD,
      remember: 'on',
      ...(target !== null && { return_to: target }),
    }
    const answer = await site.ask('POST', '/sign_in', { form })
    expect(answer.status).toBe(303)
    const sessionToken = cookieIn(answer, 'session_id') ?? expect.unreachable()
    const follow = async (path: string) => {
      const next = await site.ask('GET', path, { sessionToken })
      return { status: next.status, location: next.headers.get('location'), html: await next.text() }
    }
    const save = async (fields: Readonly<Record<string, string>>) => {
      const saved = await site.ask('POST', '/account/profile', { form: fields, sessionToken })
      return { status: saved.status, location: saved.headers.get('location'), html: await saved.text() }
    }
    const { location } = await follow(answer.headers.get('location') ?? '')
    return { ...site, follow, save, location: location ?? expect.unreachable() }
  }

  it.each([
    ['a page', '/account/activity', '/account/activity'],
    ['the application', `${APPLICATION}/start?a=b`, `${APPLICATION}/start?a=b`],
    ['the account', null, '/account'],
    ['nowhere else', 'https://elsewhere.example/', '/account'],
    ['the profile', '/account/profile', '/account/profile'],
  ])('is led to the profile, and from there to %s', async (_, target, expected) => {
    const { follow, save, location, auth } = await signedIn(target)
    expect(location.split('?', 1)).toEqual(['/account/profile'])
    const { status, html } = await follow(location)
    expect(status).toBe(200)
    expect(problemsIn(html)).toEqual([])
    expect(html).toContain(TEXTS.en.profile.asked)
    expect(returnToIn(html)).toBe(expected)

    const refused = await save({ ...FILLED_IN, 'metadata.company': '', return_to: expected })
    expect(refused.status).toBe(400)
    expect(refused.html).toContain(TEXTS.en.profile.asked)
    expect(returnToIn(refused.html)).toBe(expected)
    expect((await auth.users.find(ALICE))?.user.metadata).toEqual({})

    expect(await save({ ...FILLED_IN, return_to: expected })).toMatchObject({
      status: 303,
      location: expected,
    })
    expect((await auth.users.find(ALICE))?.user.metadata).toEqual({ company: 'Builders', terms: true })
    // From now on, the page after a sign-in leads directly to its target.
    const direct = await follow(`/sign_in?${new URLSearchParams({ signed_in: '', return_to: expected })}`)
    expect(direct.location).toBe(expected)
  })

  it('is asked in every language', async () => {
    const { follow, location } = await signedIn('/account/activity')
    for (const locale of LOCALES) {
      const { html } = await follow(`${location}&lang=${locale}`)
      expect(problemsIn(html)).toEqual([])
      expect(html).toContain(TEXTS[locale].profile.asked)
      expect(html).toContain(locale === 'fr' ? 'Entreprise' : 'Company')
    }
  })

  it('counts a required box that is not ticked, but no optional field', async () => {
    expect((await signedIn('/account/activity', { company: 'x', terms: false })).location).toMatch(
      /^\/account\/profile\?/,
    )
    expect((await signedIn('/account/activity', { company: 'x', terms: true })).location).toBe(
      '/account/activity',
    )
  })

  it('ends in an explanation if the profile sees no session', async () => {
    const { ask, location } = await signedIn('/account/activity')
    const answer = await ask('GET', location)
    expect(answer.status).toBe(401)
    expect(answer.headers.get('location')).toBeNull()
  })
})

it('the profile leads only to allowed places', async () => {
  const site = await openPageSite({ userFields: USER_FIELDS })
  const sessionToken = await site.newSession()
  const form = { ...FILLED_IN, return_to: 'https://elsewhere.example/' }
  const answer = await site.ask('POST', '/account/profile', { form, sessionToken })
  expect(answer.headers.get('location')).toBe('/account/profile?done=saved')
  const page = await site.ask('GET', '/account/profile?return_to=https://elsewhere.example/', {
    sessionToken,
  })
  const html = await page.text()
  expect(returnToIn(html)).toBeNull()
  expect(html).not.toContain(TEXTS.en.profile.asked)
})

describe.skipIf(!hasBrowser)('a sign-up at a provider, in Chromium', () => {
  const ends: Parameters<OnEnd>[0][] = []
  const onEnd: OnEnd = (end) => void ends.push(end)
  let browser: Browser
  beforeAll(async () => {
    browser = await openBrowser(onEnd)
  })
  afterAll(async () => {
    for (const end of ends.toReversed()) await end()
  })

  it.each([
    ['with script', true, true],
    ['without script', false, true],
    ['with an address that the person enters', true, false],
  ])('asks for the required fields before it leads on, %s', async (_, javaScriptEnabled, email_verified) => {
    const site = await startPageSite({
      userFields: USER_FIELDS,
      secretKey: randomKey(),
      outboundPrivate: '127.0.0.0/8',
      now: () => new Date(),
      emailVerification: email_verified,
      registrationAnswer: email_verified ? 'uniform' : 'explicit',
    })
    const fake = await startFakeProvider({ claims: (usual) => ({ ...usual, email_verified }) })
    const other = { preset: 'oidc', id: 'other', name: 'Other', issuer: fake.issuer } as const
    await site.auth.providers.add({ ...other, ...FAKE_CLIENT })
    const context = await browser.newContext({ locale: 'fr', javaScriptEnabled })
    onTestFinished(() => context.close())
    const page = await context.newPage()
    const texts = TEXTS.fr
    await page.goto(`${site.origin}/sign_in?return_to=/account/activity`)
    await page.getByRole('button', { name: /Other/ }).click()
    if (!email_verified) {
      await page.waitForURL(/\/login\/continue/)
      await page.fill('#email', FAKE_PERSON.email)
      await page.keyboard.press('Enter')
    }
    await page.waitForURL(/\/account\/profile/)
    expect(await page.locator('main').textContent()).toContain(texts.profile.asked)
    await page.getByRole('button', { name: texts.profile.submit }).click()
    await page.locator('.summary').waitFor()
    await page.fill('[name="metadata.company"]', 'Builders')
    await page.check('[name="metadata.terms"]')
    await page.getByRole('button', { name: texts.profile.submit }).click()
    await page.waitForURL(`${site.origin}/account/activity`)
    expect((await site.auth.users.find(FAKE_PERSON.email))?.user).toMatchObject({
      metadata: { company: 'Builders', terms: true },
    })
    // The account exists now.
    await context.clearCookies()
    await page.goto(`${site.origin}/sign_in?return_to=/account/activity`)
    await page.getByRole('button', { name: /Other/ }).click()
    await page.waitForURL(`${site.origin}/account/activity`)
  })
})

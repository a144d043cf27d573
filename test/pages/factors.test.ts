/** The pages of second factors and passkeys: over HTTP as without script, and in Chromium with a virtual authenticator. */

import { readFileSync } from 'node:fs'
import type { BrowserContext, CDPSession, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { PAGES } from '../../src/text/index.ts'
import { hasBrowser, openBrowser } from '../support/browser.ts'
import { type EngineName, onEachEngine } from '../support/engines.ts'
import { codeOf } from '../support/factored-account.ts'
import { addPasskey, addTotp } from '../support/factors.ts'
import { startPageSite } from '../support/page-site.ts'
import { NEW_PASSWORD, PASSWORD, productionAuth } from '../support/production.ts'
import { send } from '../support/send.ts'
import { ALICE } from '../support/story.ts'
import type { OnEnd } from '../support/system.ts'
import { fieldsIn, fieldValue, type Shown, Visitor } from '../support/visitor.ts'

const BOB = 'bob@example.com'
const EVE = 'eve@example.com'
const { appSetup, enrolment, ownFactors, ownPasskeys, passkeys, recoveryCodes, secondStep, signIn } = PAGES.en

type Options = NonNullable<Parameters<typeof productionAuth>[1]>

/** Bob, without a second factor. Eve has an account, too. */
async function scene(engine: EngineName, options: Options = {}) {
  const production = await productionAuth(engine, options)
  const { auth } = production
  for (const email of [BOB, EVE]) await auth.users.create({ email, password: PASSWORD, confirmed: true })
  let visitors = 0
  const visitor = () => new Visitor(auth, { ip: `192.0.2.${++visitors}` })
  return { ...production, visitor }
}

/** Bob, with an authenticator app and recovery codes. */
async function withApp(engine: EngineName, options: Options = {}) {
  const production = await scene(engine, options)
  const { auth, now } = production
  const app = await addTotp(auth, now, { sessionToken: await auth.createSession(BOB) })
  now.advance(60)
  /** A browser in which Bob has entered his password. */
  const begin = async (browser = production.visitor(), more: Readonly<Record<string, string>> = {}) => {
    const begun = await browser.submit('/sign_in', { email: BOB, password: PASSWORD, ...more })
    expect(begun.location).toBe('/sign_in/factor?begun=')
    expect(await browser.follow(begun)).toBe('/sign_in/factor')
    return browser
  }
  return { ...production, app, begin }
}

const WRONG_CODE = '000000'

function sentence(text: string): string {
  return text.replaceAll("'", '&#39;')
}

function expectRefusal(shown: Shown, status: number, text: string): void {
  expect(shown.html).toContain(sentence(text))
  expect(shown.status).toBe(status)
  expect(shown.html).toContain('<title>Error: ')
  expect(shown.html).toContain('role="alert"')
}

function codesIn({ html }: Shown): string[] {
  return [...html.matchAll(/<code>(\w{7}-\w{7})<\/code>/g)].map(([, code = '']) => code)
}

function keyIn({ html }: Shown): string {
  const [, key] = /<code>([A-Z2-7 ]{39})<\/code>/.exec(html) ?? []
  return key?.replaceAll(' ', '') ?? expect.unreachable('no key')
}

onEachEngine('the page for the second factor', (engine) => {
  it('accepts a code of the app, and continues to where the person was going [MFA-02]', async () => {
    const { app, begin, visitor } = await withApp(engine)
    const bob = await begin(visitor(), { return_to: '/app?a=b' })
    expect(bob.cookies).toEqual(['__Host-login'])
    const page = await bob.open('/sign_in/factor')
    expect(page.html).toContain(`You are signing in as ${BOB}.`)
    expect(fieldsIn(page.html)).toEqual(['code', 'pending', 'email', 'return_to', 'return_to'])
    expect(page.html).toMatch(/name="code" type="text" inputmode="numeric" autocomplete="one-time-code"/)
    const pending = fieldValue(page.html, 'pending') ?? ''
    const refused = await bob.submit('/sign_in/factor', { code: WRONG_CODE, pending })
    expectRefusal(refused, 401, secondStep.problems.code.invalid_code)
    expect(refused.html).not.toContain(`value="${WRONG_CODE}"`)
    const malformed = await bob.submit('/sign_in/factor', { code: '12345', pending })
    expectRefusal(malformed, 400, secondStep.problems.code.invalid_field)
    const code = app.codeAt()
    const proven = await bob.submit('/sign_in/factor', {
      code: `${code.slice(0, 3)} ${code.slice(3)}`,
      pending,
    })
    expect(proven.location).toBe('/sign_in?signed_in=&return_to=%2Fapp%3Fa%3Db')
    expect(bob.cookies).not.toContain('__Host-login')
    expect((await bob.open(proven.location ?? '')).location).toBe('/app?a=b')
    expect((await bob.open('/account')).status).toBe(200)
  })

  it('continues to where POST /sessions says, which refuses other places [API-18]', async () => {
    const { auth, app, visitor } = await withApp(engine)
    const bob = visitor()
    const credentials = { email: BOB, password: PASSWORD }
    const begun = await bob.submit('/sessions', { ...credentials, return_to: '/app?a=b' })
    expect(begun.status).toBe(202)
    const pending = fieldValue((await bob.open('/sign_in/factor')).html, 'pending') ?? ''
    const proven = await bob.submit('/sign_in/factor', { code: app.codeAt(), pending })
    expect(proven.location).toBe('/sign_in?signed_in=&return_to=%2Fapp%3Fa%3Db')
    for (const path of ['/sessions', '/mail_codes/confirm_email'])
      for (const return_to of ['//evil.example', 'https://evil.example/']) {
        const fields = path === '/sessions' ? credentials : { code: '12345678' }
        const refused = await send(auth, 'POST', path, { json: { ...fields, return_to } })
        expect(await refused.json()).toMatchObject({ code: 'invalid_field', field: 'return_to' })
      }
  })

  it('shows the way that was used last first, and leads to the others', async () => {
    const { begin } = await withApp(engine)
    const bob = await begin()
    const { html } = await bob.open('/sign_in/factor')
    expect(html).toContain(secondStep.ask.totp)
    expect(html).toContain('href="/sign_in/factor?method=recovery_code"')
    expect(html).not.toContain('method=totp')
    const other = await bob.open('/sign_in/factor?method=recovery_code')
    expect(fieldsIn(other.html)).toContain('recovery_code')
    for (const unknown of ['passkey', 'password', '%3Cscript%3E'])
      expect((await bob.open(`/sign_in/factor?method=${unknown}`)).html).toContain(secondStep.ask.totp)
  })

  it('accepts a recovery code, and shows once the one that replaces it [RCV-02]', async () => {
    const { app, begin, visitor } = await withApp(engine)
    const [used = '', other = ''] = app.recoveryCodes
    const bob = await begin(visitor(), { return_to: '/app' })
    const refused = await bob.submit('/sign_in/factor/recovery_code', { recovery_code: 'no code' })
    expectRefusal(refused, 400, secondStep.problems.recovery_code.invalid_field)
    expect(fieldsIn(refused.html)).toContain('recovery_code')
    expect(refused.html).not.toContain('value="no code"')
    const shown = await bob.submit('/sign_in/factor/recovery_code', { recovery_code: used.toLowerCase() })
    expect(shown.status).toBe(200)
    expect(shown.response.headers.get('cache-control')).toBe('no-store')
    expect(shown.html).toContain(recoveryCodes.newExplain)
    expect(shown.html).toContain('Recovery codes left: 10')
    const [code = ''] = codesIn(shown)
    expect(code[0]).toBe(used[0])
    expect(app.recoveryCodes).not.toContain(code)
    // No link leads back to this page, where the code would be gone.
    expect(shown.html).not.toContain('?lang=')
    expect(shown.html).toContain('href="/sign_in?signed_in=&amp;return_to=%2Fapp"')
    expect((await bob.open('/sign_in?signed_in=&return_to=%2Fapp')).location).toBe('/app')
    const again = await begin()
    expectRefusal(
      await again.submit('/sign_in/factor/recovery_code', { recovery_code: used }),
      401,
      secondStep.problems.recovery_code.invalid_code,
    )
    for (const good of [code, other]) {
      const next = await begin()
      expect(
        codesIn(await next.submit('/sign_in/factor/recovery_code', { recovery_code: good })),
      ).toHaveLength(1)
    }
  })

  it('says so if its form belongs to another sign-in, and accepts nothing', async () => {
    const { app, begin, auth, now } = await withApp(engine)
    const eves = await addTotp(auth, now, { sessionToken: await auth.createSession(EVE) })
    now.advance(60)
    const browser = await begin()
    const old = fieldValue((await browser.open('/sign_in/factor')).html, 'pending') ?? ''
    await browser.follow(await browser.submit('/sign_in', { email: EVE, password: PASSWORD }))
    const code = eves.codeAt()
    const refused = await browser.submit('/sign_in/factor', { code, pending: old, email: BOB })
    expectRefusal(refused, 400, secondStep.otherSignIn)
    expect(refused.html).toContain(`You are signing in as ${EVE}.`)
    expect(fieldValue(refused.html, 'email')).toBe(EVE)
    const pending = fieldValue(refused.html, 'pending') ?? ''
    expect(pending).not.toBe(old)
    expect((await browser.submit('/sign_in/factor', { code, pending })).status).toBe(303)
    expect(app.codeAt()).not.toBe('')
  })

  it('leads back to the sign-in page with the address if it has expired', async () => {
    const { app, begin, now, visitor } = await withApp(engine)
    const bob = await begin(visitor(), { return_to: '/app' })
    const { html } = await bob.open('/sign_in/factor')
    now.advance(601)
    const fields = Object.fromEntries(
      ['pending', 'email', 'return_to'].map((name) => [name, fieldValue(html, name) ?? '']),
    )
    const expired = await bob.submit('/sign_in/factor', { code: app.codeAt(), ...fields })
    expectRefusal(expired, 401, secondStep.expired)
    expect(fieldValue(expired.html, 'email')).toBe(BOB)
    expect(fieldValue(expired.html, 'return_to')).toBe('/app')
    expect(expired.html).toContain('action="/sign_in"')
    const opened = await bob.open('/sign_in/factor')
    expect(opened.location).toBe('/sign_in?expired=')
    expect((await bob.open('/sign_in?expired=')).html).toContain(secondStep.expired)
  })

  it('continues if another tab has finished the sign-in', async () => {
    const { app, begin } = await withApp(engine)
    const bob = await begin()
    const pending = fieldValue((await bob.open('/sign_in/factor')).html, 'pending') ?? ''
    await bob.submit('/sign_in/factor', { code: app.codeAt(), pending })
    const late = await bob.submit('/sign_in/factor', {
      code: app.codeAt(1),
      pending,
      email: BOB,
      return_to: '/app',
    })
    expect([late.status, late.location]).toEqual([303, '/app'])
    expect(await bob.follow(await bob.open('/sign_in/factor'))).toBe('/account')
  })

  it('says that the browser refuses cookies, and does not loop', async () => {
    const { visitor } = await withApp(engine)
    const begun = await visitor().submit('/sign_in', { email: BOB, password: PASSWORD })
    const without = visitor()
    const target = await without.follow(begun)
    expect(target).toBe('/sign_in?signed_in=')
    expect((await without.open(target)).html).toContain(signIn.cookiesRefused)
  })

  it('can be cancelled', async () => {
    const { begin, visitor } = await withApp(engine)
    const bob = await begin(visitor(), { return_to: '/app' })
    const cancelled = await bob.submit('/sign_in/cancel', { return_to: '/app' })
    expect(cancelled.location).toBe('/sign_in?return_to=%2Fapp')
    expect(bob.cookies).toEqual([])
    expect((await bob.open('/sign_in/factor')).location).toBe('/sign_in?expired=')
  })
})

onEachEngine('the page that sets up a second factor before a sign-in', (engine) => {
  it('sets up an app, shows the recovery codes once, and continues [MFA-05]', async () => {
    const { auth, visitor, now } = await scene(engine, { secondFactor: 'required' })
    const bob = visitor()
    const begun = await bob.submit('/sign_in', { email: BOB, password: PASSWORD, return_to: '/app' })
    expect(await bob.follow(begun)).toBe('/sign_in/enrol')
    expect(await bob.follow(await bob.open('/sign_in/factor'))).toBe('/sign_in/enrol')
    const page = await bob.open('/sign_in/enrol')
    expect(page.html).toContain(enrolment.why)
    expect(page.html).toContain('data-passkey="add_passkey"')
    expect((await bob.open('/sign_in/enrol/app')).location).toBe('/sign_in/enrol')
    expect(page.html).toContain('action="/sign_in/enrol/app/start"')
    const started = await bob.submit('/sign_in/enrol/app/start', {
      pending: fieldValue(page.html, 'pending') ?? '',
    })
    expect([started.status, started.location]).toEqual([303, '/sign_in/enrol/app'])
    const setup = await bob.open('/sign_in/enrol/app')
    expect(setup.html).toContain(`role="img" aria-label="${appSetup.qrName}"`)
    expect(setup.html).toContain('href="otpauth://totp/')
    // Browsers that translate pages must not touch keys and codes.
    expect(setup.html).toContain('<p class="key" translate="no">')
    const key = keyIn(setup)
    const refused = await bob.submit('/sign_in/enrol/app', { code: WRONG_CODE })
    expectRefusal(refused, 401, appSetup.problems.code.invalid_code)
    expect(keyIn(refused)).toBe(key)
    expect(keyIn(await bob.open('/sign_in/enrol/app'))).toBe(key)
    const shown = await bob.submit('/sign_in/enrol/app', { code: codeOf(key, now()) })
    expect([shown.status, shown.response.headers.get('cache-control')]).toEqual([200, 'no-store'])
    expect(codesIn(shown)).toHaveLength(10)
    expect(shown.html).toContain('<ol class="codes" id="codes" translate="no">')
    expect(shown.html).toContain('href="/sign_in?signed_in=&amp;return_to=%2Fapp"')
    expect((await bob.open('/account/factors')).status).toBe(200)
    expect(await auth.users.find(BOB)).not.toBeNull()
  })

  it('offers only passkeys if the operator asks for them', async () => {
    const { visitor } = await scene(engine, { secondFactor: 'passkey' })
    const bob = visitor()
    await bob.follow(await bob.submit('/sign_in', { email: BOB, password: PASSWORD }))
    expect((await bob.open('/sign_in/enrol')).html).not.toContain('/sign_in/enrol/app')
    for (const leads of [
      await bob.submit('/sign_in/enrol/app/start', {}),
      await bob.open('/sign_in/enrol/app'),
    ])
      expect(leads.location).toBe('/sign_in/enrol')
  })

  it('is where a session without the factor ends up, by way of the sign-in page', async () => {
    const { auth, db, visitor } = await scene(engine)
    const bob = visitor()
    await bob.submit('/sign_in', { email: BOB, password: PASSWORD })
    expect((await bob.open('/account')).status).toBe(200)
    await db.updateTable('users').set({ second_factor_required_at: 1 }).execute()
    expect((await bob.open('/account/data')).location).toBe('/confirm?return_to=%2Faccount%2Fdata')
    expect(await bob.follow(await bob.open('/account/data'))).toMatch(/^\/sign_in\?/)
    const again = await bob.submit('/sign_in', { email: BOB, password: PASSWORD })
    expect(await bob.follow(again)).toBe('/sign_in/enrol')
    expect(await auth.users.find(EVE)).not.toBeNull()
  })
})

onEachEngine('the page of the second factor of an account', (engine) => {
  it('sets up an app, renews the codes, turns the factor off and on, and removes the app', async () => {
    const { visitor, now, auth } = await scene(engine)
    const bob = visitor()
    await bob.submit('/sign_in', { email: BOB, password: PASSWORD })
    const before = await bob.open('/account/factors')
    expect(before.html).toContain(ownFactors.appNone)
    expectRefusal(
      await bob.submit('/account/factors', { enabled: 'on' }),
      409,
      ownFactors.problems.form.no_second_factor,
    )
    expect((await bob.open('/account/factors/app')).location).toBe('/account/factors')
    expect(before.html).toContain('action="/account/factors/app/start"')
    const started = await bob.submit('/account/factors/app/start', {})
    expect([started.status, started.location]).toEqual([303, '/account/factors/app'])
    const key = keyIn(await bob.open('/account/factors/app'))
    const code = () => codeOf(key, now())
    const shown = await bob.submit('/account/factors/app', { code: code() })
    expect(codesIn(shown)).toHaveLength(10)
    // The session has the factor, so the page asks for nothing else.
    const done = await bob.open('/account/factors?done=app_added')
    expect(done.html).toContain(ownFactors.done.app_added)
    expect(fieldsIn(done.html)).toEqual(['enabled'])
    const confirm = await bob.open('/confirm?return_to=/account/factors')
    expect(fieldsIn(confirm.html)).toEqual(['code', 'return_to'])
    now.advance(600)
    const stale = await bob.open('/account/factors?done=app_added')
    expect(stale.location).toBe('/confirm?return_to=%2Faccount%2Ffactors%3Fdone%3Dapp_added')
    const confirmed = await bob.submit('/confirm/totp', { code: code(), return_to: '/account/factors' })
    expect(confirmed.location).toBe('/account/factors')
    const renewed = await bob.submit('/account/factors/recovery_codes', {})
    expect(codesIn(renewed)).toHaveLength(10)
    expect(codesIn(renewed)).not.toContain(codesIn(shown)[0])
    expect((await bob.submit('/account/factors', { enabled: 'off' })).location).toBe(
      '/account/factors?done=off',
    )
    expect(await auth.validLogin(BOB, PASSWORD)).toBe(true)
    expect((await bob.submit('/account/factors', { enabled: 'on' })).location).toBe(
      '/account/factors?done=on',
    )
    const removed = await bob.submit('/account/factors/app/remove', {})
    expect(removed.location).toBe('/account/factors?done=app_removed')
    const again = await bob.submit('/account/factors/app/remove', {})
    expect(again.location).toBe('/account/factors?done=app_already_removed')
  })

  it('shows the key of an app only to the session that began its set-up, and only while it runs', async () => {
    const { visitor, now } = await scene(engine, { reauthenticationSeconds: 1_800 })
    const [bob, other] = [visitor(), visitor()]
    for (const browser of [bob, other]) {
      await browser.submit('/sign_in', { email: BOB, password: PASSWORD })
      expect((await browser.open('/account/factors/app')).location).toBe('/account/factors')
    }
    await bob.submit('/account/factors/app/start', {})
    const key = keyIn(await bob.open('/account/factors/app'))
    await bob.submit('/account/factors/app/start', {})
    expect(keyIn(await bob.open('/account/factors/app'))).toBe(key)
    expect((await other.open('/account/factors/app')).location).toBe('/account/factors')
    // A code of the app that another session sets up confirms nothing.
    const refused = await other.submit('/account/factors/app', { code: codeOf(key, now()) })
    expect([refused.status, refused.location]).toEqual([303, '/account/factors'])
    await other.submit('/account/factors/app/start', {})
    expect(keyIn(await other.open('/account/factors/app'))).not.toBe(key)
    expect((await bob.open('/account/factors/app')).location).toBe('/account/factors')
    now.advance(900)
    expect((await other.open('/account/factors/app')).location).toBe('/account/factors')
  })

  it('asks for what the session lacks before any page shows its form', async () => {
    const { auth, begin, app, now, visitor } = await withApp(engine)
    const strong = await begin()
    await strong.submit('/sign_in/factor', { code: app.codeAt() })
    const weak = visitor()
    await auth.factors.setSecondFactor(
      { enabled: false },
      { sessionToken: strong.cookie('__Host-session_id') },
    )
    await weak.submit('/sign_in', { email: BOB, password: PASSWORD })
    await strong.submit('/account/factors/app/start', {})
    for (const path of ['email', 'password', 'passkeys', 'factors', 'factors/app', 'data']) {
      const { location } = await weak.open(`/account/${path}`)
      expect(location, path).toBe(`/confirm?${new URLSearchParams({ return_to: `/account/${path}` })}`)
      expect((await strong.open(`/account/${path}`)).status, path).toBe(200)
    }
    const refused = await weak.submit('/account/password', { password: PASSWORD, new_password: NEW_PASSWORD })
    expect(refused.location).toBe('/confirm?return_to=%2Faccount%2Fpassword')
    now.advance(3_000)
    const stale = await strong.open('/confirm')
    expect(stale.html).toContain('method=password')
    const byPassword = await strong.open('/confirm?method=password')
    expect(fieldsIn(byPassword.html)).toContain('password')
    expectRefusal(
      await strong.submit('/confirm/totp', { code: WRONG_CODE }),
      401,
      secondStep.problems.code.invalid_code,
    )
  })

  it('names what is missing on the first page of the account', async () => {
    const { auth, db, visitor, now } = await scene(engine)
    const bob = visitor()
    await bob.submit('/sign_in', { email: BOB, password: PASSWORD })
    const { missing } = PAGES.en.account.overview
    const offered = await bob.open('/account')
    expect(offered.html).toContain(missing.offerHeading)
    expect(offered.html).toContain('action="/account/decline_passkey"')
    const declined = await bob.submit('/account/decline_passkey', {})
    expect([declined.status, declined.location]).toEqual([303, '/account'])
    const [kept] = declined.response.headers.getSetCookie()
    expect(kept).toMatch(/^__Host-offer_declined=passkey; Path=\/; Max-Age=2592000; /)
    expect((await bob.open('/account')).html).not.toContain(missing.offerHeading)
    // The page of the passkeys, and other browsers, still offer it.
    expect((await bob.open('/account/passkeys')).status).toBe(200)
    const other = visitor()
    await other.submit('/sign_in', { email: BOB, password: PASSWORD })
    expect((await other.open('/account')).html).toContain(missing.offerHeading)
    expect((await visitor().submit('/account/decline_passkey', {})).location).toMatch(/^\/sign_in\?/)
    bob.goOnWith(await addTotp(auth, now, { sessionToken: bob.cookie('__Host-session_id') }))
    await db.deleteFrom('recovery_codes').where('position', '>', 2).execute()
    expect((await bob.open('/account')).html).toContain('Recovery codes left: 3')
    await db.deleteFrom('recovery_codes').execute()
    expect((await bob.open('/account')).html).toContain(missing.noSecondWay)
  })
})

onEachEngine('the page of the passkeys', (engine) => {
  it('shows a card for each, renames and removes them, and tells password managers', async () => {
    const { auth, visitor } = await scene(engine)
    const bob = visitor()
    await bob.submit('/sign_in', { email: BOB, password: PASSWORD })
    const added = await addPasskey(auth, { sessionToken: bob.cookie('__Host-session_id') })
    const { passkey } = added
    bob.goOnWith(added)
    const { html } = await bob.open('/account/passkeys')
    expect(html).toContain(`data-signal="accepted" data-rp-id="auth.example.com"`)
    expect(html).toContain(`data-credentials="${passkey.credentialId}"`)
    expect(html).toContain(`data-signal="details"`)
    const id = fieldValue(html, 'passkey') ?? ''
    expect(id).toBe(passkey.id)
    const tooLong = 'x'.repeat(65)
    const refused = await bob.submit('/account/passkeys/rename', { name: tooLong, passkey: id })
    expectRefusal(refused, 400, PAGES.en.ownPasskeys.problems.name.invalid_field)
    expect(refused.html).toContain('href="#name-0"')
    expect(fieldValue(refused.html, 'name')).toBe(tooLong)
    const name = '<script>alert(1)</script>'
    const renamed = await bob.submit('/account/passkeys/rename', { name, passkey: id })
    expect(renamed.location).toBe('/account/passkeys?done=renamed')
    expect((await bob.open('/account/passkeys')).html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
    expect((await bob.submit('/account/passkeys/remove', { passkey: id })).location).toBe(
      '/account/passkeys?done=removed',
    )
    for (const [form, fields] of [
      ['remove', { passkey: id }],
      ['rename', { passkey: id, name: 'Phone' }],
    ] as const)
      expect((await bob.submit(`/account/passkeys/${form}`, fields)).location).toBe(
        '/account/passkeys?done=already_removed',
      )
    expect((await bob.open('/account/passkeys')).html).toContain('data-credentials=""')
  })

  it('refuses an answer that is not JSON, and does not show it again', async () => {
    const { visitor } = await scene(engine)
    const bob = visitor()
    const refused = await bob.submit('/sign_in/passkey', { ceremony: 'x', credential: '{"a' })
    expectRefusal(refused, 400, passkeys.problems.form.invalid_field)
    expect(refused.html).not.toContain('{&quot;a')
  })
})

describe('the well-known addresses of passkeys', () => {
  it('lead to the page, and list related origins only if there are some', async () => {
    const { auth, visitor } = await scene('sqlite')
    const get = async (path: string, of = auth) =>
      of.fetch(new Request(`https://auth.example.com${path}`, { headers: { accept: 'text/html' } }))
    const endpoints = await get('/.well-known/passkey-endpoints')
    const page = 'https://auth.example.com/account/passkeys'
    expect(endpoints.headers.get('content-type')).toBe('application/json')
    expect(await endpoints.json()).toEqual({ enroll: page, manage: page })
    expect((await visitor().open('/.well-known/webauthn')).status).toBe(404)
    const passkeyOrigins = 'https://example.fr,https://example.de'
    const related = await scene('sqlite', { passkeyOrigins })
    expect(await (await get('/.well-known/webauthn', related.auth)).json()).toEqual({
      origins: ['https://example.fr', 'https://example.de'],
    })
  })

  it('do not exist without passkeys, and neither do their forms', async () => {
    const { visitor } = await scene('sqlite', { passkeys: false })
    const bob = visitor()
    expect((await bob.open('/.well-known/passkey-endpoints')).status).toBe(404)
    expect((await bob.open('/sign_in')).html).not.toMatch(/passkey|webauthn/i)
  })
})

describe.runIf(hasBrowser)('the pages of passkeys in a browser', () => {
  const ends: Parameters<OnEnd>[0][] = []
  const onEnd: OnEnd = (end) => void ends.push(end)
  let site: Awaited<ReturnType<typeof startPageSite>>
  let context: BrowserContext
  let page: Page
  let devtools: CDPSession
  let authenticatorId: string
  /** Errors that a script of the page did not catch. No test may cause any. */
  const faults: string[] = []
  afterEach(() => expect(faults.splice(0)).toEqual([]))

  beforeAll(async () => {
    site = await startPageSite({ onEnd })
    const browser = await openBrowser(onEnd)
    context = await browser.newContext({ baseURL: site.origin, locale: 'en' })
    page = await context.newPage()
    page.on('pageerror', ({ message }) => faults.push(message))
    await page.addInitScript(`
      window.asked = 0
      const get = navigator.credentials.get.bind(navigator.credentials)
      navigator.credentials.get = (options) => {
        window.asked++
        return get(options)
      }
    `)
    devtools = await context.newCDPSession(page)
    await devtools.send('WebAuthn.enable', {})
    const options = {
      protocol: 'ctap2',
      ctap2Version: 'ctap2_1',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    } as const
    authenticatorId = (await devtools.send('WebAuthn.addVirtualAuthenticator', { options })).authenticatorId
  })
  afterAll(async () => {
    for (const end of ends.toReversed()) await end()
  })

  const setPresence = (enabled: boolean) =>
    devtools.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled })
  const press = (purpose: string) => page.locator(`[data-passkey=${purpose}] button`).click()
  const credentials = async () =>
    (await devtools.send('WebAuthn.getCredentials', { authenticatorId })).credentials
  /** Opens the sign-in page, and waits until the browser offers passkeys in autofill. */
  const openSignIn = async (query = '') => {
    await setPresence(false)
    await page.goto(`/sign_in${query}`)
    await expect.poll(() => page.evaluate('window.asked'), { timeout: 20_000 }).toBe(1)
    await setPresence(true)
  }
  const signOut = () => context.clearCookies({ name: 'session_id' })

  it('add a passkey, which signs in from autofill and by the button [PKY-01]', async () => {
    // There is no passkey yet that autofill could offer.
    await page.goto('/sign_in?return_to=/account/passkeys')
    await page.fill('#email', ALICE)
    await page.fill('#password', PASSWORD)
    await page.click('main [type=submit]')
    await page.waitForURL(`${site.origin}/account/passkeys`)
    await press('add_passkey')
    await page.waitForURL(`${site.origin}/account/passkeys?done=added`)
    expect(await credentials()).toMatchObject([{ userName: ALICE }])
    await signOut()
    await page.goto('/sign_in?return_to=/account/passkeys')
    await page.waitForURL(`${site.origin}/account/passkeys`)
    await signOut()
    await openSignIn('?return_to=/account/factors')
    await press('sign_in')
    await page.waitForURL(`${site.origin}/account/factors`)
  })

  it('do not keep people signed in who have unticked the box', async () => {
    await signOut()
    await openSignIn()
    await page.uncheck('#remember')
    await press('sign_in')
    await page.waitForURL(`${site.origin}/account`)
    const [session] = (await context.cookies()).filter(({ name }) => name === 'session_id')
    expect(session?.expires).toBe(-1)
  })

  it('accept a passkey for step-up, and as the second factor', async () => {
    site.now.advance(3_000)
    await page.goto('/account/factors')
    expect(page.url()).toContain('/confirm?')
    await press('step_up')
    await page.waitForURL(`${site.origin}/account/factors`)
    await page.getByRole('button', { name: ownFactors.turnOn }).click()
    await page.waitForURL(`${site.origin}/account/factors?done=on`)
    await signOut()
    await setPresence(false)
    await page.goto('/sign_in?return_to=/account/sessions')
    await page.fill('#email', ALICE)
    await page.fill('#password', PASSWORD)
    await page.click('main [type=submit]')
    await page.waitForURL(`${site.origin}/sign_in/factor`)
    await setPresence(true)
    await press('second_factor')
    await page.waitForURL(`${site.origin}/account/sessions`)
  })

  it('let the password manager delete a passkey that was removed here', async () => {
    await page.goto('/account/passkeys')
    expect(await credentials()).toHaveLength(1)
    const held = await credentials()
    await page.getByRole('button', { name: /^Remove/ }).click()
    await page.waitForURL(`${site.origin}/account/passkeys?done=removed`)
    // The browser hides it at once, so bring it back, as in another password manager.
    for (const { credentialId } of await credentials())
      await devtools.send('WebAuthn.removeCredential', { authenticatorId, credentialId })
    for (const credential of held)
      await devtools.send('WebAuthn.addCredential', { authenticatorId, credential })
    await signOut()
    await page.goto('/sign_in')
    await page.getByText(passkeys.problems.form.unknown_passkey).waitFor()
    await expect.poll(credentials, { timeout: 20_000 }).toEqual([])
  })
})

describe.runIf(hasBrowser)('the pages of second factors in a browser without script', () => {
  it('set up an app, and sign in with it and with a recovery code', async () => {
    const site = await startPageSite()
    const browser = await openBrowser()
    const context = await browser.newContext({ baseURL: site.origin, locale: 'en', javaScriptEnabled: false })
    const page = await context.newPage()
    const enterPassword = async (target: string) => {
      await page.goto(`/sign_in?return_to=${target}`)
      await page.fill('#email', ALICE)
      await page.fill('#password', PASSWORD)
      await page.click('main [type=submit]')
    }
    await enterPassword('/account/factors')
    await page.getByRole('button', { name: ownFactors.setUp }).click()
    await page.waitForURL(`${site.origin}/account/factors/app`)
    expect(await page.getByRole('img', { name: appSetup.qrName }).isVisible()).toBe(true)
    const key = ((await page.locator('.key').textContent()) ?? '').replaceAll(/\s/g, '')
    const enterCode = async () => {
      await page.fill('#code', codeOf(key, site.now()))
      await page.click('main [type=submit]')
    }
    await enterCode()
    const codes = await page.locator('#codes li').allTextContents()
    expect(codes).toHaveLength(10)
    expect(await page.locator('.tools:visible').count()).toBe(0)
    await page.getByRole('link', { name: recoveryCodes.kept }).click()
    await page.waitForURL(`${site.origin}/account/factors?done=app_added`)
    site.now.advance(60)
    for (const prove of [
      enterCode,
      async () => {
        await page.getByRole('link', { name: secondStep.other.recovery_code }).click()
        await page.fill('#recovery_code', codes[4] ?? '')
        await page.click('main [type=submit]')
        await page.getByRole('link', { name: recoveryCodes.newKept }).click()
      },
    ]) {
      await context.clearCookies()
      await enterPassword('/account/sessions')
      await page.waitForURL(`${site.origin}/sign_in/factor`)
      await prove()
      await page.waitForURL(`${site.origin}/account/sessions`)
    }
    await page.goto('/account/passkeys')
    const shown = await page.innerText('main')
    expect(shown).toContain(passkeys.noScript)
    expect(shown).not.toContain(ownPasskeys.securityKey)
  })
})

describe.runIf(hasBrowser)('the buttons beside recovery codes', () => {
  it.each([
    { origin: 'http://localhost', copies: true },
    { origin: 'http://lan.example', copies: false },
  ])('copy only where the browser has a clipboard: $origin', async ({ origin, copies }) => {
    const context = await (await openBrowser()).newContext({
      permissions: ['clipboard-read', 'clipboard-write'],
    })
    const body = `<ul id="codes"><li>one</li><li>two</li></ul>
      <p data-codes="codes" hidden><button data-act="copy" data-done="Copied">Copy</button><button data-act="print">Print</button></p>
      <script type="module">${readFileSync('src/pages/browser/more.js', 'utf8')}</script>`
    await context.route(`${origin}/**`, (route) => route.fulfill({ contentType: 'text/html', body }))
    const page = await context.newPage()
    await page.goto(`${origin}/`)
    await page.getByRole('button', { name: 'Print' }).waitFor()
    expect(await page.locator('[data-act="copy"]').isVisible()).toBe(copies)
    if (!copies) return
    await page.getByRole('button', { name: 'Copy' }).click()
    await page.getByRole('button', { name: 'Copied' }).waitFor()
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe('one\ntwo\n')
  })
})
